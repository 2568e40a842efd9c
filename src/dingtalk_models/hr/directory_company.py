"""Turns the directory into a company file, with the real names, numbers and ids or with invented ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from dingtalk_models.company_file.models import AdminRow, CompanyFile, DepartmentRow, UserRow
from dingtalk_models.contact.department import ROOT, Department
from dingtalk_models.contact.user import User
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.wire import userid_name
from dingtalk_models.resource.model import Model

Departments = Mapping[int, Department]
Users = Mapping[str, User]

_PEOPLE: Final = ("dept_manager_userid_list", "user_permits", "outer_permit_users")
"""The fields of a department that name people."""


def company_file(departments: Departments, users: Users) -> CompanyFile:
    """Make a company file of what was loaded. References to anything that the app cannot see are dropped."""
    root = departments.get(ROOT)
    return CompanyFile(
        name=(root.name if root else "") or CompanyFile().name,
        departments=[_department(each, departments, users) for each in departments.values()],
        users=[_user(each, departments, users) for each in users.values()],
        admins=[AdminRow(userid=userid) for userid, user in users.items() if user.admin],
    )


def _department(department: Department, departments: Departments, users: Users) -> DepartmentRow:
    fields = _same_fields(department, DepartmentRow)
    for name in _PEOPLE:
        fields[name] = [each for each in getattr(department, userid_name(name)) if each in users]
    for name in ("dept_permits", "outer_permit_depts"):
        fields[name] = [each for each in getattr(department, name) if each in departments]
    if department.org_dept_owner not in users:
        fields.pop("org_dept_owner", None)
    if department.parent_id in (None, ROOT) or department.parent_id not in departments:
        fields.pop("parent_id", None)
    if department.dept_id != ROOT:
        fields.setdefault("name", str(department.dept_id))
    return DepartmentRow(**fields)


def _user(user: User, departments: Departments, users: Users) -> UserRow:
    fields = _same_fields(user, UserRow)
    fields["dept_id_list"] = [each for each in user.dept_id_list if each in departments] or [ROOT]
    fields["dept_order_list"] = [
        {"dept_id": each.dept_id, "order": each.order}
        for each in user.dept_order_list
        if each.order and each.dept_id in fields["dept_id_list"]
    ]
    if isinstance(user.hired_date, datetime):
        fields["hired_date"] = round(user.hired_date.timestamp() * 1000)
    if user.disable_status:
        fields["disabled"] = True
    if user.manager_userid not in users:
        fields.pop("manager_userid", None)
    fields.setdefault("name", user.userid)
    return UserRow.model_validate(fields)


def _same_fields(item: Model, row: type[DepartmentRow | UserRow]) -> dict[str, Any]:
    """Return the fields that a row has too. In a company file, they have the platform's names."""
    values = {name: getattr(item, userid_name(name), None) for name in row.model_fields}
    return {name: value for name, value in values.items() if value not in (None, "", [])}


# -- anonymising ---------------------------------------------------------------------------------------------------

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN: Final = "安博晨丹恩帆歌涵嘉凯岚敏宁鹏琪然珊涛薇欣言泽楠彤雯旭瑶宇哲卓"
_DEPARTMENTS: Final = ("研发", "产品", "设计", "市场", "销售", "客服", "运营", "人事", "财务", "法务", "采购", "物流")
_TITLES: Final = ("工程师", "专员", "主管", "经理", "顾问", "助理", "总监", "分析师", "设计师", "会计", "讲师", "店长")

_Kind = Literal["userid", "name", "department", "title", "mobile", "telephone", "job_number", "email", "company", "id"]

_KEPT_OF_USERS: Final = frozenset(
    {"active", "hide_mobile", "real_authed", "senior", "boss", "disabled", "exclusive_account"}
    | {"exclusive_account_type", "org_email_type"}
)
_KEPT_OF_DEPARTMENTS: Final = frozenset(
    {"create_dept_group", "auto_add_user", "auto_approve_apply", "group_contain_sub_dept", "group_contain_outer_dept"}
    | {"group_contain_hidden_dept", "from_union_org", "hide_dept", "outer_dept", "outer_dept_only_self"}
)
_REPLACED: Final[Mapping[str, _Kind]] = {
    "userid": "userid", "name": "name", "nickname": "name", "title": "title", "mobile": "mobile",
    "exclusive_mobile": "mobile", "telephone": "telephone", "job_number": "job_number", "email": "email",
    "org_email": "email", "login_email": "email", "login_id": "id", "exclusive_account_corp_id": "id",
}  # fmt: skip


def anonymised(real: CompanyFile, originals: Iterable[object]) -> CompanyFile:
    """Return the company with invented names, numbers and ids, without the values that tests do not need.

    The same company always gives the same result. Departments, their members, managers and administrators stay.

    Args:
        real: the company.
        originals: the loaded models. The result contains no text of theirs.
    """
    return _Anonymous(real, originals).company()


