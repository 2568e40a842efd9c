"""The one place that refreshes a credential.

A credential is fetched once: this process's copy first, then the session store, then the platform. In a process one
caller does the work while the others wait for its result; in a fleet one process does, while the others wait for the
store to show it.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Annotated

from pydantic import BaseModel, Field

from dingtalk_models.core.call import Call
from dingtalk_models.core.errors import DingTalkError, SessionStoreError
from dingtalk_models.core.steps import Background, Blocking, Flow, Sleep, Wait
from dingtalk_models.core.wire import wire
from dingtalk_models.sessions import Session

MARGIN = 120.0
"""Seconds before the platform's own expiry at which a credential is no longer used."""

RENEW_AHEAD = 600.0
"""Seconds before that at which it is renewed, while callers go on with it."""

LOCK_LIFE = 30.0
"""Seconds after which the lock of a refresher that died is void."""

_POLL = 0.05
_PAUSE_AFTER_FAILURE = 30.0

logger = logging.getLogger("dingtalk_models")


class Issued(BaseModel, frozen=True):
    """A credential as the platform issues it, and the seconds that it lives."""

    value: Annotated[str, Field(repr=False), wire("accessToken", "access_token", "jsapiTicket", "ticket")]
    lifetime: Annotated[float, wire("expireIn", "expires_in")]


class Held:
    """This process's copy of a credential. Its identity matters: a renewed one may have the same value.

    Args:
        value: the token or ticket.
        until: when it ends, on the monotonic clock, which no change of the wall clock moves.
    """

    __slots__ = ("until", "value")

    def __init__(self, value: str, until: float) -> None:
        self.value = value
        self.until = until

    @property
    def seconds_left(self) -> float:
        return self.until - time.monotonic()


Wanted = Callable[[Held], bool]


class Credential:
    """A token or ticket that is kept in a session store and renewed in time.

    Args:
        session: the store.
        key: its key there.
        fetch: the call that has the platform issue it.
    """

    def __init__(self, session: Session, key: str, fetch: Callable[[], Call[Issued]]) -> None:
        self.session = session
        self.key = key
        self._fetch = fetch
        self._held: Held | None = None
        self._mutex = threading.Lock()
        self._refreshing: Future[Held | None] | None = None
        self._refresher = 0
        self._renew_at = 0.0

    def get(self) -> Flow[Held]:
        """The credential, fetched only where neither this process nor the store has it."""
        held = self._held
        if held is None or (left := held.seconds_left) <= 0:
            return (yield from self._refresh(held, lambda _: True))
        if left < RENEW_AHEAD and time.monotonic() > self._renew_at:
            self._renew_at = time.monotonic() + _PAUSE_AFTER_FAILURE
            yield Background(lambda: self._renew_ahead(held))
        return held

    def renew(self, rejected: Held) -> Flow[Held]:
        """Another one than the platform rejected; all whose calls were refused share one refresh."""

        def wanted(other: Held) -> bool:
            return other.value != rejected.value

        held = yield from self._refresh(rejected, wanted)
        if wanted(held):
            return held
        # a refresh that began before the rejection may have brought the rejected one
        return (yield from self._refresh(held, wanted))

    def force(self) -> Flow[Held]:
        """A newly issued one, whatever there is."""
        return (yield from self._refresh(self._held, lambda _: False))

    def _renew_ahead(self, held: Held) -> Flow[None]:
        try:
            yield from self._refresh(held, lambda other: other.seconds_left > RENEW_AHEAD)
        except DingTalkError as error:
            logger.warning("could not renew %s ahead of its expiry: %s", self.key, error)

    def _refresh(self, old: Held | None, wanted: Wanted) -> Flow[Held]:
        """Put another copy in the place of an old one: one caller works, the others wait."""
        while True:
            with self._mutex:
                if self._held is not None and self._held is not old and self._held.seconds_left > 0:
                    return self._held
                waiting = self._refreshing
                if waiting is None:
                    mine = self._refreshing = Future[Held | None]()
                    self._refresher = threading.get_ident()
                    break
            # none comes of a refresh that was cancelled: then another caller takes its place
            if (held := (yield from Wait(waiting, self._refresher))) is not None:
                return held
        try:
            fresh = yield from self._obtain(wanted)
        except Exception as error:
            self._finish(mine).set_exception(error)
            raise
        finally:
            if not mine.done():
                self._finish(mine).set_result(self._held if self._held is not old else None)
        return fresh

    def _finish(self, mine: Future[Held | None]) -> Future[Held | None]:
        with self._mutex:
            self._refreshing = None
        return mine

    def _obtain(self, wanted: Wanted) -> Flow[Held]:
        if (held := (yield from self._from_store(wanted))) is not None:
            return held
        if not self.session.has_add:
            return (yield from self._from_platform())
        lock, owner = f"{self.key}:lock", secrets.token_hex(8)

        def release() -> None:
            with suppress(SessionStoreError):  # then it ends with its life
                self.session.release(lock, owner)

        try:
            while not (yield from Blocking(lambda: self.session.add(lock, owner, LOCK_LIFE))):
                yield Sleep(_POLL)
                if (held := (yield from self._from_store(wanted))) is not None:
                    return held
            # who held the lock before may have stored it between our look and our lock
            held = (yield from self._from_store(wanted)) or (yield from self._from_platform())
        except BaseException:
            # a flow that is cancelled or interrupted can take no further step
            threading.Thread(target=release, name="dingtalk-release").start()
            raise
        yield from Blocking(release)
        return held

    def _from_store(self, wanted: Wanted) -> Flow[Held | None]:
        entry = yield from Blocking(lambda: self.session.entry(self.key))
        if entry is None or not wanted(held := Held(entry.value, time.monotonic() + entry.seconds_left)):
            return None
        self._held = held
        return held

    def _from_platform(self) -> Flow[Held]:
        issued = yield from self._fetch()
        life = max(issued.lifetime - MARGIN, issued.lifetime / 2)
        self._held = held = Held(issued.value, time.monotonic() + life)
        yield from Blocking(lambda: self.session.set(self.key, issued.value, life))
        return held
