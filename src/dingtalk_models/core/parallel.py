"""Doing several things at once: on threads, or as tasks of the event loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .errors import DingTalkError
from .flow import MAX_PARALLEL, Edge, Flow, Steps, check_positive, drive, running

if TYPE_CHECKING:
    from .tasks import Tasks

A = TypeVar("A")
T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""


class Threads(Generic[T]):
    """Runs steps on threads, so many at once; when it is left, what has not begun never begins, and the rest ends."""

    def __init__(self, workers: int, edge: Edge) -> None:
        self.begun: deque[Future[T]] = deque()
        self.left = threading.Event()
        self._edge = edge
        self._pool = ThreadPoolExecutor(workers, "dingtalk")
        self._hands: set[threading.Thread] = set()
        self.inner: set[Threads[Any]] = set()
        self._outer = running.get()
        if self._outer is not None:
            self._outer.inner.add(self)
            if self._outer.left.is_set():
                self.leave()

    def begin(self, steps: Steps[T]) -> None:
        self.begun.append(self._pool.submit(copy_context().run, self._work, steps))

    def _work(self, steps: Steps[T]) -> T:
        running.set(self)
        self._hands.add(threading.current_thread())
        return drive(steps, self._edge)

    def leave(self) -> None:
        self.left.set()
        for inner in tuple(self.inner):
            inner.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for thread in self._hands:
            thread.join()  # the pool does not know one that was just being started when a key was pressed
        if self._outer is not None:
            self._outer.inner.discard(self)


class Together(Generic[T]):
    """Do several things at once; results in order, and the first error cancels what has not begun."""

    __slots__ = ("progress", "steps", "workers")

    def __init__(
        self, steps: Sequence[Steps[T]], workers: int = MAX_PARALLEL, progress: Progress | None = None
    ) -> None:
        self.steps = steps
        self.workers = workers
        self.progress = progress

    def perform(self, edge: Edge) -> list[T]:
        with Threads[T](self.workers, edge) as threads:
            for steps in self.steps:
                threads.begin(steps)
            for done, future in enumerate(as_completed(threads.begun), 1):
                future.result()
                self._tell(done)
            return [future.result() for future in threads.begun]

    async def aperform(self, edge: Edge) -> list[T]:
        from .tasks import Tasks  # noqa: PLC0415 - blocking programs have no need of asyncio, which takes long to import

        async with Tasks[T](self.workers, edge) as tasks:
            for steps in self.steps:
                tasks.begin(steps)
            for done, ended in enumerate(tasks.completed(), 1):
                await ended
                self._tell(done)
            return [task.result() for task in tasks.begun]

    def _tell(self, done: int) -> None:
        if self.progress:
            self.progress(done, len(self.steps))


def together(
    steps: Sequence[Steps[T]], *, workers: int = MAX_PARALLEL, progress: Progress | None = None
) -> Flow[list[T]]:
    """Do many calls or flows at once, and have their results in order.

    The blocking driver sends them from threads, the async driver as tasks; the flow does not know which:
    `pages = yield from together(calls)`.

    Args:
        steps: the calls and flows.
        workers: how many at once.
        progress: told how many are done, and of how many, whenever one is.
    """
    check_positive("together", "workers", workers)
    results: list[T] = yield Together(steps, workers, progress)
    return results


def settled(steps: Steps[T]) -> Flow[T | DingTalkError]:
    """The result of a call or flow, or its error as a result."""
    try:
        return (yield from steps)
    except DingTalkError as error:
        return error


class Window(Generic[A, T]):
    """Asks for what stands in a queue, several at once and ahead of need; the answers come in the order of the queue.

    with Window(self.list_ids.call, lambda ids: ids, [1], workers=4) as window:
        while window:
            ids = yield from window.take()

    A slow answer holds up those behind it, but not the asking, as long as there is room. When the window is left,
    whether at the end, by an error, by a key press or because nobody reads on, nothing is asked any more, and neither
    a thread nor a task stays.

    Args:
        ask: the call or flow for one item of the queue.
        leads_to: what an answer adds to the queue.
        queue: what it begins with.
        workers: how many are asked for at once.
        room: how many there may be that are asked for and not yet done with, the answer taken last included. By
            default, one worker runs no further than it is read, and several have some answers waiting.
    """

    def __init__(
        self,
        ask: Callable[[A], Steps[T]],
        leads_to: Callable[[T], Iterable[A]],
        queue: Iterable[A],
        *,
        workers: int,
        room: int | None = None,
    ) -> None:
        self._ask = ask
        self._leads_to = leads_to
        self._queue = deque(queue)
        self._workers = workers
        self._room = 4 * workers - 3 if room is None else room
        self._threads: Threads[T] | None = None
        self._tasks: Tasks[T] | None = None

    def take(self) -> Flow[T]:
        """The next answer, or the error in its place."""
        answer: T = yield self
        return answer

    def perform(self, edge: Edge) -> T:
        threads = self._threads = self._threads or Threads(self._workers, edge)
        self._fill(threads, self._room)
        answer = threads.begun.popleft().result()
        self._queue.extend(self._leads_to(answer))
        self._fill(threads, self._room - 1)
        return answer

    async def aperform(self, edge: Edge) -> T:
        from .tasks import Tasks  # noqa: PLC0415

        tasks = self._tasks = self._tasks or Tasks(self._workers, edge)
        self._fill(tasks, self._room)
        answer = await tasks.begun.popleft()
        self._queue.extend(self._leads_to(answer))
        self._fill(tasks, self._room - 1)
        return answer

    def _fill(self, engine: Threads[T] | Tasks[T], room: int) -> None:
        while self._queue and len(engine.begun) < room:
            engine.begin(self._ask(self._queue.popleft()))

    def __bool__(self) -> bool:
        engine = self._threads or self._tasks
        return bool(self._queue or (engine and engine.begun))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for engine in (self._threads, self._tasks):
            if engine:
                engine.__exit__()
