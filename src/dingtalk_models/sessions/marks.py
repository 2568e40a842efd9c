"""Marks of what was received and handled, in the memory of this process."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b

from dingtalk_models.clocks import monotonic

MOST = 20_000
"""How many marks are kept. What is delivered again comes within about a minute: that is 300 a second."""


class MemoryMarks:
    """Marks and locks in this process. The oldest marks go first, and each goes after its time.

    There is no lock around them: each step is one operation of a dict or a deque. What is being handled has its lock
    until that ends, however long it takes: these locks end with the process.
    """

    waits = False

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._marks: dict[bytes, tuple[str, float]] = {}
        self._ages: deque[tuple[bytes, float]] = deque()
        self._locks: dict[bytes, MemoryLock] = {}

    def get(self, key: str) -> str | None:
        """The value of a mark; `None` if there is none, or its time is over."""
        return self._value(_short(key))

    def set(self, key: str, value: str, expires: float) -> None:
        """Set a mark for some seconds."""
        self.mark(_short(key), value, expires)

    def lock(self, key: str, life: float) -> MemoryLock:
        """A lock that nobody holds yet."""
        del life
        return MemoryLock(self, _short(key))

    def mark(self, short: bytes, value: str, seconds: float) -> None:
        """Set a mark, and take the lock from whoever has it."""
        now = monotonic()
        expires = now + seconds
        self._marks[short] = value, expires
        self._ages.append((short, expires))
        self._locks.pop(short, None)
        if len(self._ages) > self._most or self._ages[0][1] <= now:
            self._drop(now)

    def take(self, short: bytes, lock: MemoryLock) -> bool:
        """Give a lock to its owner, if nobody has it, and nothing is marked."""
        if self._locks.setdefault(short, lock) is not lock:
            return False
        if self._value(short) is None:  # looked at under the lock: who had it before has marked first
            return True
        self.leave(short, lock)
        return False

    def leave(self, short: bytes, lock: MemoryLock) -> None:
        """Take a lock from its owner, if it has it."""
        if self._locks.get(short) is lock:
            self._locks.pop(short, None)

    def _value(self, short: bytes) -> str | None:
        mark = self._marks.get(short)
        return None if mark is None or mark[1] <= monotonic() else mark[0]

    def _drop(self, now: float) -> None:
        """Drop what is too much or too old."""
        try:
            while len(self._ages) > self._most or self._ages[0][1] <= now:
                short, expires = self._ages.popleft()
                mark = self._marks.get(short)
                if mark is not None and mark[1] <= expires:  # it was not set again since
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
        """Try to acquire it. Returns whether that worked."""
        return self._marks.take(self._short, self)

    def renew(self) -> None:
        """It does not expire."""

    def release(self) -> None:
        """Release it, if it is held."""
        self._marks.leave(self._short, self)

    def mark(self, value: str, expires: float) -> None:
        """Set the mark of its key for some seconds. This releases it."""
        self._marks.mark(self._short, value, expires)


def _short(key: str) -> bytes:
    """What stands for a key: a fifth of its size."""
    return blake2b(key.encode(errors="replace"), digest_size=16).digest()
