"""What the operations of robots share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from dingtalk_models.core.call import Call
from dingtalk_models.core.context import AppLike, setting_of
from dingtalk_models.core.model import Record
from dingtalk_models.core.paging import PageFlow, page_of
from dingtalk_models.core.query import Query
from dingtalk_models.core.wire import camel, wire

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
    read_user_ids: list[str] = []
    next_token: str | None
    has_more: bool | None


def readers_of(ask: Callable[[str | None], Call[GroupReadStatus]]) -> Query[str]:
    """The userids of those who have read a message, page by page.

    Args:
        ask: the call for the page that begins at a token.
    """

    def pages() -> PageFlow[str]:
        token: str | None = None
        while True:
            page = yield from ask(token)
            yield page_of(page.read_user_ids)
            if not page.has_more or page.next_token in {None, token}:
                return
            token = page.next_token

    return Query(pages)
