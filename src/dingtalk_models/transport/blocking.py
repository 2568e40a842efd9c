"""The blocking transport: requests' adapters and pools, without the session's and the response's per-call machinery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
)

from dingtalk_models.core.body import CHUNK, Sink
from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.transport.masking import mask_logger

POOL_SIZE = 64
USER_AGENT = "dingtalk-models"

Timeout = tuple[float, float]
"""Seconds to wait for a connection, and for the answer."""


class _Connection(HTTPConnection):
    """Sends the head and the body of a request in one piece: one packet, and one record of TLS, instead of two."""

    _held: bytes | None = None

    def request(self, *args: Any, **options: Any) -> None:
        self._held = b""
        try:
            super().request(*args, **options)
            super().send(self._held)
        finally:
            self._held = None

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        elif len(self._held) + len(data) <= CHUNK:
            self._held += data
        else:
            super().send(self._held)
            self._held = b""
            super().send(data)


class _TlsConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


_IN_ONE_PIECE: dict[type, type] = {HTTPConnection: _Connection, HTTPSConnection: _TlsConnection}


class _Route(NamedTuple):
    """How requests reach one host."""

    pool: urllib3.HTTPConnectionPool
    headers: Mapping[str, str]
    whole_url: bool
    """A proxy for plain HTTP is told the whole address."""


class RequestsTransport:
    """Sends over pooled connections; safe to share between threads.

    Args:
        timeout: seconds to wait for a connection, and for the answer.
        session: whose proxies, certificates and adapters' pools to use; by default, those of the environment.
    """

    def __init__(self, timeout: Timeout, session: requests.Session | None = None) -> None:
        connect, read = timeout
        self._timeout = urllib3.Timeout(connect=connect, read=read)
        self._session = session or _session()
        self._routes: dict[str, _Route] = {}
        mask_logger("urllib3.connectionpool")

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back.
        """
        body: Any = request.content
        if body is None or isinstance(body, bytes):
            content, length = body, len(body or b"")
        else:
            content, length = body.chunks(), body.length
        slash = request.url.index("/", request.url.index("://") + 3)
        try:
            route = self._routes.get(request.url[:slash]) or self._find_route(request.url[:slash])
            response = route.pool.urlopen(
                request.method,
                request.url if route.whole_url else request.url[slash:],
                content,
                {**route.headers, "Content-Length": str(length), **request.headers},
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=self._timeout,
                preload_content=request.sink is None,
            )
            received = _received(response, request.sink)
        except (HTTPError, requests.RequestException) as error:
            # the library's own text and chain quote the address, and so the token
            raise _unreachable(request, error) from None
        return HttpResponse(
            response.status, {name.lower(): value for name, value in response.headers.items()}, received
        )

    def close(self) -> None:
        """Give back every connection."""
        self._routes.clear()
        self._session.close()

    def _find_route(self, base: str) -> _Route:
        """The way to a host: the environment's proxies and certificates are read once."""
        session, request = self._session, requests.Request("POST", base).prepare()
        settings = session.merge_environment_settings(base, {}, None, None, None)
        proxies: dict[str, str] = dict(settings["proxies"])
        adapter = session.get_adapter(base)
        if not isinstance(adapter, HTTPAdapter):
            raise ConfigurationError(f"{type(adapter).__name__} has no connection pools: derive it from HTTPAdapter")
        pool: Any = adapter.get_connection_with_tls_context(request, settings["verify"], proxies, settings["cert"])
        pool.ConnectionCls = _IN_ONE_PIECE.get(pool.ConnectionCls, pool.ConnectionCls)
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": str(session.headers["Accept-Encoding"])}
        whole_url = adapter.request_url(request, proxies) != request.path_url
        if whole_url and (proxy := select_proxy(base, proxies)):
            headers |= adapter.proxy_headers(proxy)
        route = self._routes[base] = _Route(pool, headers, whole_url)
        return route


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=POOL_SIZE))
    return session


def _received(response: urllib3.BaseHTTPResponse, sink: Sink | None) -> bytes:
    """The body of an answer; nothing where a sink has taken it."""
    if sink is None:
        return response.data
    try:
        if not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's own numbers
            return response.read()
        with sink.receive(announced(response.headers)) as write:
            for piece in response.stream(CHUNK):
                write(piece)
        return b""
    finally:
        response.release_conn()


def announced(headers: Mapping[str, str]) -> int:
    """How many bytes a body will have; 0 where that is not told, or is told of its compressed form."""
    return 0 if "content-encoding" in headers else int(headers.get("content-length", 0))


def _unreachable(request: HttpRequest, error: HTTPError | requests.RequestException) -> TransportError:
    reason = error.original_error if isinstance(error, ProxyError) else error
    never_sent = isinstance(reason, NewConnectionError | ConnectTimeoutError | requests.RequestException)
    if isinstance(reason, ConnectTimeoutError) and not isinstance(reason, NewConnectionError):
        what = "no connection in time"
    elif isinstance(reason, ReadTimeoutError):
        what = "no answer in time"
    elif isinstance(reason, NewConnectionError):
        what = "no connection"
    elif isinstance(reason, ProtocolError):
        what = "the connection or the answer broke off"
    else:
        what = type(reason).__name__
    parts = urlsplit(request.url)
    return TransportError(f"{what} ({request.method} {parts.path} at {parts.netloc})", sent=not never_sent)
