"""One contract for every store, against real servers."""

from __future__ import annotations

import importlib
import json
import logging
import multiprocessing
import os
import socket
import sqlite3
import stat
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
import servers
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st

from dingtalk_models.core.errors import ConfigurationError, SessionStoreError
from dingtalk_models.sessions import Session, SessionSource, base, open_session

# Neither ships types
pymemcache: Any = importlib.import_module("pymemcache")
memcache: Any = importlib.import_module("memcache")
redis_from_url: Any = vars(redis)["from_url"]

SECRET = "t0p-s3cret-token"


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class BytesManager:
    """Three methods, values kept as bytes, expiry ignored."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.entries.get(name)

    def set(self, name: str, value: str, seconds: int) -> None:
        assert type(seconds) is int
        assert seconds >= 1
        self.entries[name] = value.encode("ascii")

    def delete(self, name: str) -> None:
        self.entries.pop(name, None)


class AddingManager(BytesManager):
    """The same with an atomic add."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def add(self, name: str, value: str, seconds: int) -> int:
        with self.lock:
            if name in self.entries:
                return 0
            self.set(name, value, seconds)
            return 1


class Opened:
    """A session, its raw store, and a clock that a test may set."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.clock = Clock()
        self.session = open_session(source, clock=self.clock)
        self.store: base.Store = vars(self.session)["_store"]


def redis_socket(url: str) -> str:
    with closing(redis_from_url(url, decode_responses=True)) as client:
        path = client.config_get("unixsocket")["unixsocket"]
    return f"unix://:{servers.PASSWORD}@{path}?db=1"


SOURCES: dict[str, Callable[[Callable[[str], str], Path], Any]] = {
    "memory": lambda url, path: None,
    "sqlite": lambda url, path: f"sqlite:///{path / 'sessions.db'}",
    "redis": lambda url, path: url("redis"),
    "redis-socket": lambda url, path: redis_socket(url("redis")),
    "redis-client": lambda url, path: redis_from_url(url("redis")),
    "redis-client-decoding": lambda url, path: redis_from_url(url("redis"), decode_responses=True),
    "memcached": lambda url, path: url("memcached"),
    "memcached-fleet": lambda url, path: (
        f"{url('memcached')},{address(url('memcached')).replace('127.0.0.1', 'localhost')}"
    ),
    "pymemcache-client": lambda url, path: pymemcache.Client(address(url("memcached"))),
    "pymemcache-pooled": lambda url, path: pymemcache.PooledClient(address(url("memcached"))),
    "pymemcache-hash": lambda url, path: pymemcache.HashClient([address(url("memcached"))]),
    "python-memcached": lambda url, path: memcache.Client([address(url("memcached"))]),
    "mariadb": lambda url, path: url("mariadb"),
    "postgresql": lambda url, path: url("postgresql"),
    "bytes-manager": lambda url, path: BytesManager(),
    "adding-manager": lambda url, path: AddingManager(),
}
KINDS = list(SOURCES)
SHARED = ["sqlite", "redis", "memcached", "mariadb", "postgresql"]


def source_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    source = SOURCES[kind](lambda server: request.getfixturevalue(f"{server}_url"), tmp_path)
    for close in ("close", "disconnect_all"):
        if hasattr(source, close):
            request.addfinalizer(getattr(source, close))
    return source


def address(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    return Opened(source_of(request.param, request, tmp_path))


@pytest.fixture
def session(opened: Opened) -> Session:
    return opened.session


holds_locks = pytest.mark.parametrize("opened", [k for k in KINDS if k != "bytes-manager"], indirect=True)


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL that several processes may open."""
    url: str = source_of(request.param, request, tmp_path)
    return url


@pytest.fixture
def key() -> str:
    return f"dingtalk:test:{uuid.uuid4().hex}"


# --- the contract


def test_keeps_replaces_and_forgets(session: Session, key: str) -> None:
    assert session.get(key) is None
    session.delete(key)
    session.set(key, '{"token": "令牌 😀"}', 60)
    assert session.get(key) == '{"token": "令牌 😀"}'
    session.set(key, "x" * 9000, 60)
    assert session.get(key) == "x" * 9000
    session.delete(key)
    assert session.get(key) is None


