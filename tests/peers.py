"""Servers that send exactly the bytes that a test wants, and callers of both transports to attack with them."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
import trustme

from dingtalk_models import Call, Department, DingTalkApp, DingTalkError, HttpRequest, HttpResponse
from dingtalk_models.call.transport.asynchronous import AiohttpTransport
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.core.steps import Steps
from dingtalk_models.sandbox import Behaviour

TIMEOUT = (5.0, 5.0)

Outcome = HttpResponse | DingTalkError


# -- callers ---------------------------------------------------------------------------------------------------------


class Caller(Protocol):
    """A transport, blocking or awaited, with the same blocking methods for both."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request."""
        ...

    def at_once(self, requests: Sequence[HttpRequest]) -> list[Outcome]:
        """Send several at the same time."""
        ...

    def pause(self, seconds: float) -> None:
        """Let time pass between two calls."""
        ...

    def finish(self) -> None:
        """Close the transport."""
        ...

    def close(self) -> None:
        """Close all."""
        ...


class Blocking:
    def __init__(self, timeout: tuple[float, float] = TIMEOUT, **settings: Any) -> None:
        self.transport = RequestsTransport(timeout, **settings)

    def send(self, request: HttpRequest) -> HttpResponse:
        return self.transport.send(request)

    def at_once(self, requests: Sequence[HttpRequest]) -> list[Outcome]:
        def outcome(request: HttpRequest) -> Outcome:
            try:
                return self.transport.send(request)
            except DingTalkError as error:
                return error

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(outcome, requests))

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def finish(self) -> None:
        self.transport.close()

    close = finish


class Awaited:
    def __init__(self, timeout: tuple[float, float] = TIMEOUT, **settings: Any) -> None:
        self.transport = AiohttpTransport(timeout, **settings)
        self.runner = asyncio.Runner()

    def send(self, request: HttpRequest) -> HttpResponse:
        return self.runner.run(self.transport.send(request))

    def at_once(self, requests: Sequence[HttpRequest]) -> list[Outcome]:
        async def outcome(request: HttpRequest) -> Outcome:
            try:
                return await self.transport.send(request)
            except DingTalkError as error:
                return error

        async def outcomes() -> list[Outcome]:
            return await asyncio.gather(*map(outcome, requests))

        return self.runner.run(outcomes())

    def pause(self, seconds: float) -> None:
        self.runner.run(asyncio.sleep(seconds))

    def finish(self) -> None:
        self.runner.run(self.transport.close())

    def close(self) -> None:
        self.finish()
        self.runner.close()


class Stalled(Awaited):
    """An event loop that is busy between two calls, and so reads nothing."""

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


CALLERS: dict[str, Callable[..., Caller]] = {"blocking": Blocking, "awaited": Awaited}


def get(url: str, path: str = "/") -> HttpRequest:
    return HttpRequest("GET", url + path, {})


# -- what an app sends, in both ways ---------------------------------------------------------------------------------

Send = Callable[[DingTalkApp, Steps[Any]], Any]


def blocking(app: DingTalkApp, steps: Steps[Any]) -> Any:
    return app.send(steps)


def awaited(app: DingTalkApp, steps: Steps[Any]) -> Any:
    async def scenario() -> Any:
        async with app:
            return await app.asend(steps)

    return asyncio.run(scenario())


both = pytest.mark.parametrize("send", [blocking, awaited])

CREATE = "/topapi/v2/department/create"
READ = Department.objects.get.call(1)


def write(name: str = "新部门") -> Call[Department]:
    return Department.objects.create.call(name)


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
"""Faults after which it is unknown whether a request was executed."""


def be_impatient(app: DingTalkApp, how: Behaviour) -> None:
    """Only for tests of timeouts: everything else may take long on a busy machine."""
    if "delay" in how:
        app.timeout = (1.0, 0.15)


# -- peers -----------------------------------------------------------------------------------------------------------


def answer(content: bytes | str | int, status: str = "200 OK", headers: str = "") -> bytes:
    """A complete HTTP response. Each line of `headers` ends with a line break."""
    body = content if isinstance(content, bytes) else str(content).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


