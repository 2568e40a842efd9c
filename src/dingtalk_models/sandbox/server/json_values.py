"""JSON values: type checks, and a reader for untrusted text."""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import Any, Final, TypeGuard

DEEPEST: Final = 100
"""How deep a JSON value may be nested."""


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def read_json(text: str | bytes) -> Any:
    """Read a JSON text, and refuse values that later code could not handle.

    Raises:
        ValueError: it is not JSON, or nested too deeply, or has a number that JSON does not allow. Half of a surrogate
            pair is not an error, but replaced.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_number)
    except RecursionError:
        raise ValueError("too deep") from None
    check_depth(value)
    return _whole_characters(value)


def check_depth(value: object) -> None:
    """Refuse a value that is nested too deeply for recursive code.

    Raises:
        ValueError: it is too deep.
    """
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = list(chain.from_iterable(map(_parts, level)))
        if not level:
            return
    raise ValueError("too deep")


def _parts(value: object) -> list[Any]:
    return list(value.values()) if is_object(value) else value if is_array(value) else []


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("too large")
    return number


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if is_object(value):
        return {_whole_characters(name): _whole_characters(part) for name, part in value.items()}
    return [_whole_characters(part) for part in value] if is_array(value) else value
