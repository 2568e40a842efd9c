"""Runs steps on threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context, ContextVar, copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, Self, TypeVar

from dingtalk_models.clocks import monotonic
from dingtalk_models.core.steps import Promise, Steps

_LOOK_AGAIN = 1.0
"""Seconds after which a waiting thread checks again, since an interrupt may have lost its wake-up."""


def is_kept_in(seconds: float | None, promise: Promise[Any]) -> bool:
    """Wait until a promise is kept, at most some seconds; `None` for as long as it takes."""
    if promise.is_kept():
        return True
    told = threading.Lock()
    told.acquire()
    promise.tell(told.release)
    until = None if seconds is None else monotonic() + seconds
    while not promise.is_kept():
        left = _LOOK_AGAIN if until is None else min(_LOOK_AGAIN, until - monotonic())
        if left <= 0:
            return False
        told.acquire(timeout=left)
    return True


T = TypeVar("T")


class Stopped(BaseException):
    """Ends a thread's work: its list is no longer read, or another call of its group has failed."""


class Threads(Generic[T]):
    """Runs steps on a group of threads. After it is closed, nothing more is started, and the rest ends soon.

    An executor is not safe here: an exception from outside can leave its locks held. All executors of a process also
    share a lock, so a signal handler that uses one while its thread is in another would hang.

    Args:
        workers: how many threads.
        run: runs the steps of one thread.

    Attributes:
        begun: the started steps whose results are not taken yet, in order.
        closed: kept when the group is closed. The driver checks it before it sends, and while it sleeps.
    """

    def __init__(self, workers: int, run: Callable[[Steps[T]], T]) -> None:
        self.begun: deque[Promise[T]] = deque()
        self.closed = Promise[None]()
        self._run = run
        self._workers = workers
        self._jobs: SimpleQueue[tuple[Context, Steps[T], Promise[T]] | None] = SimpleQueue()
        self._made = 0
        self._started: set[threading.Thread] = set()
        self._inner: set[Threads[Any]] = set()
        self._outer = current.get()
        if self._outer is not None:
            self._outer._inner.add(self)  # noqa: SLF001 - the same class
            if self._outer.closed.is_kept():
                self.stop()

    @property
    def untaken(self) -> int:
        """How many started steps have a result that is not taken yet."""
        return len(self.begun)

    def begin(self, steps: Steps[T]) -> None:
        """Start one more."""
        promise = Promise[T]()
        self.begun.append(promise)
        self._jobs.put((copy_context(), steps, promise))
        if self._made < self._workers:
            self._made += 1
            threading.Thread(target=self._work, name=f"dingtalk-{self._made}", daemon=True).start()

    def in_order_of_end(self) -> Iterator[Promise[T]]:
        """Return the started steps in the order in which they end."""
        ended: SimpleQueue[Promise[T]] = SimpleQueue()
        for promise in self.begun:
            promise.tell(partial(ended.put, promise))
        for _ in range(len(self.begun)):
            yield ended.get()

    def _work(self) -> None:
        self._started.add(threading.current_thread())
        while (job := self._jobs.get()) is not None:
            context, steps, promise = job
            try:
                promise.keep(context.run(self._run_here, steps))
            except BaseException as error:  # noqa: BLE001 - whoever takes the result gets it
                promise.fail(error)
            del job, context, steps, promise

    def _run_here(self, steps: Steps[T]) -> T:
        current.set(self)
        if self.closed.is_kept():
            raise Stopped
        return self._run(steps)

    def stop(self) -> None:
        """Stop the running work at its next step, including groups that it started."""
        self.closed.keep(None)
        for inner in tuple(self._inner):
            inner.stop()

    def close(self) -> None:
        """Start nothing more, and wait until the rest has ended."""
        self.stop()
        for _ in range(self._made):
            self._jobs.put(None)
        for thread in tuple(self._started):  # one that has not got so far finds nothing to do
            thread.join()
        if self._outer is not None:
            self._outer._inner.discard(self)  # noqa: SLF001 - the same class

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


current: ContextVar[Threads[Any] | None] = ContextVar("dingtalk_threads", default=None)
"""The group that the current thread belongs to, if any."""
