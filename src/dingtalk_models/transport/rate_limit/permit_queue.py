"""The permits of one limit, and the queue of the calls that wait for them."""

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
"""Seconds after which a call is assumed to have reached the platform, even without a reply."""


class Place(NamedTuple):
    """The place of a caller in a queue.

    Attributes:
        queue: the queue that has the place. The caller asks this one again.
        ticket: the number of the caller there.
        wait: the seconds after which to ask again; 0.0 if the caller has a permit.
    """

    queue: PermitQueue
    ticket: int
    wait: float


class PermitQueue(Protocol):
    """The permits of one limit, and the queue of the calls that wait for them."""

    blocks: bool
    """Whether its methods may block."""

    def ask(self, ticket: int = 0) -> Place:
        """Ask for a permit. A caller without a ticket gets one, and joins the queue."""
        ...

    def end(self, ticket: int) -> None:
        """Give back the permit of a call that has ended, or leave the queue."""
        ...

    def pause(self, seconds: float) -> None:
        """Give no permits for some seconds."""
        ...


class LocalPermitQueue:
    """The queue for the calls of this process.

    Args:
        calls: how many calls are allowed in a period.
        period: the seconds of a period.
        clock: the time in seconds. If it is set back, it counts as standing still, so that nobody waits longer.
    """

    blocks = False

    def __init__(self, calls: int, period: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._period = period
        self._clock = clock
        self._reading = self._set_back = 0.0
        self._tickets = count(1)
        self._queue: list[int] = []
        self._under_way: dict[int, float] = {}  # ticket: when the call was sent, in this order
        self._resting: deque[float] = deque()  # when each permit will be free, in this order
        self._resumes = 0.0
        self._lock = threading.Lock()
        after_fork(self, LocalPermitQueue._after_fork)

    def _after_fork(self) -> None:
        # the calls and the queue are the parent's, but a pause holds here too
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
            if place == len(queue) or queue[place] != ticket:  # it is new, or this is a child process
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
        # never earlier than the one before, so that they stay in order
        self._resting.append(max(arrived + self._period, self._resting[-1] if self._resting else 0.0))

    def _free_at(self, behind: int, now: float) -> float:
        """The earliest time of a permit for a caller that is so many places behind those who can have one now."""
        if behind < 0:
            return now
        rounds, behind = divmod(behind, self._calls)
        at = self._resting[behind] if behind < len(self._resting) else now + self._period
        return at + rounds * self._period
