"""`/topapi/attendance/getleaveapproveduration`: the length of a leave."""

from __future__ import annotations

from datetime import timedelta

from dingtalk_models.sandbox.server.endpoints import Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.smartwork.attendance import BAD_TIME, BASE, Time, days_of
from dingtalk_models.sandbox.smartwork.plans import plans_of
from dingtalk_models.sandbox.state.attendance import at_minute
from dingtalk_models.sandbox.state.company import Company


@endpoint("POST", "/topapi/attendance/getleaveapproveduration", scope=BASE)
def get_leave_approve_duration(company: Company, *, userid: str, from_date: Time, to_date: Time) -> Result:
    """计算请假时长: the working time between two moments."""
    company.user(userid, 33012)
    if to_date < from_date:
        raise Refused(BAD_TIME)
    days = days_of(from_date - timedelta(days=1), to_date)
    shifts = {plan.day: plan.shift for plan in plans_of(company, userid, days) if plan.shift}
    total = timedelta()
    for day, shift in shifts.items():
        for on, off in shift.work():
            total += max(min(at_minute(day, off), to_date) - max(at_minute(day, on), from_date), timedelta())
    return {"result": {"duration_in_minutes": total // timedelta(minutes=1)}}
