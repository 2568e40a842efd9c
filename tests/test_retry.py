"""What is sent again and what is not: faults of every kind, over real connections."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
import servers
from peers import CREATE, READ, UNKNOWN, Send, awaited, be_impatient, blocking, both, write
from refreshing import FAST, GET
from waiting import stays

from dingtalk_models import Call, Department, DingTalkApp, HttpRequest, HttpResponse, RateLimit, Retry, Secret
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.core import errors
from dingtalk_models.sandbox import Behaviour, Sandbox

# -- unknown outcomes: a read is sent again, a write is not ----------------------------------------------------------


@both
@pytest.mark.parametrize("how", UNKNOWN.values(), ids=UNKNOWN)
def test_a_read_is_sent_again(sandbox: Sandbox, ready: DingTalkApp, how: Behaviour, send: Send) -> None:
    be_impatient(ready, how)
    sandbox.fail(GET, times=2, **how)
    assert send(ready, READ).dept_id == 1
    assert len(sandbox.received(GET)) == 3


@both
@pytest.mark.parametrize("how", UNKNOWN.values(), ids=UNKNOWN)
def test_a_write_is_not(sandbox: Sandbox, ready: DingTalkApp, how: Behaviour, send: Send) -> None:
    be_impatient(ready, how)
    sandbox.fail(CREATE, **how)
    with pytest.raises((errors.TransportError, errors.PlatformBusy)) as caught:
        send(ready, write())
    assert getattr(caught.value, "sent", True)
    stays(lambda: len(sandbox.received(CREATE)) == 1, 0.02)


@both
def test_attempts_end(sandbox: Sandbox, ready: DingTalkApp, send: Send) -> None:
    sandbox.fail(GET, times=100, status=503)
    with pytest.raises(errors.TransportError, match="HTTP 503"):
        send(ready, READ)
    assert len(sandbox.received(GET)) == FAST.attempts


def test_no_retry_is_one_attempt(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=None)
    sandbox.fail(GET, errcode=90018)
    with pytest.raises(errors.RateLimited):
        app.send(READ)
    assert len(sandbox.received(GET)) == 1
    app.close()


def test_what_cannot_succeed_is_sent_once(sandbox: Sandbox, ready: DingTalkApp) -> None:
    hopeless: dict[type[errors.DingTalkError], Behaviour] = {
        errors.QuotaExhausted: {"sub_code": "90020"},
        errors.NotFound: {"errcode": 60003},
        errors.InvalidRequest: {"errcode": 40035},
        errors.PermissionDenied: {"sub_code": "60011"},
        errors.ApiError: {"errcode": 123456},
    }
    for kind, how in hopeless.items():
        sandbox.calls.clear()
        sandbox.fail(GET, **how)
        with pytest.raises(kind):
            ready.send(READ)
        assert len(sandbox.calls) == 1


# -- connections that never came about: sent again, whatever it is --------------------------------------------------


def unreachable_app(url: str, **settings: Any) -> DingTalkApp:
    app = DingTalkApp(appkey="k", appsecret="t0psecret", oapi_url=url, api_url=url, retry=FAST, **settings)
    app.session.set(app.access_token_credential.key, "t0ptoken", 7000)
    return app


class Counting:
    """A transport that counts what goes through another."""

    def __init__(self, inner: RequestsTransport) -> None:
        self.inner, self.sent = inner, 0

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent += 1
        return self.inner.send(request)

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_no_connection_even_a_write_is_tried_again(host: str) -> None:
    transport = Counting(RequestsTransport((0.5, 0.5)))
    app = unreachable_app(f"http://{host}:{servers.free_port()}", transport=transport)
    with pytest.raises(errors.TransportError, match="no connection") as caught:
        app.send(write())
    assert not caught.value.sent
    assert transport.sent == FAST.attempts
    assert CREATE in str(caught.value)
    app.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_no_connection_on_the_loop(host: str) -> None:
    app = unreachable_app(f"http://{host}:{servers.free_port()}", timeout=(0.5, 0.5))
    with pytest.raises(errors.TransportError, match="no connection") as caught:
        awaited(app, write())
    assert not caught.value.sent


def test_a_server_that_comes_up_meanwhile(sandbox: Sandbox) -> None:
    port = servers.free_port()
    app = unreachable_app(f"http://127.0.0.1:{port}", transport=RequestsTransport((0.5, 0.5)))
    app.retry = Retry(attempts=50, first_wait=0.05, longest_wait=0.05)
    late = Sandbox(port=port)
    starter = threading.Timer(0.15, late.start)
    starter.start()
    try:
        # its token is not the one that this app holds, which is then replaced
        app.appkey, app.appsecret = late.appkey, Secret(late.appsecret)
        assert app.send(write()).name == "新部门"
    finally:
        starter.join()
        app.close()
        late.stop()


@contextmanager
def full_backlog() -> Generator[int]:
    """A port whose queue of connections is full, so that the next one is neither accepted nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        time.sleep(0.02)
        yield port
        for each in waiting:
            each.close()


