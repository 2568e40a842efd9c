"""What becomes of the rest of a company when a person or a department leaves it.

`Company.remove_user` and `Company.remove_department` are the only places where somebody leaves. They tell each part of
the state, so that nothing names whom nobody can find. What happened stays as it was: an approval that was decided
names who decided it.
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
        heir: who takes over what needs somebody: their manager, else the main administrator; None: there is neither.
        at: when, in seconds since the epoch by the sandbox's clock.
    """

    userid: str
    unionid: str
    heir: str | None
    at: float


class StatePart:
    """A part of the state of a company. One that names people or departments overrides what it has to do."""

    def person_left(self, leaver: Leaver) -> None:
        """Let go of a person who left."""

    def department_left(self, dept_id: int, above: int) -> None:
        """Let go of a department that was deleted; `above` is the one that it was in."""


def without(held: Iterable[T], gone: T, instead: T | None = None) -> list[T]:
    """The same, without the one that is gone; in its place another one, unless that is there."""
    changed = [instead if each == gone else each for each in held]
    return list(dict.fromkeys(each for each in changed if each is not None))
