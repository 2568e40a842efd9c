"""`/topapi/attendance/getleaveapproveduration`, `/topapi/attendance/getleavestatus`: leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from dingtalk_models.sandbox.server.clock import BEIJING
from dingtalk_models.sandbox.server.endpoints import Code, Names, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of
from dingtalk_models.sandbox.smartwork.attendance import (
    BAD_TIME,
    BASE,
    FIRST_YEAR,
    LAST_YEAR,
    MAX_AGE,
    SPAN_TOO_LONG,
    Millis,
    Offset,
    Time,
    days_of,
    known,
    stamp,
)
from dingtalk_models.sandbox.smartwork.attendance_record import RESULTS
from dingtalk_models.sandbox.smartwork.plans import plans_of
from dingtalk_models.sandbox.state.approval import Instance
from dingtalk_models.sandbox.state.attendance import at_minute
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.ids import opaque

LONGEST: Final = timedelta(days=366)
_RANGE: Final = "DDDateRangeField"


def _worked(company: Company, userid: str, start: datetime, end: datetime) -> timedelta:
    """Return the working time between two times."""
    days = days_of(start - timedelta(days=1), end)
    shifts = {plan.day: plan.shift for plan in plans_of(company, userid, days) if plan.shift}
    total = timedelta()
    for day, shift in shifts.items():
        for on, off in shift.work():
            total += max(min(at_minute(day, off), end) - max(at_minute(day, on), start), timedelta())
    return total


@endpoint("POST", "/topapi/attendance/getleaveapproveduration", scope=BASE)
def get_leave_approve_duration(company: Company, *, userid: str, from_date: Time, to_date: Time) -> Result:
    """计算请假时长: the working time in a range of at most a year."""
    company.user(userid, 33012)
    if to_date < from_date:
        raise Refused(BAD_TIME)
    if to_date - from_date > LONGEST:
        raise Refused(SPAN_TOO_LONG)
    return {"result": {"duration_in_minutes": _worked(company, userid, from_date, to_date) // timedelta(minutes=1)}}


@endpoint("POST", "/topapi/attendance/getleavestatus", scope=RESULTS)
def get_leave_status(
    company: Company,
    *,
    userid_list: Annotated[Names, Field(min_length=1, max_length=100)],
    start_time: Millis,
    end_time: Millis,
    offset: Offset,
    size: Annotated[int, Field(ge=1, le=20), Code(40069)],
) -> Result:
    """查询请假状态: the approved leaves that overlap the time range, with hours and days in hundredths."""
    if end_time < start_time:
        raise Refused(BAD_TIME)
    if end_time - start_time > MAX_AGE:
        raise Refused(SPAN_TOO_LONG)
    asked = known(company, userid_list)
    leaves = [each for instance in company.workflow.instances.values() for each in _leaves(company, instance)]
    found = [
        each
        for each in sorted(leaves, key=lambda each: (each["start_time"], each["userid"]))
        if each["userid"] in asked and each["start_time"] <= stamp(end_time) and each["end_time"] >= stamp(start_time)
    ]
    page, following = page_of(found, offset, size)
    return {"result": {"has_more": following is not None, "leave_status": page}, "success": True}


def _leaves(company: Company, instance: Instance) -> Iterator[dict[str, Any]]:
    """Return the leave that an approval grants, if its form is named 请假 and has a time range."""
    form = instance.form
    span = next((each for each in form.components if each.type == _RANGE), None)
    granted = (instance.status, instance.result) == ("COMPLETED", "agree")
    if span is None or "请假" not in form.name or not granted or span.id not in instance.values:
        return
    if instance.originator not in company.users:
        return
    texts: list[str] = json.loads(instance.values[span.id])
    start, end = (datetime.fromisoformat(each).replace(tzinfo=BEIJING) for each in texts)
    if end - start > LONGEST or not FIRST_YEAR < start.year < LAST_YEAR:
        return
    hours = "HH" in str(span.props.get("format", ""))
    if hours:
        percent = _worked(company, instance.originator, start, end) * 100 // timedelta(hours=1)
    else:
        end += timedelta(days=1)
        percent = 100 * (end - start).days
    yield {
        "userid": instance.originator,
        "start_time": stamp(start),
        "end_time": stamp(end),
        "duration_unit": "percent_hour" if hours else "percent_day",
        "duration_percent": percent,
        "leave_code": opaque("leave", form.process_code),
    }
