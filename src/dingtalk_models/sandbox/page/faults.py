"""The section of faults and time."""

from __future__ import annotations

from dataclasses import dataclass

from dingtalk_models.sandbox.page.looks import Look, date_time


@dataclass(frozen=True)
class FaultRow:
    """A fault that still has requests left."""

    id: str
    path: str
    remaining: int
    how: str


@dataclass(frozen=True)
class ClientRow:
    """A connected client in Stream mode."""

    id: str
    ua: str
    topics: tuple[str, ...]


@dataclass(frozen=True)
class FaultsView:
    """The section of faults and time."""

    qps: int | None
    faults: tuple[FaultRow, ...]
    clients: tuple[ClientRow, ...]
    ahead: int
    now: str


def view(look: Look) -> FaultsView:
    """Return the active faults, the clock, and the clients in Stream mode."""
    sandbox = look.sandbox
    now = sandbox.clock.now()
    return FaultsView(
        sandbox.qps,
        tuple(
            FaultRow(each.id, each.path, each.remaining, ", ".join(f"{name}={how}" for name, how in each.how.items()))
            for each in sandbox.faults
        ),
        tuple(
            ClientRow(each.id, each.ua, tuple(sorted(topic for _, topic in each.topics)))
            for each in tuple(sandbox.stream.clients)
        ),
        round(sandbox.clock.ahead),
        date_time(now)[:16],
    )
