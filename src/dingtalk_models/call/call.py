"""An unsent call: what to send, where to, and how to read the reply. It does no I/O; a driver sends it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cache
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, cast, get_args, overload
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError, create_model

from dingtalk_models.call.paging import Page, is_page
from dingtalk_models.call.repair import UNPARSED, Mending, ResultPlace, Rows, completed, parsed, partial
from dingtalk_models.core.codes import LONGEST_WAIT, api_error, name_users, tell_ids_apart
from dingtalk_models.core.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    DingTalkError,
    PermissionDenied,
    PlatformBusy,
    RateLimited,
    TransportError,
)
from dingtalk_models.core.files import Upload
from dingtalk_models.core.hints import get_origin, is_model, names_of_fields
from dingtalk_models.core.http import SUCCESSFUL, Endpoint, HttpRequest, HttpResponse, Request
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.secret import MASK, Secret, forget_locals, is_secret
from dingtalk_models.core.steps import Background, Blocking, Flow, RunHandler, Send, Sleep, Step, Together, Wait, Window

logger = logging.getLogger("dingtalk_models")

ANY_OBJECT: Any = dict[str, Any]
"""The type of a reply that is read as it is."""

_ABSENT: Any = object()
_FIRST_BYTES = 120
_NAMED = re.compile(rb'("(\w+)"\s*:\s*\[?\s*")[^"]*')
_MENDING_ROUNDS, _SMALL_STEPS = 24, 12
_UNAUTHORIZED, _TOO_MANY_REQUESTS = 401, 429

_YES = (None, 0, "0")
"""The values of `errcode` that mean success."""

_NO = (False, "false", "False", "FALSE")
"""The values of a flag that mean a refusal."""

_FINE = frozenset({"", "0", "000000", "200", "ok", "success"})
"""The values of `code`, in lower case, that mean success: some replies have one next to their data."""

_CODES = ("code", "errorCode", "errCode", "errorcode", "error_code", "sub_code")
_TEXTS = ("message", "errmsg", "errMsg", "errorMsg", "errorMessage", "sub_msg", "msg", "cause")
_REQUEST_IDS = ("request_id", "requestid", "requestId")
_OF_A_REFUSAL = frozenset({*_CODES, *_TEXTS, *_REQUEST_IDS, "success", "accessdenieddetail"})
"""The field names of a refusal."""


class _Envelope(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True, arbitrary_types_allowed=True)

    errcode: int | None = None
    status: Any = None
    punish: Any = None
    success: Any = None
    result: Any = None
    code: Any = None
    message: Any = None


class _Reader(NamedTuple):
    """How to read the replies of an API.

    Attributes:
        adapter: the validator of a whole reply.
        way: the path to the result in it.
        place: the same path, in the form that repairs need.
        partial: whether required fields may be missing.
        otherwise: returns what a successful reply without the result means; without it, such a reply is an error.
    """

    adapter: TypeAdapter[Any]
    way: tuple[str, ...]
    place: ResultPlace
    partial: bool = False
    otherwise: Callable[[], Any] | None = None


def reader(into: Any, at: str, *, optional: bool = False) -> _Reader:
    """How to read a type from a place in a reply, which may be null or missing if it is optional."""
    try:
        hash(into)
    except TypeError:  # such as a type with limits in `Annotated`
        return _made(into, at, optional=optional)
    return _reader(into, at, optional)


@cache
def _reader(into: Any, at: str, optional: bool) -> _Reader:
    return _made(into, at, optional=optional)


def _made(into: Any, at: str, *, optional: bool = False) -> _Reader:
    way = tuple(at.split(".")) if at and into is not None else ()
    kind: Any = _Envelope if into is None else into
    for depth in reversed(range(len(way))):
        field: dict[str, Any] = {way[depth]: (kind | None if optional else kind, _ABSENT)}
        kind = create_model("Reply", __base__=BaseModel if depth else _Envelope, **field)
    return _Reader(TypeAdapter(kind), way, _place(into, len(way)))


def _place(into: Any, depth: int) -> ResultPlace:
    if get_origin(into) is list:
        return ResultPlace(depth, rows=depth)
    if is_model(into) and issubclass(into, Page):
        items = tuple((into.model_fields["items"].serialization_alias or "").split("."))
        return ResultPlace(depth, rows=depth + len(items), items=items)
    # the result itself cannot be moved to `unparsed`, and its fields only if its type has that; a map can do without
    return ResultPlace(depth if hasattr(into, UNPARSED.rstrip("_")) or get_origin(into) is dict else depth + 1)


def read_reply(
    response: HttpResponse,
    endpoint: Endpoint,
    into: Any,
    at: str | None = None,
    otherwise: Callable[[], Any] | None = None,
) -> Any:
    """The result in a reply.

    Args:
        response: the reply.
        endpoint: the API that was called.
        into: the type of the result; `None` if only success matters.
        at: where the result is, as a dotted path; by default in `result` on the older host.
        otherwise: returns what a successful reply without the result means; without it, such a reply is an error.

    Raises:
        ApiError: the platform refused.
        TransportError: the reply cannot be understood.
    """
    if response.status not in SUCCESSFUL:
        raise _refusal(endpoint, response, _parsed(response))
    whole = into == ANY_OBJECT and not at
    if (into is None or whole or otherwise) and endpoint.host == "api" and not response.content.strip():
        return otherwise() if otherwise else {} if whole else None
    place = ("result" if endpoint.host == "oapi" else "") if at is None else at
    reading = reader(into, place, optional=otherwise is not None)
    if otherwise:
        reading = reading._replace(otherwise=otherwise)
    try:
        reply = reading.adapter.validate_json(response.content)
    except ValidationError as problem:
        data = _parsed(response)
        if not is_object(data) or _refuses(data, _undeclared(data, into, reading.way), into, reading.way):
            raise _refusal(endpoint, response, data) from None
        return _mended(endpoint, response, into, problem, reading)
    return _result(endpoint, response, into, reply, reading)


def _mended(endpoint: Endpoint, response: HttpResponse, into: Any, problem: ValidationError, reader: _Reader) -> Any:
    """Read the result from a reply that does not match its documentation."""
    mending = Mending(_parsed(response), reader.place)
    try:
        reply, reader = _repaired(response, into, problem, mending, reader)
    except TransportError:
        if reader.otherwise is None or reader.otherwise() is not None:
            raise
        logger.warning("%s: the result cannot be read as documented, so it is None", endpoint.path)
        return None
    result = _result(endpoint, response, into, reply, reader)
    if reader.partial:
        result = completed(into, result)
    rows = result.items if is_page(result) else result
    deep = len(reader.place.items) > 1  # without the object around the rows, there are none yet
    if mending.filled and not deep and not (is_page(result) and result.is_last):
        raise _unusable(response, f"has the wrong shape at {'.'.join((*reader.way, *reader.place.items))}")
    if mending.pointless(rows):
        raise _unusable(response, "has rows, none of which can be read")
    if mending.keep(_at(mending.data, reader.way), result):
        logger.warning("%s: a value in a map or list cannot be read as documented; left out", endpoint.path)
    left_out = [] if mending.complete else mending.left_out(_rows(_parsed(response), reader))
    _warn(endpoint, mending.odd, len(left_out))
    if is_page(result):
        result.unparsed = left_out
    return Rows(result, left_out) if left_out and is_array(result) else result


def _repaired(
    response: HttpResponse, into: Any, problem: ValidationError, mending: Mending, reader: _Reader
) -> tuple[Any, _Reader]:
    """Repair a reply until it can be read."""
    for number in range(_MENDING_ROUNDS):
        unread = mending.mend(problem, thoroughly=number > _SMALL_STEPS)
        if unread:
            if reader.partial or not _lacks_fields(into, unread, mending, reader):
                where = ", ".join(".".join(map(str, loc)) for loc in unread)
                raise _unusable(response, f"has the wrong shape at {where}") from None
            reader = _partial_reader(into, reader.way)
        try:
            return reader.adapter.validate_json(mending.written()), reader
        except ValidationError as again:
            problem = again
    raise _unusable(response, "has the wrong shape")


def _lacks_fields(into: Any, unread: list[tuple[int | str, ...]], mending: Mending, reader: _Reader) -> bool:
    """Whether the only errors are missing fields, which the reply had but which could not be read."""
    if not is_model(into) or not hasattr(into, UNPARSED.rstrip("_")) or issubclass(into, Page):
        return False
    came = mending.came(_at(mending.data, reader.way))
    depth = len(reader.way)
    return all(
        loc[:depth] == reader.way and len(loc) == depth + 1 and not _spellings(into, str(loc[-1])).isdisjoint(came)
        for loc in unread
    )


def _spellings(model: type[BaseModel], name: str) -> set[str]:
    """The names that a reply may have for a field, given one of them."""
    fields = names_of_fields(model)
    return {other for other, field in fields.items() if field == fields.get(name)}


def _partial_reader(into: type[BaseModel], way: tuple[str, ...]) -> _Reader:
    """Return a reader that accepts an object without its required fields."""
    return _made(partial(into), ".".join(way))._replace(partial=True)


def _warn(endpoint: Endpoint, fields: Iterable[str], rows: int) -> None:
    """Log what could not be read, once for each reply."""
    for name in sorted(fields):
        logger.warning("%s: a field %r cannot be read as documented; it is kept in .unparsed", endpoint.path, name)
    if rows:
        logger.warning("%s: %d rows cannot be read as documented; left out, and kept in .unparsed", endpoint.path, rows)


def _at(data: Any, way: Iterable[str]) -> Any:
    """Return the value at a path, or `None` if the path does not exist."""
    for name in way:
        data = data.get(name) if is_object(data) else None
    return data


def _rows(data: Any, reader: _Reader) -> Any:
    """Return the rows of a reply if they have their documented form."""
    return _at(data, (*reader.way, *reader.place.items))


def _result(endpoint: Endpoint, response: HttpResponse, into: Any, reply: Any, reader: _Reader) -> Any:
    way, otherwise = reader.way, reader.otherwise
    # a reply can be a refusal whatever its HTTP status is, even of a path that the newer host does not know
    if isinstance(reply, _Envelope):
        names: Iterable[str] = ("",)
        said: Mapping[str, Any] = vars(reply)
    elif isinstance(reply, BaseModel) and reply.model_config.get("extra") == "allow":
        names, said = reply.model_fields_set, reply.model_extra or {}
    else:
        data = _parsed(response)
        names = data if is_object(data) else ("",)
        said = _undeclared(data, into, way) if is_object(data) else {}
    # the older host never leaves out the errcode of a success
    silent = endpoint.host == "oapi" and said.get("errcode") is None and said.get("success") is None
    if (silent and not way) or _refuses(names, said, into, way):
        raise _refusal(endpoint, response, _parsed(response))
    for name in way:
        reply = getattr(reply, name)
        if reply is _ABSENT or (reply is None and otherwise):
            if otherwise and not silent:
                return otherwise()
            raise _refusal(endpoint, response, _parsed(response))
    return None if into is None else reply


def _undeclared(data: dict[str, Any], into: Any, way: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a reply that do not belong to the result."""
    declared: Iterable[str] = () if way or not is_model(into) else names_of_fields(into)
    return {name: value for name, value in data.items() if name not in declared}


