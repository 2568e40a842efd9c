"""Roles (角色) and role groups (角色组)."""

from __future__ import annotations

import builtins
from contextlib import closing
from typing import Annotated, ClassVar

from pydantic import Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, api, operation
from dingtalk_models.call.paging import OFFSET, PageFlow, next_page, page_of
from dingtalk_models.contact.user import UserRef
from dingtalk_models.contact.user_fields import From, PageSize
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import CommaInts, CommaStrs, camel, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record, Saved
from dingtalk_models.resource.query import Listing, Query

RoleName = Annotated[str, Field(min_length=1), wire("roleName")]
RoleId = Annotated[int, wire("roleId")]
_Roles = Annotated[CommaInts, Field(min_length=1, max_length=20), wire("roleIds")]
_Assigned = Annotated[CommaStrs, Field(min_length=1, max_length=20), wire("userIds")]
_Revoked = Annotated[CommaStrs, Field(min_length=1, max_length=100), wire("userIds")]


class RoleGroupManager(Manager):
    """Role groups (角色组). The platform has no API to rename or delete them."""

    @api("dingtalk.oapi.role.list", "POST /topapi/role/list", "dingtalk.corp.role.list", idempotent=True)
    def list(self, *, offset: From = 0, size: Annotated[int, Field(ge=1, le=200)] = 200) -> Query[RoleGroup]:
        """List the role groups of the company with their roles (获取角色列表).

        Args:
            offset: the start of the list.
            size: the page size, at most 200.

        Source: obtains-a-list-of-enterprise-roles
        """
        return Listing(RoleGroup, OFFSET, items="list")

    @api(
        "dingtalk.oapi.role.getrolegroup",
        "POST /topapi/role/getrolegroup",
        "dingtalk.corp.role.getrolegroup",
        idempotent=True,
    )
    def get(self, group_id: int) -> Call[RoleGroup]:
        """Get a role group with its roles (获取角色组列表).

        Args:
            group_id: the group.

        Raises:
            InvalidRequest: there is no such group.

        Source: obtains-the-role-group-information
        """

        def complete(group: _RoleGroupReply) -> RoleGroup:
            return RoleGroup(group_id=group_id, name=group.group_name, roles=_in_group(group.roles, group_id))

        return Call(_RoleGroupReply, "role_group").then(complete)

    @api("dingtalk.oapi.role.addrolegroup", "POST /role/add_role_group")
    def create(self, name: Annotated[str, Field(min_length=1)]) -> Call[RoleGroup]:
        """Create a role group (创建角色组).

        Args:
            name: its name.

        Source: add-a-role-group
        """
        return Call(int, "groupId").then(lambda group_id: RoleGroup(group_id=group_id, name=name))


