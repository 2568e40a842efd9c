"""An unsent call: what to send, where to, and how to read the reply. It does no I/O; a driver sends it."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar, cast, overload
from urllib.parse import quote

from pydantic import SecretStr

from dingtalk_models.call.reply import read_reply
from dingtalk_models.core.codes import name_users, tell_ids_apart
from dingtalk_models.core.errors import ApiError, ConfigurationError, DingTalkError
from dingtalk_models.core.files import Upload
from dingtalk_models.core.http import Endpoint, HttpRequest, HttpResponse, Request
from dingtalk_models.core.secret import Secret, forget_locals
from dingtalk_models.core.steps import Flow, Step

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


WHOLE_BODY = ""
"""The wire name of a parameter that is the body itself, such as a list."""

NOWHERE = Endpoint("", "")
"""The endpoint of a call that no operation has made."""


class Described:
    """Something unsent that an operation describes: its parameters. The operation adds its endpoint."""

    __slots__ = ("_token", "credential", "endpoint", "params")

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.endpoint = NOWHERE
        self._token: Secret | None = None
        self.credential: object = None
        """The credential whose token is sent in the place of the app's, such as a user's, and which is renewed."""

    @property
    def token(self) -> Secret | None:
        """A user's access token, which is sent in the place of the app's."""
        return self._token

    @token.setter
    def token(self, token: str | SecretStr | None) -> None:
        self._token = Secret.of(token)


class Call(Described, Step, Generic[T_co]):
    """One unsent call of an API, and the type of its result.

    An operation returns `Call(Department)`: send all of its arguments, read a `Department` from the reply. The
    operation itself adds the endpoint, and encodes each argument.
    """

    __slots__ = ("_then", "at", "into", "single")

    http_request: HttpRequest | None = None
    """The complete HTTP request, if the call goes to a URL that is not one of the platform's APIs."""

    upload: Upload | None = None
    """The file that is its body."""

    @overload
    def __init__(self: Call[None], into: None, at: str | None = ..., /, **params: Any) -> None: ...
    @overload
    def __init__(self, into: type[T_co], at: str | None = ..., /, **params: Any) -> None: ...
    def __init__(self, into: Any, at: str | None = None, /, **params: Any) -> None:
        """Describe a call.

        Args:
            into: the type of the result; `None` if only success matters.
            at: where the result is in the reply, as a dotted path. By default it is in `result` on the older host,
                and the whole reply (`""`) on the newer one.
            params: what to send, if that is not each argument of the operation as it is: its own parameters, and
                constants under their wire names. `None` is not sent.
        """
        super().__init__(params)
        self.into: Any = into
        self.at = at
        self.single = False
        self._then: Callable[[Any], Any] | None = None

    def once(self) -> Call[T_co]:
        """The same call, sent a single time: if it is refused or fails, its caller has something newer to send."""
        twin = copy(self)
        twin.single = True
        return twin

    def then(self, change: Callable[[T_co], U], /) -> Call[U]:
        """The same call, with its result passed through a function."""
        before = self._then
        twin = copy(self)
        twin._then = change if before is None else lambda result: change(before(result))  # noqa: SLF001 - its own twin
        return cast("Call[U]", twin)

    @property
    def request(self) -> Request:
        """What it sends."""
        endpoint, params = self.endpoint, self.params
        if endpoint is NOWHERE:
            raise ConfigurationError(
                "this call has no endpoint: return it from a method decorated with @api(…) / "
                "该调用没有接口地址：请从 @api(…) 装饰的方法返回"
            )
        path = endpoint.path
        if "{" in path:
            in_path = re.findall(r"{(\w+)}", path)
            path = re.sub(r"{(\w+)}", lambda match: segment(params[match[1]]), path)
            params = {name: value for name, value in params.items() if name not in in_path}
        headers: dict[str, str | SecretStr] = {}
        if endpoint.headers:
            sent = {name: params[name] for name in endpoint.headers if name in params}
            headers = {name: value if isinstance(value, SecretStr) else str(value) for name, value in sent.items()}
            params = {name: value for name, value in params.items() if name not in endpoint.headers}
        if endpoint.verb in {"GET", "DELETE"}:
            return Request(endpoint.verb, endpoint.host, path, params, None, headers)
        query = {name: value for name, value in params.items() if name in endpoint.query_params}
        body = {name: value for name, value in params.items() if name not in endpoint.query_params}
        return Request(endpoint.verb, endpoint.host, path, query, body.get(WHOLE_BODY, body), headers)

    def read(self, response: HttpResponse) -> T_co:
        """Read the result from a reply.

        Raises:
            ApiError: the platform refused.
            TransportError: the reply cannot be understood.
        """
        try:
            result: T_co = read_reply(response, self.endpoint, self.into, self.at)
        except DingTalkError as error:
            forget_locals(error)  # they have the reply, and that may be a token
            if isinstance(error, ApiError):
                error.request = self.request
                name_users(error, error.request)
                tell_ids_apart(error, self.params)
            raise
        return self._then(result) if self._then else result

    def __iter__(self) -> Flow[T_co]:
        result: T_co = yield self
        return result

    def __repr__(self) -> str:
        what = "None" if self.into is None else getattr(self.into, "__name__", str(self.into))
        return f"<Call {'(no endpoint)' if self.endpoint is NOWHERE else self.endpoint} -> {what}: {self.params}>"


def segment(value: object) -> str:
    """A parameter as one segment of a path. `.` and `..` are escaped: otherwise they would lead to another path."""
    text = quote(str(value), safe="")
    return text.replace(".", "%2E") if text in {".", ".."} else text
