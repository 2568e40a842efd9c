"""Flows, and the two drivers that run them: everything that has to exist once for threads and once for the event loop.

An operation describes what to do as a generator (`Flow[T]`) that yields steps and receives their results. It never
touches a socket, a clock or a thread: `drive` performs the steps on the calling thread, `adrive` on the event loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .errors import ConfigurationError

if TYPE_CHECKING:
    from .call import Call, HttpRequest, HttpResponse

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


@dataclass(frozen=True, slots=True)
class Send:
    """Put a request on the wire."""

    request: HttpRequest

    def perform(self, edge: Edge) -> HttpResponse:
        return edge.transport.send(self.request)

    async def aperform(self, edge: Edge) -> HttpResponse:
        return await edge.async_transport.send(self.request)


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass."""

    seconds: float

    def perform(self, edge: Edge) -> None:  # noqa: ARG002
        time.sleep(self.seconds)

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


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """Do several things at once; results in order, and the first error cancels what has not begun."""

    steps: Sequence[Steps[T]]
    workers: int = MAX_PARALLEL

    def perform(self, edge: Edge) -> list[T]:
        with ThreadPoolExecutor(max(1, min(self.workers, len(self.steps)))) as pool:
            futures = [pool.submit(drive, steps, edge) for steps in self.steps]
            try:
                for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                    future.result()
                return [future.result() for future in futures]
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    async def aperform(self, edge: Edge) -> list[T]:
        slots = asyncio.Semaphore(self.workers)

        async def one(steps: Steps[T]) -> T:
            async with slots:
                return await adrive(steps, edge)

        tasks = [asyncio.create_task(one(steps)) for steps in self.steps]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def together(steps: Sequence[Steps[T]], *, workers: int = MAX_PARALLEL) -> Flow[list[T]]:
    """Do many calls or flows at once, and have their results in order.

    The blocking driver sends them from threads, the async driver as tasks; the flow does not know which:
    `pages = yield from together(calls)`.
    """
    results: list[T] = yield Together(steps, workers)
    return results


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in groups of at most so many."""
    return [items[start : start + size] for start in range(0, len(items), size)]
