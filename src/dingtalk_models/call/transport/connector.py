"""The connection pool of aiohttp with six additional checks. The tests have an attack for each.

- Data that came while a connection was idle is never taken for a response. aiohttp keeps the data that it reads from an
  idle connection, and does not check the socket before it uses the connection again.
- An error while connecting differs from a later one: nothing was sent yet.
- Reading a body ends if the connection is closed. After a chunk that is not HTTP, aiohttp closes it, but the reader
  waits forever.
- The time limit of the response starts when there is a connection: see `Patience`.
- Only this module knows the query string of a URL: see `Outgoing`.
- No request is sent twice. aiohttp sends a GET, PUT or DELETE again if the connection breaks; here the request gets no
  second connection. The retry rule decides that: it knows that some GETs write.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from weakref import WeakSet

import aiohttp
from aiohttp.connector import Connection
from urllib3.util import wait_for_read

from dingtalk_models.call.transport.sending import Outgoing, no_connection

IDLE = 5.0
"""Seconds after which an idle connection is closed. If the server closed it first, the next call would fail."""


class NotConnected(aiohttp.ClientError):
    """Connecting failed, so nothing was sent."""


class ConnectionBroke(aiohttp.ClientError):
    """The connection broke. Something may have been sent."""


class Connector(aiohttp.TCPConnector):
    """The connections of one event loop, without a limit: the transport limits the connections to each host."""

    def __init__(self) -> None:
        base: Any = super()  # its stub is incomplete
        base.__init__(limit=0, keepalive_timeout=IDLE)
        self._transports: WeakSet[asyncio.BaseTransport] = WeakSet()
        self._used: WeakSet[asyncio.BaseProtocol] = WeakSet()
        self._expected: dict[asyncio.Task[Any] | None, Expected] = {}

    @contextmanager
    def expecting(self, request: Outgoing) -> Generator[Expected]:
        """Note that the current task is sending a request."""
        task = asyncio.current_task()
        expected = self._expected[task] = Expected(request)
        try:
            yield expected
        finally:
            del self._expected[task]

    async def connect(self, *args: Any, **options: Any) -> Connection:
        """Return an idle connection that received no data, or a new one.

        Raises:
            ConnectionBroke: this request already had a connection.
        """
        expected = self._expected.get(asyncio.current_task())
        if expected and expected.outlet:
            raise ConnectionBroke
        try:
            connection = await super().connect(*args, **options)
            # Data that came while the connection was idle would be read as the response to the next request.
            while connection.protocol in self._used and not _was_quiet(connection):
                connection.close()
                connection = await super().connect(*args, **options)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotConnected(no_connection(error.__cause__)) from error
        protocol = connection.protocol
        if protocol is not None and protocol.transport is not None:
            if protocol not in self._used:
                self._transports.add(protocol.transport)
                protocol.transport = cast("asyncio.Transport", Outlet(protocol.transport))
            self._used.add(protocol)
            outlet = cast("Outlet", protocol.transport)
            connection.add_callback(partial(_abort_if_unsent, protocol.transport))
            if expected:
                expected.outlet = outlet
                outlet.request = expected.request
        return connection

    def leave_to_parent(self) -> None:
        """In a forked process: drop the sockets without a TLS shutdown, since the parent still uses them."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for each in self._transports:
            if (descriptor := each.get_extra_info("socket").fileno()) >= 0:
                # asyncio closes this descriptor later, so it must stay open: replace it instead of closing it
                os.dup2(nothing, descriptor, inheritable=False)
        os.close(nothing)


class Outlet:
    """The transport of a connection. It puts back the query string that the next request's URL leaves out.

    Attributes:
        request: that request, until its head is written.
        closed: whether aiohttp has closed it.
        closing: is called when aiohttp closes it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.request: Outgoing | None = None
        self.closed = False
        self.closing: Callable[[], None] | None = None
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._transport.write(self._addressed(data))

    def writelines(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        head, *body = pieces
        self._transport.writelines([self._addressed(head), *body])

    def close(self) -> None:
        self._tell()
        self._transport.close()

    def abort(self) -> None:
        self._tell()
        self._transport.abort()

    def _tell(self) -> None:
        self.closed = True
        if self.closing:
            self.closing()

    def _addressed(self, data: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
        request, self.request = self.request, None
        return request.begin(bytes(data)) if request else data


def _was_quiet(connection: Connection) -> bool:
    """Whether no data came while it was idle, neither read by aiohttp nor waiting in the socket."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or protocol.should_close:
        return False
    return not wait_for_read(transport.get_extra_info("socket"), timeout=0)


def _abort_if_unsent(transport: asyncio.Transport) -> None:
    """Abort a connection with unsent data; closing it would wait for a server that does not read."""
    if transport.get_write_buffer_size():
        transport.abort()


@dataclass
class Expected:
    """A request that is being sent.

    Attributes:
        request: the request.
        outlet: the outlet of its connection, once it has one.
    """

    request: Outgoing
    outlet: Outlet | None = None

    @contextmanager
    def told_of_loss(self, response: aiohttp.ClientResponse) -> Generator[None]:
        """End the reading of a body when the connection is closed."""
        content, outlet = response.content, self.outlet
        if outlet is None or content.is_eof():  # then another request may have the connection now
            yield
            return

        def tell() -> None:
            if not content.is_eof() and content.exception() is None:
                content.set_exception(ConnectionBroke())

        outlet.closing = tell
        try:
            if outlet.closed:
                tell()
            yield
        finally:
            if outlet.closing is tell:
                outlet.closing = None