def test_any_text_is_a_key_of_its_own(session: Session, key: str) -> None:
    names = [f"{key}a", f"{key}A", f"{key}a ", f"{key}钉钉", f"{key}\n", key * 10, key * 10 + "x", f"{key}é"]
    for number, name in enumerate(names):
        session.set(name, str(number), 60)
    assert [session.get(name) for name in names] == [str(number) for number in range(len(names))]


def test_an_expired_entry_is_never_returned(opened: Opened, key: str) -> None:
    opened.session.set(key, "value", 100)
    opened.clock.ahead = 99.5
    assert opened.session.get(key) == "value"
    opened.clock.ahead = 100.01
    assert opened.session.get(key) is None


def test_an_entry_tells_the_seconds_it_has_left(opened: Opened, key: str) -> None:
    assert opened.session.entry(key) is None
    opened.session.set(key, SECRET, 100)
    for ahead, left in ((0, 100), (60, 40), (-50, 100)):  # a clock set back adds nothing
        opened.clock.ahead = ahead
        entry = opened.session.entry(key)
        assert entry is not None
        assert entry.value == SECRET
        assert left - 1 < entry.seconds_left <= left
        assert SECRET not in repr(entry)


def test_a_life_of_less_than_a_second(session: Session, key: str) -> None:
    session.set(key, "value", 0.9)  # most of a second: a database may take its time on a busy disk
    assert session.get(key) == "value"
    time.sleep(0.91)
    assert session.get(key) is None


@pytest.mark.parametrize("expires", [0, -1, 0.0001])
def test_a_life_that_is_over(session: Session, key: str, expires: float) -> None:
    session.set(key, "value", expires)
    time.sleep(0.001)
    assert session.get(key) is None


def test_a_life_of_more_than_thirty_days(session: Session, key: str) -> None:
    session.set(key, "value", 40 * 24 * 3600)
    assert session.get(key) == "value"


GARBAGE = [
    "",
    "token",
    "null",
    "[]",
    "[" * 5000,
    '{"value": "x"}',
    '{"value": 1, "written": 1.0, "expires": 9e99}',
    '{"value": "x", "written": "1", "expires": 9e99}',
    '{"value": "x", "written": NaN, "expires": 9e99}',
    '{"value": "x", "written": 1.0, "expires": NaN}',
    '{"value": "x", "written": 1.0, "expires": true}',
]


def test_garbage_counts_as_absent(opened: Opened, key: str) -> None:
    for garbage in GARBAGE:
        opened.store.set(key, garbage, 60)
        assert opened.session.get(key) is None, garbage
        opened.session.release(key, "x")
        opened.session.set(key, "value", 60)
        assert opened.session.get(key) == "value"


@holds_locks
def test_garbage_holds_no_lock(opened: Opened, key: str) -> None:
    for garbage in GARBAGE:
        opened.store.set(key, garbage, 60)
        assert opened.session.add(key, "mine", 60), garbage
        assert opened.session.get(key) == "mine"
        opened.session.delete(key)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
    | st.fixed_dictionaries(
        {},
        optional={name: st.floats() | st.integers() | st.text() for name in ("value", "written", "expires")},
    ),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_no_json_breaks_a_session(content: object, encoding: str) -> None:
    manager = BytesManager()
    manager.entries["key"] = json.dumps(content).encode(encoding)
    found = open_session(manager).get("key")
    assert found is None or (isinstance(content, dict) and content["value"] == found)  # pyright: ignore[reportUnknownVariableType]


def test_a_clock_set_back_lengthens_no_life(opened: Opened, key: str) -> None:
    opened.session.set(key, "value", 7200)
    opened.clock.ahead = -base.CLOCK_TOLERANCE + 1
    assert opened.session.get(key) == "value"
    opened.clock.ahead = -base.CLOCK_TOLERANCE - 1
    assert opened.session.get(key) is None


