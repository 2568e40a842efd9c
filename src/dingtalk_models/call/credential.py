"""Fetches, shares and refreshes credentials.

A credential is looked up in this process, then in the session store, and is otherwise fetched from the platform.
Within a process, one caller refreshes it and the others wait for the result. Of several processes that share a store,
one refreshes it and the others poll the store.
"""

from __future__ import annotations

import logging
import math
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError, field_validator

from dingtalk_models.call.call import Call
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import AuthenticationError, DingTalkError, SessionStoreError
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import Background, Blocking, Flow, Promise, Sleep, Wait
from dingtalk_models.core.wire import BEIJING, wire
from dingtalk_models.process.forking import after_fork, check_fork
from dingtalk_models.process.turns import Turns
from dingtalk_models.sessions.base import Session, SessionLock

MARGIN = 120.0
"""How many seconds before its expiry at the platform a credential is no longer used."""

RENEW_AHEAD = 600.0
"""How many seconds before that it is renewed in the background, while callers still use it."""

LOCK_LIFE = 30.0
"""How many seconds callers wait for a refresh by another caller, which may have died."""

LONGEST_LIFE = 86400.0
"""Seconds after which a credential is renewed even if the platform says that it lives longer."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a credential is renewed again if the platform rejects it right after a renewal; doubled each time."""

_POLL = 0.05
_PAUSE_AFTER_FAILURE = 30.0

logger = logging.getLogger("dingtalk_models")


class Issued(BaseModel, frozen=True):
    """A credential as the platform issues it, and the seconds until it expires."""

    value: Annotated[Secret, wire("accessToken", "access_token", "jsapiTicket", "ticket")]
    lifetime: Annotated[float, Field(ge=1, allow_inf_nan=False), wire("expireIn", "expires_in")]

    @field_validator("value")
    @classmethod
    def _can_be_sent(cls, value: Secret) -> Secret:
        if not re.fullmatch("[!-~]+", value.get_secret_value()):
            raise ValueError("not a token / 不是 access_token 或 ticket")
        return value


class IssuedToUser(Issued, frozen=True):
    """A user's access token as the platform issues it.

    Attributes:
        refresh_token: gets the next one, for 30 days. It may work only once.
        corp_id: the company that the person chose, if the scope had `corpid`.
    """

    refresh_token: Annotated[Secret | None, wire("refreshToken")] = None
    corp_id: Annotated[str | None, wire("corpId")] = None

    @field_validator("refresh_token", "corp_id", mode="wrap")
    @classmethod
    def _as_documented_or_none(cls, value: object, read: Callable[[object], Secret | str | None]) -> object:
        # neither of them is worth losing the token
        try:
            return read(value)
        except ValidationError:
            return None


def life_of(issued: Issued) -> float:
    """Return for how many seconds a credential is used."""
    return min(max(issued.lifetime - MARGIN, issued.lifetime / 2), LONGEST_LIFE)


class Held:
    """The copy of a credential in this process. Copies are compared by identity: a renewed one may have the same value.

    Args:
        value: the token or ticket.
        seconds: for how long it is used. It expires when either clock says so: the wall clock can be set, and the
            monotonic clock may stop while a machine sleeps.

    Attributes:
        accepted: the paths of the APIs that have accepted it.
        until: when it expires, on the monotonic clock.
    """

    __slots__ = ("_expires", "accepted", "until", "value")

    def __init__(self, value: Secret, seconds: float) -> None:
        self.value = value
        self.accepted: set[str] = set()
        self.until = monotonic() + seconds
        self._expires = None if math.isinf(seconds) else datetime.now(BEIJING) + timedelta(seconds=seconds)

    @property
    def seconds_left(self) -> float:
        left = self.until - monotonic()
        return left if self._expires is None else min(left, (self._expires - datetime.now(BEIJING)).total_seconds())


Wanted = Callable[[Held], bool]


class _Refresh:
    """A refresh in progress.

    Attributes:
        result: its result. Once that is there, the next caller can begin another refresh.
        thread: the thread that does it, or that runs its task.
        ends: the time until which others wait for it.
        lock: its lock in the session store.
    """

    __slots__ = ("ends", "lock", "result", "thread")

    def __init__(self, lock: SessionLock) -> None:
        self.result = Promise[Held | None]()
        self.thread = threading.get_ident()
        self.ends = monotonic() + LOCK_LIFE
        self.lock = lock


