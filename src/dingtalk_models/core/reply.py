"""Reads replies of both hosts: from bytes to the result, or to an error.

A reply with the documented shape is validated straight from its bytes. Any other reply takes a second, slower path: it
may be a refusal, or not come from the platform at all, or not match its documentation. The last kind is repaired if its
meaning is clear.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model

from dingtalk_models.core.codes import LONGEST_WAIT, api_error
from dingtalk_models.core.errors import ApiError, PermissionDenied, PlatformBusy, RateLimited, TransportError
from dingtalk_models.core.http import SUCCESSFUL, Endpoint, HttpResponse
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.mending import UNPARSED, mend

_ABSENT: Any = object()
_FIRST_BYTES = 120
_SECRET = re.compile(rb'(?i)("\w*(?:token|ticket|secret|password)\w*"\s*:\s*")[^"]*')
_MENDING_ROUNDS = 8
_TOO_MANY_REQUESTS = 429


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
    """The validator of a whole reply, and the path to the result in it."""
    way = tuple(at.split(".")) if at else ()
    kind: Any = into
    for depth in reversed(range(len(way))):
        field: dict[str, Any] = {way[depth]: (kind, _ABSENT)}
        kind = create_model("Reply", __base__=BaseModel if depth else _Envelope, **field)
    return TypeAdapter(kind), way


def read_reply(response: HttpResponse, endpoint: Endpoint, into: Any, at: str | None = None) -> Any:
    """The result in a reply.

    Args:
        response: the reply.
        endpoint: the API that was called.
        into: the type of the result; `None` if only success matters.
        at: where the result is, as a dotted path; by default in `result` on the older host.

    Raises:
        ApiError: the platform refused.
        TransportError: the reply cannot be understood.
    """
    if endpoint.host == "api":
        if response.status not in SUCCESSFUL:
            raise _refusal(endpoint, response, _parsed(response))
        if into is None and not response.content.strip():
            return None
    if at is None:
        at = "result" if endpoint.host == "oapi" else ""
    adapter, way = _reader(_Envelope, "") if into is None else _reader(into, at)
    try:
        reply = adapter.validate_json(response.content)
    except ValidationError as problem:
        data = _parsed(response)
        if not is_object(data) or _refuses(data):
            raise _refusal(endpoint, response, data) from None
        # must not be moved to `unparsed`: the path to the result, and the result itself if its type has no `unparsed`
        fixed = len(way) + (not hasattr(into, UNPARSED.rstrip("_")))
        reply = _mended(response, data, problem, adapter, fixed)
    return _result(response, endpoint, into, reply, way)


def _result(response: HttpResponse, endpoint: Endpoint, into: Any, reply: Any, way: tuple[str, ...]) -> Any:
    # the newer host reports an unknown path as a success with an errcode, so every reply is checked for one
    said = vars(reply) if isinstance(reply, _Envelope) else _extra(reply)
    if _refuses(said) or (into is None and said["errcode"] is None and endpoint.host == "oapi"):
        raise _refusal(endpoint, response, _parsed(response))
    for name in way:
        reply = getattr(reply, name)
        if reply is _ABSENT:
            raise _refusal(endpoint, response, _parsed(response))
    return None if into is None else reply


def _mended(
    response: HttpResponse, data: dict[str, Any], problem: ValidationError, adapter: TypeAdapter[Any], fixed: int
) -> Any:
    """Repair and read a reply that does not match its documentation."""
    for _ in range(_MENDING_ROUNDS):
        if unread := mend(data, problem, fixed):
            where = ", ".join(".".join(map(str, loc)) for loc in unread)
            raise _unusable(response, f"has the wrong shape at {where}") from None
        try:
            # Python's parser accepts what pydantic's refuses, such as half of an emoji: so write it again as valid JSON
            return adapter.validate_json(json.dumps(data, ensure_ascii=False).encode(errors="replace"))
        except ValidationError as again:
            problem = again
    raise _unusable(response, "has the wrong shape")


def _extra(reply: Any) -> dict[str, Any]:
    return reply if is_object(reply) else getattr(reply, "model_extra", None) or {}


def _refuses(said: dict[str, Any]) -> bool:
    """Whether a reply is a refusal: it has an error code, or the status of a banned IP address."""
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
    """Add the time to wait from the response's `Retry-After`, if the error has a place for it."""
    seconds = _retry_after(response)
    if seconds and isinstance(error, RateLimited | PlatformBusy | TransportError):
        error.retry_after = seconds
    return error


def _refusal(endpoint: Endpoint, response: HttpResponse, data: Any) -> ApiError | TransportError:
    """The error for a reply without a result."""
    if not is_object(data):
        return _unusable(response, "is not an object")
    context: dict[str, Any] = {"status": response.status, "path": endpoint.path}
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
        error = api_error(str(data["code"]), str(data.get("message") or ""), **context)
        detail = data.get("accessdenieddetail")
        scopes = detail.get("requiredScopes") if is_object(detail) else None
        if isinstance(error, PermissionDenied) and is_array(scopes):
            error.scopes = tuple(map(str, scopes))
    elif str(data.get("status")) == "1111":
        text = "too many calls from this address: it is banned for 5 minutes"
        error = api_error(1111, text, **context)
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
