"""Loads a company from a company file, and lists all mistakes in it with file, line and field."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path as FilePath
from typing import Any, Final, TypeVar

from dingtalk_models.company_file import InvalidCompanyFile, ReadCompany, read_company
from dingtalk_models.company_file import models as rows
from dingtalk_models.company_file.problems import FileProblem
from dingtalk_models.company_file.problems import Path as Place
from dingtalk_models.sandbox import saving
from dingtalk_models.sandbox.state.approval import ApprovalStep, Component
from dingtalk_models.sandbox.state.attendance import Shift
from dingtalk_models.sandbox.state.auth import Credentials
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import ROOT, RoleGroup, User
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.seeding import SeedError, check_free

T = TypeVar("T")

SEED: Final = FilePath(__file__).parent / "company.yaml"
"""The default company of a sandbox."""

_FIXED: Final = (str, int, bool)

_NAMING: Final = (
    *("dept_manager_userid_list", "user_permits", "outer_permit_users", "org_dept_owner"),
    *("dept_permits", "outer_permit_depts"),
)
"""The fields of a department that refer to people or other departments."""


def read_once(path: str | os.PathLike[str]) -> ReadCompany:
    """Read a company file. The result is cached until the file changes.

    Raises:
        InvalidCompanyFile: it cannot be used. The error lists all mistakes with their places.
        OSError: it cannot be read at all.
    """
    if path == SEED:
        return _seed()
    told = FilePath(path).stat()
    return _read(str(FilePath(path).resolve()), os.fspath(path), told.st_mtime_ns, told.st_size)


@cache
def _seed() -> ReadCompany:
    return read_company(SEED)


@lru_cache(maxsize=8)
def _read(path: str, name: str, *when: int) -> ReadCompany:
    del path, when  # only part of the cache key
    return read_company(name)


def found(read: ReadCompany, credentials: Credentials | None = None) -> Company:
    """Make a company from a company file.

    Raises:
        InvalidCompanyFile: something in it does not fit. The error lists all mistakes with their places.
    """
    return _Founding(read, credentials).founded()


def maker(
    company: str | os.PathLike[str] | Company | None, org: str, credentials: Credentials | None
) -> Callable[[Credentials | None], Company]:
    """Return a function that makes the first company, and a new copy at each reset."""
    if company is not None and org == "empty":
        raise ValueError("choose either company= or org='empty' / company= 与 org='empty' 只能选一个")
    if isinstance(company, Company):
        if credentials is not None:
            raise ValueError(
                "a Company has its own credentials: leave credentials= out / Company 自带凭证，请去掉 credentials="
            )
        return _same(company)
    if org == "empty":
        return lambda held: Company(credentials=held)
    table = read_once(SEED if company is None else company)
    return lambda held: found(table, held)


def _same(company: Company) -> Callable[[Credentials | None], Company]:
    """Return the given company at the first call, and later copies of its first state."""
    began = saving.dump({"company": company})
    first = [company]

    def make(_: Credentials | None) -> Company:
        if first:
            return first.pop()
        made = Company()
        saving.restore({"company": made}, began)
        return made

    return make


class _Founding:
    """Builds a company. What does not fit is left out, so that each mistake is reported only once."""

    def __init__(self, read: ReadCompany, credentials: Credentials | None) -> None:
        self._read = read
        self._file = read.company
        self._problems: list[FileProblem] = []
        self._twice: list[int] = []
        """The rows of departments whose id an earlier row already has."""
        self._company = Company(self._file.name, credentials)

    def founded(self) -> Company:
        for step in (self._departments, self._users, self._names, self._admins, self._roles, self._forms):
            step()
        for step in (self._attendance, self._customers, self._groups, self._logins):
            step()
        if self._problems:
            raise InvalidCompanyFile(self._problems)
        company = self._company
        company.scopes = None if self._file.scopes is None else frozenset(self._file.scopes)
        company.conversations.robot_url = self._file.robot_url
        return company

    @contextmanager
    def _at(self, *place: str | int) -> Generator[None]:
        """Add errors of the block as problems at a place in the file."""
        try:
            yield
        except SeedError as error:
            self._note(place, error)

    def _note(self, place: Place, error: SeedError) -> None:
        self._problems.append(self._read.problem((*place, error.field), str(error)))

    def _added(self, place: Place, add: Callable[..., T], **fields: Any) -> T:
        """Add an item, if necessary without the wrong fields, so that references to it still work."""
        while True:
            try:
                return add(**fields)
            except SeedError as error:
                self._note(place, error)
                del fields[error.field]

    # departments and people

    def _departments(self) -> None:
        for index, parent_id in self._from_the_root():
            row = self._file.departments[index]
            fields = _given(row, "parent_id", *_NAMING)
            if row.dept_id == ROOT and index not in self._twice:
                vars(self._company.departments[ROOT]).update(fields)
                continue
            with self._at("departments", index):
                if row.name is None:
                    raise SeedError("name", "is missing: add it / 缺少此项，请补上")
                self._added(("departments", index), self._company.add_department, parent_id=parent_id, **fields)

    def _from_the_root(self) -> list[tuple[int, int]]:
        """Return the departments and their parents in the order of the file, but each after its parent."""
        table = self._file.departments
        waiting: dict[int, int] = {}
        for index, row in enumerate(table):
            if waiting.setdefault(row.dept_id, index) != index:
                self._twice.append(index)
        ordered: list[tuple[int, int]] = []
        for dept_id in tuple(waiting):
            chain: dict[int, tuple[int, int]] = {}
            above = dept_id
            while above in waiting and above not in chain:
                index = waiting[above]
                chain[above] = index, table[index].parent_id or ROOT
                above = ROOT if above == ROOT else chain[above][1]
            if above in chain and above != ROOT:
                *_, (last, (index, _)) = chain.items()
                with self._at("departments", index):
                    chain[last] = index, ROOT
                    raise SeedError("parent_id", f"{last} is below itself: correct it / {last} 在自己的下级中，请改正")
            ordered += reversed(chain.values())
            for each in chain:
                del waiting[each]
        return ordered + [(index, table[index].parent_id or ROOT) for index in self._twice]

    def _users(self) -> None:
        def add(dept_id_list: Iterable[int] = (ROOT,), **fields: Any) -> User:
            return self._company.add_user(dept_ids=dept_id_list, **fields)

        for index, row in enumerate(self._file.users):
            fields = _given(row, "manager_userid", "unionid", "state_code", "dept_order_list", "dept_title_list")
            user = self._added(("users", index), add, **fields)
            user.unionid = row.unionid or user.unionid
            user.state_code = row.state_code or user.state_code
            self._places(index, row, user)

    def _places(self, index: int, row: rows.UserRow, user: User) -> None:
        """Set the order and the title of a person in each department."""
        for field, name in (("dept_order_list", "order"), ("dept_title_list", "title")):
            for number, each in enumerate(getattr(row, field)):
                with self._at("users", index, field, number):
                    if each.dept_id not in user.departments:
                        raise SeedError(
                            "dept_id",
                            f"{user.userid} is not in the department {each.dept_id}: add it to dept_id_list / "
                            f"{user.userid} 不在部门 {each.dept_id} 中，请加入 dept_id_list",
                        )
                    setattr(user.departments[each.dept_id], name, getattr(each, name))

    def _names(self) -> None:
        """Set references between departments and people after all of them are added."""
        known = self._company.known
        for index, row in enumerate(self._file.departments):
            if index in self._twice or row.dept_id not in self._company.departments:
                continue
            department = self._company.departments[row.dept_id]
            for field, value in _given(row).items():
                if field in _NAMING:
                    held = getattr(department, field)
                    setattr(department, field, value)
                    with self._at("departments", index):
                        try:
                            self._company.check_named(department)
                        except SeedError:
                            setattr(department, field, held)
                            raise
        for index, person in enumerate(self._file.users):
            if person.manager_userid is not None:
                with self._at("users", index):
                    known.check_users("manager_userid", [person.manager_userid])
                    self._company.users[person.userid].manager_userid = person.manager_userid

    def _admins(self) -> None:
        for index, row in enumerate(self._file.admins):
            with self._at("admins", index):
                check_free("userid", row.userid, self._company.admins)
                self._company.add_admin(row.userid, row.sys_level, row.dept_ids)

    # roles

    def _roles(self) -> None:
        company = self._company
        for index, row in enumerate(self._file.role_groups):
            place: Place = ("role_groups", index)
            group = company.default_group
            if row.name != group.name:
                fields = {"name": row.name, "group_id": row.group_id}
                group = self._added(place, company.add_role_group, **{k: v for k, v in fields.items() if v is not None})
            for number, each in enumerate(row.roles):
                self._role((*place, "roles", number), group, each)

    def _role(self, place: Place, group: RoleGroup, row: rows.RoleRow) -> None:
        company = self._company
        own = (each for each in company.roles.values() if (each.group_id, each.name) == (group.group_id, row.name))
        role = next(own, None) if group is company.default_group else None
        with self._at(*place):
            if role is None:
                check_free("name", row.name, {each.name for each in company.roles.values()})
                role = self._added(
                    place, company.add_role, group_id=group.group_id, **_given(row, "userids", "manages")
                )
            company.known.check_users("userids", row.userids)
            company.known.check_users("manages", row.manages)
            for dept_ids in row.manages.values():
                company.known.check_departments("manages", dept_ids)
            role.members = {userid: [*row.manages.get(userid, [])] for userid in [*row.userids, *row.manages]}

    # approvals

    def _forms(self) -> None:
        workflow = self._company.workflow
        for index, row in enumerate(self._file.forms):
            with self._at("forms", index):
                check_free("name", row.name, {each.name for each in workflow.forms.values()})
                self._company.known.check_users("cc", row.cc)
                form = workflow.add_form(
                    row.name,
                    _components(row.components),
                    [ApprovalStep(**_given(step)) for step in row.steps],
                    at=(row.modified or 0) / 1000,
                    process_code=row.process_code or f"PROC-{opaque('form', row.name).upper()}",
                    description=row.description,
                )
                form.enabled, form.cc = row.enabled, [*row.cc]

    # attendance

    def _attendance(self) -> None:
        sheets = self._company.attendance
        shifts: dict[str, Shift] = {}
        for index, row in enumerate(self._file.attendance.shifts):
            with self._at("attendance", "shifts", index):
                check_free("name", row.name, shifts)
                late = (row.permit_late_minutes, row.serious_late_minutes, row.absenteeism_late_minutes)
                rest = None if row.rest is None else (row.rest[0], row.rest[1])
                shifts[row.name] = sheets.add_shift(row.name, *row.times, rest=rest, late=late)
        for index, each in enumerate(self._file.attendance.groups):
            with self._at("attendance", "groups", index):
                self._company.known.check_users("manager_list", each.manager_list)
                week = [None if name is None else _named("week", name, shifts) for name in each.week]
                fields = _given(each, "week", "manager_list", "wifis", "address_list")
                group = sheets.add_group(**fields, week=week)
                group.manager_list += each.manager_list
                group.wifis += each.wifis
                group.address_list += each.address_list

    # customers and chats

    def _customers(self) -> None:
        clientele, file = self._company.clientele, self._file.customers
        if file.label_groups is not None:
            clientele.label_groups.clear()
            for row in file.label_groups:
                clientele.add_label_group(row.name, *row.labels, color=row.color)
        labels = {name: label_id for group in clientele.label_groups for label_id, name in group.labels.items()}
        for index, each in enumerate(file.contacts):
            with self._at("customers", "contacts", index):
                label_ids = [_named("labels", name, labels) for name in each.labels]
                clientele.add(**_given(each, "labels"), label_ids=label_ids)

    def _groups(self) -> None:
        outbox, corp_id = self._company.outbox, self._company.credentials.corp_id
        for index, row in enumerate(self._file.groups):
            number = str(index)
            ids = {
                "open_conversation_id": row.open_conversation_id or f"cid{opaque(corp_id, 'conversation', number)}==",
                "chat_id": row.chat_id or f"chat{opaque(corp_id, 'chat', number)}",
            }
            with self._at("groups", index):
                group = outbox.groups.make(row.members, name=row.name, owner=row.owner, **ids)
                self._company.known.check_users("sub_admins", row.sub_admins)
                group.add(row.sub_admins)
                group.sub_admins += row.sub_admins
        for index, each in enumerate(self._file.webhooks):
            with self._at("webhooks", index):
                token = each.token or opaque(corp_id, "webhook", str(index)) * 2
                outbox.add_webhook(each.secret, tuple(each.keywords), token)

    def _logins(self) -> None:
        for index, row in enumerate(self._file.strangers):
            with self._at("strangers", index):
                check_free("userid", row.userid, self._company.users)
                self._company.logins.add_stranger(row.name, userid=row.userid, mobile=row.mobile, email=row.email)


def _given(row: rows.Row, *without: str) -> dict[str, Any]:
    """Return copies of the fields in the file, because the company will change them."""
    return {
        name: value if type(value) in _FIXED else copy.deepcopy(value) for name, value in row.given(*without).items()
    }


def _named(field: str, name: str, there: Mapping[str, T]) -> T:
    """Return the item with this name in the file."""
    if name not in there:
        near = ", ".join(get_close_matches(name, there, 1) or there)
        raise SeedError(field, f"there is no {name!r}, but {near}: correct it / 没有 {name!r}，只有 {near}，请改正")
    return there[name]


def _components(table: Iterable[rows.ComponentRow]) -> list[Component]:
    made: list[Component] = []
    for index, row in enumerate(table, start=1):
        fields = _given(row, "children", "id")
        component = Component(id=row.id or f"{row.type}-{index}", children=_components(row.children), **fields)
        check_free("components", component.id, {each.id for each in made})
        made.append(component)
    return made
