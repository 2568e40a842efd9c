"""Calls wait their turn here, so that the platform has none to refuse.

Each call is given a slot, the time at which it may be sent, in one step under a lock, in the order in which calls ask:
a queue without anybody in it. The platform counts what arrives, and calls do not arrive as evenly as they leave. So a
limit of n calls a second is kept as n calls in any `1 + MARGIN` seconds, in small bursts: a call may leave one `span`
after the call that left `burst` places before it, where `n / burst` spans make `1 + MARGIN` seconds. No second at the
receiver then holds more than n calls as long as their ways differ by less than `MARGIN` seconds; in the long run it
costs 2.5 % of the rate. A burst lets a few calls go at once that need not wait, without everyone starting on the same
tick, which would itself delay them. The first calls after a rest are the slowest on their way, as they have to connect:
they count as if they left `START` seconds later than they may.

The slots lie on the schedule's own clock, which stands still while the platform wants no calls: a pause moves every
slot that was given, and nobody loses their place.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from dingtalk_models.core.call import Call
from dingtalk_models.core.errors import (
    ConfigurationError,
    DingTalkError,
    QuotaExhausted,
    RateLimited,
    SessionStoreError,
    TransportError,
)
from dingtalk_models.core.flow import Blocking, Edge, Flow, Sleep
from dingtalk_models.core.wire import BEIJING
from dingtalk_models.sessions import Session
from dingtalk_models.sessions.base import RETRY_AFTER, Script

T = TypeVar("T")

MARGIN = 0.025
"""The part by which a limit's window is stretched."""

START = 0.2
"""Seconds by which the first calls may arrive later than those that follow."""

REST = 5.0
"""Seconds without a call after which connections may have been closed."""

ADDRESS_WINDOW = 20.0
"""Seconds in which the platform counts the calls of one address."""

_BURSTS = 4
_BANNED = "1111"
_LIFE_OF_A_MONTH = 32 * 24 * 3600

_FREE = re.compile(
    r"/(topapi/)?(v2/|inactive/)?(user|department|role|extcontact|auth|sns|sso|service)/"
    r"|/(gettoken|get_jsapi_ticket)$"
    r"|/v1\.0/(contact|oauth2)/"
)
"""What is free of the monthly quota: tokens, logins and contacts, with roles and external contacts."""

