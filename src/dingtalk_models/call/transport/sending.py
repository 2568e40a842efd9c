"""What both transports share: check a request, split and mask its URL, count its bytes, describe failures."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from dingtalk_models.call.transport.received import CHUNK
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import ConfigurationError, TransportError
from dingtalk_models.core.http import Content, HttpRequest

USER_AGENT = "dingtalk-models"

POOL_SIZE = 64
"""How many connections to one host are kept; for awaited calls, also how many there are at most."""

_NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_FRAMING = frozenset({"connection", "content-length", "expect", "transfer-encoding", "upgrade"})
"""Headers that say where a request ends, or what happens to the connection. Only a transport sets them."""

_VALUE_IN_QUERY = re.compile(r"([^&=]+=)?[^&]+")

_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


Timeout = tuple[float, float]
"""The seconds for a connection, and for the response, to its last byte."""


class Patience:
    """The time limits of a request: one for connecting, one for the response, both within its deadline.

    The time of the response runs from the first byte sent to the last byte received. For a file, every chunk has this
    time, so that large files may take longer, and the deadline applies only to connecting.

    Attributes:
        is_file: whether it sends or receives a file.
        connected: whether there is a connection. Before that, nothing was sent.
        ends: when it is over, on the monotonic clock.
    """

    def __init__(self, request: HttpRequest, timeout: Timeout) -> None:
        connect, self._response = timeout
        self._deadline = math.inf if request.until is None else request.until
        self.ends = min(monotonic() + connect, self._deadline)
        self._moved = 0
        self.is_file = request.download is not None or not isinstance(request.content, bytes | None)
        self.connected = False

    def begin(self, seconds: float) -> None:
        """Start a time limit of some seconds, cut short by the request's deadline."""
        self.ends = min(monotonic() + seconds, self._deadline)

    def connect(self) -> None:
        """Note that there is a connection, and start the time limit of the response."""
        self.connected = True
        if self.is_file:
            self._deadline = math.inf
        self.begin(self._response)

    def renew(self) -> None:
        """Restart the time limit for the next chunk of a file, or for the response."""
        if self.is_file and self.connected:
            self.begin(self._response)

    def moved(self, size: int) -> None:
        """Count received bytes of a file."""
        self._moved += size
        if self._moved >= CHUNK:
            self._moved = 0
            self.renew()


class Outgoing:
    """A request that is being sent: checked, with its URL in parts.

    The HTTP libraries get its URL without the query string values, one of which may be a token: error reporters and
    tracers hook into these libraries. The connection puts the values back.

    Args:
        request: the request. The URL and the headers of an upload come from a reply, so they are not trusted.
        patience: how long it may take.

    Attributes:
        base: the scheme and the host.
        target: the path and the query string, as the request line has them.
        masked: the same, with `***` for each value of the query string.
        body: a body that the libraries do not get either. It is sent with the head.
        begun: whether its head was sent.
        sock: the socket that it is sent on, if that is one of urllib3's.

    Raises:
        TransportError: the URL or a header is malformed. Nothing was sent.
    """

    def __init__(self, request: HttpRequest, patience: Patience) -> None:
        for name, value in request.headers.items():
            if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)) or name.lower() in _FRAMING:
                raise failure(request, f"a header {name[:40]!r} that cannot be sent", sent=False)
        # like a browser, send characters that are not ASCII as percent-encoded UTF-8
        url = request.url if request.url.isascii() else quote(request.url, safe=_VISIBLE, errors="surrogatepass")
        scheme, host, path, query, _ = _split(url)
        # `urlsplit` drops control characters silently, so check for them here
        if scheme not in {"http", "https"} or not host or "%" in host or " " in url or not url.isprintable():
            raise failure(request, "a URL that cannot be sent", sent=False)
        mark = "?" if query else ""
        self.base = f"{scheme}://{host}"
        self.target = f"{path or '/'}{mark}{query}"
        self.masked = f"{path or '/'}{mark}" + _VALUE_IN_QUERY.sub(r"\1***", query)
        self.patience = patience
        self.body = b""
        self.begun = False
        self.sock: Any = None

    def begin(self, head: bytes) -> bytes:
        """Start the request, once, when there is a connection.

        Args:
            head: its first bytes, with the URL that the libraries know.

        Returns:
            Its first bytes with the full URL, and the body.
        """
        self.begun = True
        self.patience.connect()
        verb, _, rest = head.split(b" ", 2)
        return b"%b %b %b%b" % (verb, self.target.encode(), rest, self.body)

    def to_proxy(self) -> None:
        """Put the full URL into the request line, which a proxy for plain HTTP needs."""
        self.target, self.masked = self.base + self.target, self.base + self.masked


def outgoing_of(request: HttpRequest, timeout: Timeout) -> Outgoing:
    """Check a request and start its time limit.

    Raises:
        TransportError: it cannot be sent, or its deadline has passed. Nothing was sent.
    """
    sent = Outgoing(request, Patience(request, timeout))
    if sent.patience.ends <= monotonic():
        raise failure(request, "no time is left before the deadline", sent=False)
    return sent


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError if it is not a number
    except ValueError:
        return urlsplit("")
    return parts


class Sending:
    """A body that is being sent. It has exactly the announced length, or raises an error.

    A server would take extra bytes for the next request.

    Attributes:
        length: how many bytes were announced.
        left: how many of them have not been read yet.
        error: the error of reading the body. Libraries wrap it in errors of their own.
    """

    def __init__(self, content: Content) -> None:
        self.length = self.left = content.length
        self.error: Exception | None = None
        self._content = content

    def __iter__(self) -> Generator[bytes]:
        try:
            yield from self._chunks()
        except Exception as error:
            self.error = error
            raise

    def _chunks(self) -> Iterator[bytes]:
        for chunk in self._content.chunks():
            announced = chunk[: self.left]
            self.left -= len(announced)
            yield announced
            if not self.left:
                return  # there may be more, if the file has grown
        if self.left:
            raise ConfigurationError(
                f"{self._content!r} has {self.left} bytes fewer than the {self.length} that it announced / "
                f"内容比声明的长度少 {self.left} 字节"
            )


def failure(request: HttpRequest, what: str, *, sent: bool) -> TransportError:
    """Make an error that names the request without its query string, which may contain the token."""
    parts = _split(request.url)
    host = parts.netloc.rpartition("@")[2]
    return TransportError(f"{what} ({request.method} {parts.path} at {host})", sent=sent)


def no_connection(error: BaseException | None) -> str:
    """Return the message of a failed connection, with the certificate's problem if that is the cause."""
    why = getattr(error, "verify_message", None)
    return f"no connection: {why}" if why else "no connection"
