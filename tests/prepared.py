"""Runs the functions of a file as programs, each in a process of its own that has imported the file already.

To start Python and to import the package takes a second of the processor, and most scenarios take less. So one process
imports the file, once; it starts no thread and opens nothing, and forks itself for each program.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple


class Ended(NamedTuple):
    """What a program printed, and how it ended."""

    code: int
    out: str
    err: str


class Prepared:
    """Runs the functions of a file, of which one is `main`: it gets the name of another, and its arguments."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, *arguments: object, timeout: float) -> Ended:
        """Run one as a program. It fails if it does not end in time."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([timeout, *map(str, arguments)]) + "\n")
        self._process.stdin.flush()
        return Ended(*json.loads(self._process.stdout.readline()))


@contextmanager
def prepared(file: Path) -> Generator[Prepared]:
    """A process that has imported a file in this folder, and runs its functions."""
    command = [sys.executable, __file__, file.stem]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield Prepared(process)
        process.communicate()


def _serve(name: str) -> None:
    module = import_module(name)
    for line in sys.stdin:
        timeout, *arguments = json.loads(line)
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = os.fork()
            if not child:
                os.setsid()
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                sys.exit(module.main(*arguments))
            hangs = not select.select([os.pidfd_open(child)], [], [], timeout)[0]
            if hangs:
                os.killpg(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(json.dumps([code, _read(out), _read(err) + "it hangs\n" * hangs]), flush=True)


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


if __name__ == "__main__":
    _serve(sys.argv[1])
