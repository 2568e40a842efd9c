"""Connections: in the clear, over TLS and through proxies; how many there are, and what may take their place."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from pathlib import Path
from socket import SHUT_WR, create_connection, socket
from typing import Any

import pytest
import requests
import servers
from echo_server import echoing
from peers import (
    CALLERS,
    READ,
    Awaited,
    Blocking,
    Caller,
    Client,
    Send,
    answer,
    awaited,
    both,
    echo,
    get,
    head_of,
    open_connections,
    peer,
    target_of,
    trusted,
)
from requests.adapters import BaseAdapter, HTTPAdapter
from waiting import until

from dingtalk_models import (
    ConfigurationError,
    Department,
    DingTalkApp,
    Flow,
    HttpRequest,
    HttpResponse,
    TransportError,
)
from dingtalk_models.call.transport.asynchronous import AiohttpTransport
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.call.transport.received import CHUNK
from dingtalk_models.sandbox import Sandbox

# -- on the wire -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 1000, 40_000, CHUNK, 3 * CHUNK + 1])
def test_a_body_arrives_whole(caller: Caller, tls: ssl.SSLContext | None, size: int) -> None:
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    with peer(echo, tls) as running:
        for body in (content, b"{}"):
            assert caller.send(HttpRequest("POST", f"{running.url}/things", {}, body)).content == b"/things"
        assert running.bodies == [content, b"{}"]
        assert len(running.clients) == 1


def test_a_certificate_that_nobody_vouches_for(caller: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with peer(echo, trusted(monkeypatch, tmp_path)) as running:
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.delenv(variable)
        with pytest.raises(TransportError, match=r"no connection: .*certificate") as caught:
            caller.send(get(running.url))
        assert not caught.value.sent
        assert running.heard == []


def test_a_certificate_of_another_host(caller: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with peer(echo, trusted(monkeypatch, tmp_path, "dingtalk.invalid")) as running:
        with pytest.raises(TransportError, match=r"no connection: .*not valid for '127.0.0.1'") as caught:
            caller.send(get(running.url))
        assert not caught.value.sent
        assert running.heard == []


def test_a_host_that_does_not_speak_tls(caller: Caller) -> None:
    def serve(client: Client) -> None:
        client.sock.recv(1000)
        client.send(answer("speak plainly", "400 Bad Request"))

    with peer(serve) as running:
        with pytest.raises(TransportError, match="no connection") as caught:
            caller.send(get(running.url.replace("http:", "https:")))
        assert not caught.value.sent


@pytest.mark.parametrize("kind", CALLERS)
def test_a_host_that_says_nothing_while_connecting(kind: str) -> None:
    caller = CALLERS[kind]((0.2, 5.0))
    over = threading.Event()

    def serve(client: Client) -> None:
        over.wait(5)

    with peer(serve) as running:
        with pytest.raises(TransportError, match="no connection in time") as caught:
            caller.send(get(running.url.replace("http:", "https:")))
        assert not caught.value.sent
        over.set()
    caller.close()


# -- proxies ---------------------------------------------------------------------------------------------------------


def relay(source: socket, target: socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(SHUT_WR)


def tunnel(client: Client) -> None:
    """A proxy that connects to wherever it is asked to."""
    host, _, port = target_of(client.read()).partition(":")
    client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with create_connection((host, int(port))) as upstream:
        threading.Thread(target=relay, args=(upstream, client.sock), daemon=True).start()
        relay(client.sock, upstream)


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the environment name a proxy."""

    def name(address: str) -> None:
        for variable in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(variable, address)
        monkeypatch.setenv("no_proxy", "")

    return name


def with_password(url: str) -> str:
    return url.replace("//", "//user:p%40ss@")


CREDENTIALS = f"Basic {b64encode(b'user:p@ss').decode()}"


def test_tls_through_a_proxy(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, through: Callable[[str], None]
) -> None:
    with peer(tunnel) as proxy, peer(echo, trusted(monkeypatch, tmp_path)) as running:
        through(with_password(proxy.url))
        for _ in range(2):
            request = HttpRequest("POST", f"{running.url}/things", {}, b"content")
            assert caller.send(request).content == b"/things"
        assert [head_of(each).splitlines()[0].rpartition(" ")[0] for each in proxy.heard] == [
            f"CONNECT {running.url.removeprefix('https://')}"
        ]
        assert CREDENTIALS in head_of(proxy.heard[0])
        assert running.bodies == [b"content"] * 2
        assert CREDENTIALS not in head_of(running.heard[0])


def test_plain_http_through_a_proxy(caller: Caller, through: Callable[[str], None]) -> None:
    with peer(echo) as proxy:
        through(with_password(proxy.url))
        request = HttpRequest("POST", "http://dingtalk.invalid/things?x=%2e%2e", {}, b"content")
        assert caller.send(request).content.lower() == b"http://dingtalk.invalid/things?x=%2e%2e"
        assert CREDENTIALS in head_of(proxy.heard[0])
        assert "Host: dingtalk.invalid\r\n" in head_of(proxy.heard[0])
        assert proxy.bodies == [b"content"]


