"""Runs handlers so that no exception of theirs ends the program.

For example, `argparse` raises `SystemExit` for a wrong text in a chat, which would stop an event loop. Exceptions
raised by signal handlers pass through, since they are meant for the program.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from traceback import walk_tb
from types import CodeType
from typing import Any


def called(handler: Callable[[Any], object], value: object) -> object:
    """Call a handler. If it returns a coroutine, run that on a new event loop.

    Raises:
        RuntimeError: it raised an exception that would end the program.
    """
    try:
        returned = handler(value)
    except Exception:
        raise
    except BaseException as error:
        if _is_of_signal(error):
            raise
        raise _told(error) from error
    return asyncio.run(awaited(returned)) if asyncio.iscoroutine(returned) else returned


async def awaited(work: Awaitable[object]) -> object:
    """Await a handler's coroutine.

    Raises:
        RuntimeError: it raised an exception that would end the event loop, or a cancellation that nobody asked for.
    """
    try:
        return await work
    except Exception:
        raise
    except BaseException as error:
        is_end = isinstance(error, asyncio.CancelledError | GeneratorExit)
        if _is_ended() if is_end else _is_of_signal(error):
            raise
        raise _told(error) from error


def _told(error: BaseException) -> RuntimeError:
    return RuntimeError(f"a handler raised {type(error).__name__}")


def _is_ended() -> bool:
    """Whether this task was cancelled, or this coroutine is being closed outside of a task."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True
    return task is None or task.cancelling() > 0


def _is_of_signal(error: BaseException) -> bool:
    """Whether a signal handler raised this error: then its function is in the traceback.

    Python's own Ctrl-C handler is written in C and never appears there.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        return True
    codes = set(_codes())
    return any(frame.f_code in codes for frame, _ in walk_tb(error.__traceback__))


def _codes() -> Generator[CodeType]:
    """Return the code objects of all signal handlers."""
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        while isinstance(handler, partial):
            handler = handler.func
        if isinstance(code := getattr(handler, "__code__", None), CodeType):
            yield code
