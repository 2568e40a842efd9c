"""Reading replies: both hosts' envelopes, from bytes to the answer in one step.

A reply that fits its documented shape is validated straight from its bytes. Whatever does not fit takes the second,
slower path: it may be a refusal, something that is not the platform's at all, or an answer that contradicts its own
documentation (a list sent as a JSON string, one object where a list was promised, a null for a number). The last is
mended where its meaning is plain. An optional field that still cannot be read is kept, unread, in the model's
`unparsed`: one odd field must not cost a page of people.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic_core import to_json

from .codes import api_error
from .errors import ApiError, PermissionDenied, RateLimited, TransportError

if TYPE_CHECKING:
    from .call import Call, HttpResponse

logger = logging.getLogger("dingtalk_models")

UNPARSED = "unparsed__"
"""Where a model keeps what could not be read."""

_ABSENT: Any = object()
_FIRST_BYTES = 120
_MENDING_ROUNDS = 8


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a piece of JSON is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a piece of JSON is an array."""
    return isinstance(value, list)


class _Envelope(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True, arbitrary_types_allowed=True)

    errcode: int | None = None
    errmsg: str | None = None
    sub_code: str | None = None
    sub_msg: str | None = None
    request_id: str | None = None


@cache
def _reader(into: Any, at: str) -> tuple[TypeAdapter[Any], tuple[str, ...]]:
    """The validator of a whole reply, and the way to the answer in it."""
    way = tuple(at.split(".")) if at else ()
    kind: Any = into
    for depth in reversed(range(len(way))):
        field: dict[str, Any] = {way[depth]: (kind, _ABSENT)}
        kind = create_model("Reply", __base__=BaseModel if depth else _Envelope, **field)
    return TypeAdapter(kind), way


def _reader_of(call: Call[Any]) -> tuple[TypeAdapter[Any], tuple[str, ...]]:
    if call.into is None:
        return _reader(_Envelope, "")
    default = "result" if call.target.host == "oapi" else ""
    return _reader(call.into, default if call.at is None else call.at)


def read_reply(call: Call[Any], response: HttpResponse) -> Any:
    """The answer in a reply.

    Raises:
        ApiError: the platform refused.
        TransportError: the reply cannot be understood.
    """
    if call.target.host == "api":
        if not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's own numbers
            raise _refusal(call, response, _parsed(response))
        if call.into is None and not response.content.strip():
            return None
    adapter, way = _reader_of(call)
    try:
        reply = adapter.validate_json(response.content)
    except ValidationError as problem:
        return _second_look(call, response, problem)
    return _answer(call, response, reply, way)


def _answer(call: Call[Any], response: HttpResponse, reply: Any, way: tuple[str, ...]) -> Any:
    # the newer host reports an unknown path as a success with an errcode in it, so every reply is asked for one
    errcode = reply.errcode if isinstance(reply, _Envelope) else _extra(reply).get("errcode")
    if errcode or (call.into is None and errcode is None and call.target.host == "oapi"):
        raise _refusal(call, response, _parsed(response))
    for name in way:
        reply = getattr(reply, name)
        if reply is _ABSENT:
            raise _refusal(call, response, _parsed(response))
    return None if call.into is None else reply


def _extra(reply: Any) -> dict[str, Any]:
    return getattr(reply, "model_extra", None) or {}


def _parsed(response: HttpResponse) -> Any:
    """The JSON of a reply."""
    try:
        return json.loads(response.content)
    except ValueError:
        raise _unusable(response, "is not JSON, or is cut short") from None


def _unusable(response: HttpResponse, what: str) -> TransportError:
    kind = response.headers.get("content-type", "no content type")
    start = response.content[:_FIRST_BYTES]
    return TransportError(
        f"the reply {what} (HTTP {response.status}, {kind}, {len(response.content)} bytes, beginning {start!r})",
        status=response.status,
    )