@both
def test_no_connection_in_time(send: Send) -> None:
    with full_backlog() as port:
        app = unreachable_app(f"http://127.0.0.1:{port}", timeout=(0.1, 5))
        app.retry = Retry(attempts=1)
        begun = time.perf_counter()
        with pytest.raises(errors.TransportError, match="no connection in time") as caught:
            send(app, write())
        assert time.perf_counter() - begun < 2
        assert not caught.value.sent
        app.close()


@both
def test_no_answer_in_time(sandbox: Sandbox, send: Send) -> None:
    app = sandbox.app(retry=None, timeout=0.1)
    app.session.set(app.access_token_credential.key, sandbox.company.credentials.issue_token()[0], 7000)
    sandbox.fail(GET, delay=5)
    begun = time.perf_counter()
    with pytest.raises(errors.TransportError, match="no response in time") as caught:
        send(app, READ)
    assert time.perf_counter() - begun < 2
    assert caught.value.sent
    app.close()


@both
@pytest.mark.parametrize(
    ("how", "text"),
    [({"truncate": 20}, "broke off"), ({"drop": "before"}, "the connection")],
    ids=["cut short", "cut"],
)
def test_a_broken_connection_is_named(
    sandbox: Sandbox, ready: DingTalkApp, how: Behaviour, text: str, send: Send
) -> None:
    ready.retry = Retry(attempts=1)
    sandbox.fail(GET, **how)
    with pytest.raises(errors.TransportError, match=text) as caught:
        send(ready, READ)
    assert f"POST {GET} at 127.0.0.1:" in str(caught.value)
    assert "unknown" not in str(caught.value)


@both
@pytest.mark.parametrize("how", [{"drop": "after"}, {"truncate": 20}, {"status": 502}, {"body": b""}], ids=str)
def test_of_a_write_an_error_says_whether_its_outcome_is_unknown(
    sandbox: Sandbox, ready: DingTalkApp, how: Behaviour, send: Send
) -> None:
    sandbox.fail(CREATE, **how)
    with pytest.raises(errors.TransportError, match=r"; whether it was carried out is unknown$"):
        send(ready, write())
    ready.retry = Retry(attempts=1)
    ready.oapi_url = f"http://127.0.0.1:{servers.free_port()}"
    with pytest.raises(errors.TransportError, match=r"no connection .*; nothing was sent$"):
        send(ready, write())


def test_an_address_of_no_kind() -> None:
    app = unreachable_app("nonsense://127.0.0.1")
    with pytest.raises(errors.TransportError, match="cannot be sent"):
        app.send(READ)
    with pytest.raises(errors.TransportError):
        awaited(app, READ)


# -- waiting -------------------------------------------------------------------------------------------------------


