"""Transports over real connections: timeouts, faults of every kind, what is sent again and what is not, logging."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import requests
import servers
from peers import Send, awaited, blocking, both
from requests.adapters import BaseAdapter, HTTPAdapter

from dingtalk_models import (
    ApiError,
    AuthenticationError,
    Call,
    ConfigurationError,
    Department,
    DingTalkApp,
    DingTalkError,
    Flow,
    HttpRequest,
    HttpResponse,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    PlatformBusy,
    QuotaExhausted,
    RateLimited,
    Retry,
    TransportError,
    User,
    together,
)
from dingtalk_models.core.parallel import batches
from dingtalk_models.core.steps import Steps
from dingtalk_models.exchange import prepare
from dingtalk_models.sandbox import Behaviour, Sandbox
from dingtalk_models.transport.asynchronous import AiohttpTransport
from dingtalk_models.transport.blocking import RequestsTransport
from dingtalk_models.transport.masking import mask

GET = "/topapi/v2/department/get"
CREATE = "/topapi/v2/department/create"
FAST = Retry(first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    app = sandbox.app(retry=FAST)
    token, life = sandbox.company.credentials.issue_token()
    app.session.set(app.access_token_credential.key, token, life)
    yield app
    app.close()


def be_impatient(app: DingTalkApp, how: Behaviour) -> None:
    """Only where it is about that: a busy machine may take its time with everything else."""
    if "delay" in how:
        app.timeout = (1.0, 0.15)


READ = Department.objects.get.call(1)


def write(name: str = "新部门") -> Call[Department]:
    return Department.objects.create.call(name)


# -- unknown outcomes: a read is sent again, a write is not ----------------------------------------------------------

UNKNOWN: dict[str, Behaviour] = {
    "cut before": {"drop": "before"},
    "cut after": {"drop": "after"},
    "cut short": {"truncate": 20},
    "too slow": {"delay": 0.2},
    "html": {"status": 502},
    "not json": {"status": 200, "body": "<html>busy</html>"},
    "empty": {"status": 200, "body": b""},
    "busy": {"errcode": -1},
    "busy gateway": {"sub_code": "15"},
}


@both
@pytest.mark.parametrize("how", UNKNOWN.values(), ids=UNKNOWN)
def test_a_read_is_sent_again(sandbox: Sandbox, app: DingTalkApp, how: Behaviour, send: Send) -> None:
    be_impatient(app, how)
    sandbox.fail(GET, times=2, **how)
    assert send(app, READ).dept_id == 1
    assert len(sandbox.received(GET)) == 3


@both
@pytest.mark.parametrize("how", UNKNOWN.values(), ids=UNKNOWN)
def test_a_write_is_not(sandbox: Sandbox, app: DingTalkApp, how: Behaviour, send: Send) -> None:
    be_impatient(app, how)
    sandbox.fail(CREATE, **how)
    with pytest.raises((TransportError, PlatformBusy)) as caught:
        send(app, write())
    assert getattr(caught.value, "sent", True)
    time.sleep(0.02)
    assert len(sandbox.received(CREATE)) == 1


@both
def test_attempts_end(sandbox: Sandbox, app: DingTalkApp, send: Send) -> None:
    sandbox.fail(GET, times=100, status=503)
    with pytest.raises(TransportError, match="HTTP 503"):
        send(app, READ)
    assert len(sandbox.received(GET)) == FAST.attempts


def test_no_retry_is_one_attempt(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=None)
    sandbox.fail(GET, errcode=90018)
    with pytest.raises(RateLimited):
        app.send(READ)
    assert len(sandbox.received(GET)) == 1
    app.close()


def test_what_cannot_succeed_is_sent_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    hopeless: dict[type[DingTalkError], Behaviour] = {
        QuotaExhausted: {"sub_code": "90020"},
        NotFound: {"errcode": 60003},
        InvalidRequest: {"errcode": 40035},
        PermissionDenied: {"sub_code": "60011"},
        ApiError: {"errcode": 123456},
    }
    for kind, how in hopeless.items():
        sandbox.calls.clear()
        sandbox.fail(GET, **how)
        with pytest.raises(kind):
            app.send(READ)
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
    with pytest.raises(TransportError, match="no connection") as caught:
        app.send(write())
    assert not caught.value.sent
    assert transport.sent == FAST.attempts
    assert CREATE in str(caught.value)
    app.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_no_connection_on_the_loop(host: str) -> None:
    app = unreachable_app(f"http://{host}:{servers.free_port()}", timeout=(0.5, 0.5))
    with pytest.raises(TransportError, match="no connection") as caught:
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
        app.appkey, app.appsecret = late.appkey, late.appsecret
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
        with pytest.raises(TransportError, match="no connection in time") as caught:
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
    with pytest.raises(TransportError, match="no answer in time") as caught:
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
    sandbox: Sandbox, app: DingTalkApp, how: Behaviour, text: str, send: Send
) -> None:
    app.retry = Retry(attempts=1)
    sandbox.fail(GET, **how)
    with pytest.raises(TransportError, match=text) as caught:
        send(app, READ)
    assert f"POST {GET} at 127.0.0.1:" in str(caught.value)


def test_an_address_of_no_kind() -> None:
    app = unreachable_app("nonsense://127.0.0.1")
    with pytest.raises(TransportError, match="cannot be sent"):
        app.send(READ)
    with pytest.raises(TransportError):
        awaited(app, READ)


# -- waiting -------------------------------------------------------------------------------------------------------


class Sleeps:
    """Notes the waits instead of waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds: list[float] = []
        monkeypatch.setattr("dingtalk_models.drivers.blocking.time.sleep", self.seconds.append)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Sleeps:
    return Sleeps(monkeypatch)


