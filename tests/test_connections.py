"""What a transport puts on the wire, in the clear and over TLS: a request leaves in one piece."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from dingtalk_models import HttpRequest, HttpResponse, TransportError
from dingtalk_models.transport.asynchronous import AiohttpTransport
from dingtalk_models.transport.blocking import RequestsTransport
from dingtalk_models.transport.body import CHUNK

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
TIMEOUT = (5.0, 5.0)


@dataclass
class Peer:
    """A server that keeps what each of its reads brought: over TLS, one record."""

    url: str
    reads: list[bytes] = field(default_factory=list[bytes])

    def serve(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                while self._request(connection):
                    connection.sendall(OK)

    def _request(self, connection: socket.socket) -> bool:
        request = b""
        while not _is_whole(request):
            if not (piece := connection.recv(1 << 20)):
                return False
            self.reads.append(piece)
            request += piece
        return True


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


@pytest.fixture(params=["http", "https"])
def peer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[Peer]:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        peer = Peer(f"{request.param}://127.0.0.1:{listener.getsockname()[1]}")
        if request.param == "https":
            authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
            context.load_cert_chain(tmp_path / "own.pem")
            authority.cert_pem.write_to_path(tmp_path / "authority.pem")
            for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
                monkeypatch.setenv(variable, str(tmp_path / "authority.pem"))
            listener = stack.enter_context(context.wrap_socket(listener, server_side=True))

        def serve() -> None:
            with suppress(OSError):
                peer.serve(listener)

        threading.Thread(target=serve, daemon=True).start()
        yield peer


Exchange = Callable[[list[HttpRequest]], list[HttpResponse]]


def blocking(requests: list[HttpRequest]) -> list[HttpResponse]:
    transport = RequestsTransport(TIMEOUT)
    try:
        return [transport.send(request) for request in requests]
    finally:
        transport.close()


def awaited(requests: list[HttpRequest]) -> list[HttpResponse]:
    async def scenario() -> list[HttpResponse]:
        transport = AiohttpTransport(TIMEOUT)
        try:
            return [await transport.send(request) for request in requests]
        finally:
            await transport.close()

    return asyncio.run(scenario())


both = pytest.mark.parametrize("exchange", [blocking, awaited])


def post(peer: Peer, content: bytes) -> HttpRequest:
    return HttpRequest("POST", f"{peer.url}/things", {"Content-Type": "application/json"}, content)


@both
def test_head_and_body_leave_together(peer: Peer, exchange: Exchange) -> None:
    requests = [post(peer, b'{"a":1}'), HttpRequest("GET", f"{peer.url}/things", {}), post(peer, b'{"b":2}')]
    assert [response.content for response in exchange(requests)] == [b"{}"] * 3
    assert [read.split(b" ")[0] for read in peer.reads] == [b"POST", b"GET", b"POST"]
    assert [read.partition(b"\r\n\r\n")[2] for read in peer.reads] == [b'{"a":1}', b"", b'{"b":2}']


@both
@pytest.mark.parametrize("size", [CHUNK, 3 * CHUNK])
def test_a_large_body_arrives_whole(peer: Peer, exchange: Exchange, size: int) -> None:
    content = bytes(range(256)) * (size // 256)
    exchange([post(peer, content), post(peer, b"{}")])
    first, second = b"".join(peer.reads).split(b"POST ")[1:]
    assert first.partition(b"\r\n\r\n")[2] == content
    assert second.endswith(b"\r\n\r\n{}")


def relay(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def tunnels(monkeypatch: pytest.MonkeyPatch) -> Generator[list[str]]:
    """A proxy that the environment names, and what it was asked for."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connect(listener.accept()[0])

        def connect(client: socket.socket) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1 << 16)
            verb, address, _ = head.decode().split(" ", 2)
            asked.append(f"{verb} {address}")
            host, _, port = address.partition(":")
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with client, socket.create_connection((host, int(port))) as server:
                threading.Thread(target=relay, args=(server, client), daemon=True).start()
                relay(client, server)

        threading.Thread(target=serve, daemon=True).start()
        yield asked


@both
@pytest.mark.parametrize("peer", ["https"], indirect=True)
def test_tls_through_a_proxy(peer: Peer, exchange: Exchange, tunnels: list[str]) -> None:
    assert [response.content for response in exchange([post(peer, b'{"a":1}')] * 2)] == [b"{}"] * 2
    assert tunnels == [f"CONNECT {peer.url.removeprefix('https://')}"]
    assert [read.partition(b"\r\n\r\n")[2] for read in peer.reads] == [b'{"a":1}'] * 2


@both
@pytest.mark.parametrize("peer", ["https"], indirect=True)
def test_a_certificate_that_nobody_vouches_for(peer: Peer, exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(TransportError):
        exchange([post(peer, b"{}")])
    assert peer.reads == []
