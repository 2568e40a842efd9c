"""The credentials of a company: its app's token and ticket, and login codes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.state.leaving import Leaver, Part

TTL: Final = 7200
TICKET_AGE: Final = 24 * 3600
LOGIN_CODE_TTL: Final = 300


@dataclass
class _Secret:
    value: str
    created: float
    expires: float


@dataclass
class Credentials(Part):
    """One internal app of one company, and the secrets that were issued to it."""

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
        """Let the login codes of a person expire."""
        self._codes = {code: held for code, held in self._codes.items() if held[0] != leaver.userid}

    def unused(self) -> Credentials:
        """The same app of the same company, with a clock of its own, before anything was issued to it."""
        return replace(self, clock=Clock(), _token=None, _ticket=None, _codes={})

    def issue_token(self) -> tuple[str, int]:
        """The app's token and its life in seconds: the same token, renewed, while it is valid."""
        now = self.clock.now()
        if self._token is None or self._token.expires <= now:
            self._token = _Secret(secrets.token_hex(16), now, now + TTL)
        self._token.expires = now + TTL
        return self._token.value, TTL

    def accepts(self, token: str) -> bool:
        """Whether this is the app's token, and valid."""
        held = self._token
        return held is not None and held.value == token and self.clock.now() < held.expires

    def revoke_tokens(self) -> None:
        """Make the issued token invalid; the next fetch gets a new one."""
        self._token = None

    def issue_ticket(self) -> tuple[str, int]:
        """The jsapi ticket and its life in seconds: renewed while it is valid, but for at most 24 hours."""
        now = self.clock.now()
        if self._ticket is None or self._ticket.expires <= now:
            self._ticket = _Secret(secrets.token_urlsafe(48), now, now + TTL)
        self._ticket.expires = min(now + TTL, self._ticket.created + TICKET_AGE)
        return self._ticket.value, int(self._ticket.expires - now)

    def mint_code(self, userid: str) -> str:
        """A login code (免登授权码) for this person: valid for 5 minutes, once."""
        code = secrets.token_hex(16)
        self._codes[code] = (userid, self.clock.now() + LOGIN_CODE_TTL)
        return code

    def redeem(self, code: str) -> str | None:
        """The person of a login code; None if it is unknown, used or too old."""
        userid, expires = self._codes.pop(code, ("", 0.0))
        return userid if self.clock.now() < expires else None
