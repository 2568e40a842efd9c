"""Limits the size of collections that grow with every call."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def oldest(held: Collection[T], most: int) -> list[T]:
    """Return the oldest items to remove so that at most `most` stay.

    They are removed only when there are a tenth too many, because removing the first of many items is slow.
    """
    return list(islice(held, len(held) - most)) if len(held) > most + most // 10 else []
