"""Session stores for tests: real ones by kind, and objects of a user's own."""

from __future__ import annotations

import importlib
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
import servers

from dingtalk_models.sessions import base, open_session

# Neither ships types
pymemcache: Any = importlib.import_module("pymemcache")
retrying: Any = importlib.import_module("pymemcache.client.retrying")
memcache: Any = importlib.import_module("memcache")
redis_from_url: Any = vars(redis)["from_url"]
SECRET = "t0p-s3cret-token"

blocking_pool: Any = vars(redis)["BlockingConnectionPool"].from_url


class Manager:
    """A user's own store: three methods, values kept as bytes, expiry ignored."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.entries.get(key)

    def set(self, key: str, value: str, expires: int) -> None:
        assert type(expires) is int
        assert expires >= 1
        self.entries[key] = value.encode("ascii")

    def delete(self, key: str) -> None:
        self.entries.pop(key, None)


class LockingManager(Manager):
    """The same, with an atomic `add`."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def add(self, key: str, value: str, expires: int) -> int:
        with self.lock:
            if key in self.entries:
                return 0
            self.set(key, value, expires)
            return 1


class SlowManager(LockingManager):
    """A store that is slow to lock: it waits until a test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def add(self, key: str, value: str, expires: int) -> int:
        self.asked.set()
        assert self.go_on.wait(10)
        return super().add(key, value, expires)


class Clock:
    """A wall clock that a test can move ahead or back."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Opened:
    """A session, its raw store, and its clock."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.clock = Clock()
        self.session = open_session(source, clock=self.clock)
        self.store: base.Store = vars(self.session)["_store"]


def address(url: str) -> str:
    return url.rpartition("/")[2]


def redis_socket(url: str) -> str:
    with closing(redis_from_url(url, decode_responses=True)) as client:
        path = client.config_get("unixsocket")["unixsocket"]
    return f"unix://:{servers.PASSWORD}@{path}?db=1"


def memcached_fleet(url: str) -> str:
    return f"{url},{address(url).replace('127.0.0.1', 'localhost')}"


SOURCES: dict[str, Callable[[Callable[[str], str], Path], Any]] = {
    "memory": lambda url, path: None,
    "sqlite": lambda url, path: f"sqlite:///{path / 'sessions.db'}",
    "redis": lambda url, path: url("redis"),
    "redis-socket": lambda url, path: redis_socket(url("redis")),
    "redis-client": lambda url, path: redis_from_url(url("redis")),
    "redis-client-decoding": lambda url, path: redis_from_url(url("redis"), decode_responses=True),
    "redis-single": lambda url, path: redis_from_url(url("redis"), single_connection_client=True),
    "redis-blocking": lambda url, path: redis.Redis(connection_pool=blocking_pool(url("redis"))),
    "memcached": lambda url, path: url("memcached"),
    "memcached-fleet": lambda url, path: memcached_fleet(url("memcached")),
    "pymemcache-client": lambda url, path: pymemcache.Client(address(url("memcached"))),
    "pymemcache-pooled": lambda url, path: pymemcache.PooledClient(address(url("memcached"))),
    "pymemcache-hash": lambda url, path: pymemcache.HashClient([address(url("memcached"))]),
    "pymemcache-hash-pooled": lambda url, path: pymemcache.HashClient([address(url("memcached"))], use_pooling=True),
    "pymemcache-retrying": lambda url, path: retrying.RetryingClient(pymemcache.Client(address(url("memcached")))),
    "python-memcached": lambda url, path: memcache.Client([address(url("memcached"))]),
    "mariadb": lambda url, path: url("mariadb"),
    "postgresql": lambda url, path: url("postgresql"),
    "manager": lambda url, path: Manager(),
    "locking-manager": lambda url, path: LockingManager(),
}
"""What can be passed as `session_manager`, by kind, given the URLs of the servers and a directory."""

KINDS = list(SOURCES)
FAMILIES = ["memory", "sqlite", "redis", "memcached", "postgresql"]
"""One of each family, for what takes seconds with each."""
SHARED = ["sqlite", "redis", "memcached", "mariadb", "postgresql"]


def server_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of the server for a kind of store; for a file, its directory."""
    for name, fixture in (("redis", "redis"), ("memcache", "memcached"), ("mariadb", "mariadb"), ("postgresql",) * 2):
        if name in kind:
            url: str = request.getfixturevalue(f"{fixture}_url")
            return url
    return str(tmp_path)


def source_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """What can be passed as `session_manager`. A client is closed after the test."""
    source = SOURCES[kind](lambda server: request.getfixturevalue(f"{server}_url"), tmp_path)
    for close in ("close", "disconnect_all"):
        if hasattr(source, close):
            request.addfinalizer(getattr(source, close))
    return source


def everything_said(error: BaseException) -> str:
    """Everything that a log shows of an error."""
    return "".join(traceback.format_exception(error)) + repr(error)
