"""The WebSocket of a connection, which writes the answers of one turn of the event loop to its socket at once.

A write of each answer by itself takes a fifth of the time of a message, most of it in the system.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from websockets.asyncio.client import ClientConnection

Data = bytes | bytearray | memoryview


class Outlet(asyncio.Transport):
    """A transport that writes at the end of the turn what is written to it.

    Args:
        inner: the transport that writes to the socket.
    """

    def __init__(self, inner: asyncio.Transport) -> None:
        super().__init__()
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._held: list[Data] = []

    def write(self, data: Data) -> None:
        if not self._held:
            self._loop.call_soon(self._let_go)
        self._held.append(data)

    def write_eof(self) -> None:
        self._let_go()
        self._inner.write_eof()

    def close(self) -> None:
        self._let_go()
        self._inner.close()

    def abort(self) -> None:
        self._held = []
        self._inner.abort()

    def _let_go(self) -> None:
        held, self._held = self._held, []
        if held and not self._inner.is_closing():
            self._inner.writelines(held)

    def can_write_eof(self) -> bool:
        return self._inner.can_write_eof()

    def is_closing(self) -> bool:
        return self._inner.is_closing()

    def pause_reading(self) -> None:
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        self._inner.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._inner.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._inner.get_extra_info(name, default)


class Socket(ClientConnection):
    """A WebSocket with an outlet.

    Attributes:
        outlet: what it writes to.
    """

    outlet: Outlet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is a connection: asyncio calls this."""
        self.outlet = Outlet(cast("asyncio.Transport", transport))
        super().connection_made(self.outlet)
