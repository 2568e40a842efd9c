"""`app.contact`: departments, users, roles."""

from __future__ import annotations

from typing import Literal

from dingtalk_models.contact.department import DepartmentManager
from dingtalk_models.contact.directory import DirectoryManager
from dingtalk_models.contact.role import RoleGroup, RoleGroupManager, RoleManager
from dingtalk_models.contact.user import UserManager
from dingtalk_models.core.call import Call
from dingtalk_models.core.model import Module, alias, managed
from dingtalk_models.core.operation import method, operation
from dingtalk_models.core.query import Query


class Contact(Module):
    """The managers of the contacts, bound to an app."""

    departments = managed(DepartmentManager)
    """Departments."""
    users = managed(UserManager)
    """Users."""
    roles = managed(RoleManager)
    """Roles."""
    role_groups = managed(RoleGroupManager)
    """Role groups."""
    directory = managed(DirectoryManager)
    """The whole organisation at one moment."""

    # -- the first generation's names -----------------------------------------------------------------------------

    get_user = alias(UserManager.get)
    create_user = alias(UserManager.create)
    update_user = alias(UserManager.update)
    delete_user = alias(UserManager.delete)
    get_user_by_code = alias(UserManager.by_code)
    get_dept_user_list = alias(UserManager.list)
    get_all_dept_user_list = alias(UserManager.list)
    get_all_org_users = alias(UserManager.all)
    get_all_users = alias(UserManager.all)
    get_user_departments = alias(DepartmentManager.of_user)
    get_department = alias(DepartmentManager.get)
    get_department_list = alias(DepartmentManager.list)
    get_department_id_list = alias(DepartmentManager.list_ids)
    get_all_department_id_list = alias(DepartmentManager.walk_ids)
    create_department = alias(DepartmentManager.create)
    update_department = alias(DepartmentManager.update)
    delete_department = alias(DepartmentManager.delete)
    get_corp_role_list = alias(RoleGroupManager.list)
    get_role_group = alias(RoleGroupManager.get)
    get_role_simple_list = alias(RoleManager.users)
    add_roles_for_emps = alias(RoleManager.assign)
    remove_roles_for_emps = alias(RoleManager.revoke)

    @operation
    def get_org_user_count(self, only_active: bool | Literal[0, 1] = False) -> Call[int]:
        """How many people the company has.

        Args:
            only_active: whether to count only those who have logged in; 1 or 0 will do.
        """
        return self.users.count.call(only_active=bool(only_active))

    @method("dingtalk.corp.role.all")
    @operation
    def get_all_corp_role_list(self) -> Query[RoleGroup]:
        """Every role group of the company, with its roles."""
        return self.role_groups.list.call()
