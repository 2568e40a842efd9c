"""The connection pool of aiohttp with six additional checks. The tests have an attack for each.

- Data that came while a connection was idle is never taken for a response. aiohttp keeps the data that it reads from an
  idle connection, and does not check the socket before it uses the connection again.
- An error while connecting differs from a later one: nothing was sent yet.
- Reading a body ends if the connection is lost. After a chunk that is not HTTP, aiohttp closes the connection, but the
  reader waits for ever.
- When a connection is there, the time of the response begins: see `Patience`.
- What follows the question mark of a URL is known here alone: see `Outgoing`.
- No request is sent twice. aiohttp sends a GET, PUT or DELETE again if the connection breaks. Here the retry rule
  decides that: it knows that some GETs write.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any, cast
from weakref import WeakSet

import aiohttp
from aiohttp.connector import Connection
from urllib3.util import wait_for_read

from dingtalk_models.transport.sending import Outgoing, no_connection

IDLE = 5.0
"""Seconds after which an idle connection is closed. If the server closed it first, the next call would fail."""


class NotConnected(aiohttp.ClientError):
    """There is no connection, so nothing was sent."""


class ConnectionBroke(aiohttp.ClientError):
    """The connection broke. Something may have been sent."""


class Connector(aiohttp.TCPConnector):
    """The connections of one event loop. It has no limit: the transport limits the connections to each host."""

    def __init__(self) -> None:
        base: Any = super()  # the stub of `socket_factory` is incomplete
        base.__init__(limit=0, keepalive_timeout=IDLE, socket_factory=self._new_socket)
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._used: WeakSet[asyncio.BaseProtocol] = WeakSet()
        self._expected: dict[asyncio.Task[Any] | None, Outgoing] = {}

    @contextmanager
    def expecting(self, request: Outgoing) -> Generator[None]:
        """The current task sends a request."""
        task = asyncio.current_task()
        self._expected[task] = request
        try:
            yield
        finally:
            del self._expected[task]

    async def connect(self, *args: Any, **options: Any) -> Connection:
        """An idle connection on which no data has come, or a new one."""
        try:
            connection = await super().connect(*args, **options)
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
                protocol.transport = cast("asyncio.Transport", _Outlet(protocol.transport))
                if protocol.closed:
                    protocol.closed.add_done_callback(_retrieve)
            self._used.add(protocol)
            connection.add_callback(partial(_abort_if_unsent, protocol.transport))
            if request := self._expected.get(asyncio.current_task()):
                request.patience.connect()
                cast("_Outlet", protocol.transport).request = request
        return connection

    def leave_to_parent(self) -> None:
        """In a forked process: close the sockets without a TLS shutdown, since the parent still uses them."""
        for each in self._sockets:
            if (descriptor := each.detach()) >= 0:
                os.close(descriptor)

    def _new_socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, _ = address
        new = socket.socket(family, kind, protocol)
        self._sockets.add(new)
        return new


class _Outlet:
    """The transport of a connection. It puts back what the URL of the next request leaves out.

    Attributes:
        request: that request, until its head is written.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.request: Outgoing | None = None
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._transport.write(self._addressed(data))

    def writelines(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        head, *body = pieces
        self._transport.writelines([self._addressed(head), *body])

    def _addressed(self, data: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
        request, self.request = self.request, None
        return request.begin(bytes(data)) if request else data


def _was_quiet(connection: Connection) -> bool:
    """Whether no data came while it was idle: neither read by aiohttp, nor waiting in the socket."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or protocol.should_close:
        return False
    return not wait_for_read(transport.get_extra_info("socket"), timeout=0)


def _abort_if_unsent(transport: asyncio.Transport) -> None:
    """Abort a connection with unsent data: closing it would wait for a server that does not read."""
    if transport.get_write_buffer_size():
        transport.abort()


def _retrieve(closed: asyncio.Future[None]) -> None:
    """Retrieve the error of a future: otherwise asyncio logs that nobody did."""
    if not closed.cancelled():
        closed.exception()


@contextmanager
def told_of_loss(response: aiohttp.ClientResponse) -> Generator[None]:
    """End the reading of a body when the connection is lost."""
    content = response.content
    protocol = response.connection.protocol if response.connection else None
    if protocol is None or protocol.closed is None:  # the body is complete
        yield
        return
    closed = protocol.closed

    def tell(_: object) -> None:
        if not content.is_eof() and content.exception() is None:
            content.set_exception(ConnectionBroke())

    closed.add_done_callback(tell)
    try:
        yield
    finally:
        closed.remove_done_callback(tell)


async def send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware that raises another error, after which aiohttp does not send the request again."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionBroke from error
