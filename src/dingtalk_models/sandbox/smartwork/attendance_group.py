"""`/topapi/attendance/group/*`, `/topapi/attendance/getsimplegroups`, `/topapi/attendance/getusergroup`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.smartwork.attendance import BASE, GROUPS, Offset
from dingtalk_models.sandbox.smartwork.plans import group_of, people_of
from dingtalk_models.sandbox.state.attendance import DAY_OFF, AttendanceGroup, Shift
from dingtalk_models.sandbox.state.company import Company

MEMBERS_A_PAGE: Final = 100
_WEEKDAYS: Final = "一二三四五六日"


def find_group(company: Company, op_user_id: str, group_id: int) -> AttendanceGroup:
    """Return the group with this id. Refuse an `op_user_id` that is not in the company."""
    company.user(op_user_id, 33012)
    if group_id not in company.attendance.groups:
        raise Refused(400002)
    return company.attendance.groups[group_id]


def _clock(minute: int) -> dict[str, object]:
    return {"check_time": f"1970-01-01 {minute // 60 % 24:02}:{minute % 60:02}:00", "across": minute // 1440}


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


def _shifts(company: Company, group: AttendanceGroup) -> list[Shift]:
    used = dict.fromkeys([*group.week, *group.roster.values()])
    return [company.attendance.shifts[shift_id] for shift_id in used if shift_id != DAY_OFF]


def _in_words(company: Company, group: AttendanceGroup) -> list[str]:
    """Describe the week of a group from Monday on, such as 周六、日 休息."""
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
    page, following = page_of(list(company.attendance.groups.values()), offset, size)
    groups = [_group(company, group) for group in page]
    return {"result": {"groups": groups, "has_more": following is not None}}


def _group(company: Company, group: AttendanceGroup) -> dict[str, Any]:
    shifts = _shifts(company, group)
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "type": group.type,
        "is_default": group.is_default,
        **present({"owner_user_id": group.owner_user_id}),
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
        **present({"owner_user_id": group.owner_user_id}),
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
    page, following = page_of(rows, cursor, MEMBERS_A_PAGE)
    end = len(rows) if following is None else following
    return {"result": {"cursor": end, "has_more": following is not None, "result": page}, "success": True}


@endpoint("POST", "/topapi/attendance/group/member/list", scope=GROUPS)
def list_members(company: Company, *, op_user_id: str, group_id: int, cursor: Cursor = 0) -> Result:
    """获取参与考勤人员: people (type 0) and departments (type 1)."""
    group = find_group(company, op_user_id, group_id)
    people = [{"member_id": userid, "type": "0", "atc_flag": "0"} for userid in group.userids]
    departments = [{"member_id": str(dept_id), "type": "1", "atc_flag": "0"} for dept_id in group.dept_ids]
    return _page([*people, *departments], cursor)


@endpoint("POST", "/topapi/attendance/group/memberusers/list", scope=GROUPS)
def list_member_users(company: Company, *, op_user_id: str, group_id: int, cursor: Cursor = 0) -> Result:
    """获取参与考勤人员的userid."""
    return _page(people_of(company, find_group(company, op_user_id, group_id)), cursor)
