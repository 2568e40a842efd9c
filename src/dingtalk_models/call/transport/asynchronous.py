"""The transport for `await`. It uses aiohttp, with one session for each event loop."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from dingtalk_models.call.transport.received import CHUNK, MAX_REPLY, UnreadableBody, decompressed, file_writer
from dingtalk_models.call.transport.sending import (
    POOL_SIZE,
    USER_AGENT,
    Outgoing,
    Patience,
    Sending,
    Timeout,
    failure,
)
from dingtalk_models.call.transport.trust import trusted
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import ConfigurationError, DingTalkError, TransportError
from dingtalk_models.core.http import SUCCESSFUL, HttpRequest, HttpResponse
from dingtalk_models.core.secret import forget_locals
from dingtalk_models.process.forking import after_fork, check_fork
from dingtalk_models.process.in_thread import in_thread

try:
    import aiohttp
    from yarl import URL
except ImportError as error:
    raise ConfigurationError(
        "awaiting needs aiohttp: pip install 'dingtalk-models[async]' / 异步调用需要先安装 aiohttp"
    ) from error

from dingtalk_models.call.transport.connector import Connector, Expected, NotConnected

T = TypeVar("T")

SMALL = 32 * 1024
"""The largest body, in bytes, that is sent in one piece. The event loop buffers that much for a slow server."""

_FAILURES = (aiohttp.ClientError, OSError, ValueError, RuntimeError)
"""The errors that aiohttp raises. For responses that are not HTTP, it raises builtin errors too."""


class _Host(NamedTuple):
    """How requests reach one host."""

    slots: asyncio.Semaphore
    """One slot for each connection. The timeout for connecting starts with the slot, the deadline before it."""
    proxy: URL | None
    whole_url: bool
    """Whether the request line has the whole URL, which a proxy for plain HTTP needs."""
    tls: ssl.SSLContext | bool


class _Pool:
    """The connections of one event loop."""

    def __init__(self) -> None:
        self.connector = Connector()
        self.session = aiohttp.ClientSession(
            connector=self.connector,
            headers={"User-Agent": USER_AGENT},
            skip_auto_headers=["Accept", "Content-Type"],  # signed URLs are signed without them
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # see `RequestTimer`
            auto_decompress=False,
        )
        self.hosts: dict[str, _Host] = {}
        self.closing = _closing(self.session)


async def _closing(session: aiohttp.ClientSession) -> AsyncGenerator[None]:
    """Close a session when this generator is closed, by the transport or at the end of the event loop."""
    try:
        yield
    finally:
        await session.close()


class AiohttpTransport:
    """Sends over pooled connections. Each event loop has its own. It can be used after a fork, on a new event loop.

    Args:
        timeout: the seconds for a connection, and for the response, to its last byte.
        max_reply: the largest response, in decompressed bytes. Downloads have no limit.
    """

    def __init__(self, timeout: Timeout, *, max_reply: int = MAX_REPLY) -> None:
        self._timeout = timeout
        self._max_reply = max_reply
        self._pools: dict[asyncio.AbstractEventLoop, _Pool] = {}
        self._inherited: dict[asyncio.AbstractEventLoop, _Pool] = {}
        after_fork(self, AiohttpTransport.forget_inherited)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return the response, whatever its status.

        Raises:
            TransportError: there is no complete response, or it is too large.
        """
        check_fork()
        try:
            return await self._send(request)
        except BaseException as error:
            forget_locals(error)  # they have the token
            raise

    async def _send(self, request: HttpRequest) -> HttpResponse:
        clock = RequestTimer(request, self._timeout)
        sent = Outgoing(request, clock)
        pool = self._pools.get(asyncio.get_running_loop()) or await self._open()
        host = pool.hosts.get(sent.base) or _find_host(pool, sent.base)
        url = URL(sent.base + sent.masked, encoded=True)
        if host.whole_url:
            sent.to_proxy()
        content, sending = request.content, None
        headers = {**request.headers, "Accept-Encoding": "identity" if request.download else "gzip"}
        if content is not None and not (isinstance(content, bytes) and len(content) <= SMALL):
            sending = Sending(_Chunks(content) if isinstance(content, bytes) else content)
            headers["Content-Length"] = str(sending.length)
        try:
            async with clock.timeout, host.slots:
                if pool.session.closed:
                    raise failure(request, "the transport was closed before it was sent", sent=False)
                clock.start()
                ask = pool.session.request(
                    request.method,
                    url,
                    data=_stream(sending, clock) if sending else content,
                    headers=headers,
                    ssl=host.tls,
                    proxy=host.proxy,
                    allow_redirects=False,
                )
                with pool.connector.expecting(sent) as expected:
                    response = await _attempt(request, ask, sending)
                return await self._answer(request, response, clock, expected)
        except TimeoutError:
            if not clock.timeout.expired():
                raise
            what = "no response in time" if clock.connected else "no connection in time"
            raise failure(request, what, sent=clock.connected) from None

    async def close(self) -> None:
        """Close the connections of this event loop. The next request opens new ones."""
        if pool := self._pools.pop(asyncio.get_running_loop(), None):
            await pool.closing.aclose()

    def close_paused(self) -> None:
        """Close the connections of stopped event loops. No loop may run in this thread."""
        for loop in tuple(self._pools):
            if not (loop.is_running() or loop.is_closed()):
                loop.run_until_complete(self.close())

    def forget_inherited(self) -> None:
        """In a forked process: leave the connections to the parent, and start without any."""
        for pool in self._pools.values():
            pool.connector.leave_to_parent()
        self._inherited |= self._pools  # never closed: that would unregister sockets from the parent's event loop
        self._pools = {}

    async def _open(self) -> _Pool:
        """Open the session of this event loop."""
        loop = asyncio.get_running_loop()
        if loop in self._inherited:
            raise ConfigurationError(
                "this event loop belongs to the parent process: run a new one / 该事件循环属于父进程，请在子进程中新建"
            )
        for ended in [each for each in tuple(self._pools) if each.is_closed()]:
            if pool := self._pools.pop(ended, None):
                await pool.session.close()
        pool = self._pools[loop] = _Pool()
        await anext(pool.closing)
        return pool

    async def _answer(
        self, request: HttpRequest, response: aiohttp.ClientResponse, clock: RequestTimer, expected: Expected
    ) -> HttpResponse:
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            with expected.told_of_loss(response):
                return HttpResponse(response.status, headers, await self._receive(request, response, headers, clock))
        except UnreadableBody as error:
            raise failure(request, str(error), sent=True) from None
        finally:
            response.close()

    async def _receive(
        self, request: HttpRequest, response: aiohttp.ClientResponse, headers: dict[str, str], clock: RequestTimer
    ) -> bytes:
        """The body of a response; empty if it is a download."""
        if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
            raise UnreadableBody("a switch of protocols, which was not asked for")
        if request.download and response.status in SUCCESSFUL:
            async with _entered_in_thread(file_writer(request.download, headers)) as writer:
                while chunk := await _attempt(request, response.content.readany()):
                    await in_thread(partial(writer.write, chunk))
                    clock.moved(len(chunk))
            return b""
        content = bytearray()
        while len(content) <= self._max_reply and (chunk := await _attempt(request, response.content.readany())):
            content += chunk
        if len(content) <= self._max_reply and "content-encoding" not in headers:
            return bytes(content)
        return decompressed(headers, content, self._max_reply)


