"""Runs steps on threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import Any, Generic, Self, TypeVar

from dingtalk_models.core.steps import Steps

T = TypeVar("T")


class Stopped(BaseException):
    """Ends a thread's work: its list is no longer read, or another call of its group has failed."""


class Threads(Generic[T]):
    """Runs steps on a group of threads. After it is closed, nothing more is started, and the rest ends soon.

    Args:
        workers: how many threads.
        run: runs the steps of one thread.

    Attributes:
        begun: what is started and not taken yet, in order.
        closed: set when the group is closed. The driver checks it before it sends, and while it sleeps.
    """

    def __init__(self, workers: int, run: Callable[[Steps[T]], T]) -> None:
        self.begun: deque[Future[T]] = deque()
        self.closed = threading.Event()
        self._run = run
        self._pool = ThreadPoolExecutor(workers, "dingtalk")
        self._started: set[threading.Thread] = set()
        self._inner: set[Threads[Any]] = set()
        self._outer = current.get()
        if self._outer is not None:
            self._outer._inner.add(self)  # noqa: SLF001 - the same class
            if self._outer.closed.is_set():
                self.stop()

    @property
    def untaken(self) -> int:
        """How many are started and not taken yet."""
        return len(self.begun)

    def begin(self, steps: Steps[T]) -> None:
        """Start one more."""
        self.begun.append(self._pool.submit(copy_context().run, self._work, steps))

    def _work(self, steps: Steps[T]) -> T:
        current.set(self)
        self._started.add(threading.current_thread())
        return self._run(steps)

    def stop(self) -> None:
        """End the running work at its next step, also in the groups that this work has started."""
        self.closed.set()
        for inner in tuple(self._inner):
            inner.stop()

    def close(self) -> None:
        """Start nothing more, and wait until the rest has ended."""
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for thread in self._started:
            thread.join()  # after Ctrl-C, the pool may not know of a thread that was just starting
        if self._outer is not None:
            self._outer._inner.discard(self)  # noqa: SLF001 - the same class

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


current: ContextVar[Threads[Any] | None] = ContextVar("dingtalk_threads", default=None)
"""The group that the current thread belongs to, if any."""
