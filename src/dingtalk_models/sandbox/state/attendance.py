"""The attendance of a company: shifts, groups, rosters and punches."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, TypeAlias

from dingtalk_models.moments import PlainTime
from dingtalk_models.sandbox.server.clock import BEIJING
from dingtalk_models.sandbox.state.leaving import Leaver, StatePart, without
from dingtalk_models.sandbox.state.seeding import Known, SeedError

CheckType: TypeAlias = Literal["OnDuty", "OffDuty"]
GroupType: TypeAlias = Literal["FIXED", "TURN", "NONE"]
SourceType: TypeAlias = Literal["ATM", "BEACON", "DING_ATM", "USER", "BOSS", "APPROVE", "SYSTEM", "AUTO_CHECK"]

DAY_OFF: Final = 0


@dataclass(frozen=True)
class Shift:
    """A shift (班次). `times` alternate between in and out, in minutes of the work day; 1440 and more are the next day.

    The three limits of late minutes are -1 if there is none.
    """

    shift_id: int
    setting_id: int
    name: str
    times: tuple[int, ...]
    rest: tuple[int, int] | None = None
    permit_late_minutes: int = -1
    serious_late_minutes: int = -1
    absenteeism_late_minutes: int = -1

    def punches(self) -> Iterator[tuple[CheckType, int]]:
        """Return the planned punches with their minutes."""
        for number, minute in enumerate(self.times):
            yield ("OffDuty" if number % 2 else "OnDuty"), minute

    def sections(self) -> list[tuple[int, int]]:
        """Return the ranges between checking in and out."""
        return list(zip(self.times[::2], self.times[1::2], strict=True))

    def work(self) -> list[tuple[int, int]]:
        """Return the ranges of work, without the break."""
        if self.rest is None:
            return self.sections()
        begin, end = self.rest
        halves = ((max(on, lo), min(off, hi)) for on, off in self.sections() for lo, hi in ((0, begin), (end, off)))
        return [(on, off) for on, off in halves if on < off]


@dataclass
class AttendanceGroup:
    """An attendance group (考勤组) of people and departments. `week` has the shift of each day from Sunday on."""

    group_id: int
    name: str
    type: GroupType
    week: list[int]
    userids: list[str]
    dept_ids: list[int]
    owner_user_id: str | None
    manager_list: list[str] = field(default_factory=list[str])
    is_default: bool = False
    wifis: list[str] = field(default_factory=list[str])
    address_list: list[str] = field(default_factory=list[str])
    roster: dict[tuple[str, date], int] = field(default_factory=dict[tuple[str, date], int])
    """The shift by person and day, in a group of type TURN."""

    def shift_on(self, userid: str, day: date) -> int | None:
        """Return the shift of a person of this group on a day, or `DAY_OFF`; None if nothing is planned."""
        if self.type == "FIXED":
            return self.week[day.isoweekday() % 7]
        return self.roster.get((userid, day)) if self.type == "TURN" else None


@dataclass(frozen=True)
class Punch:
    """A punch (打卡记录)."""

    record_id: int
    userid: str
    at: PlainTime
    source_type: SourceType = "USER"
    outside: bool = False
    address: str = "浙江省杭州市余杭区"
    latitude: float = 30.285622
    longitude: float = 120.017019
    remark: str | None = None


@dataclass
class Timesheets(StatePart):
    """All data of attendance: `sandbox.company.attendance`."""

    known: Known
    shifts: dict[int, Shift] = field(default_factory=dict[int, Shift])
    groups: dict[int, AttendanceGroup] = field(default_factory=dict[int, AttendanceGroup])
    punches: defaultdict[str, list[Punch]] = field(default_factory=lambda: defaultdict[str, list[Punch]](list))
    plans: dict[int, tuple[str, date, int]] = field(default_factory=dict[int, tuple[str, date, int]])
    """The person, the day and the number on that day of each planned punch, by its id."""
    _plan_ids: dict[tuple[str, date, int], int] = field(default_factory=dict[tuple[str, date, int], int])
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(560_001))

    def person_left(self, leaver: Leaver) -> None:
        """Remove a person from their group, with roster and punches. If they own a group, it gets another owner."""
        gone = leaver.userid
        for group in self.groups.values():
            group.userids[:] = without(group.userids, gone)
            group.manager_list[:] = without(group.manager_list, gone)
            group.roster = {place: shift for place, shift in group.roster.items() if place[0] != gone}
            if group.owner_user_id == gone:
                group.owner_user_id = next(iter(group.manager_list), leaver.heir)
        self.punches.pop(gone, None)
        self.plans = {plan_id: planned for plan_id, planned in self.plans.items() if planned[0] != gone}
        self._plan_ids = {planned: plan_id for plan_id, planned in self.plans.items()}

    def department_left(self, dept_id: int, above: int) -> None:
        """Remove a department from its group."""
        del above
        for group in self.groups.values():
            group.dept_ids[:] = without(group.dept_ids, dept_id)

    def add_shift(
        self, name: str, *times: str, rest: tuple[str, str] | None = None, late: tuple[int, int, int] = (-1, -1, -1)
    ) -> Shift:
        """Add a shift.

        Args:
            name: its name.
            times: the times to check in and out, in order, such as "09:00", "18:00". A time not later than the one
                before is on the next day.
            rest: a break, which does not count as work.
            late: the minutes of being late that are allowed, that are serious, and that count as absence.

        Raises:
            SeedError: the times are not in pairs.
        """
        if len(times) % 2:
            raise SeedError(
                "times", "has a time to check in without one to check out: add it / 上下班时间不成对，请补上"
            )
        minutes: list[int] = []
        for text in times:
            minute = _minute(text)
            minutes.append(minute + 1440 if minutes and minute <= minutes[-1] else minute)
        pause = (_minute(rest[0]), _minute(rest[1])) if rest else None
        shift = Shift(next(self._ids), next(self._ids), name, tuple(minutes), pause, *late)
        self.shifts[shift.shift_id] = shift
        return shift

    def add_group(
        self,
        name: str,
        owner_user_id: str,
        *,
        type: GroupType = "FIXED",
        week: Sequence[Shift | None] = (None,) * 7,
        userids: Iterable[str] = (),
        dept_ids: Iterable[int] = (),
        is_default: bool = False,
    ) -> AttendanceGroup:
        """Add a group. `week` has the shift of each day from Sunday on, None for a day off.

        Raises:
            SeedError: the owner, a member or a department does not exist.
        """
        userids, dept_ids = [*userids], [*dept_ids]
        self.known.check_users("owner_user_id", [owner_user_id])
        self.known.check_users("userids", userids)
        self.known.check_departments("dept_ids", dept_ids)
        shifts = [shift.shift_id if shift else DAY_OFF for shift in week]
        group = AttendanceGroup(
            next(self._ids), name, type, shifts, userids, dept_ids, owner_user_id, is_default=is_default
        )
        self.groups[group.group_id] = group
        return group

    def punch(
        self,
        userid: str,
        at: datetime,
        *,
        source_type: SourceType = "USER",
        outside: bool = False,
        remark: str | None = None,
    ) -> Punch:
        """Let a person punch at a given time.

        Raises:
            SeedError: there is no such person.
        """
        self.known.check_users("userid", [userid])
        made = Punch(next(self._ids), userid, at.astimezone(BEIJING), source_type, outside, remark=remark)
        self.punches[userid].append(made)
        return made

    def plan_id(self, userid: str, day: date, number: int) -> int:
        """Return the id of a planned punch, which is always the same."""
        key = userid, day, number
        if key not in self._plan_ids:
            self._plan_ids[key] = next(self._ids)
            self.plans[self._plan_ids[key]] = key
        return self._plan_ids[key]


def at_minute(day: date, minute: int) -> datetime:
    """Convert a minute of a work day to Beijing time."""
    return datetime.combine(day, time(), BEIJING) + timedelta(minutes=minute)


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
