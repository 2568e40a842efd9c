"""What the operations of robots share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.core.context import AppLike, setting_of
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.resource.model import Record

RobotCode = Annotated[str, Field(min_length=1)] | None
"""The robot, if it is not that of the app."""


def code_of(app: AppLike | None, given: str | None) -> str:
    """The code of a robot: the app's AppKey, unless another one is given."""
    return setting_of(app, "appkey", "robot_code") if given is None else given


class Recall(Record):
    """Which messages were taken back."""

    recalled: Annotated[list[str], wire("successResult")] = []
    """Their keys."""
    failed: Annotated[dict[str, str], wire("failedResult")] = {}
    """The keys of those that were not, and why."""


class GroupReadStatus(Record, alias_generator=camel):
    """Who has read a message to a group or to two people, a page."""

    send_status: str = ""
    """`SUCCESS`, `RECALLED` or `PROCESSING`."""
    read_userids: Annotated[list[str], wire("readUserIds")] = []
    next_token: str | None
    has_more: bool | None
