"""The rate limiter of an app. It finds the limits that apply to a call, and adapts to refusals."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dingtalk_models.call.call import Call
from dingtalk_models.call.limits.permit_queue import LocalPermitQueue, PermitQueue
from dingtalk_models.call.limits.settings import RateLimit
from dingtalk_models.call.retry import Retry
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import DingTalkError, QuotaExhausted, RateLimited, TransportError
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import Blocking, Flow, Sleep
from dingtalk_models.process.forking import check_fork
from dingtalk_models.sessions import Session

if TYPE_CHECKING:
    from dingtalk_models.call.limits.quota import Quota
    from dingtalk_models.call.limits.shared import SharedStore

T = TypeVar("T")

ADDRESS_PERIOD = 20.0
"""Seconds in which the platform counts the calls of one address."""

_BANNED = "1111"


class Limiter:
    """The limits of one app.

    Args:
        limit: the limits.
        session: the app's session store.
        url: the platform's base URL. Each platform has its own limit of the address.
        key: the app's key in the store.
        quota_key: the key of all apps that share the monthly quota.
    """

    def __init__(self, limit: RateLimit, session: Session, *, url: str, key: str, quota_key: str) -> None:
        self._limit = limit
        self._key = key
        self._store = _shared_store(session)
        self._queues: dict[str, PermitQueue] = {}
        self._address = _address_queue(url, limit.per_address) if limit.per_address else None
        self._quota = _quota(limit.monthly, self._store, quota_key) if limit.monthly else None

    def paced(self, call: Call[Any], attempt: Callable[[], Flow[T]], until: float, retry: Retry) -> Flow[T]:
        """Wait for the permits of a call, then send it. After a refusal, later calls wait longer.

        Args:
            call: the call.
            attempt: sends it once.
            until: the latest time to send it, on the monotonic clock.
            retry: says how long to pause calls to the API after a refusal.

        Raises:
            RateLimited: no permit is free by then.
            QuotaExhausted: the month's calls are used up.
        """
        check_fork()
        permits = [Permit(queue) for queue in (self._queue_for(call), self._address) if queue]
        try:
            for permit in permits:
                yield from permit.obtain(call, until)
            if (quota := self._quota_for(call)) and not (yield from _ask(quota, partial(quota.count, 1))):
                text = f"not sent: the {quota.monthly} calls that rate_limit allows in a month have been made"
                raise QuotaExhausted("rate_limit", text, status=403, request=call.request)
            try:
                return (yield from attempt())
            except DingTalkError as error:
                yield from self._learn(call, error, retry)
                raise
        finally:
            for permit in permits:
                permit.give_back()

    def _learn(self, call: Call[Any], error: DingTalkError, retry: Retry) -> Flow[None]:
        """Pause the calls to an API that has refused one, or all calls if the address is banned."""
        if isinstance(error, RateLimited):
            banned = self._address if error.cause == _BANNED else None
            queue = banned or self._queue_for(call)
            yield from _ask(queue, partial(queue.pause, retry.pause(error)))
        if isinstance(error, RateLimited | TransportError) and (quota := self._quota_for(call)):
            yield from _ask(quota, partial(quota.count, -1))  # the platform does not count such a call

    def _queue_for(self, call: Call[Any]) -> PermitQueue:
        name = path = call.endpoint.path
        if not call.endpoint.authenticated and (token := call.params.get("access_token")):
            # each webhook robot has its own limit
            robot: str | Secret = token
            name = f"{path}:{hashlib.sha256(Secret.of(robot).get_secret_value().encode()).hexdigest()[:16]}"
        queue = self._queues.get(name)
        if queue is None:
            calls = self._limit.apis.get(path, self._limit.per_second)
            made = self._store.queue(calls, f"{self._key}:{name}") if self._store else LocalPermitQueue(calls)
            queue = self._queues.setdefault(name, made)
        return queue

    def _quota_for(self, call: Call[Any]) -> Quota | None:
        """Return the quota if the call counts against it."""
        quota = self._quota
        return quota if quota and call.endpoint.authenticated and quota.covers(call.endpoint.path) else None


class _Asked(Protocol):
    @property
    def blocks(self) -> bool: ...


def _ask(asked: _Asked, question: Callable[[], T]) -> Flow[T]:
    return (yield from Blocking(question)) if asked.blocks else question()


class Permit:
    """A permit for one call, or its place in the queue while it waits for one."""

    __slots__ = ("_queue", "_ticket", "_wait")

    def __init__(self, queue: PermitQueue) -> None:
        self._queue = queue
        self._ticket = next(queue.tickets)

    def obtain(self, call: Call[Any], until: float) -> Flow[None]:
        """Wait for the permit. The wait is checked again each time, since a pause may have made it too long."""
        while (yield from _ask(self._queue, self._ask)) > 0:
            if self._wait > until - monotonic():
                raise _too_late(call, self._wait)
            yield Sleep(self._wait)

    def _ask(self) -> float:
        self._queue, self._ticket, self._wait = self._queue.ask(self._ticket)
        return self._wait

    def give_back(self) -> None:
        """Give back the permit, or leave the queue."""
        if self._ticket:
            self._queue.end(self._ticket)


def _too_late(call: Call[Any], wait: float) -> RateLimited:
    text = f"not sent: it would have to wait {wait:.1f} s, beyond its deadline"
    error = RateLimited("rate_limit", text, status=429, request=call.request)
    error.retry_after = wait
    return error


@lru_cache(maxsize=64)
def _address_queue(url: str, calls: int) -> LocalPermitQueue:  # noqa: ARG001 - a key of the cache
    """Return the queue that all apps of this process share for calls to one platform."""
    return LocalPermitQueue(calls, ADDRESS_PERIOD)


def _shared_store(session: Session) -> SharedStore | None:
    if not session.has_scripts:
        return None
    from dingtalk_models.call.limits.shared import SharedStore  # noqa: PLC0415 - most apps need none of it

    return SharedStore(session)


def _quota(monthly: int, store: SharedStore | None, key: str) -> Quota:
    from dingtalk_models.call.limits.quota import Quota  # noqa: PLC0415 - most apps need none of it

    return Quota(monthly, store, key)
