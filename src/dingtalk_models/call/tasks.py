"""Runs steps as tasks of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextvars import ContextVar
from typing import Any, Generic, Self, TypeVar

from dingtalk_models.core.steps import Steps

T = TypeVar("T")


class Tasks(Generic[T]):
    """The same as `Threads`, with tasks of the event loop.

    Args:
        workers: how many run at once.
        run: runs the steps of one task.

    Attributes:
        begun: the tasks that are started and not taken yet, in order.
    """

    def __init__(self, workers: int, run: Callable[[Steps[T]], Coroutine[Any, Any, T]]) -> None:
        self.begun: deque[asyncio.Task[T]] = deque()
        self._run = run
        self._slots = asyncio.Semaphore(workers)
        self._unfinished: set[asyncio.Task[T]] = set()

    @property
    def untaken(self) -> int:
        """How many tasks are started and not taken yet."""
        return len(self.begun)

    def begin(self, steps: Steps[T]) -> None:
        """Start one more."""
        task = asyncio.create_task(self._work(steps))
        self._unfinished.add(task)
        task.add_done_callback(self._finished)
        self.begun.append(task)

    async def _work(self, steps: Steps[T]) -> T:
        async with self._slots:
            return await self._run(steps)

    def _finished(self, task: asyncio.Task[T]) -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            task.exception()  # otherwise the loop logs each error that nobody retrieves, such as a second one

    def completed(self) -> Iterable[Awaitable[T]]:
        """The started tasks, in the order in which they end."""
        return asyncio.as_completed(self.begun)

    def stop(self) -> None:
        """Cancel the tasks that are running."""
        for task in self._unfinished:
            task.cancel()

    async def ended(self) -> None:
        """Wait until every task has ended."""
        if self._unfinished:
            await asyncio.wait(self._unfinished)

    def close(self) -> None:
        """Cancel the tasks. A flow cannot await while it is closed, so `cancelled_ended` awaits them later."""
        self.stop()
        _cancelled.set((*_cancelled.get(), self))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        await self.ended()


async def cancelled_ended() -> None:
    """Wait for the end of the tasks that were cancelled when a flow was closed."""
    closed = _cancelled.get()
    if closed:
        _cancelled.set(())
        for tasks in closed:
            await tasks.ended()


_cancelled: ContextVar[tuple[Tasks[Any], ...]] = ContextVar("dingtalk_cancelled", default=())
"""Groups of tasks that were cancelled and may not have ended yet."""
