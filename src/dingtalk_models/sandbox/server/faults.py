"""Faults on demand: other answers than the endpoint's, delays, cut connections."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final, Literal, TypedDict

from dingtalk_models.sandbox.server.endpoints import pattern_of
from dingtalk_models.sandbox.server.envelopes import API, BARE, TOPAPI, Answer, ReceivedRequest, dialect_of
from dingtalk_models.sandbox.server.errors import Denied, Refused

_BODILESS: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Behaviour(TypedDict, total=False):
    """The options of a fault. Without an answer, the endpoint acts and answers."""

    errcode: int
    """Answer with this errcode of the older host, like a business rule."""
    sub_code: str
    """Answer with errcode 88 around this code, like the gateway of `/topapi`."""
    errmsg: str
    """The text for `errcode` or `sub_code`; by default the platform's."""
    code: str
    """Answer with this code of the newer host."""
    message: str
    """The text for `code`; by default the platform's."""
    flag: Literal["success", "result"]
    """Answer with HTTP 200 and no code, but with this flag set to false."""
    status: int
    """The HTTP status. Given alone, the answer is an HTML page, as from a load balancer."""
    body: bytes | str
    """Answer with exactly this."""
    content_type: str
    """The content type of `body`; by default HTML."""
    headers: Mapping[str, str]
    """More response headers."""
    delay: float
    """Seconds between acting and answering."""
    drop: Literal["before", "after"] | bool
    """Cut the connection without an answer: `before` (or True) the endpoint acts, or `after`."""
    truncate: int
    """Announce the whole body, send only this many bytes of it, and cut the connection."""


@dataclass(eq=False)
class Fault:
    """Makes the next `remaining` requests to a path fail or misbehave; made by `Sandbox.fail`."""

    path: str
    remaining: int
    how: Behaviour
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    def cancel(self) -> None:
        """Let the remaining requests pass."""
        self.remaining = 0

    def strikes(self, path: str) -> bool:
        """Whether it applies to the next request to this path. If so, the request is counted."""
        if self.remaining < 1 or not (self.path == "*" or pattern_of(self.path).fullmatch(path)):
            return False
        self.remaining -= 1
        return True

    def answer(self, call: ReceivedRequest) -> Answer | None:
        """Return the answer to send instead of the endpoint's; None if the endpoint answers."""
        how, status = self.how, self.how.get("status")
        answer = None
        if "code" in how:
            answer = API.refused(Refused(how["code"], how.get("message")))
        elif "sub_code" in how:
            code = how["sub_code"]
            answer = TOPAPI.refused(Denied(int(code) if code.isdecimal() else code, how.get("errmsg")))
        elif "errcode" in how:
            dialect = TOPAPI if dialect_of(call.path) is TOPAPI else BARE
            answer = dialect.refused(Refused(how["errcode"], how.get("errmsg")))
        elif "flag" in how:
            answer = dialect_of(call.path).accepted({how["flag"]: False})
        elif "body" in how or status is not None:
            page = how.get("body", f"<html><head><title>{status}</title></head><body>{status}</body></html>")
            content = page.encode() if isinstance(page, str) else page
            answer = Answer(200, content, {"content-type": how.get("content_type", "text/html;charset=utf-8")})
        if answer is None or status is None:
            return answer
        return replace(answer, status=status, content=b"" if status in _BODILESS else answer.content)
