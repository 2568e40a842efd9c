"""The blocking transport.

It uses the adapters and connection pools of requests. It does not use its `Session.request` and `Response`, which take
most of the time of a call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.client import HTTPException
from typing import Any, NamedTuple, TypeVar, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from dingtalk_models.call.transport.connection import GuardedConnection, outgoing
from dingtalk_models.call.transport.idle import guard
from dingtalk_models.call.transport.received import CHUNK, MAX_REPLY, UnreadableBody, decompressed, file_writer
from dingtalk_models.call.transport.sending import (
    POOL_SIZE,
    USER_AGENT,
    Patience,
    Sending,
    Timeout,
    failure,
    no_connection,
    outgoing_of,
)
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import ConfigurationError, DingTalkError, TransportError
from dingtalk_models.core.http import SUCCESSFUL, HttpRequest, HttpResponse
from dingtalk_models.core.secret import forget_locals
from dingtalk_models.process.forking import after_fork, check_fork

T = TypeVar("T")

_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, ClosedPoolError, EmptyPoolError, requests.RequestException)

_FAILURES = (HTTPError, requests.RequestException, HTTPException, OSError, ValueError, OverflowError)
"""The errors that the libraries raise. For responses that are not HTTP, they raise builtin errors too."""


class _Route(NamedTuple):
    """How requests reach one host."""

    pool: urllib3.HTTPConnectionPool
    headers: Mapping[str, str]
    whole_url: bool
    """Whether the request line has the whole URL, which a proxy for plain HTTP needs."""
    guarded: bool
    """Whether its connections put back what the URLs leave out: see `Outgoing`."""


class RequestsTransport:
    """Sends over pooled connections. Threads can share it, and it can be used after a fork.

    Args:
        timeout: the seconds for a connection, and for the response, to its last byte.
        session: its proxies, certificates and adapters are used; by default those of the environment.
        max_reply: the largest response, in decompressed bytes. Downloads have no limit.
    """

    def __init__(
        self, timeout: Timeout, session: requests.Session | None = None, *, max_reply: int = MAX_REPLY
    ) -> None:
        self._timeout = timeout
        self._session = session or _session()
        self._max_reply = max_reply
        self._routes: dict[str, _Route] = {}
        self._inherited: list[object] = []
        self._pid = os.getpid()
        for manager in _managers(self._session):
            guard(manager)
            manager.clear()  # pools that the session has made so far lack our connections
        after_fork(self, RequestsTransport.forget_inherited)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return the response, whatever its status.

        Raises:
            TransportError: there is no complete response, or it is too large.
        """
        if os.getpid() != self._pid:
            check_fork()
        try:
            return self._send(request)
        except BaseException as error:
            forget_locals(error)  # they have the token
            raise

    def _send(self, request: HttpRequest) -> HttpResponse:
        sent = outgoing_of(request, self._timeout)
        patience = sent.patience
        content = request.content
        body = content if content is None or isinstance(content, bytes) else Sending(content)
        headers = dict(request.headers)
        if isinstance(body, Sending):
            headers["Content-Length"] = str(body.length)
        headers["Accept-Encoding"] = "identity" if request.download else "gzip"
        route = self._routes.get(sent.base) or _attempt(request, partial(self._find_route, sent.base))
        if route.whole_url:
            sent.to_proxy()
        if route.guarded and isinstance(body, bytes):
            headers["Content-Length"] = str(len(body))
            sent.body, body = body, None
        seconds = patience.ends - monotonic()
        ask = partial(
            route.pool.urlopen,
            request.method,
            sent.masked if route.guarded else sent.target,
            body,
            {**route.headers, **headers},
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=seconds, read=self._timeout[1]),
            pool_timeout=cast("int", seconds),  # the seconds may have fractions, whatever the type says
            preload_content=False,
        )
        before = outgoing.get()
        try:
            # inside of the block: an interrupt may come as soon as it is set, and a request that stayed set would be
            # sent in the place of the application's own
            outgoing.set(sent)
            response = _attempt(request, ask, body if isinstance(body, Sending) else None, patience)
        finally:
            outgoing.set(before)
        try:
            answered = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(response.status, answered, self._receive(request, response, answered, patience))
        finally:
            # if the response was not read to its end, this closes the connection: the next call would read the rest
            response.close()
            response.release_conn()

    def close(self) -> None:
        """Close the connections. The next request opens new ones."""
        routes, self._routes = self._routes, {}
        self._session.close()
        for route in routes.values():
            route.pool.close()  # otherwise its connections stay open until they are garbage collected

    def forget_inherited(self) -> None:
        """In a forked process: leave the connections to the parent, and start without any."""
        self._routes, self._pid = {}, os.getpid()
        for adapter in self._session.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                self._inherited.append((adapter.poolmanager, adapter.proxy_manager))
                unpickled: Any = adapter  # unpickling keeps the settings and makes new pools
                unpickled.__setstate__(unpickled.__getstate__())

    def _find_route(self, base: str) -> _Route:
        """Find proxy and certificates for a host. The environment is read once."""
        utils: Any = requests.utils  # not all of them have types
        session, request = self._session, requests.Request("POST", base).prepare()
        settings = session.merge_environment_settings(base, {}, None, None, None)
        proxies: dict[str, str] = dict(settings["proxies"])
        adapter = session.get_adapter(base)
        if not isinstance(adapter, HTTPAdapter):
            raise ConfigurationError(
                f"{type(adapter).__name__} has no connection pools: derive it from HTTPAdapter / "
                "没有连接池，请继承 HTTPAdapter"
            )
        if proxy := select_proxy(base, proxies):
            guard(adapter.proxy_manager_for(utils.prepend_scheme_if_needed(proxy, "http")))
        else:
            guard(adapter.poolmanager)
        pool = _pool_of(adapter, request, proxies, verify=settings["verify"], cert=settings["cert"])
        is_guarded = issubclass(pool.ConnectionCls, GuardedConnection)
        if not is_guarded:
            from dingtalk_models.call.transport.masking import mask_logger  # noqa: PLC0415 - only for foreign connections

            for name in ("urllib3.connectionpool", "urllib3.connection"):
                mask_logger(name)
        headers = {"User-Agent": USER_AGENT}
        whole_url = adapter.request_url(request, proxies) != request.path_url
        if whole_url and proxy:
            headers |= adapter.proxy_headers(proxy)
        route = self._routes[base] = _Route(pool, headers, whole_url, is_guarded)
        return route

    def _receive(
        self,
        request: HttpRequest,
        response: urllib3.BaseHTTPResponse,
        headers: Mapping[str, str],
        patience: Patience,
    ) -> bytes:
        """The body of a response; empty if it is a download."""
        work = partial(next, response.stream(CHUNK, decode_content=False), b"")
        read = partial(_attempt, request, work, None, patience)
        try:
            if request.download and response.status in SUCCESSFUL:
                with file_writer(request.download, headers) as writer:
                    while chunk := read():
                        writer.write(chunk)
                        patience.moved(len(chunk))
                return b""
            content = bytearray()
            while len(content) <= self._max_reply and (chunk := read()):
                content += chunk
            if len(content) <= self._max_reply and "content-encoding" not in headers:
                return bytes(content)
            return decompressed(headers, content, self._max_reply)
        except UnreadableBody as error:
            raise failure(request, str(error), sent=True) from None


