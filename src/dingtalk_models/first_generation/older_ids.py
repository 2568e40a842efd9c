"""Calls with ids of users under older names: what `also_takes` shows to type checkers, which mark it as deprecated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

Ids = Sequence[str]
Moment = date | str


def give_roles(_: Any, /, role_ids: Sequence[int], *, user_ids: Ids) -> None:
    """To and from users."""


def give_one_role(_: Any, /, *, user_ids: Ids) -> None:
    """The same, of one role."""


def change_members(_: Any, /, open_conversation_id: str, *, user_ids: Ids, union_ids: Ids | None = None) -> None:
    """Of a scene group."""


def create_group(_: Any, /, name: str, owner: str, *, useridlist: Ids) -> None:
    """A group."""


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
    """A work notification."""


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
    """A work notification, made from a template."""


def batch_send(_: Any, /, *, user_ids: Ids, msg_key: str, msg_param: object, robot_code: str | None = None) -> None:
    """A robot's message."""


def mention(_: Any, /, message: object, *, at_userids: Ids, at_mobiles: Ids | None = None) -> None:
    """In a message to a group."""


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
    """Approvals of a form."""


def punches(_: Any, /, *, user_ids: Ids, start: Moment, end: Moment | None = None) -> None:
    """Of users."""


def punch_results(_: Any, /, *, user_id_list: Ids, start: Moment, end: Moment | None = None) -> None:
    """Of users."""


def one_user(_: Any, /, *, user_id: str) -> None:
    """What concerns one user."""


def schedules_of_one(_: Any, /, *, user_id: str, date_time: Moment, op_user_id: str) -> None:
    """Of one day."""


def schedules(_: Any, /, userids: Ids, start: Moment, end: Moment | None = None, *, op_user_id: str) -> None:
    """Of users over a span."""


def schedule_results(_: Any, /, schedule_ids: Sequence[int], *, op_user_id: str) -> None:
    """Of schedules."""


def attendance_group(_: Any, /, group_id: int, *, op_user_id: str) -> None:
    """And who is in it."""


def asked(_: Any, /, *, op_user_id: str) -> None:
    """What is asked of an object."""