class Client:
    """A connection to a peer, as the peer sees it.

    Attributes:
        number: how many came before it.
        reads: what each read of the socket brought: over TLS, one record.
    """

    def __init__(self, sock: socket.socket, number: int, reads: list[bytes], heard: list[bytes]) -> None:
        self.sock, self.number = sock, number
        self.reads, self.heard = reads, heard
        self._left = b""

    def read(self) -> bytes:
        """The next request. It is empty at the end, and incomplete if the connection was closed in the middle.

        Bytes after a request are the beginning of the next one.
        """
        while not (end := _end_of(self._left)):
            if not (piece := self.sock.recv(1 << 20)):
                request, self._left = self._left, b""
                break
            self.reads.append(piece)
            self._left += piece
        else:
            request, self._left = self._left[:end], self._left[end:]
        if request:
            self.heard.append(request)
        return request

    def send(self, *pieces: bytes | float) -> None:
        """Send pieces, each in one packet. A number is a pause in seconds."""
        for piece in pieces:
            if isinstance(piece, bytes):
                self.sock.sendall(piece)
            else:
                time.sleep(piece)


def _end_of(request: bytes) -> int:
    """Where the first request ends; 0 if it is not complete."""
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    announced = int(length[1]) if length else 0
    return len(head) + 4 + announced if end and len(body) >= announced else 0


def target_of(request: bytes) -> str:
    """The path and query string of a request."""
    return request.split(b" ", 2)[1].decode()


def head_of(request: bytes) -> str:
    """The request line and the headers."""
    return request.partition(b"\r\n\r\n")[0].decode("latin-1") + "\r\n"


Serve = Callable[[Client], None]


class Peer:
    """A server.

    Attributes:
        url: where it serves.
        heard: the requests that came, in order.
        reads: what each read of a socket brought.
        clients: the connections that came.
    """

    def __init__(self, serve: Serve, listener: socket.socket, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        self.heard: list[bytes] = []
        self.reads: list[bytes] = []
        self.clients: list[Client] = []
        self._serve = serve
        self._listener = listener
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def bodies(self) -> list[bytes]:
        """The bodies of the received requests."""
        return [request.partition(b"\r\n\r\n")[2] for request in self.heard]

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        self._listener.close()
        for client in self.clients:
            with suppress(OSError):
                socket.socket.shutdown(client.sock, socket.SHUT_RDWR)  # TLS or not
        for thread in self._threads:
            thread.join(5)
        for client in self.clients:
            client.sock.close()

    def _accept(self) -> None:
        while True:
            try:
                self._listener.settimeout(0.05)
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue  # somebody who would not speak TLS
            sock.settimeout(None)
            self.clients.append(client := Client(sock, len(self.clients), self.reads, self.heard))
            self._threads.append(thread := threading.Thread(target=self._work, args=(client,), daemon=True))
            thread.start()

    def _work(self, client: Client) -> None:
        with suppress(OSError):
            self._serve(client)
        client.sock.close()


@contextmanager
def peer(serve: Serve, tls: ssl.SSLContext | None = None) -> Generator[Peer]:
    """A server that calls `serve` for each connection, in a new thread, and closes the connection when it returns."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    if tls:
        listener = tls.wrap_socket(listener, server_side=True)
    running = Peer(serve, listener, "https" if tls else "http")
    running.start()
    try:
        yield running
    finally:
        running.stop()


def answering(reply: Callable[[bytes], bytes]) -> Serve:
    """Answer each request with the result of `reply`."""

    def serve(client: Client) -> None:
        while request := client.read():
            client.send(reply(request))

    return serve


echo = answering(lambda request: answer(target_of(request)))
"""Answers each request with its target."""


def open_connections(url: str) -> int:
    """How many sockets of this process are connected to a server."""
    port, found = f":{int(url.rpartition(':')[2]):04X}", 0
    inodes = {
        fields[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if (fields := line.split())[2].endswith(port)
    }
    for each in Path("/proc/self/fd").iterdir():
        try:
            found += each.readlink().name.removeprefix("socket:[").rstrip("]") in inodes
        except FileNotFoundError:
            continue
    return found


def trusted(monkeypatch: pytest.MonkeyPatch, directory: Path, host: str = "127.0.0.1") -> ssl.SSLContext:
    """The TLS context of a server that both transports trust."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(directory / "own.pem")
    context.load_cert_chain(directory / "own.pem")
    authority.cert_pem.write_to_path(directory / "authority.pem")
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(directory / "authority.pem"))
    return context
