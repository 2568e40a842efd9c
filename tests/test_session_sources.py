"""What may be passed as `session_manager`, what it is called, and the SQLite file."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from hypothesis import given
from hypothesis import strategies as st
from stores import SECRET, Manager, address, everything_said, memcache, pymemcache, redis_from_url

from dingtalk_models.core.errors import ConfigurationError, SessionStoreError
from dingtalk_models.sessions import open_session

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
    assert open_session(Manager()).name == "Manager"
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


@pytest.mark.parametrize("source", [{}, 5, object(), Manager, redis, redis.Redis])
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
