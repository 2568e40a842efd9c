"""Cleans up the rest of a company when a person or a department leaves.

Only `Company.remove_user` and `Company.remove_department` remove anything. They notify each part of the state, so that
no dangling references remain. History stays: an approval still names the people who decided it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T", str, int)


@dataclass(frozen=True)
class Leaver:
    """A person who leaves.

    Attributes:
        userid, unionid: their ids.
        heir: the successor, who takes over open tasks: their manager, else the main administrator, else None.
        at: the time, in seconds since the epoch by the sandbox's clock.
    """

    userid: str
    unionid: str
    heir: str | None
    at: float


class StatePart:
    """A part of a company's state. If it refers to people or departments, it overrides these methods."""

    def person_left(self, leaver: Leaver) -> None:
        """Remove the references to a person who left."""

    def department_left(self, dept_id: int, above: int) -> None:
        """Remove the references to a deleted department; `above` is its parent."""


def without(held: Iterable[T], gone: T, instead: T | None = None) -> list[T]:
    """Return a copy without one item, with another one in its place if given and not there already."""
    changed = [instead if each == gone else each for each in held]
    return list(dict.fromkeys(each for each in changed if each is not None))
