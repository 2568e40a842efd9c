"""The blocking transport: requests' adapters and pools, without the session's and the response's per-call machinery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from queue import LifoQueue
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

from dingtalk_models.core.errors import ConfigurationError, DingTalkError, TransportError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.forking import after_fork, check_fork
from dingtalk_models.transport.body import CHUNK, MAX_REPLY, Held, UnreadableBody, downloads, receiving
from dingtalk_models.transport.connection import GUARDED
from dingtalk_models.transport.masking import mask_logger
from dingtalk_models.transport.sending import POOL_SIZE, USER_AGENT, Sending, Timeout, check, failure, no_connection

T = TypeVar("T")

_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, ClosedPoolError, EmptyPoolError, requests.RequestException)

_FAILURES = (HTTPError, requests.RequestException, HTTPException, OSError, ValueError, OverflowError)
"""What the libraries raise; some of it, for answers that are not HTTP, is no error of theirs."""


class _Route(NamedTuple):
    """How requests reach one host."""

    pool: urllib3.HTTPConnectionPool
    headers: Mapping[str, str]
    whole_url: bool
    """A proxy for plain HTTP is told the whole address."""


class RequestsTransport:
    """Sends over pooled connections; safe to share between threads, and after a fork.

    Args:
        timeout: seconds to wait for a connection, and for the answer.
        session: whose proxies, certificates and adapters' pools to use; by default, those of the environment.
        max_reply: how many bytes an answer may have that is held in memory, once it is unpacked.
    """

    def __init__(
        self, timeout: Timeout, session: requests.Session | None = None, *, max_reply: int = MAX_REPLY
    ) -> None:
        connect, read = timeout
        self._timeout = urllib3.Timeout(connect=connect, read=read)
        self._session = session or _session()
        self._max_reply = max_reply
        self._routes: dict[str, _Route] = {}
        self._inherited: list[object] = []
        for name in ("urllib3.connectionpool", "urllib3.connection"):
            mask_logger(name)
        after_fork(self, RequestsTransport.forget_inherited)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back, or more than fits.
        """
        check_fork()
        base, target = check(request)
        content = request.content
        body = content if content is None or isinstance(content, bytes) else Sending(content)
        headers = dict(request.headers)
        if isinstance(body, Sending):
            headers["Content-Length"] = str(body.length)
        headers["Accept-Encoding"] = "identity" if request.download else "gzip"
        route = self._routes.get(base) or _attempt(request, partial(self._find_route, base))
        ask = partial(
            route.pool.urlopen,
            request.method,
            base + target if route.whole_url else target,
            body,
            {**route.headers, **headers},
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=self._timeout,
            preload_content=False,
        )
        response = _attempt(request, ask, body if isinstance(body, Sending) else None)
        try:
            answered = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(response.status, answered, self._receive(request, response, answered))
        finally:
            # only what was read to its end is back in the pool: what is left of it would be the next call's answer
            response.close()
            response.release_conn()

    def close(self) -> None:
        """Give back every connection."""
        self._routes.clear()
        self._session.close()

    def forget_inherited(self) -> None:
        """In a forked process: leave the pools to the parent, and begin with new ones."""
        for route in self._routes.values():
            if (queue := route.pool.pool) is not None:
                # its lock may be held by a thread that is no more, and the pool's finalizer would wait for it
                LifoQueue[Any].__init__(queue, queue.maxsize)
        self._routes = {}
        for adapter in self._session.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                self._inherited.append((adapter.poolmanager, adapter.proxy_manager))
                unpickled: Any = adapter  # which keeps its settings, and has pools of its own
                unpickled.__setstate__(unpickled.__getstate__())

    def _find_route(self, base: str) -> _Route:
        """The way to a host: the environment's proxies and certificates are read once."""
        session, request = self._session, requests.Request("POST", base).prepare()
        settings = session.merge_environment_settings(base, {}, None, None, None)
        proxies: dict[str, str] = dict(settings["proxies"])
        adapter = session.get_adapter(base)
        if not isinstance(adapter, HTTPAdapter):
            raise ConfigurationError(f"{type(adapter).__name__} has no connection pools: derive it from HTTPAdapter")
        pool: Any = adapter.get_connection_with_tls_context(request, settings["verify"], proxies, settings["cert"])
        pool.ConnectionCls = GUARDED.get(pool.ConnectionCls, pool.ConnectionCls)
        headers = {"User-Agent": USER_AGENT}
        whole_url = adapter.request_url(request, proxies) != request.path_url
        if whole_url and (proxy := select_proxy(base, proxies)):
            headers |= adapter.proxy_headers(proxy)
        route = self._routes[base] = _Route(pool, headers, whole_url)
        return route

    def _receive(self, request: HttpRequest, response: urllib3.BaseHTTPResponse, headers: Mapping[str, str]) -> bytes:
        """The body of an answer; nothing where it goes elsewhere."""
        download, pieces = downloads(request, response.status), response.stream(CHUNK, decode_content=False)
        read = partial(_attempt, request, partial(next, pieces, b""))
        try:
            if download is None:
                held = Held(headers, self._max_reply)
                while piece := read():
                    held.take(piece)
                return held.content
            with receiving(download, headers) as receiver:
                while piece := read():
                    receiver.take(piece)
        except UnreadableBody as error:
            raise failure(request, str(error), sent=True) from None
        return b""


def _attempt(request: HttpRequest, work: Callable[[], T], sending: Sending | None = None) -> T:
    """Do what may fail, and raise what the libraries raise as ours."""
    done: T | None = None
    try:
        done = work()
    except DingTalkError:
        raise
    except _FAILURES as error:
        problem: Exception | None = (sending and sending.error) or _failure(request, error)
    else:
        problem = sending.error if sending else None  # urllib3 forgives a pipe that broke, whoever it belonged to
    if problem is not None:
        # apart from theirs, whose text and chain quote the address, and so the token, and keep the connection
        raise problem
    return cast("T", done)


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=POOL_SIZE))
    return session


def _failure(request: HttpRequest, error: Exception) -> TransportError:
    reason = error.original_error if isinstance(error, ProxyError) else error
    never_sent = isinstance(reason, _NEVER_SENT)
    if isinstance(reason, ConnectTimeoutError) and not isinstance(reason, NewConnectionError):
        what = "no connection in time"
    elif isinstance(reason, ReadTimeoutError):
        what = "no answer in time"
    elif never_sent:
        what = no_connection(reason.__cause__)
    else:
        what = "the connection or the answer broke off"
    return failure(request, what, sent=not never_sent)
