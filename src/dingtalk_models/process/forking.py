"""Resets what a process inherits by `fork()` and must not use: sockets of its parent, locks that are never released.

`after_fork(self, Class.method)` makes each child call the method first. The method must not block.
`check_fork()` is called before such state is used. It notices a fork that Python does not know of: uWSGI forks in C.
`no_fork()` is for a C library that breaks if a fork comes in the middle of a call, such as SQLite or OpenSSL.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from dingtalk_models.clocks import monotonic
from dingtalk_models.process.turns import Turns

T = TypeVar("T")

LONGEST_CALL = 12.0
"""The most seconds for which a fork waits for calls in `no_fork`."""

_LOOK_AGAIN = 0.001


class _Mark:
    """Marks a thread that is in `no_fork` or about to fork. A mark left behind by an interrupt expires."""

    __slots__ = ("thread", "until")

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.until = monotonic() + 2 * LONGEST_CALL


def _of_others(marks: dict[_Mark, None]) -> bool:
    """Whether another thread has a mark."""
    if not marks:
        return False
    me, now = threading.get_ident(), monotonic()
    return any(mark.thread != me and now < mark.until for mark in tuple(marks))


class _Process:
    """The current process, and what has to be reset in a child."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.resets: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()
        self.checking = Turns()
        self.busy: dict[_Mark, None] = {}  # the calls in `no_fork`
        self.forks: dict[_Mark, None] = {}  # the forks that wait for them

    def reset(self) -> None:
        self.checking = Turns()
        self.busy.clear()
        self.forks.clear()
        errors: list[Exception] = []
        for owner, reset in tuple(self.resets.items()):
            try:
                reset(owner)
            except Exception as error:  # noqa: BLE001 - raised below, when all are reset
                errors.append(error)
        self.pid = os.getpid()  # last, so that no other thread of the child passes `check_fork` too early
        if errors:
            raise ExceptionGroup("a forked process could not reset everything that it inherited", errors)

    def before_fork(self) -> None:
        self.forks[_Mark()] = None  # from now on, new calls wait, or a busy process could never fork
        until = monotonic() + LONGEST_CALL
        while _of_others(self.busy) and monotonic() < until:
            time.sleep(_LOOK_AGAIN)

    def after_fork_in_parent(self) -> None:
        me = threading.get_ident()
        for mark in tuple(self.forks):
            if mark.thread == me:
                self.forks.pop(mark, None)


_process = _Process()
if sys.platform != "win32":
    os.register_at_fork(
        before=_process.before_fork,
        after_in_parent=_process.after_fork_in_parent,
        after_in_child=_process.reset,
    )


def after_fork(owner: T, reset: Callable[[T], None]) -> None:
    """Register a method of an object, to be called in each child. This does not keep the object alive."""
    _process.resets[owner] = reset


def check_fork() -> None:
    """Reset what was inherited, if this process is the child of a fork that Python does not know of."""
    if os.getpid() != _process.pid:
        with _process.checking:
            if os.getpid() != _process.pid:
                _process.reset()


@contextmanager
def no_fork() -> Generator[None]:
    """Delay forks by other threads until this context is left."""
    call = _Mark()
    try:
        while call not in _process.busy:
            while _of_others(_process.forks):
                time.sleep(_LOOK_AGAIN)
            _process.busy[call] = None
            if _of_others(_process.forks):  # it has begun since, and may not have seen this call
                _process.busy.pop(call, None)
        yield
    finally:
        _process.busy.pop(call, None)


def renew_locks(thing: object, library: str) -> None:
    """Replace every lock in a library's object and in those of its parts that belong to the same library.

    A thread of the parent may have held a lock at the fork. In the child, nobody would ever release it.
    """
    new: dict[int, Any] = {}
    seen: dict[int, object] = {}
    left = [thing]
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen[id(each)] = each
        if isinstance(each, dict):
            left += cast("dict[Any, object]", each).values()
        elif isinstance(each, list | tuple | set):
            left += cast("Iterable[object]", each)
        elif any(base.__module__.partition(".")[0] == library for base in type(each).__mro__):
            attributes: dict[str, object] = getattr(each, "__dict__", {})
            for name, value in attributes.items():
                for kind, make in ((_LOCK, threading.Lock), (_RLOCK, threading.RLock)):
                    if isinstance(value, kind):
                        setattr(each, name, new.setdefault(id(value), make()))
            left += attributes.values()


_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
