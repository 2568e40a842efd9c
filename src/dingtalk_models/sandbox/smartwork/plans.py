"""Planned and actual punches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from dingtalk_models.sandbox.server.clock import in_beijing
from dingtalk_models.sandbox.state.attendance import DAY_OFF, AttendanceGroup, CheckType, Punch, Shift, at_minute
from dingtalk_models.sandbox.state.company import Company

REACH: Final = timedelta(hours=6)
"""How long before its first and after its last planned time a punch still belongs to a day."""


@dataclass(frozen=True)
class PlannedPunch:
    """A planned punch; `shift` is None on a day off."""

    plan_id: int
    userid: str
    group: AttendanceGroup
    day: date
    shift: Shift | None
    check_type: CheckType
    due: datetime


@dataclass(frozen=True)
class PunchOutcome:
    """A planned punch, and the actual one that counts for it."""

    plan: PlannedPunch
    punch: Punch | None

    @property
    def result_id(self) -> int:
        return self.plan.plan_id + 10**9

    @property
    def moment(self) -> datetime:
        return self.punch.at if self.punch else self.plan.due

    @property
    def time_result(self) -> str:
        if self.punch is None or self.plan.shift is None:
            return "NotSigned"
        if self.plan.check_type == "OffDuty":
            return "Early" if self.punch.at < self.plan.due else "Normal"
        late = (self.punch.at - self.plan.due) // timedelta(minutes=1)
        shift = self.plan.shift
        for result, limit in (
            ("Absenteeism", shift.absenteeism_late_minutes),
            ("SeriousLate", shift.serious_late_minutes),
        ):
            if 0 <= limit < late:
                return result
        return "Late" if late > max(shift.permit_late_minutes, 0) else "Normal"

    @property
    def location_result(self) -> str:
        if self.punch is None:
            return "NotSigned"
        return "Outside" if self.punch.outside else "Normal"


def people_of(company: Company, group: AttendanceGroup) -> list[str]:
    """Return the people of a group, including those of its departments."""
    return [userid for userid in company.users if group_of(company, userid) is group]


def group_of(company: Company, userid: str) -> AttendanceGroup | None:
    """Return a person's group: their own, else their department's, else the default one."""
    above = {parent for dept_id in company.users[userid].departments for parent in company.path_up(dept_id)}
    groups = company.attendance.groups.values()
    by_rank = (
        *(group for group in groups if userid in group.userids),
        *(group for group in groups if not above.isdisjoint(group.dept_ids)),
        *(group for group in groups if group.is_default),
    )
    return next(iter(by_rank), None)


def plans_of(company: Company, userid: str, days: Iterable[date]) -> Iterator[PlannedPunch]:
    """Return the planned punches of a person on these days. A day off has one plan without a shift."""
    sheets, group = company.attendance, group_of(company, userid)
    if group is None:
        return
    for day in days:
        shift_id = group.shift_on(userid, day)
        if shift_id == DAY_OFF:
            yield PlannedPunch(sheets.plan_id(userid, day, 0), userid, group, day, None, "OnDuty", at_minute(day, 0))
        elif shift_id is not None:
            shift = sheets.shifts[shift_id]
            for number, (check_type, minute) in enumerate(shift.punches()):
                due = at_minute(day, minute)
                yield PlannedPunch(sheets.plan_id(userid, day, number), userid, group, day, shift, check_type, due)


def outcomes_of(company: Company, userid: str, days: Iterable[date]) -> Iterator[PunchOutcome]:
    """Return the outcomes of working days. Of several punches near a time, the first in or the last out counts."""
    for day in days:
        plans = [plan for plan in plans_of(company, userid, [day]) if plan.shift]
        if not plans:
            continue
        dues = [plan.due for plan in plans]
        between = [earlier + (later - earlier) / 2 for earlier, later in pairwise(dues)]
        bounds = [dues[0] - REACH, *between, dues[-1] + REACH]
        for plan, (begin, end) in zip(plans, pairwise(bounds), strict=True):
            near = [punch for punch in company.attendance.punches[userid] if begin <= punch.at < end]
            pick = min if plan.check_type == "OnDuty" else max
            yield PunchOutcome(plan, pick(near, key=lambda punch: punch.at, default=None))


def due_of(company: Company, userid: str, days: Iterable[date]) -> Iterator[PunchOutcome]:
    """Return the outcomes that are final: the punch was made, or its time is over."""
    now = now_of(company)
    return (each for each in outcomes_of(company, userid, days) if each.punch or each.plan.due <= now)


def now_of(company: Company) -> datetime:
    """Return the sandbox's time in Beijing."""
    return in_beijing(company.credentials.clock.now())
