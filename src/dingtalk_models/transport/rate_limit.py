"""Calls wait their turn here, so that the platform has none to refuse.

A limit of n calls in a window is kept by n permits. A call leaves with one; when its answer is here, the permit rests
for the length of the window, and is free for another call. The first call had arrived before its answer, and the other
leaves a window later than that: so no window at the platform holds more than n calls, however unevenly they travel. It
costs the time of one answer in each window. Lest a slow API become slower by it, a call that has been under way for
`LONGEST_WAY` seconds is taken to have arrived.

Callers queue in the order in which they come. Nobody wakes them: each is told how long its turn is off at the least,
sleeps that long and asks again.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import count
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
from dingtalk_models.core.steps import Blocking, Flow, Sleep
from dingtalk_models.core.wire import BEIJING
from dingtalk_models.sessions import Session
from dingtalk_models.sessions.base import RETRY_AFTER, Script

T = TypeVar("T")

LONGEST_WAY = 0.5
"""Seconds after which a call has reached the platform, even if no answer to it has come back."""

ADDRESS_WINDOW = 20.0
"""Seconds in which the platform counts the calls of one address."""

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


class Schedule(Protocol):
    """Who may send when: the calls of one app to one API."""

    blocks: bool
    """Whether asking it may block."""

    def ask(self, ticket: int = 0) -> tuple[Schedule, int, float]:
        """Whether it is one's turn.

        Args:
            ticket: one's place in the queue; 0 joins it.

        Returns:
            Whom to ask next, with which ticket, and the seconds until then; with 0.0 a permit is taken.
        """
        ...

    def end(self, ticket: int) -> None:
        """The call has its answer, or is wanted no more."""
        ...

    def pause(self, seconds: float) -> None:
        """Let nobody go for so long."""
        ...


class LocalSchedule:
    """The schedule of this process: so many calls in any window of so many seconds."""

    blocks = False

    def __init__(self, calls: int, window: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._window = window
        self._clock = clock
        self._tickets = count(1)
        self._queue: list[int] = []
        self._under_way: dict[int, float] = {}
        self._resting: deque[float] = deque()
        self._resumes = 0.0
        self._lock = threading.Lock()

    def ask(self, ticket: int = 0) -> tuple[Schedule, int, float]:
        with self._lock:
            now = self._clock()
            free = self._free(now)
            if not ticket:
                ticket = next(self._tickets)
                self._queue.append(ticket)
            place = bisect_left(self._queue, ticket)
            if place < free and self._resumes <= now:
                del self._queue[place]
                self._under_way[ticket] = now
                return self, ticket, 0.0
            return self, ticket, max(self._resumes, self._free_at(place - free, now)) - now

    def end(self, ticket: int) -> None:
        with self._lock:
            if self._under_way.pop(ticket, None) is not None:
                self._rest(self._clock())
            elif ticket in self._queue:
                self._queue.remove(ticket)

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._resumes = max(self._resumes, self._clock() + seconds)

    def _free(self, now: float) -> int:
        """How many permits are free."""
        while self._under_way:
            ticket, left = next(iter(self._under_way.items()))
            if left + LONGEST_WAY > now:
                break
            del self._under_way[ticket]
            self._rest(left + LONGEST_WAY)
        while self._resting and self._resting[0] <= now:
            self._resting.popleft()
        return self._calls - len(self._under_way) - len(self._resting)

    def _rest(self, arrived: float) -> None:
        self._resting.append(max(arrived + self._window, self._resting[-1] if self._resting else 0.0))

    def _free_at(self, place: int, now: float) -> float:
        """When the permit for this place behind the free ones is free, at the earliest."""
        if place < 0:
            return now
        rounds, place = divmod(place, self._calls)
        at = self._resting[place] if place < len(self._resting) else now + self._window
        return at + rounds * self._window


SCRIPT = """
local action, value, calls, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local longest_way, patience = tonumber(ARGV[5]), tonumber(ARGV[6])

