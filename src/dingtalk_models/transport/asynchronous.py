"""The transport of the event loop: httpcore, the engine of httpx, without the client's per-call machinery."""

# ruff: noqa: ASYNC109 - the timeouts of httpcore's streams

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy
from urllib3.util import wait_for_read

from dingtalk_models.core.body import CHUNK, Body, Sink
from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.transport.blocking import POOL_SIZE, USER_AGENT, Timeout, announced

try:
    import httpcore
except ImportError as error:
    raise ConfigurationError("awaiting needs httpx: pip install 'dingtalk-models[async]'") from error

T = TypeVar("T")

_NEVER_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
_FAILURES = (*_NEVER_SENT, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, zlib.error)
EYEBALLS = 0.25
"""Seconds after which the next address of a host is tried beside the one before."""

IDLE = 5.0
"""Seconds after which an idle connection is closed: the other side may do so too, and the next call would break."""

_GZIP = 31
"""Tells zlib to expect gzip's header."""


class _Backend(httpcore.AsyncNetworkBackend):
    """Connections by asyncio's own streams: httpcore's default, through anyio, is dearer by a tenth of a small call."""

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: object, **__: object
    ) -> httpcore.AsyncNetworkStream:
        with _raising(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                return _Stream(*await asyncio.open_connection(host, port, happy_eyeballs_delay=EYEBALLS))


class _Stream(httpcore.AsyncNetworkStream):
    """Holds back what is written, but for large pieces, until it is time to read: a request leaves in one piece."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._held = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        await self._flush(timeout)
        with _raising(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._held += buffer
        if len(self._held) > CHUNK:
            await self._flush(timeout)

    async def _flush(self, timeout: float | None) -> None:
        if self._held:
            held, self._held = self._held, b""
            with _raising(httpcore.WriteTimeout, httpcore.WriteError):
                self._writer.write(held)
                async with asyncio.timeout(timeout):
                    await self._writer.drain()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        with _raising(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
            except BaseException:
                await self.aclose()
                raise
        return self

    async def aclose(self) -> None:
        self._writer.close()
        await asyncio.sleep(0)
        self._writer.transport.abort()  # rather than wait for the other side's goodbye

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # what an idle connection reads is its end
            return self._writer.is_closing() or wait_for_read(self._writer.get_extra_info("socket"), timeout=0)
        return self._writer.get_extra_info(info)


@contextmanager
def _raising(late: type[Exception], broken: type[Exception]) -> Generator[None]:
    """Raise what httpcore does."""
    try:
        yield
    except TimeoutError:
        raise late from None
    except OSError as error:
        raise broken(str(error)) from None


class _Route(NamedTuple):
    """How requests reach one host on one event loop."""

    pool: httpcore.AsyncConnectionPool
    base: httpcore.URL
    headers: list[tuple[bytes, bytes]]


class HttpcoreTransport:
    """Sends over pooled connections; each event loop has its own, since a connection belongs to its loop.

    Args:
        timeout: seconds to wait for a connection, and for the answer.
    """

    def __init__(self, timeout: Timeout) -> None:
        connect, read = timeout
        self._extensions = {"timeout": {"connect": connect, "read": read, "write": read, "pool": connect}}
        self._routes: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Route]] = WeakKeyDictionary()

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back.
        """
        body = request.content
        content: bytes | AsyncIterator[bytes]
        if body is None or isinstance(body, bytes):
            content, length = body or b"", len(body or b"")
        else:
            content, length = _pieces(body), body.length
        slash = request.url.index("/", request.url.index("://") + 3)
        route = self._route(request.url[:slash])
        headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
        headers += [*route.headers, (b"Content-Length", b"%d" % length)]
        if request.sink is None:
            headers.append((b"Accept-Encoding", b"gzip"))
        scheme, host, port = route.base.scheme, route.base.host, route.base.port
        url = httpcore.URL(scheme=scheme, host=host, port=port, target=request.url[slash:].encode("ascii"))
        sent = httpcore.Request(request.method, url, headers=headers, content=content, extensions=self._extensions)
        try:
            response = await route.pool.handle_async_request(sent)
            try:
                answered = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
                received = await _received(response, answered, request.sink)
            finally:
                await response.aclose()
        except _FAILURES as error:
            raise _unreachable(request, error) from None
        return HttpResponse(response.status, answered, received)

    async def close(self) -> None:
        """Give back the connections of this event loop."""
        for route in self._routes.pop(asyncio.get_running_loop(), {}).values():
            await route.pool.aclose()

    def _route(self, base: str) -> _Route:
        """The way to a host: the environment's proxies and certificates are read once."""
        routes = self._routes.setdefault(asyncio.get_running_loop(), {})
        if base not in routes:
            url = httpcore.URL(base)
            proxy = select_proxy(base, get_environ_proxies(base))
            pool = httpcore.AsyncConnectionPool(
                _certificates() if url.scheme == b"https" else None,
                httpcore.Proxy(proxy, auth=_credentials(proxy)) if proxy else None,
                max_connections=POOL_SIZE,
                max_keepalive_connections=POOL_SIZE,
                keepalive_expiry=IDLE,
                network_backend=_Backend(),
            )
            host = urlsplit(base).netloc.encode()
            routes[base] = _Route(pool, url, [(b"Host", host), (b"User-Agent", USER_AGENT.encode())])
        return routes[base]


def _certificates() -> ssl.SSLContext:
    import httpx  # noqa: PLC0415 - only where there is TLS

    return httpx.create_ssl_context()


def _credentials(proxy: str) -> tuple[str, str] | None:
    user, password = get_auth_from_url(proxy)
    return (user, password) if user else None


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    chunks = body.chunks()
    while (piece := await asyncio.to_thread(next, chunks, None)) is not None:
        yield piece


async def _received(response: httpcore.Response, headers: Mapping[str, str], sink: Sink | None) -> bytes:
    """The body of an answer; nothing where a sink has taken it."""
    if sink is None or not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's own numbers
        content = await response.aread()
        return zlib.decompress(content, _GZIP) if headers.get("content-encoding") == "gzip" else content
    async with _in_thread(sink.receive(announced(headers))) as write:
        async for piece in response.aiter_stream():
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


def _unreachable(request: HttpRequest, error: Exception) -> TransportError:
    never_sent = isinstance(error, _NEVER_SENT)
    if isinstance(error, httpcore.TimeoutException):
        what = "no connection in time" if never_sent else "no answer in time"
    elif never_sent:
        what = "no connection"
    else:
        what = "the connection or the answer broke off"
    parts = urlsplit(request.url)
    return TransportError(f"{what} ({request.method} {parts.path} at {parts.netloc})", sent=not never_sent)
