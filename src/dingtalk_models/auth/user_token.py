"""The access of people who have logged in: `UserToken`, and the credential behind it."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol
from weakref import WeakValueDictionary

from pydantic import Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.credential import LONGEST_LIFE, Credential, Held, IssuedToUser, Wanted, life_of
from dingtalk_models.call.operation import operation
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import (
    ApiError,
    AuthenticationError,
    InvalidRequest,
    LoginRequired,
    NotFound,
    TransportError,
)
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import Background, Blocking, Flow, Promise, Wait
from dingtalk_models.core.wire import BEIJING
from dingtalk_models.sessions.base import Session, SessionLock

if TYPE_CHECKING:
    from dingtalk_models.contact.account import Account
    from dingtalk_models.contact.user import User

REFRESH_LIFE = 30 * 24 * 3600.0
"""Seconds for which a refresh token can be used, as documented."""

_LONGEST_REFRESH = 90.0
_NO_THREAD = 0
_COLLEAGUE = 0
_OF_THE_APP = {"invalidClientIdOrSecret", "invalid.client", "unauthorized.client"}


class Seal:
    """Encrypts people's tokens with a key derived from the app's secret, so that the store alone reveals nothing.

    Args:
        appsecret: the app's secret.
    """

    def __init__(self, appsecret: Secret) -> None:
        self._key = hmac.digest(appsecret.get_secret_value().encode(), b"dingtalk-models: tokens of users", "sha256")

    def __repr__(self) -> str:
        return "<Seal>"

    def close(self, text: Secret, key: str) -> Secret:
        """Encrypt a text, to be kept under a key: it cannot be opened under another one."""
        from Crypto.Cipher import AES  # noqa: PLC0415 - only where tokens are kept

        nonce = secrets.token_bytes(12)
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce)
        cipher.update(key.encode())
        sealed, tag = cipher.encrypt_and_digest(text.get_secret_value().encode())
        return Secret(b64encode(nonce + tag + sealed).decode())

    def open(self, sealed: str, key: str) -> Secret | None:
        """Decrypt a text; `None` if it was sealed by another app or under another key, or was changed."""
        from Crypto.Cipher import AES  # noqa: PLC0415 - only where tokens are kept

        try:
            raw = b64decode(sealed, validate=True)
            cipher = AES.new(self._key, AES.MODE_GCM, nonce=raw[:12])
            cipher.update(key.encode())
            return Secret(cipher.decrypt_and_verify(raw[28:], raw[12:28]).decode())
        except ValueError:
            return None


Issuing = Callable[[Secret], Call[IssuedToUser]]


class UserCredential(Credential):
    """The access token of one person, renewed with their refresh token.

    Before it is kept, only this object has it. After that, all processes that share the session store have it, and one
    of them renews it.

    Args:
        session: the store.
        key: its key there, if it is kept.
        issue: makes the call that gets the next token for a refresh token.
        seal: encrypts it for the store.

    Attributes:
        kept: whether it is in the store.
        refresh_token: gets the next token; `None` if there is none, or it was refused.
        corp_id: the company that the person chose.
    """

    def __init__(self, session: Session, key: str, issue: Issuing, seal: Seal) -> None:
        super().__init__(session, key, self._next)
        self.kept = False
        self.refresh_token: Secret | None = None
        self.corp_id: str | None = None
        self._issue = issue
        self._seal = seal
        self._in_store: str | None = None  # what this object last read from or wrote to the store

    def __repr__(self) -> str:
        return f"<UserCredential {self.key}>"

    @property
    def held(self) -> Held | None:
        """This process's copy."""
        return self._held

    def take(self, issued: IssuedToUser) -> Held:
        """Hold newly issued tokens. The refresh token stays the same if the platform sent no new one."""
        self.refresh_token = issued.refresh_token or self.refresh_token
        self.corp_id = issued.corp_id or self.corp_id
        self._held = Held(issued.value, life_of(issued))
        return self._held

    def take_tokens(self, access_token: Secret | None, refresh_token: Secret | None) -> None:
        """Hold tokens that the application stored. The expiry time of the access token is unknown."""
        self.refresh_token = refresh_token
        self._held = None if access_token is None else Held(access_token, math.inf)

    def renew(self, rejected: Held, path: str) -> Flow[Held | None]:
        if self.refresh_token is None and not self.kept:
            return None
        return (yield from super().renew(rejected, path))

    def _replace(self, rejected: Held, wanted: Wanted) -> Flow[Held]:
        # each refresh token may work only once, and the platform issues a token that is still valid again: one refresh
        # is enough, if it did not begin before the rejection
        under_way = self._is_refreshing
        held = yield from self._refresh(rejected, wanted)
        return held if wanted(held) or not under_way else (yield from self._refresh(held, wanted))

    def told(self, refusal: AuthenticationError) -> AuthenticationError:
        told = LoginRequired.of(refusal)
        if self.refresh_token is not None:  # the platform has just issued what this API rejects
            told.hint = f"{told.hint} {_TAKES_NONE}"
        return told

    def load(self) -> Flow[bool]:
        """Load the tokens from the store if they are new to this object. Returns whether the store has any."""
        entry = yield from Blocking(lambda: self.session.entry(self.key))
        if entry is None or (text := self._seal.open(entry.value, self.key)) is None:
            return False
        self.kept = True
        if entry.value != self._in_store:  # otherwise, this object may have something newer
            self._in_store = entry.value
            kept = json.loads(text.get_secret_value(), object_hook=_hidden)
            self.refresh_token, self.corp_id = kept["refresh_token"], kept["corp_id"]
            age = REFRESH_LIFE - entry.seconds_left
            self._held = Held(kept["access_token"], kept["life"] - age) if kept["access_token"] else None
        return True

    def keep(self) -> Flow[None]:
        """Put it into the store."""
        sealed = self._seal.close(self._text(), self.key)
        yield from Blocking(lambda: self.session.set(self.key, sealed, REFRESH_LIFE))
        self.kept, self._in_store = True, sealed.get_secret_value()

    def _text(self) -> Secret:
        held, refresh_token = self._held, self.refresh_token
        return Secret(
            json.dumps(
                {
                    "access_token": held and held.value.get_secret_value(),
                    "refresh_token": refresh_token and refresh_token.get_secret_value(),
                    "corp_id": self.corp_id,
                    "life": held and min(held.seconds_left, LONGEST_LIFE),
                }
            )
        )

    def forget(self) -> Flow[None]:
        """Delete it from the store."""
        self.kept = False
        yield from Blocking(lambda: self.session.delete(self.key))

    def _refresh(self, old: Held | None, wanted: Wanted) -> Flow[Held]:
        """Refresh in the background: if the caller were cancelled, the refresh token would be wasted."""
        if self._is_refreshing:  # another caller's
            return (yield from super()._refresh(old, wanted))
        outcome = Promise[Held | None]()
        yield Background(lambda: self._refresh_into(outcome, old, wanted))
        held = yield from Wait(outcome, _NO_THREAD, _LONGEST_REFRESH)
        if held is None:
            raise TransportError("a user's token was not renewed in time", sent=False)
        return held

    def _refresh_into(self, outcome: Promise[Held | None], old: Held | None, wanted: Wanted) -> Flow[None]:
        try:
            outcome.keep((yield from super()._refresh(old, wanted)))
        except Exception as error:  # noqa: BLE001 - raised by the caller, which waits for it
            outcome.fail(error)
        finally:
            outcome.keep(None)  # unless there is a result

    def _obtain(self, wanted: Wanted, lock: SessionLock) -> Flow[Held]:
        return (yield from super()._obtain(wanted, lock) if self.kept else self._from_platform())

    def _from_store(self, wanted: Wanted) -> Flow[Held | None]:
        if not (yield from self.load()):  # the person has logged out
            self.kept, self._held, self.refresh_token = False, None, None
            raise LoginRequired.of(_NOTHING)
        held = self._held
        return held if held is not None and held.seconds_left > 0 and wanted(held) else None

    def _from_platform(self) -> Flow[Held]:
        used = self.refresh_token
        try:
            issued = yield from self._next()
        except ApiError as error:
            if not helped_by_login(error):
                raise
            refusal = LoginRequired.of(error)
        else:
            held = self.take(issued)
            if self.kept:
                yield from self._keep_renewed()
            return self._held or held
        if (renewed := (yield from self._renewed_elsewhere(used))) is not None:
            return renewed
        self.refresh_token = None  # it is not sent again
        raise refusal

    def _keep_renewed(self) -> Flow[None]:
        """Put it into the store, unless the person has logged out or in again since."""
        before = self._in_store
        if not (yield from self.load()):
            self.kept = False
        elif self._in_store == before:
            yield from self.keep()

    def _next(self) -> Call[IssuedToUser]:
        if self.refresh_token is None:
            raise LoginRequired.of(_NOTHING)
        return self._issue(self.refresh_token)

    def _renewed_elsewhere(self, used: Secret | None) -> Flow[Held | None]:
        """After a refusal, return the token that another process got meanwhile, if there is one."""
        if not self.kept:
            return None
        refused = self._in_store
        if (yield from self.load()) and self.refresh_token != used:
            return self._held
        if refused is not None:
            yield from Blocking(lambda: self.session.release(self.key, refused))
        self.kept = False
        return None


