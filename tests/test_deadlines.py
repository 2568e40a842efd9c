"""A deadline is a deadline: whatever a peer does, and however slowly, a call ends when its time is over."""

from __future__ import annotations

import gc
import io
import json
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
import servers
from peers import (
    CALLERS,
    READ,
    Caller,
    Client,
    Send,
    answer,
    blocking,
    both,
    echo,
    get,
    open_connections,
    peer,
    target_of,
    trusted,
    write,
)
from refreshing import GET
from waiting import until

from dingtalk_models import DingTalkApp, Download, HttpRequest, RateLimit, Retry, Upload
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.call.transport.uploads import FileBody
from dingtalk_models.core import errors
from dingtalk_models.sandbox import Sandbox

OK = b"HTTP/1.1 200 OK\r\n"
PATIENT = 12.0
"""Seconds that a peer drips: much longer than any of these calls may take."""

LIMIT = 0.4
"""The timeout of most calls here, and their deadline."""

SLACK = 4.0
"""Seconds within which a call with that timeout ends on a busy machine."""


@contextmanager
def ends_in_time(seconds: float = SLACK) -> Generator[None]:
    begun = time.perf_counter()
    yield
    took = time.perf_counter() - begun
    assert took < seconds, f"took {took:.1f} s"


def dripping(before: bytes, drop: bytes, pause: float = 0.1) -> Callable[[Client], None]:
    """Answer each request with the same few bytes, over and over."""

    def serve(client: Client) -> None:
        if not client.read():
            return
        client.send(before)
        begun = time.perf_counter()
        with suppress(OSError):
            while time.perf_counter() - begun < PATIENT:
                client.send(drop, pause)

    return serve


