"""The state of a client, for a health check."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

State = Literal["stopped", "connecting", "connected", "stopping"]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Status:
    """The state of a client, and what it has done since it was started.

    Attributes:
        state: `connected` is the healthy one.
        since: when this state began.
        error: why the last connection failed or ended; `None` while it is connected.
        opened: how many connections it has opened.
        received: how many events and callbacks arrived.
        handled: how many were handled.
        duplicates: how many were handled before, and were not handled again.
        failed: how many had a handler that raised.
        late: how many were still being handled at the deadline, and were answered before that.
        refused: how many were refused, because the queue was full or the client was stopping.
        malformed: how many frames were not understood.
        running: how many are being handled.
        last_message: when the last event or callback arrived.
    """

    state: State = "stopped"
    since: datetime = field(default_factory=_now)
    error: str | None = None
    opened: int = 0
    received: int = 0
    handled: int = 0
    duplicates: int = 0
    failed: int = 0
    late: int = 0
    refused: int = 0
    malformed: int = 0
    running: int = 0
    last_message: datetime | None = None

    @property
    def healthy(self) -> bool:
        """Whether it is connected."""
        return self.state == "connected"

    def enter(self, state: State, error: str | None = None) -> None:
        """Note that a state begins."""
        if state != self.state:
            self.state, self.since = state, _now()
        self.error = error

    def arrived(self) -> None:
        """Note that something arrived."""
        self.received += 1
        self.last_message = _now()

    def snapshot(self) -> Status:
        """A copy that does not change."""
        return replace(self)
