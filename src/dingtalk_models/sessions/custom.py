"""Sessions in an object that the user provides."""

from __future__ import annotations

from typing import cast

from dingtalk_models.sessions.base import LockingSessionManager, SessionManager, whole_seconds


class CustomStore:
    """An object with `get`, `set` and `delete`, and perhaps `add`."""

    def __init__(self, manager: SessionManager) -> None:
        self.name = type(manager).__qualname__
        self.has_add = bool(callable(getattr(manager, "add", None)))
        self._manager = manager

    def get(self, key: str) -> object:
        return self._manager.get(key)

    def set(self, key: str, raw: str, expires: float) -> None:
        self._manager.set(key, raw, whole_seconds(expires))

    def delete(self, key: str) -> None:
        self._manager.delete(key)

    def add(self, key: str, raw: str, expires: float) -> bool:
        return bool(cast("LockingSessionManager", self._manager).add(key, raw, whole_seconds(expires)))

    def discard(self, key: str, raw: object) -> None:
        """Compare, then delete: the protocol has no method that does both in one step."""
        if self.get(key) == raw:
            self.delete(key)


from_client = CustomStore
