"""The forms of requests and replies on each kind of path: the bare paths, `/topapi`, the newer host."""

from __future__ import annotations

import json
import random
import string
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from dingtalk_models.sandbox.server.endpoints import Result, ServedEndpoint
from dingtalk_models.sandbox.server.errors import Denied, Refused, status_of, text_of
from dingtalk_models.sandbox.server.json_values import is_object, read_json
from dingtalk_models.sandbox.server.uploads import parts_of

T = TypeVar("T")

JSON: Final = "application/json"


@dataclass(frozen=True)
class ReceivedRequest:
    """A received request.

    Attributes:
        path: its path, unquoted by `path_of`.
        form: whether the body is a form.
        multipart: whether the form has parts, which may be files.
        unreadable: the error code, if the body cannot be read.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any] | list[Any] | str = field(default_factory=dict[str, Any])
    form: bool = False
    multipart: bool = False
    unreadable: int | None = None
    content: bytes = b""

    @classmethod
    def read(
        cls, method: str, path: str, query: dict[str, str], headers: dict[str, str], content: bytes
    ) -> ReceivedRequest:
        """Parse the body, as JSON or as a form."""
        if not content:
            return cls(method, path, query, headers)
        return replace(cls._parsed(method, path, query, headers, content), content=content)

    @classmethod
    def _parsed(
        cls, method: str, path: str, query: dict[str, str], headers: dict[str, str], content: bytes
    ) -> ReceivedRequest:
        said = headers.get("content-type", JSON if method == "POST" else "application/octet-stream")
        kind = said.partition(";")[0].strip().lower()
        if kind == "multipart/form-data" and (parts := parts_of(said, content)) is not None:
            return cls(method, path, query, headers, parts, form=True, multipart=True)
        if kind in {"multipart/form-data", "application/octet-stream"}:
            return cls(method, path, query, headers, f"<{len(content)} bytes>", unreadable=43004)
        text = content.decode(errors="replace")
        if kind == "application/x-www-form-urlencoded":
            return cls(method, path, query, headers, dict(parse_qsl(text, keep_blank_values=True)), form=True)
        if kind != JSON:
            return cls(method, path, query, headers, text, unreadable=43004)
        try:
            body = read_json(text)
        except ValueError:
            body = None
        if isinstance(body, dict | list):
            return cls(method, path, query, headers, cast("dict[str, Any] | list[Any]", body))
        return cls(method, path, query, headers, text, unreadable=47001)


@dataclass(frozen=True)
class Answer:
    """A reply.

    Attributes:
        code: its error code; 0 for success.
        caller: the owner of the request's token.
        mistake: the traceback, if the sandbox itself failed.
    """

    status: int
    content: bytes
    headers: dict[str, str]
    code: int | str = 0
    caller: str | None = None
    mistake: str | None = None

    @classmethod
    def json(cls, payload: object, code: int | str = 0, status: int = 200, request_id: str = "") -> Answer:
        """Make a reply with JSON: an object, but for a few endpoints."""
        content = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
        headers = {"content-type": f"{JSON};charset=utf-8"}
        return cls(status, content, headers | ({"x-acs-request-id": request_id} if request_id else {}), code)

    def as_xml(self) -> Answer:
        """Convert it to XML, with an element per field. The platform's own XML is not documented."""
        root = ET.Element("response")
        for name, value in json.loads(self.content).items():
            ET.SubElement(root, name).text = str(value)
        content = ET.tostring(root, "utf-8", xml_declaration=True)
        return replace(self, content=content, headers={**self.headers, "content-type": "application/xml;charset=utf-8"})