def _refusal(call: Call[Any], response: HttpResponse, data: Any) -> ApiError | TransportError:
    """What a reply that is not an answer means."""
    if not is_object(data):
        return _unusable(response, "is not an object")
    context: dict[str, Any] = {"status": response.status, "request": call.request}
    if data.get("errcode") not in {None, 0, "0"}:
        sub_code = str(data["sub_code"]) if data.get("sub_code") not in {None, ""} else None
        context["request_id"] = data.get("request_id")
        code = data["errcode"]
        code = int(code) if str(code).lstrip("-").isdigit() else str(code)
        error = api_error(code, str(data.get("errmsg") or data.get("sub_msg") or ""), sub_code=sub_code, **context)
    elif "code" in data and response.status >= 400:  # noqa: PLR2004 - HTTP's own number
        context["request_id"] = (
            data.get("requestid") or data.get("requestId") or response.headers.get("x-acs-request-id")
        )
        error = api_error(str(data["code"]), str(data.get("message") or ""), sub_code=None, **context)
        detail = data.get("accessdenieddetail")
        if isinstance(error, PermissionDenied) and is_object(detail):
            error.scopes = tuple(map(str, detail.get("requiredScopes") or error.scopes))
    elif str(data.get("status")) == "1111":
        error = api_error(
            1111, "too many calls from this address: it is banned for 5 minutes", sub_code=None, **context
        )
    else:
        return _unusable(response, "has the wrong shape")
    if isinstance(error, RateLimited):
        error.retry_after = _retry_after(response) or error.retry_after
    return error


def _retry_after(response: HttpResponse) -> float | None:
    try:
        return float(response.headers.get("retry-after", ""))
    except ValueError:
        return None


def _second_look(call: Call[Any], response: HttpResponse, problem: ValidationError) -> Any:
    data = _parsed(response)
    if not is_object(data) or data.get("errcode") not in {None, 0, "0"} or str(data.get("status")) == "1111":
        raise _refusal(call, response, data)
    adapter, way = _reader_of(call)
    for _ in range(_MENDING_ROUNDS):
        unread = [error["loc"] for error in problem.errors(include_url=False) if not _mend(data, error)]
        if unread:
            where = ", ".join(".".join(map(str, loc)) for loc in unread)
            raise _unusable(response, f"has the wrong shape at {where}") from problem
        try:
            return _answer(call, response, adapter.validate_json(to_json(data)), way)
        except ValidationError as again:
            problem = again
    raise _unusable(response, "has the wrong shape") from problem


def _mend(data: Any, error: Any) -> bool:
    """Change the reply so that this error goes away; false where that is impossible."""
    steps = _follow(data, error["loc"])
    if not steps:
        return False
    holder, key, value = steps[-1]
    meant = _meant(error["type"], value)
    if meant is not None:
        holder[key] = meant
        return True
    if value is None and is_array(holder):
        holder[:] = [item for item in holder if item is not None]
        return True
    return _set_aside(steps)


def _meant(wanted: str, value: Any) -> Any:
    """What a value of the wrong kind plainly stands for; `None` where that is not plain."""
    if wanted == "list_type" and value is None:
        return []
    if wanted == "list_type" and is_object(value):
        return [value]
    if wanted == "json_type" and (is_object(value) or is_array(value)):
        return json.dumps(value)
    if wanted in {"list_type", "dict_type", "model_type"} and isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except ValueError:
            return None
    return None


def _follow(data: Any, loc: Iterable[int | str]) -> list[tuple[Any, Any, Any]]:
    """The containers on the way to a value; empty where the path leads nowhere."""
    steps: list[tuple[Any, Any, Any]] = []
    for key in loc:
        holder: Any = data
        try:
            value = holder[key]
        except (LookupError, TypeError):
            # pydantic names validators in its paths too; what it could not reach in the data is not a key
            if is_object(data) and isinstance(key, str) and not key.startswith("function-"):
                return []
            continue
        steps.append((data, key, value))
        data = value
    return steps


def _set_aside(steps: list[tuple[Any, Any, Any]]) -> bool:
    """Move the innermost field out of the model's sight, into its `unparsed`."""
    for holder, key, value in reversed(steps):
        if is_object(holder):
            logger.warning("a reply's field %r cannot be read as documented; it is kept in .unparsed", key)
            del holder[key]
            if value is not None:
                holder.setdefault(UNPARSED, {})[key] = value
            return True
    return False
