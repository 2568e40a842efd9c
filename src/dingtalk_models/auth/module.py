"""`app.auth`: access token, jsapi ticket, people who log in, and the signature of a page."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, runtime_checkable
from urllib.parse import urlencode, urlsplit
from weakref import WeakValueDictionary

from pydantic import Field, SecretStr

from dingtalk_models.call.call import Call
from dingtalk_models.call.credential import Credential, Issued, IssuedToUser
from dingtalk_models.call.operation import api, operation
from dingtalk_models.clocks import wall
from dingtalk_models.core.context import AppLike, setting_of
from dingtalk_models.core.errors import ApiError, ConfigurationError, InvalidArgument, LoginRequired, Problem
from dingtalk_models.core.secret import Hiding, Secret, signature_of
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.first_generation.formerly import formerly_too
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Record
from dingtalk_models.sessions.base import Session

if TYPE_CHECKING:
    from dingtalk_models.auth.jsapi import JsapiSignature
    from dingtalk_models.auth.user_token import UserCredential, UserToken


def first_refresh(_: object, time_out: int = 7000) -> None:
    """The parameters of the first generation's `refresh_…`. Today, the platform says how long a credential lives."""


def no_more(_: object) -> dict[str, Any]:
    """Drop an argument that has no meaning any more."""
    return {}


def first_signature(_: object, jsapi_ticket: str, noncestr: str, timestamp: int, url: str) -> None:
    """The parameters of the first generation's `jsapi_signature`."""


@runtime_checkable
class AppWithCredentials(AppLike, Protocol):
    """The parts of an app that credentials need."""

    access_token_credential: Credential
    jsapi_ticket_credential: Credential
    sso_token_credential: Credential
    user_credentials: WeakValueDictionary[str, UserCredential]
    session: Session
    appsecret: Secret | None
    login_url: str
    noncestr: str | None

    def session_key(self, what: str) -> str: ...


class AdminIdentity(Record, alias_generator=camel):
    """Who came from the admin console (应用管理后台免登).

    Attributes:
        userid: the administrator's userid.
        user_name: the name.
        email: the e-mail address.
        avatar: the picture.
        is_admin: whether the person is an administrator of the company.
        corp_id: the company.
        corp_name: its name.
    """

    userid: Annotated[str | None, wire("userId")]
    user_name: str | None
    email: str | None
    avatar: str | None
    is_admin: bool | None
    corp_id: str | None
    corp_name: str | None


