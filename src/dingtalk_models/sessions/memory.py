"""Sessions in the memory of this process."""

from __future__ import annotations

import threading
import time

from dingtalk_models.forking import after_fork


class MemoryStore:
    """A dictionary. It is the default, and replaces a store that fails.

    A signal handler may use it while its thread is in here: each change is one step, and the lock, which keeps other
    threads out, can be taken again.
    """

    name = "memory://"
    has_add = True

    def __init__(self) -> None:
        self._entries: dict[str, tuple[str, float]] = {}
        self._lock = threading.RLock()
        self._purge_at = 64
        after_fork(self, MemoryStore._after_fork)

    def _after_fork(self) -> None:
        self._lock = threading.RLock()

    def get(self, key: str) -> object:
        return self._entries.get(key, (None,))[0]

    def set(self, key: str, raw: str, expires: float) -> None:
        with self._lock:
            self._purge()
            self._entries[key] = raw, time.monotonic() + expires

    def delete(self, key: str) -> None:
        self.forget(key)

    def add(self, key: str, raw: str, expires: float) -> bool:
        with self._lock:
            self._purge()
            entry = raw, time.monotonic() + expires
            return self._entries.setdefault(key, entry) is entry

    def discard(self, key: str, raw: object) -> None:
        with self._lock:
            if self.get(key) == raw:
                self.forget(key)

    def forget(self, key: str) -> None:
        """Delete the key."""
        self._entries.pop(key, None)

    def _purge(self) -> None:
        if len(self._entries) < self._purge_at:
            return
        self._purge_at = 2 * len(self._entries)  # a call from a signal handler need not do it too
        now = time.monotonic()
        for key, (_, expires) in tuple(self._entries.items()):
            if expires <= now:
                self.forget(key)
        self._purge_at = max(64, 2 * len(self._entries))  # doubling it keeps the average cost of a `set` constant


def from_url(url: str, name: str) -> MemoryStore:
    """A new store for each call."""
    del url, name
    return MemoryStore()
