"""An hour of bad days in a minute: what the network, the gateway, the platform and the handlers do to a bot.

Connections are cut and die silently, the gateway gives notice, is restarted, and refuses to let the bot in again;
events and clicks come twice, and handlers end by `SystemExit`. `HOUR=1` runs the whole of it, 20,000 events; by default
it is a twentieth.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from bots import Bot, bot
from servers import free_port
from waiting import until

from dingtalk_models.sandbox import Sandbox

WHOLE = bool(os.environ.get("HOUR"))
EVENTS = 20_000 if WHOLE else 1_000
EVERY = 500 if WHOLE else 100
"""Events between two bad things."""

CLICKS = 5
"""Clicks in that time."""
LEAVES = 0.02
"""The share of what is handled where the handler ends by `SystemExit`, the first time."""

OPEN = "/v1.0/gateway/connections/open"
CLICK = "/v1.0/card/instances/callback"
REFUSALS = ("invalidClientIdOrSecret", "InvalidAuthentication")
GROWTH = 8 * 1024 * 1024
"""Bytes by which a process may grow from the first quarter to the end."""


def memory(one: Bot) -> int:
    """The bytes that a process has in memory."""
    pages = int(Path(f"/proc/{one.process.pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def came_again(sandbox: Sandbox, opened: int) -> bool:
    """Whether a connection was made since."""
    return sandbox.stream.opened > opened


def is_reached(sandbox: Sandbox) -> bool:
    """Whether everything that is sent arrives; what is half open is cut off, which the platform does in time."""
    clients = tuple(sandbox.stream.clients)
    if mute := [each for each in clients if each.mute]:
        sandbox.stream.drop(*mute)
        return False
    return not all(each.leaving for each in clients)


def clicked(sandbox: Sandbox, number: int) -> str:
    """Click, have the click delivered until it is handled and once more, and return its id.

    It is not handled where its handler leaves, where its connection ends, or where the bot has its hands full.
    """
    until(partial(is_reached, sandbox), seconds=60)
    data = {"outTrackId": f"card{number}", "userId": "zhaolei", "corpId": sandbox.corp_id, "content": "{}"}
    click = sandbox.stream.push_callback(CLICK, data, 0)

    def is_answered() -> bool:
        with suppress(TimeoutError):
            sandbox.stream.deliver_again(click, 2)
            return True
        return False

    until(lambda: is_answered() and click.accepted, seconds=60)
    until(is_answered, seconds=60)
    return click.message_id


def do_harm(sandbox: Sandbox, part: int, parts: int) -> None:
    """Do a bad thing to the bot."""
    if part == parts // 2:
        sandbox.stop()
        sandbox.start()
    elif part in (parts // 3, 2 * parts // 3):
        sandbox.stream.silence()
    elif part % 3 == 0:
        sandbox.stream.disconnect()
    else:
        if part % 3 == 1:
            sandbox.fail(OPEN, times=2, status=401, code=REFUSALS[part // 3 % 2])
        sandbox.stream.drop()


def test_an_hour(tmp_path: Path, redis_url: str) -> None:
    sandbox = Sandbox(free_port())
    sandbox.stream.redeliver_after = 0.5
    sandbox.stream.disconnect_after = 1.0
    sandbox.stream.duplicates = 0.05
    parts = EVENTS // EVERY
    with sandbox, bot(sandbox, tmp_path / "done", store=f"{redis_url}/1", leaves=LEAVES) as one:
        began = time.monotonic()
        early = 0
        pushed: set[str] = set()
        for part in range(parts):
            for number in range(EVERY):
                message = sandbox.stream.push_event(("user_add_org", "user_leave_org")[number % 2], {})
                pushed.add(message.headers["eventId"])
            pushed.update(clicked(sandbox, part * CLICKS + number) for number in range(CLICKS))
            before = sandbox.stream.opened
            do_harm(sandbox, part, parts)
            until(partial(came_again, sandbox, before), seconds=60)
            if part % 4 == 3 or part == parts - 1:
                sandbox.stream.wait_until_accepted(60)
            early = early or (memory(one) if part >= parts // 4 else 0)
        sandbox.stream.wait_until_accepted(60)
        took = time.monotonic() - began
        late = memory(one)
        said = one.end()
        handled = one.handled()
        calls = sandbox.received(OPEN)
    asked = [call.at for call in calls]
    refused = sum(call.status == 401 for call in calls)
    failed = int(said.split()[1])
    print(
        f"{EVENTS} events, {parts * CLICKS} clicks in {took:.1f} s, {len(asked)} opens, {refused} refused, "
        f"{sandbox.stream.notices} notices, {failed} SystemExit, {early >> 20} MB early, {late >> 20} MB late; {said}"
    )
    assert one.process.returncode == 0, "it was up until it was told to end"
    assert set(handled.values()) == {1}, "each was handled once"
    assert set(handled) == pushed, "none was lost"
    assert refused >= parts // 3
    assert sandbox.stream.notices >= parts // 3 - 1
    assert failed >= EVENTS * LEAVES / 4
    assert late - early < GROWTH
    assert parts <= len(asked) <= 4 * parts
    assert max(sum(at <= other < at + 1 for other in asked) for at in asked) <= 25, "opens in any second"
