"""The cells of a table: what counts as empty, and dates, lists and paths as they stand in spreadsheets."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dingtalk_models.core.json_values import is_array
from dingtalk_models.core.wire import BEIJING
from dingtalk_models.hr.plan.keys import as_key, is_nothing, trimmed

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
