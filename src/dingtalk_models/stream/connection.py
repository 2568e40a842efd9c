"""One connection to the gateway: reads frames, sends answers, detects when it is dead."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, cast

from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.stream.frames import SYSTEM, BadFrame, Frame, answer, read_frame
from dingtalk_models.stream.timing import Timing

try:
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.connection import broadcast
    from websockets.exceptions import ConnectionClosed
except ImportError as error:
    raise ConfigurationError(
        "Stream mode needs websockets: pip install 'dingtalk-models[stream]' / Stream 模式需要先安装 websockets"
    ) from error

Data = bytes | bytearray | memoryview

_TURN = 64
"""How many frames are read before other tasks run, since the library returns buffered frames without waiting."""


class BatchedTransport(asyncio.Transport):
    """A transport that collects the writes of one event loop iteration and sends them together.

    Separate writes for each answer would take a fifth of a message's time.

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

    outlet: BatchedTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is a connection: asyncio calls this."""
        self.outlet = BatchedTransport(cast("asyncio.Transport", transport))
        super().connection_made(self.outlet)


class Connection:
    """One connection.

    Args:
        socket: the WebSocket.
        timing: its times.
        take: called with each event and callback, and the function that answers it.
        refuse: called with frames that are not understood.

    Attributes:
        useful: whether an event or callback came over it.
        leaving: whether the gateway gave notice that it will end.
        over: done when the gateway gave notice, or the connection has ended; says why.
    """

    def __init__(
        self,
        socket: Socket,
        timing: Timing,
        take: Callable[[Frame, Callable[[bytes], None]], None],
        refuse: Callable[[BadFrame, Callable[[bytes], None]], None],
    ) -> None:
        self.useful = self.leaving = False
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._socket = socket
        self._timing = timing
        self._take = take
        self._refuse = refuse
        self._opened_at = self._heard_at = timing.monotonic()
        self._skew = timing.wall() - timing.monotonic()
        self._problem = "the gateway closed the connection"

    @property
    def age(self) -> float:
        """How long it has been open, in seconds."""
        return self._timing.monotonic() - self._opened_at

    async def run(self) -> None:
        """Read until the connection ends."""
        watch = asyncio.create_task(self._watch())
        try:
            for count in itertools.count(1):
                text = await self._socket.recv(decode=False)
                self._heard_at = self._timing.monotonic()
                self._read(text)
                if not count % _TURN:
                    await asyncio.sleep(0)
        except ConnectionClosed:
            self.give_up(self._problem)
        finally:
            watch.cancel()
            await asyncio.wait([watch])
            self._socket.outlet.abort()
            self.give_up("an error of its own")

    def reply(self, text: bytes) -> None:
        """Answer a frame. If the connection has ended, the answer is lost.

        Does not wait for a gateway that reads slowly: there are at most as many answers as frames that it sent.
        """
        broadcast([self._socket], text.decode())

    def give_up(self, why: str) -> None:
        """Let another connection replace this one."""
        if not self.over.done():
            self.over.set_result(why)

    async def close(self) -> None:
        """Send the remaining answers, then close."""
        await self._socket.close()

    def _read(self, text: bytes) -> None:
        try:
            frame = read_frame(text)
        except BadFrame as bad:
            self._refuse(bad, self.reply)
            return
        if frame.type != SYSTEM:
            self.useful = True
            self._take(frame, self.reply)
        elif frame.topic == "disconnect":
            self.leaving = True
            self.give_up("the gateway gave notice")
        else:
            self.reply(answer(frame.message_id, 200, "OK", frame.data))

    async def _watch(self) -> None:
        """Send pings, and cut a dead connection so that its waiters continue."""
        timing = self._timing
        try:
            while not (problem := await self._problem_after(timing.ping)):
                try:
                    async with asyncio.timeout(timing.ping):
                        await (await self._socket.ping())
                except TimeoutError:
                    problem = f"no answer to a ping in {timing.ping:g} seconds"
                    break
        except ConnectionClosed:
            return
        self._problem = problem
        self._socket.outlet.abort()

    async def _problem_after(self, seconds: float) -> str:
        """Wait some time, then return why the connection is unreliable; empty if it is fine."""
        await asyncio.sleep(seconds)
        timing, before = self._timing, self._skew
        self._skew = timing.wall() - timing.monotonic()
        if self._skew - before > timing.jump:
            return "the machine slept"
        if timing.monotonic() - self._heard_at > timing.silence:
            return f"no frame in {timing.silence:g} seconds"
        return ""
