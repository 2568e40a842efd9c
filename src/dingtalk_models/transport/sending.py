"""What both transports do with a request: take its address apart, refuse what cannot be sent, word its failure."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.core.http import Content, HttpRequest

USER_AGENT = "dingtalk-models"

POOL_SIZE = 64
"""How many connections to one host are kept."""

Timeout = tuple[float, float]
"""Seconds to wait for a connection, and for the answer."""

_NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_FRAMING = frozenset({"connection", "content-length", "expect", "transfer-encoding", "upgrade"})
"""Headers that say where a request ends, or what becomes of its connection: a transport's own."""

_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


class Address(NamedTuple):
    """An address in two parts.

    Attributes:
        base: scheme and host.
        target: what the request line asks the host for.
    """

    base: str
    target: str


def check(request: HttpRequest) -> Address:
    """Refuse what cannot be sent as it is, and take the address apart.

    Both may come from a reply: signed addresses, and the headers that were signed with them.

    Raises:
        TransportError: a header or the address would end up as something else; nothing was sent.
    """
    for name, value in request.headers.items():
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)) or name.lower() in _FRAMING:
            raise failure(request, f"a header {name[:40]!r} that cannot be sent", sent=False)
    # as browsers do: letters beyond ASCII travel as their UTF-8 in percent signs
    url = request.url if request.url.isascii() else quote(request.url, safe=_VISIBLE, errors="surrogatepass")
    scheme, host, path, query, _ = _split(url)
    # urlsplit drops control characters in silence
    if scheme not in {"http", "https"} or not host or "%" in host or " " in url or not url.isprintable():
        raise failure(request, "an address that cannot be sent", sent=False)
    return Address(f"{scheme}://{host}", f"{path or '/'}?{query}" if query else path or "/")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return urlsplit("")
    return parts


class Sending:
    """A body on its way out: as many bytes as were announced, or an error.

    Whoever reads more takes the rest for the next request.

    Attributes:
        length: how many bytes are announced.
        error: what reading the body raised; libraries wrap it in errors of their own.
    """

    def __init__(self, content: Content) -> None:
        self.length = content.length
        self.error: Exception | None = None
        self._content = content

    def __iter__(self) -> Generator[bytes]:
        try:
            yield from self._pieces()
        except Exception as error:
            self.error = error
            raise

    def _pieces(self) -> Iterator[bytes]:
        left = self.length
        for piece in self._content.chunks():
            if not left:
                return  # a file that has grown
            yield piece[:left]
            left -= min(left, len(piece))
        if left:
            raise ConfigurationError(f"{self._content!r} has {left} bytes fewer than the {self.length} it announced")


def failure(request: HttpRequest, what: str, *, sent: bool) -> TransportError:
    """Say what went wrong with a request, without its query, which may hold the token."""
    parts = _split(request.url)
    host = parts.netloc.rpartition("@")[2]
    return TransportError(f"{what} ({request.method} {parts.path} at {host})", sent=sent)


def no_connection(error: BaseException | None) -> str:
    """Say why there is no connection: a certificate that is not trusted has to be looked into."""
    why = getattr(error, "verify_message", None)
    return f"no connection: {why}" if why else "no connection"
