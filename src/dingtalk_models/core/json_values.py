"""JSON values: type checks, and parsing of JSON that comes as text."""

from __future__ import annotations

import json
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
