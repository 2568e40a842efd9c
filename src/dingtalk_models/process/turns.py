"""A lock that signals and interrupts cannot turn into a deadlock.

A signal handler may make a call while its thread holds the lock, and may wait for other threads. So the thread never
waits for itself, and others wait only briefly. An exception from outside may also come at any moment inside `with`. So
every change made under this lock must be a series of steps that each leave a valid state. Finalizers do not use the
lock: they append to a `collections.deque`, which the next holder processes.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final

LONGEST: Final = 0.05
"""Seconds for which a thread waits for another, thousands of times longer than a turn takes."""


class Turns:
    """`with self._turns:` lets in one thread at a time, except when its holder does not move on."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=LONGEST):
            self._lock = threading.RLock()  # its holder is stuck: use a new lock, so that nobody waits again

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):  # this thread entered without the lock, or it was replaced
            self._lock.release()
