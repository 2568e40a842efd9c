"""Ids that the first generation joined into one text."""

from __future__ import annotations

from collections.abc import Callable


def split_at(mark: str, name: str) -> Callable[[str], dict[str, list[str]]]:
    """Return a function that splits joined ids at a mark, for today's parameter."""
    return lambda joined: {name: [part for part in joined.split(mark) if part]}
