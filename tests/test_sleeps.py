"""Tests wait until something is so (waiting.py), and never for a while."""

from __future__ import annotations

import re
from pathlib import Path

SLEEP = re.compile(r"\bsleep\((?!0\))")

ALLOWED = {
    "frozen.py": "the time stands still there, so that waiting.py would wait for ever",
    "interrupts.py": "exceptions at random moments",
    "peers.py": "peers that send slowly, and callers that are idle, on purpose",
    "plain_examples.py": "a program without this package, which waits before it tries again",
    "stream_bot.py": "handlers that take a random time, in a bot that is killed",
    "test_card_stream.py": "an answer that is written for more than half a second",
    "test_card_stream_ways.py": "answers that are cancelled at random moments",
    "test_closing.py": "a program that ends while a call is under way",
    "test_deadlines.py": "a file and a peer that are read slowly",
    "test_rate_limit.py": "measures how late an event loop wakes those who sleep",
    "test_retry.py": "only the kernel sees that a queue of connections is full",
    "test_stream_sturdy.py": "a handler that blocks the event loop",
    "waiting.py": "looks again and again",
    "wires.py": "a signal, which Python may notice late",
}
"""The files in which something sleeps, and why."""


def test_no_test_sleeps_for_a_while() -> None:
    files = [path for path in Path(__file__).parent.rglob("*.py") if path != Path(__file__)]
    assert {path.name for path in files if SLEEP.search(path.read_text("utf-8"))} == set(ALLOWED)