def _refuses(names: Iterable[str], said: Mapping[str, Any], into: Any, way: tuple[str, ...]) -> bool:
    """Whether a reply is a refusal.

    Args:
        names: the names of all of its fields.
        said: its fields that do not belong to the result.
        into: the type of its result.
        way: the path to its result.
    """
    if said.get("errcode") not in _YES:
        return True
    if (success := said.get("success")) is not None and success in _NO:
        return True
    if str(said.get("status")) == "1111" or said.get("punish") is not None:
        return True
    in_result = way[:1] == ("result",) or not (way or into is None or is_model(into))
    if not in_result and said.get("result") in _NO:
        return True
    code = said.get("code")
    if code is None or not _is_code(code):
        return False
    # a reply with data may have a new field of that name
    return into is None or said.get("message") is not None or _OF_A_REFUSAL.issuperset(names)


def _is_code(value: object) -> bool:
    """Whether a value is the code of a refusal."""
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value).lower() not in _FINE


def _parsed(response: HttpResponse) -> Any:
    """The JSON of a reply."""
    try:
        return parsed(response.content)
    except (ValueError, RecursionError):
        raise _unusable(response, "is not JSON, or is cut short") from None


def _unusable(response: HttpResponse, what: str) -> ApiError | TransportError:
    kind = response.headers.get("content-type", "no content type")
    start = _NAMED.sub(_harmless, response.content)[:_FIRST_BYTES]
    text = f"the reply {what} (HTTP {response.status}, {kind}, {len(response.content)} bytes, beginning {start!r})"
    error: ApiError | TransportError
    if response.status == _TOO_MANY_REQUESTS:
        error = RateLimited(response.status, text, status=response.status)
    elif response.status == _UNAUTHORIZED:
        error = AuthenticationError(response.status, text, status=response.status)
    else:
        error = TransportError(text, status=response.status)
    return _waiting(error, response)