if action == 'count' then
    local counted = tonumber(redis.call('GET', KEYS[1]) or '0') + value
    if counted > calls then return {0} end
    redis.call('SET', KEYS[1], string.format('%.0f', counted), 'EX', window)
    return {1}
end

local time = redis.call('TIME')
local now = time[1] * 10000 + math.floor(time[2] / 100)
local held = redis.call('GET', KEYS[1])
local state = held and cjson.decode(held) or {queue = {}, under_way = {}, resting = {}, resumes = 0, last = 0}
local queue, under_way, resting = state.queue, state.under_way, state.resting

local function take_out(list, ticket)
    for place, entry in ipairs(list) do
        if entry[1] == ticket then return table.remove(list, place) end
    end
end

for ended = 7, #ARGV, 2 do
    local ticket, arrived = tonumber(ARGV[ended]), now - tonumber(ARGV[ended + 1])
    local left = take_out(under_way, ticket)
    if left then
        table.insert(resting, math.min(arrived, left[2] + longest_way) + window)
    else
        take_out(queue, ticket)
    end
end
while under_way[1] and under_way[1][2] + longest_way <= now do
    table.insert(resting, table.remove(under_way, 1)[2] + longest_way + window)
end
table.sort(resting)
while resting[1] and resting[1] <= now do table.remove(resting, 1) end

local wait, ticket = 0, value
if action == 'pause' then
    state.resumes = math.max(state.resumes, now + value)
else
    if ticket == 0 then
        ticket = math.max(now, state.last + 1)
        state.last = ticket
    end
    take_out(queue, ticket)
    local place = 0
    for at = #queue, 1, -1 do
        if queue[at][2] + patience < now then
            table.remove(queue, at)
        elseif queue[at][1] < ticket then
            place = place + 1
        end
    end
    local free = calls - #under_way - #resting
    if place < free and state.resumes <= now then
        table.insert(under_way, {ticket, now})
    else
        local at = now
        if place >= free then
            local behind = place - free
            at = (resting[behind % calls + 1] or now + window) + math.floor(behind / calls) * window
        end
        wait = math.max(state.resumes, at) - now
        table.insert(queue, place + 1, {ticket, now + wait})
    end
end

local idle = math.max(state.resumes - now, wait, longest_way) + window + patience
redis.call('SET', KEYS[1], cjson.encode(state), 'PX', string.format('%.0f', idle / 10))
return {wait, ticket}
"""
"""The same as `LocalSchedule` in the session store, with its state under one key; a ticket is the time it was given at.

Who waits and does not ask again when it is time, for `patience`, is gone. `count` keeps the month's count, which is
refused beyond `calls`, and forgotten after `window` seconds.
"""

_TICKS = 10_000
"""To a second: what the script counts time in, on the store's clock. As JSON it writes 14 digits of a number."""

