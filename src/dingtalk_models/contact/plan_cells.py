"""The cells of a table: what counts as empty, and numbers, dates and paths as they stand in spreadsheets."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from dingtalk_models.core.json_values import is_array
from dingtalk_models.core.wire import BEIJING

_MAINLAND = re.compile(r"1\d{10}")
_FOREIGN = re.compile(r"\+\d{1,4}-\d{4,15}")


def given(value: Any) -> Any:
    """A cell's value; `None` for an empty cell: None, blank text, and the NaN, NaT and NA of pandas."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None or type(value).__name__ in {"NAType", "NaTType"} or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN is what differs from itself
        return None
    return value


def as_text(value: Any) -> Any:
    """A number as text: spreadsheets and pandas read job numbers and mobile numbers as numbers."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


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
    """Several values in one cell: a list, or text with commas. No name of a department has a comma."""
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[,，\n]", value) if part.strip()]
    return [as_text(part) for part in value] if is_array(value) else [as_text(value)]


def as_path(value: str) -> str:
    """A path in one form: `研发部/平台组`."""
    return "/".join(part.strip() for part in value.split("/") if part.strip())


def as_number(value: Any) -> Any:
    """A mobile number in one form: 11 digits, or `+xx-xxxxxx` for one from elsewhere."""
    value = as_text(value)
    if not isinstance(value, str):
        return value
    text = re.sub(r"[\s()]", "", value)
    if text.startswith("+"):
        code, _, rest = text[1:].partition("-")
        return rest.replace("-", "") if code == "86" else f"+{code}-{rest.replace('-', '')}"
    return text.replace("-", "")


def number_of(mobile: str | None, state_code: str | None) -> str | None:
    """The mobile number that the platform shows, in that form."""
    if not mobile:
        return None
    number: str = as_number(mobile)
    foreign = state_code not in {None, "", "86"} and not number.startswith("+")
    return f"+{state_code}-{number}" if foreign else number


def is_number(mobile: str) -> bool:
    """Whether it is a mobile number that the platform takes."""
    return bool(_MAINLAND.fullmatch(mobile) or _FOREIGN.fullmatch(mobile))