def _harmless(named: re.Match[bytes]) -> bytes:
    """Return a name and its value, masked if it is secret."""
    return named[1] + MASK.encode() if is_secret(named[2].decode(errors="replace")) else named[0]


def _waiting(error: ApiError | TransportError, response: HttpResponse) -> ApiError | TransportError:
    """Set `retry_after` from the response's `Retry-After`, if the error has this field."""
    seconds = _retry_after(response)
    if seconds and isinstance(error, RateLimited | PlatformBusy | TransportError):
        error.retry_after = seconds
    return error


def _refusal(endpoint: Endpoint, response: HttpResponse, data: Any) -> ApiError | TransportError:
    """The error for a reply without a result."""
    if not is_object(data):
        return _unusable(response, "is not an object")
    code = _code(data, failed=response.status >= 400)  # noqa: PLR2004 - HTTP's own number
    if code is None:
        return _unusable(response, "has the wrong shape")
    if code == 1111:  # noqa: PLR2004 - the status of a banned address
        text = "too many calls from this address: it is banned for 5 minutes"
    else:
        texts = (data.get(name) for name in _TEXTS)
        text = next((text for text in texts if text and isinstance(text, str) and text.lower() not in _FINE), "")
    request_ids = (data.get(name) for name in _REQUEST_IDS)
    error = api_error(
        code,
        text,
        path=endpoint.path,
        sub_code=(str(data.get("sub_code") or "") or None) if isinstance(code, int) else None,
        request_id=next(filter(None, request_ids), None) or response.headers.get("x-acs-request-id"),
        status=response.status,
    )
    detail = data.get("accessdenieddetail")
    scopes = detail.get("requiredScopes") if is_object(detail) else None
    if isinstance(error, PermissionDenied) and is_array(scopes):
        error.scopes = tuple(map(str, scopes))
    return _waiting(error, response)


