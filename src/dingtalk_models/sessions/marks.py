"""Marks of what was received and handled, in the memory of this process."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b

from dingtalk_models.clocks import monotonic

MOST = 20_000
"""How many marks are kept: enough for 300 arrivals a second, since repeats come within about a minute."""


class MemoryMarks:
    """Marks and locks in this process. Marks expire; if there are too many, the oldest are dropped.

    No thread lock protects them: each step is one atomic operation of a dict or a deque. A handler keeps its lock until
    it ends, however long that takes, since these locks cannot outlive the process.
    """

    waits = False

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._marks: dict[bytes, tuple[str, float]] = {}
        self._ages: deque[tuple[bytes, float]] = deque()
        self._locks: dict[bytes, MemoryLock] = {}

    def get(self, key: str) -> str | None:
        """Return the value of a mark; `None` if there is none or it has expired."""
        return self._value(_short(key))

    def set(self, key: str, value: str, expires: float) -> None:
        """Set a mark for some seconds."""
        self.mark(_short(key), value, expires)

    def lock(self, key: str, life: float) -> MemoryLock:
        """Make a lock. Nobody holds it yet."""
        del life
        return MemoryLock(self, _short(key))

    def mark(self, short: bytes, value: str, seconds: float) -> None:
        """Set a mark and end the lock on its key."""
        now = monotonic()
        expires = now + seconds
        self._marks[short] = value, expires
        self._ages.append((short, expires))
        self._locks.pop(short, None)
        if len(self._ages) > self._most or self._ages[0][1] <= now:
            self._drop(now)

    def take(self, short: bytes, lock: MemoryLock) -> bool:
        """Acquire a lock if nobody holds it and its key has no mark."""
        if self._locks.setdefault(short, lock) is not lock:
            return False
        # Check the mark only after taking the lock: the previous holder sets its mark before its lock ends. Checking
        # first could miss the mark and handle the same arrival twice.
        if self._value(short) is None:
            return True
        self.leave(short, lock)
        return False

    def leave(self, short: bytes, lock: MemoryLock) -> None:
        """Release a lock if it is the one that is held."""
        if self._locks.get(short) is lock:
            self._locks.pop(short, None)

    def _value(self, short: bytes) -> str | None:
        mark = self._marks.get(short)
        return None if mark is None or mark[1] <= monotonic() else mark[0]

    def _drop(self, now: float) -> None:
        """Drop marks that are expired or too many."""
        try:
            while len(self._ages) > self._most or self._ages[0][1] <= now:
                short, expires = self._ages.popleft()
                mark = self._marks.get(short)
                if mark is not None and mark[1] <= expires:  # otherwise it was set again since
                    self._marks.pop(short, None)
        except IndexError:  # another thread has dropped the last
            return


class MemoryLock:
    """A lock in this process. Acquiring it does not wait."""

    __slots__ = ("_marks", "_short")

    def __init__(self, marks: MemoryMarks, short: bytes) -> None:
        self._marks = marks
        self._short = short

    def acquire(self) -> bool:
        """Try to acquire the lock. Returns whether that worked."""
        return self._marks.take(self._short, self)

    def renew(self) -> None:
        """Do nothing: this lock does not expire."""

    def release(self) -> None:
        """Release the lock if it is held."""
        self._marks.leave(self._short, self)

    def mark(self, value: str, expires: float) -> None:
        """Set a mark on its key for some seconds, and release the lock."""
        self._marks.mark(self._short, value, expires)


def _short(key: str) -> bytes:
    """Return a hash of a key, a fifth of its size."""
    # Thousands of keys are kept, so short ones save memory. Two keys with one hash would drop an arrival as already
    # handled; with 128 bits, that practically never happens.
    return blake2b(key.encode(errors="replace"), digest_size=16).digest()