class RoleManager(Manager):
    """Roles (角色)."""

    list_groups = RoleGroupManager.list
    get_group = RoleGroupManager.get
    create_group = RoleGroupManager.create

    @operation
    def list(self) -> Query[Role]:
        """List all roles of the company, group by group. Each has the id of its group."""
        groups = self.list_groups.call()

        def pages(of: Query[RoleGroup] = groups) -> PageFlow[Role]:
            with closing(of.page_flow()) as rest:
                while (page := (yield from next_page(rest))) is not None:
                    roles = [role for group in page.items for role in _in_group(group.roles, group.group_id)]
                    yield page_of(roles, unparsed=page.unparsed)

        return Query(pages, at_once=lambda calls: pages(groups.prefetch(calls - 1)))

    @api("dingtalk.oapi.role.getrole", "POST /topapi/role/getrole", idempotent=True)
    def get(self, role_id: RoleId) -> Call[Role]:
        """Get a role (获取角色详情).

        Args:
            role_id: the role.

        Raises:
            NotFound: there is no such role.

        Source: queries-role-details
        """
        return Call(_RoleReply, "role").then(lambda role: Role(role_id=role_id, name=role.name, group_id=role.group_id))

    @api(
        "dingtalk.oapi.role.simplelist",
        "POST /topapi/role/simplelist",
        "dingtalk.corp.role.simplelist",
        idempotent=True,
    )
    def users(self, role_id: int, *, offset: From = 0, size: PageSize = 100) -> Query[RoleUser]:
        """List the users with a role (获取指定角色的员工列表).

        Args:
            role_id: the role.
            offset: the start of the list.
            size: the page size, at most 100.

        Returns:
            The users with id, name and the departments for which they have the role.

        Raises:
            NotFound: there is no such role.

        Source: obtain-the-list-of-employees-of-a-role
        """
        return Listing(RoleUser, OFFSET, items="list")

    @api("dingtalk.oapi.role.add_role", "POST /role/add_role", "dingtalk.oapi.role.addrole")
    def create(self, name: RoleName, group_id: Annotated[int, wire("groupId")]) -> Call[Role]:
        """Create a role (创建角色).

        Args:
            name: its name, unique in the company.
            group_id: its group.

        Raises:
            AlreadyExists: a role has this name.
            NotFound: there is no such group.

        Source: address-book-add-role
        """
        return Call(int, "roleId").then(lambda role_id: Role(role_id=role_id, name=name, group_id=group_id))

    @api("dingtalk.oapi.role.update_role", "POST /role/update_role", "dingtalk.oapi.role.updaterole")
    def update(self, role_id: RoleId, name: RoleName) -> Call[None]:
        """Rename a role (更新角色名称).

        Args:
            role_id: the role.
            name: its new name.

        Raises:
            NotFound: there is no such role.

        Source: update-the-character-name
        """
        return Call(None)

    @api("dingtalk.oapi.role.deleterole", "POST /topapi/role/deleterole", "dingtalk.corp.role.deleterole")
    def delete(self, role_id: int) -> Call[None]:
        """Delete a role that nobody has (删除角色).

        Args:
            role_id: the role, which must not be in the default group.

        Raises:
            NotFound: there is no such role.

        Source: delete-role-information
        """
        return Call(None)

    @also_takes(older_ids.give_roles)
    @api(
        "dingtalk.oapi.role.addrolesforemps",
        "POST /topapi/role/addrolesforemps",
        Old("dingtalk.corp.role.addrolesforemps", rolelid_list="role_ids", userid_list="userids"),
    )
    def assign(self, role_ids: _Roles, userids: _Assigned) -> Call[None]:
        """Give roles to users (批量增加员工角色).

        Args:
            role_ids: at most 20 roles, none of the default group.
            userids: at most 20 users.

        Raises:
            NotFound: there is no such role, or no such user.

        Source: add-role-information-to-employees-in-batches
        """
        return Call(None)

    @also_takes(older_ids.give_roles)
    @api(
        "dingtalk.oapi.role.removerolesforemps",
        "POST /topapi/role/removerolesforemps",
        Old("dingtalk.corp.role.removerolesforemps", roleid_list="role_ids", userid_list="userids"),
    )
    def revoke(self, role_ids: _Roles, userids: _Revoked) -> Call[None]:
        """Take roles from users (批量删除员工角色).

        Args:
            role_ids: at most 20 roles.
            userids: at most 100 users.

        Raises:
            NotFound: there is no such role, or no such user.

        Source: delete-the-color-information-of-employee-corners-in-batches
        """
        return Call(None)

    @api("dingtalk.oapi.role.scope.update", "POST /topapi/role/scope/update")
    def set_scope(
        self, userid: str, role_id: int, dept_ids: Annotated[CommaInts, Field(max_length=50)] | None = None
    ) -> Call[None]:
        """Limit a user's role to some departments (设定角色成员管理范围).

        Args:
            userid: a user who has the role.
            role_id: the role.
            dept_ids: at most 50 departments; by default the whole company.

        Raises:
            NotFound: there is no such role, user or department.

        Source: update-role-member-management-department-scope
        """
        return Call(None)


class _RoleReply(Record, alias_generator=camel):
    name: str = ""
    group_id: int | None


class _RoleGroupReply(Record):
    group_name: str = ""
    roles: list[Role] = []


class ManageScope(Record):
    """A department for which a user has a role."""

    dept_id: int
    name: str | None


class RoleUser(UserRef, alias_generator=camel):
    """A user with a role, and the departments to which it is limited."""

    name: str = ""
    manage_scopes: list[ManageScope] = []


class Role(Model, Saved["Role"], alias_generator=camel):
    """A role (角色)."""

    objects: ClassVar[RoleManager] = RoleManager()
    get = objects.get
    create = objects.create
    key: ClassVar = ("role_id",)

    role_id: Annotated[int, wire("id", "role_id")]
    name: Annotated[str, wire("name", "role_name")] = ""
    group_id: int | None = None

    @operation
    def update(self, name: RoleName) -> Flow[Role]:
        """Rename this role, and update this object.

        Args:
            name: the new name.
        """
        return self.updated({"name": name})

    @operation
    def users(self) -> Query[RoleUser]:
        """List the users with this role."""
        return self.objects.users.call(self.role_id)

    @also_takes(older_ids.give_one_role)
    @operation
    def assign(self, userids: _Assigned) -> Call[None]:
        """Give this role to users.

        Args:
            userids: at most 20 users.
        """
        return self.objects.assign.call([self.role_id], userids)

    @also_takes(older_ids.give_one_role)
    @operation
    def revoke(self, userids: _Revoked) -> Call[None]:
        """Take this role from users.

        Args:
            userids: at most 100 users.
        """
        return self.objects.revoke.call([self.role_id], userids)


class RoleGroup(Model, alias_generator=camel):
    """A role group (角色组)."""

    objects: ClassVar[RoleGroupManager] = RoleGroupManager()
    get = objects.get
    create = objects.create

    group_id: int
    name: str = ""
    roles: list[Role] = []


def _in_group(roles: builtins.list[Role], group_id: int) -> builtins.list[Role]:
    for role in roles:
        role.hold({"group_id": group_id})
    return roles
