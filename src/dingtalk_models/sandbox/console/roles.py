"""The roles of a company and their groups, as the admin console changes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Required, Unpack

from pydantic import Field, with_config
from typing_extensions import TypedDict

from dingtalk_models.sandbox.callback.changes import pushing_changes
from dingtalk_models.sandbox.console.fields import STRICT, checked
from dingtalk_models.sandbox.contact.role import (
    add_role,
    add_role_group,
    add_roles_for_emps,
    delete_role,
    remove_roles_for_emps,
    update_role,
    update_role_scope,
)
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import Role, RoleGroup

Name = Annotated[str, Field(min_length=1, max_length=80)]


@with_config(STRICT)
class NewRole(TypedDict, total=False):
    """A new role."""

    name: Required[Name]
    group_id: Required[int]


@with_config(STRICT)
class Named(TypedDict):
    """A name."""

    name: Name


class RoleConsole:
    """The roles. Those of the default group cannot be changed."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def add(self, **fields: Unpack[NewRole]) -> Role:
        """Add a role to a group."""
        made = add_role(self._company, **checked(NewRole, fields))
        role_id = made["roleId"]
        assert isinstance(role_id, int)
        return self._company.roles[role_id]

    def rename(self, role_id: int, **fields: Unpack[Named]) -> Role:
        """Rename a role."""
        update_role(self._company, role_id=role_id, **checked(Named, fields))
        return self._company.roles[role_id]

    def remove(self, role_id: int) -> None:
        """Remove a role that nobody has."""
        delete_role(self._company, role_id=role_id)

    def give(self, role_id: int, userids: Iterable[str], dept_ids: Sequence[int] | None = None) -> Role:
        """Give a role to users.

        Args:
            role_id: the role.
            userids: the users.
            dept_ids: the departments that they manage in it; an empty list means the whole company. By default, they
                keep theirs.
        """
        chosen = list(userids)
        for dept_id in dept_ids or ():
            self._company.department(dept_id)
        with pushing_changes(self._company):
            add_roles_for_emps(self._company, role_ids=[role_id], userids=chosen)
        for userid in chosen if dept_ids is not None else ():
            update_role_scope(self._company, userid=userid, role_id=role_id, dept_ids=list(dept_ids or ()))
        return self._company.roles[role_id]

    def take(self, role_id: int, userids: Iterable[str]) -> Role:
        """Take a role from users."""
        with pushing_changes(self._company):
            remove_roles_for_emps(self._company, role_ids=[role_id], userids=list(userids))
        return self._company.roles[role_id]


class RoleGroupConsole:
    """The groups of roles."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def add(self, **fields: Unpack[Named]) -> RoleGroup:
        """Add a group of roles."""
        group_id = add_role_group(self._company, **checked(Named, fields))["groupId"]
        assert isinstance(group_id, int)
        return self._company.role_groups[group_id]

    def rename(self, group_id: int, **fields: Unpack[Named]) -> RoleGroup:
        """Rename a group."""
        group = self._of(group_id)
        group.name = checked(Named, fields)["name"]
        return group

    def remove(self, group_id: int) -> None:
        """Remove a group without roles."""
        group = self._of(group_id)
        if group is self._company.default_group or any(
            role.group_id == group_id for role in self._company.roles.values()
        ):
            raise PermissionError("only an empty group of roles can be removed, and never the default one")
        del self._company.role_groups[group_id]

    def _of(self, group_id: int) -> RoleGroup:
        if group_id not in self._company.role_groups:
            raise Refused(34020)
        return self._company.role_groups[group_id]
