"""The groups of a company, as owners and the admin console change them."""

from __future__ import annotations

from typing import Annotated, Required, Unpack

from pydantic import Field, with_config
from typing_extensions import TypedDict

from dingtalk_models.sandbox.callback.changes import pushing_changes
from dingtalk_models.sandbox.console.fields import STRICT, checked
from dingtalk_models.sandbox.message.groups.group import (
    Name,
    check_known,
    check_name,
    check_room,
    undissolved,
    update_group,
)
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.group import Group

_UNKNOWN = "parameter.invalid"


@with_config(STRICT)
class NewGroup(TypedDict, total=False):
    """A new group of users, with the app's robot in it."""

    userids: Required[Annotated[list[str], Field(min_length=1, max_length=1000)]]
    name: Name
    owner: str


@with_config(STRICT)
class ChangedGroup(TypedDict, total=False):
    """The changes of a group. Absent fields stay."""

    name: Name
    owner: str
    added: Annotated[list[str], Field(max_length=1000)]
    removed: Annotated[list[str], Field(max_length=1000)]


class GroupConsole:
    """The groups."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def add(self, **fields: Unpack[NewGroup]) -> Group:
        """Create a group with these users and the app's robot. The owner is one of the users."""
        given = checked(NewGroup, fields)
        owner = given.get("owner")
        check_known(self._company, [*given["userids"], *([owner] if owner is not None else [])])
        name = given.get("name", "测试群")
        check_name(self._company, name, _UNKNOWN)
        check_room(self._company, Group("", ""), given["userids"])
        return self._company.outbox.groups.make(given["userids"], name=name, owner=owner)

    def change(self, open_conversation_id: str, **fields: Unpack[ChangedGroup]) -> Group:
        """Change a group: its name, its owner, its members."""
        given = checked(ChangedGroup, fields)
        group = undissolved(self._company, open_conversation_id, _UNKNOWN)
        with pushing_changes(self._company):
            update_group(self._company, chat_id=group.chat_id, **given)
        return group

    def dissolve(self, open_conversation_id: str) -> None:
        """Dissolve a group."""
        group = undissolved(self._company, open_conversation_id, _UNKNOWN)
        with pushing_changes(self._company):
            group.dissolved = True
