"""Encrypts a push, sends it to a registered address, and checks the reply."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad

from dingtalk_models.clocks import wall
from dingtalk_models.sandbox.server.json_values import read_json
from dingtalk_models.sandbox.server.posting import Unanswered, post_json

DEADLINE: Final = 2.5
"""The time limit for the answer to a push, in seconds."""

_OK: Final = "success"
_LETTERS: Final = string.ascii_letters + string.digits
"""The characters of a message's random start, which is text in all published examples."""

_PAD: Final = 32


class BadReply(Exception):
    """The reply to a push is not the encrypted `success`."""


@dataclass(frozen=True, repr=False)
class Registration:
    """The address that an app has registered, and the keys that encrypt pushes to it."""

    tags: tuple[str, ...]
    token: str
    aes_key: str
    url: str
    owner: str

    def wrap(self, text: str) -> tuple[dict[str, str], dict[str, str]]:
        """Make the query and the body of a push."""
        message = text.encode()
        start = "".join(secrets.choice(_LETTERS) for _ in range(16)).encode()
        plain = start + len(message).to_bytes(4, "big") + message + self.owner.encode()
        sealed = base64.b64encode(self._cipher().encrypt(pad(plain, _PAD))).decode()
        stamp, nonce = str(int(wall() * 1000)), secrets.token_hex(8)
        signature = self._sign(stamp, nonce, sealed)
        query = {"signature": signature, "msg_signature": signature, "timestamp": stamp, "nonce": nonce}
        return query, {"encrypt": sealed}

    def check(self, reply: bytes) -> None:
        """Refuse a reply that is not the encrypted and signed `success`."""
        try:
            said = read_json(reply)
            if set(said) != {"msg_signature", "timeStamp", "nonce", "encrypt"}:
                raise BadReply(f"its fields are {sorted(said)}")
            if said["msg_signature"] != self._sign(str(said["timeStamp"]), said["nonce"], said["encrypt"]):
                raise BadReply("its signature is wrong")
            plain = unpad(self._cipher().decrypt(base64.b64decode(said["encrypt"])), _PAD)
            end = 20 + int.from_bytes(plain[16:20], "big")
            if (plain[20:end].decode(), plain[end:].decode()) != (_OK, self.owner):
                raise BadReply(f"it says {plain[20:]!r}")
        except (ValueError, TypeError) as error:
            raise BadReply(str(error)) from None

    def _sign(self, *parts: str) -> str:
        return hashlib.sha1("".join(sorted((self.token, *parts))).encode()).hexdigest()

    def _cipher(self) -> Any:
        key = base64.b64decode(self.aes_key + "=")
        return AES.new(key, AES.MODE_CBC, iv=key[:16])


def post(registration: Registration, payload: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Push once, and return the HTTP status and the problem of the reply."""
    query, body = registration.wrap(json.dumps(payload, ensure_ascii=False))
    try:
        reply = post_json(registration.url, body, deadline=DEADLINE, query=query)
    except Unanswered as problem:
        return None, str(problem)
    if reply.status_code != 200:
        return reply.status_code, f"HTTP {reply.status_code}"
    try:
        registration.check(reply.content)
    except BadReply as problem:
        return reply.status_code, f"not the encrypted success: {problem}"
    return reply.status_code, None
