"""The departments of a company, as the admin console changes them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Required, Unpack

from pydantic import Field, with_config
from typing_extensions import TypedDict

from dingtalk_models.sandbox.callback.changes import pushing_changes
from dingtalk_models.sandbox.console.fields import STRICT, Number, checked
from dingtalk_models.sandbox.contact.department import LaterSettings, add, change, delete_department
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import ROOT, Department

_MOST_NAMED: Final = 200


class _Settings(TypedDict, total=False):
    """The settings for creating or changing a department."""

    order: Number
    source_identifier: str
    hide_dept: bool
    outer_dept: bool
    outer_dept_only_self: bool
    create_dept_group: bool
    auto_approve_apply: bool
    dept_permits: list[int]
    user_permits: list[str]
    outer_permit_depts: list[int]
    outer_permit_users: list[str]


@with_config(STRICT)
class NewDepartment(_Settings, total=False):
    """A new department."""

    name: Required[str]
    parent_id: int


@with_config(STRICT)
class ChangedDepartment(_Settings, LaterSettings, total=False):
    """The changes of a department. Absent fields stay."""

    name: str
    parent_id: int
    dept_manager_userid_list: Annotated[list[str], Field(max_length=_MOST_NAMED)]


class DepartmentConsole:
    """The departments."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def add(self, **fields: Unpack[NewDepartment]) -> Department:
        """Add a department, by default below the root."""
        settings: dict[str, Any] = {**checked(NewDepartment, fields)}
        name, parent_id = settings.pop("name"), settings.pop("parent_id", ROOT)
        with pushing_changes(self._company):
            return add(self._company, name, parent_id, _known(settings))

    def change(self, dept_id: int, **fields: Unpack[ChangedDepartment]) -> Department:
        """Change a department. Its managers must be members; an empty list removes them."""
        settings: dict[str, Any] = {**checked(ChangedDepartment, fields)}
        name, parent_id = settings.pop("name", None), settings.pop("parent_id", None)
        managers: list[str] | None = settings.pop("dept_manager_userid_list", None)
        department = self._company.department(dept_id)
        with pushing_changes(self._company):
            change(
                self._company,
                department,
                _known(settings),
                name=name,
                parent_id=parent_id,
                language="zh_CN",
                managers=managers or [],
            )
            if managers == []:
                department.dept_manager_userid_list = []
        return department

    def remove(self, dept_id: int) -> None:
        """Delete an empty department."""
        with pushing_changes(self._company):
            delete_department(self._company, dept_id=dept_id)


def _known(settings: dict[str, Any]) -> Any:
    """Return the settings in the form that the endpoints' functions take, which has the same fields."""
    return settings
