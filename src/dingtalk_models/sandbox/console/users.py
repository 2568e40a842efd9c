"""The users of a company, as the admin console changes them."""

from __future__ import annotations

from typing import Annotated, Any, Required, Unpack

from pydantic import Field, with_config
from typing_extensions import TypedDict

from dingtalk_models.sandbox.callback.changes import announce, pushing_changes
from dingtalk_models.sandbox.console.fields import STRICT, Number, checked
from dingtalk_models.sandbox.contact.user import (
    AccountFields,
    Mobile,
    Name,
    PlainUserFields,
    create_user,
    delete_user,
    update_user,
)
from dingtalk_models.sandbox.server.replies import result_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import User

Departments = Annotated[list[int], Field(min_length=1, max_length=100)]


@with_config(STRICT)
class InDepartment(TypedDict, total=False):
    """A user's order or title in one of their departments."""

    dept_id: Required[int]
    order: Number
    title: Annotated[str, Field(max_length=200)]


@with_config(STRICT)
class NewUser(AccountFields, total=False):
    """A new user."""

    name: Required[Name]
    dept_id_list: Required[Departments]
    userid: Annotated[str, Field(min_length=1, max_length=64)]
    mobile: Mobile
    dept_order_list: list[InDepartment]
    dept_title_list: list[InDepartment]
    extension: dict[str, str]
    manager_userid: str
    init_password: str


@with_config(STRICT)
class ChangedUser(PlainUserFields, total=False):
    """The changes of a user. Absent fields stay."""

    name: Name
    dept_id_list: Departments
    dept_order_list: list[InDepartment]
    dept_title_list: list[InDepartment]
    extension: dict[str, str]
    manager_userid: str
    login_id: str
    active: bool


class UserConsole:
    """The users."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def add(self, **fields: Unpack[NewUser]) -> User:
        """Add a user. Without a userid, one is generated."""
        with pushing_changes(self._company):
            made = result_of(create_user(self._company, **checked(NewUser, fields)))
        return self._company.users[made["userid"]]

    def change(self, userid: str, **fields: Unpack[ChangedUser]) -> User:
        """Change a user. Absent fields stay."""
        changed: dict[str, Any] = {**checked(ChangedUser, fields)}
        active = changed.pop("active", None)
        user = self._company.user(userid)
        with pushing_changes(self._company):
            update_user(self._company, userid=userid, **changed)
        if active and not user.active:
            announce(self._company, "user_active_org", {"userId": [userid]})
        user.active = user.active if active is None else active
        return user

    def remove(self, userid: str) -> None:
        """Remove a user."""
        with pushing_changes(self._company):
            delete_user(self._company, userid=userid)