@pytest.mark.parametrize(
    "how",
    [{"errcode": 90018}, {"sub_code": "90002"}, {"status": 429}, {"sub_code": "15"}, {"status": 503}],
    ids=["plain", "wrapped", "html 429", "busy", "html 503"],
)
def test_retry_after_wins(sandbox: Sandbox, app: DingTalkApp, sleeps: Sleeps, how: Behaviour) -> None:
    how["headers"] = {"Retry-After": "3"}
    sandbox.fail(GET, **how)
    assert app.send(READ).dept_id == 1
    (waited,) = sleeps.seconds
    assert 3 <= waited < 3.1


def test_throttled_without_a_word_waits_a_second(sandbox: Sandbox, app: DingTalkApp, sleeps: Sleeps) -> None:
    sandbox.fail(CREATE, sub_code="90018")
    assert app.send(write()).name == "新部门"  # refused before it was acted on, so even a write
    (waited,) = sleeps.seconds
    assert 1 <= waited < 1.1


def test_a_throttled_call_is_tried_until_the_deadline(sandbox: Sandbox, app: DingTalkApp, sleeps: Sleeps) -> None:
    sandbox.fail(GET, times=10, errcode=90018)
    assert app.send(READ).dept_id == 1
    assert len(sleeps.seconds) == 10


def test_waits_grow_with_jitter(sandbox: Sandbox, app: DingTalkApp, sleeps: Sleeps) -> None:
    app.retry = Retry(attempts=8, first_wait=0.2, longest_wait=1.0)
    seen: list[list[float]] = []
    for _ in range(3):
        sandbox.fail(GET, times=7, status=503)
        app.send(READ)
        seen.append(sleeps.seconds[-7:])
    assert len({tuple(each) for each in seen}) == 3
    for each in seen:
        assert all(0 <= wait <= min(0.2 * 2**number, 1.0) for number, wait in enumerate(each))


@both
def test_no_attempt_begins_after_the_deadline(sandbox: Sandbox, app: DingTalkApp, send: Send) -> None:
    app.retry = Retry(attempts=100, deadline=0.3, first_wait=0.05, longest_wait=0.05)
    sandbox.fail(GET, times=1000, status=503)
    begun = time.perf_counter()
    with pytest.raises(TransportError):
        send(app, READ)
    assert time.perf_counter() - begun < 1.5
    assert 3 < len(sandbox.received(GET)) < 100


