"""Resets what a process inherits by `fork()` and must not use: sockets of its parent, locks that are never released.

`after_fork(self, Class.method)` has the method called first thing in each child. The method must not block.
`check_fork()` is called before such state is used. It notices a fork that Python does not know of: uWSGI forks in C.
`no_fork()` is for a C library that breaks if a fork comes in the middle of a call, such as SQLite.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

T = TypeVar("T")

LONGEST_CALL = 12.0
"""Seconds for which a fork waits at most for the calls in `no_fork`."""


class _Process:
    """The current process, and what has to be reset in a child."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.resets: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()
        self.checking = threading.Lock()
        self.idle = threading.Condition()
        self.busy: set[int] = set()
        self.forking = 0

    def reset(self) -> None:
        self.checking = threading.Lock()
        self.idle = threading.Condition()
        self.busy.clear()
        self.forking = 0
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
        with self.idle:
            self.forking += 1  # from now on, new calls wait: otherwise a busy process would never fork
            self.idle.wait_for(lambda: self.busy <= {threading.get_ident()}, LONGEST_CALL)

    def after_fork_in_parent(self) -> None:
        with self.idle:
            self.forking -= 1
            self.idle.notify_all()


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
    """A context in which another thread cannot fork: the fork waits until this context is left."""
    me = threading.get_ident()
    with _process.idle:
        _process.idle.wait_for(lambda: not _process.forking)
        _process.busy.add(me)
    try:
        yield
    finally:
        with _process.idle:
            _process.busy.discard(me)
            _process.idle.notify_all()


def renew_locks(thing: object, library: str) -> None:
    """Replace every lock in an object of a library, and in the parts of it that belong to the same library.

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
