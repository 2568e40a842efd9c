"""The ground floor: where a call goes, and what goes over the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from dingtalk_models.core.files import Download

Host = Literal["oapi", "api"]
"""The platform's two hosts: oapi.dingtalk.com, the older one, and api.dingtalk.com."""

SECRET_NAMES = frozenset(
    {"access_token", "accesstoken", "x-acs-dingtalk-access-token", "appsecret", "corpsecret", "client_secret",
     "clientsecret", "suitesecret", "ssosecret", "init_password", "suiteticket", "authorization", "jsapiticket"}
)  # fmt: skip


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same mapping, fit to be printed."""
    return {name: "***" if name.lower() in SECRET_NAMES else value for name, value in values.items()}


@dataclass(frozen=True)
class Endpoint:
    """Where a call goes: one documented API.

    Attributes:
        verb: the HTTP verb.
        path: the path, with `{name}` where a parameter belongs.
        query_params: parameters that travel in the query string although the call has a body.
        authenticated: whether the app's token goes along.
        idempotent: whether sending it twice does no harm, so that it may be sent again when its outcome is unknown.
    """

    verb: str
    path: str
    query_params: frozenset[str] = frozenset()
    authenticated: bool = True
    idempotent: bool = False

    @classmethod
    def parse(cls, text: str, *, authenticated: bool = True, idempotent: bool | None = None) -> Endpoint:
        """Read `"POST /v1.0/things/{id}?unionId&operatorId"`."""
        verb, _, rest = text.partition(" ")
        path, _, query = rest.partition("?")
        names = frozenset(query.split("&")) if query else frozenset[str]()
        return cls(verb, path, names, authenticated, verb == "GET" if idempotent is None else idempotent)

    @cached_property
    def host(self) -> Host:
        """Which of the platform's two hosts serves it."""
        return "api" if re.match(r"/v\d", self.path) else "oapi"

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


@dataclass(frozen=True)
class Request:
    """What a call sends, before tokens and base URLs: to look at, to log, to test."""

    verb: str
    host: Host
    path: str
    query_params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        parts = [f"{self.verb} {self.path}"]
        parts += [f"query_params={masked(self.query_params)}"] if self.query_params else []
        parts += [f"body={masked(self.body)}"] if self.body else []
        return f"<Request {' '.join(parts)}>"


class Content(Protocol):
    """A request body that is sent in pieces, each time from its beginning: a request may have to be sent again."""

    @property
    def length(self) -> int:
        """How many bytes it has."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a piece at a time: as many as `length` said."""
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request as a transport sends it.

    Attributes:
        method: the HTTP verb.
        url: the whole address.
        headers: the headers; a transport adds `Content-Length`.
        content: the body, or where it comes from in pieces.
        download: where the body of a 2xx answer goes instead of into the response.
    """

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | Content | None = None
    download: Download | None = None

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.url.partition('?')[0]}>"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One HTTP answer as a transport hands it back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