class RequestTimer(Patience):
    """Cancels a request when its time is over. aiohttp's own timers restart with each byte, or end too early.

    Attributes:
        timeout: the context in which the request is made.
    """

    def __init__(self, request: HttpRequest, timeout: Timeout) -> None:
        super().__init__(request, timeout)
        self._connect = timeout[0]
        self._loop = asyncio.get_running_loop()
        self.timeout = asyncio.timeout(None if request.until is None else request.until - monotonic())

    def start(self) -> None:
        """Start the time limit of connecting, once there is a free slot."""
        self.begin(self._connect)

    def begin(self, seconds: float) -> None:
        """Start a time limit of some seconds, cut short by the request's deadline."""
        super().begin(seconds)
        self.timeout.reschedule(self._loop.time() + self.ends - monotonic())

    def pause(self) -> None:
        """Stop the time limit while a file is read."""
        if self.is_file:
            self.timeout.reschedule(None)


async def _attempt(request: HttpRequest, work: Awaitable[T], sending: Sending | None = None) -> T:
    """Await some work, and convert aiohttp's errors to ours."""
    try:
        return await work
    except DingTalkError:
        raise
    except _FAILURES as error:
        problem = (sending and sending.error) or _failure(request, error)
    # outside the `except` block, so that aiohttp's error is not its context: that quotes the URL with the token, and
    # keeps the connection alive
    raise problem


def _failure(request: HttpRequest, error: Exception) -> TransportError:
    if isinstance(error, NotConnected):
        return failure(request, str(error), sent=False)
    return failure(request, "the connection or the response broke off", sent=True)


def _find_host(pool: _Pool, base: str) -> _Host:
    """Find proxy and certificates for a host. The environment is read once."""
    proxy = select_proxy(base, get_environ_proxies(base))
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    if proxy and urlsplit(proxy).scheme not in {"http", "https"}:
        raise ConfigurationError("awaited calls can use http and https proxies only / 异步调用只支持 http、https 代理")
    tls = trusted() if base.startswith("https:") else True
    whole_url = proxy is not None and base.startswith("http:")
    host = pool.hosts[base] = _Host(asyncio.Semaphore(POOL_SIZE), URL(proxy) if proxy else None, whole_url, tls)
    return host


class _Chunks:
    """Bytes that are sent in chunks."""

    def __init__(self, content: bytes) -> None:
        self.length = len(content)
        self._content = content

    def chunks(self) -> Generator[bytes]:
        for start in range(0, self.length, CHUNK):
            yield self._content[start : start + CHUNK]


async def _stream(sending: Sending, clock: RequestTimer) -> AsyncIterator[bytes]:
    """The chunks of a body, read in threads. The call fails if the server does not accept a chunk in time."""
    chunks = iter(sending)

    def read() -> bytes | None:
        chunk = next(chunks, None)
        if not sending.left:
            chunks.close()  # now, in this thread: the response may come before another thread could do it
        return chunk

    try:
        clock.pause()
        while sending.left and (chunk := await in_thread(read)) is not None:
            clock.renew()
            yield chunk
            clock.pause()
        clock.renew()
    finally:
        if sending.left:
            await in_thread(chunks.close)


@asynccontextmanager
async def _entered_in_thread(manager: AbstractContextManager[T]) -> AsyncGenerator[T]:
    value = await in_thread(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        await in_thread(partial(manager.__exit__, type(error), error, error.__traceback__))
        raise
    await in_thread(partial(manager.__exit__, None, None, None))
