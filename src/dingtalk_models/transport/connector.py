"""aiohttp's pool with four guards that it lacks; for each there is an attack in the tests.

- What arrived while a connection was idle is never an answer. aiohttp keeps what it reads from an idle connection, and
  does not look at a socket before it uses it again.
- What fails while connecting is told apart from what fails later: nothing was sent yet.
- Whoever reads an answer whose middle is no HTTP is told so. aiohttp closes the connection, and leaves the reader
  waiting.
- Nothing is sent twice. aiohttp sends a GET, PUT or DELETE again whose connection broke off; that is for the retry
  rule to decide, which knows that some GETs are writes.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import WeakSet

import aiohttp
from aiohttp.connector import Connection
from urllib3.util import wait_for_read

from dingtalk_models.transport.sending import no_connection

IDLE = 5.0
"""Seconds after which an idle connection is closed: the other side may do so too, and the next call would break."""


class NotConnected(aiohttp.ClientError):
    """There is no connection, and so nothing was sent."""


class BrokenOff(aiohttp.ClientError):
    """The connection broke off; something may have been sent."""


class Connector(aiohttp.TCPConnector):
    """The connections of one event loop. How many there are is limited by who uses it."""

    def __init__(self) -> None:
        super().__init__(limit=0, keepalive_timeout=IDLE, socket_factory=self._new_socket)
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._used: WeakSet[asyncio.BaseProtocol] = WeakSet()

    async def connect(self, *args: Any, **options: Any) -> Connection:
        """A connection from the pool that has been quiet, or a new one."""
        try:
            connection = await super().connect(*args, **options)
            while connection.protocol in self._used and not _is_quiet(connection):
                connection.close()
                connection = await super().connect(*args, **options)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotConnected(no_connection(error.__cause__)) from error
        protocol = connection.protocol
        if protocol is not None and connection.transport is not None:
            if protocol not in self._used and protocol.closed:
                protocol.closed.add_done_callback(_heed)
            self._used.add(protocol)
            connection.add_callback(partial(_end, connection.transport))
        return connection

    def leave_to_parent(self) -> None:
        """In a forked process: close the sockets, without TLS's goodbye, since the parent goes on using them."""
        for each in self._sockets:
            if (number := each.detach()) >= 0:
                os.close(number)

    def _new_socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, _ = address
        new = socket.socket(family, kind, protocol)
        self._sockets.add(new)
        return new


def _is_quiet(connection: Connection) -> bool:
    """Whether nothing came while it was idle: neither read already, nor waiting in the socket."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or protocol.should_close:
        return False
    return not wait_for_read(transport.get_extra_info("socket"), timeout=0)


def _end(transport: asyncio.Transport) -> None:
    """Let go of a connection whose request did not go out: closed as usual, it would wait for who does not read."""
    if transport.get_write_buffer_size():
        transport.abort()


def _heed(closed: asyncio.Future[None]) -> None:
    """Look at why a connection was lost, lest asyncio says that nobody did."""
    if not closed.cancelled():
        closed.exception()


@contextmanager
def told_of_its_loss(response: aiohttp.ClientResponse) -> Generator[None]:
    """Let whoever reads an answer know that its connection is gone."""
    content = response.content
    protocol = response.connection.protocol if response.connection else None
    if protocol is None or protocol.closed is None:  # it is complete
        yield
        return
    closed = protocol.closed

    def tell(_: object) -> None:
        if not content.is_eof() and content.exception() is None:
            content.set_exception(BrokenOff())

    closed.add_done_callback(tell)
    try:
        yield
    finally:
        closed.remove_done_callback(tell)


async def send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware that raises an error after which aiohttp does not try again."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise BrokenOff from error
