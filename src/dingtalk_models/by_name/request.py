"""`app.request(verb, path, …)`: a call of any endpoint, also of one that is not documented."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeGuard, TypeVar, get_args, overload

from pydantic import BaseModel, SecretStr
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import ANY_OBJECT, Call, reader, segment
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.documentation.endpoints import documented_path
from dingtalk_models.core.errors import ConfigurationError, InvalidArgument, Problem
from dingtalk_models.core.files import Upload
from dingtalk_models.core.http import Endpoint, Request
from dingtalk_models.core.json_values import is_array, is_object, jsonable, loaded
from dingtalk_models.core.problems import EMPTY, is_empty, unknown
from dingtalk_models.core.secret import Secret, forget_locals, is_secret, shorten

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

NAME = "app.request"

_SEGMENT = re.compile(r"([A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|{[A-Za-z]\w*})+")
_PLACEHOLDER = re.compile(r"{([A-Za-z]\w*)}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - its name
_SET_HERE = {"connection", "content-length", "content-type", "host", "transfer-encoding"}


class RequestOptions(TypedDict, total=False):
    """The options of a request, besides verb and path; see `Requester`."""

    body: object
    query: Mapping[str, object] | None
    headers: Mapping[str, str | SecretStr] | None
    path: Mapping[str, str | int] | None
    token: str | SecretStr | None
    idempotent: bool | None
    at: str


class Requester:
    """Calls any endpoint of the platform: with token, retries, rate limits and errors as for every other call."""

    def __init__(self, app: AppLike) -> None:
        self._app = app

    @overload
    def __call__(self, verb: Verb, endpoint: str, /, **options: Unpack[RequestOptions]) -> dict[str, Any]: ...
    @overload
    def __call__(self, verb: Verb, endpoint: str, /, *, into: None, **options: Unpack[RequestOptions]) -> None: ...
    @overload
    def __call__(self, verb: Verb, endpoint: str, /, *, into: type[T], **options: Unpack[RequestOptions]) -> T: ...
    @overload
    def __call__(self, verb: Verb, endpoint: str, /, *, into: object, **options: Unpack[RequestOptions]) -> Any: ...
    def __call__(self, verb: Verb, endpoint: str, /, **options: Any) -> Any:
        """Call an endpoint and return its reply.

        Args:
            verb: the HTTP verb.
            endpoint: the path, such as `/v1.0/things/{id}`. It says which of the two hosts serves it. Parts in
                braces come from `path`, so that the rate limit is that of the API, and not of each id.
            options: `body`: what to send as JSON; a value that is an `Upload` makes it a form.
                `query`: the parameters of the query string; `None` is not sent.
                `headers`: further headers.
                `path`: the values of the parts in braces; each is escaped.
                `into`: the type to read the reply into, any that pydantic knows; `None` if only success matters.
                By default a `dict`.
                `at`: where the result is in the reply, as a dotted path; by default the whole reply is read.
                `token`: a user's access token, sent instead of the app's.
                `idempotent`: whether to send the call again if its outcome is unknown; by default, only a GET is.

        Returns:
            The reply, or the part of it at `at`.

        Raises:
            InvalidArgument: verb, path or a value is wrong; nothing was sent.
            ApiError: the platform refused.
        """
        try:
            unsent = _unsent(verb, endpoint, options)
        finally:
            del options  # a secret is plain in them, and a traceback could show it
        return self._app.driver.run(unsent, "await app.request.aio(…)")

    @overload
    async def aio(self, verb: Verb, endpoint: str, /, **options: Unpack[RequestOptions]) -> dict[str, Any]: ...
    @overload
    async def aio(self, verb: Verb, endpoint: str, /, *, into: None, **options: Unpack[RequestOptions]) -> None: ...
    @overload
    async def aio(self, verb: Verb, endpoint: str, /, *, into: type[T], **options: Unpack[RequestOptions]) -> T: ...
    @overload
    async def aio(self, verb: Verb, endpoint: str, /, *, into: object, **options: Unpack[RequestOptions]) -> Any: ...
    async def aio(self, verb: Verb, endpoint: str, /, **options: Any) -> Any:
        """The same on the event loop."""
        try:
            unsent = _unsent(verb, endpoint, options)
        finally:
            del options  # as in `__call__`
        return await self._app.async_driver.run(unsent)

    @overload
    def call(self, verb: Verb, endpoint: str, /, **options: Unpack[RequestOptions]) -> Call[dict[str, Any]]: ...
    @overload
    def call(self, verb: Verb, endpoint: str, /, *, into: None, **options: Unpack[RequestOptions]) -> Call[None]: ...
    @overload
    def call(self, verb: Verb, endpoint: str, /, *, into: type[T], **options: Unpack[RequestOptions]) -> Call[T]: ...
    @overload
    def call(self, verb: Verb, endpoint: str, /, *, into: object, **options: Unpack[RequestOptions]) -> Call[Any]: ...
    def call(self, verb: Verb, endpoint: str, /, **options: Any) -> Call[Any]:
        """The unsent call: `app.gather([app.request.call("GET", …), app.request.call("GET", …)])`."""
        try:
            return _unsent(verb, endpoint, options)
        finally:
            del options  # as in `__call__`


def _unsent(verb: str, endpoint: str, options: dict[str, Any]) -> Call[Any]:
    try:
        return _described(verb, endpoint, **options)
    except (InvalidArgument, ConfigurationError) as error:
        forget_locals(error)
        shorten(error)
        raise
    finally:
        del options  # as in `__call__`


class _Written(Call[T_co]):
    """A call that sends a hand-written request."""

    __slots__ = ("_request",)

    def __init__(self, request: Request, into: Any, at: str) -> None:
        super().__init__(into, at)
        self._request = request

    @property
    def request(self) -> Request:
        """The request that it sends."""
        return self._request

    def __repr__(self) -> str:
        what = "None" if self.into is None else getattr(self.into, "__name__", str(self.into))
        return f"<Call {self._request!r} -> {what}>"


def _described(
    verb: str,
    endpoint: str,
    *,
    body: object = None,
    query: Mapping[str, object] | None = None,
    headers: Mapping[str, str | SecretStr] | None = None,
    path: Mapping[str, object] | None = None,
    into: Any = ANY_OBJECT,
    at: str = "",
    token: str | SecretStr | None = None,
    idempotent: bool | None = None,
) -> Call[Any]:
    token = Secret.of(token)  # first of all, as in `DingTalkApp`
    checked = _Checked(endpoint)
    checked.verb(verb)
    filled = checked.path(endpoint, path or {})
    if verb == "GET" and body is not None:
        checked.wrong("body", "a GET has no body: give it in query={…} / GET 没有请求体，请写在 query={…} 中")
    if token is not None and not token.get_secret_value():
        checked.wrong("token", "empty / 不能为空")
    if isinstance(body, str) and (is_object(meant := loaded(body)) or is_array(meant)):
        checked.wrong("body", "JSON text: give the dict itself / 请传入字典，而不是 JSON 文本")
    what = checked.form(body) if _is_mapping(body) else checked.json(body, "body")
    params = {name: checked.json(value, f"query.{name}") for name, value in (query or {}).items() if value is not None}
    given = {
        # as it is written in the headers of every request
        ("Accept" if name.lower() == "accept" else name): checked.header(name, value)
        for name, value in (headers or {}).items()
    }
    if checked.problems:
        raise InvalidArgument(NAME, checked.problems)
    _check_readable(into, at)
    # the limiter counts calls per API, not per id
    about = Endpoint(
        verb, documented_path(verb, filled) or endpoint, idempotent=verb == "GET" if idempotent is None else idempotent
    )
    made: Call[Any] = _Written(Request(verb, about.host, filled, checked.hidden(params), what, given), into, at)
    made.endpoint = about
    made.token = token
    return made


def _check_readable(into: Any, at: str) -> None:
    """Build the reader of the reply, so that a type that pydantic does not know fails before anything is sent."""
    try:
        for place in ("", at):
            adapter = reader(into, place).adapter
            if not adapter.pydantic_complete:
                adapter.rebuild(raise_errors=True)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        what = f"into={into!r} is not a type that pydantic can read: {error.message.partition('. ')[0]}"
        raise ConfigurationError(f"{NAME}: {what} / into 不是 pydantic 支持的类型") from None


class _Checked:
    """Checks the parts of a request, hides its secrets, and collects its problems."""

    def __init__(self, endpoint: str) -> None:
        self.problems: list[Problem] = []
        self._endpoint = endpoint

    def wrong(self, field: str, message: str) -> None:
        """Remember a problem."""
        self.problems.append(Problem(field, message))

    def verb(self, verb: str) -> None:
        """Check an HTTP verb."""
        if verb not in get_args(Verb):
            known = ", ".join(get_args(Verb))
            self.wrong("verb", f"should be one of {known}, in capitals / 须为大写的 {known} 之一")

    def path(self, text: str, values: Mapping[str, object]) -> str:
        """Check a path and fill its parts in braces."""
        self.problems += [Problem("path", message) for message in _path_problems(text)]
        names = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
        for name in names:
            if name not in values:
                self.wrong(f"path.{name}", "required / 必填")
        for name, value in values.items():
            if name not in names:
                self.wrong(f"path.{name}", unknown(name, names))
            elif isinstance(value, bool) or not isinstance(value, str | int):
                self.wrong(f"path.{name}", "should be text or a number / 须为字符串或整数")
            elif is_empty(value):
                self.wrong(f"path.{name}", EMPTY)
            else:
                self.json(value, f"path.{name}")
        if self.problems:
            return text
        return _PLACEHOLDER.sub(lambda found: segment(values[found[1]]), text)

    def header(self, name: str, value: Any) -> Any:
        """Check a header. What may be secret is hidden."""
        field = f"headers.{name}"
        if name.lower() == _TOKEN_HEADER:
            self.wrong(field, "give it as token=… / 请写成 token=…")
        elif name.lower() in _SET_HERE:
            self.wrong(field, "set by this package / 由本库设置")
        elif not _HEADER_NAME.fullmatch(name):
            self.wrong(field, "not the name of a header / 不是合法的请求头名称")
        elif not isinstance(value, str | SecretStr):
            self.wrong(field, "should be text / 须为字符串")
        elif not _HEADER_VALUE.fullmatch(value if isinstance(value, str) else value.get_secret_value()):
            self.wrong(field, "has characters that a header cannot have / 含有请求头不允许的字符")
        return (
            Secret.of(value) if isinstance(value, SecretStr) or (is_secret(name) and isinstance(value, str)) else value
        )

    def form(self, body: Mapping[Any, Any]) -> Any:
        """Check a body that is an object. A file in it makes it a form."""
        files = {str(name): value for name, value in body.items() if isinstance(value, Upload)}
        rest: dict[str, Any] = self.json(
            {name: value for name, value in body.items() if str(name) not in files}, "body"
        )
        return rest | files

    def json(self, value: Any, field: str) -> Any:
        """Convert a value to JSON types and hide its secrets."""
        if isinstance(value, str):
            if not _is_unicode(value):
                self.wrong(field, "not valid Unicode / 不是合法的 Unicode 文本")
            return value
        if isinstance(value, float) and not math.isfinite(value):
            self.wrong(field, "should be a finite number / 须为有限的数")
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, SecretStr):
            return Secret.of(value)
        if _is_mapping(value):
            return self.hidden({str(name): self.json(item, f"{field}.{name}") for name, item in value.items()})
        if _is_several(value):
            return [self.json(item, f"{field}.{place}") for place, item in enumerate(value)]
        return self._other(value, field)

    def hidden(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A copy with a `Secret` for each text whose name says that it is one."""
        return {
            name: Secret(value) if isinstance(value, str) and is_secret(name, self._endpoint) else value
            for name, value in values.items()
        }

    def _other(self, value: Any, field: str) -> Any:
        """Convert a pydantic model, a time or another type that pydantic can write as JSON."""
        if isinstance(value, bytes):
            return self._unsendable(value, field)
        try:
            plain = jsonable(value, by_alias=True, exclude_none=True)
        except PydanticSerializationError:
            return self._unsendable(value, field)
        if isinstance(value, BaseModel) and _has_secret(value.model_dump()):
            self.wrong(
                field, "a secret in a model would be sent as ***: give a dict / 模型中的密钥无法发送，请传入字典"
            )
        return self.json(plain, field)

    def _unsendable(self, value: object, field: str) -> None:
        kind = type(value).__name__
        self.wrong(field, f"{kind} cannot be sent as JSON / {kind} 不能以 JSON 发送")


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_several(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, list | tuple | set | frozenset)


def _has_secret(value: Any) -> bool:
    if is_object(value):
        return any(map(_has_secret, value.values()))
    return any(map(_has_secret, value)) if is_array(value) else isinstance(value, SecretStr)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path_problems(text: str) -> Iterator[str]:
    """Return the problems of a path."""
    path, mark, _ = text.partition("?")
    if "://" in path or path.startswith("//"):
        yield "leave the host out: '/v1.0/…' / 不要写域名，只写路径：'/v1.0/…'"
        return
    if mark:
        yield "give what follows the question mark in query={…} / 问号之后的参数请写在 query={…} 中"
    if not path.startswith("/"):
        yield "should start with a slash / 须以斜杠开头"
        return
    parts = path[1:].split("/")
    if any(part in {"", ".", ".."} for part in parts):
        yield "a part of it is empty, '.' or '..' / 路径中有空的部分、'.' 或 '..'"
    elif not all(map(_SEGMENT.fullmatch, parts)):
        yield (
            "has characters that a path cannot have: write '{id}' there and give path={'id': …} / "
            "含有路径不允许的字符：请写成 '{id}'，并传入 path={'id': …}"
        )
