"""Sessions in Memcached, through pymemcache or python-memcached."""

from __future__ import annotations

import errno
import hashlib
import importlib
import re
import threading
import weakref
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.process.forking import after_fork, renew_locks
from dingtalk_models.sessions.base import UnreadableEntry, whole_seconds

T = TypeVar("T")

_TIMEOUT = 2.0
_PATIENCE = 10.0
"""Seconds for which a thread waits for others that use the only connection."""

_SAFE_KEY = re.compile(r"[!-~]{1,150}")  # Memcached allows 250; a client may add a prefix
_SERVER = re.compile(r"[^\s/?#@]+")
_LONGEST_RELATIVE = 30 * 24 * 3600  # Memcached takes a greater number for an absolute time


class MemcachedClient(Protocol):
    """What the clients of pymemcache and python-memcached have in common."""

    def get(self, key: str, /) -> object: ...
    def set(self, key: str, value: str, expire: int, /, *, noreply: bool) -> object: ...
    def add(self, key: str, value: str, expire: int, /, *, noreply: bool) -> object: ...
    def delete(self, key: str, /, *, noreply: bool) -> object: ...
    def gets(self, key: str, /) -> object: ...
    def cas(self, key: str, value: str, token: object, expire: int, /, *, noreply: bool) -> object: ...
    def disconnect_all(self) -> None: ...


class MemcachedStore:
    """One Memcached client. Threads can share it and it can be used after a fork, even if the client alone cannot.

    A client without a pool has one connection: a signal handler that comes in the middle of a command is refused.
    """

    has_add = True

    def __init__(self, client: MemcachedClient, name: str) -> None:
        self.name = name
        self._client = client
        self._is_shared = _is_shared(client)
        self._begin()
        after_fork(self, MemcachedStore._after_fork)

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._using: set[int] = set()

    def _after_fork(self) -> None:
        renew_locks(self._client, "pymemcache")
        self._begin()
        self._client.disconnect_all()  # closes only the descriptors of this process; the parent's stay open

    def get(self, key: str) -> object:
        def get(client: MemcachedClient) -> object:
            try:
                raw = client.get(_safe(key))
            except (ValueError, zlib.error) as error:  # stored by another program, with other flags
                raise UnreadableEntry from error
            if raw is None:
                self._check_alive()
            return raw

        return self._do(get)

    def set(self, key: str, raw: str, expires: float) -> None:
        def set_(client: MemcachedClient) -> None:
            if not client.set(_safe(key), raw, _expiry(expires), noreply=False):
                raise ConnectionError(errno.EIO, "the value was not stored")

        self._do(set_)

    def delete(self, key: str) -> None:
        def delete(client: MemcachedClient) -> None:
            if not client.delete(_safe(key), noreply=False):
                self._check_alive()

        self._do(delete)

    def add(self, key: str, raw: str, expires: float) -> bool:
        def add(client: MemcachedClient) -> bool:
            added = bool(client.add(_safe(key), raw, _expiry(expires), noreply=False))
            if not added:
                self._check_alive()
            return added

        return self._do(add)

    def discard(self, key: str, raw: object) -> None:
        def discard(client: MemcachedClient) -> None:
            held = client.gets(_safe(key))
            if isinstance(held, tuple):  # pymemcache
                value, token = cast("tuple[object, object]", held)
                if value == raw:  # replace it by a value that has expired, unless it has changed since
                    client.cas(_safe(key), "", token, -1, noreply=False)
            elif held == raw:  # python-memcached has the token inside, and no atomic delete
                client.delete(_safe(key), noreply=False)

        self._do(discard)

    def _do(self, work: Callable[[MemcachedClient], T]) -> T:
        """Use the client, one thread at a time if it has one connection."""
        if self._is_shared:
            return self._patiently(work)
        me = threading.get_ident()
        if me in self._using:
            raise ConnectionError(errno.EBUSY, "a client without a pool serves no signal handler in between")
        try:
            self._using.add(me)
            if not self._lock.acquire(timeout=_PATIENCE):
                raise ConnectionError(errno.EBUSY, "another thread does not end its use of the client")
            try:
                return self._patiently(work)
            except BaseException:
                self._client.disconnect_all()  # after an exception from outside, a reply may still come
                raise
        finally:
            with suppress(RuntimeError):  # it did not get the lock
                self._lock.release()
            self._using.discard(me)

    def _patiently(self, work: Callable[[MemcachedClient], T]) -> T:
        """Use the client, and retry once for each pooled connection, since all are dead after a server restart.

        If the server did the work the first time, repeating it is safe: `Session.add` recognises its own value.
        """
        client = self._client
        for _ in range(_kept_connections(client)):
            before = _given_up(client)
            try:
                result = work(client)
                if _given_up(client).keys() <= before.keys():
                    return result
            except Exception as error:
                if not _means_dead(error):
                    raise
            for server, ask_again in _given_up(client).items():
                if server not in before:
                    ask_again()
        return work(client)

    def _check_alive(self) -> None:
        """Raise if no server answers: some clients return the same for "no value" and "no answer"."""
        hosts = getattr(self._client, "servers", None)  # python-memcached
        failed = getattr(self._client, "_failed_clients", None)  # pymemcache.HashClient
        if failed or (hosts and not any(host.connect() for host in hosts)):
            raise ConnectionError(errno.ECONNREFUSED, "no server answers")


