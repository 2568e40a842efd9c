"""Waits for another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


def until(condition: Callable[[], object], *, seconds: float = 5, unless: Callable[[], bool] | None = None) -> None:
    """Wait until a condition is true. Fail after some seconds, or as soon as `unless` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if unless and unless():
            pytest.fail("the condition cannot become true any more")
        if time.monotonic() > deadline:
            pytest.fail("the condition did not become true in time")
        time.sleep(0.005)
