"""Locks that processes share, and the thread that renews them while they are held."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Protocol

from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import SessionStoreError
from dingtalk_models.process.forking import after_fork

logger = logging.getLogger("dingtalk_models")


class Lock(Protocol):
    """A lock that processes share. It expires some seconds after it was acquired or renewed.

    `mark` replaces it by a mark: nobody can acquire the lock until the mark expires.
    """

    def acquire(self) -> bool: ...
    def renew(self) -> None: ...
    def release(self) -> None: ...
    def mark(self, value: str, expires: float) -> None: ...


class Marks(Protocol):
    """Remembers for all processes what was received and handled.

    Attributes:
        waits: whether it may have to wait for another process.
    """

    @property
    def waits(self) -> bool: ...
    def get(self, key: str) -> str | None: ...
    def set(self, key: str, value: str, expires: float) -> None: ...
    def lock(self, key: str, life: float) -> Lock: ...


class Leases:
    """Renews the locks of running handlers on a thread, so that they do not expire.

    Nothing here takes a thread lock, since the garbage collector may close a flow at any point of any thread.

    Args:
        lease: returns the seconds after which a lock expires. Locks are renewed four times in that time.
    """

    def __init__(self, lease: Callable[[], float]) -> None:
        self.held: set[Lock] = set()
        self._lease = lease
        self._begin()
        after_fork(self, Leases._begin)

    def _begin(self) -> None:
        self.held.clear()
        self._threads: dict[str, threading.Thread] = {}
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def hold(self, locks: Iterable[Lock]) -> None:
        """Start renewing these locks."""
        self.held.update(locks)
        self._start()

    def let_go(self, locks: Iterable[Lock]) -> None:
        """Stop renewing these locks."""
        self.held.difference_update(locks)

    def later(self, work: Callable[[], None]) -> None:
        """Do some work with locks on the thread, for a flow that is cancelled and cannot yield another step."""
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
                for lock in tuple(self.held):
                    lock.renew()
                due = monotonic() + self._lease() / 4
            else:
                self._do(work)

    @staticmethod
    def _do(work: Callable[[], None]) -> None:
        try:
            work()
        except SessionStoreError as error:  # the locks expire
            logger.warning("%s", error)
