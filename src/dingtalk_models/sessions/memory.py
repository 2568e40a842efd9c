"""Sessions in the memory of this process."""

from __future__ import annotations

from dingtalk_models.clocks import monotonic


class MemoryStore:
    """A dictionary. It is the default, and replaces a store that fails.

    It needs no lock: each change is one atomic step of the dictionary, so a call from a signal handler in between does
    no harm.
    """

    name = "memory://"
    has_add = True

    def __init__(self) -> None:
        self._entries: dict[str, tuple[str, float]] = {}
        self._purge_at = 64

    def get(self, key: str) -> object:
        return self._entries.get(key, (None,))[0]

    def set(self, key: str, raw: str, expires: float) -> None:
        self._purge()
        self._entries[key] = raw, monotonic() + expires

    def delete(self, key: str) -> None:
        self.forget(key)

    def add(self, key: str, raw: str, expires: float) -> bool:
        self._purge()
        entry = raw, monotonic() + expires
        return self._entries.setdefault(key, entry) is entry

    def discard(self, key: str, raw: object) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry[0] == raw:
            self._remove(key, entry)

    def forget(self, key: str) -> None:
        """Delete the key."""
        self._entries.pop(key, None)

    def _remove(self, key: str, entry: tuple[str, float]) -> None:
        removed = self._entries.pop(key, None)
        if removed is not None and removed is not entry:  # it was replaced a moment ago
            self._entries.setdefault(key, removed)

    def _purge(self) -> None:
        if len(self._entries) < self._purge_at:
            return
        self._purge_at = 2 * len(self._entries)  # nobody else does it at the same time
        now = monotonic()
        for key, entry in tuple(self._entries.items()):
            if entry[1] <= now:
                self._remove(key, entry)
        self._purge_at = max(64, 2 * len(self._entries))  # doubling it keeps the average cost of a `set` constant


def from_url(url: str, name: str) -> MemoryStore:
    """A new store for each call."""
    del url, name
    return MemoryStore()
