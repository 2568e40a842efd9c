"""Waits for another thread, process or task: until something is so, never for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

STEP = 0.005
"""Seconds between two looks at a condition."""


def until(
    condition: Callable[[], object],
    *,
    seconds: float = 20,
    unless: Callable[[], object] | None = None,
    step: float = STEP,
) -> None:
    """Wait until a condition is true. Fail after some seconds, or as soon as `unless` is true."""
    for _ in _looks(condition, seconds, unless):
        time.sleep(step)


async def until_async(condition: Callable[[], object], *, seconds: float = 20) -> None:
    """The same, on an event loop."""
    for _ in _looks(condition, seconds):
        await asyncio.sleep(STEP)


def stays(condition: Callable[[], object], seconds: float = 0.05, *, step: float = STEP) -> None:
    """Fail if a condition becomes false: that something never happens has no event to wait for."""
    end = time.monotonic() + seconds
    until(lambda: _holds(condition) and time.monotonic() > end, seconds=seconds + 20, step=step)


async def stays_async(condition: Callable[[], object], seconds: float = 0.05) -> None:
    """The same, on an event loop."""
    end = time.monotonic() + seconds
    await until_async(lambda: _holds(condition) and time.monotonic() > end, seconds=seconds + 20)


async def turns_during(task: asyncio.Future[Any]) -> int:
    """How often an event loop had time for others until a task ended."""
    turns = 0
    while not task.done():
        await asyncio.wait([task], timeout=STEP)
        turns += 1
    return turns


def _looks(
    condition: Callable[[], object], seconds: float, unless: Callable[[], object] | None = None
) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while not condition():
        assert not (unless and unless()), "the condition cannot become true any more"
        assert time.monotonic() < deadline, "the condition did not become true in time"
        yield


def _holds(condition: Callable[[], object]) -> bool:
    assert condition(), "the condition did not stay true"
    return True
