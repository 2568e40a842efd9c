"""A relay in front of a sandbox: it ends TLS, or is an HTTP proxy."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress


class Relay:
    """A relay.

    Attributes:
        port: where it listens.
        tunnels: the targets to which clients of the proxy asked to be connected.
    """

    def __init__(self, target: int, tls: ssl.SSLContext | None, *, proxy: bool) -> None:
        self._target = target
        self._tls = tls
        self._proxy = proxy
        self.port = 0
        self.tunnels: list[str] = []
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()

    async def serve(self) -> None:
        """Relay until it is ended."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await self._ending.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # then connections are closed

    def end(self) -> None:
        """Stop."""
        self.loop.call_soon_threadsafe(self._ending.set)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError), closing(writer):
            if self._proxy:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.tunnels.append(head.split()[1])
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            inner, outer = await asyncio.open_connection("127.0.0.1", self._target)
            with closing(outer):
                await asyncio.gather(_pump(reader, outer), _pump(inner, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@contextmanager
def relay(target: int, tls: ssl.SSLContext | None = None, *, proxy: bool = False) -> Generator[Relay]:
    """A relay to a port of this machine, until the end of the block."""
    made = Relay(target, tls, proxy=proxy)
    thread = threading.Thread(target=lambda: made.loop.run_until_complete(made.serve()))
    thread.start()
    assert made.ready.wait(10)
    try:
        yield made
    finally:
        made.end()
        thread.join()
        made.loop.close()