def from_url(url: str, name: str) -> MemcachedStore:
    """A store with the servers that the URL lists, and with short timeouts."""
    servers = url.partition("://")[2].rstrip("/").split(",")
    if not all(map(_SERVER.fullmatch, servers)):
        raise ConfigurationError(
            f"session store {name}: the URL must be memcached://host:port,host:port / "
            "URL 须为 memcached://host:port,host:port"
        )
    pymemcache: Any = importlib.import_module("pymemcache")  # it has no types
    # the lock is that of its pool: a signal handler may use it while its thread has it
    options = {"connect_timeout": _TIMEOUT, "timeout": _TIMEOUT, "lock_generator": threading.RLock}
    if len(servers) == 1:
        client = pymemcache.PooledClient(servers[0], **options)
    else:
        client = pymemcache.HashClient(servers, use_pooling=True, retry_attempts=0, dead_timeout=5, **options)
    store = MemcachedStore(client, name)
    weakref.finalize(store, client.close)
    return store


def from_client(client: MemcachedClient) -> MemcachedStore:
    """A store with a user's client. Its name lists the addresses of the servers."""
    client = vars(client).get("_client", client)  # pymemcache.RetryingClient hides the real one
    if hosts := getattr(client, "servers", None):  # python-memcached
        places = [host.address for host in hosts]
    elif clients := getattr(client, "clients", None):  # pymemcache.HashClient
        places = [each.server for each in clients.values()]
    else:
        places = [getattr(client, "server", "…")]
    names = (place if isinstance(place, str) else f"{place[0]}:{place[1]}" for place in places)
    return MemcachedStore(client, f"memcached://{','.join(names)}")


def _attribute(client: object, name: str) -> Any:
    """Return an attribute that only some clients have, or `None`."""
    return vars(client).get(name)


def _kept_connections(client: MemcachedClient) -> int:
    """Return how many open connections to one server a client may have."""
    nodes = _attribute(client, "clients") or {"": client}  # pymemcache.HashClient
    pools = [pool for node in nodes.values() if (pool := _attribute(node, "client_pool"))]
    return max((len(pool.free) for pool in pools), default=1)


def _given_up(client: MemcachedClient) -> dict[object, Callable[[], object]]:
    """Return the servers that a client avoids after errors, each with a function that makes it use them again."""
    failed, dead = _attribute(client, "_failed_clients"), _attribute(client, "_dead_clients")
    if dead is None:
        hosts = _attribute(client, "servers") or ()  # python-memcached
        return {host: partial(setattr, host, "deaduntil", 0) for host in hosts if host.deaduntil > wall()}

    def ask_again(server: object) -> None:
        failed.pop(server, None)
        if dead.pop(server, None):
            cast("Any", client).add_server(server)

    return {server: partial(ask_again, server) for server in (*failed, *dead)}  # pymemcache.HashClient


def _means_dead(error: Exception) -> bool:
    """Whether an error means that a connection was dead. `_check_alive` raises exactly `ConnectionError`."""
    broken = isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    return broken or type(error) is ConnectionError or type(error).__name__ == "MemcacheUnexpectedCloseError"


def _is_shared(client: object) -> bool:
    """Whether it has enough connections for several callers at once."""
    return bool(getattr(client, "client_pool", None) or getattr(client, "use_pooling", False))


def _safe(key: str) -> str:
    return key if _SAFE_KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def _expiry(expires: float) -> int:
    seconds = whole_seconds(expires)
    return seconds if seconds <= _LONGEST_RELATIVE else int(wall()) + seconds