class Credential:
    """A token or ticket that is kept in a session store and renewed in time.

    Args:
        session: the store.
        key: its key there.
        fetch: makes the call that fetches it from the platform.
    """

    def __init__(self, session: Session, key: str, fetch: Callable[[], Call[Issued]]) -> None:
        self.session = session
        self.key = key
        self._fetch = fetch
        self._held: Held | None = None
        self._turns = Turns()
        self._refreshing: _Refresh | None = None
        self._renew_at = 0.0
        self._pause = FIRST_PAUSE
        self._paused_until = 0.0
        after_fork(self, Credential._after_fork)

    def _after_fork(self) -> None:
        self._turns = Turns()
        if self._refreshing is not None:  # the parent continues it
            self._refreshing = None
            self.session.forget_own(self._lock_key)

    @property
    def _lock_key(self) -> str:
        return f"{self.key}:lock"

    def get(self) -> Flow[Held]:
        """The credential. It is fetched only if neither this process nor the store has it."""
        held = self._held
        if held is None or (left := held.seconds_left) <= 0:
            return (yield from self._refresh(held, lambda _: True))
        if left < RENEW_AHEAD and monotonic() > self._renew_at:
            self._renew_at = monotonic() + _PAUSE_AFTER_FAILURE
            yield Background(lambda: self._renew_ahead(held))
        return held

    def renew(self, rejected: Held, path: str) -> Flow[Held | None]:
        """Return a credential other than the rejected one. All callers with the rejected one share one refresh.

        Args:
            rejected: the one that was rejected.
            path: the API that rejected it.

        Returns:
            The new one. `None` while the platform rejects new ones too, so that callers do not keep fetching.
        """

        def wanted(other: Held) -> bool:
            return other.value != rejected.value

        # this API accepted it before, so it was revoked since, and a renewal helps
        if (
            monotonic() < self._paused_until
            and path not in rejected.accepted
            and not (self._held and wanted(self._held))
        ):
            return None
        return (yield from self._replace(rejected, wanted))

    def _replace(self, rejected: Held, wanted: Wanted) -> Flow[Held]:
        held = yield from self._refresh(rejected, wanted)
        if wanted(held):
            return held
        # a refresh that began before the rejection may have fetched the rejected one again
        return (yield from self._refresh(held, wanted))

    def accepted(self, renewed: Held, path: str) -> None:
        """Note that an API accepted a renewed credential."""
        renewed.accepted.add(path)
        self._pause = FIRST_PAUSE

    def rejected_again(self) -> None:
        """Note that a renewed credential was rejected: stop renewing for a while, longer each time."""
        with self._turns:
            if monotonic() >= self._paused_until:
                self._paused_until = monotonic() + self._pause
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def told(self, refusal: AuthenticationError) -> AuthenticationError:
        """Return the error to raise for a refusal that renewing does not solve."""
        return refusal

    def force(self) -> Flow[Held]:
        """A new credential, even if the current one is valid."""
        return (yield from self._refresh(self._held, lambda _: False))

    def _renew_ahead(self, held: Held) -> Flow[None]:
        try:
            yield from self._refresh(held, lambda other: other.seconds_left > RENEW_AHEAD)
        except DingTalkError as error:
            logger.warning("could not renew %s ahead of its expiry: %s", self.key, error)

    def _refresh(self, old: Held | None, wanted: Wanted) -> Flow[Held]:
        """Refresh this process's copy. One caller does it, and the others wait for the result."""
        check_fork()
        while True:
            if self._held is not None and self._held is not old and self._held.seconds_left > 0:
                return self._held
            mine = _Refresh(self.session.lock(self._lock_key, LOCK_LIFE))
            current = self._begun(mine)
            if current is mine:
                break
            seconds_left = current.ends - monotonic()
            if (held := (yield from Wait(current.result, current.thread, seconds_left))) is not None:
                return held
            # it was cancelled, or its thread or event loop has ended: this caller does it instead
            current.result.keep(None)
            if self.session.has_add:
                yield from Blocking(current.lock.release)
        try:
            fresh = yield from self._obtain(wanted, mine.lock)
        except Exception as error:
            mine.result.fail(error)
            raise
        finally:  # without a lock: the garbage collector comes here too
            mine.result.keep(self._held if self._held is not old else None)
        return fresh

    @property
    def _is_refreshing(self) -> bool:
        return self._refreshing is not None and not self._refreshing.result.is_kept()

    def _begun(self, refresh: _Refresh) -> _Refresh:
        """Start a refresh, or return the one in progress."""
        with self._turns:
            if self._refreshing is None or self._refreshing.result.is_kept():
                self._refreshing = refresh
            return self._refreshing

    def _obtain(self, wanted: Wanted, lock: SessionLock) -> Flow[Held]:
        if (held := (yield from self._from_store(wanted))) is not None:
            return held
        if not self.session.has_add:
            return (yield from self._from_platform())
        try:
            if (held := (yield from self._locked(wanted, lock))) is not None:
                return held
            # another process may have stored it between our last look and our lock
            held = (yield from self._from_store(wanted)) or (yield from self._from_platform())
        except BaseException:
            lock.release_in_background()
            raise
        yield from Blocking(lock.release)
        return held

    def _locked(self, wanted: Wanted, lock: SessionLock) -> Flow[Held | None]:
        """Wait for the lock, or for the lock's owner to store the credential."""
        longest = monotonic() + LOCK_LIFE
        while not (yield from Blocking(lock.acquire)):
            if monotonic() > longest:
                what = f"{self._lock_key!r} is locked for more than {LOCK_LIFE:.0f} s: does its `add` work?"
                raise SessionStoreError(self.session.name, f"{what} / 锁一直未释放，请检查 add 的实现")
            yield Sleep(_POLL)
            if (held := (yield from self._from_store(wanted))) is not None:
                return held
        return None

    def _from_store(self, wanted: Wanted) -> Flow[Held | None]:
        entry = yield from Blocking(lambda: self.session.entry(self.key))
        if entry is None or not wanted(held := Held(Secret(entry.value), entry.seconds_left)):
            return None
        self._held = held
        return held

    def _from_platform(self) -> Flow[Held]:
        issued = yield from self._fetch()
        life = life_of(issued)
        self._held = held = Held(issued.value, life)
        yield from Blocking(lambda: self.session.set(self.key, issued.value, life))
        return held