@holds_locks
def test_a_lock_is_given_once(opened: Opened, key: str) -> None:
    session = opened.session
    assert session.has_add
    assert session.add(key, "mine", 30)
    assert not session.add(key, "yours", 30)
    session.release(key, "yours")
    assert session.get(key) == "mine"
    session.release(key, "mine")
    assert session.get(key) is None
    session.release(key, "mine")
    assert session.add(key, "yours", 30)


@holds_locks
def test_a_lock_left_behind_blocks_nobody_beyond_its_life(opened: Opened, key: str) -> None:
    session = opened.session
    assert session.add(key, "crashed", 30)
    opened.clock.ahead = 29
    assert not session.add(key, "next", 30)
    opened.clock.ahead = 30.01
    assert session.add(key, "next", 30)
    session.release(key, "crashed")
    assert session.get(key) == "next"
    opened.clock.ahead = -100  # set back: nobody could tell how long it will be held
    assert session.add(key, "last", 30)


@holds_locks
def test_a_lock_of_less_than_a_second(opened: Opened, key: str) -> None:
    assert opened.session.add(key, "crashed", 0.1)
    time.sleep(0.11)
    assert opened.session.add(key, "next", 0.1)


def test_three_methods_hold_no_lock(key: str) -> None:
    session = open_session(BytesManager())
    assert not session.has_add
    with pytest.raises(NotImplementedError):
        session.add(key, "mine", 30)
    session.set(key, "mine", 30)
    session.release(key, "yours")
    assert session.get(key) == "mine"
    session.release(key, "mine")
    assert session.get(key) is None


def test_a_store_discards_only_what_it_still_holds(opened: Opened, key: str) -> None:
    opened.store.set(key, "mine", 60)
    mine = opened.store.get(key)
    opened.store.set(key, "yours", 60)
    opened.store.discard(key, mine)
    yours = opened.store.get(key)
    assert yours in {"yours", b"yours"}
    opened.store.discard(key, yours)
    assert opened.store.get(key) is None
    opened.store.discard(key, yours)


@holds_locks
def test_one_of_many_threads_gets_the_lock(opened: Opened, key: str) -> None:
    threads = 12
    barrier = threading.Barrier(threads)

    def race(number: int) -> int:
        barrier.wait()
        won = sum(opened.session.add(f"{key}:{turn}", str(number), 30) for turn in range(5))
        if isinstance(opened.source, memcache.Client):  # which has a connection for each thread
            opened.source.disconnect_all()
        return won

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(race, range(threads))) == 5


# --- several processes

PROCESSES, THREADS, TURNS = 3, 3, 3


def contend(url: str, key: str) -> list[int]:
    """Take and give back one lock for a counter; and count the turns won of locks that are never given back."""
    session = open_session(url)
    won: list[int] = []

    def work(number: int) -> None:
        me = f"{os.getpid()}-{number}"
        for turn in range(TURNS):
            won.append(session.add(f"{key}:{turn}", me, 60))
            while not session.add(f"{key}:lock", me, 60):
                time.sleep(0.02)
            count = int(session.get(f"{key}:count") or 0)
            session.set(f"{key}:count", str(count + 1), 60)
            session.release(f"{key}:lock", me)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    return won


def test_processes_share_locks_and_values(shared: str, key: str) -> None:
    long_ago = open_session(shared, clock=lambda: time.time() - 50)
    long_ago.set(f"{key}:0", "crashed", 49)  # expired, though the store still holds it
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        workers = [pool.submit(contend, shared, key) for _ in range(PROCESSES)]
        won = [turn for worker in workers for turn in worker.result(timeout=60)]
    assert sum(won) == TURNS
    assert open_session(shared).get(f"{key}:count") == str(PROCESSES * THREADS * TURNS)


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgresql"])
def test_many_may_make_the_table_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path, key: str) -> None:
    url: str = source_of(kind, request, tmp_path)
    if kind != "sqlite":
        with sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool).begin() as connection:
            connection.execute(sqlalchemy.text("DROP TABLE IF EXISTS dingtalk_sessions"))
    openers = 8
    barrier = threading.Barrier(openers)

    def first_use(number: int) -> bool:
        session = open_session(url)
        barrier.wait()
        return session.add(key, str(number), 60)

    with ThreadPoolExecutor(openers) as pool:
        assert sum(pool.map(first_use, range(openers))) == 1


