"""Running steps as tasks of the event loop: apart from `parallel`, since it imports asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable
from typing import Generic, Self, TypeVar

from .flow import Edge, Steps, adrive, left_behind

T = TypeVar("T")


class Tasks(Generic[T]):
    """The same as `Threads` on the event loop."""

    def __init__(self, workers: int, edge: Edge) -> None:
        self.begun: deque[asyncio.Task[T]] = deque()
        self._edge = edge
        self._slots = asyncio.Semaphore(workers)
        self._unfinished: set[asyncio.Task[T]] = set()

    def begin(self, steps: Steps[T]) -> None:
        task = asyncio.create_task(self._work(steps))
        self._unfinished.add(task)
        task.add_done_callback(self._finished)
        self.begun.append(task)

    async def _work(self, steps: Steps[T]) -> T:
        async with self._slots:
            return await adrive(steps, self._edge)

    def _finished(self, task: asyncio.Task[T]) -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            task.exception()  # the loop complains of an error that nobody asks for, such as one behind the first

    def completed(self) -> Iterable[Awaitable[T]]:
        return asyncio.as_completed(self.begun)

    def leave(self) -> None:
        for task in self._unfinished:
            task.cancel()

    async def ended(self) -> None:
        if self._unfinished:
            await asyncio.wait(self._unfinished)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()
        await self.ended()

    def __exit__(self, *_: object) -> None:
        """Leave where nothing can be awaited: see `settle`."""
        self.leave()
        left_behind.set((*left_behind.get(), self))
