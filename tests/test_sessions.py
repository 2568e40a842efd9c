"""One contract for every store, against real servers."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import threading
import time
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy
from contending import THREADS, TURNS, contend
from hypothesis import given
from hypothesis import strategies as st
from stores import KINDS, SECRET, SHARED, Manager, Opened, address, memcache, pymemcache, redis_from_url, source_of
from waiting import stays, until

from dingtalk_models.sessions import Session, base, open_session


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    return Opened(source_of(request.param, request, tmp_path))


@pytest.fixture
def session(opened: Opened) -> Session:
    return opened.session


holds_locks = pytest.mark.parametrize("opened", [k for k in KINDS if k != "manager"], indirect=True)


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL that several processes may open."""
    url: str = source_of(request.param, request, tmp_path)
    return url


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
    opened.clock.ahead = 50
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
        assert left - 20 < entry.seconds_left <= left
        assert SECRET not in repr(entry)


def test_a_life_of_less_than_a_second(opened: Opened, key: str) -> None:
    opened.session.set(key, "value", 0.5)
    opened.clock.ahead = 0.51
    assert opened.session.get(key) is None
    opened.clock.ahead = -0.4  # a database may take its time on a busy disk
    opened.session.set(key, "value", 0.9)
    opened.clock.ahead = -0.5
    assert opened.session.get(key) == "value"


@pytest.mark.parametrize("expires", [0, -1, 0.0001])
def test_a_life_that_is_over(session: Session, key: str, expires: float) -> None:
    session.set(key, "value", expires)
    until(lambda: session.get(key) is None, seconds=1)


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
    manager = Manager()
    manager.entries["key"] = json.dumps(content).encode(encoding)
    found = open_session(manager).get("key")
    assert found is None or (isinstance(content, dict) and content["value"] == found)  # pyright: ignore[reportUnknownVariableType]


def test_a_clock_set_back_lengthens_no_life(opened: Opened, key: str) -> None:
    opened.session.set(key, "value", 7200)
    opened.clock.ahead = -base.CLOCK_TOLERANCE + 1
    assert opened.session.get(key) == "value"
    opened.clock.ahead = -base.CLOCK_TOLERANCE - 60
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
    assert session.add(key, "crashed", 100)
    opened.clock.ahead = 50  # a busy database takes its time
    assert not session.add(key, "next", 100)
    opened.clock.ahead = 100.01
    assert session.add(key, "next", 100)
    session.release(key, "crashed")
    assert session.get(key) == "next"
    opened.clock.ahead = -100  # set back: nobody could tell how long it will be held
    assert session.add(key, "last", 30)


@holds_locks
def test_a_lock_of_less_than_a_second(opened: Opened, key: str) -> None:
    assert opened.session.add(key, "crashed", 0.1)
    opened.clock.ahead = 0.11
    assert opened.session.add(key, "next", 0.1)


def test_three_methods_hold_no_lock(key: str) -> None:
    session = open_session(Manager())
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

PROCESSES = 3


@pytest.fixture(scope="module")
def processes() -> Generator[ProcessPoolExecutor]:
    """Processes of their own, which serve one test after the other."""
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_processes_share_locks_and_values(processes: ProcessPoolExecutor, shared: str, key: str) -> None:
    long_ago = open_session(shared, clock=lambda: time.time() - 50)
    long_ago.set(f"{key}:0", "crashed", 49)  # expired, though the store still holds it
    workers = [processes.submit(contend, shared, key) for _ in range(PROCESSES)]
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
            until(lambda: all(reader.running() for reader in readers))
            stays(lambda: not any(reader.done() for reader in readers), 0.2)
        assert {reader.result() for reader in readers} == {"value"}


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


# --- what has expired


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
