"""The credentials of a company: its app's token and ticket, and login codes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.state.contact import User
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.leaving import Leaver, StatePart
from dingtalk_models.sandbox.state.seeding import check_free

TTL: Final = 7200
TICKET_AGE: Final = 24 * 3600
LOGIN_CODE_TTL: Final = 300


@dataclass
class _Secret:
    value: str
    created: float
    expires: float


@dataclass
class Credentials(StatePart):
    """One internal app of a company, and the secrets issued to it."""

    clock: Clock = field(default_factory=Clock)
    corp_id: str = "dingfeng0000000000000000000000c001"
    corp_secret: str = "sandbox-corp-secret-5Qm1Zr8vKx"
    appkey: str = "dingsandboxkey000001"
    appsecret: str = "sandbox-app-secret-9tWb3LnYc2"
    agent_id: str = "1740000001"
    sso_secret: str = "sandbox-sso-secret-4Hc7Xw2TpD"
    _token: _Secret | None = None
    _ticket: _Secret | None = None
    _codes: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])

    def person_left(self, leaver: Leaver) -> None:
        """Delete the login codes of a person."""
        self._codes = {code: held for code, held in self._codes.items() if held[0] != leaver.userid}

    def unused(self) -> Credentials:
        """Return a copy of the app with its own clock, before anything was issued."""
        return replace(self, clock=Clock(), _token=None, _ticket=None, _codes={})

    def issue_token(self) -> tuple[str, int]:
        """Return the app's token and its life in seconds. While it is valid, the same token is renewed."""
        now = self.clock.now()
        if self._token is None or self._token.expires <= now:
            self._token = _Secret(secrets.token_hex(16), now, now + TTL)
        self._token.expires = now + TTL
        return self._token.value, TTL

    def accepts(self, token: str) -> bool:
        """Whether this is the app's token and still valid."""
        held = self._token
        return held is not None and held.value == token and self.clock.now() < held.expires

    def revoke_tokens(self) -> None:
        """Make the issued token invalid. The next request gets a new one."""
        self._token = None

    def issue_ticket(self) -> tuple[str, int]:
        """Return the jsapi ticket and its life in seconds. While it is valid, it is renewed, for at most 24 hours."""
        now = self.clock.now()
        if self._ticket is None or self._ticket.expires <= now:
            self._ticket = _Secret(secrets.token_urlsafe(48), now, now + TTL)
        self._ticket.expires = min(now + TTL, self._ticket.created + TICKET_AGE)
        return self._ticket.value, int(self._ticket.expires - now)

    def mint_code(self, userid: str) -> str:
        """Make a login code (免登授权码) for a person. It is valid once, for 5 minutes."""
        code = secrets.token_hex(16)
        self._codes[code] = (userid, self.clock.now() + LOGIN_CODE_TTL)
        return code

    def redeem(self, code: str) -> str | None:
        """Use a login code, and return its person; None if it is unknown, used or too old."""
        userid, expires = self._codes.pop(code, ("", 0.0))
        return userid if self.clock.now() < expires else None


CODE_TTL: Final = 300
REFRESH_TTL: Final = 30 * 24 * 3600
SSO_TTL: Final = 3600


@dataclass
class Grant:
    """A person's permission for the app to act for them.

    Attributes:
        userid: the person.
        corp_id: the chosen company, if the scope has `corpid`.
    """

    userid: str
    corp_id: str | None = None


@dataclass
class _Access:
    grant: Grant
    token: str
    expires: float


@dataclass
class _Expiring:
    grant: Grant
    expires: float


class Logins(StatePart):
    """The logins of a company's app.

    Attributes:
        strangers: people with an account who are not in the company.
        single_use: whether a refresh token works only once. The platform's rule is not documented.
    """

    def __init__(self, clock: Clock, corp_id: str) -> None:
        self.strangers: dict[str, User] = {}
        self.single_use = True
        self._clock = clock
        self._corp_id = corp_id
        self._codes: dict[str, _Expiring] = {}
        self._refresh: dict[str, _Expiring] = {}
        self._access: dict[str, _Access] = {}
        self._sso: dict[str, float] = {}

    def person_left(self, leaver: Leaver) -> None:
        """Delete the codes and tokens of a person."""
        gone = leaver.userid
        self._codes = {key: each for key, each in self._codes.items() if each.grant.userid != gone}
        self._refresh = {key: each for key, each in self._refresh.items() if each.grant.userid != gone}
        self._access = {key: each for key, each in self._access.items() if each.grant.userid != gone}

    def add_stranger(self, name: str, *, userid: str, mobile: str | None, email: str | None) -> User:
        """Add a person of another company.

        Raises:
            SeedError: the userid is taken.
        """
        check_free("userid", userid, self.strangers)
        stranger = User(userid, name, opaque("another company", userid), mobile=mobile, email=email)
        self.strangers[userid] = stranger
        return stranger

    def mint_code(self, userid: str, scope: str = "openid") -> str:
        """Make the code that the authorise page returns for a person. It is valid once, for 5 minutes."""
        code = secrets.token_hex(16)
        grant = Grant(userid, self._corp_id if "corpid" in scope.split() else None)
        self._codes[code] = _Expiring(grant, self._clock.now() + CODE_TTL)
        return code

    def redeem(self, code: str) -> Grant | None:
        """Use a code, and return its grant; None if it is unknown, used or too old."""
        return self._valid(self._codes.pop(code, None))

    def refresh(self, token: str) -> Grant | None:
        """Use a refresh token, and return its grant; None if it is unknown, used or too old."""
        held = self._refresh.pop(token, None) if self.single_use else self._refresh.get(token)
        return self._valid(held)

    def _valid(self, held: _Expiring | None) -> Grant | None:
        return held.grant if held is not None and self._clock.now() < held.expires else None

    def issue(self, grant: Grant) -> tuple[str, str]:
        """Issue an access token and a refresh token. A valid access token is renewed instead."""
        now = self._clock.now()
        current = next((each for each in self._access.values() if each.grant == grant and now < each.expires), None)
        access = current or _Access(grant, secrets.token_hex(16), 0)
        access.expires = now + TTL
        self._access[access.token] = access
        refresh = secrets.token_hex(24)
        self._refresh[refresh] = _Expiring(grant, now + REFRESH_TTL)
        return access.token, refresh

    def knows(self, token: str) -> bool:
        """Whether this is a user's token, valid or not."""
        return token in self._access

    def userid_of(self, token: str) -> str | None:
        """Return the owner of a token; None if it is unknown or has expired."""
        held = self._access.get(token)
        return held.grant.userid if held is not None and self._clock.now() < held.expires else None

    def revoke_tokens(self) -> None:
        """Make the access tokens of all users invalid. Refresh tokens stay valid."""
        self._access.clear()

    def issue_sso_token(self) -> tuple[str, int]:
        """Issue a token for logins from the admin console, and return it with its life in seconds."""
        token = secrets.token_hex(16)
        self._sso[token] = self._clock.now() + SSO_TTL
        return token, SSO_TTL

    def accepts_sso(self, token: str) -> bool:
        """Whether this is a valid token for logins from the admin console."""
        return self._clock.now() < self._sso.get(token, 0.0)
