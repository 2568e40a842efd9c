"""Events of attendance and leave."""

from __future__ import annotations

from typing import Annotated, ClassVar

from dingtalk_models.callback.event import Event, Strs
from dingtalk_models.core.model import Record
from dingtalk_models.core.wire import Day, DayMillis, Millis, wire


class CheckIn(Event):
    """A user has checked in (用户签到)."""

    TYPE: ClassVar = "check_in"

    staff_id: Annotated[str | None, wire("staffId")] = None
    timestamp: Annotated[Millis | None, wire("timeStamp")] = None


class Punch(Record):
    """One punch."""

    user_id: Annotated[str, wire("userId")] = ""
    corp_id: Annotated[str | None, wire("corpId")] = None
    time: Annotated[Millis | None, wire("checkTime")] = None
    biz_id: Annotated[str | None, wire("bizId")] = None
    group_id: Annotated[str | None, wire("groupId")] = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    location_method: Annotated[str | None, wire("locationMethod")] = None
    location_result: Annotated[str | None, wire("locationResult")] = None
    device_sn: Annotated[str | None, wire("deviceSN")] = None
    by_user: Annotated[bool | None, wire("checkByUser")] = None


class AttendanceCheckRecord(Event):
    """Users have punched in or out (员工打卡事件).

    There is at most one event a minute for each user.
    """

    TYPE: ClassVar = "attendance_check_record"

    punches: Annotated[list[Punch], wire("dataList")] = []


class Overtime(Record):
    """The overtime of one user on one day."""

    userid: str = ""
    corp_id: Annotated[str | None, wire("corpId")] = None
    work_date: Annotated[DayMillis | None, wire("workDate")] = None
    action: str | None = None
    hours: Annotated[float | None, wire("overtimeHour")] = None
    days: Annotated[float | None, wire("overtimeDay")] = None
    day_type: Annotated[str | None, wire("overtimeDayType")] = None
    vacation_rate: Annotated[float | None, wire("vacationRate")] = None
    work_hours_per_day: Annotated[float | None, wire("workHoursPerDay")] = None
    work_minutes_per_day: Annotated[int | None, wire("workMinutesPerDay")] = None
    key: str | None = None
    time: Annotated[Millis | None, wire("timestamp")] = None


class AttendanceOvertimeDuration(Event):
    """Overtime was recorded (员工加班事件)."""

    TYPE: ClassVar = "attendance_overtime_duration"

    overtimes: Annotated[list[Overtime], wire("dataList")] = []


class ScheduleChange(Record):
    """The days on which the schedules of some users have changed."""

    user_ids: Annotated[Strs, wire("userIds")] = []
    corp_id: Annotated[str | None, wire("corpId")] = None
    change: Annotated[str | None, wire("type")] = None
    begin: Annotated[DayMillis | None, wire("workDateBegin")] = None
    end: Annotated[DayMillis | None, wire("workDateEnd")] = None


class AttendanceScheduleChange(Event):
    """Schedules have changed (考勤事件)."""

    TYPE: ClassVar = "attendance_schedule_change"

    schedules: Annotated[list[ScheduleChange], wire("dataList")] = []


class _NamedEvent(Event):
    id: int | None = None
    name: str | None = None
    action: str | None = None


class AttendGroupChange(_NamedEvent):
    """An attendance group has changed (考勤组变更)."""

    TYPE: ClassVar = "attend_group_change"


class AttendShiftChange(_NamedEvent):
    """A shift has changed (班次变更)."""

    TYPE: ClassVar = "attend_shift_change"


class AttendBossCheckChange(Event):
    """An administrator has changed a result (考勤结果变更)."""

    TYPE: ClassVar = "attend_bossCheck_change"

    user_id: Annotated[str | None, wire("userId")] = None
    work_date: Annotated[Day | None, wire("workDate")] = None
    plan_id: Annotated[int | None, wire("planId")] = None
    action: str | None = None


class AttendUserDailySummaryRefresh(Event):
    """The daily summary of a user was calculated again (考勤日统计变更事件)."""

    TYPE: ClassVar = "attend_user_daily_summary_refresh"

    user_id: Annotated[str | None, wire("userId")] = None
    work_date: Annotated[Day | None, wire("workDate")] = None


class AttendanceReportColumnChange(Event):
    """A column of the reports has changed (考勤报表字段变更事件)."""

    TYPE: ClassVar = "attendance_report_column_change"

    column_id: Annotated[str | None, wire("columnId")] = None
    change: Annotated[str | None, wire("type")] = None


class AttendanceApproveStatusChange(Event):
    """Leave, overtime or a trip was approved or withdrawn (请假、加班、出差、外出状态变更事件)."""

    TYPE: ClassVar = "attendance_approve_status_change"

    approve_type: Annotated[str | None, wire("approveType")] = None
    status: str | None = None
    process_code: Annotated[str | None, wire("processCode")] = None
    process_instance_id: Annotated[str | None, wire("processInstanceId")] = None
    main_process_instance_id: Annotated[str | None, wire("mainProcessInstanceId")] = None


class LeaveRuleChange(Event):
    """The rules of leave types have changed (假期规则变更事件)."""

    TYPE: ClassVar = "leave_rule_change"

    leave_codes: Annotated[Strs, wire("leaveCodes")] = []
    action: str | None = None


class LeaveQuotaUpdate(Event):
    """The leave balance of a user was changed by hand (手动修改假期余额)."""

    TYPE: ClassVar = "leave_quota_update"

    user_id: Annotated[str | None, wire("userId")] = None
    leave_code: Annotated[str | None, wire("leaveCode")] = None
    operator: Annotated[str | None, wire("opUserId")] = None
    update_type: Annotated[str | None, wire("updateType")] = None
