"""Claims on what arrived: while its handlers run, no other process and no other delivery runs them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Protocol

from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import ReplayedCallback, SessionStoreError
from dingtalk_models.process.forking import after_fork

logger = logging.getLogger("dingtalk_models")

_DONE = "done"


class Lock(Protocol):
    """A lock that processes share. It expires some seconds after it was acquired or renewed."""

    def acquire(self) -> bool: ...
    def renew(self) -> None: ...
    def release(self) -> None: ...


class Marks(Protocol):
    """Remembers what was received and handled, for all processes.

    Attributes:
        waits: whether it may have to wait for another process.
    """

    @property
    def waits(self) -> bool: ...
    def get(self, key: str) -> str | None: ...
    def set(self, key: str, value: str, expires: float) -> None: ...
    def lock(self, key: str, life: float) -> Lock: ...


class Claim:
    """The claim on one key.

    Args:
        marks: where it is noted.
        key: the key.
        lease: the seconds after which it expires, if its process has died.
        remember: the seconds for which it is remembered that this was handled.
        once: whether a second use of the key is a replay, even after it was handled.
    """

    def __init__(self, marks: Marks, key: str, lease: float, remember: float, *, once: bool = False) -> None:
        self.once = once
        self._marks = marks
        self._key = key
        self._remember = remember
        self._lock = marks.lock(key, lease)

    def take(self) -> bool:
        """Take it. Returns whether that worked."""
        return self._lock.acquire()

    def was_handled(self) -> bool:
        """Whether what it stands for was handled before."""
        return self._marks.get(self._key) == _DONE

    def renew(self) -> None:
        """Keep it for another lease."""
        self._lock.renew()

    def release(self) -> None:
        """Give it up: it is handled when it comes again."""
        self._lock.release()

    def finish(self) -> None:
        """Remember that it was handled."""
        self._marks.set(self._key, _DONE, self._remember)


def taken(claims: Sequence[Claim]) -> bool:
    """Whether every claim is taken; not if what they stand for was handled before.

    Raises:
        ReplayedCallback: its push was received before, or it is being handled right now.
    """
    for place, claim in enumerate(claims):
        if claim.take():
            continue
        if not claim.once and claim.was_handled():
            finish(claims[:place])
            return False
        release(claims[:place])
        raise ReplayedCallback("the push was received before, or its event is being handled right now")
    return True


def finish(claims: Sequence[Claim]) -> None:
    """Remember that what they stand for was handled."""
    for claim in claims:
        claim.finish()


def release(claims: Sequence[Claim]) -> None:
    """Give them up."""
    for claim in claims:
        claim.release()


class Leases:
    """Renews the claims on what is being handled, on a thread, so that they outlast their lease.

    Nothing here takes a lock: a flow may be closed by the garbage collector, wherever that runs.

    Args:
        lease: tells the seconds after which a claim expires. They are renewed four times as often.
    """

    def __init__(self, lease: Callable[[], float]) -> None:
        self.held: set[Claim] = set()
        self._lease = lease
        self._begin()
        after_fork(self, Leases._begin)

    def _begin(self) -> None:
        self.held.clear()
        self._threads: dict[str, threading.Thread] = {}
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def hold(self, claims: Sequence[Claim]) -> None:
        """Renew these from now on."""
        self.held.update(claims)
        if claims:
            self._start()

    def let_go(self, claims: Sequence[Claim]) -> None:
        """Renew these no more."""
        self.held.difference_update(claims)

    def later(self, work: Callable[[], None]) -> None:
        """Do some work with claims that are held: a flow that is cancelled or interrupted cannot yield another step."""
        self._work.put(work)

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="dingtalk-leases", daemon=True)
        if self._threads.setdefault("one", thread) is thread:
            thread.start()

    def _run(self) -> None:
        try:
            self._renew()
        finally:
            self._threads.clear()
        if self.held or not self._work.empty():  # it came just now, and found this thread
            self._start()

    def _renew(self) -> None:
        due = monotonic() + self._lease() / 4
        while True:
            try:
                work = self._work.get(timeout=max(0.0, due - monotonic()))
            except Empty:
                if not self.held:
                    return
                for claim in tuple(self.held):
                    claim.renew()
                due = monotonic() + self._lease() / 4
            else:
                self._do(work)

    @staticmethod
    def _do(work: Callable[[], None]) -> None:
        try:
            work()
        except SessionStoreError as error:  # the claims expire
            logger.warning("%s", error)