class Bare:
    """The bare paths of the older host: always HTTP 200, a plain errcode and errmsg."""

    blank: int | str = 40000
    stale: int | str = 40014
    expired: int | str = 40014
    stale_sso: int | str = 40014
    unscoped: int | str = 60011
    throttled: int | str = 90018
    unreadable: int | str = 47001
    invalid: int | str = 40035
    bodiless: frozenset[str] = frozenset({"GET"})
    busy: int | str = -1

    def mistaken(self, error: Exception) -> Answer:
        """Answer like a platform with a system error, after a bug of the sandbox itself."""
        text = f"{text_of(self.busy)} (a bug of the sandbox, not a mistake in the request: {error!r}; see its log)"
        answer = self.refused(Refused(self.busy, text))
        headers = {**answer.headers, "x-sandbox": "mistake"}
        return replace(answer, headers=headers, mistake="".join(traceback.format_exception(error)))

    def pick(self, verbs: Mapping[str, T], verb: str) -> T | None:
        """Return the endpoint for a verb; None if there is no such path."""
        if verbs and verb not in verbs:
            raise Refused(43001 if "GET" in verbs else 43002)
        return verbs.get(verb)

    def token(self, call: ReceivedRequest) -> str | None:
        """Return the token, if it is in the right place for this kind of path."""
        return call.query.get("access_token")

    def arguments(self, call: ReceivedRequest, endpoint: ServedEndpoint) -> Mapping[str, object]:
        """Return the parameters from the right place for this kind of path: the query of a GET, or else the body."""
        if endpoint.verb in self.bodiless:
            return call.query
        body = self.body(call, needed=endpoint.takes_body, files=endpoint.takes_files)
        if not isinstance(body, dict):
            raise Refused(self.unreadable)
        return body

    def body(self, call: ReceivedRequest, *, needed: bool, files: bool) -> dict[str, Any] | list[Any]:
        """Return the body, if it can be read.

        Args:
            call: the request.
            needed: whether the endpoint has parameters in the body.
            files: whether any of them is a file.
        """
        del needed
        if files and not call.multipart:
            raise Refused(43008)
        if isinstance(call.body, str):
            raise Refused(call.unreadable or self.unreadable)
        return call.query | call.body if call.multipart and is_object(call.body) else call.body

    def unknown(self, path: str) -> Answer:
        """Answer a call to a path that does not exist."""
        del path
        return Answer.json({"errcode": 404, "errmsg": "请求的URI地址不存在"}, 404)

    def accepted(self, result: Result) -> Answer:
        """Wrap the result of an endpoint in the envelope."""
        return self.envelope({"errcode": 0, "errmsg": "ok", **result})

    def refused(self, refusal: Refused) -> Answer:
        """Wrap a refusal in the envelope."""
        return self.envelope({"errcode": refusal.code, "errmsg": refusal.message}, refusal.code)

    def envelope(self, payload: Mapping[str, object], code: int | str = 0) -> Answer:
        """Make the reply with the fields that this kind of path adds."""
        return Answer.json(payload, code)


class Topapi(Bare):
    """`/topapi/**`: every reply has a request_id, and refusals of the gateway are wrapped in errcode 88."""

    invalid = 400002

    def token(self, call: ReceivedRequest) -> str | None:
        in_form = call.body.get("access_token") if call.form and isinstance(call.body, dict) else None
        return super().token(call) or in_form

    def unknown(self, path: str) -> Answer:
        text = f"不合法ApiName，ApiName = dingtalk.oapi.{path.removeprefix('/topapi/').replace('/', '.')}"
        return self.envelope({"errcode": 22, "sub_msg": text, "errmsg": f"Invalid method[submsg={text}]"}, 22)

    def refused(self, refusal: Refused) -> Answer:
        if not isinstance(refusal, Denied):
            return super().refused(refusal)
        code, text = refusal.code, refusal.message
        errmsg = f"ding talk error[subcode={code},submsg={text}]"
        return self.envelope({"errcode": 88, "sub_code": str(code), "sub_msg": text, "errmsg": errmsg}, code)

    def envelope(self, payload: Mapping[str, object], code: int | str = 0) -> Answer:
        return Answer.json({**payload, "request_id": _base36(random.getrandbits(62))}, code)


class Api(Bare):
    """The newer host: the token is in a header, bodies are JSON, and the HTTP status depends on the error."""

    blank = "AuthenticationFailed.MissingParameter"
    stale = "InvalidAuthentication"
    expired = "accesstoken.expired"
    stale_sso = "invalidToken"
    unscoped = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    throttled = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
    unreadable = "Missingbody"
    invalid = "invalidParameter"
    bodiless = frozenset({"GET", "DELETE"})
    busy = "systemError"

    def pick(self, verbs: Mapping[str, T], verb: str) -> T | None:
        return verbs.get(verb)

    def token(self, call: ReceivedRequest) -> str | None:
        return call.headers.get("x-acs-dingtalk-access-token")

    def body(self, call: ReceivedRequest, *, needed: bool, files: bool) -> dict[str, Any] | list[Any]:
        del files  # no API of this host accepts files
        if isinstance(call.body, str) or call.form or (needed and not call.content):
            raise Refused(self.unreadable)
        return call.body

    def accepted(self, result: object) -> Answer:
        return Answer.json(result, request_id=_request_id())

    def refused(self, refusal: Refused) -> Answer:
        request_id = _request_id()
        body: dict[str, object] = {"code": refusal.code, "requestid": request_id, "message": refusal.message}
        if isinstance(refusal, Denied) and refusal.scope:
            body["accessdenieddetail"] = {"requiredScopes": [refusal.scope]}
        return Answer.json(body, refusal.code, status_of(refusal.code), request_id)


def _request_id() -> str:
    return str(uuid.uuid4()).upper()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits += (string.digits + string.ascii_lowercase)[digit]
    return digits


BARE: Final = Bare()
TOPAPI: Final = Topapi()
API: Final = Api()


def dialect_of(path: str) -> Bare:
    """Return the rules for requests and replies on a path."""
    if path.startswith(("/v1.0/", "/v2.0/")):
        return API
    return TOPAPI if path.startswith("/topapi/") else BARE
