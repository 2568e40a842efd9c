"""Sends one request with the standard library, so that an app that only listens loads no HTTP client."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from dingtalk_models.call.transport.received import UnreadableBody
from dingtalk_models.call.transport.sending import USER_AGENT, failure, no_connection
from dingtalk_models.call.transport.trust import trusted
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.core.secret import forget_locals
from dingtalk_models.stream.handling import Pool

MOST = 1024 * 1024
"""The largest response, in bytes."""


def has_proxy(url: str) -> bool:
    """Whether the environment names a proxy for a URL."""
    try:
        parts, proxies = urlsplit(url), getproxies()
    except ValueError:  # no request can be sent there, which `send_directly` says
        return False
    return bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.netloc)


async def send_directly(request: HttpRequest, seconds: float) -> HttpResponse:
    """Send a request on a thread, over a connection of its own and without a proxy, and return the response.

    Args:
        request: the request; its body is in memory.
        seconds: how long it may take, from the lookup of the host to the last byte of the response.

    Raises:
        TransportError: there is no complete response.
    """
    exchange = _Exchange(request, seconds)
    pool = Pool(1, "dingtalk-opening")
    try:
        async with asyncio.timeout(seconds):
            return await pool.run(exchange.run)
    except TimeoutError as error:
        forget_locals(error)  # they have the body
        what = "no response in time" if exchange.connected else "no connection in time"
    except UnreadableBody as error:
        what = str(error)
    except (OSError, HTTPException, ValueError) as error:
        forget_locals(error)
        what = "the connection or the response broke off" if exchange.connected else no_connection(error)
    finally:
        exchange.cut()
        pool.close()
    raise failure(request, what, sent=exchange.connected)  # not in the `except` block: its context would be the error


class _Exchange:
    """A request and its response, on a thread.

    Attributes:
        connected: whether there is a connection. Before that, nothing was sent.
    """

    def __init__(self, request: HttpRequest, seconds: float) -> None:
        self.connected = False
        self._request = request
        self._seconds = seconds
        self._connection: HTTPConnection | None = None
        self._is_cut = False

    def run(self) -> HttpResponse:
        """Send the request, and read the response."""
        request = self._request
        connection = self._connection = _connection(request.url, self._seconds)
        try:
            connection.connect()
            if self._is_cut:
                raise TimeoutError
            self.connected = True
            target = urlsplit(request.url)._replace(scheme="", netloc="").geturl()
            headers = {"User-Agent": USER_AGENT, **request.headers}
            connection.request(request.method, target, cast("bytes", request.content), headers)
            response = connection.getresponse()
            content = response.read(MOST + 1)
            if len(content) > MOST:
                raise UnreadableBody(f"a response of more than {MOST} bytes")
            if response.length:  # bytes that are missing: `read` with a size returns what there was
                raise IncompleteRead(content, response.length)
            return HttpResponse(response.status, {name.lower(): text for name, text in response.getheaders()}, content)
        finally:
            connection.close()

    def cut(self) -> None:
        """End the thread, which may still wait for the other side: each byte would start its timeout anew."""
        self._is_cut = True
        sock = self._connection.sock if self._connection else None
        if sock is not None:
            with suppress(OSError):  # it was closed just now
                sock.shutdown(socket.SHUT_RDWR)


def _connection(url: str, seconds: float) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return HTTPSConnection(parts.hostname or "", parts.port, timeout=seconds, context=trusted())
    if parts.scheme != "http":
        raise ValueError("neither http nor https / 只支持 http 和 https")
    return HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
