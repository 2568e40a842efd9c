"""`DingTalkApp`: one application of one company, with its credentials, session store and transports."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from weakref import WeakValueDictionary

from pydantic import SecretStr

from dingtalk_models.auth.module import Auth, first_refresh, first_signature, no_more
from dingtalk_models.call.call import Call
from dingtalk_models.call.credential import Credential, Issued
from dingtalk_models.call.exchange import exchange
from dingtalk_models.call.limits import Limiter, RateLimit
from dingtalk_models.call.retry import NO_RETRY, Retry
from dingtalk_models.call.sender import Sender
from dingtalk_models.core import context
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.core.secret import Secret, forget_locals
from dingtalk_models.core.steps import AsyncTransport, Transport
from dingtalk_models.first_generation.formerly import formerly_too
from dingtalk_models.modules import Modules
from dingtalk_models.resource.manager import alias
from dingtalk_models.sessions import SessionSource, open_session

if TYPE_CHECKING:
    from dingtalk_models.auth.user_token import UserCredential, UserToken
    from dingtalk_models.by_name.request import Requester
    from dingtalk_models.by_name.run_types import Run
    from dingtalk_models.callback.leases import Marks

T = TypeVar("T")

OAPI_URL = "https://oapi.dingtalk.com"
API_URL = "https://api.dingtalk.com"
LOGIN_URL = "https://login.dingtalk.com"


class CallingApp(Sender, Modules):
    """Base class of `DingTalkApp` and `UserApp`: the modules of the platform, and calls by name."""

    name: str
    agent_id: int | None
    appkey: str | None
    corp_id: str | None
    domain: str | None
    token: Secret | None
    aes_key: Secret | None
    callback_url: str | None

    @property
    def run(self) -> Run:
        """Run a method by the platform's name for it, or by a name from `@method`.

        `app.run("dingtalk.oapi.v2.department.get", dept_id=1)`; `await app.run.aio(…)`; `app.run.call(…)`.
        """
        from dingtalk_models.by_name.run import Runner  # noqa: PLC0415 - only when used

        return cast("Run", Runner(self))  # which names there are, and their types, is known to type checkers only

    @property
    def request(self) -> Requester:
        """Call any endpoint, also one that is not documented: `app.request("POST", "/v1.0/…", body={…})`.

        `await app.request.aio(…)`; `app.request.call(…)`.
        """
        from dingtalk_models.by_name.request import Requester  # noqa: PLC0415 - only when used

        return Requester(self)

    @property
    def methods(self) -> list[str]:
        """Every name that `run()` knows."""
        return self.run.names

    # -- which app --------------------------------------------------------------------------------------------------

    def use(self) -> Self:
        """Make this app the default for class-level calls in this process, and return it."""
        context.use(self)
        return self

    @contextmanager
    def as_default(self) -> Generator[Self]:
        """Make this app the default of this process for a block: `with app.as_default():`.

        For tests. Unlike `with app:`, it applies to every thread, so two such blocks must not overlap.
        """
        with context.as_default(self):
            yield self

    def __enter__(self) -> Self:
        """Select this app for class-level calls in this thread or task, until the end of the block.

        Its connections are left as they are, since others may be using them. `close` closes them.
        """
        context.enter(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Select the previous app again. Nothing is closed."""
        context.leave()

    async def __aenter__(self) -> Self:
        """Select this app in this task until the end of the block, as `with` does.

        Its connections are left as they are. `aclose` closes them, and so do `lifespan` when a server ends, and
        `asyncio.run` when it returns.
        """
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        """Select the previous app again. Nothing is closed."""
        self.__exit__()


