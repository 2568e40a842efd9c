"""Runs blocking work in a thread, for the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Do some work in a thread.

    If cancelled, wait for the thread first: it cannot be stopped, and the caller may have to undo its work.
    """
    working = asyncio.get_running_loop().run_in_executor(None, copy_context().run, work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


_going_on: set[asyncio.Task[Any]] = set()  # the loop keeps only weak references to its tasks


async def shielded(work: Coroutine[Any, Any, None]) -> None:
    """Wait for some work that continues even if this task is cancelled."""
    task = asyncio.get_running_loop().create_task(work)
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)
    await asyncio.shield(task)
