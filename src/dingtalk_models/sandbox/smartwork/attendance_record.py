"""`/attendance/list`, `/attendance/listRecord`: punches and their results."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Code, FromJson, Result, endpoint
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.smartwork.attendance import Offset, Time, check_span, days_of, known, stamp
from dingtalk_models.sandbox.smartwork.plans import PunchOutcome, due_of, outcomes_of
from dingtalk_models.sandbox.state.attendance import Punch, at_minute
from dingtalk_models.sandbox.state.company import Company

RESULTS: Final = "qyapi_get_attendance_data"

People = Annotated[list[str], FromJson, Field(min_length=1, max_length=50)]


def _counted(outcome: PunchOutcome) -> dict[str, Any]:
    """Return the fields of a planned punch that both endpoints have."""
    return {
        "workDate": stamp(at_minute(outcome.plan.day, 0)),
        "groupId": outcome.plan.group.group_id,
        "planId": outcome.plan.plan_id,
        "userId": outcome.plan.userid,
        "checkType": outcome.plan.check_type,
        "timeResult": outcome.time_result,
        "locationResult": outcome.location_result,
        "baseCheckTime": stamp(outcome.plan.due),
        "userCheckTime": stamp(outcome.moment),
        "sourceType": outcome.punch.source_type if outcome.punch else "SYSTEM",
    }


@endpoint("POST", "/attendance/list", scope=RESULTS, invalid=40035, camel=True)
def list_results(
    company: Company,
    *,
    user_id_list: People,
    work_date_from: Time,
    work_date_to: Time,
    offset: Offset,
    limit: Annotated[int, Field(ge=1, le=50), Code(40069)],
) -> Result:
    """获取打卡结果: for whole days, a row for each planned punch that was made or is overdue."""
    check_span(company, work_date_from, work_date_to)
    days = days_of(work_date_from, work_date_to)
    found = [each for userid in known(company, user_id_list) for each in due_of(company, userid, days)]
    found.sort(key=lambda each: (each.plan.due, each.plan.userid))
    page, following = page_of(found, offset, limit)
    rows = [
        present({"id": each.result_id, "recordId": each.punch and each.punch.record_id, **_counted(each)})
        for each in page
    ]
    return {"recordresult": rows, "hasMore": following is not None}


@endpoint("POST", "/attendance/listRecord", scope=RESULTS, invalid=40035, camel=True)
def list_records(
    company: Company,
    *,
    user_ids: People,
    check_date_from: Time,
    check_date_to: Time,
) -> Result:
    """获取打卡详情: a row for each punch in a time range."""
    check_span(company, check_date_from, check_date_to)
    punches = [
        punch
        for userid in known(company, user_ids)
        for punch in company.attendance.punches[userid]
        if check_date_from <= punch.at <= check_date_to
    ]
    punches.sort(key=lambda punch: (punch.at, punch.userid))
    return {"recordresult": [_record(company, punch) for punch in punches]}


def _record(company: Company, punch: Punch) -> dict[str, Any]:
    days = [punch.at.date() - timedelta(days=1), punch.at.date()]
    outcome = next((each for each in outcomes_of(company, punch.userid, days) if each.punch is punch), None)
    row: dict[str, Any] = {
        "id": punch.record_id,
        "corpId": company.credentials.corp_id,
        "userId": punch.userid,
        "workDate": stamp(at_minute(punch.at.date(), 0)),
        "userCheckTime": stamp(punch.at),
        "sourceType": punch.source_type,
        "isLegal": "Y" if outcome else "N",
        "gmtCreate": stamp(punch.at),
        "gmtModified": stamp(punch.at),
    }
    if outcome and outcome.plan.shift:
        planned = {"classId": outcome.plan.shift.shift_id, "planCheckTime": stamp(outcome.plan.due)}
        row |= _counted(outcome) | planned
    else:
        row |= {"invalidRecordType": "Other", "invalidRecordMsg": "当前不在可打卡的时间范围，请和管理员联系"}
    if punch.source_type not in ("ATM", "DING_ATM"):
        row |= {
            "locationMethod": "MAP",
            "userAddress": punch.address,
            "userLatitude": str(punch.latitude),
            "userLongitude": str(punch.longitude),
            "userAccuracy": "65",
            "outsideRemark": punch.remark,
        }
    return present(row)
