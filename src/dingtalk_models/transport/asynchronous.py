"""The transport of the event loop: httpx. Imported only when something is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar
from weakref import WeakKeyDictionary

from requests.utils import get_environ_proxies, select_proxy

from dingtalk_models.core.body import CHUNK, Body, Sink
from dingtalk_models.core.call import HttpRequest, HttpResponse
from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.transport.blocking import POOL_SIZE, USER_AGENT, Timeout, announced

try:
    import httpx
except ImportError as error:
    raise ConfigurationError("awaiting needs httpx: pip install 'dingtalk-models[async]'") from error

T = TypeVar("T")


class HttpxTransport:
    """Sends over pooled connections; each event loop has its own, since a connection belongs to its loop.

    Args:
        timeout: seconds to wait for a connection, and for the answer.
    """

    def __init__(self, timeout: Timeout) -> None:
        connect, read = timeout
        self._extensions = {"timeout": httpx.Timeout(read, connect=connect).as_dict()}
        self._verify = httpx.create_ssl_context()
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, httpx.AsyncHTTPTransport]] = (
            WeakKeyDictionary()
        )

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back.
        """
        body, headers = request.content, {**_HEADERS, **request.headers}
        content: bytes | AsyncIterator[bytes] | None
        if body is None or isinstance(body, bytes):
            content = body
        else:
            content, headers["Content-Length"] = _pieces(body), str(body.length)
        sent = httpx.Request(request.method, request.url, headers=headers, content=content, extensions=self._extensions)
        try:
            response = await self._pool(sent.url).handle_async_request(sent)
            try:
                received = await _received(response, request.sink)
            finally:
                if not response.is_closed:
                    await response.aclose()
        except httpx.HTTPError as error:
            raise _unreachable(request, error) from None
        return HttpResponse(response.status_code, response.headers, received)

    async def close(self) -> None:
        """Give back the connections of this event loop."""
        for pool in self._pools.pop(asyncio.get_running_loop(), {}).values():
            await pool.aclose()

    def _pool(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        """The pool for a host on this loop: no client, whose own per-call machinery takes as long as the call."""
        pools = self._pools.setdefault(asyncio.get_running_loop(), {})
        base = f"{url.scheme}://{url.netloc.decode()}"
        if base not in pools:
            pools[base] = httpx.AsyncHTTPTransport(
                verify=self._verify,
                limits=httpx.Limits(max_connections=POOL_SIZE, max_keepalive_connections=POOL_SIZE),
                proxy=select_proxy(base, get_environ_proxies(base)),
            )
        return pools[base]


_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"}


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    chunks = body.chunks()
    while (piece := await asyncio.to_thread(next, chunks, None)) is not None:
        yield piece


async def _received(response: httpx.Response, sink: Sink | None) -> bytes:
    """The body of an answer; nothing where a sink has taken it."""
    if sink is None or not response.is_success:
        return await response.aread()
    async with _in_thread(sink.receive(announced(response.headers))) as write:
        async for piece in response.aiter_bytes(CHUNK):
            await asyncio.to_thread(write, piece)
    return b""


@asynccontextmanager
async def _in_thread(manager: AbstractContextManager[T]) -> AsyncGenerator[T]:
    value = await asyncio.to_thread(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        await asyncio.to_thread(manager.__exit__, type(error), error, error.__traceback__)
        raise
    await asyncio.to_thread(manager.__exit__, None, None, None)


def _unreachable(request: HttpRequest, error: httpx.HTTPError) -> TransportError:
    url = httpx.URL(request.url)
    never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    if isinstance(error, httpx.TimeoutException):
        what = "no connection in time" if never_sent else "no answer in time"
    elif never_sent:
        what = "no connection"
    else:
        what = "the connection or the answer broke off"
    return TransportError(f"{what} ({request.method} {url.path} at {url.netloc.decode()})", sent=not never_sent)
