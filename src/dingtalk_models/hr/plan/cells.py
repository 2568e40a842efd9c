"""The cells of a table: what counts as empty, and dates, lists and paths as they stand in spreadsheets."""

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
    """A cell's value; `None` for an empty cell: None, the NaN, NaT and NA of pandas, and what says nothing."""
    if isinstance(value, str):
        return None if is_nothing(value) else trimmed(value)
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return None
    return None if isinstance(value, (float, Decimal)) and value != value else value  # noqa: PLR0124 - NaN is what differs from itself


def as_bool(value: Any) -> Any:
    """`是` and `否` too; pydantic knows the other words."""
    return {"是": True, "否": False}.get(value, value) if isinstance(value, str) else value


def as_moment(value: Any) -> Any:
    """A day as its start in Beijing."""
    if isinstance(value, str) and (found := re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", value)):
        try:
            value = date(*map(int, found.groups()))
        except ValueError:
            return value  # refused as what it is
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=BEIJING)
    return datetime(value.year, value.month, value.day, tzinfo=BEIJING) if isinstance(value, date) else value


def as_list(value: Any) -> Any:
    """Several keys in one cell: a list, or text with commas, semicolons or line breaks."""
    parts = _SEPARATORS.split(value) if isinstance(value, str) else value if is_array(value) else [value]
    return [as_key(part) for part in parts if given(part) is not None]


def as_paths(value: Any) -> Any:
    """Several departments in one cell, where they are sure to be several: no name of a department has a comma."""
    parts = re.split(r"[,，\r\n]+", value) if isinstance(value, str) else value if is_array(value) else [value]
    return [path for part in parts if given(part) is not None and (path := as_path(str(part)))]


def as_path(value: str) -> str:
    """A path in one form: `研发部/平台组`."""
    return "/".join(trimmed(part) for part in value.split("/") if trimmed(part))


State = Literal["stays", "leaves", "awaited"]
"""Whoever `stays` works here; whoever `leaves` is removed; whoever is `awaited` comes later, and is not created."""

_WORDS: dict[State, str] = {
    "stays": "在职 在岗 正式 正式员工 已转正 待转正 试用 试用期 实习 实习生 待离职 返聘 employed",
    "leaves": "离职 已离职 離職 已離職 辞职 已辞职 解聘 辞退 left resigned terminated",
    "awaited": "待入职 未入职 待报到 待到岗",
}


def state_words(own: Mapping[str, State] | None) -> dict[str, State]:
    """The state that each word stands for.

    Args:
        own: words of the company's own, or other meanings of these.
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
"""The fields that a table of people may have, and the Chinese headers that stand for them."""

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
"""The same for a table of departments."""
