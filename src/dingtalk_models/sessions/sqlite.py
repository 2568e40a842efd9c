"""Sessions in an SQLite file, shared by the processes of one machine."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.process.forking import no_fork
from dingtalk_models.sessions.base import CLOCK_TOLERANCE

_BUSY_TIMEOUT = 5.0
_TABLE = """
    CREATE TABLE IF NOT EXISTS dingtalk_sessions (
        key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL NOT NULL
    ) WITHOUT ROWID
"""
# as blobs: reading text that is not UTF-8 would raise an error
_SELECT = "SELECT CAST(value AS BLOB) FROM dingtalk_sessions WHERE key = ?"
_DISCARD = "DELETE FROM dingtalk_sessions WHERE key = ? AND CAST(value AS BLOB) = ?"


class SqliteStore:
    """One file with mode 0600. Each operation opens it again, so threads and forked processes share no connection.

    SQLite remembers in memory which file locks its process holds. After a fork during an operation, a child would take
    its parent's locks for its own and find the file locked forever. So `no_fork` delays the fork.
    """

    has_add = True

    def __init__(self, path: Path) -> None:
        self.name = f"sqlite:///{path}"
        self._path = path
        try:
            self._make_private()
        except OSError as error:
            raise ConfigurationError(
                f"session store {self.name} cannot be made private: {error.strerror} / 无法禁止其他用户读取该文件"
            ) from error
        with suppress(sqlite3.Error), self._connected() as db:
            db.execute("PRAGMA journal_mode = WAL")  # so that readers and writers rarely wait for each other

    def get(self, key: str) -> object:
        with self._connected() as db:
            row: tuple[bytes] | None = db.execute(_SELECT, (key,)).fetchone()
        return row and row[0]

    def set(self, key: str, raw: str, expires: float) -> None:
        self._insert("INSERT OR REPLACE INTO dingtalk_sessions VALUES (?, ?, ?)", key, raw, expires)

    def delete(self, key: str) -> None:
        with self._connected() as db:
            db.execute("DELETE FROM dingtalk_sessions WHERE key = ?", (key,))

    def add(self, key: str, raw: str, expires: float) -> bool:
        return self._insert("INSERT OR IGNORE INTO dingtalk_sessions VALUES (?, ?, ?)", key, raw, expires)

    def discard(self, key: str, raw: object) -> None:
        with self._connected() as db:
            db.execute(_DISCARD, (key, raw))

    def _insert(self, statement: str, key: str, raw: str, expires: float) -> bool:
        now = wall()
        with self._connected() as db:
            # each is a transaction of its own: a signal handler that comes in between would wait for an open one
            db.execute("DELETE FROM dingtalk_sessions WHERE expires_at < ?", (now - CLOCK_TOLERANCE,))
            inserted = db.execute(statement, (key, raw, now + expires)).rowcount
        return inserted == 1

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        self._make_private()  # the file may have been deleted since
        uri = f"{self._path.as_uri()}?mode=rw"  # without `c`: SQLite would create it with the mode of the umask
        connect = partial(sqlite3.connect, uri, uri=True, timeout=_BUSY_TIMEOUT, isolation_level=None)
        with no_fork(), closing(connect()) as db:
            db.execute("PRAGMA synchronous = NORMAL")  # a power failure can lose the last entries, but damages nothing
            db.execute(_TABLE)
            yield db

    def _make_private(self) -> None:
        """Create the file, or change its mode, so that only its owner can read it. SQLite's other files get its mode.

        An existing file is not opened here: closing it would release the locks that this process holds on it.
        """
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        mode = self._path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a regular file")
        if mode & 0o077:
            self._path.chmod(0o600)


def from_url(url: str, name: str) -> SqliteStore:
    """The path in the URL: relative after three slashes, absolute after four."""
    _, slash, path = url.partition(":///")
    if not slash or path in {"", ":memory:"} or "?" in path:
        raise ConfigurationError(
            f"session store {name}: the URL must be sqlite:///path/to/file.db / URL 须为 sqlite:///文件路径"
        )
    return SqliteStore(Path(path).expanduser().absolute())
