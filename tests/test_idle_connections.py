"""What arrives while a connection is idle, and what is left on one, is never the answer to a later call."""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
import requests
from echo_server import echoing
from peers import CALLERS, Caller, Client, Stalled, answer, get, peer, target_of
from requests.adapters import HTTPAdapter

from dingtalk_models import Download, HttpRequest, TransportError
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.call.transport.received import CHUNK

STRAY = answer(666)
LATE = answer(666, "408 Request Timeout", "Connection: close\r\n")
FULL = 8192
"""What http.client reads at once; over TLS, the rest of a record stays decrypted in the connection."""

MISCHIEF: dict[str, list[bytes | float]] = {
    "in the same packet": [answer(1) + STRAY],
    "in the same packet as the end of a body": [answer("1" * 100)[:-50], 0.02, answer("1" * 100)[-50:] + STRAY],
    "in the same record of TLS, beyond what is read at once": [answer("1" * (FULL - 42)) + STRAY],
    "beyond two reads": [answer("1" * (2 * FULL - 43)) + STRAY],
    "later": [answer(1), 0.05, STRAY],
    "later, twice": [answer(1), 0.05, STRAY + STRAY],
    "at once, in a packet of its own": [answer(1), STRAY],
    "an error": [answer(1), 0.05, LATE],
    "the half of one": [answer(1), 0.05, STRAY[:30]],
    "the half of one in the same packet": [answer(1) + STRAY[:30], 0.05, STRAY[30:]],
    "a byte": [answer(1), 0.05, b"H"],
    "an informational reply": [answer(1), 0.05, b"HTTP/1.1 103 Early Hints\r\n\r\n"],
    "a line break in the same packet": [answer(1) + b"\r\n", 0.05, STRAY],
}


def stray(mischief: list[bytes | float]) -> Callable[[Client], None]:
    """Answer each call with what it asks for; and behind the first answer, send more."""

    def serve(client: Client) -> None:
        while request := client.read():
            number = target_of(request).removeprefix("/")
            client.send(*(mischief if number == "1" else [answer(number)]))

    return serve


@pytest.fixture(params=[*CALLERS.values(), Stalled], ids=[*CALLERS, "stalled"])
def caller(request: pytest.FixtureRequest) -> Generator[Caller]:
    calling: Caller = request.param()
    yield calling
    calling.close()


@pytest.mark.parametrize("mischief", MISCHIEF.values(), ids=MISCHIEF)
def test_no_stray_reply_is_an_answer(caller: Caller, tls: ssl.SSLContext | None, mischief: list[bytes | float]) -> None:
    with peer(stray(mischief), tls) as server:
        answers: list[bytes] = []
        for number in (1, 2, 3, 4):
            answers.append(caller.send(get(server.url, f"/{number}")).content)
            caller.pause(0.15 if number == 1 else 0)
    assert set(answers[0]) == set(b"1")
    assert answers[1:] == [b"2", b"3", b"4"]
    assert len(server.clients) <= 2


def test_a_connection_that_stays_quiet_is_used_again(caller: Caller, tls: ssl.SSLContext | None) -> None:
    with peer(stray([answer(1)]), tls) as server:
        for number in range(1, 6):
            assert caller.send(get(server.url, f"/{number}")).content == str(number).encode()
            caller.pause(0.02)
        assert len(server.clients) == 1


def test_what_is_left_of_a_download_that_was_given_up_is_no_answer(caller: Caller, tls: ssl.SSLContext | None) -> None:
    """The rest of the file looks like an answer, and comes when the next call has been sent."""

    def serve(client: Client) -> None:
        while request := client.read():
            if target_of(request) == "/file":
                client.send(answer(b"x" * CHUNK + STRAY)[: -len(STRAY)], 0.1, STRAY)
            else:
                client.send(answer(target_of(request)))

    def give_up(received: int, total: int) -> None:
        raise KeyError(received)

    with peer(serve, tls) as server:
        request = HttpRequest("GET", f"{server.url}/file", {}, download=Download(io.BytesIO(), give_up))
        with pytest.raises(KeyError):
            caller.send(request)
        assert caller.send(get(server.url, "/1")).content == b"/1"
        caller.pause(0.15)
        assert caller.send(get(server.url, "/2")).content == b"/2"


def test_an_answer_that_comes_before_the_request_is_complete(caller: Caller) -> None:
    """The server has seen enough, and what it does not read is not the next request."""
    sent = bytes(8_000_000)

    def serve(client: Client) -> None:
        client.sock.recv(1000)
        client.send(answer("too large", "413 Payload Too Large", "Connection: close\r\n"))

    with peer(serve) as server:
        for _ in range(3):
            try:
                status = caller.send(HttpRequest("PUT", server.url, {}, sent)).status
            except TransportError as error:  # the server has cut the connection before its answer was read
                status = 413 if error.sent else 0
            assert status == 413
        assert len(server.clients) == 3


def test_a_pool_that_lacks_a_connection_keeps_nobody_waiting_for_ever() -> None:
    """A session of one's own whose pool blocks: an exception from outside may lose one of its connections."""
    session, adapter = requests.Session(), HTTPAdapter(pool_maxsize=1, pool_block=True)
    session.mount("http://", adapter)
    session.trust_env = False  # so that the pool is the one below
    transport = RequestsTransport((0.2, 5.0), session)
    with echoing() as url:
        transport.send(get(url, "/1"))
        pool: Any = adapter.get_connection_with_tls_context(requests.Request("GET", url).prepare(), verify=True)
        lost = pool.pool.get()
        began = time.monotonic()
        with pytest.raises(TransportError, match="no connection"):
            transport.send(get(url, "/2"))
        assert time.monotonic() - began < 3
        lost.close()
        transport.close()
