"""The protocol users implement, and `Session`: the one layer above every store."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from dingtalk_models.core.errors import SessionStoreError
from dingtalk_models.sessions.memory import MemoryStore

CLOCK_TOLERANCE = 60.0
"""Seconds by which the clocks of two machines may differ."""

RETRY_AFTER = 5.0
"""Seconds for which a store that failed is left alone while this process's memory stands in for it."""

_log = logging.getLogger("dingtalk_models")
_T = TypeVar("_T")


class SessionManager(Protocol):
    """What an object passed as `session_manager` must offer; its arguments are given by position.

    It need not drop expired entries itself: each value carries its expiry, which is checked when it is read.
    """

    def get(self, key: str, /) -> object:
        """The value, as str or bytes, or None."""
        ...

    def set(self, key: str, value: str, expires: int, /) -> object:
        """Keep the value (ASCII text) for `expires` seconds (1 or more)."""
        ...

    def delete(self, key: str, /) -> object:
        """Forget the key; one that is not there is no error."""
        ...


class LockingSessionManager(SessionManager, Protocol):
    """A session manager that can also hold locks, so that a fleet refreshes each credential once."""

    def add(self, key: str, value: str, expires: int, /) -> object:
        """Keep the value only if the key is absent, in one atomic step; true if it was kept."""
        ...


SessionSource = SessionManager | str | None
"""What may be passed as `session_manager`; the clients of Redis and Memcached have the protocol's shape."""


class Store(Protocol):
    """A raw store of text by key. It may keep an entry too long: `Session` checks the exact expiry."""

    name: str
    has_add: bool

    def get(self, key: str) -> object: ...
    def set(self, key: str, raw: str, expires: float) -> None: ...
    def delete(self, key: str) -> None: ...
    def add(self, key: str, raw: str, expires: float) -> bool: ...

    def discard(self, key: str, raw: object) -> None:
        """Delete the key if it still holds exactly `raw`, which `get` has returned."""
        ...


class Script(Protocol):
    """A script in a store, run on one key in one atomic step; answers with whole numbers.

    Raises:
        SessionStoreError: the store did not answer.
    """

    def __call__(self, key: str, /, *arguments: str | int) -> list[int]: ...


class UnreadableEntry(Exception):
    """What the store holds under a key is no text at all; `Session` takes it for an absent entry."""


class Entry:
    """What a session holds under a key, and the seconds that it has left."""

    __slots__ = ("seconds_left", "value")

    def __init__(self, value: str, seconds_left: float) -> None:
        self.value = value
        self.seconds_left = seconds_left


class Session:
    """Text by key with a time to live, the same over every store; safe to share between threads.

    Attributes:
        name: names the store, without its password.
        has_add: whether `add` works, so whether processes can share locks.
        has_scripts: whether `script` works.
    """

    def __init__(self, store: Store, *, fallback: bool, clock: Callable[[], float]) -> None:
        self.name = store.name
        self.has_add = store.has_add
        self.has_scripts = hasattr(store, "run")
        self._store = store
        self._fallback = fallback
        self._clock = clock
        self._changing = threading.Lock()
        self._memory: MemoryStore | None = None  # stands in during an outage
        self._retry_at = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def entry(self, key: str) -> Entry | None:
        """The value and the seconds it has left, or None where it is absent, expired or not ours."""
        return self._open(self._run(lambda store: _read(store, key)))

    def get(self, key: str) -> str | None:
        """The value, or None where it is absent, expired or not ours."""
        entry = self.entry(key)
        return None if entry is None else entry.value

    def set(self, key: str, value: str, expires: float) -> None:
        """Keep the value for `expires` seconds."""
        raw = self._seal(value, expires)
        self._run(lambda store: store.set(key, raw, expires))

    def delete(self, key: str) -> None:
        """Forget the key."""
        self._run(lambda store: store.delete(key))

    def add(self, key: str, value: str, expires: float) -> bool:
        """Keep the value if the key is absent or expired, atomically; whether it was kept."""
        if not self.has_add:
            raise NotImplementedError(f"session store {self.name} has no add")
        raw = self._seal(value, expires)

        def add(store: Store) -> bool:
            if store.add(key, raw, expires):
                return True
            held = _read(store, key)
            if self._open(held) is not None:
                return False
            if held is not None:  # expired or garbage, though the store still holds it
                store.discard(key, held)
            return store.add(key, raw, expires)

        return self._run(add)

    def release(self, key: str, value: str) -> None:
        """Delete the key if it still holds this value: gives back a lock that has not passed to another."""

        def release(store: Store) -> None:
            held = _read(store, key)
            entry = self._open(held)
            if entry is not None and entry.value == value:
                store.discard(key, held)

        self._run(release)

    def script(self, text: str) -> Script:
        """A Lua script that runs in the store. During an outage, nothing replaces it."""
        run: Callable[[str, str, tuple[str | int, ...]], list[int]] | None = getattr(self._store, "run", None)
        if run is None:
            raise NotImplementedError(f"session store {self.name} runs no scripts")

        def script(key: str, /, *arguments: str | int) -> list[int]:
            try:
                return run(text, key, arguments)
            except Exception as error:
                raise SessionStoreError(self.name, _reason(error)) from error

        return script

    def _seal(self, value: str, expires: float) -> str:
        now = float(self._clock())
        return json.dumps({"value": value, "written": now, "expires": now + expires})

    def _open(self, raw: object) -> Entry | None:
        """What is in an envelope that is whole, has not expired and was not written in the future.

        The last would mean that the clock was set back, which must not lengthen an entry's life.
        """
        try:
            envelope = json.loads(raw) if isinstance(raw, str | bytes) else None
        except (ValueError, RecursionError):
            return None
        match envelope:
            case {"value": str(value), "written": float(written), "expires": float(expires)}:
                now = self._clock()
                if not written - CLOCK_TOLERANCE <= now < expires:
                    return None
                return Entry(value, expires - max(now, written))
            case _:
                return None

    def _run(self, work: Callable[[Store], _T]) -> _T:
        if memory := self._stand_in():
            return work(memory)
        try:
            result = work(self._store)
        except Exception as error:
            failure = SessionStoreError(self.name, _reason(error))
            if not self._fallback:
                raise failure from error
            memory = self._begin_outage(failure)
        else:
            self._end_outage()
            return result
        return work(memory)

    def _stand_in(self) -> MemoryStore | None:
        """The memory to use now. None: try the store, as one caller does every few seconds of an outage."""
        with self._changing:
            now = time.monotonic()
            if self._memory and now >= self._retry_at:
                self._retry_at = now + RETRY_AFTER
                return None
            return self._memory

    def _begin_outage(self, failure: SessionStoreError) -> MemoryStore:
        with self._changing:
            self._retry_at = time.monotonic() + RETRY_AFTER
            if not self._memory:
                self._memory = MemoryStore()
                _log.warning("%s; this process's memory is used until it answers again", failure)
            return self._memory

    def _end_outage(self) -> None:
        with self._changing:
            if self._memory:
                self._memory = None
                _log.info("session store %s answers again", self.name)


def whole_seconds(expires: float) -> int:
    """The next whole number of seconds, and at least one."""
    return max(1, math.ceil(expires))


def _read(store: Store, key: str) -> object:
    try:
        return store.get(key)
    except (UnreadableEntry, UnicodeError, json.JSONDecodeError):
        store.delete(key)
        return None


def _reason(error: BaseException) -> str:
    """The kind of error with the system's own words; not the driver's, which may quote what was sent."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.strerror:
            return f"{type(error).__name__} ({cause.strerror})"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