DRIPPED: dict[str, Callable[[Client], None]] = {
    "a status line": dripping(b"HTTP/1.1 200 ", b"O"),
    "headers": dripping(OK, b"X"),
    "header lines": dripping(OK, b"X-Name: x\r\n"),
    "a body": dripping(OK + b"Content-Length: 1000\r\n\r\n", b"x"),
    "a body without a length": dripping(OK + b"Connection: close\r\n\r\n", b"x"),
    "chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "the size of a chunk": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "slow 1xx": dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "endless 1xx": dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000, 0.0),
    "a 1xx with endless headers": dripping(b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"),
}


@pytest.fixture(params=CALLERS)
def hasty(request: pytest.FixtureRequest) -> Generator[Caller]:
    caller = CALLERS[request.param]((LIMIT, LIMIT))
    yield caller
    caller.close()


@pytest.mark.parametrize("serve", DRIPPED.values(), ids=DRIPPED)
def test_of_a_dripped_reply(hasty: Caller, serve: Callable[[Client], None]) -> None:
    with peer(serve) as server, ends_in_time(), pytest.raises(errors.TransportError, match="no response in time") as e:
        hasty.send(get(server.url))
    assert e.value.sent


@pytest.mark.parametrize("what", ["a body", "headers", "slow 1xx"])
def test_over_tls(what: str, hasty: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tls = trusted(monkeypatch, tmp_path)
    with peer(DRIPPED[what], tls) as server, ends_in_time(), pytest.raises(errors.TransportError, match="in time"):
        hasty.send(get(server.url))


@pytest.mark.parametrize("what", ["a body", "chunks", "headers"])
def test_of_a_dripped_download(what: str, hasty: Caller, tmp_path: Path) -> None:
    target = tmp_path / "file"
    with peer(DRIPPED[what]) as server, ends_in_time(), pytest.raises(errors.TransportError, match="in time"):
        hasty.send(HttpRequest("GET", f"{server.url}/", {}, download=Download(target)))
    assert list(tmp_path.iterdir()) == []


def test_a_file_may_take_longer_than_the_timeout(hasty: Caller) -> None:
    """Each chunk of it has the time for itself, in both directions."""
    half = bytes(256 * 1024)
    pieces: list[bytes | float] = [half, 0.25] * 4

    def serve(client: Client) -> None:
        while request := client.read():
            if request.startswith(b"GET"):
                client.send(OK + b"Content-Length: %d\r\n\r\n" % (4 * len(half)), *pieces)
            else:
                client.send(answer(7))

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            time.sleep(0.25)
            return super().read(size)

    with peer(serve) as server:
        into = io.BytesIO()
        begun = time.perf_counter()
        hasty.send(HttpRequest("GET", f"{server.url}/", {}, download=Download(into), until=time.monotonic() + LIMIT))
        assert time.perf_counter() - begun > LIMIT
        assert len(into.getvalue()) == 4 * len(half)
        content = FileBody(Upload(Slow(half * 3), "slow.bin"))
        until = time.monotonic() + LIMIT
        assert hasty.send(HttpRequest("POST", f"{server.url}/", {}, content, until=until)).content == b"7"
        assert time.monotonic() > until


def reading_slowly(client: Client) -> None:
    begun = time.perf_counter()
    while time.perf_counter() - begun < PATIENT and client.sock.recv(20_000):
        time.sleep(0.1)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_of_a_server_that_reads_slowly(
    hasty: Caller, secure: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls = trusted(monkeypatch, tmp_path) if secure else None
    large = HttpRequest("POST", "", {}, bytes(30_000_000))
    with peer(reading_slowly, tls) as server, ends_in_time(), pytest.raises(errors.TransportError, match="in time"):
        hasty.send(HttpRequest("POST", f"{server.url}/", {}, large.content))


# -- connecting ------------------------------------------------------------------------------------------------------


def test_of_a_name_that_is_not_looked_up(hasty: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def lookup(*_: object, **__: object) -> list[Any]:
        over.wait(PATIENT)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with ends_in_time(), pytest.raises(errors.TransportError, match="no connection in time") as caught:
        hasty.send(get("http://nowhere.example"))
    over.set()
    assert not caught.value.sent


def test_of_a_proxy_that_drips(hasty: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with peer(dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with ends_in_time(), pytest.raises(errors.TransportError, match="no connection in time") as caught:
            hasty.send(get("https://acme.example"))
    assert not caught.value.sent


def test_of_a_handshake_that_drips(hasty: Caller) -> None:
    def serve(client: Client) -> None:
        begun = time.perf_counter()
        client.sock.recv(1 << 16)
        with suppress(OSError):
            client.send(b"\x16\x03\x03\x02\x00")
            while time.perf_counter() - begun < PATIENT:
                client.send(b"\x02", 0.1)

    with peer(serve) as server, ends_in_time(), pytest.raises(errors.TransportError, match="no connection in time"):
        hasty.send(get(server.url.replace("http:", "https:")))


def test_a_connection_that_comes_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits any more for the thread that looks up the name."""
    caller, real = CALLERS["blocking"]((0.1, 0.1)), socket.getaddrinfo
    late = threading.Event()

    def lookup(*args: Any, **options: Any) -> Any:
        late.wait(PATIENT)
        return real("127.0.0.1", *args[1:], **options)

    heard: list[bytes] = []
    with peer(lambda client: heard.append(client.read())) as server:
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        with pytest.raises(errors.TransportError, match="no connection in time"):
            caller.send(get(server.url))
        late.set()
        until(lambda: heard)
        assert heard == [b""]
    caller.close()


class Interrupted(BaseException):
    """What a signal handler raises."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # that a socket was left to be collected
def test_an_interrupt_of_connecting_leaves_nothing_behind() -> None:
    chance, armed, right, interrupted = random.Random(17), list[bool](), 0, 0

    def serve(client: Client) -> None:
        if (request := client.read()).endswith(b"\r\n\r\n"):
            client.send(answer(target_of(request)))

    def interrupt(*_: object) -> None:
        if armed:
            armed.clear()
            raise Interrupted

    transport = RequestsTransport((5.0, 5.0))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with peer(serve) as server:
            for number in range(10_000):
                if number >= 400 and right > 50 and interrupted > 20:
                    break  # on a busy machine, few of the first calls are fast enough
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0001, 0.003))
                try:
                    armed.append(True)
                    content = transport.send(get(server.url, f"/{number}")).content
                    armed.clear()
                except Interrupted:
                    interrupted += 1
                except errors.TransportError:  # the library was handling an error when the interrupt came
                    armed.clear()
                else:
                    assert content == f"/{number}".encode()
                    right += 1
            transport.close()
            until(lambda: gc.collect() >= 0 and not open_connections(server.url))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert right > 50
    assert interrupted > 20


AT_EXIT = """
import atexit, sys
from dingtalk_models import HttpRequest
from dingtalk_models.call.transport.blocking import RequestsTransport

request, transport = HttpRequest("GET", sys.argv[1] + "/last", {}), RequestsTransport((5.0, 5.0))
atexit.register(lambda: print(transport.send(request).content))
"""


def test_a_call_at_the_end_of_the_process_can_connect() -> None:
    """No thread starts any more then, from Python 3.12 on."""
    with peer(echo) as server:
        command = [sys.executable, "-c", AT_EXIT, server.url]
        ended = run(command, capture_output=True, text=True, timeout=30, check=True)
    assert (ended.stdout, ended.stderr) == ("b'/last'\n", "")


# -- the deadline of a call ------------------------------------------------------------------------------------------


def app_at(url: str, **settings: Any) -> DingTalkApp:
    app = DingTalkApp(appkey="k", appsecret="t0psecret", oapi_url=url, api_url=url, **settings)
    app.session.set(app.access_token_credential.key, "t0ptoken", 7000)
    return app


def send_it(send: Send, app: DingTalkApp) -> Any:
    return send(app, READ)


HASTY = Retry(attempts=100, deadline=LIMIT, first_wait=0.01, longest_wait=0.01)


@both
@pytest.mark.parametrize("what", ["headers", "a body", "slow 1xx"])
def test_of_a_call_includes_every_byte(send: Send, what: str) -> None:
    with peer(DRIPPED[what]) as server:
        app = app_at(server.url, retry=HASTY)
        with ends_in_time(), pytest.raises(errors.TransportError, match="no response in time"):
            send(app, READ)
        app.close()


@both
def test_of_a_call_includes_connecting(send: Send) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.create_connection(listener.getsockname()) for _ in range(1)]
        for _ in range(3):
            waiting.append(one := socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        app = app_at(f"http://127.0.0.1:{listener.getsockname()[1]}", retry=HASTY)
        with ends_in_time(), pytest.raises(errors.TransportError, match="no connection in time"):
            send(app, write())
        app.close()
        for each in waiting:
            each.close()


@both
def test_of_a_call_includes_the_token(send: Send) -> None:
    def serve(client: Client) -> None:
        while request := client.read():
            if b"/oauth2/accessToken" in request.partition(b"\r\n")[0]:
                dripping(OK + b"Content-Length: 1000\r\n\r\n", b" ")(client)
                return
            client.send(answer(json.dumps({"errcode": 0, "result": {"dept_id": 1, "name": "x"}})))

    with peer(serve) as server:
        app = app_at(server.url, retry=HASTY)
        app.session.delete(app.access_token_credential.key)
        with ends_in_time(), pytest.raises(errors.TransportError):
            send(app, READ)
        assert [request for request in server.heard if b"department" in request] == []
        app.close()


class Stubborn:
    """A session store whose `add` refuses for ever."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def set(self, key: str, value: str, expires: int) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    def add(self, key: str, value: str, expires: int) -> bool:
        return False


@both
def test_of_a_call_includes_the_wait_for_a_lock(send: Send) -> None:
    app = DingTalkApp(
        appkey="k", appsecret="s", api_url=f"http://127.0.0.1:{servers.free_port()}", session_manager=Stubborn(),
        retry=Retry(deadline=LIMIT),
    )  # fmt: skip
    with ends_in_time(), pytest.raises(errors.TransportError, match="deadline") as caught:
        send(app, READ)
    assert not caught.value.sent
    app.close()


def test_somebody_with_more_time_takes_over() -> None:
    """The one that fetches the token for all has the shortest deadline."""
    heard = threading.Event()

    def serve(client: Client) -> None:
        while request := client.read():
            if b"/oauth2/accessToken" in request.partition(b"\r\n")[0]:
                if not heard.is_set():
                    heard.set()
                    client.read()  # until who asked has given up
                    return
                client.send(answer('{"accessToken": "t0ptoken", "expireIn": 7200}'))
            else:
                client.send(answer(json.dumps({"errcode": 0, "result": {"dept_id": 1, "name": "x"}})))

    with peer(serve) as server:
        app = app_at(server.url)
        app.session.delete(app.access_token_credential.key)
        app.retry = Retry(deadline=LIMIT)
        failed: list[BaseException] = []

        def impatient() -> None:
            try:
                app.send(READ)
            except errors.DingTalkError as error:
                failed.append(error)

        thread = threading.Thread(target=impatient)
        thread.start()
        assert heard.wait(5)
        app.retry = Retry(deadline=10.0)
        assert blocking(app, READ).dept_id == 1
        thread.join(5)
        assert len(failed) == 1
        app.close()


def test_nothing_is_sent_after_the_deadline(hasty: Caller) -> None:
    with peer(lambda client: client.send(client.read() and answer(7))) as server:
        request = HttpRequest("GET", f"{server.url}/", {}, until=time.monotonic() - 1)
        with pytest.raises(errors.TransportError) as caught:
            hasty.send(request)
        assert not caught.value.sent
        assert server.heard == []


@both
@pytest.mark.parametrize("named", ["86400", "61"])
def test_a_longer_wait_than_a_minute_is_a_minute(sandbox: Sandbox, send: Send, named: str) -> None:
    """One odd reply does not stop an API for a day. Whoever has less time is told at once."""
    app = sandbox.app(rate_limit=RateLimit())
    app.get_access_token()
    sandbox.fail(GET, errcode=90018, headers={"Retry-After": named})
    for _ in range(2):  # the second call is not sent: the first one's refusal holds for it too
        with ends_in_time(), pytest.raises(errors.RateLimited) as caught:
            send(app, READ)
        assert 50 < caught.value.retry_after <= 60
    assert len(sandbox.received(GET)) == 1
    app.close()
