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

    def send(token: str | None) -> Flow[T]:
        begun = time.perf_counter()
        received: HttpResponse | None = None
        try:
            response: HttpResponse = yield Send(call.prepare(base_url, token))
            received = response
            answer = call.read(response)
        except DingTalkError as error:
            _log(call, received, begun, error)
            raise
        bind(answer, app)
        _log(call, received, begun, None)
        return answer

    def attempt() -> Flow[T]:
        if not endpoint.authenticated:
            return (yield from send(None))
        credential = app.access_token_credential
        token = yield from credential.get()
        try:
            return (yield from send(token.value))
        except AuthenticationError as error:
            if not error.token_rejected:
                raise
        # refused before it was acted on, so that even a write may be sent again
        token = yield from credential.renew(token)
        return (yield from send(token.value))

    return app.retry.run(attempt, idempotent=endpoint.idempotent)


def _log(call: Call[T], response: HttpResponse | None, begun: float, error: DingTalkError | None) -> None:
    if not logger.isEnabledFor(logging.DEBUG):
        return
    status, code, request_id = "-", "-", "-"
    if response is not None:
        status = str(response.status)
        code = str(getattr(error, "cause", "ok"))
        found = re.search(rb'"request_?[iI]d"\s*:\s*"([^"]*)"', response.content)
        request_id = found[1].decode(errors="replace") if found else response.headers.get("x-acs-request-id", "-")
    milliseconds = (time.perf_counter() - begun) * 1000
    logger.debug("%s %s %s %s %.1f ms", call.target, status, code, request_id, milliseconds)
