"""The transport of the event loop: httpx. Imported only when something is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar
from weakref import WeakKeyDictionary

from dingtalk_models.core.body import CHUNK, Body, Sink
from dingtalk_models.core.call import HttpRequest, HttpResponse
from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.transport.blocking import POOL_SIZE, Timeout, announced
from dingtalk_models.transport.masking import mask_logger

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
        self._timeout = httpx.Timeout(read, connect=connect)
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
        mask_logger("httpx")

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back.
        """
        body, headers = request.content, request.headers
        content: bytes | AsyncIterator[bytes] | None
        if body is None or isinstance(body, bytes):
            content = body
        else:
            content, headers = _pieces(body), {**headers, "Content-Length": str(body.length)}
        try:
            async with self._client.stream(request.method, request.url, content=content, headers=headers) as response:
                received = await _received(response, request.sink)
        except httpx.HTTPError as error:
            raise _unreachable(request, error) from None
        return HttpResponse(response.status_code, response.headers, received)

    async def close(self) -> None:
        """Give back the connections of this event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    @property
    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            limits = httpx.Limits(max_connections=POOL_SIZE, max_keepalive_connections=POOL_SIZE)
            client = self._clients[loop] = httpx.AsyncClient(timeout=self._timeout, limits=limits)
        return client


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
