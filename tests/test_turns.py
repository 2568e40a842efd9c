"""No lock that a thread can wait for for ever: where locks are, why, and what `Turns` does instead."""

from __future__ import annotations

import ast
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import dingtalk_models
from dingtalk_models.process.turns import LONGEST, Turns

ROOT = Path(dingtalk_models.__file__).parent

LOCKS = {
    "threading": {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier"},
    "queue": {"Queue", "LifoQueue", "PriorityQueue"},
    "concurrent.futures": {"Future", "ThreadPoolExecutor", "wait", "as_completed"},
}
"""What takes a lock, by module: all but the first two of them in Python code, where an interrupt leaves it held."""

REASONS = {
    "process/turns.py": "the one lock for state: it waits a moment at most",
    "process/threads.py": "what one caller sleeps on; it looks by itself in time",
    "call/transport/idle.py": "what one caller sleeps on; it looks by itself in time",
    "sessions/memcached.py": "a user's client with one connection, entered once by a thread, waited for in time",
    "process/forking.py": "the kinds of locks that are renewed in the objects of libraries",
    "cli/commands/listen.py": "lines on the terminal, by handlers in threads; no handler of a signal prints",
}
"""Each file that takes a lock, and why it can. Whoever adds one here says why no thread can wait for itself there.

The sandbox is left out: it runs in its own threads, which no signal reaches, and nobody's finalizer calls it.
"""


def locks_in(file: Path) -> set[str]:
    """The names of what takes a lock, in a file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in LOCKS:
            found |= {node.attr} & LOCKS[node.value.id]
        elif isinstance(node, ast.ImportFrom) and node.module in LOCKS:
            found |= {each.name for each in node.names} & LOCKS[node.module]
    return found


def test_each_lock_has_its_reason() -> None:
    files = [each for each in ROOT.rglob("*.py") if "sandbox" not in each.parts and "platform" not in each.parts]
    assert {str(each.relative_to(ROOT)) for each in files if locks_in(each)} == set(REASONS)


def test_a_turn_is_one_thread_at_a_time() -> None:
    turns, inside, most = Turns(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(300):
            with turns:
                inside += 1
                most = max(most, inside)
                inside -= 1

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert most == 1


def test_nobody_waits_for_a_thread_that_stands_still() -> None:
    """Nor does anybody after the first one, and it does no harm when that thread goes on."""
    turns, still, goes_on = Turns(), threading.Event(), threading.Event()

    def stand_still() -> None:
        with turns:
            still.set()
            goes_on.wait()

    stopped = threading.Thread(target=stand_still)
    stopped.start()
    still.wait()
    begun = time.monotonic()
    for _ in range(100):
        with turns:
            pass
    assert LONGEST <= time.monotonic() - begun < 20 * LONGEST
    goes_on.set()
    stopped.join()
    with turns, turns:
        pass


def test_a_handler_that_waits_for_another_thread() -> None:
    """That thread needs the turn of the one below the handler."""
    turns, came = Turns(), list[int]()

    def enter() -> None:
        with turns:
            came.append(threading.get_ident())

    def handle(_: int, __: FrameType | None) -> None:
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()

    before = signal.signal(signal.SIGALRM, handle)
    try:
        with turns:
            signal.raise_signal(signal.SIGALRM)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(came) == 1