def _attempt(
    request: HttpRequest, work: Callable[[], T], sending: Sending | None = None, patience: Patience | None = None
) -> T:
    """Do some work, and convert the libraries' errors to ours."""
    done: T | None = None
    try:
        done = work()
    except DingTalkError:
        raise
    except _FAILURES as error:
        problem: Exception | None = (sending and sending.error) or _failure(request, error, patience)
    else:
        problem = sending.error if sending else None  # urllib3 ignores a broken pipe, even one of the file that is read
    if problem is not None:
        # outside the `except` block, so that their error is not its context: that quotes the URL with the token, and
        # keeps the connection alive
        raise problem
    return cast("T", done)


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=POOL_SIZE))
    return session


def _pool_of(
    adapter: Any, request: requests.PreparedRequest, proxies: Mapping[str, str], *, verify: object, cert: object
) -> Any:
    if hasattr(adapter, "get_connection_with_tls_context"):
        return adapter.get_connection_with_tls_context(request, verify, proxies, cert)
    pool = adapter.get_connection(request.url, proxies)  # before requests 2.32, in two steps
    adapter.cert_verify(pool, request.url, verify, cert)
    return pool


def _managers(session: requests.Session) -> Iterator[urllib3.PoolManager]:
    for adapter in session.adapters.values():
        if isinstance(adapter, HTTPAdapter):
            yield adapter.poolmanager
            yield from adapter.proxy_manager.values()


def _failure(request: HttpRequest, error: Exception, patience: Patience | None) -> TransportError:
    reason = error.original_error if isinstance(error, ProxyError) else error
    never_sent = isinstance(reason, _NEVER_SENT)
    if isinstance(reason, ConnectTimeoutError) and not isinstance(reason, NewConnectionError):
        what = "no connection in time"
    elif never_sent:
        what = no_connection(reason.__cause__)
    elif isinstance(reason, ReadTimeoutError) or (patience and patience.ends <= monotonic()):
        what = "no response in time"
    else:
        what = "the connection or the response broke off"
    return failure(request, what, sent=not never_sent)
