"""`app.stream` stays connected: half-open and silent connections, notices, restarts, proxies, TLS."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers
import pytest
from listening import ENOUGH, TIMING, receiving
from relay import relay
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from waiting import stays, until

from dingtalk_models import AuthenticationError, DingTalkApp, Event, PermissionDenied
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.stream.client import Pauses
from dingtalk_models.stream.dispatch import Dispatch
from dingtalk_models.stream.frames import Frame
from dingtalk_models.stream.timing import Timing

OPEN = "/v1.0/gateway/connections/open"


@pytest.fixture
def app(app: DingTalkApp) -> DingTalkApp:
    """The app, with a handler."""
    app.callback.on(Event)(lambda _: None)
    return app


def opened(sandbox: Sandbox, count: int) -> None:
    """Wait for so many connections, and that the last of them works."""
    until(lambda: sandbox.stream.opened >= count)
    sandbox.stream.redeliver_after = 0.1  # it may go to the connection that is dead
    sandbox.stream.push_event("user_add_org", {})
    sandbox.stream.wait_until_accepted()


def test_a_connection_that_was_cut(app: DingTalkApp, sandbox: Sandbox) -> None:
    with receiving(app):
        for count in range(2, 5):
            sandbox.stream.drop()
            opened(sandbox, count)
        assert app.stream.status.opened == 4
    tickets = sandbox.received(OPEN)
    assert len(tickets) == 4, "a new ticket for each"


def test_a_half_open_connection(app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with receiving(app, ping=0.2):
        sandbox.stream.silence()
        opened(sandbox, 2)
    assert "no answer to a ping in 0.2 seconds" in caplog.text


def test_half_open_connections_are_noticed_within_30_seconds() -> None:
    """A ping is sent at most `ping` seconds after the connection died, and has as long to be answered."""
    assert 2 * Timing().ping <= 30


def test_a_connection_without_frames(app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """The gateway goes on answering pings, and delivers nothing."""
    caplog.set_level(logging.INFO)
    with receiving(app, ping=0.05, silence=0.3):
        sandbox.stream.stall()
        opened(sandbox, 2)
    assert "no frame in 0.3 seconds" in caplog.text
    assert Timing().silence == 60


def test_frames_keep_a_connection(app: DingTalkApp, sandbox: Sandbox) -> None:
    with receiving(app, ping=0.5, silence=1.5):
        client = sandbox.stream.clients[0]

        def stays_after_a_ping() -> bool:
            sandbox.stream.ping()
            return sandbox.stream.clients == [client]

        stays(stays_after_a_ping, 2.0, step=0.05)


def test_a_machine_that_slept(app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asleep = 0.0
    with receiving(app, ping=0.05, wall=lambda: time.time() + asleep):
        asleep = -3600  # a clock that is set back is no sleep
        until(lambda: sandbox.stream.clients)
        sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted()
        stays(lambda: sandbox.stream.opened == 1, 0.2)
        asleep = 8 * 3600
        opened(sandbox, 2)
    assert "the machine slept" in caplog.text


def test_a_notice(app: DingTalkApp, sandbox: Sandbox) -> None:
    """The next connection is there before the old one ends, and what the old one brought is answered over it."""
    entered, go_on = threading.Event(), threading.Event()

    @app.callback.on("check_in")
    def slow(_: Event) -> None:
        entered.set()
        assert go_on.wait(ENOUGH)

    sandbox.stream.disconnect_after = 60.0
    with receiving(app, first=ENOUGH, longest=ENOUGH, steady=0, linger=ENOUGH):
        message = sandbox.stream.push_event("check_in", {})
        assert entered.wait(ENOUGH)
        (old,) = sandbox.stream.clients
        sandbox.stream.disconnect()
        sandbox.stream.wait_for_clients(2)
        assert old in sandbox.stream.clients
        assert sandbox.stream.wait_for_answer(sandbox.stream.push_event("user_add_org", {})).accepted
        go_on.set()
        assert sandbox.stream.wait_for_answer(message).accepted
        assert app.stream.status.healthy
        sandbox.stream.drop(old)
        sandbox.stream.wait_for_clients(1)
        assert app.stream.status.opened == 2


def test_the_old_connection_does_not_linger(app: DingTalkApp, sandbox: Sandbox) -> None:
    sandbox.stream.disconnect_after = 60.0
    with receiving(app, steady=0, linger=0.05):
        (old,) = sandbox.stream.clients
        sandbox.stream.disconnect()
        until(lambda: sandbox.stream.clients and old not in sandbox.stream.clients)
        assert app.stream.status.healthy


def test_a_gateway_that_always_gives_notice_is_not_hammered(app: DingTalkApp, sandbox: Sandbox) -> None:
    with receiving(app, first=0.1, longest=10, steady=60):

        def is_not_hammered() -> bool:
            sandbox.stream.disconnect()
            return sandbox.stream.opened <= 8

        stays(is_not_hammered, 1.0, step=0.01)


def test_a_gateway_that_is_restarted() -> None:
    sandbox = Sandbox().start()
    port = int(sandbox.url.rpartition(":")[2])
    sandbox.stop()
    sandbox = Sandbox(port)
    with sandbox.start(), sandbox.app() as app:
        app.callback.on(Event)(lambda _: None)
        with receiving(app):
            sandbox.stop()
            until(lambda: app.stream.status.state == "connecting")
            message = sandbox.stream.push_event("user_add_org", {})
            until(lambda: (app.stream.status.error or "").startswith("no connection"))
            sandbox.start()
            sandbox.stream.wait_until_accepted()
            assert message.accepted
            assert app.stream.status.healthy


@pytest.mark.parametrize(
    "how",
    [
        {"status": 503},
        {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"},
        {"body": "<xml/>"},
        {"body": "{}", "content_type": "application/json"},
        {"body": '{"endpoint":"http://127.0.0.1/","ticket":"t"}', "content_type": "application/json"},
        {"body": '{"endpoint":"nonsense","ticket":"t"}', "content_type": "application/json"},
        {"body": '{"endpoint":"ws://127.0.0.1:1/connect","ticket":"t"}', "content_type": "application/json"},
        {"drop": True},
    ],
    ids=str,
)
def test_an_opening_that_fails_is_tried_again(app: DingTalkApp, sandbox: Sandbox, how: Any) -> None:
    sandbox.fail(OPEN, times=2, **how)
    with receiving(app):
        opened(sandbox, 1)
        assert app.stream.status.healthy
    assert len(sandbox.received(OPEN)) == 3


def test_a_ticket_that_is_refused(app: DingTalkApp, sandbox: Sandbox) -> None:
    body = f'{{"endpoint":"{sandbox.stream.endpoint}","ticket":"used"}}'
    sandbox.fail(OPEN, body=body, content_type="application/json")
    with receiving(app):
        assert "HTTP 403" in (app.stream.status.error or "")
        opened(sandbox, 1)


def test_a_wrong_secret_is_reported_and_not_hammered(sandbox: Sandbox) -> None:
    app = sandbox.app(appsecret="wrong")
    app.callback.on(Event)(lambda _: None)
    ways: list[Callable[[], None]] = [app.stream.start, app.stream.run, lambda: asyncio.run(app.stream.serve())]
    for receive in ways:
        with pytest.raises((AuthenticationError, SystemExit), match="invalidClientIdOrSecret"):
            receive()
        assert app.stream.status.state == "stopped"
        assert "invalidClientIdOrSecret" in (app.stream.status.error or "")
    assert len(sandbox.received(OPEN)) == 3


def test_a_secret_that_is_changed_meanwhile(app: DingTalkApp, sandbox: Sandbox) -> None:
    """It may be changed back, or be a fault of the platform: a bot that was connected goes on trying."""
    with receiving(app):
        before, sandbox.company.credentials.appsecret = sandbox.company.credentials.appsecret, "another"
        sandbox.stream.drop()
        until(lambda: len(sandbox.received(OPEN)) == 4)
        assert "invalidClientIdOrSecret" in (app.stream.status.error or "")
        sandbox.company.credentials.appsecret = before
        opened(sandbox, 2)
        assert app.stream.status.healthy


@pytest.mark.parametrize(("how", "error"), [({"code": "Forbidden.AccessDenied"}, PermissionDenied)])
def test_what_is_refused_at_first_is_reported_and_later_tried_again(
    app: DingTalkApp, sandbox: Sandbox, how: Any, error: type[Exception]
) -> None:
    sandbox.fail(OPEN, **how)
    app.stream.timing = TIMING
    with pytest.raises(error):
        app.stream.start()
    with receiving(app):
        sandbox.fail(OPEN, **how)
        sandbox.stream.drop()
        opened(sandbox, 2)


def test_the_pauses() -> None:
    random.seed(1)
    pauses = Pauses(Timing())
    drawn = [pauses.next() for _ in range(200)]
    assert all(1 <= each <= 60 for each in drawn)
    assert len(set(drawn)) == 200  # also when they are as long as they get: clients do not come back together
    assert sum(drawn[20:]) / 180 > 15
    assert sorted(drawn[:6]) == drawn[:6], "they grow"
    pauses.reset()
    assert pauses.next() <= 3


# -- odd things --------------------------------------------------------------------------------------------------------


def test_an_error_of_its_own_does_not_end_it(
    app: DingTalkApp, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take = Dispatch.take
    errors = [LookupError("a bug")]

    def once(dispatch: Dispatch, frame: Frame, reply: Callable[[bytes], None]) -> None:
        if errors:
            raise errors.pop()
        take(dispatch, frame, reply)

    monkeypatch.setattr(Dispatch, "take", once)
    sandbox.stream.redeliver_after = 0.1
    with receiving(app):
        sandbox.stream.push_event("user_add_org", {})
        opened(sandbox, 2)
        assert app.stream.status.healthy
    assert "LookupError: a bug" in caplog.text


@pytest.mark.parametrize("stray", [b"\x00", b"\xff" * 100, b"HTTP/1.1 200 OK\r\n\r\n", b"\x81\x7f" + b"\x7f" * 8])
def test_stray_bytes(app: DingTalkApp, sandbox: Sandbox, stray: bytes) -> None:
    sandbox.stream.redeliver_after = 0.1
    with receiving(app):
        loop: asyncio.AbstractEventLoop = vars(sandbox.stream)["_loop"]
        loop.call_soon_threadsafe(sandbox.stream.clients[0].transport.write, stray)
        sandbox.stream.push_event("user_add_org", {})
        opened(sandbox, 2)


def test_a_frame_that_is_no_text(app: DingTalkApp, sandbox: Sandbox) -> None:
    """It is answered like any other that is not understood."""
    with receiving(app):
        loop: asyncio.AbstractEventLoop = vars(sandbox.stream)["_loop"]
        loop.call_soon_threadsafe(sandbox.stream.clients[0].transport.write, b"\x81\x03\xff\xfe\xfd")
        until(lambda: sandbox.stream.strays)
        assert sandbox.stream.strays[0]["code"] == 400
        opened(sandbox, 1)
        assert app.stream.status.opened == 1


def test_a_flood(app: DingTalkApp, sandbox: Sandbox) -> None:
    """More at once than it takes: what is refused comes again, and nothing is lost."""
    app.stream.most = 5

    @app.callback.on(Event)
    async def handler(_: Event) -> None:
        await asyncio.sleep(0)

    sandbox.stream.redeliver_after = 0.2
    with receiving(app, ping=30.0, silence=60.0):
        for _ in range(500):
            sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.wait_until_accepted(60)
        assert app.stream.status.handled == 500
        assert app.stream.status.opened == 1


# -- TLS and proxies ---------------------------------------------------------------------------------------------------


def port_of(sandbox: Sandbox) -> int:
    return int(sandbox.url.rpartition(":")[2])


def test_the_certificate_of_the_gateway_is_verified(
    app: DingTalkApp, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with relay(port_of(sandbox), peers.trusted(monkeypatch, tmp_path)) as front:
        sandbox.stream.endpoint = f"wss://127.0.0.1:{front.port}/connect"
        with receiving(app):
            opened(sandbox, 1)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", DEFAULT_CA_BUNDLE_PATH)
        with receiving(app):
            assert "CERTIFICATE_VERIFY_FAILED" in (app.stream.status.error or "")
        assert sandbox.stream.opened == 1


def test_a_proxy_from_the_environment(
    app: DingTalkApp, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (
        relay(port_of(sandbox), peers.trusted(monkeypatch, tmp_path)) as front,
        relay(front.port, proxy=True) as proxy,
    ):
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        sandbox.stream.endpoint = "wss://localhost:443/connect"
        with receiving(app):
            assert proxy.tunnels == ["localhost:443"]
            assert "CERTIFICATE_VERIFY_FAILED" in (app.stream.status.error or ""), "it is another host's"
        sandbox.stream.endpoint = f"wss://127.0.0.1:{front.port}/connect"
        with receiving(app):
            opened(sandbox, 1)
        assert proxy.tunnels == ["localhost:443", f"127.0.0.1:{front.port}"]
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with receiving(app):
            opened(sandbox, 2)
        assert len(proxy.tunnels) == 2