class Sleeps:
    """Notes the waits instead of waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds: list[float] = []
        monkeypatch.setattr("dingtalk_models.call.blocking.time.sleep", self.seconds.append)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Sleeps:
    return Sleeps(monkeypatch)


@pytest.mark.parametrize(
    "how",
    [{"errcode": 90018}, {"sub_code": "90002"}, {"status": 429}, {"sub_code": "15"}, {"status": 503}],
    ids=["plain", "wrapped", "html 429", "busy", "html 503"],
)
@pytest.mark.parametrize("waits", [(0, 1), (0, 3), (0.1, 1), (0.1, 3)], ids=str)
def test_retry_after_wins(
    sandbox: Sandbox, ready: DingTalkApp, sleeps: Sleeps, how: Behaviour, waits: tuple[float, int]
) -> None:
    first_wait, asked = waits
    how["headers"] = {"Retry-After": str(asked)}
    sandbox.fail(GET, **how)
    ready.retry = Retry(first_wait=first_wait)
    assert ready.send(READ).dept_id == 1
    (waited,) = sleeps.seconds
    assert asked <= waited < asked + 0.1


def test_throttled_without_a_word_waits_a_second(sandbox: Sandbox, ready: DingTalkApp, sleeps: Sleeps) -> None:
    ready.retry = Retry()
    sandbox.fail(CREATE, sub_code="90018")
    assert ready.send(write()).name == "新部门"  # refused before it was acted on, so even a write
    (waited,) = sleeps.seconds
    assert 1 <= waited <= 1.2


@pytest.mark.parametrize("limit", [None, RateLimit()])
def test_without_a_first_wait_nothing_is_waited(sandbox: Sandbox, sleeps: Sleeps, limit: RateLimit | None) -> None:
    app = sandbox.app(retry=Retry(first_wait=0), rate_limit=limit)
    refusals: list[Behaviour] = [{"errcode": 90018}, {"status": 503}, {"status": 429}]
    for how in refusals:
        sandbox.fail(GET, times=3, **how)
        assert app.send(READ).dept_id == 1
    assert sum(sleeps.seconds) == 0


def test_a_throttled_call_is_tried_until_the_deadline(sandbox: Sandbox, ready: DingTalkApp, sleeps: Sleeps) -> None:
    sandbox.fail(GET, times=10, errcode=90018)
    assert ready.send(READ).dept_id == 1
    assert len(sleeps.seconds) == 10


def test_waits_grow_with_jitter(sandbox: Sandbox, ready: DingTalkApp, sleeps: Sleeps) -> None:
    ready.retry = Retry(attempts=8, first_wait=0.2, longest_wait=1.0)
    seen: list[list[float]] = []
    for _ in range(3):
        sandbox.fail(GET, times=7, status=503)
        ready.send(READ)
        seen.append(sleeps.seconds[-7:])
    assert len({tuple(each) for each in seen}) == 3
    for each in seen:
        assert all(0 <= wait <= min(0.2 * 2**number, 1.0) for number, wait in enumerate(each))


@both
def test_no_attempt_begins_after_the_deadline(sandbox: Sandbox, ready: DingTalkApp, send: Send) -> None:
    ready.retry = Retry(attempts=100, deadline=0.3, first_wait=0.05, longest_wait=0.05)
    sandbox.fail(GET, times=1000, status=503)
    begun = time.perf_counter()
    with pytest.raises(errors.TransportError):
        send(ready, READ)
    assert time.perf_counter() - begun < 1.5
    assert 3 < len(sandbox.received(GET)) < 100


def test_a_wait_beyond_the_deadline_is_not_begun(sandbox: Sandbox, ready: DingTalkApp, sleeps: Sleeps) -> None:
    sandbox.fail(GET, errcode=90018, headers={"Retry-After": "60"})
    with pytest.raises(errors.RateLimited) as caught:
        ready.send(READ)
    assert caught.value.retry_after == 60
    sandbox.fail(GET, status=200, body='{"status":1111,"wait":5}')
    with pytest.raises(errors.RateLimited):
        ready.send(READ)
    assert sleeps.seconds == []
    assert len(sandbox.received(GET)) == 2


def test_the_deadline_counts_what_the_token_took(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=Retry(deadline=0.2, first_wait=0.01, longest_wait=0.02))
    sandbox.fail("/v1.0/oauth2/accessToken", delay=0.3)
    with pytest.raises(errors.TransportError, match="deadline passed before there was an access token") as caught:
        app.send(READ)
    assert not caught.value.sent
    assert sandbox.received(GET) == []
    app.close()


# -- errors ------------------------------------------------------------------------------------------------------------


def test_errors_are_the_same_on_both_paths(sandbox: Sandbox, ready: DingTalkApp) -> None:
    kinds: list[tuple[type[BaseException], str]] = []
    for send in (blocking, awaited):
        sandbox.fail(GET, sub_code="40078")
        with pytest.raises(errors.AuthenticationError) as caught:
            send(ready, READ)
        kinds.append((type(caught.value), str(caught.value).partition(" (request id")[0]))
    assert kinds[0] == kinds[1]


def test_a_call_without_an_endpoint(ready: DingTalkApp) -> None:
    with pytest.raises(errors.ConfigurationError, match="no endpoint"):
        ready.send(Call(Department))
    assert "(no endpoint)" in repr(Call(Department))
