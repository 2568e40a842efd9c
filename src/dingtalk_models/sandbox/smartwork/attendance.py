"""Helpers of the endpoints for attendance: scopes, times and time ranges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from dingtalk_models.moments import PlainTime
from dingtalk_models.sandbox.server.clock import BEIJING, in_beijing
from dingtalk_models.sandbox.server.endpoints import Code
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.smartwork.plans import now_of
from dingtalk_models.sandbox.state.company import Company

BASE: Final = "qyapi_base"
GROUPS: Final = "qyapi_attendance_group_read"

MAX_SPAN: Final = timedelta(days=7)
MAX_AGE: Final = timedelta(days=180)
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999
SPAN_TOO_LONG: Final = 41041
BAD_TIME: Final = 41100


def check_year(day: date) -> None:
    """Refuse a day outside of the platform's calendar."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("too far away")


def _time(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("not a time")  # noqa: TRY004 -- what pydantic reports
    moment = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    check_year(moment)
    return moment


def _millis(value: object) -> datetime:
    if isinstance(value, bool) or not str(value).isdecimal() or len(str(value)) > 14:
        raise ValueError("not milliseconds")
    moment = in_beijing(int(str(value)) / 1000)
    check_year(moment)
    return moment


Time = Annotated[PlainTime, BeforeValidator(_time), Code(BAD_TIME)]
Millis = Annotated[PlainTime, BeforeValidator(_millis), Code(BAD_TIME)]
Offset = Annotated[int, Field(ge=0), Code(40068)]


def check_span(company: Company, start: datetime, end: datetime) -> None:
    """Refuse a time range that ends before it starts, is longer than 7 days, or starts more than 180 days ago."""
    if end < start or start.date() < (now_of(company) - MAX_AGE).date():
        raise Refused(BAD_TIME)
    if end - start > MAX_SPAN:
        raise Refused(SPAN_TOO_LONG)


def days_of(start: datetime, end: datetime) -> list[date]:
    """Return the days from one to another, inclusive."""
    return [start.date() + timedelta(days=number) for number in range((end.date() - start.date()).days + 1)]


def known(company: Company, userids: Iterable[str]) -> list[str]:
    """Return the people among these who are in the company, each once."""
    return [userid for userid in dict.fromkeys(userids) if userid in company.users]


def time_text(moment: datetime) -> str:
    """Format a time for replies of `/topapi`."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def stamp(moment: datetime) -> int:
    """Convert a time for replies of the bare paths."""
    return round(moment.timestamp() * 1000)
