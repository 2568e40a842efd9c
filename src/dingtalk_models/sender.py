"""Transports and drivers, opened when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from dingtalk_models.core.call import Call
from dingtalk_models.core.context import Driver
from dingtalk_models.core.errors import DingTalkError
from dingtalk_models.core.parallel import MAX_PARALLEL, Progress, result_or_error, together
from dingtalk_models.core.steps import AsyncTransport, Flow, Steps, Transport
from dingtalk_models.drivers.blocking import BlockingDriver

if TYPE_CHECKING:
    from dingtalk_models.drivers.asynchronous import AsyncDriver

T = TypeVar("T")


class Sender:
    """The part of an app that sends calls. A webhook robot has only this part.

    Args:
        exchange: makes the flow of one call.
        timeout: seconds to wait for a response, or a pair: for a connection, and for a response.
        transport: sends requests; by default with requests.
        async_transport: sends awaited requests; by default with aiohttp.
    """

    def __init__(
        self,
        exchange: Callable[[Call[Any]], Flow[Any]],
        *,
        timeout: float | tuple[float, float],
        transport: Transport | None,
        async_transport: AsyncTransport | None,
    ) -> None:
        self.timeout = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        self.driver: Driver = BlockingDriver(lambda: self.transport, exchange)
        self._async_driver: AsyncDriver | None = None
        self._exchange = exchange
        self._transport = transport
        self._async_transport = async_transport
        self._opened: dict[str, Any] = {}

    def send(self, steps: Steps[T]) -> T:
        """Send a call, or run a flow: `app.send(Department.objects.get.call(1))`."""
        return self.driver.run(steps)

    async def asend(self, steps: Steps[T]) -> T:
        """The same as `send`, on the event loop."""
        return await self.async_driver.run(steps)

    def gather(
        self, calls: Iterable[Steps[T]], *, workers: int = MAX_PARALLEL, progress: Progress | None = None
    ) -> list[T | DingTalkError]:
        """Send calls or run flows, several at once: `app.gather([User.objects.get.call(each) for each in ids])`.

        Args:
            calls: the calls and flows.
            workers: how many at once.
            progress: called with the number done and the total, each time one is done.

        Returns:
            The results in the order of the calls. A call that failed has its error as result.
        """
        return self.send(together([*map(result_or_error, calls)], workers=workers, progress=progress))

    async def agather(
        self, calls: Iterable[Steps[T]], *, workers: int = MAX_PARALLEL, progress: Progress | None = None
    ) -> list[T | DingTalkError]:
        """The same as `gather`, on the event loop."""
        return await self.asend(together([*map(result_or_error, calls)], workers=workers, progress=progress))

    @property
    def async_driver(self) -> AsyncDriver:
        """Runs calls and flows on the event loop."""
        if self._async_driver is None:
            from dingtalk_models.drivers.asynchronous import AsyncDriver  # noqa: PLC0415 - asyncio is slow to import

            self._async_driver = AsyncDriver(self.async_transport, self._exchange)
        return self._async_driver

    @property
    def transport(self) -> Transport:
        """Sends requests."""
        if self._transport is None:
            from dingtalk_models.transport.blocking import RequestsTransport  # noqa: PLC0415 - only when used

            self._transport = self._first("transport", RequestsTransport(self.timeout))
        return self._transport

    @property
    def async_transport(self) -> AsyncTransport:
        """Sends awaited requests."""
        if self._async_transport is None:
            from dingtalk_models.transport.asynchronous import AiohttpTransport  # noqa: PLC0415 - only when used

            self._async_transport = self._first("async transport", AiohttpTransport(self.timeout))
        return self._async_transport

    def _first(self, kind: str, opened: T) -> T:
        """What was opened first, where threads open one at once.

        A lock would be inherited by a process that is forked while another thread holds it.
        """
        first: T = self._opened.setdefault(kind, opened)
        return first

    def close(self) -> None:
        """Close the connections. The next call opens new ones."""
        if self._transport is not None:
            self._transport.close()

    async def aclose(self) -> None:
        """Close the connections of this event loop, and those of blocking calls."""
        if self._async_transport is not None:
            await self._async_transport.close()
        self.close()