class SnsIdentity(Record):
    """Who logged in by the older API: a person across companies, as in `Account`.

    Attributes:
        nick: the name that the person goes by.
        openid: the id for this app alone.
        unionid: the id that is the same in all companies of one developer.
        main_org_auth_high_level: whether the person's main company is certified at the higher level.
    """

    nick: str | None
    openid: str | None
    unionid: str = ""
    main_org_auth_high_level: bool | None


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
        from dingtalk_models.auth.jsapi import JsapiSignature, sign_page, signed_url  # noqa: PLC0415 - only when used

        ticket = jsapi_ticket or (yield from self._app.jsapi_ticket_credential.get()).value
        nonce = noncestr or self._app.noncestr or secrets.token_hex(8)
        moment = int(wall()) if timestamp is None else timestamp
        page = signed_url(url)
        return JsapiSignature(
            corp_id=self._app.corp_id,
            agent_id=self._app.agent_id,
            noncestr=nonce,
            timestamp=moment,
            url=page,
            signature=sign_page(ticket, nonce, moment, page, algorithm or ("sha1" if jsapi_ticket else "sha256")),
        )

    # -- people who log in ------------------------------------------------------------------------------------------

    def authorize_url(
        self,
        redirect_uri: str,
        *,
        state: str,
        scope: Literal["openid", "openid corpid"] = "openid",
        prompt: Literal["consent"] | None = "consent",
        org_type: Literal["management"] | None = None,
        corp_id: str | None = None,
        exclusive_login: bool | None = None,
        exclusive_corp_id: str | None = None,
    ) -> str:
        """The page where a person agrees to log in to the app. Redirect the browser to it.

        Args:
            redirect_uri: where the browser comes back to, with `authCode` and `state` in the query string. It has to be
                registered in the console.
            state: a text that nobody can guess, such as `secrets.token_urlsafe()`. Keep it in the browser's session,
                and pass both to `check_state` afterwards. Otherwise an attacker could inject a login of their own.
            scope: `openid corpid` lets the person choose a company too: `UserToken.corp_id`.
            prompt: `consent` asks the person each time.
            org_type: `management` offers only companies that the person manages.
            corp_id: the company to log in to.
            exclusive_login: whether to log in with a company account (专属帐号).
            exclusive_corp_id: the company of that account.

        Raises:
            InvalidArgument: an argument is malformed.
            ConfigurationError: the app has no appkey.
        """
        found = [*_redirect_problems(redirect_uri)]
        if not state:
            found.append(Problem("state", "empty / 不能为空"))
        choices = {"scope": (scope, _SCOPES), "prompt": (prompt, _PROMPTS), "org_type": (org_type, _ORG_TYPES)}
        for name, (value, known) in choices.items():
            if value not in known:
                named = ", ".join(repr(each) for each in known if each is not None)
                found.append(Problem(name, f"should be one of {named} / 须为 {named} 之一"))
        if found:
            raise InvalidArgument("Auth.authorize_url", found)
        query = {
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "client_id": setting_of(self._app, "appkey", "client_id"),
            "scope": scope,
            "state": state,
            "prompt": prompt,
            "org_type": org_type,
            "corpId": corp_id,
            "exclusiveLogin": None if exclusive_login is None else str(exclusive_login).lower(),
            "exclusiveCorpId": exclusive_corp_id,
        }
        sent = {name: value for name, value in query.items() if value is not None}
        return f"{self._app.login_url}/oauth2/auth?{urlencode(sent)}"

    def check_state(self, returned: str | None, expected: str | None) -> None:
        """Check that the browser comes back from the login that it was sent to.

        Args:
            returned: `state` in the query string.
            expected: the `state` given to `authorize_url`. Take it out of the browser's session: it counts once.

        Raises:
            InvalidArgument: they differ, or one is missing. Do not use the code then: it may be somebody else's.
        """
        if not (returned and expected and hmac.compare_digest(returned.encode(), expected.encode())):
            message = "not that of the login that this browser began / 与本次登录发起时的 state 不一致"
            raise InvalidArgument("Auth.check_state", [Problem("state", message)])

    @operation
    def login(self, code: Annotated[Hiding, Field(min_length=1)]) -> Flow[UserToken]:
        """The access of a person who comes back from `authorize_url`. Call `check_state` first.

        Args:
            code: `authCode` in the query string. It works once, for 5 minutes.

        Raises:
            LoginRequired: the code was used before, is too old or is not one. Begin again with `authorize_url`.
            AuthenticationError: the app's key and secret do not belong together.

        Source: obtain-user-token
        """
        from dingtalk_models.auth.user_token import UserToken, helped_by_login  # noqa: PLC0415 - only when used

        credential = self._user_credential(f"user:{secrets.token_hex(8)}")
        call = self._user_token_call("authorization_code", code=code)
        try:
            issued = yield from call
        except ApiError as error:
            if not helped_by_login(error):
                raise
            refusal = LoginRequired.of(error)
        else:
            credential.take(issued)
            return UserToken(self._app, credential)
        raise refusal

    @operation
    def kept(self, key: Annotated[str, Field(min_length=1)]) -> Flow[UserToken]:
        """The access of a person that was put into the session store: `token.keep(key)`.

        Args:
            key: whose it is.

        Raises:
            LoginRequired: there is none, or its time is over.
        """
        from dingtalk_models.auth.user_token import UserToken, key_in_store  # noqa: PLC0415 - only when used

        app = self._app
        in_store = key_in_store(app, key)
        # one object for one person: of several requests at a time, one renews the token
        credential = app.user_credentials.get(in_store)
        if credential is None:
            credential = app.user_credentials.setdefault(in_store, self._user_credential(in_store))
        if not (yield from credential.load()):
            raise LoginRequired.of(ApiError("loginRequired", "nothing is kept under this key"))
        return UserToken(app, credential)

    def user_token(
        self, *, access_token: str | SecretStr | None = None, refresh_token: str | SecretStr | None = None
    ) -> UserToken:
        """The access of a person whose tokens you keep yourself.

        Args:
            access_token: the access token.
            refresh_token: the refresh token. Without one, the access cannot be renewed. After a renewal, keep
                `UserToken.refresh_token`: the old one may not work again.

        Raises:
            InvalidArgument: there is neither.
        """
        access_token, refresh_token = Secret.of(access_token), Secret.of(refresh_token)
        from dingtalk_models.auth.user_token import UserToken  # noqa: PLC0415 - only when used

        if not access_token and not refresh_token:
            message = "required, unless there is a refresh_token / access_token 与 refresh_token 至少要有一个"
            raise InvalidArgument("Auth.user_token", [Problem("access_token", message)])
        credential = self._user_credential(f"user:{secrets.token_hex(8)}")
        credential.take_tokens(access_token or None, refresh_token or None)
        return UserToken(self._app, credential)

    @api("oauth2_1_0.GetUserToken", "POST /v1.0/oauth2/userAccessToken", authenticated=False)
    def issue_user_token(
        self,
        client_id: str,
        client_secret: Hiding,
        grant_type: Literal["authorization_code", "refresh_token"],
        *,
        code: Hiding | None = None,
        refresh_token: Hiding | None = None,
    ) -> Call[IssuedToUser]:
        """Have the platform issue a user's access token (获取用户token).

        `login` does this, and renews the token: applications should use it.

        Args:
            client_id: the app's Client ID (AppKey).
            client_secret: the app's Client Secret (AppSecret).
            grant_type: whether it is for a code or for a refresh token.
            code: the code that the browser brought.
            refresh_token: the refresh token of an earlier call.

        Returns:
            The tokens, the seconds until the access token expires, and the company if the scope had `corpid`.

        Raises:
            AuthenticationError: key and secret do not belong together; code or refresh token is not valid.

        Source: obtain-user-token
        """
        return Call(IssuedToUser)

    @operation
    def admin_login(self, code: Annotated[Hiding, Field(min_length=1)]) -> Flow[AdminIdentity]:
        """Who comes from the admin console (应用管理后台免登). The app needs its `sso_secret`.

        Args:
            code: `code` in the query string. It works once, for 5 minutes.

        Raises:
            AuthenticationError: the code was used before, is too old or is not one.
            ConfigurationError: the app has no `corp_id` or no `sso_secret`.
        """
        call = self.sso_user_info.call(code)
        call.credential = self._app.sso_token_credential
        return (yield from call)

    @api("oauth2_1_0.GetSsoAccessToken", "POST /v1.0/oauth2/ssoAccessToken", authenticated=False, idempotent=True)
    def issue_sso_token(self, corpid: str, sso_secret: Hiding) -> Call[Issued]:
        """Have the platform issue the token for logins from the admin console (获取微应用后台免登的accessToken).

        `admin_login` does this only if necessary: applications should use it.

        Args:
            corpid: the company.
            sso_secret: the app's SSO secret, which is not its AppSecret.

        Raises:
            AuthenticationError: they do not belong together.

        Source: obtain-the-access-token-of-the-micro-application-background-without-log-on
        """
        return Call(Issued)

    @api("oauth2_1_0.GetSsoUserInfo", "GET /v1.0/oauth2/ssoUserInfo", idempotent=False)
    def sso_user_info(self, code: Hiding) -> Call[AdminIdentity]:
        """Who comes from the admin console (获取应用管理后台免登的用户信息).

        It needs the token of `issue_sso_token`: `admin_login` sends it.

        Args:
            code: `code` in the query string. It works once.

        Raises:
            AuthenticationError: the code or the token is not valid.

        Source: obtains-the-identity-of-an-application-administrator
        """
        return Call(AdminIdentity)

    @operation
    def sns_login(self, code: Annotated[Hiding, Field(min_length=1)]) -> Flow[SnsIdentity]:
        """Who logged in by the older API, signed with the app's secret. New applications use `login`.

        Args:
            code: `code` in the query string. It works once, for 5 minutes.

        Raises:
            AuthenticationError: the code was used before, is too old or is not one; key or signature is wrong.
        """
        appkey, appsecret = self._own_credentials()
        timestamp = str(int(wall() * 1000))
        signature = signature_of(timestamp, appsecret)
        return (yield from self.sns_user_info.call(appkey, timestamp, signature, code))

    @api(
        "dingtalk.oapi.sns.getuserinfo_bycode",
        "POST /sns/getuserinfo_bycode?accessKey&timestamp&signature",
        authenticated=False,
    )
    def sns_user_info(
        self, access_key: Annotated[str, wire("accessKey")], timestamp: str, signature: Hiding, tmp_auth_code: Hiding
    ) -> Call[SnsIdentity]:
        """Who logged in by the older API (获取用户基本信息).

        `sns_login` signs it: applications should use that.

        Args:
            access_key: the app's AppKey.
            timestamp: milliseconds since 1970.
            signature: that of the timestamp with the AppSecret: HMAC-SHA256, in Base64.
            tmp_auth_code: `code` in the query string. It works once.

        Raises:
            AuthenticationError: the code is not valid; key or signature is wrong.

        Source: queries-basic-user-information
        """
        return Call(SnsIdentity, "user_info")

    def _own_credentials(self) -> tuple[str, Secret]:
        app = self._app
        if app.appkey is None or app.appsecret is None:
            raise ConfigurationError(
                f"app {app.name!r} needs appkey and appsecret for logins / 登录需要应用的 appkey 和 appsecret"
            )
        return app.appkey, app.appsecret

    def _user_token_call(
        self, grant_type: Literal["authorization_code", "refresh_token"], **given: str | SecretStr
    ) -> Call[IssuedToUser]:
        appkey, appsecret = self._own_credentials()
        return self.issue_user_token.call(appkey, appsecret, grant_type, **given)

    def _user_credential(self, key: str) -> UserCredential:
        from dingtalk_models.auth.user_token import Seal, UserCredential  # noqa: PLC0415 - only when used

        _, appsecret = self._own_credentials()

        def issue(refresh_token: Secret) -> Call[IssuedToUser]:
            return self._user_token_call("refresh_token", refresh_token=refresh_token)

        return UserCredential(self._app.session, key, issue, Seal(appsecret))

    @property
    def _app(self) -> AppWithCredentials:
        if not isinstance(self.app, AppWithCredentials):
            raise ConfigurationError("credentials belong to an app: use app.auth / 凭证属于应用：请使用 app.auth")
        return self.app


_SCOPES, _PROMPTS, _ORG_TYPES = ("openid", "openid corpid"), ("consent", None), ("management", None)


def _redirect_problems(redirect_uri: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(redirect_uri)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        complete = False
    if not complete:
        yield Problem("redirect_uri", "should be a whole URL: https://… / 须为完整的网址：https://…")
    elif "#" in redirect_uri:
        yield Problem("redirect_uri", "has a fragment: '#' and what follows / 不能带 # 片段")
