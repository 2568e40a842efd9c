"""JSON values: type checks, parsing of JSON that comes as text, and objects as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Whether a JSON array was read as a tuple."""
    return isinstance(value, tuple)


def from_text(value: Any) -> Any:
    """Parse JSON text; return any other value as it is.

    Raises:
        ValueError: the text is not JSON.
    """
    return json.loads(value) if isinstance(value, str) else value


def loaded(value: Any) -> Any:
    """Parse JSON text; return any other value as it is, also text that is not JSON."""
    try:
        return from_text(value)
    except ValueError:
        return value


def jsonable(value: Any, **how: Any) -> Any:
    """Convert a value to JSON types.

    Args:
        value: the value.
        how: the options of pydantic's `to_jsonable_python`.
    """
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - the command line starts without it

    try:
        return to_jsonable_python(value, **how)
    except TypeError:
        _compile(value)
        return to_jsonable_python(value, **how)


def _compile(value: Any) -> None:
    """Compile the class of each object in a value: before 2.14, pydantic fails if only an outer class is compiled."""
    from pydantic import BaseModel  # noqa: PLC0415

    parts: Iterable[Any] = ()
    if isinstance(value, BaseModel):
        type(value).model_rebuild()
        parts = vars(value).values()
    elif is_object(value):
        parts = value.values()
    elif is_array(value) or is_tuple(value):
        parts = value
    for part in parts:
        _compile(part)