def test_a_wait_beyond_the_deadline_is_not_begun(sandbox: Sandbox, app: DingTalkApp, sleeps: Sleeps) -> None:
    sandbox.fail(GET, errcode=90018, headers={"Retry-After": "60"})
    with pytest.raises(RateLimited) as caught:
        app.send(READ)
    assert caught.value.retry_after == 60
    sandbox.fail(GET, status=200, body='{"status":1111,"wait":5}')
    with pytest.raises(RateLimited):
        app.send(READ)
    assert sleeps.seconds == []
    assert len(sandbox.received(GET)) == 2


def test_the_deadline_counts_what_the_token_took(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=Retry(deadline=0.2, first_wait=0.01, longest_wait=0.02))
    sandbox.fail("/v1.0/oauth2/accessToken", delay=0.3)
    sandbox.fail(GET, times=10, status=503)
    with pytest.raises(TransportError):
        app.send(READ)
    assert len(sandbox.received(GET)) == 1
    app.close()


# -- connections ---------------------------------------------------------------------------------------------------


def test_one_connection_serves_many_calls(connections: list[object]) -> None:
    with Sandbox() as sandbox:
        app = sandbox.app()
        for _ in range(50):
            app.send(READ)
        assert len(connections) == 1
        app.close()
        app.send(READ)  # a closed app opens another
        assert len(connections) == 2
        app.close()


def test_one_connection_serves_many_awaited_calls(connections: list[object]) -> None:
    with Sandbox() as sandbox:

        async def scenario() -> None:
            async with sandbox.app() as app:
                for _ in range(50):
                    await app.asend(READ)

        asyncio.run(scenario())
        assert len(connections) == 1


@both
def test_a_connection_that_the_server_has_closed_meanwhile_costs_no_write(send: Send) -> None:
    sandbox = Sandbox(port=servers.free_port()).start()
    app = sandbox.app(retry=None)

    def restart(department: Department) -> Flow[Department]:
        sandbox.stop()
        sandbox.start()
        return (yield from Department.objects.create.call(f"{department.dept_id}部"))

    def flow() -> Flow[Department]:
        return (yield from restart((yield from READ)))

    assert send(app, flow()).name == "1部"
    app.close()
    sandbox.stop()


def test_connections_are_not_more_than_threads(connections: list[object]) -> None:
    with Sandbox() as sandbox:
        app = sandbox.app()
        with ThreadPoolExecutor(8) as pool:
            assert len([each.result() for each in [pool.submit(app.send, READ) for _ in range(100)]]) == 100
        assert len(connections) <= 8
        app.close()


def test_each_event_loop_has_its_own_connections(sandbox: Sandbox, app: DingTalkApp) -> None:
    async def scenario() -> int:
        found = await asyncio.gather(*(app.asend(READ) for _ in range(5)))
        await app.aclose()
        await app.aclose()
        return len(found)

    with ThreadPoolExecutor(4) as pool:
        assert [each.result() for each in [pool.submit(lambda: asyncio.run(scenario())) for _ in range(4)]] == [5] * 4


def test_threads_at_once_open_one_transport(sandbox: Sandbox) -> None:
    app = sandbox.app()
    barrier = threading.Barrier(16)

    def opened() -> int:
        barrier.wait()
        return id(app.transport)

    with ThreadPoolExecutor(16) as pool:
        assert len({each.result() for each in [pool.submit(opened) for _ in range(16)]}) == 1


def test_a_session_of_ones_own(sandbox: Sandbox) -> None:
    class Tracing(HTTPAdapter):
        pools = 0

        def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
            Tracing.pools += 1
            return super().get_connection_with_tls_context(*args, **kwargs)

    with requests.Session() as session:
        session.mount("http://", Tracing())
        app = sandbox.app(transport=RequestsTransport((1, 1), session))
        assert app.send(READ).dept_id == 1
    assert Tracing.pools == 1


