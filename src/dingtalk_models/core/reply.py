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
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model

from .codes import LONGEST_WAIT, api_error
from .errors import ApiError, PermissionDenied, PlatformBusy, RateLimited, TransportError

if TYPE_CHECKING:
    from .call import Call, HttpResponse

logger = logging.getLogger("dingtalk_models")

UNPARSED = "unparsed__"
"""Where a model keeps what could not be read."""

_ABSENT: Any = object()
_FIRST_BYTES = 120
_SECRET = re.compile(rb'(?i)("\w*(?:token|ticket|secret|password)\w*"\s*:\s*")[^"]*')
_MENDING_ROUNDS = 8
_TOO_MANY_REQUESTS = 429


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
    status: Any = None


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
    said = vars(reply) if isinstance(reply, _Envelope) else _extra(reply)
    if _refuses(said) or (call.into is None and said["errcode"] is None and call.target.host == "oapi"):
        raise _refusal(call, response, _parsed(response))
    for name in way:
        reply = getattr(reply, name)
        if reply is _ABSENT:
            raise _refusal(call, response, _parsed(response))
    return None if call.into is None else reply


def _extra(reply: Any) -> dict[str, Any]:
    return reply if is_object(reply) else getattr(reply, "model_extra", None) or {}


def _refuses(said: dict[str, Any]) -> bool:
    """Whether a reply says no: by a code, or by the ban of this address, which looks like nothing else."""
    return said.get("errcode") not in (None, 0, "0") or str(said.get("status")) == "1111"


def _parsed(response: HttpResponse) -> Any:
    """The JSON of a reply."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        raise _unusable(response, "is not JSON, or is cut short") from None


def _unusable(response: HttpResponse, what: str) -> ApiError | TransportError:
    kind = response.headers.get("content-type", "no content type")
    start = _SECRET.sub(rb"\1***", response.content)[:_FIRST_BYTES]
    text = f"the reply {what} (HTTP {response.status}, {kind}, {len(response.content)} bytes, beginning {start!r})"
    error: ApiError | TransportError
    if response.status == _TOO_MANY_REQUESTS:
        error = RateLimited(response.status, text, status=response.status)
    else:
        error = TransportError(text, status=response.status)
    return _waiting(error, response)


def _waiting(error: ApiError | TransportError, response: HttpResponse) -> ApiError | TransportError:
    """The same error, with the time that the reply asks to wait."""
    seconds = _retry_after(response)
    if seconds and isinstance(error, RateLimited | PlatformBusy | TransportError):
        error.retry_after = seconds
    return error


def _refusal(call: Call[Any], response: HttpResponse, data: Any) -> ApiError | TransportError:
    """What a reply that is not an answer means."""
    if not is_object(data):
        return _unusable(response, "is not an object")
    context: dict[str, Any] = {"status": response.status, "request": call.request}
    if data.get("errcode") not in (None, 0, "0"):
        sub_code = str(data.get("sub_code") or "") or None
        context["request_id"] = data.get("request_id")
        word = str(data["errcode"])
        code = int(word) if re.fullmatch(r"-?[0-9]{1,18}", word) else word
        error = api_error(code, str(data.get("errmsg") or data.get("sub_msg") or ""), sub_code=sub_code, **context)
    elif "code" in data and response.status >= 400:  # noqa: PLR2004 - HTTP's own number
        context["request_id"] = (
            data.get("requestid") or data.get("requestId") or response.headers.get("x-acs-request-id")
        )
        error = api_error(str(data["code"]), str(data.get("message") or ""), sub_code=None, **context)
        detail = data.get("accessdenieddetail")
        scopes = detail.get("requiredScopes") if is_object(detail) else None
        if isinstance(error, PermissionDenied) and is_array(scopes):
            error.scopes = tuple(map(str, scopes))
    elif str(data.get("status")) == "1111":
        text = "too many calls from this address: it is banned for 5 minutes"
        error = api_error(1111, text, sub_code=None, **context)
    else:
        return _unusable(response, "has the wrong shape")
    return _waiting(error, response)


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


def _second_look(call: Call[Any], response: HttpResponse, problem: ValidationError) -> Any:
    data = _parsed(response)
    if not is_object(data) or _refuses(data):
        raise _refusal(call, response, data)
    adapter, way = _reader_of(call)
    # what the answer itself stands on cannot be set aside, nor the fields of an answer that has no place for it
    fixed = len(way) + (not hasattr(call.into, UNPARSED.rstrip("_")))
    for _ in range(_MENDING_ROUNDS):
        if unread := _mend(data, problem, fixed):
            where = ", ".join(".".join(map(str, loc)) for loc in unread)
            raise _unusable(response, f"has the wrong shape at {where}") from None
        try:
            # one parser takes what another refuses, such as half of an emoji: written anew, it is plain JSON
            plain = json.dumps(data, ensure_ascii=False).encode(errors="replace")
            return _answer(call, response, adapter.validate_json(plain), way)
        except ValidationError as again:
            problem = again
    raise _unusable(response, "has the wrong shape")


_Step = tuple[Any, Any, Any]
"""A container, a key in it, and the value there."""


def _mend(data: Any, problem: ValidationError, fixed: int) -> list[tuple[int | str, ...]]:
    """Change the reply so that its errors go away; where that is impossible, the places of those that stay."""
    ways: dict[Any, tuple[Any, list[_Step]]] = {}
    for error in problem.errors(include_url=False):
        if error["type"] != "json_invalid":
            steps = _follow(data, error["loc"])
            ways.setdefault((id(steps[-1][0]), steps[-1][1]) if steps else None, (error, steps))
    # the last ones first: an item that is taken out of a list moves those behind it
    return [error["loc"] for error, steps in reversed(ways.values()) if not _mend_one(error["type"], steps, fixed)]


def _mend_one(wanted: str, steps: list[_Step], fixed: int) -> bool:
    if not steps:
        return False
    holder, key, value = steps[-1]
    meant = _meant(wanted, value)
    if meant is not None:
        holder[key] = meant
        return True
    if value is None and is_array(holder):
        del holder[key]
        return True
    return _set_aside(steps[fixed:])


def _meant(wanted: str, value: Any) -> Any:
    """What a value of the wrong kind plainly stands for; `None` where that is not plain."""
    if wanted == "list_type" and value is None:
        return []
    if wanted == "list_type" and is_object(value):
        return [value]
    if wanted == "json_type" and (is_object(value) or is_array(value)):
        return json.dumps(value, ensure_ascii=False)
    if wanted in {"list_type", "dict_type", "model_type"} and isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return None


def _follow(data: Any, loc: Iterable[int | str]) -> list[_Step]:
    """The way to a value, or to the object that it is missing from."""
    steps: list[_Step] = []
    for key in loc:
        try:
            value = data[key]
        except (LookupError, TypeError):
            continue  # pydantic names validators and members of unions in its paths too
        steps.append((data, key, value))
        data = value
    return steps


def _set_aside(steps: list[_Step]) -> bool:
    """Move the innermost field out of the model's sight, into its `unparsed`."""
    for holder, key, value in reversed(steps):
        if is_object(holder):
            if holder.pop(key, None) is not None:
                logger.warning("a reply's field %r cannot be read as documented; it is kept in .unparsed", key)
                holder.setdefault(UNPARSED, {})[key] = value
            return True
    return False