class DingTalkApp(CallingApp):
    """One application of one company.

    Args:
        name: distinguishes apps that share a session store.
        session_manager: the session store, for access token and jsapi ticket: nothing (this process's memory), a URL
            (`redis://…`, `memcached://…`, `sqlite:///…`, any SQLAlchemy URL), a client of Redis or Memcached, or an
            object with `get`, `set` and `delete`.
        corp_id: the company's CorpId.
        corp_secret: the company's CorpSecret, for apps without AppKey.
        agent_id: the app's AgentId, a number.
        appkey: the app's AppKey (Client ID).
        appsecret: the app's AppSecret (Client Secret).
        aes_key: the key that pushes are encrypted with, 43 letters and digits.
        token: the token that pushes are signed with, 3 to 63 characters.
        callback_url: the URL that events are pushed to.
        domain: the domain of the app's custom space.
        noncestr: the nonce of jsapi signatures; by default a new one each time.
        sso_secret: the SSO secret of the company, for logins from the admin console.
        oapi_url: the base URL of the older host, for a sandbox or a proxy.
        api_url: the base URL of the newer host.
        login_url: the base URL of the page where people log in.
        timeout: the seconds for a response, or a pair: for a connection, and for a response, to its last byte.
        retry: how often a failed call is sent again, and how long a call takes at most; `None` for a single attempt.
        rate_limit: how many calls a second are made; further calls wait. `None` for no limit.
        transport: sends requests; by default with requests.
        async_transport: sends awaited requests; by default with aiohttp.
        session_fallback: whether to use this process's memory while the session store is down.
        blocking_on_loop: whether blocking calls are allowed where an event loop runs, though they block the loop; by
            default in notebooks only, where the loop of the kernel runs under each cell.

    The app keeps each secret as a `Secret`, which prints as `***`; `app.appsecret.get_secret_value()` is its text.

    Raises:
        ConfigurationError: a setting is missing or malformed.
    """

    def __init__(
        self,
        *,
        name: str = "dingtalk",
        session_manager: SessionSource = None,
        corp_id: str | None = None,
        corp_secret: str | SecretStr | None = None,
        agent_id: str | int | None = None,
        appkey: str | None = None,
        appsecret: str | SecretStr | None = None,
        aes_key: str | SecretStr | None = None,
        token: str | SecretStr | None = None,
        callback_url: str | None = None,
        domain: str | None = None,
        noncestr: str | None = None,
        sso_secret: str | SecretStr | None = None,
        oapi_url: str = OAPI_URL,
        api_url: str = API_URL,
        login_url: str = LOGIN_URL,
        timeout: float | tuple[float, float] = (5.0, 15.0),
        retry: Retry | None = Retry(),  # noqa: B008 - frozen
        rate_limit: RateLimit | None = RateLimit(),  # noqa: B008 - frozen
        transport: Transport | None = None,
        async_transport: AsyncTransport | None = None,
        session_fallback: bool = False,
        blocking_on_loop: bool | None = None,
    ) -> None:
        # before anything can fail, and under the same names, so that a traceback with variables shows no secret
        corp_secret, appsecret = Secret.of(corp_secret), Secret.of(appsecret)
        aes_key, token, sso_secret = Secret.of(aes_key), Secret.of(token), Secret.of(sso_secret)
        session_manager = Secret.of(session_manager) if isinstance(session_manager, str) else session_manager
        self.name = name
        self.corp_id = corp_id
        self.appkey = appkey
        self.agent_id = _agent_id(agent_id)
        if bool(appkey) != bool(appsecret):
            raise ConfigurationError(
                "appkey and appsecret belong together: one of them is missing / appkey 与 appsecret 须同时提供"
            )
        super().__init__(
            partial(exchange, self),
            timeout=timeout,
            transport=transport,
            async_transport=async_transport,
            blocking_on_loop=blocking_on_loop,
        )
        self.corp_secret = corp_secret
        self.appsecret = appsecret
        self.aes_key, self.token = aes_key, token
        if aes_key or token:
            from dingtalk_models.callback.push_keys import checked_key, checked_token  # noqa: PLC0415 - only for pushes

            self.aes_key = checked_key(aes_key) if aes_key else None
            self.token = checked_token(token) if token else None
        self.callback_url = callback_url
        self.domain = domain
        self.noncestr = noncestr
        self.sso_secret = sso_secret
        self.oapi_url = oapi_url.rstrip("/")
        self.api_url = api_url.rstrip("/")
        self.login_url = login_url.rstrip("/")
        self.retry = retry or NO_RETRY
        self.session = open_session(session_manager, fallback=session_fallback)
        self.access_token_credential = Credential(
            self.session, self.session_key("access_token"), self._issue_access_token
        )
        self.jsapi_ticket_credential = Credential(
            self.session, self.session_key("jsapi_ticket"), self.auth.issue_jsapi_ticket.call
        )
        self.sso_token_credential = Credential(self.session, self.session_key("sso_token"), self._issue_sso_token)
        self.user_credentials: WeakValueDictionary[str, UserCredential] = WeakValueDictionary()
        """The stored tokens of users that are in use in this process."""
        self.limiter = self._limiter(rate_limit) if rate_limit else None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """An app from environment variables, one for each argument: `DINGTALK_APPKEY`, `DINGTALK_SESSION_MANAGER`, …

        `DINGTALK_CLIENT_ID` and `DINGTALK_CLIENT_SECRET` are other names of AppKey and AppSecret. Variables of other
        programs are left alone; there is a warning for a name that is nearly one of these.

        Args:
            environ: the variables; by default those of this process.

        Raises:
            ConfigurationError: a variable is malformed, two that mean the same differ, or there is none.
        """
        from dingtalk_models.process.environment import read_environment  # noqa: PLC0415 - only when used

        try:
            settings: dict[str, Any] = {**read_environment(os.environ if environ is None else environ)}
        except ConfigurationError as error:
            forget_locals(error)
            raise
        finally:
            del environ  # a traceback that shows variables would show all of it
        try:
            if "timeout" in settings:
                settings["timeout"] = float(settings["timeout"])
        except ValueError:
            raise ConfigurationError(
                "DINGTALK_TIMEOUT is not a number of seconds / DINGTALK_TIMEOUT 须为秒数"
            ) from None
        return cls(**settings)

    # -- credentials ------------------------------------------------------------------------------------------------

    get_access_token = alias(Auth.get_access_token)
    get_jsapi_ticket = alias(Auth.get_jsapi_ticket)
    refresh_access_token = formerly_too(first_refresh, time_out=no_more)(Auth.refresh_access_token)
    refresh_jsapi_ticket = formerly_too(first_refresh, time_out=no_more)(Auth.refresh_jsapi_ticket)
    jsapi_signature = formerly_too(first_signature)(Auth.jsapi_signature)

    @property
    def access_token(self) -> str:
        """The app's access token. It is fetched only when needed."""
        return self.get_access_token()

    @property
    def jsapi_ticket(self) -> str:
        """The app's jsapi ticket. It is fetched only when needed."""
        return self.get_jsapi_ticket()

    def _issue_access_token(self) -> Call[Issued]:
        if self.appkey and self.appsecret:
            return self.auth.issue_access_token.call(self.appkey, self.appsecret)
        if self.corp_id and self.corp_secret:
            return self.auth.issue_corp_access_token.call(corpid=self.corp_id, corpsecret=self.corp_secret)
        raise ConfigurationError(
            f"app {self.name!r} has no credentials: give it appkey and appsecret / "
            "应用没有凭证：请提供 appkey 和 appsecret"
        )

    def _issue_sso_token(self) -> Call[Issued]:
        if self.corp_id and self.sso_secret:
            return self.auth.issue_sso_token.call(self.corp_id, self.sso_secret)
        raise ConfigurationError(
            f"app {self.name!r} needs corp_id and sso_secret for logins from the admin console / "
            "从管理后台免登需要 corp_id 和 sso_secret"
        )

    def as_user(self, token: UserToken | str | SecretStr) -> UserApp:
        """This app on behalf of a person: `User.objects.using(app.as_user(token))`, `app.as_user(token).platform.…`.

        Args:
            token: the person's access, from `app.auth.login` or `app.auth.kept`. An access token alone will do, which
                cannot be renewed.

        Returns:
            An app whose calls carry the person's token. What they load remembers it. If the token is rejected, it is
            renewed once; if that does not help, `LoginRequired` is raised.

        Raises:
            ConfigurationError: the token was issued to another app.
        """
        given = self.auth.user_token(access_token=token) if isinstance(token, str | SecretStr) else token
        if given.app.appkey != self.appkey:
            raise ConfigurationError("this token was issued to another app / 该用户 token 属于另一个应用")
        return UserApp(self, given)

    def _limiter(self, limit: RateLimit) -> Limiter:
        quota_key = f"dingtalk:{self.oapi_url}:{self.corp_id or self.appkey}:calls"
        return Limiter(limit, self.session, url=self.oapi_url, key=self.session_key("rate"), quota_key=quota_key)

    def session_key(self, what: str) -> str:
        """A key in the session store: the app's name and its AppKey or CorpId, never a secret."""
        where = "" if self.api_url == API_URL else f"{self.api_url}:"
        return f"dingtalk:{where}{self.name}:{self.appkey or self.corp_id}:{what}"

    @property
    def marks(self) -> Marks:
        """Remembers received pushes: in the session store if processes share it, otherwise in memory."""
        if self.session.has_add and self.session.waits:
            return self.session
        from dingtalk_models.sessions.marks import MemoryMarks  # noqa: PLC0415 - only when used

        return self._first("marks", MemoryMarks())

    @property
    def space_id(self) -> str:
        """The id of the custom space of the app's domain."""
        return self.file.get_custom_space().id

    def __repr__(self) -> str:
        shown = {"name": self.name, "corp_id": self.corp_id, "appkey": self.appkey, "agent_id": self.agent_id}
        return f"DingTalkApp({', '.join(f'{key}={value!r}' for key, value in shown.items() if value)})"


