"""The permits of one limit and the queue for them, in this process."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import NamedTuple, Protocol

from dingtalk_models.forking import after_fork

LONGEST_WAY = 0.5
"""Seconds after which a call has reached the platform, even if no answer to it has come back."""


class Place(NamedTuple):
    """What a schedule answers to a caller.

    Attributes:
        schedule: the schedule that answered, which is also the one to ask again.
        ticket: the caller's number there.
        wait: the seconds after which to ask again; 0.0 if the caller has a permit.
    """

    schedule: Schedule
    ticket: int
    wait: float


class Schedule(Protocol):
    """The permits of one limit, and the queue for them."""

    blocks: bool
    """Whether its methods may block."""

    def ask(self, ticket: int = 0) -> Place:
        """Ask for a permit; without a ticket, join the queue."""
        ...

    def end(self, ticket: int) -> None:
        """Give back a permit, as the call is answered, or a place in the queue."""
        ...

    def pause(self, seconds: float) -> None:
        """Give no permit for so long."""
        ...


class LocalSchedule:
    """The schedule of this process: so many calls in any window of so many seconds.

    Args:
        calls: how many calls.
        window: how many seconds.
        clock: a time in seconds. If it is set back, it counts as standing still: nobody waits longer for it.
    """

    blocks = False

    def __init__(self, calls: int, window: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._window = window
        self._clock = clock
        self._reading = self._set_back = 0.0
        self._tickets = count(1)
        self._queue: list[int] = []
        self._under_way: dict[int, float] = {}  # when each call was sent, the first one first
        self._resting: deque[float] = deque()  # when each permit is free again, the first one first
        self._resumes = 0.0
        self._lock = threading.Lock()
        after_fork(self, LocalSchedule._after_fork)

    def _after_fork(self) -> None:
        # the calls and the queue are the parent's; a pause is for everyone
        self._queue.clear()
        self._under_way.clear()
        self._resting.clear()
        self._lock = threading.Lock()

    def ask(self, ticket: int = 0) -> Place:
        with self._lock:
            now = self._now()
            free = self._free(now)
            queue = self._queue
            ticket = ticket or next(self._tickets)
            place = bisect_left(queue, ticket)
            if place == len(queue) or queue[place] != ticket:  # it is new, or a fork has emptied the queue
                queue.insert(place, ticket)
            if place < free and self._resumes <= now:
                del queue[place]
                self._under_way[ticket] = now
                return Place(self, ticket, 0.0)
            return Place(self, ticket, max(self._resumes, self._free_at(place - free, now)) - now)

    def end(self, ticket: int) -> None:
        with self._lock:
            if self._under_way.pop(ticket, None) is not None:
                self._rest(self._now())
            elif ticket in self._queue:
                self._queue.remove(ticket)

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._resumes = max(self._resumes, self._now() + seconds)

    def _now(self) -> float:
        reading = self._clock()
        if reading < self._reading:
            self._set_back += self._reading - reading
        self._reading = reading
        return reading + self._set_back

    def _free(self, now: float) -> int:
        """How many permits are free."""
        while self._under_way:
            ticket, sent = next(iter(self._under_way.items()))
            if sent + LONGEST_WAY > now:
                break
            del self._under_way[ticket]
            self._rest(sent + LONGEST_WAY)
        while self._resting and self._resting[0] <= now:
            self._resting.popleft()
        return self._calls - len(self._under_way) - len(self._resting)

    def _rest(self, arrived: float) -> None:
        # never before the last one, which keeps them in order
        self._resting.append(max(arrived + self._window, self._resting[-1] if self._resting else 0.0))

    def _free_at(self, behind: int, now: float) -> float:
        """When the caller so many places behind the free permits can have one, at the earliest."""
        if behind < 0:
            return now
        rounds, behind = divmod(behind, self._calls)
        at = self._resting[behind] if behind < len(self._resting) else now + self._window
        return at + rounds * self._window
