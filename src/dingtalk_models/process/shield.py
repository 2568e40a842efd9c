"""Finishes what was begun although the task is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_going_on: set[asyncio.Task[Any]] = set()  # the loop keeps only weak references to its tasks


async def shielded(work: Coroutine[Any, Any, None]) -> None:
    """Wait for some work, which goes on if this task is cancelled meanwhile."""
    task = asyncio.get_running_loop().create_task(work)
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)
    await asyncio.shield(task)
