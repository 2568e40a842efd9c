"""Sends one request over its own connection, so that an app that only listens loads no connection pool."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout, make_headers, parse_url

from dingtalk_models.call.transport.connection import outgoing
from dingtalk_models.call.transport.idle import guard
from dingtalk_models.call.transport.received import CHUNK, UnreadableBody, decompressed
from dingtalk_models.call.transport.sending import USER_AGENT, Patience, failure, no_connection, outgoing_of
from dingtalk_models.call.transport.trust import trusted
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import TransportError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.core.secret import forget_locals

MOST = 1024 * 1024
"""The largest response, in bytes."""


def send_once(request: HttpRequest, seconds: float) -> HttpResponse:
    """Send a request on this thread, and return the response, whatever its status.

    Args:
        request: the request; its body is in memory.
        seconds: how long a connection may take, and how long the response.

    Raises:
        TransportError: there is no complete response.
    """
    try:
        return _send(request, seconds)
    except BaseException as error:
        forget_locals(error)  # they have the body
        raise


def _send(request: HttpRequest, seconds: float) -> HttpResponse:
    sent = outgoing_of(request, (seconds, seconds))
    base, patience, url = sent.base, sent.patience, sent.base + sent.target
    proxy = _proxy_of(base)
    if proxy is not None and base.startswith("http:"):
        sent.to_proxy()
    before = outgoing.set(sent)
    problem: TransportError | None = None
    try:
        with _manager(base, proxy) as manager:
            guard(manager)
            response = manager.urlopen(
                request.method,
                url,
                body=request.content,
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **request.headers},
                timeout=Timeout(connect=seconds, read=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            content = bytearray()
            while len(content) <= MOST and (chunk := response.read(CHUNK, decode_content=False)):
                content += chunk
            return HttpResponse(response.status, headers, decompressed(headers, content, MOST))
    except (HTTPError, HTTPException, UnreadableBody, OSError, ValueError) as error:
        problem = failure(request, _what(error, patience), sent=patience.connected)
    finally:
        outgoing.reset(before)
    raise problem  # not in the `except` block: the library's error, its context, would hold the connection


def _manager(base: str, proxy: str | None) -> PoolManager:
    tls: dict[str, Any] = {"ssl_context": trusted()} if base.startswith("https:") else {}
    if proxy is None:
        return PoolManager(**tls)
    return ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=parse_url(proxy).auth), **tls)


def _proxy_of(base: str) -> str | None:
    """Return the proxy for a host from the environment."""
    parts = urlsplit(base)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _what(error: Exception, patience: Patience) -> str:
    if isinstance(error, UnreadableBody):
        return str(error)
    if patience.ends <= monotonic():
        return "no response in time" if patience.connected else "no connection in time"
    return "the connection or the response broke off" if patience.connected else no_connection(error.__cause__)
