"""The sandbox's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from dingtalk_models.clocks import wall

BEIJING: Final = timezone(timedelta(hours=8))

LAST: Final = 32_503_651_200.0
"""The moment that the clock does not reach: the year 3000 in Beijing."""


class Clock:
    """The wall clock, plus whatever it was advanced by."""

    UNSAVED: Final = ("_waiting",)

    def __init__(self) -> None:
        self._offset = 0.0
        self._waiting: list[Callable[[], None]] = []

    @property
    def ahead(self) -> float:
        """The seconds by which it was advanced."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return wall() + self._offset

    def advance(self, seconds: float) -> None:
        """Let this much time pass at once.

        Raises:
            ValueError: the platform has no dates so far away.
        """
        if not self.now() + seconds < LAST:
            raise ValueError("the clock cannot be moved beyond the year 2999")
        self._offset += seconds
        for wake in self._waiting:
            wake()

    def on_advance(self, wake: Callable[[], None]) -> None:
        """Call this function whenever the clock is advanced."""
        self._waiting.append(wake)


def in_beijing(seconds: float) -> datetime:
    """A moment, given in seconds since the epoch, by Beijing time."""
    return datetime.fromtimestamp(seconds, BEIJING)
