"""Sessions in any database that SQLAlchemy supports."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from tenacity import retry, retry_if_exception, stop_after_attempt

from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.process.forking import after_fork
from dingtalk_models.sessions.base import CLOCK_TOLERANCE

_MAX_CONNECTIONS = 8
_LOOK_AGAIN = 0.005
_MYSQL_TIMEOUTS = {"connect_timeout": 3, "read_timeout": 3, "write_timeout": 3}
_POSTGRESQL_TIMEOUTS = {"connect_timeout": 3, "tcp_user_timeout": 3000}
_TIMEOUTS = {
    "pymysql": _MYSQL_TIMEOUTS,
    "mysqldb": _MYSQL_TIMEOUTS,
    "psycopg": _POSTGRESQL_TIMEOUTS,
    "psycopg2": _POSTGRESQL_TIMEOUTS,
}
_table = sa.Table(
    "dingtalk_sessions",
    sa.MetaData(),
    sa.Column("session_key", sa.String(64), primary_key=True),
    sa.Column("session_value", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)


class _Place:
    """A slot for one connection. It becomes free when its caller is gone, no matter how the call ended."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()


def _is_deadlock(error: BaseException) -> bool:
    """Whether it is a deadlock of MySQL or MariaDB, from concurrent inserts of a deleted row. Retrying helps."""
    return isinstance(error, DBAPIError) and error.orig is not None and error.orig.args[:1] == (1213,)


class SqlStore:
    """The table `dingtalk_sessions`. It is created if it does not exist.

    Each operation opens a new connection. Operations are rare, and this way a restart of the server or its idle timeout
    cannot break one.
    """

    has_add = True

    def __init__(self, make_engine: Callable[[], sa.Engine], name: str) -> None:
        self.name = name
        self._make_engine = make_engine
        self._prepared = False
        self._open()
        after_fork(self, SqlStore._open)

    def _open(self) -> None:
        self._engine = self._make_engine()
        self._places: WeakKeyDictionary[_Place, None] = WeakKeyDictionary()  # in this order

    def get(self, key: str) -> object:
        with self._connected() as connection:
            return connection.scalar(sa.select(_table.c.session_value).where(_at(key)))

    def set(self, key: str, raw: str, expires: float) -> None:
        # databases differ in the syntax of an upsert; this works on all of them
        change = _table.update().where(_at(key)).values(session_value=raw, expires_at=wall() + expires)
        if not self._write(change) and not self.add(key, raw, expires):
            self._write(change)  # another process inserted it in between

    def delete(self, key: str) -> None:
        self._write(_table.delete().where(_at(key)))

    def add(self, key: str, raw: str, expires: float) -> bool:
        row = {"session_key": _digest(key), "session_value": raw, "expires_at": wall() + expires}
        try:
            self._write(_table.insert().values(row))
        except IntegrityError:
            return False
        return True

    def discard(self, key: str, raw: object) -> None:
        self._write(_table.delete().where(_at(key), _table.c.session_value == raw))

    @retry(retry=retry_if_exception(_is_deadlock), stop=stop_after_attempt(10), reraise=True)
    def _write(self, statement: sa.Executable) -> int:
        """Execute a statement. Returns how many rows it matched."""
        with self._connected() as connection:
            return connection.execute(statement).rowcount

    @contextmanager
    def _connected(self) -> Generator[sa.Connection]:
        place = _Place()
        # a signal handler may come in the middle of a call of its thread: it gets an engine of its own
        engine = self._make_engine() if any(each.thread == place.thread for each in self._taken()) else self._engine
        try:
            self._places[place] = None
            while place not in self._taken()[:_MAX_CONNECTIONS]:
                time.sleep(_LOOK_AGAIN)
            if not self._prepared:
                self._prepare(engine)
                self._prepared = True
            with engine.connect() as connection:
                yield connection
        finally:
            self._places.pop(place, None)

    def _taken(self) -> list[_Place]:
        return [place for each in self._places.keyrefs() if (place := each()) is not None]

    def _prepare(self, engine: sa.Engine) -> None:
        with engine.connect() as connection:
            try:
                _table.create(connection, checkfirst=True)
            except DBAPIError:  # another process may have created it at the same moment
                if not sa.inspect(connection).has_table(_table.name):
                    raise
            connection.execute(_table.delete().where(_table.c.expires_at < wall() - CLOCK_TOLERANCE))


def from_url(url: str, name: str) -> SqlStore:
    """A store with short timeouts, unless the query string of the URL sets others."""
    try:
        place = sa.make_url(url)
        dialect = place.get_dialect()
    except ArgumentError:
        raise ValueError from None
    if dialect.is_async:
        raise ConfigurationError(
            f"session store {name}: the driver {dialect.driver} is for asyncio / 该驱动用于 asyncio，请换用同步驱动"
        )
    timeouts = {k: v for k, v in _TIMEOUTS.get(dialect.driver, {}).items() if k not in place.query}

    def make_engine() -> sa.Engine:
        return sa.create_engine(
            place,
            poolclass=sa.NullPool,
            connect_args=timeouts,
            hide_parameters=True,  # otherwise the message of an error quotes the token
            isolation_level="AUTOCOMMIT",  # a signal handler that comes in between would wait for an open transaction
        )

    return SqlStore(make_engine, name)


def _at(key: str) -> sa.ColumnElement[bool]:
    return _table.c.session_key == _digest(key)


def _digest(key: str) -> str:
    """Hash a key, since databases differ in maximum length and in whether case and trailing spaces count."""
    return hashlib.sha256(key.encode()).hexdigest()
