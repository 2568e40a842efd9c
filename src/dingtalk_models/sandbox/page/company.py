"""The section of the company: its tree, people, roles and forms."""

from __future__ import annotations

from dataclasses import dataclass

from dingtalk_models.sandbox.page.looks import Look, Missing
from dingtalk_models.sandbox.state.approval import MANAGER, ApprovalForm
from dingtalk_models.sandbox.state.contact import ROOT, Department, User


@dataclass(frozen=True)
class Branch:
    """A department in the tree, with those below."""

    dept_id: int
    name: str
    people: int
    below: tuple[Branch, ...]


@dataclass(frozen=True)
class PersonDetail:
    """A person of the company."""

    userid: str
    name: str
    title: str
    mobile: str
    email: str
    manager: str
    departments: tuple[tuple[int, str], ...]
    roles: tuple[str, ...]
    leads: bool
    active: bool


@dataclass(frozen=True)
class RoleDetail:
    """A role and its members."""

    role_id: int
    name: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FormDetail:
    """An approval form."""

    code: str
    name: str
    description: str
    components: tuple[tuple[str, str, bool], ...]
    steps: tuple[str, ...]
    started: int


@dataclass(frozen=True)
class CompanyView:
    """The section of the company."""

    part: str
    name: str
    everyone: tuple[tuple[str, str], ...]
    departments: tuple[tuple[int, str], ...]
    tree: Branch
    department: Branch | None
    managers: tuple[str, ...]
    parent: int | None
    members: tuple[PersonDetail, ...]
    person: PersonDetail | None
    groups: tuple[tuple[int, str, tuple[RoleDetail, ...]], ...]
    forms: tuple[FormDetail, ...]


def view(look: Look) -> CompanyView:
    """Return the tree with the opened department or person, or the roles, or the forms."""
    company = look.sandbox.company
    departments = tuple(company.departments.values())
    below: dict[int | None, list[Department]] = {}
    for each in sorted(departments, key=lambda each: (each.order, each.dept_id)):
        below.setdefault(each.parent_id, []).append(each)
    members: dict[int, list[User]] = {}
    for user in tuple(company.users.values()):
        for dept_id in tuple(user.departments):
            members.setdefault(dept_id, []).append(user)

    def branch(department: Department) -> Branch:
        inside = tuple(branch(each) for each in below.get(department.dept_id, ()))
        return Branch(department.dept_id, department.name, len(members.get(department.dept_id, ())), inside)

    part = look.asked.get("part", "people")
    if part not in {"people", "roles", "forms"}:
        raise Missing(part)
    opened = _department(look)
    shown = company.members(opened.dept_id) if opened else []
    return CompanyView(
        part,
        company.departments[ROOT].name,
        tuple((user.userid, user.name) for user in tuple(company.users.values())),
        tuple((each.dept_id, each.name) for each in departments),
        branch(company.departments[ROOT]),
        branch(opened) if opened else None,
        tuple(opened.dept_manager_userid_list) if opened else (),
        opened.parent_id if opened else None,
        tuple(_person(look, each) for each in shown),
        _chosen(look),
        _groups(look) if part == "roles" else (),
        tuple(_form(look, each) for each in tuple(company.workflow.forms.values())) if part == "forms" else (),
    )


def _department(look: Look) -> Department | None:
    asked = look.asked.get("dept")
    if asked is None:
        return None
    departments = look.sandbox.company.departments
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 20 and int(asked) in departments):
        raise Missing(asked)
    return departments[int(asked)]


def _chosen(look: Look) -> PersonDetail | None:
    userid = look.asked.get("user")
    if userid is None:
        return None
    if userid not in look.sandbox.company.users:
        raise Missing(userid)
    return _person(look, look.sandbox.company.users[userid])


def _person(look: Look, user: User) -> PersonDetail:
    company = look.sandbox.company
    places = [company.departments[each] for each in tuple(user.departments) if each in company.departments]
    return PersonDetail(
        user.userid,
        user.name,
        user.title or "",
        user.mobile or "",
        user.email or "",
        user.manager_userid or "",
        tuple((each.dept_id, each.name) for each in places),
        tuple(role.name for role in tuple(company.roles.values()) if user.userid in role.members),
        any(user.userid in each.dept_manager_userid_list for each in places),
        user.active,
    )


def _groups(look: Look) -> tuple[tuple[int, str, tuple[RoleDetail, ...]], ...]:
    company = look.sandbox.company
    roles = tuple(company.roles.values())
    return tuple(
        (
            group.group_id,
            group.name,
            tuple(
                RoleDetail(role.role_id, role.name, tuple((each, look.name(each)) for each in tuple(role.members)))
                for role in roles
                if role.group_id == group.group_id
            ),
        )
        for group in tuple(company.role_groups.values())
    )


def _form(look: Look, form: ApprovalForm) -> FormDetail:
    instances = tuple(look.sandbox.company.workflow.instances.values())
    return FormDetail(
        form.process_code,
        form.name,
        form.description,
        tuple((each.label, each.type, each.required) for each in form.components),
        tuple(
            f"{step.name}: {', '.join(MANAGER if each == MANAGER else look.name(each) for each in step.users) or '*'}"
            for step in form.steps
        ),
        sum(each.form is form for each in instances),
    )
