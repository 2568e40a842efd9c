"""Checks a value against the documented table of parameters.

Like the platform, it accepts a number as text and text as a number. Null counts as absent, and unknown fields are
ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from dingtalk_models.sandbox.server.json_values import is_array, is_object, read_json
from dingtalk_models.sandbox.server.uploads import FormFile

_FLAGS: Final = {"true": True, "false": False}
_NUMBERS: Final[dict[str, tuple[re.Pattern[str], type[int | float]]]] = {
    "integer": (re.compile(r"[+-]?\d{1,19}"), int),
    "number": (re.compile(r"[+-]?\d{1,300}(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE), float),
}
"""For each number type, the pattern of its text and the conversion."""


@dataclass(frozen=True)
class Limits:
    """The documented limits of a value."""

    min: float | None = None
    max: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    length_unit: str = "char"
    max_items: int | None = None
    enum: list[Any] | None = None


@dataclass(frozen=True)
class ParameterRow:
    """A parameter, or a field of one.

    Attributes:
        name: its name; empty if it is the whole body.
        place: `path`, `query`, `header` or `body`.
        items: the type of an array's entries.
        map: whether an object may have any keys, so that `children` are the fields of each value.
        values: the type of such an object's values, if they are scalars.
    """

    name: str = ""
    type: str = "any"
    place: str = ""
    required: bool = False
    limits: Limits = Limits()
    items: str = "any"
    map: bool = False
    values: str = "any"
    children: tuple[ParameterRow, ...] = ()

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> ParameterRow:
        """Read a row of a data file."""
        parts: dict[str, Any] = dict(described)
        parts["limits"] = Limits(**described.get("limits", {}))
        parts["children"] = tuple(map(cls.read, described.get("children", ())))
        return cls(**parts)


class Wrong(Exception):
    """A value is not as documented.

    Attributes:
        where: the path of the field.
        problem: the problem.
    """

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where or 'body'}: {problem}")


def fields(
    given: Mapping[str, Any], rows: Iterable[ParameterRow], where: str = "", *, text: bool = False
) -> dict[str, Any]:
    """Return the given documented fields in their documented types.

    Args:
        given: the received fields.
        rows: the table.
        where: the path of the object.
        text: whether they come from a query or a form, so that objects and arrays are JSON text.

    Raises:
        Wrong: a field is missing or not as documented.
    """
    found: dict[str, Any] = {}
    for row in rows:
        value = given.get(row.name)
        place = f"{where}.{row.name}" if where else row.name
        if value is not None:
            found[row.name] = _value(_parsed(value, row) if text else value, row, place)
        elif row.required:
            raise Wrong(place, "required, and missing")
    return found


def _parsed(value: Any, row: ParameterRow) -> Any:
    """Parse a text. If an array is expected, text that is not JSON is split at commas."""
    if not isinstance(value, str) or row.type not in {"array", "object"}:
        return value
    try:
        parsed = read_json(value)
    except ValueError:
        parsed = value
    if row.type == "array" and not is_array(parsed) and not is_object(parsed):
        return [part.strip() for part in value.split(",") if part.strip()]
    return parsed


def _value(value: Any, row: ParameterRow, where: str) -> Any:
    if row.type == "object":
        return _object(value, row, where)
    found = value if row.type == "array" else scalar(value, row.type)
    if found is None or (row.type == "array" and not is_array(value)):
        raise Wrong(where, f"not of the type {row.type}")
    for problem in _beyond(found, row.limits):
        raise Wrong(where, problem)
    if row.type != "array":
        return found
    entry = replace(row, type=row.items, items="object" if row.children else "any", limits=Limits(enum=row.limits.enum))
    return [_value(item, entry, f"{where}[{place}]") for place, item in enumerate(found)]


def _object(value: Any, row: ParameterRow, where: str) -> dict[str, Any]:
    if not is_object(value):
        raise Wrong(where, "not of the type object")
    if row.children and not row.map:
        return fields(value, row.children, where)
    entry = ParameterRow(type="object", children=row.children) if row.map else ParameterRow(type=row.values)
    return {name: _value(part, entry, f"{where}.{name}") for name, part in value.items() if part is not None}


def scalar(value: Any, kind: str) -> Any:
    """Convert a scalar or a file to its documented type; `None` if it does not fit."""
    match kind:
        case "boolean":
            return value if isinstance(value, bool) else _FLAGS.get(str(value).lower())
        case "file":
            return value if isinstance(value, FormFile) else None
        case "string" | "integer" | "number":
            return None if isinstance(value, bool) else _text_or_number(value, kind)
        case _:
            return value


def _text_or_number(value: Any, kind: str) -> str | float | None:
    if not isinstance(value, str | int | float):
        return None
    if kind == "string":
        return str(value)
    form, number = _NUMBERS[kind]
    if not form.fullmatch(str(value)):
        return None
    return number(value) if isinstance(value, str) else value


def _beyond(value: Any, limits: Limits) -> Iterator[str]:
    """Return the limits that a value exceeds."""
    if limits.enum is not None and not is_array(value) and _plain(value) not in map(_plain, limits.enum):
        yield f"not one of {json.dumps(limits.enum, ensure_ascii=False)}"
    if isinstance(value, int | float):
        if limits.min is not None and value < limits.min:
            yield f"less than {limits.min}"
        if limits.max is not None and value > limits.max:
            yield f"more than {limits.max}"
    elif isinstance(value, str):
        in_bytes = limits.length_unit == "byte"
        length = len(value.encode(errors="replace")) if in_bytes else len(value)
        if limits.min_length is not None and length < limits.min_length:
            yield f"shorter than {limits.min_length} characters"
        if limits.max_length is not None and length > limits.max_length:
            yield f"longer than {limits.max_length} {'bytes' if in_bytes else 'characters'}"
    if limits.max_items is not None:
        many = len(value) if is_array(value) else len(str(value).split(","))
        if many > limits.max_items:
            yield f"more than {limits.max_items} entries"


def _plain(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
