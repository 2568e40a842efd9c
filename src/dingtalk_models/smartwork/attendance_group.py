"""Attendance groups (考勤组): people and their shifts."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api, operation
from dingtalk_models.call.paging import Paging
from dingtalk_models.core.wire import BeijingTime, Flag, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record
from dingtalk_models.resource.query import Listing, Query
from dingtalk_models.smartwork.schedule import Asking, CheckType
from dingtalk_models.smartwork.spans import paging

From = Annotated[int, Field(ge=0)]


MEMBERS = Paging("cursor", 0, next="cursor")
"""The paging of members, whose reply has the next page as `cursor`."""


class AttendanceGroupManager(Manager):
    """Attendance groups (考勤组)."""

    @api(
        "dingtalk.oapi.attendance.getsimplegroups",
        "POST /topapi/attendance/getsimplegroups",
        "dingtalk.smartwork.attends.getsimplegroups",
        idempotent=True,
    )
    def list(self, *, offset: From = 0, size: Annotated[int, Field(ge=1, le=10)] = 10) -> Query[AttendanceGroup]:
        """List the attendance groups of the company with their shifts (批量获取考勤组详情).

        Args:
            offset: how many groups to skip.
            size: the page size, at most 10.

        Source: batch-obtain-attendance-group-details
        """
        return Listing(AttendanceGroup, paging(size), items="groups")

    @also_takes(older_ids.attendance_group)
    @api("dingtalk.oapi.attendance.group.query", "POST /topapi/attendance/group/query", idempotent=True)
    def get(self, group_id: int, *, op_userid: Asking) -> Call[AttendanceGroup]:
        """Get an attendance group with its places for punching (获取考勤组详情).

        Args:
            group_id: the group.
            op_userid: the user who makes the call.

        Source: query-a-single-attendance-group
        """
        return Call(AttendanceGroup)

    @api(
        "dingtalk.oapi.attendance.getusergroup",
        "POST /topapi/attendance/getusergroup",
        "dingtalk.smartwork.attends.getusergroup",
        idempotent=True,
    )
    def of_user(self, userid: str) -> Call[AttendanceGroup]:
        """Get the attendance group of a user (获取用户考勤组).

        Args:
            userid: the user.

        Returns:
            The group with id, name, type and shifts.

        Raises:
            NotFound: there is no such user.

        Source: queries-a-user-attendance-group
        """
        return Call(AttendanceGroup)

    @also_takes(older_ids.attendance_group)
    @api("dingtalk.oapi.attendance.group.member.list", "POST /topapi/attendance/group/member/list", idempotent=True)
    def members(self, group_id: int, *, op_userid: Asking, cursor: From = 0) -> Query[GroupMember]:
        """List the members of an attendance group: users and whole departments (获取参与考勤人员).

        Args:
            group_id: the group.
            op_userid: the user who makes the call.
            cursor: the start of the list.

        Source: batch-query-of-attendance-group-members
        """
        return Listing(GroupMember, MEMBERS, items="result")

    @also_takes(older_ids.attendance_group)
    @api(
        "dingtalk.oapi.attendance.group.memberusers.list",
        "POST /topapi/attendance/group/memberusers/list",
        idempotent=True,
    )
    def userids(self, group_id: int, *, op_userid: Asking, cursor: From = 0) -> Query[str]:
        """List the users of an attendance group, including those of its departments (获取参与考勤人员的userid).

        Args:
            group_id: the group.
            op_userid: the user who makes the call.
            cursor: the start of the list.

        Source: query-attendance-group-personnel-information-in-batches
        """
        return Listing(str, MEMBERS, items="result")


class ShiftTime(Record):
    """A time of a shift."""

    check_time: BeijingTime | None
    """Its time of day. The date has no meaning."""
    check_type: CheckType | None
    across: int | None
    """1 for the day after the work day, else 0."""
    begin_min: int | None
    """How many minutes before this time punching begins to be possible."""
    end_min: int | None
    """How many minutes after this time punching ends to be possible."""


class ShiftSection(Record):
    """The work between two punches."""

    times: list[ShiftTime] = []


class ShiftSetting(Record):
    """The rules of a shift; -1 for those that are not set."""

    class_setting_id: int | None
    rest_begin_time: ShiftTime | None
    rest_end_time: ShiftTime | None
    work_time_minutes: int | None
    permit_late_minutes: int | None
    serious_late_minutes: int | None
    """The minutes from which being late is serious."""
    absenteeism_late_minutes: int | None
    """The minutes from which being late counts as absence."""
    is_off_duty_free_check: Flag | None
    """Whether punching out is not required."""


class Shift(Record):
    """A shift (班次) of an attendance group."""

    class_id: int
    name: Annotated[str, wire("class_name", "name")] = ""
    sections: list[ShiftSection] = []
    setting: ShiftSetting | None


class GroupMember(Record):
    """A member of an attendance group."""

    member_id: str
    """A userid or department id."""
    type: str | None
    """0 for a user, 1 for a department."""
    atc_flag: str | None


def _one_or_more(value: object) -> object:
    """Read a list of ids, which one API sends as text such as `"[user123, user456]"`, or as JSON."""
    if not isinstance(value, str):
        return value
    ids = value.removeprefix("[").removesuffix("]").split(",")
    return [each for each in (part.strip(" \t\n\"'") for part in ids) if each]


class AttendanceGroup(Model):
    """An attendance group (考勤组). Each API returns some of the fields; the others are `None` or empty."""

    objects: ClassVar[AttendanceGroupManager] = AttendanceGroupManager()
    get = objects.get
    of_user = objects.of_user

    group_id: Annotated[int, wire("group_id", "id")]
    name: Annotated[str, wire("group_name", "name")] = ""
    type: str | None
    """`FIXED` for the same shifts each week, `TURN` for a roster, `NONE` for free hours."""
    shifts: Annotated[list[Shift], wire("selected_class", "classes")] = []
    shift_ids: list[int] = []
    default_class_id: int | None
    work_day_list: list[int] = []
    """The shift of each day of the week from Sunday on; 0 for a day off."""
    classes_list: list[str] = []
    """The shifts of the week in words."""
    is_default: bool | None
    member_count: int | None
    dept_name_list: list[str] = []
    owner_userid: Annotated[str | None, wire("owner_user_id")]
    manager_list: Annotated[list[str], BeforeValidator(_one_or_more)] = []
    enable_emp_select_class: bool | None
    """Whether people can choose their shift when they punch."""
    disable_check_without_schedule: bool | None
    """Whether people without a schedule cannot punch."""
    disable_check_when_rest: bool | None
    """Whether people cannot punch on a day off."""
    wifis: list[str] = []
    address_list: list[str] = []
    url: str | None

    @also_takes(older_ids.asked)
    @operation
    def members(self, *, op_userid: str) -> Query[GroupMember]:
        """List the members of this group: users and whole departments.

        Args:
            op_userid: the user who makes the call.
        """
        return self.objects.members.call(self.group_id, op_userid=op_userid)

    @also_takes(older_ids.asked)
    @operation
    def userids(self, *, op_userid: str) -> Query[str]:
        """List the users of this group, including those of its departments.

        Args:
            op_userid: the user who makes the call.
        """
        return self.objects.userids.call(self.group_id, op_userid=op_userid)
