"""How a connection is opened: by what, over which proxy, for how long, and with what a program has to load for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path
from traceback import walk_tb

import peers
import pytest
from listening import receiving, until
from relay import relay

from dingtalk_models import DingTalkApp, Event, TransportError
from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.stream.direct_request import MOST, send_directly
from dingtalk_models.stream.timing import Timing

OPEN = "/v1.0/gateway/connections/open"

LISTENS = """
import sys
from dingtalk_models import ChatbotMessage, DingTalkApp
app = DingTalkApp(appkey=sys.argv[1], appsecret=sys.argv[2], oapi_url=sys.argv[3], api_url=sys.argv[3])
app.callback.on(ChatbotMessage)(lambda message: None)
app.stream.start()
assert app.stream.status.healthy
app.stream.stop()
print(*sys.modules)
"""


def test_an_app_that_only_listens_loads_no_more_than_that(sandbox: Sandbox) -> None:
    command = [sys.executable, "-c", LISTENS, sandbox.appkey, sandbox.appsecret, sandbox.url]
    loaded = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert not loaded & {"aiohttp", "requests", "urllib3", "Crypto", "redis", "sqlalchemy"}
    assert not [name for name in loaded if name.startswith("dingtalk_models.message.robots.")], "only to reply"


WITHOUT = """
import sys
sys.modules["websockets"] = None
from dingtalk_models import ConfigurationError, Event, DingTalkApp
app = DingTalkApp(appkey="k", appsecret="s")
app.callback.on(Event)(lambda event: None)
try: app.stream.start()
except ConfigurationError as error: print(error)
"""


def test_without_websockets_it_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True)
    assert "pip install 'dingtalk-models[stream]'" in done.stdout


class Given:
    """A transport that an application has made itself."""

    def __init__(self, inner: DingTalkApp) -> None:
        self.urls: list[str] = []
        self._inner = inner

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.urls.append(request.url)
        return self._inner.transport.send(request)

    async def close(self) -> None:
        self._inner.transport.close()


def test_a_transport_that_was_given_opens_the_connection(sandbox: Sandbox, app: DingTalkApp) -> None:
    given = Given(app)
    mine = sandbox.app(async_transport=given)
    mine.callback.on(Event)(lambda _: None)
    with receiving(mine):
        until(lambda: sandbox.stream.opened)
    assert given.urls == [sandbox.url + OPEN]


def listener_at(sandbox: Sandbox, url: str) -> DingTalkApp:
    """An app whose newer host is somewhere else."""
    app = DingTalkApp(appkey=sandbox.appkey, appsecret=sandbox.appsecret, oapi_url=url, api_url=url)
    app.callback.on(Event)(lambda _: None)
    return app


def test_a_proxy_and_certificates_of_the_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with relay(port, peers.trusted(monkeypatch, tmp_path)) as front, relay(front.port, proxy=True) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        sandbox.stream.endpoint = f"wss://127.0.0.1:{front.port}/connect"
        app = listener_at(sandbox, f"https://127.0.0.1:{front.port}")
        with receiving(app):
            until(lambda: sandbox.stream.opened == 1)
        assert proxy.tunnels == [f"127.0.0.1:{front.port}"] * 2, "for the ticket, and for the gateway"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with receiving(app):
            until(lambda: sandbox.stream.opened == 2)
        assert len(proxy.tunnels) == 2
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.delenv("SSL_CERT_FILE")
        with receiving(app):
            assert "no connection" in (app.stream.status.error or "")
            assert "certificate" in (app.stream.status.error or "")


def test_a_proxy_for_plain_http_is_asked_with_the_whole_url(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with peers.peer(peers.echo) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//who:pass@"))
        monkeypatch.delenv("no_proxy", raising=False)
        with receiving(listener_at(sandbox, "http://no.such.host")):
            until(lambda: proxy.heard)
    assert proxy.heard[0].startswith(b"POST http://no.such.host/v1.0/gateway/connections/open ")
    assert b"proxy-authorization: basic d2hvonbhc3m=" in proxy.heard[0].lower()


def test_certificates_without_a_proxy(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with relay(port, peers.trusted(monkeypatch, tmp_path)) as front:
        sandbox.stream.endpoint = f"wss://127.0.0.1:{front.port}/connect"
        app = listener_at(sandbox, f"https://127.0.0.1:{front.port}")
        with receiving(app):
            until(lambda: sandbox.stream.opened == 1)
        assert app.opened_async_transport is None, "it was opened without aiohttp"
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.delenv("SSL_CERT_FILE")
        with receiving(app):
            assert "no connection" in (app.stream.status.error or "")
            assert "certificate" in (app.stream.status.error or "")


def trickle(client: peers.Client) -> None:
    """Begin an answer that never ends."""
    client.read()
    client.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        client.send(b"x: y\r\n", 0.01)


def flood(client: peers.Client) -> None:
    """Answer more than anybody reads."""
    client.read()
    client.send(peers.answer(b"x" * (MOST + 1)))


def drip(client: peers.Client) -> None:
    """Begin a body that never ends."""
    client.read()
    client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        client.send(b"x", 0.01)


def cut(client: peers.Client) -> None:
    """Begin an answer, and close the connection."""
    client.read()
    client.send(b'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"ticket":"t-1"}')


def hang_up(client: peers.Client) -> None:
    """Answer nothing."""
    client.read()


@pytest.mark.parametrize(
    ("serve", "problem"),
    [
        (trickle, "no response in time"),
        (drip, "no response in time"),
        (flood, "too large|more than|larger"),
        (cut, "the connection or the response broke off"),
        (hang_up, "the connection or the response broke off"),
    ],
)
def test_an_answer_that_never_ends(serve: peers.Serve, problem: str) -> None:
    with peers.peer(serve) as at, pytest.raises(TransportError, match=problem) as caught:
        asyncio.run(send_directly(HttpRequest("POST", f"{at.url}/x", {}, b'{"clientSecret":"of-the-app"}'), 0.3))
    until(lambda: not any(each.name.startswith("dingtalk-opening") for each in threading.enumerate()))
    assert caught.value.sent
    assert not caught.value.__context__
    for frame, _ in list(walk_tb(caught.value.__traceback__))[1:]:
        assert "of-the-app" not in repr(frame.f_locals), frame.f_code.co_name


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://[", "http://a b", "ftp://127.0.0.1", "http://127.0.0.1:x"]
)
def test_nothing_is_sent_without_a_connection(url: str) -> None:
    with pytest.raises(TransportError) as caught:
        asyncio.run(send_directly(HttpRequest("POST", f"{url}/x", {}, b"{}"), 5))
    assert not caught.value.sent


def test_an_address_that_is_none_is_told(sandbox: Sandbox) -> None:
    with receiving(listener_at(sandbox, "http://[")) as app:
        assert "no connection" in (app.stream.status.error or "")


def test_stopping_does_not_wait_for_a_gateway_that_is_slow(sandbox: Sandbox) -> None:
    with peers.peer(trickle) as at:
        app = listener_at(sandbox, at.url)
        app.stream.timing = Timing(patience=5)
        thread = threading.Thread(target=app.stream.start, daemon=True)
        thread.start()
        until(lambda: at.clients)
        begun = time.monotonic()
        app.stream.stop()
        assert time.monotonic() - begun < 2
        thread.join()
    assert app.stream.status.state == "stopped"
