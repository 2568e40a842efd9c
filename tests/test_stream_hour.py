"""An hour of a bad day in a minute: connections are cut, die silently, come twice, and the gateway is restarted.

`HOUR=1` runs the whole of it, 20,000 events; by default it is a twentieth.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

from bots import Bot, bot
from servers import free_port
from waiting import until

from dingtalk_models.sandbox import Sandbox

WHOLE = bool(os.environ.get("HOUR"))
EVENTS = 20_000 if WHOLE else 1_000
EVERY = 500 if WHOLE else 100
"""Events between two cuts."""

OPEN = "/v1.0/gateway/connections/open"
GROWTH = 8 * 1024 * 1024
"""Bytes by which a process may grow from the first quarter to the end."""


def memory(one: Bot) -> int:
    """The bytes that a process has in memory."""
    pages = int(Path(f"/proc/{one.process.pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def came_again(sandbox: Sandbox, opened: int) -> bool:
    """Whether a connection was made since."""
    return sandbox.stream.opened > opened


def test_an_hour(tmp_path: Path, redis_url: str) -> None:
    sandbox = Sandbox(free_port())
    sandbox.stream.redeliver_after = 0.5
    sandbox.stream.duplicates = 0.05
    parts = EVENTS // EVERY
    with sandbox, bot(sandbox, tmp_path / "done", store=f"{redis_url}/1") as one:
        began = time.monotonic()
        early = 0
        pushed: set[str] = set()
        for part in range(parts):
            for number in range(EVERY):
                message = sandbox.stream.push_event(("user_add_org", "user_leave_org")[number % 2], {})
                pushed.add(message.headers["eventId"])
            before = sandbox.stream.opened
            if part == parts // 2:
                sandbox.stop()
                sandbox.start()
            elif part in (parts // 3, 2 * parts // 3):
                sandbox.stream.silence()
            else:
                sandbox.stream.drop()
            until(partial(came_again, sandbox, before), seconds=60)
            if part % 4 == 3 or part == parts - 1:
                sandbox.stream.wait_until_accepted(60)
            early = early or (memory(one) if part >= parts // 4 else 0)
        sandbox.stream.wait_until_accepted(60)
        took = time.monotonic() - began
        late = memory(one)
        said = one.end()
        handled = one.handled()
        asked = [call.at for call in sandbox.received(OPEN)]
    print(f"{EVENTS} events in {took:.1f} s, {len(asked)} opens, {early >> 20} MB early, {late >> 20} MB late; {said}")
    assert set(handled.values()) == {1}, "each was handled once"
    assert set(handled) == pushed, "none was lost"
    assert late - early < GROWTH
    assert parts <= len(asked) <= 4 * parts
    assert max(sum(at <= other < at + 1 for other in asked) for at in asked) <= 25, "opens in any second"