def test_threads_do_not_use_up_the_connections_of_a_database(postgresql_url: str, key: str) -> None:
    session = open_session(postgresql_url)
    session.set(key, "value", 60)
    with ThreadPoolExecutor(120) as pool:
        with sqlalchemy.create_engine(postgresql_url, poolclass=sqlalchemy.NullPool).begin() as connection:
            connection.execute(sqlalchemy.text("LOCK TABLE dingtalk_sessions"))
            readers = [pool.submit(session.get, key) for _ in range(120)]  # PostgreSQL has 100 connections
            time.sleep(0.5)
        assert {reader.result() for reader in readers} == {"value"}


# --- a store that fails


def everything_said(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


def dead_sources(port: int) -> dict[str, SessionSource]:
    place = f"127.0.0.1:{port}"
    login = f"dingtalk:{servers.PASSWORD}"
    return {
        "redis": f"redis://:{servers.PASSWORD}@{place}/0",
        "redis-client": redis_from_url(f"redis://:{servers.PASSWORD}@{place}/0"),
        "memcached": f"memcached://{place}",
        "memcached-fleet": f"memcached://{place},localhost:{port}",
        "pymemcache": pymemcache.Client(place),
        "pymemcache-hash": pymemcache.HashClient([place]),
        "python-memcached": memcache.Client([place]),
        "mariadb": f"mysql+pymysql://{login}@{place}/dingtalk",
        "postgresql": f"postgresql+psycopg://{login}@{place}/dingtalk",
    }


leaky = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""python-memcached leaves the socket of a failed connection to the garbage collector."""


@leaky
@pytest.mark.parametrize("kind", dead_sources(1))
def test_a_dead_store_is_named_and_its_secrets_are_not(kind: str, key: str) -> None:
    port = servers.free_port()
    session = open_session(dead_sources(port)[kind])
    began = time.monotonic()
    uses: list[Callable[[], object]] = [
        lambda: session.get(key),
        lambda: session.set(key, SECRET, 60),
        lambda: session.add(key, SECRET, 60),
        lambda: session.delete(key),
        lambda: session.release(key, SECRET),
        lambda: session.get(key),
    ]
    for use in uses:
        with pytest.raises(SessionStoreError) as caught:
            use()
        error = caught.value
        assert error.store == session.name
        assert f"127.0.0.1:{port}" in str(error)
        assert error.__cause__ is not None
        assert isinstance(error, OSError)
        assert not error.sent
        assert SECRET not in everything_said(error)
        assert servers.PASSWORD not in everything_said(error) + repr(session)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("kind", ["redis", "mariadb", "postgresql"])
def test_a_wrong_password(kind: str, request: pytest.FixtureRequest, tmp_path: Path, key: str) -> None:
    url: str = source_of(kind, request, tmp_path)
    session = open_session(url.replace(servers.PASSWORD, SECRET))
    with pytest.raises(SessionStoreError) as caught:
        session.get(key)
    assert SECRET not in everything_said(caught.value)


@pytest.fixture
def silent_port() -> Generator[int]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("kind", ["redis", "memcached", "memcached-fleet", "mariadb", "postgresql"])
def test_a_silent_store_fails_fast(kind: str, silent_port: int, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr("dingtalk_models.sessions.redis._TIMEOUT", 0.2)
    monkeypatch.setattr("dingtalk_models.sessions.memcached._TIMEOUT", 0.2)
    timeouts = {"pymysql": {"connect_timeout": 1, "read_timeout": 1}, "psycopg": {"connect_timeout": 2}}
    monkeypatch.setattr("dingtalk_models.sessions.sql._TIMEOUTS", timeouts)
    session = open_session(dead_sources(silent_port)[kind])
    began = time.monotonic()
    with pytest.raises(SessionStoreError):
        session.get(key)
    assert time.monotonic() - began < 3


def test_a_refused_value_is_a_failure_that_quotes_nothing(memcached_url: str, mariadb_url: str, key: str) -> None:
    client = memcache.Client([address(memcached_url)])
    for source in (memcached_url, client, mariadb_url):
        with pytest.raises(SessionStoreError) as caught:
            open_session(source).set(key, SECRET * 200_000, 60)
        assert SECRET not in everything_said(caught.value)
    client.disconnect_all()


class BrokenManager(BytesManager):
    def get(self, name: str) -> bytes | None:
        raise RuntimeError(f"no connection with password {SECRET}")


def test_a_failing_object_is_not_quoted(key: str) -> None:
    with pytest.raises(SessionStoreError, match=r"^session store BrokenManager: RuntimeError$") as caught:
        open_session(BrokenManager()).get(key)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_the_fallback_stands_in_and_steps_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    monkeypatch.setattr(base, "RETRY_AFTER", 0.1)
    caplog.set_level(logging.INFO, "dingtalk_models")
    port = servers.free_port()
    for _ in range(2):  # two outages
        caplog.clear()
        with servers.redis(port) as url:
            session = open_session(url, fallback=True)
            session.set(key, "stored", 60)
            assert session.get(key) == "stored"
            assert not caplog.records
        for turn in range(3):
            assert session.get(key) == (None if turn == 0 else "ours")
            session.set(key, "ours", 60)
            assert session.add(f"{key}:lock", "me", 60) is (turn == 0)
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(session.get, [key] * 8)) == ["ours"] * 8
        assert [(record.levelname, record.name) for record in caplog.records] == [("WARNING", "dingtalk_models")]
        assert f"redis://127.0.0.1:{port}/0" in caplog.text
        assert servers.PASSWORD not in caplog.text
        with servers.redis(port):
            time.sleep(0.1)
            assert session.get(key) is None
            session.set(key, "stored", 60)
            assert open_session(url).get(key) == "stored"
            assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_the_fallback_asks_a_dead_store_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    asked: list[str] = []

    class Dead(BytesManager):
        def get(self, name: str) -> bytes | None:
            asked.append(name)
            time.sleep(0.02)
            raise TimeoutError

    monkeypatch.setattr(base, "RETRY_AFTER", 0.1)
    session = open_session(Dead(), fallback=True)
    for _ in range(100):
        session.get(key)
    assert len(asked) == 1
    time.sleep(0.1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(session.get, [key] * 50))
    assert len(asked) == 2
    assert len(caplog.records) == 1


@leaky
def test_without_fallback_a_store_that_comes_back_is_used(key: str) -> None:
    port = servers.free_port()
    session = open_session(f"memcached://127.0.0.1:{port}")
    client = memcache.Client([f"127.0.0.1:{port}"], dead_retry=0)
    for each in (session, open_session(client)):
        with pytest.raises(SessionStoreError):
            each.get(key)
    with servers.memcached(port):
        for each in (session, open_session(client)):
            each.set(key, "value", 60)
            assert each.get(key) == "value"
        client.disconnect_all()


# --- what another program left in a store


def test_a_redis_key_of_another_type(redis_url: str, key: str) -> None:
    session = open_session(redis_url)
    with closing(redis_from_url(redis_url)) as client:
        client.rpush(key, "x")
        assert session.get(key) is None
        client.rpush(key, "x")
        assert session.add(key, "mine", 60)


def test_bytes_that_are_no_text(redis_url: str, memcached_url: str, tmp_path: Path, key: str) -> None:
    with closing(redis_from_url(redis_url, decode_responses=True)) as client:
        client.set(key, b"\xff\xfe")
        assert open_session(client).add(key, "mine", 60)
    with closing(pymemcache.Client(address(memcached_url))) as client:
        for flags in (1, 2, 8, 16, 512):
            client.set(key, b"\xff\xfe", flags=flags, noreply=False)
            reader = memcache.Client([address(memcached_url)])
            assert open_session(reader).get(key) is None, flags
            reader.disconnect_all()
    path = tmp_path / "sessions.db"
    session = open_session(f"sqlite:///{path}")
    session.set(key, "value", 60)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE dingtalk_sessions SET value = CAST(x'fffe' AS TEXT)")
    assert session.get(key) is None
    assert session.add(key, "mine", 60)


# --- the SQLite file


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask() -> Generator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_the_file_is_private_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.delattr(Path, "chmod")
    path = tmp_path / "sessions.db"
    session = open_session(f"sqlite:///{path}")
    assert mode_of(path) == 0o600
    session.set(key, "value", 60)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM dingtalk_sessions")
        assert {p.name[11:]: mode_of(p) for p in tmp_path.iterdir()} == {
            "": 0o600,
            "-wal": 0o600,
            "-shm": 0o600,
        }
        db.rollback()
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("DELETE FROM dingtalk_sessions")
        assert {p.name[11:]: mode_of(p) for p in tmp_path.iterdir()} == {"": 0o600, "-journal": 0o600}
    assert session.get(key) == "value"


@pytest.mark.usefixtures("open_umask")
def test_a_readable_file_is_made_private_and_a_removed_one_made_anew(tmp_path: Path, key: str) -> None:
    path = tmp_path / "sessions.db"
    path.touch(0o644)
    session = open_session(f"sqlite:///{path}")
    assert mode_of(path) == 0o600
    path.unlink()
    assert session.get(key) is None
    assert mode_of(path) == 0o600


def test_sqlite_itself_never_creates_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    path = tmp_path / "sessions.db"
    session = open_session(f"sqlite:///{path}")
    monkeypatch.setattr("dingtalk_models.sessions.sqlite.SqliteStore._make_private", str)
    path.unlink()
    with pytest.raises(SessionStoreError, match="OperationalError"):
        session.get(key)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        open_session(f"sqlite:///{tmp_path}/absent/sessions.db")
    tmp_path.chmod(0o755)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        open_session(f"sqlite:///{tmp_path}")
    assert mode_of(tmp_path) == 0o755

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "others.db"
    path.touch(0o644)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(ConfigurationError, match=r"others\.db .*Operation not permitted"):
        open_session(f"sqlite:///{path}")


def test_a_relative_path_is_kept_through_a_change_of_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(tmp_path)
    session = open_session("sqlite:///sessions.db")
    monkeypatch.chdir("/")
    session.set(key, "value", 60)
    assert open_session(f"sqlite+pysqlite:///{tmp_path}/sessions.db").get(key) == "value"


def test_expired_rows_are_purged(tmp_path: Path, mariadb_url: str, key: str) -> None:
    path = tmp_path / "sessions.db"
    session = open_session(f"sqlite:///{path}")
    session.set(f"{key}:old", "value", -base.CLOCK_TOLERANCE - 1)
    session.set(f"{key}:new", "value", 60)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT key FROM dingtalk_sessions").fetchall() == [(f"{key}:new",)]
    old = Opened(mariadb_url)
    old.session.set(key, "value", -base.CLOCK_TOLERANCE - 1)
    assert old.store.get(key)
    fresh = Opened(mariadb_url)
    assert fresh.store.get(key) is None


def test_memory_does_not_grow_with_expired_entries(key: str) -> None:
    opened = Opened(None)
    for number in range(1000):
        opened.session.set(f"{key}:{number}", "value", 0.0001)
    opened.session.set(key, "value", 60)
    assert len(vars(opened.store)["_entries"]) < 200
    assert opened.session.get(key) == "value"


# --- what is accepted


def test_what_a_session_is_called(redis_url: str, memcached_url: str) -> None:
    port = redis_url.rpartition(":")[2]
    place = address(memcached_url)
    names = {
        repr(open_session(source))
        for source in (
            redis_url,
            redis_from_url(redis_url),
        )
    }
    assert names == {f"Session('redis://127.0.0.1:{port}')"}
    clients = (
        pymemcache.Client(place),
        pymemcache.HashClient([place]),
        memcache.Client([place]),
        memcached_url,
    )
    assert {open_session(client).name for client in clients} == {f"memcached://{place}"}
    assert open_session(redis.Redis(unix_socket_path="/run/redis.sock")).name == "unix:///run/redis.sock"
    assert open_session(pymemcache.Client("/run/memcached.sock")).name == "memcached:///run/memcached.sock"
    assert open_session(BytesManager()).name == "BytesManager"
    assert open_session().name == open_session("memory://").name == "memory://"


def test_a_subclass_of_a_client_is_that_client(redis_url: str, key: str) -> None:
    class Ours(redis.Redis):
        pass

    with closing(redis_from_url(redis_url)) as client:
        session = open_session(Ours(connection_pool=client.connection_pool))
        assert session.add(key, "mine", 0.5)
        assert 0 < client.pttl(key) <= 500


def test_a_session_is_itself_a_session_manager(key: str) -> None:
    inner = open_session()
    outer = open_session(inner)
    assert outer.add(key, "mine", 60)
    assert not outer.add(key, "yours", 60)
    assert outer.get(key) == "mine"


class AsyncManager:
    async def get(self, name: str) -> None: ...
    async def set(self, name: str, value: str, expires: float) -> None: ...
    async def delete(self, name: str) -> None: ...


@pytest.mark.parametrize("source", [{}, 5, object(), BytesManager, redis, redis.Redis])
def test_what_is_no_store(source: Any) -> None:
    with pytest.raises(ConfigurationError, match="an object with get, set and delete; not a"):
        open_session(source)


def test_asyncio_clients_are_refused() -> None:
    sources: list[Any] = [AsyncManager(), redis.asyncio.Redis()]
    for source in sources:
        with pytest.raises(ConfigurationError, match="is for asyncio, pass its blocking counterpart"):
            open_session(source)


@pytest.mark.parametrize(
    "url",
    [
        f"redis.internal:6379/{SECRET}",
        SECRET,
        "",
        f"http://{SECRET}@host/",
        f"mongodb://user:{SECRET}@host/db",
        f"redis://:{SECRET}@host:port/0",
        f"redis://:{SECRET[:4]}/{SECRET}@host:6379/0",
        f"redis://host/0?pasword={SECRET}",
        f"redis://host/0?socket_timeout={SECRET}",
        f"memcached://user:{SECRET}@host:11211",
        "memcached://",
        "memcached://host:port",
        "memcached://host:11211,",
        f"memcached://host:11211/{SECRET}",
        f"mysql+pymysql://user:{SECRET}@host:port/db",
        f"mysql+nosuch://user:{SECRET}@host/db",
        f"postgresql+asyncpg://user:{SECRET}@host/db",
        f"m y sql://user:{SECRET}@host/db",
        "sqlite://",
        "sqlite:///",
        "sqlite://relative.db",
        "sqlite:///:memory:",
        f"sqlite:///file.db?key={SECRET}",
    ],
)
def test_a_url_that_is_wrong_is_refused_without_its_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        open_session(url)
    assert SECRET not in everything_said(caught.value).replace(f"memcached://host:11211/{SECRET}", "")
    assert list(tmp_path.iterdir()) == []


@given(st.text("@:/?#%[]a, "))
def test_a_password_never_shows_in_a_name(rest: str) -> None:
    for url in (
        f"redis://:S3CR3T{rest}@host:6379/0",
        f"redis://host/0?password=S3CR3T{rest}",
        f"mysql+pymysql://user:S3CR3T{rest}@host/db",
    ):
        try:
            shown = repr(open_session(url))
        except ConfigurationError as error:
            shown = str(error)
        assert "S3CR3T" not in shown


def test_options_of_a_url_win_over_ours(mariadb_url: str, redis_url: str, key: str) -> None:
    for url in (f"{mariadb_url}?connect_timeout=9", f"{redis_url}?socket_timeout=9"):
        session = open_session(url)
        session.set(key, "value", 60)
        assert session.get(key) == "value"


@pytest.mark.parametrize(
    ("url", "package", "install"),
    [
        ("memcached://host", "pymemcache", r"dingtalk-models\[memcached\]"),
        ("postgresql+psycopg://host/db", "sqlalchemy", r"dingtalk-models\[sql\]"),
        ("mysql+pymysql://host/db", "pymysql", "pymysql"),
    ],
)
def test_a_missing_package_is_named(url: str, package: str, install: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dingtalk_models.sessions.sql", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError, match=f"`pip install {install}`"):
        open_session(url)
