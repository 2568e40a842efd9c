"""What both transports do with a request: check it, split and mask its URL, count its bytes, describe failures."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from dingtalk_models.call.transport.patience import Patience
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


class Outgoing:
    """A request that is being sent.

    The libraries get its URL without the values of the query string: one of them may be a token, and other programs
    listen to the libraries, such as those that report errors and trace calls. The connection puts the values back.

    Args:
        target: the path and the query string, as the request line has them; the whole URL for a proxy.
        patience: how long it may take.

    Attributes:
        masked: the target, with `***` for each value of the query string.
        begun: whether its head was sent.
    """

    def __init__(self, target: str, patience: Patience) -> None:
        path, mark, query = target.partition("?")
        self.masked = path + mark + _VALUE_IN_QUERY.sub(r"\1***", query)
        self.patience = patience
        self.begun = False
        self._target = target.encode()

    def begin(self, head: bytes) -> bytes:
        """Begin the request. This happens once.

        Args:
            head: its first bytes, without what the URL leaves out.

        Returns:
            Its first bytes, with that.
        """
        self.begun = True
        verb, _, rest = head.split(b" ", 2)
        return b"%b %b %b" % (verb, self._target, rest)


class SplitUrl(NamedTuple):
    """A URL in two parts.

    Attributes:
        base: the scheme and the host.
        target: the path and the query string, as the request line has them.
    """

    base: str
    target: str


def check(request: HttpRequest) -> SplitUrl:
    """Refuse a request that cannot be sent as it is, and split its URL.

    The URL and the headers of an upload come from a reply, so they are not trusted.

    Raises:
        TransportError: the URL or a header is malformed. Nothing was sent.
    """
    for name, value in request.headers.items():
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)) or name.lower() in _FRAMING:
            raise failure(request, f"a header {name[:40]!r} that cannot be sent", sent=False)
    # like a browser, send characters that are not ASCII as percent-encoded UTF-8
    url = request.url if request.url.isascii() else quote(request.url, safe=_VISIBLE, errors="surrogatepass")
    scheme, host, path, query, _ = _split(url)
    # `urlsplit` drops control characters silently, so check for them here
    if scheme not in {"http", "https"} or not host or "%" in host or " " in url or not url.isprintable():
        raise failure(request, "a URL that cannot be sent", sent=False)
    return SplitUrl(f"{scheme}://{host}", f"{path or '/'}?{query}" if query else path or "/")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError if it is not a number
    except ValueError:
        return urlsplit("")
    return parts


class Sending:
    """A body that is being sent: exactly as many bytes as were announced, or an error.

    The server would take any further bytes for the next request.

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
    """An error that names the request without its query string, which may hold the token."""
    parts = _split(request.url)
    host = parts.netloc.rpartition("@")[2]
    return TransportError(f"{what} ({request.method} {parts.path} at {host})", sent=sent)


def no_connection(error: BaseException | None) -> str:
    """A message that there is no connection, with what is wrong with the certificate, if that is the cause."""
    why = getattr(error, "verify_message", None)
    return f"no connection: {why}" if why else "no connection"
