"""`SessionManager`, the protocol that users implement, and `Session`, which works with every store."""

from __future__ import annotations

import itertools
import json
import logging
import math
import secrets
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

from pydantic import SecretStr
from pydantic_core import from_json, to_json

from dingtalk_models.clocks import monotonic
from dingtalk_models.core.errors import SessionStoreError
from dingtalk_models.core.secret import Secret, forget_locals
from dingtalk_models.process.forking import after_fork, check_fork
from dingtalk_models.sessions.memory import MemoryStore

CLOCK_TOLERANCE = 60.0
"""Seconds by which the clocks of two machines may differ."""

RETRY_AFTER = 5.0
"""Seconds until a failed store is tried again, if this process can work without it."""

_log = logging.getLogger("dingtalk_models")
_T = TypeVar("_T")


class SessionManager(Protocol):
    """What an object passed as `session_manager` must have. Its arguments are passed by position.

    It need not delete expired entries: each value contains its expiry time, which is checked when it is read. If your
    program forks, a child must not use its parent's connections.
    """

    def get(self, key: str, /) -> object:
        """The value, as `str` or `bytes`; `None` if there is none."""
        ...

    def set(self, key: str, value: str, expires: int, /) -> object:
        """Keep the value (ASCII text) for `expires` seconds (at least 1)."""
        ...

    def delete(self, key: str, /) -> object:
        """Delete the key. It is no error if there is none."""
        ...


class LockingSessionManager(SessionManager, Protocol):
    """A session manager with locks, so that only one of all processes renews a credential."""

    def add(self, key: str, value: str, expires: int, /) -> object:
        """Set the value only if there is none, in one atomic step. Returns whether it was set."""
        ...


SessionSource = SessionManager | str | SecretStr | None
"""What may be passed as `session_manager`. The clients of Redis and Memcached implement the protocol too."""


class Store(Protocol):
    """A store of text by key. It may keep an entry too long: `Session` checks the exact expiry time."""

    name: str
    has_add: bool

    def get(self, key: str) -> object: ...
    def set(self, key: str, raw: str, expires: float) -> None: ...
    def delete(self, key: str) -> None: ...
    def add(self, key: str, raw: str, expires: float) -> bool: ...

    def discard(self, key: str, raw: object) -> None:
        """Delete the key if its value is still exactly `raw`, as returned by `get`."""
        ...


class Script(Protocol):
    """A script in a store. It runs on one key in one atomic step, and returns integers.

    Raises:
        SessionStoreError: the store did not answer.
    """

    def __call__(self, key: str, /, *arguments: str | int) -> list[int]: ...


class UnreadableEntry(Exception):
    """The value in the store is not text. `Session` treats it as absent."""


class StoredValue:
    """A value of the session store, and the seconds until it expires."""

    __slots__ = ("seconds_left", "value")

    def __init__(self, value: str, seconds_left: float) -> None:
        self.value = value
        self.seconds_left = seconds_left


