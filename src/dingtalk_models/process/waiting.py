"""Waiting on a thread. An exception from outside leaves nothing behind, neither a lock nor a wake-up that is lost."""

from __future__ import annotations

import threading
from typing import Any

from dingtalk_models.clocks import monotonic
from dingtalk_models.core.promise import Promise

_LOOK_AGAIN = 1.0
"""Seconds after which whoever waits looks by itself: an interrupt of the other thread may have lost the wake-up."""


def is_kept_in(seconds: float | None, promise: Promise[Any]) -> bool:
    """Wait until a promise is kept, at most so many seconds; `None` for as long as it takes."""
    if promise.is_kept():
        return True
    told = threading.Lock()
    told.acquire()
    promise.tell(told.release)
    until = None if seconds is None else monotonic() + seconds
    while not promise.is_kept():
        left = _LOOK_AGAIN if until is None else min(_LOOK_AGAIN, until - monotonic())
        if left <= 0:
            return False
        told.acquire(timeout=left)
    return True
