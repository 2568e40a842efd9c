"""The limiter of an app: which limits a call falls under, and what a refusal teaches."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dingtalk_models.core.call import Call
from dingtalk_models.core.errors import DingTalkError, QuotaExhausted, RateLimited, TransportError
from dingtalk_models.core.steps import Blocking, Flow, Sleep
from dingtalk_models.forking import check_fork
from dingtalk_models.sessions import Session
from dingtalk_models.transport.rate_limit.schedule import LocalSchedule, Schedule
from dingtalk_models.transport.rate_limit.settings import RateLimit

if TYPE_CHECKING:
    from dingtalk_models.transport.rate_limit.quota import Quota
    from dingtalk_models.transport.rate_limit.shared import SharedStore

T = TypeVar("T")

ADDRESS_WINDOW = 20.0
"""Seconds in which the platform counts the calls of one address."""

_BANNED = "1111"


class Limiter:
    """The limits of one app.

    Args:
        limit: what they are.
        session: the app's session store.
        url: the platform's base URL: the limit of the address holds for each platform.
        key: the app's key in the store.
        quota_key: the key of all apps that share the monthly quota.
    """

    def __init__(self, limit: RateLimit, session: Session, *, url: str, key: str, quota_key: str) -> None:
        self._limit = limit
        self._key = key
        self._store = _shared_store(session)
        self._schedules: dict[str, Schedule] = {}
        self._address = _schedule_of_address(url, limit.per_address) if limit.per_address else None
        self._quota = _quota(limit.monthly, self._store, quota_key) if limit.monthly else None

    def paced(self, call: Call[Any], attempt: Callable[[], Flow[T]], until: float) -> Flow[T]:
        """Make an attempt at a call when there is a permit for it, and learn from what becomes of it.

        Args:
            call: the call.
            attempt: what sends it.
            until: when it is too late, on the monotonic clock.

        Raises:
            RateLimited: no permit is free before that.
            QuotaExhausted: the month's calls are used up.
        """
        check_fork()
        permits = [Permit(schedule) for schedule in (self._schedule(call), self._address) if schedule]
        try:
            for permit in permits:
                yield from permit.obtain(call, until)
            if (quota := self._quota_for(call)) and not (yield from _ask(quota, partial(quota.count, 1))):
                text = f"not sent: the {quota.monthly} calls that rate_limit allows in a month are made"
                raise QuotaExhausted("rate_limit", text, status=403, request=call.request)
            try:
                return (yield from attempt())
            except DingTalkError as error:
                yield from self._learn(call, error)
                raise
        finally:
            for permit in permits:
                permit.give_back()

    def _learn(self, call: Call[Any], error: DingTalkError) -> Flow[None]:
        """After a refusal, every call to the API waits; after a ban of the address, every call."""
        if isinstance(error, RateLimited):
            banned = self._address if error.cause == _BANNED else None
            schedule = banned or self._schedule(call)
            yield from _ask(schedule, partial(schedule.pause, error.retry_after))
        if isinstance(error, RateLimited | TransportError) and (quota := self._quota_for(call)):
            yield from _ask(quota, partial(quota.count, -1))  # the platform does not count it either

    def _schedule(self, call: Call[Any]) -> Schedule:
        name = path = call.endpoint.path
        if not call.endpoint.authenticated and (token := call.params.get("access_token")):
            # a group's robot has limits of its own, whichever app it sends for
            name = f"{path}:{hashlib.sha256(str(token).encode()).hexdigest()[:16]}"
        schedule = self._schedules.get(name)
        if schedule is None:
            calls = self._limit.apis.get(path, self._limit.per_second)
            made = self._store.schedule(calls, f"{self._key}:{name}") if self._store else LocalSchedule(calls)
            schedule = self._schedules.setdefault(name, made)
        return schedule

    def _quota_for(self, call: Call[Any]) -> Quota | None:
        """The quota, if the call counts against it."""
        quota = self._quota
        return quota if quota and call.endpoint.authenticated and quota.covers(call.endpoint.path) else None


class _Asked(Protocol):
    @property
    def blocks(self) -> bool: ...


def _ask(asked: _Asked, question: Callable[[], T]) -> Flow[T]:
    return (yield from Blocking(question)) if asked.blocks else question()


class Permit:
    """What one call has of one schedule: first a place in the queue, then a permit."""

    __slots__ = ("_schedule", "_ticket", "_wait")

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._ticket = 0

    def obtain(self, call: Call[Any], until: float) -> Flow[None]:
        """Wait for a permit. A pause makes the wait longer, perhaps too long."""
        while (yield from _ask(self._schedule, self._ask)) > 0:
            if self._wait > until - time.monotonic():
                raise _too_late(call, self._wait)
            yield Sleep(self._wait)

    def _ask(self) -> float:
        self._schedule, self._ticket, self._wait = self._schedule.ask(self._ticket)
        return self._wait

    def give_back(self) -> None:
        """Give back the permit, or the place."""
        if self._ticket:
            self._schedule.end(self._ticket)


def _too_late(call: Call[Any], wait: float) -> RateLimited:
    text = f"not sent: it would have to wait {wait:.1f} s, beyond its deadline"
    error = RateLimited("rate_limit", text, status=429, request=call.request)
    error.retry_after = wait
    return error


@lru_cache(maxsize=64)
def _schedule_of_address(url: str, calls: int) -> LocalSchedule:  # noqa: ARG001 - one for each
    """The schedule of this process's calls to a platform, whatever the app."""
    return LocalSchedule(calls, ADDRESS_WINDOW)


def _shared_store(session: Session) -> SharedStore | None:
    if not session.has_scripts:
        return None
    from dingtalk_models.transport.rate_limit.shared import SharedStore  # noqa: PLC0415 - most apps need none of it

    return SharedStore(session)


def _quota(monthly: int, store: SharedStore | None, key: str) -> Quota:
    from dingtalk_models.transport.rate_limit.quota import Quota  # noqa: PLC0415 - most apps need none of it

    return Quota(monthly, store, key)
