"""`/attendance/*` and `/topapi/attendance/*`: schedules, groups, punches and what they came to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from .company import Company
from .endpoints import Code, FromJson, Names, Result, endpoint
from .errors import Refused
from .timesheets import BEIJING, DAY_OFF, CheckType, Group, Punch, Shift, at_minute

RESULTS: Final = "qyapi_get_attendance_data"
GROUPS: Final = "qyapi_attendance_group_read"
MANAGE: Final = "qyapi_attendance_group_manage"
BASE: Final = "qyapi_base"

MAX_SPAN: Final = timedelta(days=7)
MAX_AGE: Final = timedelta(days=180)
REACH: Final = timedelta(hours=6)
"""How far from the first and last time of a day a punch still belongs to it."""

MEMBERS_A_PAGE: Final = 100
SPAN_TOO_LONG: Final = 41041
BAD_TIME: Final = 41100
_WEEKDAYS: Final = "一二三四五六日"


# what is planned, and what came of it


@dataclass(frozen=True)
class Plan:
    """A punch that a person is to make; `shift` is None on a day off."""

    plan_id: int
    userid: str
    group: Group
    day: date
    shift: Shift | None
    check_type: CheckType
    due: datetime


@dataclass(frozen=True)
class Outcome:
    """A planned punch, and the one that counts for it."""

    plan: Plan
    punch: Punch | None

    @property
    def result_id(self) -> int:
        return self.plan.plan_id + 10**9

    @property
    def moment(self) -> datetime:
        return self.punch.at if self.punch else self.plan.due

    @property
    def time_result(self) -> str:
        if self.punch is None or self.plan.shift is None:
            return "NotSigned"
        if self.plan.check_type == "OffDuty":
            return "Early" if self.punch.at < self.plan.due else "Normal"
        late = (self.punch.at - self.plan.due) // timedelta(minutes=1)
        shift = self.plan.shift
        for result, limit in (
            ("Absenteeism", shift.absenteeism_late_minutes),
            ("SeriousLate", shift.serious_late_minutes),
        ):
            if 0 <= limit < late:
                return result
        return "Late" if late > max(shift.permit_late_minutes, 0) else "Normal"

    @property
    def location_result(self) -> str:
        if self.punch is None:
            return "NotSigned"
        return "Outside" if self.punch.outside else "Normal"


def people_of(company: Company, group: Group) -> list[str]:
    """The people of a group, those of its departments included."""
    return [userid for userid in company.users if group_of(company, userid) is group]


def group_of(company: Company, userid: str) -> Group | None:
    """The group that a person is in: by himself, by a department, or the default one."""
    above = {parent for dept_id in company.users[userid].departments for parent in company.path_up(dept_id)}
    groups = company.attendance.groups.values()
    by_rank = (
        *(group for group in groups if userid in group.userids),
        *(group for group in groups if not above.isdisjoint(group.dept_ids)),
        *(group for group in groups if group.is_default),
    )
    return next(iter(by_rank), None)


def plans_of(company: Company, userid: str, days: Iterable[date]) -> Iterator[Plan]:
    """What a person is to punch on these days, one row for a day off."""
    sheets, group = company.attendance, group_of(company, userid)
    if group is None:
        return
    for day in days:
        shift_id = group.shift_on(userid, day)
        if shift_id == DAY_OFF:
            yield Plan(sheets.plan_id(userid, day, 0), userid, group, day, None, "OnDuty", at_minute(day, 0))
        elif shift_id is not None:
            shift = sheets.shifts[shift_id]
            for number, (check_type, minute) in enumerate(shift.punches()):
                due = at_minute(day, minute)
                yield Plan(sheets.plan_id(userid, day, number), userid, group, day, shift, check_type, due)


def outcomes_of(company: Company, userid: str, days: Iterable[date]) -> Iterator[Outcome]:
    """What came of the working days: of several punches near one time, the first in and the last out count."""
    for day in days:
        plans = [plan for plan in plans_of(company, userid, [day]) if plan.shift]
        if not plans:
            continue
        dues = [plan.due for plan in plans]
        between = [earlier + (later - earlier) / 2 for earlier, later in pairwise(dues)]
        edges = [dues[0] - REACH, *between, dues[-1] + REACH]
        for plan, (begin, end) in zip(plans, pairwise(edges), strict=True):
            near = [punch for punch in company.attendance.punches[userid] if begin <= punch.at < end]
            pick = min if plan.check_type == "OnDuty" else max
            yield Outcome(plan, pick(near, key=lambda punch: punch.at, default=None))


def due_of(company: Company, userid: str, days: Iterable[date]) -> Iterator[Outcome]:
    """What is known already: the punch was made, or its time is over."""
    now = now_of(company)
    return (each for each in outcomes_of(company, userid, days) if each.punch or each.plan.due <= now)


def now_of(company: Company) -> datetime:
    """The sandbox's time, in Beijing."""
    return datetime.fromtimestamp(company.credentials.clock.now(), BEIJING)


