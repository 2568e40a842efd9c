"""Running steps as tasks of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextvars import ContextVar
from typing import Any, Generic, Self, TypeVar

from dingtalk_models.core.steps import Steps

T = TypeVar("T")


class Tasks(Generic[T]):
    """The same as `Threads` on the event loop.

    Args:
        workers: how many run at once.
        run: what runs the steps.

    Attributes:
        begun: what was begun and is not taken yet, in order.
    """

    def __init__(self, workers: int, run: Callable[[Steps[T]], Coroutine[Any, Any, T]]) -> None:
        self.begun: deque[asyncio.Task[T]] = deque()
        self._run = run
        self._slots = asyncio.Semaphore(workers)
        self._unfinished: set[asyncio.Task[T]] = set()

    @property
    def untaken(self) -> int:
        """How many were begun and are not taken yet."""
        return len(self.begun)

    def begin(self, steps: Steps[T]) -> None:
        """Begin one more."""
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
            task.exception()  # the loop complains of an error that nobody asks for, such as one behind the first

    def completed(self) -> Iterable[Awaitable[T]]:
        """What was begun, in the order in which it ends."""
        return asyncio.as_completed(self.begun)

    def stop(self) -> None:
        """Cancel what runs."""
        for task in self._unfinished:
            task.cancel()

    async def ended(self) -> None:
        """Wait until everything has ended."""
        if self._unfinished:
            await asyncio.wait(self._unfinished)

    def close(self) -> None:
        """Cancel what runs where nothing can be awaited, as in a flow that is being closed: see `cancelled_ended`."""
        self.stop()
        _cancelled.set((*_cancelled.get(), self))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        await self.ended()


async def cancelled_ended() -> None:
    """Await the end of the tasks that closing a flow has cancelled: being closed, it could await nothing itself."""
    closed = _cancelled.get()
    if closed:
        _cancelled.set(())
        for tasks in closed:
            await tasks.ended()


_cancelled: ContextVar[tuple[Tasks[Any], ...]] = ContextVar("dingtalk_cancelled", default=())
"""Tasks that were cancelled, and may still be ending."""
