"""A server that answers each request with its path, in a separate process: `python echo_server.py 5 own.pem`.

The first argument is the delay in milliseconds, the second the certificate for TLS. The answer to `/connection` is the
number of the connection. A request to `/never/…` is never answered; the answer to `/never` is how many of those came.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_number = count(1)
_never: list[bytes] = []


class Echo(asyncio.Protocol):
    """The part of HTTP that is needed: requests one after the other, or several at once."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.buffer = b""
        self.number = next(_number)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            target = self.buffer.split(b" ", 2)[1]
            self.buffer = self.buffer[end + 4 + length :]
            if target.startswith(b"/never/"):
                _never.append(target)
                continue
            told = {b"/connection": self.number, b"/never": len(_never)}.get(target)
            body = target if told is None else b"%d" % told
            reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, reply)
            else:
                self.transport.write(reply)


async def main(milliseconds: str, certificate: str = "") -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    delay = float(milliseconds) / 1000
    server = await asyncio.get_running_loop().create_server(
        lambda: Echo(delay), "127.0.0.1", 0, ssl=context, backlog=4096
    )
    print(f"http{'s' if context else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def echoing(milliseconds: float = 0, certificate: Path | None = None) -> Generator[str]:
    """Run this server, and yield its URL."""
    command = [sys.executable, __file__, str(milliseconds), *([str(certificate)] if certificate else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
