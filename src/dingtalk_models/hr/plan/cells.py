"""Reads the cells of a table: which ones are empty, and how spreadsheets write dates, lists and paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from dingtalk_models.core.json_values import is_array
from dingtalk_models.core.wire import BEIJING
from dingtalk_models.hr.plan.keys import as_key, is_nothing, name_form, trimmed

_SEPARATORS = re.compile(r"[,，;；、\r\n]+")


def given(value: Any) -> Any:
    """Return a cell's value, or `None` if it is empty: None, NaN, NaT and NA of pandas, or text such as `-` or `无`."""
    if isinstance(value, str):
        return None if is_nothing(value) else trimmed(value)
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return None
    return None if isinstance(value, (float, Decimal)) and value != value else value  # noqa: PLR0124 - NaN is what differs from itself


def as_bool(value: Any) -> Any:
    """Accept `是` and `否`, too; pydantic knows the English words."""
    return {"是": True, "否": False}.get(value, value) if isinstance(value, str) else value


def as_moment(value: Any) -> Any:
    """Convert a day to the moment it starts in Beijing."""
    if isinstance(value, str) and (found := re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", value)):
        try:
            value = date(*map(int, found.groups()))
        except ValueError:
            return value  # the type check refuses it with its own message
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=BEIJING)
    return datetime(value.year, value.month, value.day, tzinfo=BEIJING) if isinstance(value, date) else value


def as_list(value: Any) -> Any:
    """Split several keys in one cell: a list, or text with commas, semicolons or line breaks."""
    parts = _SEPARATORS.split(value) if isinstance(value, str) else value if is_array(value) else [value]
    return [as_key(part) for part in parts if given(part) is not None]


def as_paths(value: Any) -> Any:
    """Split several departments in one cell, at commas and line breaks only: no department name has a comma."""
    parts = re.split(r"[,，\r\n]+", value) if isinstance(value, str) else value if is_array(value) else [value]
    return [path for part in parts if given(part) is not None and (path := as_path(str(part)))]


def as_path(value: str) -> str:
    """Return a path in the usual form: `研发部/平台组`."""
    return "/".join(trimmed(part) for part in value.split("/") if trimmed(part))


State = Literal["stays", "leaves", "awaited"]
"""People in state `stays` work here, `leaves` are removed, `awaited` start later and are not created yet."""

_WORDS: dict[State, str] = {
    "stays": "在职 在岗 正式 正式员工 已转正 待转正 试用 试用期 实习 实习生 待离职 返聘 employed",
    "leaves": "离职 已离职 離職 已離職 辞职 已辞职 解聘 辞退 left resigned terminated",
    "awaited": "待入职 未入职 待报到 待到岗",
}


def state_words(own: Mapping[str, State] | None) -> dict[str, State]:
    """Return the state for each word.

    Args:
        own: the company's own words, or other meanings for the built-in ones.
    """
    known: dict[str, State] = {name_form(word): state for state, words in _WORDS.items() for word in words.split()}
    known.update({name_form(word): state for word, state in (own or {}).items()})
    return known


PEOPLE = {
    "userid": "userid 员工UserID 员工userid",
    "job_number": "工号 员工工号",
    "mobile": "手机号 手机号码 手机",
    "name": "姓名",
    "department": "部门 所属部门",
    "dept_id_list": "部门ID",
    "source_identifier": "部门编码 部门编号",
    "title": "职位 岗位",
    "manager": "直属主管 直属上级",
    "manager_userid": "直属主管UserID",
    "email": "邮箱 电子邮箱",
    "org_email": "企业邮箱",
    "telephone": "分机号 办公电话",
    "work_place": "办公地点 工作地点",
    "remark": "备注",
    "hired_date": "入职日期 入职时间",
    "hide_mobile": "隐藏手机号",
    "state": "状态 员工状态 人员状态 在职状态",
    "senior_mode": "高管模式",
    "nickname": "昵称",
    "extension": "",
    "exclusive_account": "",
    "exclusive_account_type": "",
    "exclusive_mobile": "",
    "login_id": "",
    "login_email": "",
    "init_password": "",
    "send_password_to_user": "",
    "org_email_type": "",
}
"""The fields of a table of people, and the Chinese headers for each."""

DEPARTMENTS = {
    "department": "部门 部门路径",
    "dept_id": "部门ID",
    "source_identifier": "部门编码 部门编号",
    "name": "部门名称",
    "parent_id": "上级部门ID",
    "parent_source_identifier": "上级部门编码 上级部门编号",
    "managers": "部门主管",
    "order": "排序",
    "hide_dept": "隐藏部门",
    "create_dept_group": "",
    "auto_approve_apply": "",
    "outer_dept": "",
}
"""The fields of a table of departments, and the Chinese headers for each."""
