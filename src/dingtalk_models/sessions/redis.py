"""Sessions in Redis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from dingtalk_models.process.forking import after_fork, renew_locks
from dingtalk_models.sessions.base import UnreadableEntry

T = TypeVar("T")

_TIMEOUT = 2.0
_DISCARD = """if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end"""


class RedisStore:
    """One Redis client. Threads can share it, and redis-py resets its connection pool after a fork.

    A client with a single connection is used through its pool: a signal handler may need a second one.
    """

    has_add = True

    def __init__(self, client: Redis, name: str) -> None:
        self.name = name
        single = getattr(client, "connection", None) is not None
        self._client = Redis(connection_pool=client.connection_pool) if single else client
        self._scripts: dict[str, Script] = {}
        after_fork(self, RedisStore._after_fork)

    def _after_fork(self) -> None:
        renew_locks(self._client, "redis")  # redis-py takes the lock of a pool to reset it

    def get(self, key: str) -> object:
        try:
            return self._do(lambda: self._client.get(key))
        except ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                raise UnreadableEntry from error
            raise

    def set(self, key: str, raw: str, expires: float) -> None:
        self._do(lambda: self._client.set(key, raw, px=_milliseconds(expires)))

    def delete(self, key: str) -> None:
        self._do(lambda: self._client.delete(key))

    def add(self, key: str, raw: str, expires: float) -> bool:
        return bool(self._do(lambda: self._client.set(key, raw, px=_milliseconds(expires), nx=True)))

    def discard(self, key: str, raw: object) -> None:
        self._do(lambda: self._client.eval(_DISCARD, 1, key, cast("str | bytes", raw)))

    def run(self, script: str, key: str, arguments: tuple[str | int, ...]) -> list[int]:
        """Run a script. Its text is sent only if the server does not know it yet."""
        if script not in self._scripts:
            self._scripts[script] = self._client.register_script(script)
        return cast("list[int]", self._do(lambda: self._scripts[script]([key], arguments)))

    def _do(self, command: Callable[[], T]) -> T:
        """Send a command. After an exception from outside, its reply may still arrive on a connection in the pool."""
        try:
            return command()
        except RedisError:
            raise
        except BaseException:
            self._client.connection_pool.disconnect(inuse_connections=False)
            raise


def from_url(url: str, name: str) -> RedisStore:
    """A store with short timeouts, unless the query string of the URL sets others."""
    redis: Any = Redis  # the options of `from_url` are not typed
    client = redis.from_url(url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 1))
    try:
        client.connection_pool.make_connection()  # does not connect yet, but checks the options of the URL
    except TypeError:
        raise ValueError from None
    return RedisStore(client, name)


def from_client(client: Redis) -> RedisStore:
    """A store with a user's client. Its name is the address of the server."""
    where = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    if "path" in where:
        return RedisStore(client, f"unix://{where['path']}")
    place = f"{where.get('host', '…')}:{where.get('port', 6379)}/{where.get('db', 0)}"
    return RedisStore(client, f"redis://{place}")


def _milliseconds(expires: float) -> int:
    return max(1, math.ceil(expires * 1000))