def _code(data: dict[str, Any], *, failed: bool) -> int | str | None:
    """The code of a refusal; without one, the flag that refuses.

    Args:
        data: the reply.
        failed: whether its HTTP status says so too.
    """
    if data.get("errcode") not in _YES:
        word = str(data["errcode"])
        return int(word) if re.fullmatch(r"-?[0-9]{1,18}", word) else word
    if failed and "code" in data:
        return str(data["code"])
    if str(data.get("status")) == "1111":
        return 1111
    codes = [str(data[name]) for name in _CODES if _is_code(data.get(name))]
    flags = [f"{name}=false" for name in ("success", "result") if data.get(name) in _NO]
    return next(iter(codes + flags), None)


def _retry_after(response: HttpResponse) -> float | None:
    """The seconds that `Retry-After` asks for, at most `LONGEST_WAIT`; None if it is neither seconds nor a date."""
    text = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return min(float(text), LONGEST_WAIT)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - dates are rare

    try:
        # by the clock of the server: that of this machine may differ
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), LONGEST_WAIT)


T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


WHOLE_BODY = ""
"""The wire name of a parameter that is the body itself, such as a list."""

NOWHERE = Endpoint("", "")
"""The endpoint of a call that no operation has made."""


class Described:
    """Something unsent that an operation describes: its parameters. The operation adds its endpoint."""

    __slots__ = ("credential", "endpoint", "params", "user_token")

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.endpoint = NOWHERE
        self.user_token: Secret | None = None
        self.credential: object = None
        """The credential whose token is sent instead of the app's, such as a user's. It is renewed when needed."""

    @property
    def token(self) -> Secret | None:
        """A user's access token, sent instead of the app's."""
        return self.user_token

    @token.setter
    def token(self, token: str | SecretStr | None) -> None:
        self.user_token = Secret.of(token)


