"""Problems of a company file: the place, the mistake and how to correct it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeAlias

from pydantic_core import ErrorDetails

Path: TypeAlias = tuple[str | int, ...]
"""The path to a field: names of fields and indexes in lists."""

SHOWN: Final = 50
"""How many problems are listed at most."""


@dataclass(frozen=True)
class FileProblem:
    """A mistake in a file.

    Attributes:
        file: the file.
        line: its line, from 1.
        field: the field, such as `users[3].mobile`; empty for the whole file.
        message: the mistake, and how to correct it.
    """

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field + ': ' if self.field else ''}{self.message}"


class InvalidCompanyFile(ValueError):
    """A company file cannot be used.

    Attributes:
        problems: all mistakes, in the order of the lines.
    """

    def __init__(self, problems: Iterable[FileProblem]) -> None:
        self.problems = sorted(problems, key=lambda each: each.line)
        lines = [str(each) for each in self.problems[:SHOWN]]
        if left := len(self.problems) - len(lines):
            lines.append(f"… {left} more / 另有 {left} 处")
        super().__init__("\n".join(lines))


def field_of(path: Path) -> str:
    """Format the path of a field, such as `users[3].mobile`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


_KINDS: Final = {
    "string_type": "is not text: put it in quotes / 应为文本，请加引号",
    "int_type": "is not a whole number: write it without quotes / 应为整数，不要加引号",
    "bool_type": "is neither true nor false / 应为 true 或 false",
    "list_type": "is not a list: begin each item with “- ” / 应为列表，每项以“- ”开头",
    "dict_type": "is not a mapping of names to values / 应为“名称: 值”的形式",
    "model_type": "is not a mapping of names to values / 应为“名称: 值”的形式",
    "missing": "is missing: add it / 缺少此项，请补上",
    "string_too_short": "is empty: fill it in, or leave the field out / 为空，请填写或删去此项",
}
_DETAILS: Final = {
    "string_too_long": "is longer than {max_length} characters / 超过 {max_length} 个字符",
    "too_short": "has fewer than {min_length} items / 少于 {min_length} 项",
    "too_long": "has more than {max_length} items / 多于 {max_length} 项",
    "greater_than_equal": "is less than {ge} / 小于 {ge}",
    "value_error": "{error}",
    "literal_error": "is not one of {expected} / 应为 {expected} 之一",
}


def message_of(error: ErrorDetails, known: Iterable[str]) -> str:
    """Describe an error of pydantic in plain words.

    Args:
        error: the error.
        known: the allowed fields, for the hint about an unknown one.
    """
    kind = error["type"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), list(known), 1, 0.6)
        meant = (f": did you mean {near[0]}?", f"，是否应为 {near[0]}？") if near else (": remove it", "，请删去")
        return f"there is no such field{meant[0]} / 没有此字段{meant[1]}"
    if kind in _DETAILS:
        return _DETAILS[kind].format(**error.get("ctx", {}))
    return _KINDS.get(kind, f"{error['msg']} / 此值不符合要求")
