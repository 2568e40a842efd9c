"""Helpers for replies: pages, and fields that are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

T = TypeVar("T")


def present(fields: Mapping[str, T | None]) -> dict[str, T]:
    """Return the fields that have a value; the platform leaves out the others."""
    return {name: value for name, value in fields.items() if value is not None}


def page_of(items: Sequence[T], start: int, size: int) -> tuple[Sequence[T], int | None]:
    """Return the items of a page, and the start of the next page; None after the last page."""
    end = start + size
    return items[start:end], end if end < len(items) else None


def result_of(reply: Mapping[str, object]) -> dict[str, Any]:
    """Return the `result` of a reply."""
    return cast("dict[str, Any]", reply["result"])
