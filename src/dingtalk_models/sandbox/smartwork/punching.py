"""People punch the clock (打卡)."""

from __future__ import annotations

from datetime import datetime

from dingtalk_models.sandbox.callback.changes import announce
from dingtalk_models.sandbox.server.clock import in_beijing
from dingtalk_models.sandbox.state.attendance import Punch
from dingtalk_models.sandbox.state.company import Company


def punch(company: Company, by: str, at: datetime | None, *, outside: bool, remark: str | None) -> Punch:
    """Let a person punch the clock.

    Raises:
        LookupError: nobody has this userid.
    """
    if by not in company.users:
        raise LookupError(f"nobody has the userid {by}")
    when = at or in_beijing(company.credentials.clock.now())
    made = company.attendance.punch(by, when, outside=outside, remark=remark)
    announce(company, "attendance_check_record", {"dataList": [_record(company, made)]})
    return made


def _record(company: Company, punch: Punch) -> dict[str, object]:
    return {
        "address": punch.address,
        "bizId": str(punch.record_id),
        "checkByUser": punch.source_type == "USER",
        "checkTime": int(punch.at.timestamp() * 1000),
        "corpId": company.credentials.corp_id,
        "latitude": punch.latitude,
        "locationMethod": "MAP",
        "locationResult": "Outside" if punch.outside else "Normal",
        "longitude": punch.longitude,
        "userId": punch.userid,
    }
