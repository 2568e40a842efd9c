"""People who log in to the app: codes, their tokens, and people of other companies."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.state.contact import User
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.leaving import Leaver, Part
from dingtalk_models.sandbox.state.seeding import check_free

CODE_TTL: Final = 300
TTL: Final = 7200
REFRESH_TTL: Final = 30 * 24 * 3600
SSO_TTL: Final = 3600


@dataclass
class Grant:
    """That a person lets the app act for them.

    Attributes:
        userid: the person.
        corp_id: the company that they chose, if the scope has `corpid`.
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


class Logins(Part):
    """The logins of a company's app.

    Attributes:
        strangers: people who have an account, and are not in the company.
        single_use: whether a refresh token works only once. The platform does not say.
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
        """Let the codes and tokens of a person expire."""
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
        """The code with which a person comes back from the authorise page: valid for 5 minutes, once."""
        code = secrets.token_hex(16)
        grant = Grant(userid, self._corp_id if "corpid" in scope.split() else None)
        self._codes[code] = _Expiring(grant, self._clock.now() + CODE_TTL)
        return code

    def redeem(self, code: str) -> Grant | None:
        """What a code stands for; None if it is unknown, used or too old."""
        return self._valid(self._codes.pop(code, None))

    def refresh(self, token: str) -> Grant | None:
        """What a refresh token stands for; None if it is unknown, used or too old."""
        held = self._refresh.pop(token, None) if self.single_use else self._refresh.get(token)
        return self._valid(held)

    def _valid(self, held: _Expiring | None) -> Grant | None:
        return held.grant if held is not None and self._clock.now() < held.expires else None

    def issue(self, grant: Grant) -> tuple[str, str]:
        """An access token and a refresh token. An access token that is still valid is issued again, for longer."""
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
        """Whose token it is; None if it is unknown or has expired."""
        held = self._access.get(token)
        return held.grant.userid if held is not None and self._clock.now() < held.expires else None

    def revoke_tokens(self) -> None:
        """Make the access tokens of all users invalid; their refresh tokens stay."""
        self._access.clear()

    def issue_sso_token(self) -> tuple[str, int]:
        """A token for logins from the admin console, and its life in seconds."""
        token = secrets.token_hex(16)
        self._sso[token] = self._clock.now() + SSO_TTL
        return token, SSO_TTL

    def accepts_sso(self, token: str) -> bool:
        """Whether this is a token for logins from the admin console, and valid."""
        return self._clock.now() < self._sso.get(token, 0.0)
