"""`app.auth`: access token, jsapi ticket, and the signature with which a page can use the functions of the client."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Annotated, Any, Literal, Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import BaseModel, Field, SecretStr

from dingtalk_models.auth.credential import Credential, Issued
from dingtalk_models.core.call import Call
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.formerly import formerly_too
from dingtalk_models.core.model import Manager
from dingtalk_models.core.operation import api, operation
from dingtalk_models.core.secret import Hiding, Secret
from dingtalk_models.core.steps import Flow


def first_refresh(_: object, time_out: int = 7000) -> None:
    """The parameters of the first generation's `refresh_…`. Today, the platform says how long a credential lives."""


def no_more(_: object) -> dict[str, Any]:
    """What becomes of an argument that has no meaning any more."""
    return {}


def first_signature(_: object, jsapi_ticket: str, noncestr: str, timestamp: int, url: str) -> None:
    """The parameters of the first generation's `jsapi_signature`."""


@runtime_checkable
class AppWithCredentials(AppLike, Protocol):
    """What credentials need of an app."""

    access_token_credential: Credential
    jsapi_ticket_credential: Credential
    noncestr: str | None


class JsapiSignature(BaseModel):
    """What a page passes to `dd.config`.

    Attributes:
        corp_id: the company.
        agent_id: the app.
        noncestr: the random text that was signed.
        timestamp: the seconds since 1970 that were signed.
        url: the page's URL as it was signed: without its fragment, and with its query string decoded.
        signature: the signature, in lower-case hexadecimal.
    """

    corp_id: str | None
    agent_id: str | None
    noncestr: str
    timestamp: int
    url: str
    signature: str


class Auth(Manager):
    """Credentials of an app."""

    @api(
        "oauth2_1_0.GetAccessToken",
        "POST /v1.0/oauth2/accessToken",
        authenticated=False,
        idempotent=True,
    )
    def issue_access_token(self, app_key: str, app_secret: Hiding) -> Call[Issued]:
        """Have the platform issue an access token (获取企业内部应用的accessToken).

        `get_access_token` does this only if necessary: applications should use it.

        Args:
            app_key: the app's AppKey (Client ID).
            app_secret: the app's AppSecret (Client Secret).

        Returns:
            The token, and the seconds until it expires. A token that is still valid is returned again, for longer.

        Raises:
            AuthenticationError: key and secret do not belong together.

        Source: obtain-the-access-token-of-an-internal-app
        """
        return Call(Issued)

    @api("dingtalk.oapi.gettoken", "GET /gettoken", authenticated=False)
    def issue_corp_access_token(
        self,
        *,
        appkey: str | None = None,
        appsecret: Hiding | None = None,
        corpid: str | None = None,
        corpsecret: Hiding | None = None,
    ) -> Call[Issued]:
        """Have the older host issue an access token (获取企业内部应用的access_token).

        Args:
            appkey: the app's AppKey, together with `appsecret`.
            appsecret: the app's AppSecret.
            corpid: the company's CorpId, together with `corpsecret`, for apps that have no AppKey.
            corpsecret: the company's CorpSecret.

        Returns:
            The token, and the seconds until it expires. A token that is still valid is returned again, for longer.

        Raises:
            AuthenticationError: the pair does not belong together.

        Source: obtain-orgapp-token
        """
        return Call(Issued, "")

    @api(
        "oauth2_1_0.CreateJsapiTicket",
        "POST /v1.0/oauth2/jsapiTickets",
        "dingtalk.oapi.get_jsapi_ticket",
        idempotent=True,
    )
    def issue_jsapi_ticket(self) -> Call[Issued]:
        """Have the platform issue a jsapi ticket (获取jsapiTicket).

        `get_jsapi_ticket` does this only if necessary: applications should use it.

        Returns:
            The ticket, and the seconds until it expires.

        Source: create-a-jsapi-ticket
        """
        return Call(Issued)

    @operation
    def get_access_token(self) -> Flow[str]:
        """The app's access token. It is fetched only if necessary."""
        return (yield from self._app.access_token_credential.get()).value.get_secret_value()

    @formerly_too(first_refresh, time_out=no_more)
    @operation
    def refresh_access_token(self) -> Flow[str]:
        """Fetch a new access token, for example after a permission was granted."""
        return (yield from self._app.access_token_credential.force()).value.get_secret_value()

    @operation
    def get_jsapi_ticket(self) -> Flow[str]:
        """The app's jsapi ticket. It is fetched only if necessary."""
        return (yield from self._app.jsapi_ticket_credential.get()).value.get_secret_value()

    @formerly_too(first_refresh, time_out=no_more)
    @operation
    def refresh_jsapi_ticket(self) -> Flow[str]:
        """Fetch a new jsapi ticket. Then pages that were signed with the old one must be signed again."""
        return (yield from self._app.jsapi_ticket_credential.force()).value.get_secret_value()

    @formerly_too(first_signature)
    @operation
    def jsapi_signature(
        self,
        url: str,
        *,
        noncestr: Annotated[str, Field(min_length=1)] | None = None,
        timestamp: Annotated[int, Field(gt=0)] | None = None,
        algorithm: Literal["sha256", "sha1"] | None = None,
        jsapi_ticket: Hiding | None = None,
    ) -> Flow[JsapiSignature]:
        """Sign a page, so that its script can use the functions of the client (JSAPI鉴权).

        Args:
            url: the page's address, as the browser shows it.
            noncestr: a random text; by default the app's, or a new one.
            timestamp: seconds since 1970; by default now.
            algorithm: "sha256", as documented today, or "sha1" for clients that still need it.
            jsapi_ticket: a ticket of your own instead of the app's. It is signed with "sha1" by default, as in the
                first generation, which was always given one.

        Returns:
            What `dd.config` needs.

        Source: jsapi-authentication
        """
        ticket = jsapi_ticket or (yield from self._app.jsapi_ticket_credential.get()).value
        nonce = noncestr or self._app.noncestr or secrets.token_hex(8)
        moment = int(time.time()) if timestamp is None else timestamp
        page = signed_url(url)
        return JsapiSignature(
            corp_id=self._app.corp_id,
            agent_id=self._app.agent_id,
            noncestr=nonce,
            timestamp=moment,
            url=page,
            signature=sign_page(ticket, nonce, moment, page, algorithm or ("sha1" if jsapi_ticket else "sha256")),
        )

    @property
    def _app(self) -> AppWithCredentials:
        if not isinstance(self.app, AppWithCredentials):
            raise ConfigurationError("credentials belong to an app: use app.auth / 凭证属于应用：请使用 app.auth")
        return self.app


def signed_url(url: str) -> str:
    """The URL of a page as it is signed: without its fragment, and with its query string decoded once."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, unquote(parts.query), ""))


def sign_page(
    ticket: str | SecretStr, noncestr: str, timestamp: int, url: str, algorithm: Literal["sha256", "sha1"] = "sha256"
) -> str:
    """The signature itself, in lower-case hexadecimal."""
    ticket = Secret.of(ticket)
    signature = hashlib.new(algorithm)
    text = f"jsapi_ticket={ticket.get_secret_value()}&noncestr={noncestr}&timestamp={timestamp}&url={url}"
    signature.update(text.encode())
    return signature.hexdigest()