_TAKES_NONE = "Or the API takes no user's token, but only an app's. / 也可能该接口只接受应用的 token。"
_NOTHING = ApiError("loginRequired", "no token of this person is known, or its time is over")


def _hidden(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {name: Secret.of(entry[name]) for name in ("access_token", "refresh_token")}


def helped_by_login(refusal: ApiError) -> bool:
    """Whether a refusal of a code or refresh token means that the person has to log in again.

    The error codes for this are not documented, so every refusal counts except those of the app's own credentials.
    """
    of_the_person = isinstance(refusal, AuthenticationError | InvalidRequest | NotFound)
    return of_the_person and refusal.cause not in _OF_THE_APP


class AppWithSessions(AppLike, Protocol):
    """The parts of an app that `keep` needs."""

    user_credentials: WeakValueDictionary[str, UserCredential]

    def session_key(self, what: str) -> str: ...


def key_in_store(app: AppWithSessions, key: str) -> str:
    """Return the session store key of a person's token. It does not reveal the person, and works in any store."""
    return app.session_key(f"user:{hashlib.sha256(key.encode()).hexdigest()[:40]}")


class UserToken:
    """The access of one person to the platform, after they have logged in: see `app.auth.login`.

    While it is used, it is renewed automatically before it expires: `app.as_user(token).…`. `keep` puts it, encrypted,
    into the session store for later requests and other processes. Its tokens print as `***`, and it cannot be pickled.

    Attributes:
        app: the app that the person has logged in to.
        credential: renews it.
    """

    def __init__(self, app: AppWithSessions, credential: UserCredential) -> None:
        self.app = app
        self.credential = credential

    @property
    def access_token(self) -> Secret | None:
        """The present access token; `None` if it has to be fetched first."""
        held = self.credential.held
        return None if held is None else held.value

    @property
    def refresh_token(self) -> Secret | None:
        """The refresh token, as it is now. It may work only once: then there is a new one."""
        return self.credential.refresh_token

    @property
    def expires(self) -> datetime | None:
        """When the access token is renewed at the latest; `None` if that is not known."""
        held = self.credential.held
        if held is None or math.isinf(held.seconds_left):
            return None
        return datetime.now(BEIJING) + timedelta(seconds=held.seconds_left)

    @property
    def corp_id(self) -> str | None:
        """The company that the person chose, if the scope was `openid corpid`."""
        return self.credential.corp_id

    @operation
    def me(self) -> Flow[Account]:
        """The account of the person, across companies.

        Its mobile number and e-mail address may belong to another company: never find a user by them. `member` says
        who the person is in this company.

        Raises:
            LoginRequired: the token is no longer valid, and cannot be renewed.
        """
        from dingtalk_models.contact.account import AccountManager  # noqa: PLC0415 - only when used

        call = AccountManager().get.call()
        call.credential = self.credential
        return (yield from call)

    @operation
    def member(self) -> Flow[User]:
        """Who the person is in this company: the user with the union id of the account.

        The account's own e-mail address and mobile number are not looked at, because they may belong to another
        company.

        Raises:
            NotFound: a stranger: nobody in this company, or only one of its external contacts.
            LoginRequired: the token is no longer valid, and cannot be renewed.
        """
        from dingtalk_models.contact.user import UserManager  # noqa: PLC0415 - only when used

        account = yield from self.me.call()
        stranger = NotFound(60121, "nobody in this company has the union id of this account")
        if not account.union_id:
            raise stranger
        match = yield from UserManager().by_unionid.call(account.union_id)
        if match.contact_type not in (_COLLEAGUE, None):
            raise stranger
        return (yield from UserManager().get.call(match.userid))

    @operation
    def renew(self) -> Flow[None]:
        """Get a new access token now. While the token is used, it is renewed automatically.

        Raises:
            LoginRequired: the refresh token is too old or was used, or there is none.
        """
        yield from self.credential.force()

    @operation
    def keep(self, key: Annotated[str, Field(min_length=1)]) -> Flow[None]:
        """Keep it in the session store, encrypted, for 30 days after its last renewal.

        `app.auth.kept(key)` finds it there.

        Args:
            key: whose it is, such as the userid. It replaces what the key had before.
        """
        self.credential.key = key_in_store(self.app, key)
        yield from self.credential.keep()
        self.app.user_credentials[self.credential.key] = self.credential

    @operation
    def forget(self) -> Flow[None]:
        """Delete it from the session store: the person logs out. At the platform, it stays valid until its end."""
        yield from self.credential.forget()

    def __repr__(self) -> str:
        expires = self.expires
        return f"UserToken(corp_id={self.corp_id!r}, expires={expires and expires.isoformat(timespec='seconds')!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a UserToken cannot be pickled: keep it in the session store, with keep(key)")