class Session:
    """Text by key with a time to live. It behaves the same with every store, and threads can share it.

    Attributes:
        name: the URL of the store, without its password.
        has_add: whether `add` works. If so, processes can share locks.
        has_scripts: whether `script` works.
    """

    def __init__(self, store: Store, *, fallback: bool, clock: Callable[[], float]) -> None:
        self.name = store.name
        self.has_add = store.has_add
        self.has_scripts = hasattr(store, "run")
        self._store = store
        self._fallback = fallback
        self._clock = clock
        self._outage: dict[str, MemoryStore] = {}  # what is used during one: each change is one step
        self._retry_at = 0.0

    @property
    def waits(self) -> bool:
        """Whether it may block on another process or a file. The memory store never does."""
        return not isinstance(self._store, MemoryStore)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def entry(self, key: str) -> StoredValue | None:
        """The value and the seconds until it expires; `None` if it is absent, expired or not ours."""
        return self._open(self._run(lambda store: _read(store, key)))

    def get(self, key: str) -> str | None:
        """The value; `None` if it is absent, expired or not ours."""
        entry = self.entry(key)
        return None if entry is None else entry.value

    def set(self, key: str, value: str | SecretStr, expires: float) -> None:
        """Keep the value for `expires` seconds."""
        value = Secret.of(value)
        self._run(lambda store: store.set(key, self._seal(value.get_secret_value(), expires), expires))

    def delete(self, key: str) -> None:
        """Delete the key."""
        self._run(lambda store: store.delete(key))

    def add(self, key: str, value: str, expires: float) -> bool:
        """Set the value if there is none or it has expired, in one atomic step. Returns whether it was set.

        No other caller may have the same value: that the store has it shows that it was set.
        """
        if not self.has_add:
            raise NotImplementedError(f"session store {self.name} has no add")
        raw = self._seal(value, expires)

        def add(store: Store) -> bool:
            if store.add(key, raw, expires):
                return True
            held = _read(store, key)
            if held in (raw, raw.encode()):
                return True  # the client sent it twice, because the connection broke before the first answer
            if self._open(held) is not None:
                return False
            if held is not None:  # expired, or not an entry of ours
                store.discard(key, held)
            return store.add(key, raw, expires)

        return self._run(add)

    def release(self, key: str, value: str) -> None:
        """Delete the key if it still has this value. This releases a lock, unless another process has it by now."""

        def release(store: Store) -> None:
            held = _read(store, key)
            entry = self._open(held)
            if entry is not None and entry.value == value:
                store.discard(key, held)

        self._run(release)

    def forget_own(self, key: str) -> None:
        """In a forked process: delete the key from this process's memory. A store that processes share keeps it."""
        for store in (self._store, *self._outage.values()):
            if isinstance(store, MemoryStore):
                store.forget(key)

    def lock(self, key: str, life: float) -> SessionLock:
        """Make a lock. Nobody holds it yet.

        Args:
            key: its key.
            life: the seconds after which it expires, in case its owner has died.
        """
        return SessionLock(self, key, life)

    def script(self, text: str) -> Script:
        """Make a Lua script that runs in the store. During an outage it fails, even with `fallback`."""
        run: Callable[[str, str, tuple[str | int, ...]], list[int]] | None = getattr(self._store, "run", None)
        if run is None:
            raise NotImplementedError(f"session store {self.name} runs no scripts")

        def script(key: str, /, *arguments: str | int) -> list[int]:
            check_fork()
            try:
                return run(text, key, arguments)
            except Exception as error:
                forget_locals(error)  # they have the password
                raise SessionStoreError(self.name, _reason(error)) from error

        return script

    def _seal(self, value: str, expires: float) -> str:
        now = float(self._clock())
        return to_json({"value": value, "written": now, "expires": now + expires}, ensure_ascii=True).decode()

    def _open(self, raw: object) -> StoredValue | None:
        """The entry, if it is complete, has not expired and was not written in the future.

        If it was written in the future, the clock has been set back. Then it would live too long.
        """
        try:
            envelope = from_json(raw) if isinstance(raw, str | bytes) else None
        except ValueError:
            return None
        match envelope:
            case {"value": str(value), "written": float(written), "expires": float(expires)}:
                now = self._clock()
                if not written - CLOCK_TOLERANCE <= now < expires:
                    return None
                return StoredValue(value, expires - max(now, written))
            case _:
                return None

    def _run(self, work: Callable[[Store], _T]) -> _T:
        check_fork()
        if memory := self._stand_in():
            return work(memory)
        try:
            result = work(self._store)
        except Exception as error:
            forget_locals(error)  # they have what was to be kept, or the password
            failure = SessionStoreError(self.name, _reason(error))
            if not self._fallback:
                raise failure from error
            memory = self._begin_outage(failure)
        else:
            self._end_outage()
            return result
        return work(memory)

    def _stand_in(self) -> MemoryStore | None:
        """Return the memory to use while the store fails, or `None` to use or retry the store."""
        memory = self._outage.get("memory")
        if memory is None:
            return None
        if (now := monotonic()) < self._retry_at:
            return memory
        self._retry_at = now + RETRY_AFTER
        return None

    def _begin_outage(self, failure: SessionStoreError) -> MemoryStore:
        self._retry_at = monotonic() + RETRY_AFTER
        memory = self._outage.setdefault("memory", new := MemoryStore())
        if memory is new:
            _log.warning("%s; this process's memory is used until it answers again", failure)
        return memory

    def _end_outage(self) -> None:
        if self._outage and self._outage.pop("memory", None) is not None:
            _log.info("session store %s answers again", self.name)


class _Unique:
    """Generates texts that are unique among processes: a random prefix, drawn once per process, and a number."""

    def __init__(self) -> None:
        self._begin()
        after_fork(self, _Unique._begin)

    def _begin(self) -> None:
        self._start, self._numbers = secrets.token_hex(8), itertools.count()

    def text(self) -> str:
        """Generate the next text."""
        check_fork()
        return f"{self._start}-{next(self._numbers)}"


_UNIQUE = _Unique()


class SessionLock:
    """A lock that one owner holds for a limited time. Acquiring it does not wait.

    Args:
        session: the store.
        key: the lock's key there.
        life: the seconds after which it expires, in case its owner has died.
    """

    def __init__(self, session: Session, key: str, life: float) -> None:
        self._session = session
        self._key = key
        self._life = life
        self._owner = _UNIQUE.text()
        self._end: Callable[[], None] | None = None

    def acquire(self) -> bool:
        """Try to acquire the lock. Returns whether that worked.

        Raises:
            SessionStoreError: the store did not answer.
        """
        self._end = None
        return self._session.add(self._key, self._owner, self._life)

    def renew(self) -> None:
        """Keep the lock for its whole life from now on, if it is held. It expires if the store does not answer."""
        with suppress(SessionStoreError):
            if self._session.get(self._key) == self._owner:
                self._session.set(self._key, self._owner, self._life)
                if self._end:  # on another thread since the value was read: what that wrote is gone now
                    self._end()

    def release(self) -> None:
        """Release the lock. If the store does not answer, the lock expires."""
        self._end = partial(self._session.release, self._key, self._owner)
        with suppress(SessionStoreError):
            self._end()

    def mark(self, value: str, expires: float) -> None:
        """Turn the lock into a mark: set its key to a value for some seconds, without releasing it in between.

        Raises:
            SessionStoreError: the store did not answer.
        """
        self._end = partial(self._session.set, self._key, value, expires)
        self._end()

    def release_in_background(self) -> None:
        """Release the lock on a thread, for a flow that is cancelled and cannot yield another step."""
        if sys.is_finalizing():  # a thread would never start, and whoever starts it would wait for it
            return
        with suppress(RuntimeError):  # no thread can start, as the interpreter is ending
            threading.Thread(target=self.release, name="dingtalk-release").start()


def whole_seconds(expires: float) -> int:
    """The seconds, rounded up, and at least 1."""
    return max(1, math.ceil(expires))


def _read(store: Store, key: str) -> object:
    try:
        return store.get(key)
    except (UnreadableEntry, UnicodeError, json.JSONDecodeError):
        store.delete(key)
        return None


def _reason(error: BaseException) -> str:
    """Return the error's class and the system's message, not the driver's, which may quote sent data."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.strerror:
            return f"{type(error).__name__} ({cause.strerror})"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
