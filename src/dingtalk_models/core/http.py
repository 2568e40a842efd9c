"""Data on the wire: endpoints, requests, HTTP messages. This file imports nothing else of the package."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, BinaryIO, Literal, Protocol

SUCCESSFUL = range(200, 300)
"""The HTTP statuses of success."""

Host = Literal["oapi", "api"]
"""The platform's two hosts: oapi.dingtalk.com, the older one, and api.dingtalk.com."""


@dataclass(frozen=True)
class Endpoint:
    """One documented API: its address, and how it may be called.

    Attributes:
        verb: the HTTP verb.
        path: the path, with `{name}` for a parameter.
        query_params: the parameters that go into the query string of a request with a body.
        authenticated: whether the app's token is sent with it.
        idempotent: whether it is safe to send it twice. If so, it is sent again when its outcome is unknown.
        headers: the parameters that are sent as headers.
        sends_body: whether a GET or DELETE has a body, which is rare.
    """

    verb: str
    path: str
    query_params: frozenset[str] = frozenset()
    authenticated: bool = True
    idempotent: bool = False
    headers: frozenset[str] = frozenset()
    sends_body: bool = False
    host: Host = field(init=False)
    """Which of the platform's two hosts serves it."""
    has_body: bool = field(init=False)
    """Whether its parameters go into a body."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_body", self.sends_body or self.verb not in {"GET", "DELETE"})
        object.__setattr__(self, "host", "api" if re.match(r"/v\d", self.path) else "oapi")

    @classmethod
    def parse(
        cls, text: str, *, authenticated: bool = True, idempotent: bool | None = None, headers: Iterable[str] = ()
    ) -> Endpoint:
        """Parse a text such as `"POST /v1.0/things/{id}?unionId&operatorId"`.

        A GET or DELETE has a question mark only if it has a body, even if nothing is in its query string.
        """
        verb, _, rest = text.partition(" ")
        path, mark, query = rest.partition("?")
        names = frozenset(query.split("&")) if query else frozenset[str]()
        safe = verb == "GET" if idempotent is None else idempotent
        return cls(verb, path, names, authenticated, safe, frozenset(headers), sends_body=bool(mark))

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


@dataclass(frozen=True)
class Request:
    """The request of a call, without token and base URL: to inspect, log or test. Secrets in it print as `***`."""

    verb: str
    host: Host
    path: str
    query_params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    headers: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __repr__(self) -> str:
        parts = [f"{self.verb} {self.path}"]
        parts += [f"headers={self.headers}"] if self.headers else []
        parts += [f"query_params={self.query_params}"] if self.query_params else []
        parts += [f"body={self.body}"] if self.body else []
        return f"<Request {' '.join(parts)}>"


class Content(Protocol):
    """A request body that is sent in chunks. It can be read again from the start, since a request may be sent again."""

    @property
    def length(self) -> int:
        """Its size in bytes."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Return its bytes in chunks, exactly `length` in total."""
        ...


@dataclass(eq=False, repr=False)
class Download:
    """Where to write the body of a response.

    Attributes:
        target: a path, where the file appears when it is complete; or a file object, written from its current position.
        progress: called with the number of bytes received, and the total.
        start: the position of a file object, if it can be rewound. Each attempt starts there.
        received: the number of bytes received.
    """

    target: str | PathLike[str] | BinaryIO
    progress: Callable[[int, int], object] | None = None
    start: int | None = field(init=False, default=None)
    received: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if not isinstance(self.target, str | PathLike) and self.target.seekable():
            self.start = self.target.tell()

    def __repr__(self) -> str:
        return f"<Download of {self.received} bytes>"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request as a transport sends it.

    Attributes:
        method: the HTTP verb.
        url: the full URL.
        headers: the headers; a transport adds `Content-Length`.
        content: the body, as bytes or in chunks.
        download: takes the body of a 2xx response, which is then not kept in the `HttpResponse`.
        until: the deadline of the call, on the monotonic clock; `None` if it has none. A transport gives up then.
    """

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | Content | None = None
    download: Download | None = None
    until: float | None = None

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.url.partition('?')[0]}>"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One HTTP response as a transport returns it. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def __repr__(self) -> str:
        return f"<HttpResponse {self.status}, {len(self.content)} bytes>"
