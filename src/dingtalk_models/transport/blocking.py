"""The blocking transport: requests, with its connection pool, but without the session's per-call machinery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import NewConnectionError

from dingtalk_models.core.body import CHUNK, Sink
from dingtalk_models.core.call import HttpRequest, HttpResponse
from dingtalk_models.core.errors import TransportError
from dingtalk_models.transport.masking import mask_logger

POOL_SIZE = 64

Timeout = tuple[float, float]
"""Seconds to wait for a connection, and for the answer."""


class RequestsTransport:
    """Sends over pooled connections; safe to share between threads.

    Args:
        timeout: seconds to wait for a connection, and for the answer.
        session: where proxies, certificates and adapters come from; by default, from the environment.
    """

    def __init__(self, timeout: Timeout, session: requests.Session | None = None) -> None:
        self.timeout = timeout
        self._session = session or _session()
        self._settings: dict[str, tuple[BaseAdapter, dict[str, Any]]] = {}
        mask_logger("urllib3.connectionpool")

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request and return what came back, whatever its status.

        Raises:
            TransportError: nothing, or only a part, came back.
        """
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = request.method, request.url
        prepared.headers = CaseInsensitiveDict(request.headers)
        body: Any = request.content  # PreparedRequest is not typed for bodies in pieces, which it sends
        if body is None or isinstance(body, bytes):
            prepared.headers["Content-Length"] = str(len(body or b""))
            prepared.body = body
        else:
            prepared.headers["Content-Length"] = str(body.length)
            prepared.body = body.chunks()
        try:
            adapter, settings = self._for(request.url)
            response = adapter.send(prepared, timeout=self.timeout, **settings)
            content = _received(response, request.sink)
        except requests.RequestException as error:
            # the library's own text and chain quote the address, and so the token
            raise _unreachable(request, error) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status_code, headers, content)

    def close(self) -> None:
        """Give back every connection."""
        self._session.close()

    def _for(self, url: str) -> tuple[BaseAdapter, dict[str, Any]]:
        """The adapter and settings for a host: the environment's proxies and certificates are read once."""
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        if base not in self._settings:
            settings = self._session.merge_environment_settings(base, {}, False, None, None)
            self._settings[base] = (self._session.get_adapter(base), dict(settings))
        return self._settings[base]


def _received(response: requests.Response, sink: Sink | None) -> bytes:
    """The body of an answer; nothing where a sink has taken it."""
    if sink is None or not 200 <= response.status_code < 300:  # noqa: PLR2004 - HTTP's own numbers
        return response.content
    with sink.receive(announced(response.headers)) as write:
        for piece in response.iter_content(CHUNK):
            write(piece)
    return b""


def announced(headers: Mapping[str, str]) -> int:
    """How many bytes a body will have; 0 where that is not told, or is told of its compressed form."""
    return 0 if "content-encoding" in headers else int(headers.get("content-length", 0))


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=POOL_SIZE))
    return session


def _unreachable(request: HttpRequest, error: requests.RequestException) -> TransportError:
    host = urlsplit(request.url).netloc
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never_sent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    if isinstance(error, requests.Timeout):
        what = "no connection in time" if never_sent else "no answer in time"
    elif never_sent:
        what = "no connection"
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        what = "the answer broke off"
    else:
        what = "the connection broke" if isinstance(error, requests.ConnectionError) else type(error).__name__
    return TransportError(f"{what} ({request.method} {urlsplit(request.url).path} at {host})", sent=not never_sent)
