"""Processes that are forked from a test."""

from __future__ import annotations

import logging
import os
import pickle
import select
import signal
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

import pytest

T = TypeVar("T")


class Child(Generic[T]):
    """A forked process that does some work, and ends without output.

    Args:
        work: what it does; its result has to fit through a pipe.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        read_end, write_end = os.pipe()
        with warnings.catch_warnings():
            # Python says that forking is dangerous while there are threads: that is what these tests are about
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if self.pid == 0:
            status = 1
            logging.disable()  # what pytest keeps it in may be locked by a thread of the parent
            try:
                os.close(read_end)
                with os.fdopen(write_end, "wb") as pipe:
                    try:
                        pipe.write(pickle.dumps(work()))
                        status = 0
                    except BaseException:  # noqa: BLE001 - told to the parent
                        pipe.write(pickle.dumps(traceback.format_exc()))
            finally:
                os._exit(status)
        os.close(write_end)
        self._pipe = read_end

    def result(self, timeout: float = 30) -> T:
        """The result of the work. A child that hangs fails the test."""
        content = b""
        with os.fdopen(self._pipe, "rb") as pipe:
            while select.select([pipe], [], [], timeout)[0] and (piece := os.read(pipe.fileno(), 1 << 16)):
                content += piece
        if not content:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        if not content:
            pytest.fail(f"the child hangs, or died: {status}")
        result = pickle.loads(content)
        if status:
            pytest.fail(f"in the child:\n{result}")
        answer: T = result
        return answer
