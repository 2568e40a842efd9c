"""Stores that fail: said without secrets, bridged by memory where that is wanted, used again when they are back."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import servers
from redis.backoff import NoBackoff
from redis.retry import Retry
from stores import (
    KINDS,
    SECRET,
    LockingManager,
    Manager,
    address,
    everything_said,
    memcache,
    pymemcache,
    redis_from_url,
    server_of,
    source_of,
)
from waiting import until

from dingtalk_models.core.errors import SessionStoreError
from dingtalk_models.sessions import SessionSource, base, open_session


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


class BrokenManager(Manager):
    def get(self, key: str) -> bytes | None:
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
            until(lambda session=session: session.get(key) is None)  # type: ignore[misc]
            session.set(key, "stored", 60)
            assert open_session(url).get(key) == "stored"
            assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_the_fallback_asks_a_dead_store_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    asked: list[str] = []

    class Dead(Manager):
        def get(self, key: str) -> bytes | None:
            asked.append(key)
            assert others.wait(10)
            raise TimeoutError

    ahead = 0.0
    others = threading.Event()
    others.set()
    monkeypatch.setattr(base, "monotonic", lambda: time.monotonic() + ahead)
    session = open_session(Dead(), fallback=True)
    for _ in range(100):
        session.get(key)
    assert len(asked) == 1
    ahead = base.RETRY_AFTER
    others.clear()
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(session.get, key) for _ in range(50)]
        until(lambda: sum(each.done() for each in found) == 49)  # nobody waits for the one that asks
        others.set()
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


# -- restarts


SERVED = [kind for kind in KINDS if not kind.endswith("manager") and kind not in {"memory", "sqlite"}]


@leaky
@pytest.mark.parametrize("kind", SERVED)
def test_a_restart_of_the_server_fails_no_call(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, key: str
) -> None:
    server = server_of(kind, request, tmp_path)
    session = open_session(source_of(kind, request, tmp_path))
    uses: list[Callable[[], object]] = [
        lambda: session.set(key, "value", 60),
        lambda: session.get(key),
        lambda: session.add(f"{key}:lock", "me", 60),
        lambda: session.release(f"{key}:lock", "me"),
        lambda: session.delete(key),
    ]
    if kind in {"mariadb", "postgresql"}:  # which take seconds to restart, and connect for each call
        uses = uses[:1]
    for use in uses:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(session.get, [key] * 40))  # so that several connections are kept
            servers.restart(server)
            use()
            assert list(pool.map(session.get, [f"{key}:none"] * 8)) == [None] * 8
    assert session.add(f"{key}:lock", "me", 60)
    assert not session.add(f"{key}:lock", "you", 60)


def test_a_redis_client_that_does_not_retry(redis_url: str, key: str) -> None:
    client = redis_from_url(redis_url, retry=Retry(NoBackoff(), 0))
    session = open_session(client)
    session.set(key, "value", 60)
    servers.restart(redis_url)
    assert session.get(key) is None
    client.close()


class Lossy(LockingManager):
    """A client that sends a command again, as its connection broke before the answer came."""

    def add(self, key: str, value: str, expires: int) -> int:
        super().add(key, value, expires)
        return super().add(key, value, expires)


def test_an_add_that_was_sent_twice_is_known_again(key: str) -> None:
    session = open_session(Lossy())
    assert session.add(key, "mine", 60)
    assert not session.add(key, "mine", 60)
    session.release(key, "mine")
    assert session.add(key, "yours", 60)


def test_a_log_handler_may_use_the_session_that_fails(caplog: pytest.LogCaptureFixture, key: str) -> None:
    class Asking(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(session.get(key))

    heard: list[str | None] = []
    session = open_session(f"redis://:{servers.PASSWORD}@127.0.0.1:{servers.free_port()}/0", fallback=True)
    logger, handler = logging.getLogger("dingtalk_models"), Asking()
    logger.addHandler(handler)
    try:
        thread = threading.Thread(target=session.get, args=(key,), daemon=True)
        thread.start()
        thread.join(5)
    finally:
        logger.removeHandler(handler)
    assert heard == [None]
