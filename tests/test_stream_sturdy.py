"""A bot stays up: whatever the gateway says while it is connected, and whatever a handler raises."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never

import pytest
from listening import ENOUGH, TOPIC, receiving, until

from dingtalk_models import AuthenticationError, DingTalkApp, Event
from dingtalk_models.callback.topic_callback import TopicCallback
from dingtalk_models.sandbox import Sandbox

OPEN = "/v1.0/gateway/connections/open"


@pytest.mark.parametrize("notice", [1, 2], ids=["as documented, without a messageId", "with one"])
def test_each_form_of_the_notice_brings_a_new_connection_at_once(
    app: DingTalkApp, sandbox: Sandbox, notice: int
) -> None:
    app.callback.on(Event)(lambda _: None)
    sandbox.stream.disconnect_after = 60.0
    sandbox.stream.notices = notice - 1
    with receiving(app, first=ENOUGH, longest=ENOUGH):
        sandbox.stream.disconnect()
        sandbox.stream.wait_for_clients(2)
        assert app.stream.status.malformed == 0


def test_an_event_without_a_message_id_is_handled(app: DingTalkApp, sandbox: Sandbox) -> None:
    seen: list[str | None] = []
    app.callback.on(Event)(lambda event: seen.append(event.event_id))
    app.callback.on(topic=TOPIC)(lambda callback: seen.append(callback.message_id))
    with receiving(app):
        sandbox.stream.send_raw('{"type":"EVENT","headers":{"topic":"*","eventType":"a","eventId":"e1"},"data":"{}"}')
        for _ in range(2):
            sandbox.stream.send_raw(f'{{"type":"CALLBACK","headers":{{"topic":"{TOPIC}"}},"data":"{{}}"}}')
        until(lambda: len(seen) == 3)
        until(lambda: len(sandbox.stream.strays) == 3)
    assert sorted(map(str, seen)) == ["None", "None", "e1"]
    assert {each["code"] for each in sandbox.stream.strays} == {200}


@pytest.mark.parametrize(
    "how",
    [
        {"code": "invalidClientIdOrSecret", "status": 401},
        {"code": "InvalidAuthentication", "status": 401},
        {"code": "Forbidden.AccessDenied"},
        {"status": 400},
    ],
    ids=str,
)
def test_a_refusal_of_a_bot_that_was_connected_does_not_end_it(
    app: DingTalkApp, sandbox: Sandbox, how: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app.callback.on(Event)(lambda _: None)
    with receiving(app):
        sandbox.fail(OPEN, times=3, **how)
        sandbox.stream.drop()
        until(lambda: sandbox.stream.opened == 2)
        until(lambda: app.stream.status.healthy)
    lines = [each for each in caplog.records if each.getMessage().startswith("Stream: ") and each.levelno >= 30]
    assert len(lines) == 3, "a line each time"
    if "status" not in how or "code" in how:
        assert {each.levelname for each in lines} == {"ERROR"}


def test_a_wrong_secret_is_one_line(sandbox: Sandbox) -> None:
    program = textwrap.dedent(f"""
        import logging
        from dingtalk_models import DingTalkApp, Event
        logging.basicConfig()
        app = DingTalkApp(appkey={sandbox.appkey!r}, appsecret="wrong", api_url={sandbox.url!r})
        app.callback.on(Event)(print)
        app.stream.run()
    """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert "invalidClientIdOrSecret" in line


def test_a_wrong_secret_is_an_error_where_there_is_more_to_do(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = sandbox.app(appsecret="wrong")
    app.callback.on(Event)(lambda _: None)
    ways: list[Callable[[], None]] = [app.stream.start, lambda: asyncio.run(app.stream.serve())]
    for receive in ways:
        with pytest.raises(AuthenticationError) as refused:
            receive()
        assert len(refused.traceback) < 8
    assert caplog.records == []


# -- what handlers raise -----------------------------------------------------------------------------------------------


def leave() -> Never:
    raise SystemExit(2)


def interrupt() -> Never:
    raise KeyboardInterrupt


def close() -> Never:
    raise GeneratorExit


def cancel() -> Never:
    raise asyncio.CancelledError


class Odd(BaseException):
    """An error that is no Exception."""


def odd() -> Never:
    raise Odd


@pytest.mark.parametrize("is_coroutine", [False, True], ids=["function", "coroutine"])
@pytest.mark.parametrize("ends", [leave, interrupt, close, cancel, odd])
def test_whatever_a_handler_raises_it_is_a_failed_handler(
    app: DingTalkApp,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
    ends: Callable[[], Never],
    is_coroutine: bool,
) -> None:
    runs: list[str] = []

    def once(event: Event) -> None:
        runs.append(event.type)
        if len(runs) == 1:
            ends()

    async def awaited(event: Event) -> None:
        await asyncio.sleep(0)
        once(event)

    app.callback.on(Event)(awaited if is_coroutine else once)
    sandbox.stream.redeliver_after = 1.0
    with receiving(app):
        message = sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted()
        assert (app.stream.status.failed, app.stream.status.handled) == (1, 1)
    assert [each.code for each in message.answers] == [500, 200]
    assert "UserAddOrg was not handled" in caplog.text


def test_a_callback_whose_handler_leaves_is_answered(app: DingTalkApp, sandbox: Sandbox) -> None:
    @app.callback.on(topic=TOPIC)
    async def handler(_: TopicCallback) -> None:
        leave()

    with receiving(app):
        assert sandbox.stream.push_callback(TOPIC, {}).code == 500
        assert sandbox.stream.push_callback(TOPIC, {}).code == 500


BOT = """
import argparse, asyncio, pathlib, signal, sys, time
from dingtalk_models import DingTalkApp, Event

