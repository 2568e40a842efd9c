"""Schedules (排班): planned punches and their results."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any, ClassVar, NotRequired

from pydantic import Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, Refusal, api, operation
from dingtalk_models.call.paging import PageFlow, page_of
from dingtalk_models.core.steps import Flow, Window, batches
from dingtalk_models.core.wire import (
    BeijingTime,
    CommaInts,
    CommaStrs,
    Day,
    DayTime,
    Flag,
    FromDay,
    JsonObject,
    Millis,
    ToDay,
    wire,
)
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record
from dingtalk_models.resource.query import Listing, Query
from dingtalk_models.smartwork.spans import AT_ONCE, R, check, day_of, end_of_day, joined, paging, stamp_of

CheckType = str
"""`OnDuty` for coming to work, `OffDuty` for leaving."""

TimeResult = str
"""The result of the time: `Normal`, `Early`, `Late`, `SeriousLate`, `Absenteeism`, or `NotSigned` without a punch."""

LocationResult = str
"""The result of the place: `Normal`, `Outside`, or `NotSigned` without a punch."""

People = Annotated[CommaStrs, Field(min_length=1)]
Asking = Annotated[str, wire("op_user_id")]
SpanStart = Annotated[FromDay[Millis], wire("from_date_time")]
SpanEnd = Annotated[ToDay[Millis] | None, wire("to_date_time")]

_PEOPLE = 50
_PEOPLE_OF_SHIFTS = 20
_RESULTS = 100


class SpanOptions(TypedDict):
    """The options for listing the schedules of users in a time range."""

    op_userid: Asking
    """The user who makes the call."""
    split: NotRequired[bool]
    """Whether to send as many calls as needed, with the rows ordered by time, then by user; by default yes.

    If it is off and one call is not enough, `InvalidArgument` is raised and nothing is sent.
    """


class ScheduleManager(Manager):
    """Schedules (排班)."""

    @api(
        "dingtalk.oapi.attendance.listschedule",
        "POST /topapi/attendance/listschedule",
        Old("dingtalk.smartwork.attends.listschedule", work_date="workDate"),
        idempotent=True,
    )
    def list(
        self,
        work_date: Annotated[Day, wire("workDate")],
        *,
        offset: Annotated[int, Field(ge=0)] = 0,
        size: Annotated[int, Field(ge=1, le=200)] = 200,
    ) -> Query[Schedule]:
        """List the schedules of the whole company on one day (查询企业考勤排班详情).

        Args:
            work_date: the day.
            offset: how many schedules to skip.
            size: the page size, at most 200.

        Source: interface-for-daily-full-query-of-attendance-scheduling-information
        """
        return Listing(Schedule, paging(size), items="schedules")

    @also_takes(older_ids.schedules_of_one)
    @api("dingtalk.oapi.attendance.schedule.listbyday", "POST /topapi/attendance/schedule/listbyday", idempotent=True)
    def of_user(
        self,
        userid: Annotated[str, wire("user_id")],
        date_time: FromDay[Millis],
        *,
        op_userid: Asking,
    ) -> Call[builtins.list[Schedule]]:
        """List the schedules of one user on one day (查询成员排班信息).

        Args:
            userid: the user.
            date_time: the day, or a time on it.
            op_userid: the user who makes the call.

        Raises:
            NotFound: there is no such user.

        Source: query-scheduling-for-a-day
        """
        return Call(list[Schedule])

    @also_takes(older_ids.schedules)
    @api(
        "dingtalk.oapi.attendance.schedule.listbyusers", "POST /topapi/attendance/schedule/listbyusers", idempotent=True
    )
    def of_users(
        self, userids: People, start: SpanStart, end: SpanEnd = None, **options: Unpack[SpanOptions]
    ) -> Query[Schedule]:
        """List the schedules of users in a time range (批量查询人员排班信息).

        Args:
            userids: the users; 50 in one call.
            start: the first day, at most 180 days ago.
            end: the last day, by default that of `start`; at most 7 days after it in one call.
            options: see `SpanOptions`.

        Source: query-batch-scheduling-information
        """
        return _over_span(Schedule, self.of_users.call, userids, start, end, people=_PEOPLE, **options)

    @also_takes(older_ids.schedule_results)
    @api(
        "dingtalk.oapi.attendance.schedule.result.listbyids",
        "POST /topapi/attendance/schedule/result/listbyids",
        idempotent=True,
    )
    def results(
        self,
        schedule_ids: Annotated[CommaInts, Field(min_length=1)],
        *,
        op_userid: Asking,
        split: bool = True,
    ) -> Query[ScheduleResult]:
        """List the results of schedules (查询排班打卡结果).

        Args:
            schedule_ids: the `plan_id` of each; 100 in one call.
            op_userid: the user who makes the call.
            split: whether to send as many calls as needed.

        Raises:
            InvalidArgument: it needs more than one call, and `split` is off; nothing was sent.

        Source: query-the-results-of-a-batch-of-tasks
        """
        if len(schedule_ids) <= _RESULTS:
            return Listing(ScheduleResult, None, schedule_ids=schedule_ids, op_userid=op_userid)
        if not split:
            raise Refusal("schedule_ids", f"at most {_RESULTS} in one call / 单次调用最多 {_RESULTS} 个")

        few = [list(each) for each in batches(list(dict.fromkeys(schedule_ids)), _RESULTS)]

        def rows_of(ids: builtins.list[int]) -> Flow[builtins.list[ScheduleResult]]:
            return self.results.call(ids, op_userid=op_userid).collect()

        def pages(workers: int = 1) -> PageFlow[ScheduleResult]:
            with Window(rows_of, lambda _: (), few, workers=workers) as window:
                while window:
                    yield page_of((yield from window.take()))

        return Query(pages, at_once=pages)

    @also_takes(older_ids.schedules)
    @api(
        "dingtalk.oapi.attendance.schedule.shift.listbydays",
        "POST /topapi/attendance/schedule/shift/listbydays",
        idempotent=True,
    )
    def shifts(
        self, userids: People, start: SpanStart, end: SpanEnd = None, **options: Unpack[SpanOptions]
    ) -> Query[DayShifts]:
        """List the shifts of users on each day of a time range (批量查询成员排班概要信息).

        Args:
            userids: the users; 20 in one call.
            start: the first day.
            end: the last day, by default that of `start`; at most 7 days after it in one call.
            options: see `SpanOptions`.

        Source: query-scheduling-summary-information
        """
        return _over_span(DayShifts, self.shifts.call, userids, start, end, people=_PEOPLE_OF_SHIFTS, **options)


def _over_span(
    into: type[R],
    ask: Callable[..., Query[R]],
    userids: list[str],
    start: date,
    end: date | None,
    *,
    people: int,
    op_userid: str,
    split: bool = True,
    workers: int = AT_ONCE,
) -> Query[R]:
    end = end or end_of_day(start)
    check(userids, start, end, people=people, split=split)
    if not split:
        return Listing(into, None, userids=userids, start=start, end=end, op_userid=op_userid)
    return joined(partial(ask, op_userid=op_userid, split=False), userids, start, end, people=people, workers=workers)


class Schedule(Model):
    """A schedule (排班): one planned punch. Each API returns some of the fields; the others are `None`."""

    objects: ClassVar[ScheduleManager] = ScheduleManager()

    plan_id: Annotated[int, wire("plan_id", "id")]
    userid: Annotated[str, wire("userid", "user_id")]
    group_id: int | None
    check_type: CheckType | None
    work_date: DayTime | None
    """The work day it belongs to; a night shift ends on the next day."""
    plan_check_time: Annotated[BeijingTime | None, wire("plan_check_time", "check_date_time")]
    class_id: Annotated[int | None, wire("class_id", "shift_id")]
    """The shift; 0 for a day off."""
    class_name: str | None
    class_setting_id: int | None
    """The settings of the shift, if they differ from the company's."""
    shift_version: int | None
    check_status: str | None
    """`Init` before it is due, `Checked` after the punch, `Timeout` if it was missed."""
    is_rest: Flag | None
    """Whether it is a day off."""
    check_begin_time: BeijingTime | None
    """The time from which punching is possible."""
    check_end_time: BeijingTime | None
    """The time until which punching is possible."""
    real_plan_time: BeijingTime | None
    changed_check_time: BeijingTime | None
    """The new time after a change by an approval."""
    approve_id: int | None
    """The approval that changed it."""
    approve_type: str | None
    approve_biz_type: int | None
    """1 for overtime, 2 for a business trip, 3 for leave."""
    approve_tag_name: str | None
    features: JsonObject | None
    corp_id: str | None
    gmt_create: BeijingTime | None
    gmt_modified: BeijingTime | None

    @property
    def place(self) -> tuple[Any, ...]:
        """The sort key: day, time, user."""
        return day_of(self.work_date), stamp_of(self.plan_check_time), self.userid, self.plan_id, self.check_type or ""

    @also_takes(older_ids.asked)
    @operation
    def result(self, *, op_userid: str) -> Query[ScheduleResult]:
        """List the results of this schedule, empty before it is due.

        Args:
            op_userid: the user who makes the call.
        """
        return self.objects.results.call([self.plan_id], op_userid=op_userid)


class ScheduleResult(Record):
    """The result of a schedule (排班打卡结果)."""

    id: int
    schedule_id: int | None
    """The `plan_id` of the schedule."""
    record_id: int | None
    """The punch, if there was one."""
    userid: Annotated[str | None, wire("user_id")]
    group_id: int | None
    check_type: CheckType | None
    time_result: TimeResult | None
    location_result: LocationResult | None
    is_legal: Flag | None
    work_date: DayTime | None
    plan_check_time: BeijingTime | None
    base_check_time: BeijingTime | None
    """The time that the punch is compared with."""
    user_check_time: BeijingTime | None
    corp_id: str | None
    gmt_create: BeijingTime | None
    gmt_modified: BeijingTime | None


class DayShifts(Record):
    """The shifts of a person on one day (排班概要)."""

    userid: str
    work_date: DayTime | None
    group_id: int | None
    shift_ids: list[int] = []
    shift_names: list[str] = []
    shift_versions: list[int] = []
    corp_id: str | None

    @property
    def place(self) -> tuple[Any, ...]:
        """The sort key: day, user."""
        return day_of(self.work_date), self.userid
