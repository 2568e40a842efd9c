"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


def until(condition: Callable[[], object], *, seconds: float = 5, unless: Callable[[], bool] | None = None) -> None:
    """Wait until something is so; fail if it is not in time, or if something has happened that makes it hopeless."""
    deadline = time.monotonic() + seconds
    while not condition():
        if unless and unless():
            pytest.fail("in vain: what it depends on has ended")
        if time.monotonic() > deadline:
            pytest.fail("in vain: not in time")
        time.sleep(0.005)
