"""Clients of Stream mode for tests: started and stopped, with short pauses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import waiting

from dingtalk_models import DingTalkApp
from dingtalk_models.stream.dispatch import Ack
from dingtalk_models.stream.timing import Timing

TIMING = Timing(ping=5.0, first=0.01, longest=0.1, steady=0.5, linger=1.0)
"""Pauses are short, so that a test sees what follows. Pings are not: a busy machine is late with the answer."""

TOPIC = "/v1.0/test/topic"

ENOUGH = 20.0
"""Seconds that something may take on a busy machine."""


@contextmanager
def receiving(app: DingTalkApp, *, ack: Ack = "after", **timing: Any) -> Generator[DingTalkApp]:
    """The app, while it receives in a thread."""
    app.stream.timing = replace(TIMING, **timing)
    app.stream.start(ack=ack)
    try:
        yield app
    finally:
        app.stream.stop(timeout=5)


def until(condition: Callable[[], object]) -> None:
    """Wait until something has happened."""
    waiting.until(condition, seconds=ENOUGH)


class Gate:
    """A handler that waits until it is let through.

    Attributes:
        entered: what has come in.
        opened: set when everyone is let through.
    """

    def __init__(self) -> None:
        self.entered: list[Any] = []
        self.opened = threading.Event()
        self._inside = threading.Semaphore(0)

    def __call__(self, arrival: Any) -> None:
        self.entered.append(arrival)
        self._inside.release()
        assert self.opened.wait(ENOUGH)

    def wait_inside(self) -> None:
        """Wait until one more has come in."""
        assert self._inside.acquire(timeout=ENOUGH)

    def open(self) -> None:
        """Let everyone through."""
        self.opened.set()
