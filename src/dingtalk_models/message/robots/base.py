"""Shared parts of the operations of robots."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.core.context import AppLike, setting_of
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.resource.model import Record

RobotCode = Annotated[str, Field(min_length=1)] | None
"""The robot, if it is not the app's own."""


def code_of(app: AppLike | None, given: str | None) -> str:
    """Return the code of a robot: by default the app's AppKey."""
    return setting_of(app, "appkey", "robot_code") if given is None else given


class Recall(Record):
    """The result of a recall."""

    recalled: Annotated[list[str], wire("successResult")] = []
    """The keys of recalled messages."""
    failed: Annotated[dict[str, str], wire("failedResult")] = {}
    """The keys of messages that were not recalled, with the reasons."""


class GroupReader(Record, alias_generator=camel):
    """Somebody who has read a message to a group."""

    userid: Annotated[str | None, wire("userId")]
    union_id: str | None


class GroupReadStatus(Record, alias_generator=camel):
    """One page of the people who have read a message to a group or to two people."""

    send_status: str = ""
    """`SUCCESS`, `RECALLED` or `PROCESSING`."""
    read_userids: Annotated[list[str], wire("readUserIds")] = []
    read_users: list[GroupReader] = []
    """The same people. Known from the official SDK only."""
    next_token: str | None
    has_more: bool | None
