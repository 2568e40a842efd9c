"""An unsent call: what to send, where, and how to read the answer. Pure; a driver does the sending."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar, cast, overload
from urllib.parse import quote

from dingtalk_models.core.errors import ApiError, ConfigurationError
from dingtalk_models.core.http import Endpoint, HttpRequest, HttpResponse, Request, masked
from dingtalk_models.core.reply import read_reply
from dingtalk_models.core.steps import Flow, Step

T = TypeVar("T")
U = TypeVar("U")


NOWHERE = Endpoint("", "")
"""The endpoint of what was made by hand, and not by an operation."""


class Described:
    """What an operation returns unsent: parameters, and the endpoint that the operation itself adds."""

    __slots__ = ("endpoint", "params")

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.endpoint = NOWHERE


class Call(Described, Step, Generic[T]):
    """One unsent call of an API, and the type of its answer.

    An operation returns `Call(Department)`: ask with all of its arguments, read a `Department` from the reply. Which
    endpoint, and how each parameter travels, comes from the operation itself.
    """

    __slots__ = ("_then", "at", "into")

    http_request: HttpRequest | None = None
    """The HTTP request itself, for an address that is not one of the platform's APIs."""

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
            params: what to send where that is not each of the operation's arguments as it is: its own parameters, and
                constants under their wire names. `None` is not sent.
        """
        super().__init__(params)
        self.into: Any = into
        self.at = at
        self._then: Callable[[Any], Any] | None = None

    def then(self, change: Callable[[T], U], /) -> Call[U]:
        """The same call with its answer passed through a function."""
        before = self._then
        twin = copy(self)
        twin._then = change if before is None else lambda answer: change(before(answer))  # noqa: SLF001 - its own twin
        return cast("Call[U]", twin)

    @property
    def request(self) -> Request:
        """What it sends."""
        endpoint, params = self.endpoint, self.params
        if endpoint is NOWHERE:
            raise ConfigurationError("this call has no endpoint: return it from a method decorated with @api(…)")
        path = endpoint.path
        if "{" in path:
            in_path = re.findall(r"{(\w+)}", path)
            path = re.sub(r"{(\w+)}", lambda match: quote(str(params[match[1]]), safe=""), path)
            params = {name: value for name, value in params.items() if name not in in_path}
        if endpoint.verb in {"GET", "DELETE"}:
            return Request(endpoint.verb, endpoint.host, path, params)
        if not endpoint.query_params:
            return Request(endpoint.verb, endpoint.host, path, {}, params)
        query = {name: value for name, value in params.items() if name in endpoint.query_params}
        body = {name: value for name, value in params.items() if name not in endpoint.query_params}
        return Request(endpoint.verb, endpoint.host, path, query, body)

    def read(self, response: HttpResponse) -> T:
        """Read the answer from a reply.

        Raises:
            ApiError: the platform refused.
            TransportError: the reply cannot be understood.
        """
        try:
            answer: T = read_reply(response, self.endpoint, self.into, self.at)
        except ApiError as error:
            error.request = self.request
            raise
        return self._then(answer) if self._then else answer

    def __iter__(self) -> Flow[T]:
        answer: T = yield self
        return answer

    def __repr__(self) -> str:
        what = "None" if self.into is None else getattr(self.into, "__name__", str(self.into))
        return (
            f"<Call {'(no endpoint)' if self.endpoint is NOWHERE else self.endpoint} -> {what}: {masked(self.params)}>"
        )
