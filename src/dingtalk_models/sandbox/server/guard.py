"""Protects the handle at `/_sandbox` and the page, which control the sandbox, from strangers.

Everybody on this machine may control it, but a foreign web page in a browser must not, although it can send requests
here. Its `Origin` gives it away, or the `Host` if its own name resolves to 127.0.0.1 (DNS rebinding). On an address
that other machines can reach, a key is needed, too.
"""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlencode, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE: Final = "sandbox-key"
"""The cookie for the key, set in a browser that opens an address with `?key=`."""


_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
"""The name of a host, or an IPv4 address."""


class Guard:
    """ASGI middleware that refuses requests from strangers with 403.

    The key is read from the header `X-Sandbox-Key`, from `Authorization: Bearer` or from a cookie. A browser gets the
    cookie when it opens an address with `?key=`.

    Args:
        app: the protected application.
        host: the address that the sandbox listens on.
        key: the required key; None if none is needed.
        asks: answers requests without the key; by default, they are refused.
        names: more names of this machine.

    Raises:
        ValueError: the key cannot be in a header, or a name is not a host name.
    """

    def __init__(
        self, app: ASGIApp, host: str, key: str | None, asks: ASGIApp | None = None, names: Collection[str] = ()
    ) -> None:
        if key is not None and not (key.isascii() and key.isprintable() and key == key.strip()):
            raise ValueError(
                "key should have only ASCII characters, and no space at its ends / key 只能含 ASCII 字符，首尾无空格"
            )
        self._app = app
        self._asks = asks
        self._key = key
        self._host = host
        self._names = frozenset(map(_host_name, [names] if isinstance(names, str) else names))
        self._reachable = not is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        connection = HTTPConnection(scope)
        problem = self._foreign(connection, scope["method"])
        if problem is not None:
            await _refusal(*problem)(scope, receive, send)
        elif self._key is None or self._has_key(connection, self._key):
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and self._same(connection.query_params.get("key", ""), self._key):
            await _signed_in(connection, self._key)(scope, receive, send)
        elif self._asks is not None:
            await self._asks(scope, receive, send)
        else:
            hint = "Send the key that was printed at start. / 请在 X-Sandbox-Key 中携带启动时打印的密钥。"
            await _refusal("The key is missing or wrong.", "X-Sandbox-Key", hint)(scope, receive, send)

    def _foreign(self, connection: HTTPConnection, method: str) -> tuple[str, str, str] | None:
        """Find the sign that a foreign web page sent this request: the problem, the header, and what to do."""
        host, origin = connection.headers.get("host", ""), connection.headers.get("origin")
        if not self._is_own(host):
            hint = (
                "Use the address that the sandbox printed at start, or allow this name with --allow-host. / "
                "请使用启动时打印的地址，或用 --allow-host 允许这个主机名。"
            )
            return f"The sandbox is not called {host!r}.", "Host", hint
        hint = "A page of another site must not control the sandbox. / 其他网站的页面不能操作模拟服务器。"
        if origin is not None and _place(origin) != host.lower():
            return f"The page {origin!r} is foreign.", "Origin", hint
        site, mode = (connection.headers.get(f"sec-fetch-{name}") for name in ("site", "mode"))
        # links to the sandbox are allowed anywhere
        if site in ("cross-site", "same-site") and (mode, method) != ("navigate", "GET"):
            return "A foreign page sent this.", "Sec-Fetch-Site", hint
        return None

    def _is_own(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in ("localhost", self._host.lower()) or name in self._names or is_loopback(name):
            return True
        if not self._reachable:
            return False
        # only the local network can resolve names without a dot, so an attacker's domain cannot be one of them
        return _is_address(name) or name == socket.gethostname().lower() or (name != "" and "." not in name)

    def _has_key(self, connection: HTTPConnection, key: str) -> bool:
        kind, _, bearer = connection.headers.get("authorization", "").partition(" ")
        given = (
            connection.headers.get("x-sandbox-key", ""),
            bearer.strip() if kind.lower() == "bearer" else "",
            connection.cookies.get(COOKIE, ""),
        )
        return any(self._same(each, key) for each in given)

    def _same(self, given: str, key: str) -> bool:
        return secrets.compare_digest(given.encode("utf-8", "replace"), key.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    return host.lower() == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _host_name(name: str) -> str:
    """Return a host name in the form for comparisons."""
    if not _HOST.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a host name: leave out scheme and port, such as host.docker.internal / "
            f"{name!r} 不是主机名：不含协议和端口，如 host.docker.internal"
        )
    return name.lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _place(origin: str) -> str | None:
    """Return the host and port of an origin; None for a page without one, such as a file."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None


def _signed_in(connection: HTTPConnection, key: str) -> Response:
    """Redirect to the same address without the key, and store the key in a cookie."""
    rest = urlencode([(name, value) for name, value in connection.query_params.multi_items() if name != "key"])
    path = "/" + connection.url.path.lstrip("/")  # a redirect that begins with two slashes would lead to another host
    response = RedirectResponse(f"{path}{'?' if rest else ''}{rest}", 303)
    response.set_cookie(COOKIE, key, httponly=True, samesite="strict")
    return response


def _refusal(message: str, field: str, hint: str) -> Response:
    about = {"field": field, "message": message}
    body = {"status": 403, "error": "forbidden", "message": message, "fields": [about], "hint": hint, "code": None}
    return JSONResponse(body, 403)
