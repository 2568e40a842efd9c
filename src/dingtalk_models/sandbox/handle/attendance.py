"""Attendance: shifts, and the groups that use them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, Field

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.handle.operations import Body, operation
from dingtalk_models.sandbox.handle.problems import found
from dingtalk_models.sandbox.state.attendance import GroupType, Shift

Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=80)]
Minute: TypeAlias = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Late: TypeAlias = Annotated[int, Field(ge=-1, le=1440)]


class NewShift(Body):
    """The times to check in and out, in order. A time not later than the one before is on the next day.

    `late` has the minutes of being late that are allowed, that are serious, and that count as absence; -1 for no limit.
    """

    name: Name
    times: Annotated[list[Minute], Field(min_length=2, max_length=6)]
    rest: tuple[Minute, Minute] | None = None
    late: tuple[Late, Late, Late] = (-1, -1, -1)


class NewAttendanceGroup(Body):
    """Its people and departments; `week` has the shift of each day from Sunday on, null for a day off."""

    name: Name
    owner_user_id: str
    type: GroupType = "FIXED"
    week: Annotated[list[int | None], Field(min_length=7, max_length=7)] = [None] * 7
    userids: list[str] = []
    dept_ids: list[int] = []
    is_default: bool = False


class AttendanceGroupView(BaseModel, from_attributes=True):
    """A group; `week` has the shift of each day from Sunday on, 0 for a day off."""

    group_id: int
    name: str
    type: GroupType
    week: list[int]
    userids: list[str]
    dept_ids: list[int]
    owner_user_id: str
    manager_list: list[str]
    is_default: bool


@operation("GET", "/shifts", "company.attendance.shifts")
def list_shifts(sandbox: Sandbox) -> list[Shift]:
    """List the shifts; times are minutes of the work day. / 列出班次，时间为当日的分钟数。"""
    return list(sandbox.company.attendance.shifts.values())


@operation("POST", "/shifts", "company.attendance.add_shift")
def add_shift(sandbox: Sandbox, body: NewShift) -> Shift:
    """Add a shift. / 添加班次。"""
    return sandbox.company.attendance.add_shift(body.name, *body.times, rest=body.rest, late=body.late)


@operation("GET", "/attendance-groups", "company.attendance.groups")
def list_attendance_groups(sandbox: Sandbox) -> list[AttendanceGroupView]:
    """List the attendance groups. / 列出考勤组。"""
    return [AttendanceGroupView.model_validate(each) for each in sandbox.company.attendance.groups.values()]


@operation("POST", "/attendance-groups", "company.attendance.add_group")
def add_attendance_group(sandbox: Sandbox, body: NewAttendanceGroup) -> AttendanceGroupView:
    """Add an attendance group. / 添加考勤组。"""
    sheets = sandbox.company.attendance
    made = sheets.add_group(
        body.name,
        body.owner_user_id,
        type=body.type,
        week=[None if each is None else found(sheets.shifts, each, "shift") for each in body.week],
        userids=body.userids,
        dept_ids=body.dept_ids,
        is_default=body.is_default,
    )
    return AttendanceGroupView.model_validate(made)
