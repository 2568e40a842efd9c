"""Stops running work when the process exits."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Generic, TypeVar

from dingtalk_models.core.errors import DingTalkError

T = TypeVar("T")

logger = logging.getLogger("dingtalk_models")


class Endings(Generic[T]):
    """The running work of this process, which is stopped at exit.

    SIGTERM normally kills a process at once. While work is running, it raises `SystemExit` instead, so that `with`
    statements are left properly. A program's own handler stays in place.

    Args:
        end: stops one item.
    """

    def __init__(self, end: Callable[[T], None]) -> None:
        self._end = end
        self._under_way: dict[int, tuple[int, T]] = {}
        self._registered = False

    def add(self, one: T) -> None:
        """Add work that starts."""
        self._under_way[id(one)] = os.getpid(), one
        if not self._registered:
            self._registered = True
            atexit.register(self._at_exit)
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._on_sigterm)

    def discard(self, one: T) -> None:
        """Remove work that has ended."""
        self._under_way.pop(id(one), None)

    def has(self, one: T) -> bool:
        """Whether an item is running in this process."""
        return self._under_way.get(id(one), (0, one))[0] == os.getpid()

    def _of_this_process(self) -> list[T]:
        return [one for pid, one in tuple(self._under_way.values()) if pid == os.getpid()]

    def _at_exit(self) -> None:
        for one in self._of_this_process():
            try:
                self._end(one)
            except DingTalkError:
                logger.exception("%r could not be ended at exit", one)

    def _on_sigterm(self, number: int, _: FrameType | None) -> None:
        if self._of_this_process():
            raise SystemExit(128 + number)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
