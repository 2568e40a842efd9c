"""Flows, and the two drivers that run them: everything that has to exist once for threads and once for the event loop.

An operation describes what to do as a generator (`Flow[T]`) that yields steps and receives their results. It never
touches a socket, a clock or a thread: `drive` performs the steps on the calling thread, `adrive` on the event loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from .errors import ConfigurationError, DingTalkError, InvalidArgument, Problem

if TYPE_CHECKING:
    from .call import Call, HttpRequest, HttpResponse

A = TypeVar("A")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MAX_PARALLEL = 16


class Transport(Protocol):
    """How a request reaches the platform, blocking. Raises `TransportError` when no usable answer came."""

    def send(self, request: HttpRequest, /) -> HttpResponse:
        """Send one request and return what came back, whatever its status."""
        ...

    def close(self) -> None:
        """Give back connections; the transport may be used again afterwards."""
        ...


class AsyncTransport(Protocol):
    """The same on the event loop."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """Send one request and return what came back, whatever its status."""
        ...

    async def close(self) -> None:
        """Give back connections; the transport may be used again afterwards."""
        ...


class Edge(Protocol):
    """Where flows meet the world: an app, as the drivers see it."""

    @property
    def transport(self) -> Transport: ...
    @property
    def async_transport(self) -> AsyncTransport: ...

    def exchange(self, call: Call[T], /) -> Flow[T]:
        """One call with its token, its retries and the reading of its reply."""
        ...


class Step(Protocol):
    """One thing that a flow asks its driver to do."""

    def perform(self, edge: Edge) -> Any: ...
    async def aperform(self, edge: Edge) -> Any: ...


Flow = Generator[Step, Any, T]
"""What an operation of several calls returns: `page = yield from self.list.call(1)`."""


class Steps(Protocol[T_co]):
    """Anything a driver can run: a `Call`, a `Flow`."""

    def __iter__(self) -> Generator[Step, Any, T_co]: ...


class Lazy:
    """Marks what an operation hands back unsent even when it is called: a list, fetched as far as it is read."""

    app: Any

    def collect(self) -> Flow[Any]:
        """Everything in it."""
        raise NotImplementedError


def drive(steps: Steps[T], edge: Edge) -> T:
    """Run steps on this thread."""
    flow = iter(steps)
    try:
        step = next(flow)
        while True:
            try:
                answer = step.perform(edge)
            except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                step = flow.throw(error)
            else:
                step = flow.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


async def adrive(steps: Steps[T], edge: Edge) -> T:
    """Run steps on the event loop, never blocking it."""
    flow = iter(steps)
    try:
        step = next(flow)
        while True:
            try:
                answer = await step.aperform(edge)
            except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                step = flow.throw(error)
            else:
                step = flow.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()
        if _left_behind.get():
            await settle()


async def settle() -> None:
    """Await the end of the tasks that closing a flow has cancelled: being closed, it could take no step itself."""
    left = _left_behind.get()
    _left_behind.set(())
    for tasks in left:
        await tasks.ended()


@dataclass(frozen=True, slots=True)
class Send:
    """Put a request on the wire."""

    request: HttpRequest

    def perform(self, edge: Edge) -> HttpResponse:
        if (threads := _threads.get()) is not None and threads.left.is_set():
            raise Stopped
        return edge.transport.send(self.request)

    async def aperform(self, edge: Edge) -> HttpResponse:
        return await edge.async_transport.send(self.request)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass."""

    seconds: float

    def perform(self, edge: Edge) -> None:  # noqa: ARG002
        if (threads := _threads.get()) is None:
            time.sleep(self.seconds)
        elif threads.left.wait(self.seconds):
            raise Stopped

    async def aperform(self, edge: Edge) -> None:  # noqa: ARG002
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class Blocking(Generic[T]):
    """Do something that may block, such as asking the session store."""

    work: Callable[[], T]

    def __iter__(self) -> Flow[T]:
        answer: T = yield self
        return answer

    def perform(self, edge: Edge) -> T:  # noqa: ARG002
        return self.work()

    async def aperform(self, edge: Edge) -> T:  # noqa: ARG002
        working = asyncio.get_running_loop().run_in_executor(None, copy_context().run, self.work)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            # a thread cannot be stopped: end after it, so that what it did can be undone
            await asyncio.wait([working])
            raise


