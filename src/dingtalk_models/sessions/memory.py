"""Sessions in the memory of this process."""

from __future__ import annotations

import threading
import time

from dingtalk_models.forking import after_fork


class MemoryStore:
    """A dictionary. It is the default, and replaces a store that fails."""

    name = "memory://"
    has_add = True

    def __init__(self) -> None:
        self._entries: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._purge_at = 64
        after_fork(self, MemoryStore._after_fork)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()

    def get(self, key: str) -> object:
        return self._entries.get(key, (None,))[0]

    def set(self, key: str, raw: str, expires: float) -> None:
        with self._lock:
            self._put(key, raw, expires)

    def delete(self, key: str) -> None:
        with self._lock:
            self.forget(key)

    def add(self, key: str, raw: str, expires: float) -> bool:
        with self._lock:
            if key in self._entries:
                return False
            self._put(key, raw, expires)
            return True

    def discard(self, key: str, raw: object) -> None:
        with self._lock:
            if self.get(key) == raw:
                self.forget(key)

    def forget(self, key: str) -> None:
        """Delete the key without taking the lock."""
        self._entries.pop(key, None)

    def _put(self, key: str, raw: str, expires: float) -> None:
        now = time.monotonic()
        if len(self._entries) >= self._purge_at:  # doubling this number keeps the average cost of a `set` constant
            self._entries = {k: entry for k, entry in self._entries.items() if entry[1] > now}
            self._purge_at = max(64, 2 * len(self._entries))
        self._entries[key] = (raw, now + expires)


def from_url(url: str, name: str) -> MemoryStore:
    """A new store for each call."""
    del url, name
    return MemoryStore()
