"""The transport of the event loop: aiohttp, with a session for each loop."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import copy_context
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

from dingtalk_models.core.errors import ConfigurationError, DingTalkError, TransportError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.forking import after_fork, check_fork
from dingtalk_models.transport.body import CHUNK, MAX_REPLY, Held, UnreadableBody, downloads, receiving
from dingtalk_models.transport.sending import POOL_SIZE, USER_AGENT, Sending, Timeout, check, failure

try:
    import aiohttp
    from yarl import URL
except ImportError as error:
    raise ConfigurationError("awaiting needs aiohttp: pip install 'dingtalk-models[async]'") from error

from dingtalk_models.transport.connector import Connector, NotConnected, send_once, told_of_its_loss

T = TypeVar("T")

SMALL = 32 * 1024
"""How many bytes of a body are sent at once: the event loop takes them, however slowly the other side reads."""

_FAILURES = (aiohttp.ClientError, OSError, ValueError, RuntimeError)
"""What aiohttp raises; some of it, for answers that are not HTTP, is no error of its own."""


class _Host(NamedTuple):
    """How requests reach one host."""

    slots: asyncio.Semaphore
    """Held by each call: waiting for a connection is not waiting to be connected, and has no limit of its own."""
    proxy: URL | None
    tls: ssl.SSLContext | bool


class _Pool:
    """The connections of one event loop."""

    def __init__(self, timeout: Timeout) -> None:
        connect, read = timeout
        self.connector = Connector()
        self.session = aiohttp.ClientSession(
            connector=self.connector,
            headers={"User-Agent": USER_AGENT},
            skip_auto_headers=["Accept", "Content-Type"],  # signed addresses are signed without them
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read),
            auto_decompress=False,
            middlewares=[send_once],
        )
        self.hosts: dict[str, _Host] = {}
        self.life = _life(self.session)


async def _life(session: aiohttp.ClientSession) -> AsyncGenerator[None]:
    """Closes a session: when asked to, or when its event loop ends, which closes what generators it has begun."""
    try:
        yield
    finally:
        await session.close()


class AiohttpTransport:
    """Sends over pooled connections; each event loop has its own, since a connection belongs to its loop.

    Args:
        timeout: seconds to wait for a connection, and for the answer.
        max_reply: how many bytes an answer may have that is held in memory, once it is unpacked.
    """

    def __init__(self, timeout: Timeout, *, max_reply: int = MAX_REPLY) -> None:
        self._timeout = timeout
        self._max_reply = max_reply
        self._pools: dict[asyncio.AbstractEventLoop, _Pool] = {}
        self._inherited: dict[asyncio.AbstractEventLoop, _Pool] = {}
        after_fork(self, AiohttpTransport.forget_inherited)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back, or more than fits.
        """
        check_fork()
        base, target = check(request)
        pool = self._pools.get(asyncio.get_running_loop()) or await self._open()
        host = pool.hosts.get(base) or _find_host(pool, base)
        content, sending = request.content, None
        headers = {**request.headers, "Accept-Encoding": "identity" if request.download else "gzip"}
        if content is not None and not (isinstance(content, bytes) and len(content) <= SMALL):
            sending = Sending(_Pieces(content) if isinstance(content, bytes) else content)
            headers["Content-Length"] = str(sending.length)
        async with host.slots:
            # aiohttp stops counting at the first informational reply
            patience = asyncio.timeout(sum(self._timeout))
            try:
                async with patience:
                    ask = pool.session.request(
                        request.method,
                        URL(base + target, encoded=True),
                        data=_stream(sending, patience, self._timeout[1]) if sending else content,
                        headers=headers,
                        ssl=host.tls,
                        proxy=host.proxy,
                        allow_redirects=False,
                    )
                    response = await _attempt(request, ask, sending)
                    patience.reschedule(None)
                    return await self._answer(request, response)
            except TimeoutError:
                if not patience.expired():
                    raise
                raise failure(request, "no answer in time", sent=True) from None

    async def close(self) -> None:
        """Give back the connections of this event loop."""
        if pool := self._pools.pop(asyncio.get_running_loop(), None):
            await pool.life.aclose()

    def forget_inherited(self) -> None:
        """In a forked process: leave the connections to the parent, and begin with new ones."""
        for pool in self._pools.values():
            pool.connector.leave_to_parent()
        self._inherited |= self._pools  # never closed: aiohttp would tell the parent's event loop of it
        self._pools = {}

    async def _open(self) -> _Pool:
        """The connections of an event loop that has none yet."""
        loop = asyncio.get_running_loop()
        if loop in self._inherited:
            raise ConfigurationError("this event loop belongs to the process that forked this one: run another")
        for ended in [each for each in tuple(self._pools) if each.is_closed()]:
            if pool := self._pools.pop(ended, None):
                await pool.session.close()
        pool = self._pools[loop] = _Pool(self._timeout)
        await anext(pool.life)
        return pool

    async def _answer(self, request: HttpRequest, response: aiohttp.ClientResponse) -> HttpResponse:
        headers = {name.lower(): value for name, value in response.headers.items()}
        try:
            with told_of_its_loss(response):
                return HttpResponse(response.status, headers, await self._receive(request, response, headers))
        except UnreadableBody as error:
            raise failure(request, str(error), sent=True) from None
        finally:
            response.close()

    async def _receive(self, request: HttpRequest, response: aiohttp.ClientResponse, headers: dict[str, str]) -> bytes:
        """The body of an answer; nothing where it goes elsewhere."""
        if response.status == HTTPStatus.SWITCHING_PROTOCOLS:
            raise UnreadableBody("a switch of protocols that was not asked for")
        if download := downloads(request, response.status):
            async with _entered_in_thread(receiving(download, headers)) as receiver:
                while piece := await _attempt(request, response.content.readany()):
                    await _in_thread(partial(receiver.take, piece))
            return b""
        held = Held(headers, self._max_reply)
        while piece := await _attempt(request, response.content.readany()):
            held.take(piece)
        return held.content


