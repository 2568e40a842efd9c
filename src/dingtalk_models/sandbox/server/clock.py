"""The sandbox's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from dingtalk_models.clocks import wall

BEIJING: Final = timezone(timedelta(hours=8))

LAST: Final = 32_503_651_200.0
"""The limit of the clock: the year 3000 in Beijing."""


class Clock:
    """The wall clock, plus the time by which it was advanced."""

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
        """Advance the clock.

        Raises:
            ValueError: the platform has no dates that late.
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
    """Convert seconds since the epoch to Beijing time."""
    return datetime.fromtimestamp(seconds, BEIJING)
