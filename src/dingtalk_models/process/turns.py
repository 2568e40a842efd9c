"""Keeps threads from changing the same thing at the same moment, in a way that nothing from outside can stop.

A signal handler may make a call while its thread changes something, and it may wait for calls of other threads. So
nobody waits for such a thread: not it itself, nor others for long. And an exception may come from outside at any
moment, also inside of `with`. So whatever is changed here is changed in steps that each leave a valid state, and what a
finalizer does is not done here: it notes it in a `collections.deque`, and who comes next sees to it.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final

LONGEST: Final = 0.05
"""Seconds for which one thread waits for another: thousands of times longer than a turn takes."""


class Turns:
    """`with self._turns:` is one thread at a time, as long as none stands still there."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=LONGEST):
            self._lock = threading.RLock()  # its thread is in a signal handler, or was interrupted: nobody waits again

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):  # it went without the lock, or was gone without
            self._lock.release()
