"""The HTTP server: uvicorn's protocol on an event loop in a thread, which starts and stops in milliseconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from dingtalk_models.clocks import monotonic
from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.server.endpoints import path_of
from dingtalk_models.sandbox.server.envelopes import Answer, ReceivedRequest, dialect_of
from dingtalk_models.sandbox.server.faults import Behaviour, Fault

T = TypeVar("T")

log = logging.getLogger("dingtalk_models.sandbox")


class App:
    """The ASGI application: reads requests, answers them with a fault or `answer`, and records them.

    Args:
        answer: answers a call.
        clock: the sandbox's time.
        websocket: serves WebSockets.
        own: the applications for the sandbox's own paths, by the first segment: `/_sandbox`. Their requests are not
            recorded.
        keep: records a call, its answer (None if the connection is cut), the time of arrival and the seconds it took.
    """

    def __init__(
        self,
        answer: Callable[[ReceivedRequest], Awaitable[Answer]],
        clock: Clock,
        websocket: ASGIApp,
        own: Mapping[str, ASGIApp],
        keep: Callable[[ReceivedRequest, Answer | None, float, float], None],
    ) -> None:
        self.faults: list[Fault] = []
        self._answer_call = answer
        self._websocket = websocket
        self._own = own
        self._clock = clock
        self._keep = keep

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        if own := self._own.get(_place(scope["path"])):
            await own(scope, receive, self._dated(send))
            return
        request = Request(scope, receive)
        try:
            content = await request.body()
        except ClientDisconnect:
            return
        begun, at = monotonic(), self._clock.now()
        query, headers = dict(request.query_params), dict(request.headers)
        call = ReceivedRequest.read(request.method, path_of(scope["raw_path"].decode()), query, headers, content)
        fault = next((each for each in self.faults if each.strikes(call.path)), None)
        if fault and fault.remaining < 1:
            self.faults.remove(fault)
        how = fault.how if fault else Behaviour()
        try:
            answer = await self._answer(call, fault)
        except Exception as error:
            log.exception("a bug of the sandbox, at %s %s", call.method, call.path)
            answer = dialect_of(call.path).mistaken(error)
        self._record(call, None if how.get("drop") else answer, at, monotonic() - begun)
        if delay := how.get("delay"):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(request.state.stopping.wait(), delay)
        if answer is None or how.get("drop"):
            request.state.transport.abort()
        elif "truncate" in how:
            whole = Response(answer.content, answer.status, _dated(answer, at))
            await send({"type": "http.response.start", "status": answer.status, "headers": whole.raw_headers})
            part = answer.content[: how["truncate"]]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            request.state.transport.close()
        else:
            await Response(answer.content, answer.status, _dated(answer, at))(scope, receive, send)
            return
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _answer(self, call: ReceivedRequest, fault: Fault | None) -> Answer | None:
        if fault is None:
            return await self._answer_call(call)
        if fault.how.get("drop") in (True, "before"):
            return None
        answer = fault.answer(call) or await self._answer_call(call)
        answer.headers.update(fault.how.get("headers", {}))
        return answer

    def _dated(self, send: Send) -> Send:
        """Add the header `Date` by the sandbox's clock to answers without one."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ())]
                if not any(name.lower() == b"date" for name, _ in headers):
                    headers.append((b"date", formatdate(self._clock.now(), usegmt=True).encode()))
                message = {**message, "headers": headers}
            await send(message)

        return dated

    def _record(self, call: ReceivedRequest, answer: Answer | None, at: float, seconds: float) -> None:
        status, code = (answer.status, answer.code) if answer else (None, None)
        log.info("%s %s -> %s %s", call.method, call.path, status or "cut", "" if code is None else code)
        self._keep(call, answer, at, seconds)


def _dated(answer: Answer, at: float) -> dict[str, str]:
    """Return the headers of an answer, with the time at which it was made unless they already have one."""
    named = any(name.lower() == "date" for name in answer.headers)
    return answer.headers if named else {**answer.headers, "date": formatdate(at, usegmt=True)}


def _place(path: str) -> str:
    """Return the first segment, such as `/_page` of `/_page/calls`, or `/` only for the path `/` itself."""
    first = path[1:].partition("/")[0]
    return f"/{first}" if first else path


class _Protocol(H11Protocol):
    """Gives the connection's transport to the application, so that a fault can cut it.

    uvicorn's access log stays off because it would show tokens in queries.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.access_log = False
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose timers run even while a test has the time frozen."""

    def time(self) -> float:
        return monotonic()


class Server:
    """Serves an application from its own thread."""

    def __init__(self, app: ASGIApp, host: str, port: int, websocket_protocol: Any) -> None:
        self._config = Config(
            app,
            lifespan="off",
            log_config=None,
            ws=websocket_protocol,
            ws_ping_interval=None,  # uvicorn must not close connections that a test made half-open
            timeout_keep_alive=60,
        )
        self._address = (host, port)
        self._url: str | None = None
        self._thread: threading.Thread | None = None
        self._changing = threading.RLock()

    @property
    def url(self) -> str:
        """The base URL."""
        if self._url is None:
            raise RuntimeError("the sandbox is not running: use `with Sandbox() as sandbox:` or `.start()`")
        return self._url

    def start(self) -> None:
        """Listen and serve."""
        with self._changing:
            if self._url is None:
                self._url = self._start()

    def between_calls(self, work: Callable[[], T]) -> T:
        """Run work while no call is being answered, on the server's thread if there is one."""

        async def once() -> T:
            return work()

        if threading.current_thread() is self._thread:
            return work()
        with self._changing:  # the loop must not stop before it has run the work
            if self._url is None:
                return work()
            return asyncio.run_coroutine_threadsafe(once(), self._loop).result()

    def stop(self) -> None:
        """Cut the open connections and end the thread."""
        with self._changing:
            if self._url is None:
                return
            self._url, thread = None, self._thread
            self._loop.call_soon_threadsafe(self._stopping.set)
        if thread is not None:
            thread.join()

    def _start(self) -> str:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listener = socket.create_server(self._address, family=family, backlog=1024)
        # asyncio does this only for sockets that it made itself; without it, each reply waits for an ACK
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host, port = listener.getsockname()[:2]
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._run(listener, ready), name="dingtalk-sandbox", daemon=True)
        self._thread.start()
        ready.wait()
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._serve(listener, ready))

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        state, shared = ServerState(), {"stopping": self._stopping}
        state.default_headers = [(b"server", b"DingTalk/1.0.0")]
        server = await self._loop.create_server(lambda: _Protocol(self._config, state, shared), sock=listener)
        ready.set()
        await self._stopping.wait()
        server.close()
        for _ in range(3):  # lets connections that were just accepted register, so that they are cut, too
            await asyncio.sleep(0)
        for connection in tuple(state.connections):
            connection.transport.abort()
        while state.tasks:
            await asyncio.wait(tuple(state.tasks))
