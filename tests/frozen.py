"""What is used while the time is frozen, for tests/test_time_travel.py: `python tests/frozen.py freezegun`.

A process of its own, since freezegun looks into every module that is loaded.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import freezegun
import time_machine
from pushing import KEY, TOKEN
from streaming import shows

from dingtalk_models import BEIJING, Department, DingTalkApp, DingTalkError, Event, RateLimit, Retry, User
from dingtalk_models.message import RobotSpace
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sessions.opening import open_session

START = "2030-01-02 03:04:05"
PER_SECOND = 10
WAYS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "freezegun": lambda: freezegun.freeze_time(START, tz_offset=8),
    "freezegun, but asyncio": lambda: freezegun.freeze_time(START, real_asyncio=True),
    "time-machine": lambda: time_machine.travel(START, tick=False),
}
Travel = Callable[[float], None]


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for it, by no clock that is frozen."""
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError(what)


@contextmanager
def site(app: DingTalkApp) -> Generator[str]:
    """A site that receives pushes, with nothing to import."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            push = app.callback.receive(dict(parse_qsl(urlsplit(self.path).query)), body.decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(push.reply).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def tokens_expire(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    """The client knows, and is not refused; the sandbox knows too."""
    before, number = app.get_access_token(), sandbox.calls.last.number
    travel(7201)
    assert app.get_access_token() != before
    User.get("zhaolei")
    assert [call.code for call in sandbox.calls.since(number) if call.code] == []


def what_is_kept_expires(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    del sandbox, app
    session = open_session()
    session.set("key", "value", 100)
    assert session.get("key") == "value"
    travel(101)
    assert session.get("key") is None


def limits_go_on(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    del sandbox, app, travel
    for _ in range(PER_SECOND + 2):
        Department.get(1)


def limits_go_on_awaited(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    del sandbox, travel

    async def awaited() -> None:
        await asyncio.gather(*(Department.get.aio(1) for _ in range(PER_SECOND + 2)))
        await app.aclose()

    asyncio.run(awaited())


def deadlines_come(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    del app, travel
    number = sandbox.calls.last.number
    fault = sandbox.fail("/topapi/v2/user/get", errcode=-1, times=400)
    with sandbox.app(
        rate_limit=None, retry=Retry(attempts=400, deadline=0.3, first_wait=0.05, longest_wait=0.05)
    ) as hasty:
        try:
            User.get("zhaolei")
        except DingTalkError:
            tried = len(sandbox.calls.since(number))
            assert tried < 30, f"it ended after {tried} attempts"
        else:
            raise AssertionError("it was to fail")
        finally:
            fault.cancel()
    hasty.close()


def delays_end(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    del app, travel
    sandbox.fail("/topapi/v2/department/get", delay=0.05)
    with sandbox.app(retry=Retry(attempts=1, deadline=5)) as impatient:
        Department.get(1)
    impatient.close()


def cards_grow(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    del travel
    stream = app.message.cards.stream(sandbox.cards.add_template(), RobotSpace("zhaolei"), interval=0.05)
    with stream as card:
        for end in "abc":
            card.write(end)
            until(shows(sandbox, stream, card.text), f"{card.text!r} is not shown")


def pushes_arrive(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    """The sandbox pushes from a thread of its own. The push is sealed by its clock, and checked by the app's."""
    found: list[Event] = []
    app.callback.on(Event)(found.append)
    with site(app) as url:
        app.callback.subscriptions.register(["user_modify_org"], url=url)
        User.objects.update("zhaolei", title="A")
        until(lambda: found, "the push does not arrive")
        sandbox.settle()
        event = found[-1]
        assert event.time is not None
        assert abs(event.time.timestamp() - sandbox.clock.now()) < 60, event.time
        app.callback.subscriptions.delete()
    travel(60)


def stream_mode_starts_and_stops(sandbox: Sandbox, app: DingTalkApp, travel: Travel) -> None:
    found: list[Event] = []
    app.callback.on(Event)(found.append)
    for _ in range(2):
        app.stream.start()
        sandbox.push("user_modify_org", userId=["zhaolei"])
        until(lambda: found, "nothing arrives")
        app.stream.stop(timeout=5)
        found.clear()
    travel(60)


EVERY = [
    tokens_expire,
    what_is_kept_expires,
    limits_go_on,
    limits_go_on_awaited,
    deadlines_come,
    delays_end,
    cards_grow,
    pushes_arrive,
    stream_mode_starts_and_stops,
]


def main(way: str) -> None:
    with Sandbox() as sandbox:
        app = sandbox.app(rate_limit=RateLimit(per_second=PER_SECOND), token=TOKEN, aes_key=KEY)
        with app:
            app.get_access_token()
            with WAYS[way]() as clock:
                assert datetime.fromtimestamp(sandbox.clock.now(), BEIJING).year == 2030
                for use in EVERY:
                    if use is limits_go_on_awaited and way == "freezegun":
                        continue  # the timers of asyncio stand still
                    try:
                        use(sandbox, app, clock.tick if "freezegun" in way else clock.shift)
                    except Exception as error:
                        error.add_note(f"in {use.__name__}")
                        raise
            for use in (deadlines_come, cards_grow, pushes_arrive, stream_mode_starts_and_stops):
                use(sandbox, app, lambda _: None)
        app.close()


if __name__ == "__main__":
    main(sys.argv[1])