url, key, secret, how, busy_file = sys.argv[1:]
# where a signal's exception is raised: in asyncio's own code, Python may lose the task that was to go on next
nap = 60 if how == "own handler" else 0.001
app = DingTalkApp(appkey=key, appsecret=secret, oapi_url=url, api_url=url)

@app.callback.on("user_add_org")
def parse(event: Event) -> None:
    argparse.ArgumentParser("bot").parse_args(["--help"])

@app.callback.on("user_leave_org")
async def busy(event: Event) -> None:
    pathlib.Path(busy_file).touch()
    while True:
        time.sleep(nap)  # on the loop, so that the signal is raised here
        await asyncio.sleep(0)

async def main():
    await app.stream.serve(timeout=0.2)

if how == "run":
    app.stream.run(timeout=0.2)
elif how == "serve":
    asyncio.run(main())
elif how == "bare loop":
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("how", "number", "codes"),
    [
        ("run", signal.SIGINT, {0}),
        ("run", signal.SIGTERM, {0}),
        ("serve", signal.SIGINT, {-signal.SIGINT, 130}),
        ("bare loop", signal.SIGINT, {-signal.SIGINT, 130}),
        ("own handler", signal.SIGTERM, {7}),
    ],
)
def test_a_real_signal_still_ends_it(
    sandbox: Sandbox, tmp_path: Path, how: str, number: signal.Signals, codes: set[int]
) -> None:
    sandbox.stream.redeliver_after = 60.0
    program, busy = tmp_path / "bot.py", tmp_path / "busy"
    program.write_text(BOT, "utf-8")
    with subprocess.Popen(
        [sys.executable, str(program), sandbox.url, sandbox.appkey, sandbox.appsecret, how, str(busy)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            sandbox.stream.wait_for_clients(1, 60)
            failed = sandbox.stream.push_event("user_add_org", {})
            assert sandbox.stream.wait_for_answer(failed).code == 500, "the handler has failed, and the bot is there"
            sandbox.stream.push_event("user_leave_org", {})
            until(busy.exists)
            process.send_signal(number)
            assert process.wait(30) in codes
        finally:
            process.kill()