def test_an_adapter_without_pools_is_refused(sandbox: Sandbox) -> None:
    class Bare(BaseAdapter):
        def close(self) -> None: ...

    with requests.Session() as session:
        session.mount("http://", Bare())
        with pytest.raises(ConfigurationError, match="Bare has no connection pools"):
            sandbox.app(transport=RequestsTransport((1, 1), session)).send(READ)


class Proxy(BaseHTTPRequestHandler):
    """A proxy for plain HTTP, which answers by itself."""

    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.asked.append((self.path.partition("?")[0], self.headers["proxy-authorization"]))
        token = b'{"accessToken":"t","expireIn":7200}'
        content = token if "oauth2" in self.path else b'{"errcode":0,"result":{"dept_id":1}}'
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None: ...


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("http_proxy", f"http://user:word@127.0.0.1:{server.server_port}")
        app = DingTalkApp(appkey="k", appsecret="s", oapi_url="http://dingtalk.invalid", api_url="http://api.invalid")
        assert app.send(READ).dept_id == 1
        app.close()
        server.shutdown()
    assert Proxy.asked == [
        ("http://api.invalid/v1.0/oauth2/accessToken", "Basic dXNlcjp3b3Jk"),
        ("http://dingtalk.invalid/topapi/v2/department/get", "Basic dXNlcjp3b3Jk"),
    ]


