"""Signatures with older names for ids of users, which `also_takes` shows to type checkers as deprecated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

Ids = Sequence[str]
Moment = date | str


def give_roles(_: Any, /, role_ids: Sequence[int], *, user_ids: Ids) -> None:
    """Give roles to users, or take them."""


def give_one_role(_: Any, /, *, user_ids: Ids) -> None:
    """Give one role to users, or take it."""


def change_members(_: Any, /, open_conversation_id: str, *, user_ids: Ids, union_ids: Ids | None = None) -> None:
    """Change the members of a scene group."""


def create_group(_: Any, /, name: str, owner: str, *, useridlist: Ids) -> None:
    """Create a group."""


def notify(
    _: Any,
    /,
    msg: object,
    *,
    userid_list: Ids | None,
    dept_id_list: str | Sequence[int] | None = None,
    to_all_user: bool = False,
    agent_id: int | None = None,
) -> None:
    """Send a work notification."""


def notify_by_template(
    _: Any,
    /,
    template_id: str,
    *,
    userid_list: Ids | None,
    dept_id_list: str | Sequence[int] | None = None,
    data: Mapping[str, object] | None = None,
    agent_id: int | None = None,
) -> None:
    """Send a work notification made from a template."""


def batch_send(_: Any, /, *, user_ids: Ids, msg_key: str, msg_param: object, robot_code: str | None = None) -> None:
    """Send a robot message."""


def mention(_: Any, /, message: object, *, at_userids: Ids, at_mobiles: Ids | None = None) -> None:
    """Mention people in a message to a group."""


def started_by(
    _: Any,
    /,
    process_code: str,
    start_time: Moment,
    end_time: Moment | None = None,
    *,
    user_ids: Ids | None,
    statuses: Ids | None = None,
) -> None:
    """List the approvals of a form."""


def punches(_: Any, /, *, user_ids: Ids, start: Moment, end: Moment | None = None) -> None:
    """Of users."""


def punch_results(_: Any, /, *, user_id_list: Ids, start: Moment, end: Moment | None = None) -> None:
    """Of users."""


def one_user(_: Any, /, *, user_id: str) -> None:
    """Make a call about one user."""


def schedules_of_one(_: Any, /, *, user_id: str, date_time: Moment, op_user_id: str) -> None:
    """List the schedules of one day."""


def schedules(_: Any, /, userids: Ids, start: Moment, end: Moment | None = None, *, op_user_id: str) -> None:
    """List the schedules of users in a time range."""


def schedule_results(_: Any, /, schedule_ids: Sequence[int], *, op_user_id: str) -> None:
    """List the results of schedules."""


def attendance_group(_: Any, /, group_id: int, *, op_user_id: str) -> None:
    """Get an attendance group or its members."""


def asked(_: Any, /, *, op_user_id: str) -> None:
    """Call a method of an object for a user."""
