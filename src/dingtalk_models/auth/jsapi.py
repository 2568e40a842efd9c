"""The signature with which a page can use the functions of the client (JSAPI鉴权)."""

from __future__ import annotations

import hashlib
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr
from typing_extensions import TypedDict

from dingtalk_models.core.secret import Secret


class DdConfig(TypedDict):
    """The fields of `dd.config`. The page adds `jsApiList`: the functions that it uses."""

    agentId: str | None
    corpId: str | None
    timeStamp: int
    nonceStr: str
    signature: str


class JsapiSignature(BaseModel):
    """The signature of a page and the values that it covers. `config()` is what the page passes to `dd.config`.

    Attributes:
        corp_id: the company.
        agent_id: the app.
        noncestr: the random text that was signed.
        timestamp: the seconds since 1970 that were signed.
        url: the page's URL as it was signed: without its fragment, and with its query string decoded.
        signature: the signature, in lower-case hexadecimal.
    """

    corp_id: str | None
    agent_id: int | None
    noncestr: str
    timestamp: int
    url: str
    signature: str

    def config(self) -> DdConfig:
        """Return what the page passes to `dd.config`, under the names that it uses."""
        return {
            "agentId": None if self.agent_id is None else str(self.agent_id),
            "corpId": self.corp_id,
            "timeStamp": self.timestamp,
            "nonceStr": self.noncestr,
            "signature": self.signature,
        }


def signed_url(url: str) -> str:
    """Return a page's URL as it is signed: without fragment, and with the query string decoded once."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, unquote(parts.query), ""))


def sign_page(
    ticket: str | SecretStr, noncestr: str, timestamp: int, url: str, algorithm: Literal["sha256", "sha1"] = "sha256"
) -> str:
    """Compute the signature, in lower-case hexadecimal."""
    ticket = Secret.of(ticket)
    signature = hashlib.new(algorithm)
    text = f"jsapi_ticket={ticket.get_secret_value()}&noncestr={noncestr}&timestamp={timestamp}&url={url}"
    signature.update(text.encode())
    return signature.hexdigest()