class Double:
    """What replaces the network in a user's tests."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.urls.append(request.url)
        if "accessToken" in request.url:
            return HttpResponse(200, {}, b'{"accessToken":"t","expireIn":7200}')
        return HttpResponse(200, {}, b'{"errcode":0,"result":{"dept_id":1}}')

    def close(self) -> None:
        self.urls.clear()


class AsyncDouble:
    def __init__(self) -> None:
        self.inner = Double()

    async def send(self, request: HttpRequest) -> HttpResponse:
        return self.inner.send(request)

    async def close(self) -> None:
        self.inner.close()


def test_a_double_needs_two_methods() -> None:
    double, async_double = Double(), AsyncDouble()
    app = DingTalkApp(appkey="k", appsecret="s", transport=double, async_transport=async_double)
    assert app.send(READ).dept_id == 1
    assert double.urls == [
        "https://api.dingtalk.com/v1.0/oauth2/accessToken",
        "https://oapi.dingtalk.com/topapi/v2/department/get?access_token=t",
    ]
    assert awaited(app, READ).dept_id == 1
    assert double.urls == async_double.inner.urls == []  # both closed


def test_awaiting_without_aiohttp_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from dingtalk_models import DingTalkApp, ConfigurationError\n"
        "try: DingTalkApp(appkey='k', appsecret='s').async_transport\n"
        "except ConfigurationError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'dingtalk-models[async]'" in done.stdout


# -- several at once -----------------------------------------------------------------------------------------------


def names(*names: str) -> Flow[list[Department]]:
    return together([write(name) for name in names])


@both
def test_together_keeps_the_order(sandbox: Sandbox, app: DingTalkApp, send: Send) -> None:
    made = send(app, names("甲", "乙", "丙", "丁"))
    assert [each.name for each in made] == ["甲", "乙", "丙", "丁"]
    assert send(app, together(list[Call[Department]]())) == []


def ids(*ids: int, workers: int = 2) -> Flow[list[Department]]:
    return together([Department.objects.get.call(each) for each in ids], workers=workers)


@both
def test_the_first_error_cancels_what_has_not_begun(sandbox: Sandbox, app: DingTalkApp, send: Send) -> None:
    with pytest.raises(DingTalkError, match="60003"):
        send(app, ids(404, *[1] * 200))
    assert len(sandbox.received(GET)) < 100


@both
def test_an_error_does_not_wait_for_its_turn(sandbox: Sandbox, app: DingTalkApp, send: Send) -> None:
    sandbox.fail("/topapi/v2/department/listsubid", delay=0.3)
    steps: list[Steps[Any]] = [Department.objects.list_ids.call(1), Department.objects.get.call(404)]
    steps += [Department.objects.get.call(1) for _ in range(200)]
    with pytest.raises(DingTalkError, match="60003"):
        send(app, together(steps, workers=2))
    assert len(sandbox.received(GET)) < 100


def test_cancelling_cancels_everything(sandbox: Sandbox) -> None:
    async def scenario() -> None:
        async with sandbox.app(timeout=5) as app:
            await app.get_access_token.aio()
            sandbox.fail(GET, times=10, delay=5)
            task = asyncio.create_task(app.asend(ids(*[1] * 10, workers=4)))
            while len(sandbox.received(GET)) < 4:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() == {asyncio.current_task()}

    begun = time.perf_counter()
    asyncio.run(scenario())
    assert time.perf_counter() - begun < 2
    assert len(sandbox.received(GET)) == 4


def test_a_key_press_ends_what_has_not_begun(app: DingTalkApp) -> None:
    begun: list[int] = []

    def press() -> Flow[None]:
        begun.append(1)
        if len(begun) == 1:
            raise KeyboardInterrupt
        yield from ()

    with pytest.raises(KeyboardInterrupt):
        app.send(together([press() for _ in range(50)], workers=1))
    assert len(begun) < 50


def test_a_flow_handles_errors_of_its_steps(app: DingTalkApp) -> None:
    def careful() -> Flow[str]:
        try:
            yield from Department.objects.get.call(404)
        except DingTalkError:
            return (yield from Department.objects.get.call(1)).name
        return "?"

    assert blocking(app, careful()) == awaited(app, careful()) == "钉峰科技有限公司"


def test_batches() -> None:
    assert batches([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]


# -- what is logged, and what is not ---------------------------------------------------------------------------------


def test_one_line_a_call(sandbox: Sandbox, app: DingTalkApp, caplog: pytest.LogCaptureFixture) -> None:
    app.retry = Retry(attempts=1)
    with caplog.at_level(logging.DEBUG, "dingtalk_models"):
        app.send(READ)
        app.send(Department.objects.search.call("研发").collect())
        bad: list[Behaviour] = [{"errcode": 60003}, {"sub_code": "90018"}, {"status": 502}, {"drop": "before"}]
        for how in bad:
            sandbox.fail(GET, **how)
            with pytest.raises(DingTalkError):
                app.send(READ)
    lines = [record.getMessage() for record in caplog.records if record.name == "dingtalk_models"]
    request_id = r"[0-9a-z]+"
    for line, pattern in zip(
        lines,
        [
            rf"POST {GET} 200 ok {request_id} \d+\.\d ms",
            r"POST /v1.0/contact/departments/search 200 ok [0-9A-F-]{36} \d+\.\d ms",
            rf"POST {GET} 200 60003 {request_id} \d+\.\d ms",
            rf"POST {GET} 200 90018 {request_id} \d+\.\d ms",
            rf"POST {GET} 502 TransportError - \d+\.\d ms",
            rf"POST {GET} - - - \d+\.\d ms",
        ],
        strict=True,
    ):
        assert re.fullmatch(pattern, line), line


def exercise(app: DingTalkApp, send: Send) -> list[BaseException]:
    """Calls of every kind, good and bad; the errors."""
    errors: list[BaseException] = []
    for call in (
        READ,
        Department.objects.search.call("x").collect(),
        User.objects.create.call("x", None, [1], exclusive_account=True, login_id="x", init_password="t0pPassw0rd"),
        app.auth.issue_access_token.call(app.appkey or "", "t0pWrongSecret"),
        app.auth.issue_corp_access_token.call(corpid=app.corp_id, corpsecret="t0pWrongSecret"),
    ):
        try:
            send(app, call)
        except DingTalkError as error:
            errors.append(error)
    return errors


@both
@pytest.mark.parametrize("how", [None, *UNKNOWN.values()], ids=["fine", *UNKNOWN])
def test_no_secret_is_ever_shown(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, how: Behaviour | None, send: Send
) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("urllib3", "urllib3.connectionpool", "aiohttp", "aiohttp.client", "asyncio", "dingtalk_models"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        app = sandbox.app(retry=None)
        token, life = sandbox.company.credentials.issue_token()
        app.session.set(app.access_token_credential.key, token, life)
        if how:
            be_impatient(app, how)
            sandbox.fail("*", times=100, **how)
        errors = exercise(app, send)
    shown = [
        record.getMessage() + str(record.args) for record in caplog.records if record.name != "dingtalk_models.sandbox"
    ]
    for error in errors:
        shown += [
            str(error),
            repr(error),
            repr(getattr(error, "request", "")),
            "".join(traceback.format_exception(error)),
        ]
    shown += [repr(app), repr(app.session), repr(vars(app.access_token_credential)["_held"])]
    text = "\n".join(shown)
    assert GET in text
    for secret in (token, sandbox.appsecret, sandbox.corp_secret, "t0pWrongSecret", "t0pPassw0rd"):
        assert secret not in text
    app.close()
    for name in ("urllib3", "urllib3.connectionpool", "aiohttp", "aiohttp.client", "asyncio", "dingtalk_models"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_unsent_calls_and_requests_show_no_secret(app: DingTalkApp) -> None:
    call = app.auth.issue_access_token.call("key", "t0psecret")
    older = app.auth.issue_corp_access_token.call(corpid="ding1", corpsecret="t0psecret")
    sent = prepare(older, "https://oapi.dingtalk.com", "https://x", "t0ptoken")
    shown = repr([call, call.request, older, older.request, sent, prepare(READ, "https://x", "https://x", "t0ptoken")])
    assert "t0p" not in shown
    assert "'appKey': 'key'" in shown
    assert "<HttpRequest GET https://oapi.dingtalk.com/gettoken>" in shown


def test_masking_an_address() -> None:
    text = 'GET "/gettoken?appkey=k&appsecret=s3cret&access_token=abc" 200'
    assert mask(text) == 'GET "/gettoken?appkey=k&appsecret=***&access_token=***" 200'
    assert mask("harmless") == "harmless"


# -- the loop stays free -------------------------------------------------------------------------------------------


def during(work: Coroutine[Any, Any, Any]) -> int:
    """How often another task got its turn meanwhile."""

    async def scenario() -> int:
        task, ticks = asyncio.create_task(work), 0
        while not task.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await task
        return ticks

    return asyncio.run(scenario())


def test_a_stalled_request_stalls_nobody_else(sandbox: Sandbox) -> None:
    async def stalled() -> None:
        async with sandbox.app() as app:
            sandbox.fail(GET, delay=0.2)
            assert (await app.asend(READ)).dept_id == 1

    assert during(stalled()) > 5


def test_waiting_for_another_attempt_stalls_nobody_either(sandbox: Sandbox) -> None:
    async def throttled() -> None:
        async with sandbox.app() as app:
            sandbox.fail(GET, errcode=90018, headers={"Retry-After": "0.2"})
            assert (await app.asend(READ)).dept_id == 1

    assert during(throttled()) > 5


def test_errors_are_the_same_on_both_paths(sandbox: Sandbox, app: DingTalkApp) -> None:
    kinds: list[tuple[type[BaseException], str]] = []
    for send in (blocking, awaited):
        sandbox.fail(GET, sub_code="40078")
        with pytest.raises(AuthenticationError) as caught:
            send(app, READ)
        kinds.append((type(caught.value), str(caught.value).partition(" (request id")[0]))
    assert kinds[0] == kinds[1]


def test_a_call_without_an_endpoint(app: DingTalkApp) -> None:
    with pytest.raises(ConfigurationError, match="no endpoint"):
        app.send(Call(Department))
    assert "(no endpoint)" in repr(Call(Department))


def test_the_transports_by_themselves(sandbox: Sandbox) -> None:
    request = HttpRequest("GET", f"{sandbox.url}/gettoken", {"Accept": "application/json"})
    transport = RequestsTransport((1, 1))
    answer = transport.send(request)
    transport.close()

    async def scenario() -> HttpResponse:
        other = AiohttpTransport((1, 1))
        try:
            return await other.send(request)
        finally:
            await other.close()

    other = asyncio.run(scenario())
    assert (answer.status, answer.content) == (other.status, other.content)
    assert answer.headers["content-type"] == other.headers["content-type"] == "application/json;charset=utf-8"
