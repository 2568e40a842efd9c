"""How much is kept of what grows with every call."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def oldest(held: Collection[T], most: int) -> list[T]:
    """Those at the front that have to go so that at most so many stay.

    They go a tenth at a time, because taking out the first of many is slow.
    """
    return list(islice(held, len(held) - most)) if len(held) > most + most // 10 else []