# parameters


def _time(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("not a time")  # noqa: TRY004 -- what pydantic reports
    return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def _millis(value: object) -> datetime:
    if isinstance(value, bool) or not str(value).isdecimal() or len(str(value)) > 14:
        raise ValueError("not milliseconds")
    return datetime.fromtimestamp(int(str(value)) / 1000, BEIJING)


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


Time = Annotated[datetime, BeforeValidator(_time), Code(BAD_TIME)]
Millis = Annotated[datetime, BeforeValidator(_millis), Code(BAD_TIME)]
Offset = Annotated[int, Field(ge=0), Code(40068)]
Some = Annotated[list[str], FromJson]


def check_span(company: Company, start: datetime, end: datetime) -> None:
    """Refuse what is no span, is longer than 7 days, or goes back more than 180."""
    if end < start or start.date() < (now_of(company) - MAX_AGE).date():
        raise Refused(BAD_TIME)
    if end - start > MAX_SPAN:
        raise Refused(SPAN_TOO_LONG)


def days_of(start: datetime, end: datetime) -> list[date]:
    """The days from one to the other, both included."""
    return [start.date() + timedelta(days=number) for number in range((end.date() - start.date()).days + 1)]


def known(company: Company, userids: Iterable[str]) -> list[str]:
    """Those who are in the company, each once: others are passed over."""
    return [userid for userid in dict.fromkeys(userids) if userid in company.users]


def find_group(company: Company, op_user_id: str, group_id: int) -> Group:
    """The group of this id, for somebody of the company."""
    company.user(op_user_id, 33012)
    if group_id not in company.attendance.groups:
        raise Refused(400002)
    return company.attendance.groups[group_id]


# forms of time


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _stamp(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _clock(minute: int) -> dict[str, object]:
    return {"check_time": f"1970-01-01 {minute // 60 % 24:02}:{minute % 60:02}:00", "across": minute // 1440}


def _set(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


# punches


def _counted(outcome: Outcome) -> dict[str, Any]:
    """What `/attendance/list` and `/attendance/listRecord` both say of a planned punch."""
    return {
        "workDate": _stamp(at_minute(outcome.plan.day, 0)),
        "groupId": outcome.plan.group.group_id,
        "planId": outcome.plan.plan_id,
        "userId": outcome.plan.userid,
        "checkType": outcome.plan.check_type,
        "timeResult": outcome.time_result,
        "locationResult": outcome.location_result,
        "baseCheckTime": _stamp(outcome.plan.due),
        "userCheckTime": _stamp(outcome.moment),
        "sourceType": outcome.punch.source_type if outcome.punch else "SYSTEM",
    }


@endpoint("POST", "/attendance/list", scope=RESULTS, invalid=40035)
def list_results(
    company: Company,
    *,
    userids: Annotated[Some, Field(alias="userIdList", min_length=1, max_length=50)],
    start: Annotated[Time, Field(alias="workDateFrom")],
    end: Annotated[Time, Field(alias="workDateTo")],
    offset: Offset,
    limit: Annotated[int, Field(ge=1, le=50), Code(40069)],
) -> Result:
    """获取打卡结果: whole days; a row for each planned punch that was made or is overdue."""
    check_span(company, start, end)
    found = [each for userid in known(company, userids) for each in due_of(company, userid, days_of(start, end))]
    found.sort(key=lambda each: (each.plan.due, each.plan.userid))
    rows = [
        _set({"id": each.result_id, "recordId": each.punch and each.punch.record_id, **_counted(each)})
        for each in found[offset : offset + limit]
    ]
    return {"recordresult": rows, "hasMore": offset + limit < len(found)}


@endpoint("POST", "/attendance/listRecord", scope=RESULTS, invalid=40035)
def list_records(
    company: Company,
    *,
    userids: Annotated[Some, Field(alias="userIds", min_length=1, max_length=50)],
    start: Annotated[Time, Field(alias="checkDateFrom")],
    end: Annotated[Time, Field(alias="checkDateTo")],
) -> Result:
    """获取打卡详情: a row for each punch between two moments, both included."""
    check_span(company, start, end)
    punches = [
        punch
        for userid in known(company, userids)
        for punch in company.attendance.punches[userid]
        if start <= punch.at <= end
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
        "workDate": _stamp(at_minute(punch.at.date(), 0)),
        "userCheckTime": _stamp(punch.at),
        "sourceType": punch.source_type,
        "isLegal": "Y" if outcome else "N",
        "gmtCreate": _stamp(punch.at),
        "gmtModified": _stamp(punch.at),
    }
    if outcome and outcome.plan.shift:
        planned = {"classId": outcome.plan.shift.shift_id, "planCheckTime": _stamp(outcome.plan.due)}
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
    return _set(row)


# schedules


@endpoint("POST", "/topapi/attendance/listschedule", scope=BASE)
def list_schedule(
    company: Company,
    *,
    work_date: Annotated[date, BeforeValidator(_day), Field(alias="workDate")],
    offset: Offset = 0,
    size: Annotated[int, Field(ge=1, le=200), Code(40069)] = 200,
) -> Result:
    """查询企业考勤排班详情: only the date counts."""
    plans = [plan for userid in company.users for plan in plans_of(company, userid, [work_date]) if plan.shift]
    schedules = [
        {
            "plan_id": plan.plan_id,
            "check_type": plan.check_type,
            "userid": plan.userid,
            "class_id": plan.shift.shift_id,
            "class_setting_id": plan.shift.setting_id,
            "plan_check_time": _text(plan.due),
            "group_id": plan.group.group_id,
        }
        for plan in plans[offset : offset + size]
        if plan.shift
    ]
    return {"result": {"schedules": schedules, "has_more": offset + size < len(plans)}}


@endpoint("POST", "/topapi/attendance/schedule/listbyday", scope=GROUPS)
def list_by_day(company: Company, *, op_user_id: str, user_id: str, date_time: Millis) -> Result:
    """查询成员排班信息."""
    company.user(op_user_id, 33012)
    company.user(user_id, 33012)
    day = date_time.date()
    punched = {each.plan.plan_id: each.punch for each in outcomes_of(company, user_id, [day])}
    rows = [_in_full(company, plan, punched.get(plan.plan_id)) for plan in plans_of(company, user_id, [day])]
    return {"result": rows, "success": True}


def _in_full(company: Company, plan: Plan, punch: Punch | None) -> dict[str, Any]:
    made = _text(at_minute(plan.day, -1440))
    row: dict[str, Any] = {
        "id": plan.plan_id,
        "corp_id": company.credentials.corp_id,
        "user_id": plan.userid,
        "group_id": plan.group.group_id,
        "work_date": _text(at_minute(plan.day, 0)),
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
            "check_date_time": _text(plan.due),
            "real_plan_time": _text(plan.due),
            "check_begin_time": _text(plan.due - REACH),
            "check_end_time": _text(plan.due + REACH),
            "check_status": "Checked" if punch else "Timeout" if overdue else "Init",
            "features": json.dumps({"dataSource": "adminSetting"}),
        }
    return row


Fifty = Annotated[Names, Field(min_length=1, max_length=50)]
Twenty = Annotated[Names, Field(min_length=1, max_length=20)]


@endpoint("POST", "/topapi/attendance/schedule/listbyusers", scope=GROUPS)
def list_by_users(
    company: Company, *, op_user_id: str, userids: Fifty, from_date_time: Millis, to_date_time: Millis
) -> Result:
    """批量查询人员排班信息: whole days; a day off is a row with shift 0."""
    company.user(op_user_id, 33012)
    check_span(company, from_date_time, to_date_time)
    days = days_of(from_date_time, to_date_time)
    rows = [
        {
            "id": plan.plan_id,
            "userid": plan.userid,
            "group_id": plan.group.group_id,
            "work_date": _text(at_minute(plan.day, 0)),
            "is_rest": "N" if plan.shift else "Y",
            "shift_id": plan.shift.shift_id if plan.shift else DAY_OFF,
            **(
                {
                    "shift_version": plan.shift.setting_id,
                    "check_type": plan.check_type,
                    "plan_check_time": _text(plan.due),
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
def list_shifts_by_days(
    company: Company, *, op_user_id: str, userids: Twenty, from_date_time: Millis, to_date_time: Millis
) -> Result:
    """批量查询成员排班概要信息: whole days, working days alone."""
    company.user(op_user_id, 33012)
    check_span(company, from_date_time, to_date_time)
    rows = [
        {
            "corp_id": company.credentials.corp_id,
            "userid": userid,
            "group_id": plan.group.group_id,
            "work_date": _text(at_minute(plan.day, 0)),
            "shift_ids": [plan.shift.shift_id],
            "shift_names": [plan.shift.name],
            "shift_versions": [plan.shift.setting_id],
        }
        for userid in known(company, userids)
        for day in days_of(from_date_time, to_date_time)
        for plan in list(plans_of(company, userid, [day]))[:1]
        if plan.shift
    ]
    return {"result": rows, "success": True}


@endpoint("POST", "/topapi/attendance/schedule/result/listbyids", scope=GROUPS)
def list_results_by_ids(
    company: Company,
    *,
    op_user_id: str,
    schedule_ids: Annotated[Sequence[int], BeforeValidator(lambda text: str(text).split(","))] = Field(
        min_length=1, max_length=100
    ),
) -> Result:
    """查询排班打卡结果: what is not due yet, and unknown ids, are passed over."""
    company.user(op_user_id, 33012)
    asked = [company.attendance.plans[each] for each in schedule_ids if each in company.attendance.plans]
    found = [each for userid, day, _ in asked for each in due_of(company, userid, [day])]
    rows = {each.plan.plan_id: _result_row(company, each) for each in found}
    return {"result": [rows[each] for each in schedule_ids if each in rows], "success": True}


def _result_row(company: Company, outcome: Outcome) -> dict[str, Any]:
    plan, noted = outcome.plan, _text(outcome.moment)
    row: dict[str, Any] = {
        "id": outcome.result_id,
        "schedule_id": plan.plan_id,
        "record_id": outcome.punch and outcome.punch.record_id,
        "corp_id": company.credentials.corp_id,
        "user_id": plan.userid,
        "group_id": plan.group.group_id,
        "work_date": _text(at_minute(plan.day, 0)),
        "check_type": plan.check_type,
        "plan_check_time": _text(plan.due),
        "base_check_time": _text(plan.due),
        "user_check_time": noted,
        "time_result": outcome.time_result,
        "location_result": outcome.location_result,
        "is_legal": "Y",
        "gmt_create": noted,
        "gmt_modified": noted,
    }
    return _set(row)


# groups


def _shift(shift: Shift, name: str) -> dict[str, Any]:
    types = dict(zip(shift.times, (check_type for check_type, _ in shift.punches()), strict=True))
    return {
        "class_id": shift.shift_id,
        name: shift.name,
        "sections": [
            {"times": [{**_clock(minute), "check_type": types[minute]} for minute in section]}
            for section in shift.sections()
        ],
    }


def _rest(shift: Shift) -> dict[str, Any]:
    if shift.rest is None:
        return {}
    begin, end = map(_clock, shift.rest)
    return {"rest_begin_time": begin, "rest_end_time": end}


def _shifts(company: Company, group: Group) -> list[Shift]:
    used = dict.fromkeys([*group.week, *group.roster.values()])
    return [company.attendance.shifts[shift_id] for shift_id in used if shift_id != DAY_OFF]


def _in_words(company: Company, group: Group) -> list[str]:
    """The week of a group, from Monday on, such as 周六、日 休息."""
    days: dict[int, list[str]] = {}
    for weekday, shift_id in zip(_WEEKDAYS, [*group.week[1:], group.week[0]], strict=True):
        days.setdefault(shift_id, []).append(weekday)
    return [f"周{'、'.join(names)} {_hours(company, shift_id)}" for shift_id, names in days.items()]


def _hours(company: Company, shift_id: int) -> str:
    if shift_id == DAY_OFF:
        return "休息"
    shift = company.attendance.shifts[shift_id]
    first, last = (f"{minute // 60 % 24:02}:{minute % 60:02}" for minute in (shift.times[0], shift.times[-1]))
    return f"{shift.name} {first}-{'次日' if shift.times[-1] >= 1440 else ''}{last}"


@endpoint("POST", "/topapi/attendance/getsimplegroups", scope=BASE)
def get_simple_groups(
    company: Company, *, offset: Offset = 0, size: Annotated[int, Field(ge=1, le=10), Code(40069)] = 10
) -> Result:
    """批量获取考勤组详情."""
    groups = list(company.attendance.groups.values())
    page = [_group(company, group) for group in groups[offset : offset + size]]
    return {"result": {"groups": page, "has_more": offset + size < len(groups)}}


def _group(company: Company, group: Group) -> dict[str, Any]:
    shifts = _shifts(company, group)
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "type": group.type,
        "is_default": group.is_default,
        "owner_user_id": group.owner_user_id,
        "manager_list": group.manager_list,
        "member_count": len(people_of(company, group)),
        "dept_name_list": [company.departments[dept_id].name for dept_id in group.dept_ids],
        "default_class_id": shifts[0].shift_id if shifts else None,
        "selected_class": [
            {
                **_shift(shift, "class_name"),
                "setting": {
                    "class_setting_id": shift.setting_id,
                    "work_time_minutes": sum(off - on for on, off in shift.work()),
                    "permit_late_minutes": shift.permit_late_minutes,
                    "serious_late_minutes": shift.serious_late_minutes,
                    "absenteeism_late_minutes": shift.absenteeism_late_minutes,
                    "is_off_duty_free_check": "N",
                    **_rest(shift),
                },
            }
            for shift in shifts
        ],
        "work_day_list": list(map(str, group.week)),
        "classes_list": _in_words(company, group) if group.type == "FIXED" else [],
        "enable_emp_select_class": False,
        "disable_check_without_schedule": False,
        "disable_check_when_rest": False,
    }


@endpoint("POST", "/topapi/attendance/group/query", scope=GROUPS)
def query_group(company: Company, *, op_user_id: str, group_id: int) -> Result:
    """获取考勤组详情."""
    group = find_group(company, op_user_id, group_id)
    result = {
        "id": group.group_id,
        "name": group.name,
        "type": group.type,
        "shift_ids": [shift.shift_id for shift in _shifts(company, group)],
        "work_day_list": group.week,
        "wifis": group.wifis,
        "address_list": group.address_list,
        "member_count": len(people_of(company, group)),
        "manager_list": group.manager_list,
        "owner_user_id": group.owner_user_id,
        "url": f"https://attend.dingtalk.com/{group.group_id}",
    }
    return {"result": result, "success": True}


@endpoint("POST", "/topapi/attendance/getusergroup", scope=BASE)
def get_user_group(company: Company, *, userid: str) -> Result:
    """获取用户考勤组."""
    company.user(userid, 33012)
    group = group_of(company, userid)
    if group is None:
        raise Refused(400002)
    classes = [{**_shift(shift, "name"), "setting": _rest(shift)} for shift in _shifts(company, group)]
    return {"result": {"group_id": group.group_id, "name": group.name, "type": group.type, "classes": classes}}


Cursor = Annotated[int, Field(ge=0)]


def _page(rows: Sequence[object], cursor: int) -> Result:
    end = cursor + MEMBERS_A_PAGE
    page = {"cursor": min(end, len(rows)), "has_more": end < len(rows), "result": rows[cursor:end]}
    return {"result": page, "success": True}


@endpoint("POST", "/topapi/attendance/group/member/list", scope=GROUPS)
def list_members(company: Company, *, op_user_id: str, group_id: int, cursor: Cursor = 0) -> Result:
    """获取参与考勤人员: people (type 0), and departments as a whole (type 1)."""
    group = find_group(company, op_user_id, group_id)
    people = [{"member_id": userid, "type": "0", "atc_flag": "0"} for userid in group.userids]
    departments = [{"member_id": str(dept_id), "type": "1", "atc_flag": "0"} for dept_id in group.dept_ids]
    return _page([*people, *departments], cursor)


@endpoint("POST", "/topapi/attendance/group/memberusers/list", scope=GROUPS)
def list_member_users(company: Company, *, op_user_id: str, group_id: int, cursor: Cursor = 0) -> Result:
    """获取参与考勤人员的userid."""
    return _page(people_of(company, find_group(company, op_user_id, group_id)), cursor)


# leave


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
