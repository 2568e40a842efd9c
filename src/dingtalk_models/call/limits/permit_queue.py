"""The permits of one limit, and the queue of the calls that wait for them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import suppress
from itertools import count
from typing import NamedTuple, Protocol, TypeVar

from dingtalk_models.clocks import monotonic
from dingtalk_models.process.forking import after_fork
from dingtalk_models.process.turns import Turns

T = TypeVar("T")

LONGEST_WAY = 0.5
"""Seconds after which a call is assumed to have reached the platform, even without a reply."""

PATIENCE = 2.0
"""A caller that asks again later than this many seconds is dropped: it has died or was interrupted."""


_SOON = 0.001


class QueuePlace(NamedTuple):
    """The place of a caller in a queue.

    Attributes:
        queue: the queue that has the place. The caller asks this one again.
        ticket: the number of the caller there.
        wait: seconds until the caller should ask again; 0.0 if it has a permit.
    """

    queue: PermitQueue
    ticket: int
    wait: float


class PermitQueue(Protocol):
    """The permits of one limit, and the queue of the calls that wait for them."""

    blocks: bool
    """Whether its methods may block."""

    tickets: Iterator[int]
    """Tickets for new callers, so that they can leave when interrupted; 0 if `ask` hands out the ticket instead."""

    def ask(self, ticket: int = 0) -> QueuePlace:
        """Ask for a permit. A caller without a ticket gets one and joins the queue."""
        ...

    def end(self, ticket: int) -> None:
        """Return the permit of a finished call, or leave the queue. Never blocks, since finalizers call it."""
        ...

    def pause(self, seconds: float) -> None:
        """Give no permits for some seconds."""
        ...


class LocalPermitQueue:
    """The queue for the calls of this process.

    A signal handler may make a call, or raise, while its thread is in here. So a thread never waits for a lock that it
    holds itself, each change is one step that leaves a valid state, and a caller checks after taking a permit that one
    was free. Finished calls are only recorded, since finalizers report them; the next caller processes them.

    Args:
        calls: how many calls are allowed in a period.
        period: the seconds of a period.
        clock: the time in seconds; by default one that tests cannot freeze. If it is set back, it counts as stopped, so
            that nobody waits longer.
    """

    blocks = False

    def __init__(self, calls: int, period: float = 1.0, clock: Callable[[], float] | None = None) -> None:
        self._calls = calls
        self._period = period
        self._clock = clock or monotonic
        self._reading = self._set_back = 0.0
        self.tickets: Iterator[int] = count(1)
        self._queue: list[int] = []
        self._due: dict[int, float] = {}  # ticket: when it asks again
        self._under_way: dict[int, float] = {}  # ticket: when the call was sent
        self._sent: deque[tuple[int, float]] = deque()  # the same, oldest first; may include finished calls
        self._resting: deque[float] = deque()  # when each resting permit is free again, soonest first
        self._last_rest = 0.0
        self._ended: deque[tuple[int, float]] = deque()  # ticket, and when it ended: not processed yet
        self._resumes = 0.0
        self._turns = Turns()
        after_fork(self, LocalPermitQueue._after_fork)

    def _after_fork(self) -> None:
        # the calls and the queue are the parent's, but a pause holds here too
        for each in (self._queue, self._due, self._under_way, self._sent, self._resting, self._ended):
            each.clear()
        self._turns = Turns()

    def ask(self, ticket: int = 0) -> QueuePlace:
        ticket = ticket or next(self.tickets)
        with self._turns:
            now = self._now()
            self._see_to_what_ended(now)
            queue = self._queue
            if ticket not in self._due:  # it is new, or was forgotten, or this is a child process
                self._due[ticket] = now
                insort(queue, ticket)
            place, free = bisect_left(queue, ticket), self._free
            if place < free and self._resumes <= now:
                # Take the permit first, then check: a signal handler's call may have taken the last one since `free`
                # was read. Checking first would let both send.
                self._sent.append((ticket, now))
                self._under_way[ticket] = now
                if self._free >= 0:
                    self._leave(ticket)
                    return QueuePlace(self, ticket, 0.0)
                self._under_way.pop(ticket, None)  # a signal handler's call took it first
                free = 0
            wait = max(self._resumes - now, self._free_at(place - free, now) - now, _SOON)
            self._due[ticket] = now + wait
            return QueuePlace(self, ticket, wait)

    def end(self, ticket: int) -> None:
        self._ended.append((ticket, self._clock() + self._set_back))

    def pause(self, seconds: float) -> None:
        with self._turns:
            self._resumes = max(self._resumes, self._now() + seconds)

    def _now(self) -> float:
        before = self._reading
        reading = self._clock()
        if reading < before:
            self._set_back += before - reading
        self._reading = reading
        return reading + self._set_back

    @property
    def _free(self) -> int:
        """How many permits are free."""
        return self._calls - len(self._under_way) - len(self._resting)

    def _see_to_what_ended(self, now: float) -> None:
        # A signal handler's call may empty a queue between the check and the access. That is harmless: it has processed
        # what was there, and the next caller continues.
        with suppress(IndexError):
            while self._ended:
                ticket, at = self._ended.popleft()
                if (sent := self._under_way.get(ticket)) is None:
                    self._leave(ticket)
                else:
                    self._rest(ticket, min(at, sent + LONGEST_WAY))
            while self._sent:
                first = ticket, sent = self._sent[0]
                if ticket in self._under_way:
                    if sent + LONGEST_WAY > now:
                        break
                    self._rest(ticket, sent + LONGEST_WAY)
                _remove(self._sent, first)
            while self._resting and (free_at := self._resting[0]) <= now:
                _remove(self._resting, free_at)
            while self._queue and self._due.get(oldest := self._queue[0], now) + PATIENCE < now:
                self._leave(oldest)

    def _rest(self, ticket: int, arrived: float) -> None:
        # never earlier than the previous one, so that the queue stays sorted
        self._last_rest = max(arrived + self._period, self._last_rest)
        self._resting.append(self._last_rest)
        # last: an interrupt before this line costs one permit for a period, but never exceeds the limit
        self._under_way.pop(ticket, None)

    def _leave(self, ticket: int) -> None:
        if ticket in self._due:
            _remove(self._queue, ticket)
            self._due.pop(ticket, None)

    def _free_at(self, behind: int, now: float) -> float:
        """Estimate when a caller gets a permit, given its position behind the callers that can have one now."""
        if behind < 0:
            return now
        rounds, behind = divmod(behind, self._calls)
        try:
            at = self._resting[behind]
        except IndexError:
            at = now + self._period
        return at + rounds * self._period


def _remove(items: MutableSequence[T], item: T) -> None:
    """Remove an item, usually the first, unless a signal handler's call has already removed it."""
    try:  # noqa: SIM105 - this takes a third of the time
        items.remove(item)
    except ValueError:
        pass
