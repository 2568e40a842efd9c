"""Punches (打卡) and their results."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from dingtalk_models.call.operation import api
from dingtalk_models.core.wire import BeijingTime, DayMillis, Flag, FromDay, Millis, ToDay, camel, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model
from dingtalk_models.resource.query import Listing, Query
from dingtalk_models.smartwork.schedule import CheckType, LocationResult, TimeResult
from dingtalk_models.smartwork.spans import AT_ONCE, Workers, check, day_of, end_of_day, joined, paging, stamp_of

SourceType = str
"""The source of a punch: `ATM`, `BEACON`, `DING_ATM`, `USER`, `BOSS`, `APPROVE`, `SYSTEM`, `AUTO_CHECK`."""

_PEOPLE = 50


class AttendanceRecordManager(Manager):
    """Punches (打卡)."""

    @also_takes(older_ids.punch_results)
    @api("dingtalk.oapi.attendance.list", "POST /attendance/list", idempotent=True)
    def results(
        self,
        userids: Annotated[list[str], Field(min_length=1), wire("userIdList")],
        start: Annotated[FromDay[BeijingTime], wire("workDateFrom")],
        end: Annotated[ToDay[BeijingTime] | None, wire("workDateTo")] = None,
        *,
        offset: Annotated[int, Field(ge=0)] = 0,
        limit: Annotated[int, Field(ge=1, le=50)] = 50,
        is_i18n: Annotated[bool | None, wire("isI18n")] = None,
        split: bool = True,
        workers: Workers = AT_ONCE,
    ) -> Query[AttendanceResult]:
        """List the results of scheduled punches, including missed ones (获取打卡结果).

        Args:
            userids: the users; 50 in one call.
            start: the first work day, at most half a year ago.
            end: the last work day, by default that of `start`; at most 7 days after it in one call.
            offset: how many rows to skip; this only works within one call.
            limit: the page size, at most 50.
            is_i18n: whether the company is on the overseas platform.
            split: whether to send as many calls as needed, with the rows ordered by time, then by user.
            workers: how many of these calls to make at once.

        Raises:
            InvalidArgument: it needs more than one call, and `split` is off; nothing was sent.

        Source: open-attendance-clock-in-data
        """
        split, end = split and not offset, end or end_of_day(start)
        check(userids, start, end, people=_PEOPLE, split=split, name="userids")
        if not split:
            return Listing(
                AttendanceResult, paging(limit), "", items="recordresult",
                userids=userids, start=start, end=end, offset=offset, limit=limit, is_i18n=is_i18n,
            )  # fmt: skip
        return joined(
            lambda few, first, last: self.results.call(few, first, last, limit=limit, is_i18n=is_i18n, split=False),
            userids, start, end, people=_PEOPLE, workers=workers,
        )  # fmt: skip

    @also_takes(older_ids.punches)
    @api("dingtalk.oapi.attendance.listRecord", "POST /attendance/listRecord", idempotent=True)
    def details(
        self,
        userids: Annotated[list[str], Field(min_length=1), wire("userIds")],
        start: Annotated[FromDay[BeijingTime], wire("checkDateFrom")],
        end: Annotated[ToDay[BeijingTime] | None, wire("checkDateTo")] = None,
        *,
        is_i18n: Annotated[bool | None, wire("isI18n")] = None,
        split: bool = True,
        workers: Workers = AT_ONCE,
    ) -> Query[AttendanceRecord]:
        """List all punches with place and method (获取打卡详情).

        Args:
            userids: the users; 50 in one call. People who are not in the company are ignored.
            start: the start of the range, to the second; at most 180 days ago. A `date` means its start in Beijing.
            end: the end of the range, to the second; a `date` means its end. At most 7 days after `start` in one
                call; by default the end of its day.
            is_i18n: whether the company is on the overseas platform.
            split: whether to send as many calls as needed, with the rows ordered by time, then by user.
            workers: how many of these calls to make at once.

        Raises:
            InvalidArgument: it needs more than one call, and `split` is off; nothing was sent.

        Source: attendance-clock-in-record-is-open
        """
        end = end or end_of_day(start)
        check(userids, start, end, people=_PEOPLE, split=split, name="userids")
        if not split:
            return Listing(
                AttendanceRecord, None, "", items="recordresult",
                userids=userids, start=start, end=end, is_i18n=is_i18n,
            )  # fmt: skip
        return joined(
            lambda few, first, last: self.details.call(few, first, last, is_i18n=is_i18n, split=False),
            userids, start, end, people=_PEOPLE, workers=workers,
        )  # fmt: skip


class AttendanceResult(Model, alias_generator=camel):
    """The result of a scheduled punch (打卡结果)."""

    id: int
    userid: Annotated[str, wire("userId")]
    work_date: DayMillis | None
    """The work day it belongs to; a night shift ends on the next day."""
    check_type: CheckType | None
    time_result: TimeResult | None
    location_result: LocationResult | None
    base_check_time: Millis | None
    """The time that the punch is compared with."""
    user_check_time: Millis | None
    """The time of the punch."""
    source_type: SourceType | None
    group_id: int | None
    plan_id: int | None
    """The schedule."""
    record_id: int | None
    """The punch, if there was one."""
    approve_id: int | None
    """The approval that changed it."""
    proc_inst_id: str | None
    """The approval instance."""

    @property
    def place(self) -> tuple[Any, ...]:
        """The sort key: day, time, user."""
        return day_of(self.work_date), stamp_of(self.base_check_time), self.userid, self.id


class AttendanceRecord(AttendanceResult):
    """A punch (打卡记录). One that does not count (too early, unsafe) has no schedule and no result."""

    objects: ClassVar[AttendanceRecordManager] = AttendanceRecordManager()

    corp_id: str | None
    class_id: int | None
    plan_check_time: Millis | None
    is_legal: Flag | None
    """Whether it counts."""
    invalid_record_type: str | None
    """`Security` or `Other`."""
    invalid_record_msg: str | None
    """The reason why it does not count."""
    location_method: str | None
    user_address: str | None
    user_latitude: float | None
    user_longitude: float | None
    user_accuracy: float | None
    """The accuracy of the position in metres."""
    user_ssid: str | None
    user_mac_addr: str | None
    base_address: str | None
    base_latitude: float | None
    base_longitude: float | None
    base_accuracy: str | None
    base_ssid: str | None
    base_mac_addr: str | None
    device_id: str | None
    device_sn: Annotated[str | None, wire("deviceSN")]
    biz_id: str | None
    photo_url: str | None
    outside_remark: str | None
    gmt_create: Millis | None
    gmt_modified: Millis | None

    @property
    def place(self) -> tuple[Any, ...]:
        """The sort key: time, user."""
        return stamp_of(self.user_check_time), self.userid, self.id