logger = logging.getLogger("dingtalk_models")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many calls an app makes; more wait their turn, for at most the deadline of the app's `Retry`.

    Where the app's session store is Redis, everyone who uses it shares the limits of the app, but for that of the
    address.

    Attributes:
        per_second: calls a second to each API.
        apis: calls a second to single APIs, by path, such as `{"/topapi/v2/user/list": 40}`.
        per_address: calls of this process in 20 seconds, to all APIs; `None` for no limit.
        monthly: calls in a calendar month that count against the company's quota; more raise `QuotaExhausted`.
            `None` leaves the counting to the platform.

    Raises:
        ConfigurationError: a limit is not positive, or is not that of a path.
    """

    per_second: int = 20
    apis: Mapping[str, int] = field(default_factory=dict[str, int])
    per_address: int | None = 10_000
    monthly: int | None = None

    def __post_init__(self) -> None:
        limits = [self.per_second, self.per_address, self.monthly, *self.apis.values()]
        if any(limit is not None and limit < 1 for limit in limits):
            raise ConfigurationError("a rate limit is 1 or more; rate_limit=None is none at all")
        if wrong := [path for path in self.apis if not path.startswith("/")]:
            raise ConfigurationError(f"rate limits of single APIs go by path, such as /topapi/v2/user/get: {wrong}")


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `burst` calls in any `span` seconds."""

    burst: int
    span: float

    @classmethod
    def of(cls, calls: int, seconds: float = 1.0) -> Pace:
        """The pace that keeps any window of so many seconds within so many calls."""
        # a divisor: the bursts of a window have to add up to its calls
        burst = next(size for size in range(max(1, calls // _BURSTS), 0, -1) if calls % size == 0)
        return cls(burst, seconds * (1 + MARGIN) * burst / calls)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may be sent.

    Attributes:
        schedule: whose slot it is.
        at: the time, on the schedule's own clock; `None` where none was given, since it would be too late.
        wait: the seconds until then.
    """

    schedule: Schedule
    at: float | None
    wait: float


class Schedule(Protocol):
    """Who may send when: the calls of one app to one API."""

    blocks: bool
    """Whether asking it may block."""

    def take(self, patience: float) -> Slot:
        """The next slot, unless it is more than so many seconds away."""
        ...

    def left(self, at: float) -> float:
        """The seconds until a slot that was taken; not positive when it has come."""
        ...

    def give_back(self, at: float) -> None:
        """Leave a slot to others."""
        ...

    def pause(self, seconds: float) -> None:
        """Let no slot come for so long."""
        ...


class LocalSchedule:
    """The schedule of this process."""

    blocks = False

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self._span = pace.span
        self._clock = clock
        self._resumes = clock()
        self._behind = 0.0
        self._connected = 0.0
        self._recent = deque([-math.inf] * pace.burst, pace.burst)
        self._free: list[float] = []
        self._lock = threading.Lock()

    def take(self, patience: float) -> Slot:
        with self._lock:
            now = self._clock()
            present = max(now, self._resumes) - self._behind
            free = self._free
            while free and free[0] < present:
                heapq.heappop(free)
            following = self._recent[0] + self._span
            at = free[0] if free else max(present, following)
            wait = at + self._behind - now
            if wait > patience:
                return Slot(self, None, wait)
            if free:
                heapq.heappop(free)
            else:
                if at - self._recent[-1] > REST:
                    self._connected = at + START
                self._recent.append(max(at, self._connected))
        return Slot(self, at, wait)

    def left(self, at: float) -> float:
        return at + self._behind - self._clock()

    def give_back(self, at: float) -> None:
        with self._lock:
            heapq.heappush(self._free, at)

    def pause(self, seconds: float) -> None:
        with self._lock:
            now = self._clock()
            resumes = max(now, self._resumes)
            if (longer := now + seconds - resumes) > 0:
                self._behind += longer
                self._resumes = resumes + longer


SCRIPT = """
local function integer(number) return string.format('%.0f', number) end

local action, value, burst, span = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local rest, start = tonumber(ARGV[5]), tonumber(ARGV[6])
if action == 'count' then
    local count = tonumber(redis.call('GET', KEYS[1]) or '0') + value
    if count > burst then return {0} end
    redis.call('SET', KEYS[1], integer(count), 'EX', span)
    return {1}
end

local time = redis.call('TIME')
local now = time[1] * 10000 + math.floor(time[2] / 100)
local held = redis.call('GET', KEYS[1])
local state = held and cjson.decode(held) or {recent = {}, free = {}, connected = 0, behind = 0, resumes = 0}
local recent, free = state.recent, state.free
local resumes = math.max(now, state.resumes)
local present = resumes - state.behind
local answer = {}

if action == 'left' then
    return {value + state.behind - now}
elseif action == 'take' then
    while free[1] and free[1] < present do table.remove(free, 1) end
    local at = free[1] or math.max(present, (recent[#recent - burst + 1] or -span) + span)
    local wait = at + state.behind - now
    if wait > value then return {wait} end
    if free[1] then
        table.remove(free, 1)
    else
        if at - (recent[#recent] or -rest) > rest then state.connected = at + start end
        table.insert(recent, math.max(at, state.connected))
        while #recent > burst do table.remove(recent, 1) end
    end
    answer = {wait, at}
elseif action == 'give back' then
    table.insert(free, value)
    table.sort(free)
elseif action == 'pause' then
    local longer = math.max(0, now + value - resumes)
    state.behind, resumes = state.behind + longer, resumes + longer
end

state.resumes = resumes
local last = math.max(resumes, (recent[#recent] or 0) + state.behind)
redis.call('SET', KEYS[1], cjson.encode(state), 'PX', integer((last - now + span) / 10 + 1000))
return answer
"""
"""The same as `LocalSchedule` in the session store, with its state under one key.

`count` keeps the month's count, which is refused beyond `burst`, and forgotten after `span` seconds.
"""

_TICKS = 10_000
"""To a second: what the script counts time in, on the store's clock. As JSON it writes 14 digits of a number."""


class Fleet:
    """The session store that an app shares with others, left alone for a while when it does not answer."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._lock = threading.Lock()
        self._ask_again_at = 0.0

    def ask(self, key: str, action: str, *numbers: int) -> list[int] | None:
        """What the script answers; `None` while the store does not answer: a call never fails for that."""
        with self._lock:
            out, now = self._ask_again_at, time.monotonic()
            if out and now < out:
                return None
            if out:
                self._ask_again_at = now + RETRY_AFTER  # one asks, the others do without
        try:
            answer = self._script(key, action, *numbers)
        except SessionStoreError as error:
            if not out:
                logger.warning("%s; the rate limit is kept by this process alone until it answers again", error)
            self._ask_again_at = time.monotonic() + RETRY_AFTER
            return None
        self._ask_again_at = 0.0
        return answer


class SharedSchedule:
    """The schedule of everyone who shares a session store; while that does not answer, of this process."""

    blocks = True

    def __init__(self, pace: Pace, fleet: Fleet, key: str) -> None:
        self._alone = LocalSchedule(pace)
        self._fleet = fleet
        self._key = key
        self._pace = pace.burst, math.ceil(pace.span * _TICKS), round(REST * _TICKS), round(START * _TICKS)
        self._returned: list[float] = []
        self._lock = threading.Lock()

    def take(self, patience: float) -> Slot:
        answer = self._ask("take", round(patience * _TICKS))
        if answer is None:
            return self._alone.take(patience)
        wait, *at = answer
        return Slot(self, at[0] if at else None, wait / _TICKS)

    def left(self, at: float) -> float:
        answer = self._ask("left", round(at))
        return answer[0] / _TICKS if answer else 0.0

    def give_back(self, at: float) -> None:
        # a flow that is cancelled or interrupted can take no further step, and must not block
        with self._lock:
            self._returned.append(at)
            first = len(self._returned) == 1
        if first:
            threading.Thread(target=self._give_back, name="dingtalk-give-back").start()

    def pause(self, seconds: float) -> None:
        self._alone.pause(seconds)
        self._ask("pause", round(seconds * _TICKS))

    def _give_back(self) -> None:
        with self._lock:
            returned, self._returned = self._returned, []
        for at in returned:
            self._ask("give back", round(at))

    def _ask(self, action: str, value: int) -> list[int] | None:
        return self._fleet.ask(self._key, action, value, *self._pace)


class Quota:
    """The calls of this month that count."""

    def __init__(self, monthly: int, fleet: Fleet | None, key: str) -> None:
        self.monthly = monthly
        self.blocks = fleet is not None
        self._fleet = fleet
        self._key = key
        self._lock = threading.Lock()
        self._month, self._count = "", 0

    def count(self, calls: int) -> bool:
        """Count calls, which may be taken back (-1); whether they are within the quota."""
        month = f"{datetime.now(BEIJING):%Y-%m}"
        key = f"{self._key}:{month}"
        answer = self._fleet and self._fleet.ask(key, "count", calls, self.monthly, _LIFE_OF_A_MONTH)
        if answer:
            return bool(answer[0])
        with self._lock:
            if month != self._month:
                self._month, self._count = month, 0
            if self._count + calls > self.monthly:
                return False
            self._count += calls
        return True


class Limiter:
    """The limits of one app.

    Args:
        limit: what they are.
        session: the app's session store.
        url: the platform's base URL, which tells apart who counts an address.
        key: the app's key in the store.
        quota_key: that of what shares the monthly quota.
    """

    def __init__(self, limit: RateLimit, session: Session, *, url: str, key: str, quota_key: str) -> None:
        script = session.script(SCRIPT)
        self._limit = limit
        self._key = key
        self._fleet = Fleet(script) if script else None
        self._schedules: dict[str, Schedule] = {}
        self._address = _of_address(url, limit.per_address) if limit.per_address else None
        self._quota = Quota(limit.monthly, self._fleet, quota_key) if limit.monthly else None

    def admit(self, call: Call[Any], until: float) -> Flow[None]:
        """Wait until a call may be sent.

        Args:
            call: the call.
            until: when it is too late, on the monotonic clock.

        Raises:
            RateLimited: its turn would come too late.
            QuotaExhausted: the month's calls are used up.
        """
        if not self._schedules:
            yield _Open()  # which takes a while the first time: not between a slot and its use
        if self._address:
            yield from _turn(self._address, call, until)
        yield from _turn(self._schedule(call), call, until)
        if self._counts(call) and not (yield from self._count(1)):
            text = f"not sent: the {self._limit.monthly} calls that rate_limit allows in a month are made"
            raise QuotaExhausted("rate_limit", text, status=403, request=call.request)

    def failed(self, call: Call[Any], error: DingTalkError) -> Flow[None]:
        """Learn from what became of a call that was admitted: after a refusal, everyone waits."""
        if isinstance(error, RateLimited):
            banned = self._address if error.cause == _BANNED else None
            schedule, seconds = banned or self._schedule(call), error.retry_after
            yield from _ask(schedule, lambda: schedule.pause(seconds))
        if isinstance(error, RateLimited | TransportError) and self._counts(call):
            yield from self._count(-1)  # the platform does not count it either

    def _schedule(self, call: Call[Any]) -> Schedule:
        name = path = call.target.path
        if not call.target.authenticated and (token := call.params.get("access_token")):
            # a group's robot has limits of its own, whoever makes it speak
            name = f"{path}:{hashlib.sha256(str(token).encode()).hexdigest()[:16]}"
        schedule = self._schedules.get(name)
        if schedule is None:
            pace = Pace.of(self._limit.apis.get(path, self._limit.per_second))
            made = SharedSchedule(pace, self._fleet, f"{self._key}:{name}") if self._fleet else LocalSchedule(pace)
            schedule = self._schedules.setdefault(name, made)
        return schedule

    def _counts(self, call: Call[Any]) -> bool:
        return self._quota is not None and call.target.authenticated and not is_free(call.target.path)

    def _count(self, calls: int) -> Flow[bool]:
        quota = self._quota
        return quota is None or (yield from _ask(quota, lambda: quota.count(calls)))


def is_free(path: str) -> bool:
    """Whether calls to a path are known not to count against the monthly quota."""
    return _FREE.match(path) is not None


class _Open:
    """Have the transport ready."""

    def perform(self, edge: Edge) -> None:
        _ = edge.transport

    async def aperform(self, edge: Edge) -> None:
        _ = edge.async_transport


class _Asked(Protocol):
    @property
    def blocks(self) -> bool: ...


def _ask(asked: _Asked, question: Callable[[], T]) -> Flow[T]:
    return (yield from Blocking(question)) if asked.blocks else question()


def _turn(schedule: Schedule, call: Call[Any], until: float) -> Flow[None]:
    """Take a slot and wait for it; a pause may move it, even beyond the deadline."""
    patience = until - time.monotonic()
    taken: list[Slot] = []  # also known where the flow ends while it is taken

    def take() -> Slot:
        taken.append(slot := schedule.take(patience))
        return slot

    try:
        slot = yield from _ask(schedule, take)
        at, wait = slot.at, slot.wait
        while at is not None and 0 < wait <= until - time.monotonic():
            yield Sleep(wait)
            wait = yield from _ask(slot.schedule, lambda: slot.schedule.left(at))
    except BaseException:
        _give_back(taken)
        raise
    if wait > 0:
        _give_back(taken)
        raise _too_late(call, wait)


def _give_back(slots: list[Slot]) -> None:
    for slot in slots:
        if slot.at is not None:
            slot.schedule.give_back(slot.at)


def _too_late(call: Call[Any], wait: float) -> RateLimited:
    text = f"not sent: its turn would come in {wait:.1f} s, after its deadline"
    error = RateLimited("rate_limit", text, status=429, request=call.request)
    error.retry_after = wait
    return error


@lru_cache(maxsize=64)
def _of_address(url: str, calls: int) -> LocalSchedule:  # noqa: ARG001 - one for each
    """The schedule of this process's calls to a platform, whatever the app."""
    return LocalSchedule(Pace.of(calls, ADDRESS_WINDOW))
