"""Runs handlers so that what they raise is the error of a handler, and never the end of the program.

`argparse` raises `SystemExit` over a text that somebody wrote in a chat. On an event loop, that would end the loop.
What a signal has raised passes: it was meant for the program.
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
    """Call a handler. If a function returns a coroutine, that is awaited on a loop of its own.

    Raises:
        RuntimeError: it raised what would end the program.
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
    """Await what a handler does.

    Raises:
        RuntimeError: it raised what would end the event loop, or a cancellation although nobody has cancelled it.
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
    """Whether this task was cancelled, or this coroutine is closed, which happens in no task."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True
    return task is None or task.cancelling() > 0


def _is_of_signal(error: BaseException) -> bool:
    """Whether the handler of a signal has raised it: then its function is in the traceback.

    Python's own handler of Ctrl-C is not written in Python, so it is in none.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    if isinstance(error, KeyboardInterrupt) and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        return True
    codes = set(_codes())
    return any(frame.f_code in codes for frame, _ in walk_tb(error.__traceback__))


def _codes() -> Generator[CodeType]:
    """The code of each function that handles a signal."""
    for number in signal.valid_signals():
        handler: Any = signal.getsignal(number)
        while isinstance(handler, partial):
            handler = handler.func
        if isinstance(code := getattr(handler, "__code__", None), CodeType):
            yield code
