"""`app.contact`: departments, users, roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from typing_extensions import Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import method, operation
from dingtalk_models.contact.account import AccountManager
from dingtalk_models.contact.department import ROOT, Department, DepartmentManager
from dingtalk_models.contact.role import RoleGroup, RoleGroupManager, RoleManager
from dingtalk_models.contact.user import UserManager
from dingtalk_models.core.wire import Language
from dingtalk_models.first_generation.contact_fields import (
    OldDepartmentChanges,
    OldNewDepartmentFields,
    OldNewUserFields,
    OldUserChanges,
)
from dingtalk_models.first_generation.formerly import formerly, formerly_too
from dingtalk_models.resource.manager import Module, alias, managed
from dingtalk_models.resource.query import Query


def _department_list(_: Module, id_: int | None = None) -> None: ...


class Contact(Module):
    """The managers of the contacts, bound to an app."""

    departments = managed(DepartmentManager)
    """Departments."""
    users = managed(UserManager)
    """Users."""
    accounts = managed(AccountManager)
    """The accounts of people who have logged in."""
    roles = managed(RoleManager)
    """Roles."""
    role_groups = managed(RoleGroupManager)
    """Role groups."""

    # -- the first generation's names -----------------------------------------------------------------------------

    # The decorated signatures have the parameters of the first generation.

    @formerly(UserManager.get, user_id="userid")
    def get_user(self, user_id: str) -> None: ...
    @formerly(UserManager.create, "dingtalk.oapi.user.create")
    def create_user(self, **user_info: Unpack[OldNewUserFields]) -> None: ...
    @formerly(UserManager.update, "dingtalk.oapi.user.update")
    def update_user(self, **user_info: Unpack[OldUserChanges]) -> None: ...
    @formerly(UserManager.list, "dingtalk.oapi.user.listbypage")
    def get_dept_user_list(self, department_id: int) -> None: ...
    @formerly(UserManager.list, "dingtalk.oapi.user.listbypage")
    def get_all_dept_user_list(self, department_id: int) -> None: ...
    @formerly(DepartmentManager.get, id_="dept_id")
    def get_department(self, id_: int) -> None: ...
    @formerly(DepartmentManager.create, "dingtalk.oapi.department.create")
    def create_department(self, **dept_info: Unpack[OldNewDepartmentFields]) -> None: ...
    @formerly(DepartmentManager.update, "dingtalk.oapi.department.update")
    def update_department(self, **dept_info: Unpack[OldDepartmentChanges]) -> None: ...
    @formerly(DepartmentManager.delete, id_="dept_id")
    def delete_department(self, id_: int) -> None: ...
    @formerly(RoleGroupManager.list)
    def get_corp_role_list(self, size: int = 20, offset: int = 0) -> None: ...
    @formerly(RoleManager.users)
    def get_role_simple_list(self, role_id: int, size: int = 20, offset: int = 0) -> None: ...
    @formerly(RoleManager.assign, "dingtalk.corp.role.addrolesforemps")
    def add_roles_for_emps(self, rolelid_list: Sequence[int], userid_list: Sequence[str]) -> None: ...
    @formerly(RoleManager.revoke, "dingtalk.corp.role.removerolesforemps", rolelid_list="role_ids")
    def remove_roles_for_emps(self, rolelid_list: Sequence[int], userid_list: Sequence[str]) -> None: ...

    delete_user = alias(UserManager.delete)
    get_user_by_code = alias(UserManager.by_code)
    get_all_org_users = alias(UserManager.all)
    get_all_users = alias(UserManager.all)
    get_user_departments = alias(DepartmentManager.of_user)
    get_department_id_list = alias(DepartmentManager.list_ids)
    get_all_department_id_list = alias(DepartmentManager.walk_ids)
    get_role_group = alias(RoleGroupManager.get)

    @formerly_too(_department_list, id_=lambda id_: {"parent_id": ROOT if id_ is None else id_})
    @operation
    def get_department_list(
        self, parent_id: int = ROOT, *, language: Language = "zh_CN", fetch_child: bool = True
    ) -> Query[Department]:
        """List all departments below a department, with one call per department.

        Args:
            parent_id: the department; by default the root, which means the whole company.
            language: the language of the names.
            fetch_child: whether to list all levels instead of the direct children only.
        """
        return self.departments.list.call(parent_id, language=language, fetch_child=fetch_child)

    @operation
    def get_org_user_count(self, only_active: bool | Literal[0, 1] = False) -> Call[int]:
        """Count the people of the company.

        Args:
            only_active: whether to count only people who have logged in; may also be 1 or 0.
        """
        return self.users.count.call(only_active=bool(only_active))

    @method("dingtalk.corp.role.all")
    @operation
    def get_all_corp_role_list(self) -> Query[RoleGroup]:
        """List all role groups of the company with their roles."""
        return self.role_groups.list.call()
