"""The exchange of one call: get the token, send, read the reply, renew a rejected token, retry."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
from urllib.parse import urlencode

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from dingtalk_models.call.call import Call
from dingtalk_models.call.credential import Credential
from dingtalk_models.call.limits import Limiter
from dingtalk_models.call.loaded import bind
from dingtalk_models.call.retry import Retry, repeat
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import (
    AuthenticationError,
    ConfigurationError,
    DingTalkError,
    PermissionDenied,
    TransportError,
)
from dingtalk_models.core.files import Upload
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import Flow, Send, Sleep, Step, Wait

if TYPE_CHECKING:
    from dingtalk_models.call.call import KnownStep

T = TypeVar("T")

_OVER: Any = object()

logger = logging.getLogger("dingtalk_models")


class ExchangingApp(AppLike, Protocol):
    """What an exchange needs from an app."""

    @property
    def oapi_url(self) -> str: ...
    @property
    def api_url(self) -> str: ...
    @property
    def retry(self) -> Retry: ...
    @property
    def limiter(self) -> Limiter | None: ...
    @property
    def access_token_credential(self) -> Credential | None: ...


def exchange(app: ExchangingApp, call: Call[T], until: float | None = None) -> Flow[T]:
    """Send a call, and again if the app's retry policy allows it, and return its result.

    Args:
        app: the app.
        call: the call.
        until: its deadline, on the monotonic clock; by default that of the app's retry policy, from now on.
    """
    until = monotonic() + app.retry.deadline if until is None else until
    if call.user_token is not None or not call.endpoint.authenticated:
        return (yield from _attempts(app, call, call.user_token, until))
    # outside the attempts: fetching a token has its own attempts, and the two must not multiply
    credential = call.credential if isinstance(call.credential, Credential) else app.access_token_credential
    if credential is None:
        raise ConfigurationError(f"{call.endpoint} needs the access token of an app / 该接口需要应用的 access_token")
    token, path = (yield from _within(app, credential.get(), until)), call.endpoint.path
    try:
        result = yield from _attempts(app, call, token.value, until)
    except AuthenticationError as error:
        if not error.token_rejected:
            raise
        refusal = error
    else:
        token.accepted.add(path)
        return result
    if (renewed := (yield from _within(app, credential.renew(token, path), until))) is None:
        raise credential.told(refusal)
    # the call was refused before it was executed, so even a write is safe to send again
    try:
        result = yield from _attempts(app, call, renewed.value, until)
    except AuthenticationError as error:
        if not error.token_rejected:
            raise
        credential.rejected_again()
        refusal = error
    else:
        credential.accepted(renewed, path)
        return result
    raise credential.told(refusal)


def _within(app: ExchangingApp, flow: Flow[T], until: float) -> Flow[T]:
    """Run the flow that gets a token for a call, and cancel it at the call's deadline.

    Other callers that wait for the same token and have more time then start again.
    """
    try:
        step = next(flow)
        while True:
            failure: Exception | None = None
            try:
                result = yield from _step_within(app, step, until)
            except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                result, failure = None, error
            if result is _OVER or monotonic() >= until:
                raise TransportError("the deadline passed before there was an access token", sent=False) from failure
            step = flow.throw(failure) if failure else flow.send(result)
    except StopIteration as end:
        returned: T = end.value
        return returned
    finally:
        flow.close()


def _step_within(app: ExchangingApp, step: Step, until: float) -> Flow[Any]:
    """Perform a step. Return `_OVER` if time runs out first."""
    left = until - monotonic()
    match cast("KnownStep", step):
        case Call() as call:
            return (yield from exchange(app, call, until))
        case Sleep(seconds) if seconds > left:
            return _OVER
        case Wait() as wait:
            result = yield replace(wait, seconds=min(wait.seconds, left))
            return result if wait.promise.is_kept() or wait.seconds <= left else _OVER
        case other:
            return (yield other)


def _attempts(app: ExchangingApp, call: Call[T], token: Secret | None, until: float) -> Flow[T]:
    """Try a call until it succeeds or must not be tried again."""
    try:
        return (yield from _attempt(app, call, token, until))
    except DingTalkError as error:
        if call.single or not app.retry.worth_repeating(error, idempotent=call.endpoint.idempotent):
            raise
        repeated = repeat(app.retry, error, lambda: _attempt(app, call, token, until), until, call.endpoint)
    return (yield from repeated)


def _attempt(app: ExchangingApp, call: Call[T], token: Secret | None, until: float) -> Flow[T]:
    if app.limiter:
        return (yield from app.limiter.paced(call, lambda: _send(app, call, token, until), until, app.retry))
    return (yield from _send(app, call, token, until))


def _send(app: ExchangingApp, call: Call[T], token: Secret | None, until: float) -> Flow[T]:
    sent_at = monotonic()
    received: HttpResponse | None = None
    try:
        response: HttpResponse = yield Send(replace(prepare(call, app.oapi_url, app.api_url, token), until=until))
        received = response
        result = _read(call, response, token)
    except DingTalkError as error:
        if isinstance(error, PermissionDenied) and not error.scopes:
            from dingtalk_models.core.documentation.endpoints import documented  # noqa: PLC0415 - only for such a refusal

            # not every refusal says which one is missing
            error.scopes = documented(call.endpoint.verb, call.endpoint.path).scopes
        _tell_outcome(error, call)
        _log(call, received, sent_at, error)
        raise
    if result is not None:
        bind(result, app, lambda: call.read(response), call.params)
    _log(call, received, sent_at, None)
    return result


def _read(call: Call[T], response: HttpResponse, token: Secret | None) -> T:
    try:
        return call.read(response)
    except DingTalkError:
        from dingtalk_models.core.secret import secrets_in, without  # noqa: PLC0415 - only after a failure

        harmless = without(response, secrets_in([token, call.http_request or vars(call.request)]))
        if harmless is response:
            raise
    # read the reply again with secrets masked, since its error may quote what was sent
    return call.read(harmless)


def _tell_outcome(error: DingTalkError, call: Call[Any]) -> None:
    """Note in an error without a reply whether the platform may have acted on the call."""
    if isinstance(error, TransportError) and not (error.sent and call.endpoint.idempotent):
        outcome = "whether it was carried out is unknown" if error.sent else "nothing was sent"
        error.args = (f"{error}; {outcome}",)


def prepare(call: Call[Any], oapi_url: str, api_url: str, token: Secret | None) -> HttpRequest:
    """The HTTP request for a call."""
    if call.http_request is not None:
        return _with_file(call.http_request, call.upload)
    request = call.request
    url = (oapi_url if request.host == "oapi" else api_url) + request.path
    query = dict(request.query_params)
    headers: dict[str, Any] = {"Accept": "application/json", **request.headers}
    body, form = request.body, None
    if token and request.host == "oapi":
        query = {"access_token": token, **query}
    elif token:
        headers["x-acs-dingtalk-access-token"] = token
    fields = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    if any(isinstance(value, Upload) for value in fields.values()):
        from dingtalk_models.call.transport.uploads import FormBody  # noqa: PLC0415 - only when a file is sent

        form = FormBody(fields)
        headers["Content-Type"] = form.content_type
        # documented as parts of the form, but the gateway requires some of them in the query string too
        query |= form.texts
    elif body is not None:
        headers["Content-Type"] = "application/json"
    # secrets are unwrapped in this expression, and in no variable that a traceback could show
    return HttpRequest(
        request.verb,
        f"{url}?{urlencode({name: _text(value) for name, value in query.items()})}" if query else url,
        {name: _text(value) for name, value in headers.items()},
        form if form or body is None else _JSON.encode(body).encode(),
    )


def _sent(value: object) -> Any:
    """Encode a value that JSON has no type for: the text of a secret."""
    return value.get_secret_value() if isinstance(value, SecretStr) else to_jsonable_python(value)


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_sent)


def _with_file(request: HttpRequest, upload: Upload | None) -> HttpRequest:
    if upload is None:
        return request
    from dingtalk_models.call.transport.uploads import FileBody  # noqa: PLC0415 - only when a file is sent

    return replace(request, content=FileBody(upload))


def _text(value: Any) -> str:
    """A value in a query string or a header, with the text of a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _log(call: Call[Any], response: HttpResponse | None, sent_at: float, error: DingTalkError | None) -> None:
    if not logger.isEnabledFor(logging.DEBUG):
        return
    status, code, request_id = "-", "-", "-"
    if response is not None:
        status = str(response.status)
        code = "ok" if error is None else str(getattr(error, "cause", type(error).__name__))
        found = re.search(rb'"request_?[iI]d"\s*:\s*"([^"]*)"', response.content)
        request_id = found[1].decode(errors="replace") if found else response.headers.get("x-acs-request-id", "-")
    milliseconds = (monotonic() - sent_at) * 1000
    logger.debug("%s %s %s %s %.1f ms", call.endpoint, status, code, request_id, milliseconds)
