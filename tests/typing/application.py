"""An application as a company writes one: its HR system is the master of the DingTalk contacts, and people log in.

Checked by both type checkers, and run against the sandbox, by test_typing.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from dingtalk_models import (
    BEIJING,
    AlreadyExists,
    AuthenticationError,
    Department,
    DingTalkApp,
    InvalidArgument,
    NotFound,
    Role,
    RoleGroup,
    User,
    together,
)


@dataclass(frozen=True)
class Employee:
    """A row of the HR system."""

    number: str
    name: str
    mobile: str
    unit: str
    title: str
    hired: datetime | None = None


@dataclass
class Report:
    """What a synchronisation did."""

    created: list[str] = field(default_factory=list[str])
    changed: list[str] = field(default_factory=list[str])
    removed: list[str] = field(default_factory=list[str])
    refused: dict[str, str] = field(default_factory=dict[str, str])


def department_of(unit: str) -> Department:
    """The department of a unit, made where there is none yet."""
    for department in Department.objects.tree():
        if department.name == unit:
            return department
    return Department.create(unit, source_identifier=f"hr:{unit}", create_dept_group=True)


def synchronise(employees: Iterable[Employee]) -> Report:
    """Make the contacts those of the HR system."""
    report = Report()
    known = {user.job_number: user for user in User.objects.all() if user.job_number}
    seen: set[str] = set()
    for employee in employees:
        seen.add(employee.number)
        try:
            if (user := known.get(employee.number)) is None:
                report.created.append(hire(employee).userid)
            elif user.name != employee.name or (user.title or "") != employee.title:
                user.name, user.title = employee.name, employee.title
                report.changed.append(user.save().userid)
        except (InvalidArgument, AlreadyExists) as error:
            report.refused[employee.number] = str(error)
    for number in known.keys() - seen:
        if number.startswith("HR-"):
            known[number].delete()
            report.removed.append(number)
    return report


def hire(employee: Employee) -> User:
    """Take up an employee in the department of the unit."""
    department = department_of(employee.unit)
    joined = employee.hired or datetime.now(BEIJING)
    return User.create(
        employee.name,
        employee.mobile,
        [department.dept_id],
        job_number=employee.number,
        title=employee.title,
        hired_date=joined,
        extension={"来源": "HR"},
        dept_title_list=[{"dept_id": department.dept_id, "title": employee.title}],
    )


def log_in(app: DingTalkApp, code: str) -> tuple[str, bool] | None:
    """Who has logged in, and whether it is an administrator."""
    try:
        identity = app.contact.users.by_code(code)
    except AuthenticationError:
        return None
    user = identity.user()
    return user.name, bool(identity.sys) or user.admin is True


def interviewers(names: list[str]) -> list[str]:
    """Make people interviewers, in a role of its own, and say who has it."""
    role = next((role for role in Role.objects.list() if role.name == "面试官"), None)
    if role is None:
        group = RoleGroup.objects.list().first() or RoleGroup.create("招聘")
        role = Role.create("面试官", group.group_id)
    found = [userid for name in names if (userid := User.objects.search(name, full_match_field=1).first())]
    role.assign(found)
    return sorted(holder.name for holder in role.users())


async def head_counts() -> dict[str, int]:
    """How many people each department at the top has, asked at once on the event loop."""
    counts: dict[str, int] = {}
    async for department in Department.objects.list():
        counts[department.name] = len(await department.users.aio())
    return counts


async def colleagues(userid: str) -> list[str]:
    """Everyone who shares a department with someone."""
    try:
        user = await User.get.aio(userid)
    except NotFound:
        return []
    departments = await user.departments.aio()
    names: set[str] = set()
    for department in departments:
        names |= {member.name async for member in department.users()}
    return sorted(names - {user.name})


def names_of(app: DingTalkApp, userids: list[str]) -> list[str]:
    """The names of several people, asked for at once."""
    users = app.send(together([User.objects.get.call(userid) for userid in userids]))
    return [user.name for user in users]
