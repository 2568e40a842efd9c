"""One call, from its description to its answer: token, sending, reading, renewing a rejected token, retries."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, TypeVar

from dingtalk_models.core.call import Call, HttpResponse
from dingtalk_models.core.errors import AuthenticationError, DingTalkError
from dingtalk_models.core.flow import Flow, Send
from dingtalk_models.core.model import bind

if TYPE_CHECKING:
    from dingtalk_models.app import DingTalkApp

T = TypeVar("T")

logger = logging.getLogger("dingtalk_models")


def exchange(app: DingTalkApp, call: Call[T]) -> Flow[T]:
    """Send a call as often as the app's retry policy allows, and read its answer."""
    endpoint = call.target
    base_url = app.api_url if endpoint.host == "api" else app.oapi_url
    limiter = app.limiter

    def send(token: str | None) -> Flow[T]:
        sent_at = time.perf_counter()
        received: HttpResponse | None = None
        try:
            response: HttpResponse = yield Send(call.prepare(base_url, token))
            received = response
            answer = call.read(response)
        except DingTalkError as error:
            _log(call, received, sent_at, error)
            raise
        bind(answer, app)
        _log(call, received, sent_at, None)
        return answer

    def attempt(token: str | None) -> Flow[T]:
        return limiter.paced(call, lambda: send(token), begun + app.retry.deadline) if limiter else send(token)

    def attempts(token: str | None) -> Flow[T]:
        return app.retry.run(lambda: attempt(token), begun, idempotent=endpoint.idempotent)

    begun = time.monotonic()
    if not endpoint.authenticated:
        return (yield from attempts(None))
    # outside of the attempts: the call that fetches a token has attempts of its own, which must not multiply
    credential = app.access_token_credential
    token = yield from credential.get()
    try:
        return (yield from attempts(token.value))
    except AuthenticationError as error:
        if not error.token_rejected:
            raise
    # refused before it was acted on, so that even a write may be sent again
    token = yield from credential.renew(token)
    return (yield from attempts(token.value))


def _log(call: Call[T], response: HttpResponse | None, sent_at: float, error: DingTalkError | None) -> None:
    if not logger.isEnabledFor(logging.DEBUG):
        return
    status, code, request_id = "-", "-", "-"
    if response is not None:
        status = str(response.status)
        code = "ok" if error is None else str(getattr(error, "cause", type(error).__name__))
        found = re.search(rb'"request_?[iI]d"\s*:\s*"([^"]*)"', response.content)
        request_id = found[1].decode(errors="replace") if found else response.headers.get("x-acs-request-id", "-")
    milliseconds = (time.perf_counter() - sent_at) * 1000
    logger.debug("%s %s %s %s %.1f ms", call.target, status, code, request_id, milliseconds)