class _Anonymous:
    """Anonymises a company."""

    def __init__(self, real: CompanyFile, originals: Iterable[object]) -> None:
        self._real = real
        self._originals = frozenset(_texts(originals))
        self._aliases: dict[tuple[_Kind, str], str] = {}
        self._candidates = {kind: candidates() for kind, candidates in _CANDIDATES.items()}
        ids = {each.dept_id for each in real.departments}
        free = (number for number in itertools.count(1001) if number not in ids)
        self._dept_ids = {each.dept_id: ROOT if each.dept_id == ROOT else next(free) for each in real.departments}
        orders = sorted({0, *(each.order for each in real.departments), *_orders(real.users)})
        self._orders = dict(zip(orders, range(-orders.index(0), len(orders)), strict=False))

    def company(self) -> CompanyFile:
        real = self._real
        return CompanyFile(
            name=self._alias("company", real.name),
            departments=[self._department(each) for each in real.departments],
            users=[self._user(number, each) for number, each in enumerate(real.users)],
            admins=[
                AdminRow(userid=self._alias("userid", each.userid), sys_level=each.sys_level) for each in real.admins
            ],
        )

    def _department(self, real: DepartmentRow) -> DepartmentRow:
        fields = real.given()
        made: dict[str, Any] = {name: fields[name] for name in fields if name in _KEPT_OF_DEPARTMENTS}
        for name in ("dept_id", "parent_id"):
            if name in fields:
                made[name] = self._dept_ids[fields[name]]
        for name in _PEOPLE:
            made[name] = [self._alias("userid", each) for each in getattr(real, name)]
        for name in ("dept_permits", "outer_permit_depts"):
            made[name] = [self._dept_ids[each] for each in getattr(real, name)]
        if real.org_dept_owner:
            made["org_dept_owner"] = self._alias("userid", real.org_dept_owner)
        if real.dept_id != ROOT:
            made["name"] = self._alias("department", str(real.dept_id))
        return DepartmentRow(order=self._orders[real.order], **made)

    def _user(self, number: int, real: UserRow) -> UserRow:
        fields = real.given()
        made: dict[str, Any] = {name: fields[name] for name in fields if name in _KEPT_OF_USERS}
        for name, kind in _REPLACED.items():
            if name in fields:
                # people with the same title share its alias; a name or number gets a different alias for each person
                whose = fields[name] if kind in ("userid", "title", "id") else f"{real.userid} {fields[name]}"
                made[name] = self._alias(kind, whose)
        if real.manager_userid:
            made["manager_userid"] = self._alias("userid", real.manager_userid)
        if real.hired_date:
            made["hired_date"] = str(date(2020, 1, 1) + timedelta(days=number % 1500))
        made["dept_id_list"] = [self._dept_ids[each] for each in real.dept_id_list]
        made["dept_order_list"] = [
            {"dept_id": self._dept_ids[each.dept_id], "order": self._orders[each.order]}
            for each in real.dept_order_list
        ]
        return UserRow.model_validate(made)

    def _alias(self, kind: _Kind, original: str) -> str:
        """Return the invented value for a real one, the same everywhere in the file."""
        if (kind, original) not in self._aliases:
            self._aliases[kind, original] = next(filter(self._is_new, self._candidates[kind]))
        return self._aliases[kind, original]

    def _is_new(self, text: str) -> bool:
        """Whether no part of a text is an original value, so that no alias happens to be somebody's real name."""
        parts = (text[begin:end] for begin in range(len(text)) for end in range(begin + 1, len(text) + 1))
        return not any(tells(part) and part in self._originals for part in parts) and text not in self._originals


def tells(text: str) -> bool:
    """Whether a part of a text is long enough to identify somebody: two digits are part of any number."""
    return len(text) >= (6 if text.isascii() else 2)


def _texts(values: Iterable[object]) -> Iterator[str]:
    """Return every text in these values."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif is_array(value):
            yield from _texts(value)
        elif is_object(value):
            yield from _texts([*value.keys(), *value.values()])
        elif isinstance(value, Model):
            yield from _texts([value.model_dump(by_alias=True)])


def _orders(users: Iterable[UserRow]) -> Iterator[int]:
    return (place.order for user in users for place in user.dept_order_list)


def _numbered(form: str) -> Iterator[str]:
    return (form.format(number) for number in itertools.count(1))


def _names() -> Iterator[str]:
    for last in ("", *_GIVEN):
        for first, surname in itertools.product(_GIVEN, _SURNAMES):
            yield surname + first + last
    yield from _numbered("N{}")


_CANDIDATES: Final[Mapping[_Kind, Callable[[], Iterator[str]]]] = {
    "userid": lambda: _numbered("u{:04}"),
    "name": _names,
    "department": lambda: itertools.chain(
        (f"{name}{part}" for part in ("部", "一部", "二部", "三部") for name in _DEPARTMENTS), _numbered("D{}")
    ),
    "title": lambda: itertools.chain(_TITLES, (f"高级{each}" for each in _TITLES), _numbered("T{}")),
    "mobile": lambda: (f"139{number:08}" for number in itertools.count(1)),
    "telephone": lambda: (f"0571-{number:08}" for number in itertools.count(80_000_001)),
    "job_number": lambda: _numbered("JN{:05}"),
    "email": lambda: _numbered("mail{:04}@example.com"),
    "company": lambda: itertools.chain(("示例科技有限公司", "样板实业有限公司"), _numbered("Company {}")),
    "id": lambda: _numbered("id{:04}"),
}
