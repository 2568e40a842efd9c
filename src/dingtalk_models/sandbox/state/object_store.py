"""The object store for the contents of files, at signed addresses."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.server.envelopes import Answer, ReceivedRequest

PREFIX: Final = "/lippi-space-zjk/"
LIFE: Final = 900


@dataclass(frozen=True)
class _Signature:
    verb: str
    headers: dict[str, str]
    query: dict[str, str]
    expires: float


class ObjectStore:
    """Stores bytes by key. It knows nothing about apps, tokens, files and folders.

    Attributes:
        url: the base URL of its addresses.
        objects: the bytes by key.
    """

    UNSAVED: Final = ("url",)

    def __init__(self, clock: Clock) -> None:
        self.url = ""
        self.objects: dict[str, bytes] = {}
        self._clock = clock
        self._signatures: dict[tuple[str, str], _Signature] = {}

    def sign(self, verb: str, key: str) -> dict[str, Any]:
        """Make a `headerSignatureInfo`: the address, and the headers that the request must have."""
        headers = {"Authorization": f"OSS sandbox:{secrets.token_urlsafe(20)}", "x-oss-date": secrets.token_hex(8)}
        self._signatures[verb, key] = _Signature(verb, headers, {}, self._clock.now() + LIFE)
        return {
            "resourceUrls": [self.url + PREFIX + quote(key)],
            "internalResourceUrls": [self.url + PREFIX + quote(key)],
            "headers": headers,
            "expirationSeconds": LIFE,
            "region": "ZHANGJIAKOU",
        }

    def presign(self, key: str) -> str:
        """Make an address at which an object can be read without headers."""
        query = {"Signature": secrets.token_urlsafe(20)}
        self._signatures["GET", key] = _Signature("GET", {}, query, self._clock.now() + LIFE)
        return f"{self.url}{PREFIX}{quote(key)}?Signature={query['Signature']}"

    def answer(self, call: ReceivedRequest) -> Answer:
        """Put or get an object, if the request was signed."""
        key = unquote(call.path.removeprefix(PREFIX))
        signature = self._signatures.get((call.method, key))
        signed = signature and (
            all(call.headers.get(name.lower()) == value for name, value in signature.headers.items())
            and signature.query.items() <= call.query.items()
            and "content-type" not in call.headers  # the signature covers it, and was made without one
        )
        if signature is None or not signed:
            return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if signature.expires <= self._clock.now():
            return _error(403, "AccessDenied", "Request has expired.")
        if call.method == "PUT":
            self.objects[key] = call.content
            return Answer(200, b"", {})
        if key not in self.objects:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        return Answer(200, self.objects[key], {"content-type": "application/octet-stream"})


def _error(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, text.encode(), {"content-type": "application/xml"}, code)
