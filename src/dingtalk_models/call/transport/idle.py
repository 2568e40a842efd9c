"""The idle connections of a pool of urllib3.

An exception from outside can come at any moment, by a signal such as Ctrl-C or by `PyThreadState_SetAsyncExc`. If it
comes while `queue.LifoQueue` puts a connection back, the queue's lock stays held, and the next call hangs. A call from
a signal handler at that moment would hang as well. The queue here uses no lock.
"""

from __future__ import annotations

import threading
from collections import deque
from functools import cache
from queue import Empty, Full
from typing import Generic, TypeVar, cast

from urllib3 import HTTPConnectionPool, PoolManager

from dingtalk_models.call.transport.connection import guarded
from dingtalk_models.clocks import monotonic

T = TypeVar("T")

_LOOK_AGAIN = 0.1
"""Seconds after which a waiting caller checks again, since an interrupt may have lost its wake-up."""


class Idle(Generic[T]):
    """The part of `queue.LifoQueue` that a pool uses.

    Args:
        maxsize: how many items it holds at most; 0 for no limit.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self._items: deque[T] = deque()
        self._waiting: deque[threading.Lock] = deque()

    def qsize(self) -> int:
        """How many items there are."""
        return len(self._items)

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002 - urllib3 passes them
        """Put an item on top. Never waits for room, since a pool puts back only what it has taken.

        Raises:
            Full: there is no room.
        """
        self._items.append(item)
        if 0 < self.maxsize < len(self._items):
            try:
                self._items.remove(item)
            except ValueError:  # another thread has just taken it
                return
            raise Full
        if self._waiting:
            self._wake_one()

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take the item on top.

        Args:
            block: whether to wait for one.
            timeout: for how many seconds; `None` for as long as it takes.

        Raises:
            Empty: there is none.
        """
        until = None if timeout is None else monotonic() + timeout
        while True:
            try:
                return self._items.pop()
            except IndexError:
                left = _LOOK_AGAIN if until is None else min(_LOOK_AGAIN, until - monotonic())
            if not block or left <= 0:
                raise Empty
            self._wait(left)

    def _wait(self, seconds: float) -> None:
        told = threading.Lock()
        told.acquire()
        self._waiting.append(told)
        if not self._items:
            told.acquire(timeout=seconds)
        try:
            self._waiting.remove(told)
        except ValueError:  # an item arrived: `put` has released this waiter
            return

    def _wake_one(self) -> None:
        try:
            self._waiting.popleft().release()
        except IndexError:  # it has stopped waiting
            return


def guard(manager: PoolManager) -> None:
    """Make a pool manager use this queue and guarded connections."""
    kinds = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _guarded(kind) for scheme, kind in kinds.items()}


@cache
def _guarded(kind: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(cast("type", kind.QueueCls), Idle):
        return kind
    own = {"QueueCls": Idle, "ConnectionCls": guarded(kind.ConnectionCls)}
    return type(kind.__name__, (kind,), own)
