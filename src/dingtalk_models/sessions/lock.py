"""A lock in a session store, which processes share."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress

from dingtalk_models.core.errors import SessionStoreError
from dingtalk_models.sessions.base import Session


class SessionLock:
    """A lock that one owner holds for at most so many seconds. Acquiring it does not wait.

    Args:
        session: the store.
        key: the lock's key there.
        life: the seconds after which it is void, in case its owner has died.
    """

    def __init__(self, session: Session, key: str, life: float) -> None:
        self._session = session
        self._key = key
        self._life = life
        self._owner = secrets.token_hex(8)

    def acquire(self) -> bool:
        """Whether the lock is ours now.

        Raises:
            SessionStoreError: the store did not answer.
        """
        return self._session.add(self._key, self._owner, self._life)

    def release(self) -> None:
        """Give it back. If the store does not answer, the lock ends with its life."""
        with suppress(SessionStoreError):
            self._session.release(self._key, self._owner)

    def release_in_background(self) -> None:
        """Give it back from a thread: a flow that is cancelled or interrupted can take no further step."""
        with suppress(RuntimeError):  # no thread can start, as the interpreter is ending
            threading.Thread(target=self.release, name="dingtalk-release").start()