async def _attempt(request: HttpRequest, work: Awaitable[T], sending: Sending | None = None) -> T:
    """Await what may fail, and raise what aiohttp raises as ours."""
    try:
        return await work
    except DingTalkError:
        raise
    except _FAILURES as error:
        problem = (sending and sending.error) or _failure(request, error)
    # apart from theirs, whose text and chain quote the address, and so the token, and keep the connection
    raise problem


def _failure(request: HttpRequest, error: Exception) -> TransportError:
    if isinstance(error, NotConnected):
        return failure(request, str(error), sent=False)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return failure(request, "no connection in time", sent=False)
    what = "no answer in time" if isinstance(error, TimeoutError) else "the connection or the answer broke off"
    return failure(request, what, sent=True)


def _find_host(pool: _Pool, base: str) -> _Host:
    """The way to a host: the environment's proxies and certificates are read once."""
    proxy = select_proxy(base, get_environ_proxies(base))
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    if proxy and urlsplit(proxy).scheme not in {"http", "https"}:
        raise ConfigurationError("awaited calls know proxies of http and https only")
    tls = _trusted() if base.startswith("https:") else True
    host = pool.hosts[base] = _Host(asyncio.Semaphore(POOL_SIZE), URL(proxy) if proxy else None, tls)
    return host


def _trusted() -> ssl.SSLContext:
    """The authorities that are trusted: those that requests trusts."""
    named = map(os.environ.get, ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"))
    path = next(filter(None, named), DEFAULT_CA_BUNDLE_PATH)
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ConfigurationError(f"no certificates of authorities in {path}") from error


class _Pieces:
    """Bytes that are sent a piece at a time."""

    def __init__(self, content: bytes) -> None:
        self.length = len(content)
        self._content = content

    def chunks(self) -> Generator[bytes]:
        for start in range(0, self.length, CHUNK):
            yield self._content[start : start + CHUNK]


async def _stream(sending: Sending, patience: asyncio.Timeout, seconds: float) -> AsyncIterator[bytes]:
    """The chunks of a body, read in threads. A server that does not take one in time is given up."""
    loop, chunks = asyncio.get_running_loop(), iter(sending)

    def read() -> bytes | None:
        chunk = next(chunks, None)
        if not sending.left:
            chunks.close()  # here, and not in another thread: the response may come at once
        return chunk

    try:
        patience.reschedule(None)
        while sending.left and (chunk := await _in_thread(read)) is not None:
            patience.reschedule(loop.time() + seconds)
            yield chunk
            patience.reschedule(None)
        patience.reschedule(loop.time() + seconds)
    finally:
        if sending.left:
            await _in_thread(chunks.close)


async def _in_thread(work: Callable[[], T]) -> T:
    """Do what may block. A thread cannot be stopped: whoever is cancelled goes on when it has ended."""
    working = asyncio.get_running_loop().run_in_executor(None, copy_context().run, work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


@asynccontextmanager
async def _entered_in_thread(manager: AbstractContextManager[T]) -> AsyncGenerator[T]:
    value = await _in_thread(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        await _in_thread(partial(manager.__exit__, type(error), error, error.__traceback__))
        raise
    await _in_thread(partial(manager.__exit__, None, None, None))
