"""Transports and drivers, opened when they are first used."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from dingtalk_models.call.blocking import BlockingDriver
from dingtalk_models.call.call import Call
from dingtalk_models.core.context import Driver
from dingtalk_models.core.errors import DingTalkError
from dingtalk_models.core.steps import (
    MAX_PARALLEL,
    AsyncTransport,
    Flow,
    Lazy,
    Progress,
    Steps,
    Transport,
    result_or_error,
    together,
)

if TYPE_CHECKING:
    from dingtalk_models.call.asynchronous import EventLoopDriver

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
T = TypeVar("T")


class Sender:
    """The part of an app that sends calls. A webhook robot has only this part.

    Args:
        exchange: makes the flow of one call.
        timeout: the seconds for a response, or a pair: for a connection, and for a response, to its last byte.
        transport: sends requests; by default with requests.
        async_transport: sends awaited requests; by default with aiohttp.
        blocking_on_loop: whether blocking calls are allowed on a running event loop; by default in notebooks only.
    """

    def __init__(
        self,
        exchange: Callable[[Call[Any]], Flow[Any]],
        *,
        timeout: float | tuple[float, float],
        transport: Transport | None,
        async_transport: AsyncTransport | None,
        blocking_on_loop: bool | None = None,
    ) -> None:
        self.timeout = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        self.driver: Driver = BlockingDriver(lambda: self.transport, exchange, blocking_on_loop=blocking_on_loop)
        self.blocking_on_loop = blocking_on_loop
        self._async_driver: EventLoopDriver | None = None
        self._exchange = exchange
        self._transport = transport
        self._async_transport = async_transport
        self._opened: dict[str, Any] = {}

    def send(self, steps: Steps[T]) -> T:
        """Send a call, or run a flow: `app.send(Department.objects.get.call(1))`."""
        return self.driver.run(steps, "await app.asend(…)")

    async def asend(self, steps: Steps[T]) -> T:
        """The same as `send`, on the event loop."""
        return await self.async_driver.run(steps)

    @overload
    def gather(
        self, calls: Iterable[Steps[T]], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> list[T | DingTalkError]: ...
    @overload
    def gather(
        self, calls: Iterable[Lazy[T]], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> list[list[T] | DingTalkError]: ...
    @overload
    def gather(
        self, calls: Iterable[Steps[object] | Lazy[Any]], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> Sequence[object]: ...
    @overload
    def gather(
        self, one: Steps[A], two: Steps[B], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> tuple[A | DingTalkError, B | DingTalkError]: ...
    @overload
    def gather(
        self, one: Steps[A], two: Steps[B], three: Steps[C], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> tuple[A | DingTalkError, B | DingTalkError, C | DingTalkError]: ...
    def gather(
        self, calls: Any, /, *more: Steps[Any], workers: int = MAX_PARALLEL, progress: Progress | None = None
    ) -> Any:
        """Send calls or run flows, several at once: `app.gather([User.objects.get.call(each) for each in ids])`.

        `.call` raises `InvalidArgument` at once. `.later` checks its arguments when its turn comes, so that the error
        is one of the results: `app.gather([User.objects.create.later(**row) for row in rows])`.

        Args:
            calls: a list of calls, flows and lazy lists. Two or three calls or flows may also be arguments of their
                own: then the results are a tuple, and each has the type of its call.
            more: the other calls, if they are arguments.
            workers: how many at once.
            progress: called with the number done and the total, each time one is done.

        Returns:
            The results in the order of the calls. A call that failed has its error as result.
        """
        results = self.driver.run(_settled(calls, more, workers, progress), "await app.agather(…)")
        return tuple(results) if more else results

    @overload
    async def agather(
        self, calls: Iterable[Steps[T]], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> list[T | DingTalkError]: ...
    @overload
    async def agather(
        self, calls: Iterable[Lazy[T]], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> list[list[T] | DingTalkError]: ...
    @overload
    async def agather(
        self, calls: Iterable[Steps[object] | Lazy[Any]], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> Sequence[object]: ...
    @overload
    async def agather(
        self, one: Steps[A], two: Steps[B], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> tuple[A | DingTalkError, B | DingTalkError]: ...
    @overload
    async def agather(
        self, one: Steps[A], two: Steps[B], three: Steps[C], /, *, workers: int = ..., progress: Progress | None = ...
    ) -> tuple[A | DingTalkError, B | DingTalkError, C | DingTalkError]: ...
    async def agather(
        self, calls: Any, /, *more: Steps[Any], workers: int = MAX_PARALLEL, progress: Progress | None = None
    ) -> Any:
        """The same as `gather`, on the event loop."""
        results = await self.asend(_settled(calls, more, workers, progress))
        return tuple(results) if more else results

    @property
    def async_driver(self) -> EventLoopDriver:
        """Runs calls and flows on the event loop."""
        if self._async_driver is None:
            from dingtalk_models.call.asynchronous import EventLoopDriver  # noqa: PLC0415 - asyncio is slow to import

            self._async_driver = EventLoopDriver(self.async_transport, self._exchange)
        return self._async_driver

    @property
    def transport(self) -> Transport:
        """Sends requests."""
        if self._transport is None:
            from dingtalk_models.call.transport.blocking import RequestsTransport  # noqa: PLC0415 - only when used

            self._transport = self._first("transport", RequestsTransport(self.timeout))
        return self._transport

    @property
    def async_transport(self) -> AsyncTransport:
        """Sends awaited requests."""
        if self._async_transport is None:
            from dingtalk_models.call.transport.asynchronous import AiohttpTransport  # noqa: PLC0415 - only when used

            self._async_transport = self._first("async transport", AiohttpTransport(self.timeout))
        return self._async_transport

    @property
    def opened_async_transport(self) -> AsyncTransport | None:
        """The async transport, if one was given or is open already."""
        return self._async_transport

    def _first(self, kind: str, opened: T) -> T:
        """Return the transport that was opened first, if several threads open one at the same time.

        This uses no lock, since another thread could hold it during a fork, and the child could never release it.
        """
        first: T = self._opened.setdefault(kind, opened)
        return first

    def close(self) -> None:
        """Close the connections. The next call opens new ones."""
        if self._transport is not None:
            self._transport.close()

    def close_paused(self) -> None:
        """Close the connections, including those of stopped event loops. No loop may run in this thread.

        For tests, where several tests may share an event loop that outlives the app.
        """
        if close := getattr(self._async_transport, "close_paused", None):
            close()
        self.close()

    async def aclose(self) -> None:
        """Close the connections of this event loop, and those of blocking calls."""
        if self._async_transport is not None:
            await self._async_transport.close()
        self.close()

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncGenerator[None]:
        """Close the connections when a server ends: `FastAPI(lifespan=app.lifespan)`, and the same with Starlette.

        This includes the connections of its event loop and of blocking calls. In your own lifespan, write
        `async with app.lifespan():` around the `yield`. It does not select an app; `app.use()` does.
        """
        try:
            yield
        finally:
            await self.aclose()


def _settled(calls: Any, more: tuple[Steps[Any], ...], workers: int, progress: Progress | None) -> Flow[list[Any]]:
    given = cast("Iterable[Steps[Any] | Lazy[Any]]", (calls, *more) if more else calls)
    steps = [result_or_error(each.collect() if isinstance(each, Lazy) else each) for each in given]
    return together(steps, workers=workers, progress=progress)
