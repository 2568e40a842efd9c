"""JSON: what a piece of it is, and what text stands for."""

from __future__ import annotations

import json
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a piece of JSON is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a piece of JSON is an array."""
    return isinstance(value, list)


def from_text(value: Any) -> Any:
    """What JSON text stands for; any other value as it is.

    Raises:
        ValueError: the text is not JSON.
    """
    return json.loads(value) if isinstance(value, str) else value


def loaded(value: Any) -> Any:
    """What JSON text stands for; any other value as it is, text that is not JSON included."""
    try:
        return from_text(value)
    except ValueError:
        return value
