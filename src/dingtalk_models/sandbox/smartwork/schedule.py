"""`/topapi/attendance/listschedule`, `/topapi/attendance/schedule/*`."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Final, Unpack

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from dingtalk_models.moments import PlainDate
from dingtalk_models.sandbox.server.endpoints import Code, Ids, Names, Result, endpoint
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.smartwork.attendance import (
    BASE,
    GROUPS,
    Millis,
    Offset,
    check_span,
    check_year,
    days_of,
    known,
    time_text,
)
from dingtalk_models.sandbox.smartwork.plans import (
    REACH,
    PlannedPunch,
    PunchOutcome,
    due_of,
    now_of,
    outcomes_of,
    plans_of,
)
from dingtalk_models.sandbox.state.attendance import DAY_OFF, Punch, at_minute
from dingtalk_models.sandbox.state.company import Company

MANAGE: Final = "qyapi_attendance_group_manage"


def _day(value: object) -> date:
    day = date.fromisoformat(str(value)[:10])
    check_year(day)
    return day


@endpoint("POST", "/topapi/attendance/listschedule", scope=BASE)
def list_schedule(
    company: Company,
    *,
    work_date: Annotated[PlainDate, BeforeValidator(_day), Field(alias="workDate")],
    offset: Offset = 0,
    size: Annotated[int, Field(ge=1, le=200), Code(40069)] = 200,
) -> Result:
    """查询企业考勤排班详情: only the date counts."""
    plans = [plan for userid in company.users for plan in plans_of(company, userid, [work_date]) if plan.shift]
    page, following = page_of(plans, offset, size)
    schedules = [
        {
            "plan_id": plan.plan_id,
            "check_type": plan.check_type,
            "userid": plan.userid,
            "class_id": plan.shift.shift_id,
            "class_setting_id": plan.shift.setting_id,
            "plan_check_time": time_text(plan.due),
            "group_id": plan.group.group_id,
        }
        for plan in page
        if plan.shift
    ]
    return {"result": {"schedules": schedules, "has_more": following is not None}}


@endpoint("POST", "/topapi/attendance/schedule/listbyday", scope=GROUPS)
def list_by_day(company: Company, *, op_user_id: str, user_id: str, date_time: Millis) -> Result:
    """查询成员排班信息."""
    company.user(op_user_id, 33012)
    company.user(user_id, 33012)
    day = date_time.date()
    punched = {each.plan.plan_id: each.punch for each in outcomes_of(company, user_id, [day])}
    rows = [_in_full(company, plan, punched.get(plan.plan_id)) for plan in plans_of(company, user_id, [day])]
    return {"result": rows, "success": True}


def _in_full(company: Company, plan: PlannedPunch, punch: Punch | None) -> dict[str, Any]:
    made = time_text(at_minute(plan.day, -1440))
    row: dict[str, Any] = {
        "id": plan.plan_id,
        "corp_id": company.credentials.corp_id,
        "user_id": plan.userid,
        "group_id": plan.group.group_id,
        "work_date": time_text(at_minute(plan.day, 0)),
        "is_rest": "N" if plan.shift else "Y",
        "gmt_create": made,
        "gmt_modified": made,
    }
    if plan.shift:
        overdue = plan.due <= now_of(company)
        row |= {
            "class_id": plan.shift.shift_id,
            "class_name": plan.shift.name,
            "class_setting_id": plan.shift.setting_id,
            "check_type": plan.check_type,
            "check_date_time": time_text(plan.due),
            "real_plan_time": time_text(plan.due),
            "check_begin_time": time_text(plan.due - REACH),
            "check_end_time": time_text(plan.due + REACH),
            "check_status": "Checked" if punch else "Timeout" if overdue else "Init",
            "features": json.dumps({"dataSource": "adminSetting"}),
        }
    return row


class Span(TypedDict):
    """The user who makes the call, and the days."""

    op_user_id: str
    from_date_time: Millis
    to_date_time: Millis


def _days_in(company: Company, span: Span) -> list[date]:
    company.user(span["op_user_id"], 33012)
    check_span(company, span["from_date_time"], span["to_date_time"])
    return days_of(span["from_date_time"], span["to_date_time"])


Fifty = Annotated[Names, Field(min_length=1, max_length=50)]
Twenty = Annotated[Names, Field(min_length=1, max_length=20)]


@endpoint("POST", "/topapi/attendance/schedule/listbyusers", scope=GROUPS)
def list_by_users(company: Company, *, userids: Fifty, **span: Unpack[Span]) -> Result:
    """批量查询人员排班信息: for whole days; a day off is a row with shift 0."""
    days = _days_in(company, span)
    rows = [
        {
            "id": plan.plan_id,
            "userid": plan.userid,
            "group_id": plan.group.group_id,
            "work_date": time_text(at_minute(plan.day, 0)),
            "is_rest": "N" if plan.shift else "Y",
            "shift_id": plan.shift.shift_id if plan.shift else DAY_OFF,
            **(
                {
                    "shift_version": plan.shift.setting_id,
                    "check_type": plan.check_type,
                    "plan_check_time": time_text(plan.due),
                }
                if plan.shift
                else {}
            ),
        }
        for userid in known(company, userids)
        for plan in plans_of(company, userid, days)
    ]
    return {"result": rows, "success": True}


@endpoint("POST", "/topapi/attendance/schedule/shift/listbydays", scope=MANAGE)
def list_shifts_by_days(company: Company, *, userids: Twenty, **span: Unpack[Span]) -> Result:
    """批量查询成员排班概要信息: for whole days, only working days."""
    days = _days_in(company, span)
    rows = [
        {
            "corp_id": company.credentials.corp_id,
            "userid": userid,
            "group_id": plan.group.group_id,
            "work_date": time_text(at_minute(plan.day, 0)),
            "shift_ids": [plan.shift.shift_id],
            "shift_names": [plan.shift.name],
            "shift_versions": [plan.shift.setting_id],
        }
        for userid in known(company, userids)
        for day in days
        for plan in list(plans_of(company, userid, [day]))[:1]
        if plan.shift
    ]
    return {"result": rows, "success": True}


@endpoint("POST", "/topapi/attendance/schedule/result/listbyids", scope=GROUPS)
def list_results_by_ids(
    company: Company,
    *,
    op_user_id: str,
    schedule_ids: Annotated[Ids, Field(min_length=1, max_length=100)],
) -> Result:
    """查询排班打卡结果: leaves out ids that are unknown or not due yet."""
    company.user(op_user_id, 33012)
    asked = [company.attendance.plans[each] for each in schedule_ids if each in company.attendance.plans]
    found = [each for userid, day, _ in asked for each in due_of(company, userid, [day])]
    rows = {each.plan.plan_id: _result_row(company, each) for each in found}
    return {"result": [rows[each] for each in schedule_ids if each in rows], "success": True}


def _result_row(company: Company, outcome: PunchOutcome) -> dict[str, Any]:
    plan, noted = outcome.plan, time_text(outcome.moment)
    row: dict[str, Any] = {
        "id": outcome.result_id,
        "schedule_id": plan.plan_id,
        "record_id": outcome.punch and outcome.punch.record_id,
        "corp_id": company.credentials.corp_id,
        "user_id": plan.userid,
        "group_id": plan.group.group_id,
        "work_date": time_text(at_minute(plan.day, 0)),
        "check_type": plan.check_type,
        "plan_check_time": time_text(plan.due),
        "base_check_time": time_text(plan.due),
        "user_check_time": noted,
        "time_result": outcome.time_result,
        "location_result": outcome.location_result,
        "is_legal": "Y",
        "gmt_create": noted,
        "gmt_modified": noted,
    }
    return present(row)