def test_a_host_that_needs_no_proxy(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, through: Callable[[str], None]
) -> None:
    through(f"http://127.0.0.1:{servers.free_port()}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with peer(echo) as running:
        assert caller.send(get(running.url, "/x")).content == b"/x"


@pytest.mark.parametrize(
    "reply", [answer("no", "407 Proxy Authentication Required"), answer("no", "502 Bad Gateway"), b"", b"SSH-2.0\r\n"]
)
def test_a_proxy_that_does_not_connect(caller: Caller, through: Callable[[str], None], reply: bytes) -> None:
    def refuse(client: Client) -> None:
        client.read()
        client.send(reply)

    with peer(refuse) as proxy:
        through(proxy.url)
        with pytest.raises(TransportError, match="no connection") as caught:
            caller.send(get("https://dingtalk.invalid"))
        assert not caught.value.sent


def test_a_proxy_that_is_not_there(caller: Caller, through: Callable[[str], None]) -> None:
    through(f"127.0.0.1:{servers.free_port()}")
    for scheme in ("http", "https"):
        with pytest.raises(TransportError, match="no connection") as caught:
            caller.send(get(f"{scheme}://dingtalk.invalid"))
        assert not caught.value.sent


@pytest.mark.parametrize("kind", CALLERS)
def test_a_proxy_that_says_nothing(kind: str, through: Callable[[str], None]) -> None:
    caller, over = CALLERS[kind]((0.2, 5.0)), threading.Event()

    def serve(client: Client) -> None:
        client.read()
        over.wait(5)

    with peer(serve) as proxy:
        through(proxy.url)
        with pytest.raises(TransportError, match="no connection in time") as caught:
            caller.send(get("https://dingtalk.invalid"))
        assert not caught.value.sent
        over.set()
    caller.close()


def test_a_proxy_of_another_kind(through: Callable[[str], None]) -> None:
    through("socks5://127.0.0.1:1080")
    caller = Awaited()
    with pytest.raises(ConfigurationError, match="http and https"):
        caller.send(get("https://dingtalk.invalid"))
    caller.close()


# -- how many --------------------------------------------------------------------------------------------------------


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


def test_each_event_loop_has_its_own_connections(sandbox: Sandbox, ready: DingTalkApp) -> None:
    async def scenario() -> int:
        found = await asyncio.gather(*(ready.asend(READ) for _ in range(5)))
        await ready.aclose()
        await ready.aclose()
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


def test_a_transport_that_is_closed_holds_no_connection(caller: Caller) -> None:
    """Not even while something still refers to its pools, such as an error that somebody keeps."""
    with peer(echo) as running:
        caller.at_once([get(running.url, f"/{number}") for number in range(6)])
        assert open_connections(running.url) > 0
        transport: object = vars(caller)["transport"]
        kept: list[Any] = [copy(vars(transport).get(name)) for name in ("_routes", "_pools")]
        caller.finish()
        assert open_connections(running.url) == 0
        assert any(kept)
        assert caller.send(get(running.url, "/again")).content == b"/again"


def test_closing_while_other_threads_call_breaks_nothing() -> None:
    """A call that is under way ends as usual; at most, one that begins finds the pool closed, and was not sent."""
    caller, over, asked = Blocking(), threading.Event(), list[int]()

    def calling(who: int) -> int:
        number = 0
        while not over.is_set():
            number += 1
            asked.append(number)
            (outcome,) = caller.at_once([get(url, f"/{who}/{number}")])
            if isinstance(outcome, HttpResponse):
                assert outcome.content == f"/{who}/{number}".encode()
            else:
                assert not getattr(outcome, "sent", True)
        return number

    with echoing(1) as url, ThreadPoolExecutor(6) as pool:
        threads = [pool.submit(calling, who) for who in range(6)]
        try:
            for _ in range(100):
                caller.finish()
                before = len(asked)
                until(lambda before=before: len(asked) > before + 6)  # type: ignore[misc]
        finally:
            over.set()
        assert min(each.result() for each in threads) > 10
        caller.finish()
        assert open_connections(url) == 0


def test_what_an_event_loop_has_opened_ends_with_it() -> None:
    """Whoever awaits a call now and then, each time on a loop of its own, need not close anything."""
    caller = Awaited()
    with peer(echo) as running:
        for number in range(5):
            assert asyncio.run(caller.transport.send(get(running.url, f"/{number}"))).content == b"/%d" % number
            assert open_connections(running.url) == 0
        assert len(running.clients) == 5
        assert len(vars(caller.transport)["_pools"]) == 1
    caller.close()


# -- in place of a transport -----------------------------------------------------------------------------------------


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
    assert async_double.inner.urls == double.urls[1:]
    asyncio.run(app.aclose())
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