class Call(Described, Step, Generic[T_co]):
    """One unsent call of an API, and the type of its result.

    An operation returns `Call(Department)`: send all of its arguments, read a `Department` from the reply. The
    operation itself adds the endpoint, and encodes each argument.
    """

    __slots__ = ("_otherwise", "_then", "at", "into", "single")

    http_request: HttpRequest | None = None
    """The complete HTTP request, if the call goes to a URL that is not one of the platform's APIs."""

    upload: Upload | None = None
    """The file to send as its body."""

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
        self._otherwise: Callable[[], Any] | None = None

    def once(self) -> Call[T_co]:
        """Return the same call without retries, for callers that will have something newer to send."""
        twin = copy(self)
        twin.single = True
        return twin

    def into_class(self, kind: type[U]) -> Call[U]:
        """Return the same call, whose result is read as an object of another class.

        Args:
            kind: the class.
        """
        twin = copy(self)
        twin.into = kind
        return cast("Call[U]", twin)

    def or_none(self) -> Call[T_co | None]:
        """Return the same call, whose result is `None` if the platform succeeds and tells no result."""
        return self._or(lambda: None)

    def or_empty(self) -> Call[T_co]:
        """Return the same call, whose list or map is empty if the platform succeeds and sends none."""
        kind = get_args(self.into)[0] if get_origin(self.into) is Annotated else self.into
        return self._or(get_origin(kind) or kind)

    def _or(self, otherwise: Callable[[], Any]) -> Call[Any]:
        twin: Call[Any] = copy(self)
        twin._otherwise = otherwise
        return twin

    def then(self, change: Callable[[T_co], U], /) -> Call[U]:
        """Return the same call with its result passed through a function."""
        before = self._then
        twin = copy(self)
        twin._then = change if before is None else lambda result: change(before(result))  # noqa: SLF001 - its own twin
        return cast("Call[U]", twin)

    @property
    def request(self) -> Request:
        """The request that it sends."""
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
        if not endpoint.has_body:
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
            result: T_co = read_reply(response, self.endpoint, self.into, self.at, self._otherwise)
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
    """Encode a parameter as one path segment. `.` and `..` are escaped, or they would lead to another path."""
    text = quote(str(value), safe="")
    return text.replace(".", "%2E") if text in {".", ".."} else text


KnownStep = (
    Call[Any] | Send | Blocking[Any] | Sleep | Together[Any] | Window[Any, Any] | Wait[Any] | Background | RunHandler
)
