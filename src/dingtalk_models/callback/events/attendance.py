"""Events of attendance and leave."""

from __future__ import annotations

from typing import Annotated, ClassVar

from dingtalk_models.callback.events.event import Event, Strs
from dingtalk_models.core.wire import Day, DayMillis, Millis, camel, wire
from dingtalk_models.resource.model import Record


class CheckIn(Event):
    """A user has checked in (用户签到)."""

    staff_id: str | None
    timestamp: Annotated[Millis | None, wire("timeStamp")]


class Punch(Record, alias_generator=camel):
    """One punch."""

    userid: Annotated[str, wire("userId")] = ""
    corp_id: str | None
    time: Annotated[Millis | None, wire("checkTime")]
    biz_id: str | None
    group_id: str | None
    address: str | None
    latitude: float | None
    longitude: float | None
    location_method: str | None
    location_result: str | None
    device_sn: Annotated[str | None, wire("deviceSN")]
    by_user: Annotated[bool | None, wire("checkByUser")]


class AttendanceCheckRecord(Event):
    """Users have punched in or out (员工打卡事件).

    There is at most one event a minute for each user.
    """

    punches: Annotated[list[Punch], wire("dataList")] = []


class Overtime(Record, alias_generator=camel):
    """The overtime of one user on one day."""

    userid: str = ""
    corp_id: str | None
    work_date: DayMillis | None
    action: str | None
    hours: Annotated[float | None, wire("overtimeHour")]
    days: Annotated[float | None, wire("overtimeDay")]
    day_type: Annotated[str | None, wire("overtimeDayType")]
    vacation_rate: float | None
    work_hours_per_day: float | None
    work_minutes_per_day: int | None
    key: str | None
    time: Annotated[Millis | None, wire("timestamp")]


class AttendanceOvertimeDuration(Event):
    """Overtime was recorded (员工加班事件)."""

    overtimes: Annotated[list[Overtime], wire("dataList")] = []


class ScheduleChange(Record, alias_generator=camel):
    """The days on which the schedules of some users changed."""

    userids: Annotated[Strs, wire("userIds")] = []
    corp_id: str | None
    change: Annotated[str | None, wire("type")]
    begin: Annotated[DayMillis | None, wire("workDateBegin")]
    end: Annotated[DayMillis | None, wire("workDateEnd")]


class AttendanceScheduleChange(Event):
    """Schedules have changed (考勤事件)."""

    schedules: Annotated[list[ScheduleChange], wire("dataList")] = []


class _NamedEvent(Event):
    id: int | None
    name: str | None
    action: str | None


class AttendGroupChange(_NamedEvent):
    """An attendance group has changed (考勤组变更)."""


class AttendShiftChange(_NamedEvent):
    """A shift has changed (班次变更)."""


class AttendBossCheckChange(Event):
    """An administrator has changed a result (考勤结果变更)."""

    TYPE: ClassVar = "attend_bossCheck_change"

    userid: Annotated[str | None, wire("userId")]
    work_date: Day | None
    plan_id: int | None
    action: str | None


class AttendUserDailySummaryRefresh(Event):
    """The daily summary of a user was calculated again (考勤日统计变更事件)."""

    userid: Annotated[str | None, wire("userId")]
    work_date: Day | None


class AttendanceReportColumnChange(Event):
    """A column of the reports has changed (考勤报表字段变更事件)."""

    column_id: str | None
    change: Annotated[str | None, wire("type")]


class AttendanceApproveStatusChange(Event):
    """Leave, overtime or a trip was approved or withdrawn (请假、加班、出差、外出状态变更事件)."""

    approve_type: str | None
    status: str | None
    process_code: str | None
    process_instance_id: str | None
    main_process_instance_id: str | None


class LeaveRuleChange(Event):
    """The rules of leave types have changed (假期规则变更事件)."""

    leave_codes: Strs = []
    action: str | None


class LeaveQuotaUpdate(Event):
    """The leave balance of a user was changed by hand (手动修改假期余额)."""

    userid: Annotated[str | None, wire("userId")]
    leave_code: str | None
    operator: Annotated[str | None, wire("opUserId")]
    update_type: str | None
