"""Punches (打卡): what people did, and what it counts as."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from dingtalk_models.core.model import Manager, Model
from dingtalk_models.core.operation import api
from dingtalk_models.core.query import Listing, Query
from dingtalk_models.core.wire import BeijingTime, DayMillis, Flag, Millis, wire
from dingtalk_models.smartwork.schedule import CheckType, LocationResult, TimeResult
from dingtalk_models.smartwork.spans import check, day_of, joined, paging, stamp_of

SourceType = str
"""Where a punch came from: `ATM`, `BEACON`, `DING_ATM`, `USER`, `BOSS`, `APPROVE`, `SYSTEM`, `AUTO_CHECK`."""

_PEOPLE = 50


class AttendanceRecordManager(Manager):
    """Punches (打卡)."""

    @api("dingtalk.oapi.attendance.list", "POST /attendance/list", idempotent=True)
    def results(
        self,
        user_id_list: Annotated[list[str], Field(min_length=1), wire("userIdList")],
        start: Annotated[BeijingTime, wire("workDateFrom")],
        end: Annotated[BeijingTime, wire("workDateTo")],
        *,
        offset: Annotated[int, Field(ge=0)] = 0,
        limit: Annotated[int, Field(ge=1, le=50)] = 50,
        is_i18n: Annotated[bool | None, wire("isI18n")] = None,
        split: bool = True,
    ) -> Query[AttendanceResult]:
        """What each scheduled punch came to, whether it was made or not (获取打卡结果).

        Args:
            user_id_list: the users; 50 in one call.
            start: the first work day, at most half a year ago.
            end: the last work day; at most 7 days after `start` in one call.
            offset: how many rows to leave out; then only what one call takes may be asked.
            limit: how many rows a page has, at most 50.
            is_i18n: whether the company is on the overseas platform.
            split: whether to send as many calls as it takes, and order their answers by time, then by user.

        Raises:
            InvalidArgument: more than one call takes, and `split` is off; nothing was sent.

        Source: open-attendance-clock-in-data
        """
        split = split and not offset
        check(user_id_list, start, end, people=_PEOPLE, split=split, name="user_id_list")
        if not split:
            return Listing(
                AttendanceResult, paging(limit), "", items="recordresult",
                user_id_list=user_id_list, start=start, end=end, offset=offset, limit=limit, is_i18n=is_i18n,
            )  # fmt: skip
        return joined(
            lambda few, first, last: self.results.call(few, first, last, limit=limit, is_i18n=is_i18n, split=False),
            user_id_list, start, end, people=_PEOPLE,
        )  # fmt: skip

    @api("dingtalk.oapi.attendance.listRecord", "POST /attendance/listRecord", idempotent=True)
    def details(
        self,
        user_ids: Annotated[list[str], Field(min_length=1), wire("userIds")],
        start: Annotated[BeijingTime, wire("checkDateFrom")],
        end: Annotated[BeijingTime, wire("checkDateTo")],
        *,
        is_i18n: Annotated[bool | None, wire("isI18n")] = None,
        split: bool = True,
    ) -> Query[AttendanceRecord]:
        """Every punch that was made, with where and how (获取打卡详情).

        Args:
            user_ids: the users; 50 in one call. Who is not in the company is passed over.
            start: from when on, to the second; at most 180 days ago.
            end: until when, to the second; at most 7 days after `start` in one call.
            is_i18n: whether the company is on the overseas platform.
            split: whether to send as many calls as it takes, and order their answers by time, then by user.

        Raises:
            InvalidArgument: more than one call takes, and `split` is off; nothing was sent.

        Source: attendance-clock-in-record-is-open
        """
        check(user_ids, start, end, people=_PEOPLE, split=split, name="user_ids")
        if not split:
            return Listing(
                AttendanceRecord, None, "", items="recordresult",
                user_ids=user_ids, start=start, end=end, is_i18n=is_i18n,
            )  # fmt: skip
        return joined(
            lambda few, first, last: self.details.call(few, first, last, is_i18n=is_i18n, split=False),
            user_ids, start, end, people=_PEOPLE,
        )  # fmt: skip


class AttendanceResult(Model):
    """What a scheduled punch came to (打卡结果)."""

    id: int
    user_id: Annotated[str, wire("userId")]
    work_date: Annotated[DayMillis | None, wire("workDate")] = None
    """The day that it counts to; a night shift ends on the next."""
    check_type: Annotated[CheckType | None, wire("checkType")] = None
    time_result: Annotated[TimeResult | None, wire("timeResult")] = None
    location_result: Annotated[LocationResult | None, wire("locationResult")] = None
    base_check_time: Annotated[Millis | None, wire("baseCheckTime")] = None
    """The time that the punch is measured by."""
    user_check_time: Annotated[Millis | None, wire("userCheckTime")] = None
    """When the person punched."""
    source_type: Annotated[SourceType | None, wire("sourceType")] = None
    group_id: Annotated[int | None, wire("groupId")] = None
    plan_id: Annotated[int | None, wire("planId")] = None
    """The schedule."""
    record_id: Annotated[int | None, wire("recordId")] = None
    """The punch, if there was one."""
    approve_id: Annotated[int | None, wire("approveId")] = None
    """The approval that changed it."""
    proc_inst_id: Annotated[str | None, wire("procInstId")] = None
    """The approval instance."""

    @property
    def place(self) -> tuple[Any, ...]:
        """Its place among all results: by day, time, user."""
        return day_of(self.work_date), stamp_of(self.base_check_time), self.user_id, self.id


class AttendanceRecord(AttendanceResult):
    """A punch (打卡记录). One that counts for nothing (too early, unsafe) has no schedule and no result."""

    objects: ClassVar[AttendanceRecordManager] = AttendanceRecordManager()

    corp_id: Annotated[str | None, wire("corpId")] = None
    class_id: Annotated[int | None, wire("classId")] = None
    plan_check_time: Annotated[Millis | None, wire("planCheckTime")] = None
    is_legal: Annotated[Flag | None, wire("isLegal")] = None
    """Whether it counts."""
    invalid_record_type: Annotated[str | None, wire("invalidRecordType")] = None
    """`Security` or `Other`."""
    invalid_record_msg: Annotated[str | None, wire("invalidRecordMsg")] = None
    """Why it does not."""
    location_method: Annotated[str | None, wire("locationMethod")] = None
    user_address: Annotated[str | None, wire("userAddress")] = None
    user_latitude: Annotated[float | None, wire("userLatitude")] = None
    user_longitude: Annotated[float | None, wire("userLongitude")] = None
    user_accuracy: Annotated[float | None, wire("userAccuracy")] = None
    """How exact the position is, in metres."""
    user_ssid: Annotated[str | None, wire("userSsid")] = None
    user_mac_addr: Annotated[str | None, wire("userMacAddr")] = None
    base_address: Annotated[str | None, wire("baseAddress")] = None
    base_latitude: Annotated[float | None, wire("baseLatitude")] = None
    base_longitude: Annotated[float | None, wire("baseLongitude")] = None
    base_accuracy: Annotated[str | None, wire("baseAccuracy")] = None
    base_ssid: Annotated[str | None, wire("baseSsid")] = None
    base_mac_addr: Annotated[str | None, wire("baseMacAddr")] = None
    device_id: Annotated[str | None, wire("deviceId")] = None
    device_sn: Annotated[str | None, wire("deviceSN")] = None
    biz_id: Annotated[str | None, wire("bizId")] = None
    photo_url: Annotated[str | None, wire("photoUrl")] = None
    outside_remark: Annotated[str | None, wire("outsideRemark")] = None
    gmt_create: Annotated[Millis | None, wire("gmtCreate")] = None
    gmt_modified: Annotated[Millis | None, wire("gmtModified")] = None

    @property
    def place(self) -> tuple[Any, ...]:
        """Its place among all punches: by time, user."""
        return stamp_of(self.user_check_time), self.user_id, self.id
