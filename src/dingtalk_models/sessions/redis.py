"""Sessions in Redis."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.retry import Retry

from dingtalk_models.forking import after_fork, renew_locks
from dingtalk_models.sessions.base import UnreadableEntry

T = TypeVar("T")

_TIMEOUT = 2.0
_DISCARD = """if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end"""


class RedisStore:
    """One Redis client, which is safe for threads; redis-py resets its connection pool in a child."""

    has_add = True

    def __init__(self, client: Redis, name: str) -> None:
        self.name = name
        self._client = client
        self._connection = getattr(client, "connection", None)  # of a `single_connection_client`, beside its pool
        self._scripts: dict[str, Script] = {}
        after_fork(self, RedisStore._after_fork)

    def _after_fork(self) -> None:
        renew_locks(self._client, "redis")  # redis-py takes a pool's lock to reset the pool
        if self._connection is not None:
            self._connection.disconnect()  # only closes it here: the parent's end stays open

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
        """Run a script; its text is sent only where the server does not know it yet."""
        if script not in self._scripts:
            self._scripts[script] = self._client.register_script(script)
        return cast("list[int]", self._do(lambda: self._scripts[script]([key], arguments)))

    def _do(self, command: Callable[[], T]) -> T:
        """Send a command; again, if a single connection was dead. A pool finds that out before it gives one away."""
        try:
            return command()
        except RedisConnectionError:
            if self._connection is None:
                raise
            return command()


def from_url(url: str, name: str) -> RedisStore:
    """A store with short timeouts, unless the URL's query sets others."""
    redis: Any = Redis  # which leaves the options of `from_url` untyped
    client = redis.from_url(url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 1))
    try:
        client.connection_pool.make_connection()  # not connected yet, but the query's options are looked at
    except TypeError:
        raise ValueError from None
    return RedisStore(client, name)


def from_client(client: Redis) -> RedisStore:
    """A store over a user's client, named by where it connects to."""
    where = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    if "path" in where:
        return RedisStore(client, f"unix://{where['path']}")
    place = f"{where.get('host', '…')}:{where.get('port', 6379)}/{where.get('db', 0)}"
    return RedisStore(client, f"redis://{place}")


def _milliseconds(expires: float) -> int:
    return max(1, math.ceil(expires * 1000))
