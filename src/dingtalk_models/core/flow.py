"""Flows, and the two drivers that run them: everything that has to exist once for threads and once for the event loop.

An operation describes what to do as a generator (`Flow[T]`) that yields steps and receives their results. It never
touches a socket, a clock or a thread: `drive` performs the steps on the calling thread, `adrive` on the event loop.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .errors import ConfigurationError, InvalidArgument, Problem

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from .call import Call, HttpRequest, HttpResponse
    from .parallel import Threads
    from .tasks import Tasks

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
        if left_behind.get():
            await settle()


async def settle() -> None:
    """Await the end of the tasks that closing a flow has cancelled: being closed, it could take no step itself."""
    left = left_behind.get()
    left_behind.set(())
    for tasks in left:
        await tasks.ended()


class Send:
    """Put a request on the wire."""

    __slots__ = ("request",)

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def perform(self, edge: Edge) -> HttpResponse:
        if (threads := running.get()) is not None and threads.left.is_set():
            raise Stopped
        return edge.transport.send(self.request)

    async def aperform(self, edge: Edge) -> HttpResponse:
        return await edge.async_transport.send(self.request)


class Sleep:
    """Let time pass."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def perform(self, edge: Edge) -> None:  # noqa: ARG002
        if (threads := running.get()) is None:
            time.sleep(self.seconds)
        elif threads.left.wait(self.seconds):
            raise Stopped

    async def aperform(self, edge: Edge) -> None:  # noqa: ARG002
        import asyncio  # noqa: PLC0415 - it takes long to import, and blocking programs have no need of it

        await asyncio.sleep(self.seconds)


class Blocking(Generic[T]):
    """Do something that may block, such as asking the session store."""

    __slots__ = ("work",)

    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work

    def __iter__(self) -> Flow[T]:
        answer: T = yield self
        return answer

    def perform(self, edge: Edge) -> T:  # noqa: ARG002
        return self.work()

    async def aperform(self, edge: Edge) -> T:  # noqa: ARG002
        import asyncio  # noqa: PLC0415

        working = asyncio.get_running_loop().run_in_executor(None, copy_context().run, self.work)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            # a thread cannot be stopped: end after it, so that what it did can be undone
            await asyncio.wait([working])
            raise


class Wait(Generic[T]):
    """Wait for what another thread or task is finding out, but not for ever: None if it has not come in time.

    Args:
        future: what is being found out.
        finder: the thread that finds it out, or that runs the task which does.
        seconds: how long to wait for it.
    """

    __slots__ = ("finder", "future", "seconds")

    def __init__(self, future: Future[T], finder: int, seconds: float) -> None:
        self.future = future
        self.finder = finder
        self.seconds = seconds

    def __iter__(self) -> Flow[T | None]:
        answer: T | None = yield self
        return answer

    def perform(self, edge: Edge) -> T | None:  # noqa: ARG002
        if self.finder == threading.get_ident() and not self.future.done():
            if not _loop_runs_here():
                return None  # the event loop that did it has stopped: it cannot go on while this thread waits
            raise ConfigurationError(
                "a blocking call on the event loop waits for an awaited one, which it keeps from going on: await it too"
            )
        try:
            return self.future.result(max(0.0, self.seconds))
        except TimeoutError:
            if self.future.done():
                raise  # it is what was found out
            return None

    async def aperform(self, edge: Edge) -> T | None:  # noqa: ARG002
        import asyncio  # noqa: PLC0415

        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def tell(_: object) -> None:
            with suppress(RuntimeError):  # the loop has been closed, so nobody waits any more
                loop.call_soon_threadsafe(done.set)

        self.future.add_done_callback(tell)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self.seconds)):
                await done.wait()
        return self.future.result() if self.future.done() else None


class Background:
    """Start a flow and don't wait for it; its errors are its own."""

    __slots__ = ("flow",)

    def __init__(self, flow: Callable[[], Flow[None]]) -> None:
        self.flow = flow

    def perform(self, edge: Edge) -> None:
        with suppress(RuntimeError):  # no thread can start, as the interpreter is ending: it is left out
            threading.Thread(target=lambda: drive(self.flow(), edge), daemon=True, name="dingtalk-refresh").start()

    async def aperform(self, edge: Edge) -> None:
        import asyncio  # noqa: PLC0415

        task = asyncio.get_running_loop().create_task(adrive(self.flow(), edge))
        _background.add(task)
        task.add_done_callback(_background.discard)


_background: set[asyncio.Task[None]] = set()
"""The loop keeps only weak references to its tasks."""


def _loop_runs_here() -> bool:
    """Whether an event loop runs on this thread."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Stopped(BaseException):
    """Ends what a thread is doing for a list that is no longer read, or for calls of which one has failed."""


running: ContextVar[Threads[Any] | None] = ContextVar("dingtalk_threads", default=None)
"""Whose thread this is."""

left_behind: ContextVar[tuple[Tasks[Any], ...]] = ContextVar("dingtalk_left_behind", default=())
"""Tasks that were cancelled, and may still be ending."""


def check_positive(name: str, field: str, value: int) -> None:
    """Refuse a number below 1 where no annotation can."""
    if value < 1:
        raise InvalidArgument(name, [Problem(field, "should be greater than or equal to 1")])


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in groups of at most so many."""
    return [items[start : start + size] for start in range(0, len(items), size)]
