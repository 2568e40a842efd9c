"""An unsent call: what to send, where, and how to read the answer. Pure; the drivers do the sending."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar, cast, overload
from urllib.parse import quote, urlencode

from pydantic_core import to_json

from .body import Body, File, Form, Sink
from .errors import ConfigurationError
from .flow import Edge, Flow, adrive, drive
from .reply import read_reply

T = TypeVar("T")
U = TypeVar("U")

Host = Literal["oapi", "api"]

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
        path: the path, with `{name}` where a parameter belongs into it.
        query: parameters that travel in the query string although the call has a body.
        authenticated: whether the app's token goes along.
        idempotent: whether sending it twice does no harm, so that it may be sent again when its outcome is unknown.
    """

    verb: str
    path: str
    query: frozenset[str] = frozenset()
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
    """What a call puts on the wire, before tokens and base URLs: to look at, to log, to test."""

    verb: str
    host: Host
    path: str
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        parts = [f"{self.verb} {self.path}"]
        parts += [f"query={masked(self.query)}"] if self.query else []
        parts += [f"body={masked(self.body)}"] if self.body else []
        return f"<Request {' '.join(parts)}>"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request as a transport sends it.

    Attributes:
        method: the HTTP verb.
        url: the whole address.
        headers: the headers; a transport adds `Content-Length`.
        content: the body, or where it comes from in pieces.
        sink: where the body of a 2xx answer goes instead of into the response.
    """

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | Body | None = None
    sink: Sink | None = None

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.url.partition('?')[0]}>"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One HTTP answer as a transport hands it back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Call(Generic[T]):
    """One unsent call of an API, and the type of its answer.

    An operation returns `Call(Department, dept_id=dept_id)`: ask with these parameters, read a `Department` out of
    the reply. Which endpoint, and how each parameter travels, comes from the operation itself.
    """

    __slots__ = ("_then", "at", "endpoint", "into", "params")

    @overload
    def __init__(self: Call[None], into: None, at: str | None = ..., /, **params: Any) -> None: ...
    @overload
    def __init__(self, into: type[T], at: str | None = ..., /, **params: Any) -> None: ...
    def __init__(self, into: Any, at: str | None = None, /, **params: Any) -> None:
        """Describe a call.

        Args:
            into: the type of the answer; `None` where only success matters.
            at: where in the reply the answer lies, as a dotted path: by default in `result` on the older host, while
                the newer one's reply is the answer itself (`""`).
            params: the operation's own parameters, and constants under their wire names. `None` is not sent.
        """
        self.into: Any = into
        self.at = at
        self.params: dict[str, Any] = params
        self.endpoint: Endpoint | None = None
        self._then: Callable[[Any], Any] | None = None

    def then(self, change: Callable[[T], U], /) -> Call[U]:
        """The same call with its answer passed through a function."""
        before = self._then
        twin = copy(self)
        twin._then = change if before is None else lambda answer: change(before(answer))  # noqa: SLF001 - its own twin
        return cast("Call[U]", twin)

    @property
    def target(self) -> Endpoint:
        """Where the call goes."""
        if self.endpoint is None:
            raise ConfigurationError("this Call has no endpoint: return it from a method decorated with @api(…)")
        return self.endpoint

    @property
    def request(self) -> Request:
        """What goes on the wire."""
        endpoint, params = self.target, self.params
        path = endpoint.path
        if "{" in path:
            in_path = re.findall(r"{(\w+)}", path)
            path = re.sub(r"{(\w+)}", lambda match: quote(str(params[match[1]]), safe=""), path)
            params = {name: value for name, value in params.items() if name not in in_path}
        if endpoint.verb in {"GET", "DELETE"}:
            return Request(endpoint.verb, endpoint.host, path, params)
        if not endpoint.query:
            return Request(endpoint.verb, endpoint.host, path, {}, params)
        query = {name: value for name, value in params.items() if name in endpoint.query}
        body = {name: value for name, value in params.items() if name not in endpoint.query}
        return Request(endpoint.verb, endpoint.host, path, query, body)

    def prepare(self, base_url: str, token: str | None) -> HttpRequest:
        """The HTTP request for this call."""
        request = self.request
        query = dict(request.query)
        headers = {"Accept": "application/json"}
        if token and request.host == "oapi":
            query = {"access_token": token, **query}
        elif token:
            headers["x-acs-dingtalk-access-token"] = token
        form = _form(request.body)
        if form:
            # documented as parts of the form; the gateway misses some that are not in the query as well
            query |= form.texts
        url = f"{base_url}{request.path}"
        if query:
            url += "?" + urlencode({name: _query_text(value) for name, value in query.items()})
        if request.body is None:
            return HttpRequest(request.verb, url, headers)
        if form:
            return HttpRequest(request.verb, url, headers | {"Content-Type": form.content_type}, form)
        headers["Content-Type"] = "application/json"
        return HttpRequest(request.verb, url, headers, to_json(request.body))

    def read(self, response: HttpResponse) -> T:
        """Read the answer out of a reply, or raise what the platform says."""
        answer: T = read_reply(self, response)
        return self._then(answer) if self._then else answer

    def perform(self, edge: Edge) -> T:
        """Send it, as a step of a flow."""
        return drive(edge.exchange(self), edge)

    async def aperform(self, edge: Edge) -> T:
        """Send it, as a step of a flow on the event loop."""
        return await adrive(edge.exchange(self), edge)

    def __iter__(self) -> Flow[T]:
        answer: T = yield self
        return answer

    def __repr__(self) -> str:
        what = "None" if self.into is None else getattr(self.into, "__name__", str(self.into))
        return f"<Call {self.endpoint or '(no endpoint)'} -> {what}: {masked(self.params)}>"


def _form(body: Mapping[str, Any] | None) -> Form | None:
    """The form that a body with a file in it travels as."""
    return Form(body) if body and any(isinstance(value, File) for value in body.values()) else None


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
