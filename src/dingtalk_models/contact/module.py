"""`app.contact`: departments, users, roles."""

from __future__ import annotations

from typing import Literal

from dingtalk_models.contact.department import DepartmentManager
from dingtalk_models.contact.directory import DirectoryManager
from dingtalk_models.contact.role import RoleGroup, RoleGroupManager, RoleManager
from dingtalk_models.contact.user import UserManager
from dingtalk_models.core.call import Call
from dingtalk_models.core.model import Module, managed, through
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

    get_user = through(UserManager.get)
    create_user = through(UserManager.create)
    update_user = through(UserManager.update)
    delete_user = through(UserManager.delete)
    get_user_by_code = through(UserManager.by_code)
    get_dept_user_list = through(UserManager.list)
    get_all_dept_user_list = through(UserManager.list)
    get_all_org_users = through(UserManager.all)
    get_all_users = through(UserManager.all)
    get_user_departments = through(DepartmentManager.of_user)
    get_department = through(DepartmentManager.get)
    get_department_list = through(DepartmentManager.list)
    get_department_id_list = through(DepartmentManager.list_ids)
    get_all_department_id_list = through(DepartmentManager.walk_ids)
    create_department = through(DepartmentManager.create)
    update_department = through(DepartmentManager.update)
    delete_department = through(DepartmentManager.delete)
    get_corp_role_list = through(RoleGroupManager.list)
    get_role_group = through(RoleGroupManager.get)
    get_role_simple_list = through(RoleManager.users)
    add_roles_for_emps = through(RoleManager.assign)
    remove_roles_for_emps = through(RoleManager.revoke)

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