_PATIENCE = 2.0


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

    def __init__(self, calls: int, fleet: Fleet, key: str) -> None:
        self._alone = LocalSchedule(calls)
        self._fleet = fleet
        self._key = key
        self._limits = calls, _TICKS, round(LONGEST_WAY * _TICKS), round(_PATIENCE * _TICKS)
        self._ended: list[tuple[int, float]] = []
        self._lock = threading.Lock()

    def ask(self, ticket: int = 0) -> tuple[Schedule, int, float]:
        with self._lock:
            ended, self._ended = self._ended, []
        now = time.monotonic()
        told = [number for each, at in ended for number in (each, round((now - at) * _TICKS))]
        answer = self._fleet.ask(self._key, "ask", ticket, *self._limits, *told)
        if answer is None:
            return self._alone.ask()
        wait, ticket = answer
        return self, ticket, wait / _TICKS

    def end(self, ticket: int) -> None:
        # told with the next question, as a call that is cancelled or interrupted must not block
        with self._lock:
            self._ended.append((ticket, time.monotonic()))

    def pause(self, seconds: float) -> None:
        self._alone.pause(seconds)
        self._fleet.ask(self._key, "pause", round(seconds * _TICKS), *self._limits)


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

    def paced(self, call: Call[Any], attempt: Callable[[], Flow[T]], until: float) -> Flow[T]:
        """Make an attempt at a call when its turn has come, and learn from what becomes of it.

        Args:
            call: the call.
            attempt: what sends it.
            until: when it is too late, on the monotonic clock.

        Raises:
            RateLimited: its turn would come too late.
            QuotaExhausted: the month's calls are used up.
        """
        turns = [Turn(schedule) for schedule in (self._schedule(call), self._address) if schedule]
        try:
            for turn in turns:
                yield from turn.come(call, until)
            if self._counts(call) and not (yield from self._count(1)):
                text = f"not sent: the {self._limit.monthly} calls that rate_limit allows in a month are made"
                raise QuotaExhausted("rate_limit", text, status=403, request=call.request)
            try:
                return (yield from attempt())
            except DingTalkError as error:
                yield from self._learn(call, error)
                raise
        finally:
            for turn in turns:
                turn.end()

    def _learn(self, call: Call[Any], error: DingTalkError) -> Flow[None]:
        """After a refusal, everyone waits."""
        if isinstance(error, RateLimited):
            banned = self._address if error.cause == _BANNED else None
            schedule, seconds = banned or self._schedule(call), error.retry_after
            yield from _ask(schedule, lambda: schedule.pause(seconds))
        if isinstance(error, RateLimited | TransportError) and self._counts(call):
            yield from self._count(-1)  # the platform does not count it either

    def _schedule(self, call: Call[Any]) -> Schedule:
        name = path = call.endpoint.path
        if not call.endpoint.authenticated and (token := call.params.get("access_token")):
            # a group's robot has limits of its own, whoever makes it speak
            name = f"{path}:{hashlib.sha256(str(token).encode()).hexdigest()[:16]}"
        schedule = self._schedules.get(name)
        if schedule is None:
            calls = self._limit.apis.get(path, self._limit.per_second)
            made = SharedSchedule(calls, self._fleet, f"{self._key}:{name}") if self._fleet else LocalSchedule(calls)
            schedule = self._schedules.setdefault(name, made)
        return schedule

    def _counts(self, call: Call[Any]) -> bool:
        return self._quota is not None and call.endpoint.authenticated and not is_free(call.endpoint.path)

    def _count(self, calls: int) -> Flow[bool]:
        quota = self._quota
        return quota is None or (yield from _ask(quota, lambda: quota.count(calls)))


def is_free(path: str) -> bool:
    """Whether calls to a path are known not to count against the monthly quota."""
    return _FREE.match(path) is not None


class _Asked(Protocol):
    @property
    def blocks(self) -> bool: ...


def _ask(asked: _Asked, question: Callable[[], T]) -> Flow[T]:
    return (yield from Blocking(question)) if asked.blocks else question()


class Turn:
    """One call in a schedule: first its place in the queue, then the permit that it leaves with."""

    __slots__ = ("_schedule", "_ticket", "_wait")

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._ticket = 0

    def come(self, call: Call[Any], until: float) -> Flow[None]:
        """Wait for it; a pause may put it off, even beyond the deadline."""
        while (yield from _ask(self._schedule, self._ask)) > 0:
            if self._wait > until - time.monotonic():
                raise _too_late(call, self._wait)
            yield Sleep(self._wait)

    def _ask(self) -> float:
        self._schedule, self._ticket, self._wait = self._schedule.ask(self._ticket)
        return self._wait

    def end(self) -> None:
        """Give back the permit, or the place."""
        if self._ticket:
            self._schedule.end(self._ticket)


def _too_late(call: Call[Any], wait: float) -> RateLimited:
    text = f"not sent: its turn would come in {wait:.1f} s, after its deadline"
    error = RateLimited("rate_limit", text, status=429, request=call.request)
    error.retry_after = wait
    return error


@lru_cache(maxsize=64)
def _of_address(url: str, calls: int) -> LocalSchedule:  # noqa: ARG001 - one for each
    """The schedule of this process's calls to a platform, whatever the app."""
    return LocalSchedule(calls, ADDRESS_WINDOW)