class UserApp(CallingApp):
    """An app on behalf of a person who has logged in: its calls carry that person's token. `app.as_user` makes it.

    It has the settings, the connections and the rate limit of its app. Credentials of the app itself, such as jsapi
    signatures, are left to the app.

    Args:
        app: the app.
        user: the person's access.
    """

    def __init__(self, app: DingTalkApp, user: UserToken) -> None:
        super().__init__(
            partial(exchange, self),
            timeout=app.timeout,
            transport=_Lent(app),
            async_transport=_LentAsync(app),
            blocking_on_loop=app.blocking_on_loop,
        )
        self.user = user
        self.access_token_credential = user.credential
        self.name, self.corp_id, self.appkey, self.agent_id = app.name, app.corp_id, app.appkey, app.agent_id
        self.token, self.aes_key, self.callback_url, self.domain = app.token, app.aes_key, app.callback_url, app.domain
        self.oapi_url, self.api_url, self.retry, self.limiter = app.oapi_url, app.api_url, app.retry, app.limiter

    def __repr__(self) -> str:
        return f"<UserApp of {self.name!r}: {self.user!r}>"


class _Lent:
    """The transport of an app, lent to another one, which does not close it."""

    def __init__(self, owner: Sender) -> None:
        self._owner = owner

    def send(self, request: HttpRequest, /) -> HttpResponse:
        return self._owner.transport.send(request)

    def close(self) -> None: ...


class _LentAsync:
    """The same on the event loop."""

    def __init__(self, owner: Sender) -> None:
        self._owner = owner

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        return await self._owner.async_transport.send(request)

    async def close(self) -> None: ...


def _agent_id(given: str | int | None) -> int | None:
    if given is None or given == "":
        return None
    try:
        return int(given)
    except ValueError:
        raise ConfigurationError(
            "agent_id is not a number: copy the AgentId from the app's page in the developer console / "
            "agent_id 不是数字，请从开发者后台的应用详情页复制 AgentId"
        ) from None