@dataclass(frozen=True, slots=True)
class Wait(Generic[T]):
    """Wait for what another thread or task is finding out, `finder` being the thread that works or runs the task."""

    future: Future[T]
    finder: int

    def __iter__(self) -> Flow[T]:
        answer: T = yield self
        return answer

    def perform(self, edge: Edge) -> T:  # noqa: ARG002
        if self.finder == threading.get_ident() and not self.future.done():
            raise ConfigurationError(
                "a blocking call on the event loop waits for an awaited one, which it keeps from going on: await it too"
            )
        return self.future.result()

    async def aperform(self, edge: Edge) -> T:  # noqa: ARG002
        # shield: a waiter that is cancelled must not cancel the work of the one it waits for
        return await asyncio.shield(asyncio.wrap_future(self.future))


@dataclass(frozen=True, slots=True)
class Background:
    """Start a flow and don't wait for it; its errors are its own."""

    flow: Callable[[], Flow[None]]

    def perform(self, edge: Edge) -> None:
        threading.Thread(target=lambda: drive(self.flow(), edge), daemon=True, name="dingtalk-refresh").start()

    async def aperform(self, edge: Edge) -> None:
        task = asyncio.get_running_loop().create_task(adrive(self.flow(), edge))
        _background.add(task)
        task.add_done_callback(_background.discard)


_background: set[asyncio.Task[None]] = set()
"""The loop keeps only weak references to its tasks."""


class Stopped(BaseException):
    """Ends what a thread is doing for a list that is no longer read, or for calls of which one has failed."""


class Threads(Generic[T]):
    """Runs steps on threads, so many at once; when it is left, what has not begun never begins, and the rest ends."""

    def __init__(self, workers: int, edge: Edge) -> None:
        self.begun: deque[Future[T]] = deque()
        self.left = threading.Event()
        self._edge = edge
        self._pool = ThreadPoolExecutor(workers, "dingtalk")
        self.inner: set[Threads[Any]] = set()
        self._outer = _threads.get()
        if self._outer is not None:
            self._outer.inner.add(self)
            if self._outer.left.is_set():
                self.leave()

    def begin(self, steps: Steps[T]) -> None:
        self.begun.append(self._pool.submit(copy_context().run, self._work, steps))

    def _work(self, steps: Steps[T]) -> T:
        _threads.set(self)
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
        if self._outer is not None:
            self._outer.inner.discard(self)


_threads: ContextVar[Threads[Any] | None] = ContextVar("dingtalk_threads", default=None)
"""Whose thread this is."""


class Tasks(Generic[T]):
    """The same as tasks of the event loop."""

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
        _left_behind.set((*_left_behind.get(), self))


_left_behind: ContextVar[tuple[Tasks[Any], ...]] = ContextVar("dingtalk_left_behind", default=())
"""Tasks that were cancelled, and may still be ending."""

Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """Do several things at once; results in order, and the first error cancels what has not begun."""

    steps: Sequence[Steps[T]]
    workers: int = MAX_PARALLEL
    progress: Progress | None = None

    def perform(self, edge: Edge) -> list[T]:
        with Threads[T](self.workers, edge) as threads:
            for steps in self.steps:
                threads.begin(steps)
            for done, future in enumerate(as_completed(threads.begun), 1):
                future.result()
                self._tell(done)
            return [future.result() for future in threads.begun]

    async def aperform(self, edge: Edge) -> list[T]:
        async with Tasks[T](self.workers, edge) as tasks:
            for steps in self.steps:
                tasks.begin(steps)
            for done, ended in enumerate(asyncio.as_completed(tasks.begun), 1):
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
        tasks = self._tasks = self._tasks or Tasks(self._workers, edge)
        self._fill(tasks, self._room)
        answer = await tasks.begun.popleft()
        self._queue.extend(self._leads_to(answer))
        self._fill(tasks, self._room - 1)
        return answer

    def _fill(self, running: Threads[T] | Tasks[T], room: int) -> None:
        while self._queue and len(running.begun) < room:
            running.begin(self._ask(self._queue.popleft()))

    def __bool__(self) -> bool:
        running = self._threads or self._tasks
        return bool(self._queue or (running and running.begun))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for running in (self._threads, self._tasks):
            if running:
                running.__exit__()


def check_positive(name: str, field: str, value: int) -> None:
    """Refuse a number below 1 where no annotation can."""
    if value < 1:
        raise InvalidArgument(name, [Problem(field, "should be greater than or equal to 1")])


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in groups of at most so many."""
    return [items[start : start + size] for start in range(0, len(items), size)]
