"""Attendance groups (考勤组): who works by which shifts."""

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
"""Members of a group: the reply names the next page as `cursor`."""


class AttendanceGroupManager(Manager):
    """Attendance groups (考勤组)."""

    @api(
        "dingtalk.oapi.attendance.getsimplegroups",
        "POST /topapi/attendance/getsimplegroups",
        "dingtalk.smartwork.attends.getsimplegroups",
        idempotent=True,
    )
    def list(self, *, offset: From = 0, size: Annotated[int, Field(ge=1, le=10)] = 10) -> Query[AttendanceGroup]:
        """The attendance groups of the company, with their shifts (批量获取考勤组详情).

        Args:
            offset: how many to leave out.
            size: how many a call brings, at most 10.

        Source: batch-obtain-attendance-group-details
        """
        return Listing(AttendanceGroup, paging(size), items="groups")

    @also_takes(older_ids.attendance_group)
    @api("dingtalk.oapi.attendance.group.query", "POST /topapi/attendance/group/query", idempotent=True)
    def get(self, group_id: int, *, op_userid: Asking) -> Call[AttendanceGroup]:
        """One attendance group, with where its people punch (获取考勤组详情).

        Args:
            group_id: the group.
            op_userid: who asks.

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
        """The attendance group that a user is in (获取用户考勤组).

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
        """Who belongs to an attendance group: users, and departments as a whole (获取参与考勤人员).

        Args:
            group_id: the group.
            op_userid: who asks.
            cursor: where to begin.

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
        """The users of an attendance group, those of its departments included (获取参与考勤人员的userid).

        Args:
            group_id: the group.
            op_userid: who asks.
            cursor: where to begin.

        Source: query-attendance-group-personnel-information-in-batches
        """
        return Listing(str, MEMBERS, items="result")


class ShiftTime(Record):
    """A time of a shift."""

    check_time: BeijingTime | None
    """Its time of day; the date means nothing."""
    check_type: CheckType | None
    across: int | None
    """1 on the day after the work day, else 0."""
    begin_min: int | None
    """How many minutes before it punching is possible."""
    end_min: int | None
    """How many minutes after it punching is possible."""


class ShiftSection(Record):
    """A stretch of work between two punches."""

    times: list[ShiftTime] = []


class ShiftSetting(Record):
    """The rules of a shift; -1 where one is not set."""

    class_setting_id: int | None
    rest_begin_time: ShiftTime | None
    rest_end_time: ShiftTime | None
    work_time_minutes: int | None
    permit_late_minutes: int | None
    serious_late_minutes: int | None
    """From how many minutes on it is very late."""
    absenteeism_late_minutes: int | None
    """From how many minutes on it is absence."""
    is_off_duty_free_check: Flag | None
    """Whether nobody has to punch when leaving."""


class Shift(Record):
    """A shift (班次) of an attendance group."""

    class_id: int
    name: Annotated[str, wire("class_name", "name")] = ""
    sections: list[ShiftSection] = []
    setting: ShiftSetting | None


class GroupMember(Record):
    """A member of an attendance group."""

    member_id: str
    """A userid, or a department's id."""
    type: str | None
    """0 a user, 1 a department."""
    atc_flag: str | None


def _one_or_more(value: object) -> object:
    """One API has a list of ids as text, such as `"[user123, user456]"`, or as JSON."""
    if not isinstance(value, str):
        return value
    ids = value.removeprefix("[").removesuffix("]").split(",")
    return [each for each in (part.strip(" \t\n\"'") for part in ids) if each]


class AttendanceGroup(Model):
    """An attendance group (考勤组). Each API tells a part of it; the rest is `None` or empty."""

    objects: ClassVar[AttendanceGroupManager] = AttendanceGroupManager()
    get = objects.get
    of_user = objects.of_user

    group_id: Annotated[int, wire("group_id", "id")]
    name: Annotated[str, wire("group_name", "name")] = ""
    type: str | None
    """`FIXED` the same shifts each week, `TURN` a roster, `NONE` free hours."""
    shifts: Annotated[list[Shift], wire("selected_class", "classes")] = []
    shift_ids: list[int] = []
    default_class_id: int | None
    work_day_list: list[int] = []
    """The shift of each day of the week, from Sunday on; 0 on a day off."""
    classes_list: list[str] = []
    """The same in words."""
    is_default: bool | None
    member_count: int | None
    dept_name_list: list[str] = []
    owner_userid: Annotated[str | None, wire("owner_user_id")]
    manager_list: Annotated[list[str], BeforeValidator(_one_or_more)] = []
    enable_emp_select_class: bool | None
    """Whether people choose their shift when they punch."""
    disable_check_without_schedule: bool | None
    """Whether nobody can punch who has no schedule."""
    disable_check_when_rest: bool | None
    """Whether nobody can punch on a day off."""
    wifis: list[str] = []
    address_list: list[str] = []
    url: str | None

    @also_takes(older_ids.asked)
    @operation
    def members(self, *, op_userid: str) -> Query[GroupMember]:
        """Who belongs to this group: users, and departments as a whole.

        Args:
            op_userid: who asks.
        """
        return self.objects.members.call(self.group_id, op_userid=op_userid)

    @also_takes(older_ids.asked)
    @operation
    def userids(self, *, op_userid: str) -> Query[str]:
        """The users of this group, those of its departments included.

        Args:
            op_userid: who asks.
        """
        return self.objects.userids.call(self.group_id, op_userid=op_userid)
