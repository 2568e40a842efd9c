"""One run of a client: its event loop, its thread, and how it is stopped."""

from __future__ import annotations

import asyncio
import atexit
import logging
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType

from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.core.context import enter
from dingtalk_models.core.errors import DingTalkError
from dingtalk_models.core.secret import shorten
from dingtalk_models.core.steps import Promise
from dingtalk_models.process.threads import is_kept_in
from dingtalk_models.stream.client import StreamClient
from dingtalk_models.stream.dispatch import Ack, Dispatch
from dingtalk_models.stream.handling import HandlingDriver
from dingtalk_models.stream.status import Status
from dingtalk_models.stream.stream_app import StreamApp
from dingtalk_models.stream.timing import Timing

logger = logging.getLogger("dingtalk_models")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_CLOSING = 10.0
"""Seconds that stopping may take, in addition to running handlers."""


@dataclass(frozen=True, slots=True)
class HandlingSettings:
    """How a client handles arrivals; `waits`: whether the session store may block."""

    ack: Ack
    deadline: float
    threads: int
    most: int
    timing: Timing
    waits: bool


class StreamRun:
    """One run of a client.

    Args:
        app: the app.
        callback: has the handlers.
        subscriptions: what the gateway is to send.
        settings: how it is handled.
        status: where its state and its counts are noted.
        timeout: seconds that handlers have to finish when it is stopped.

    Attributes:
        error: why it ended, if not because it was stopped.
    """

    def __init__(
        self,
        app: StreamApp,
        callback: Receiver,
        subscriptions: list[dict[str, str]],
        settings: HandlingSettings,
        *,
        status: Status,
        timeout: float,
    ) -> None:
        self.error: BaseException | None = None
        self._app = app
        self._callback = callback
        self._subscriptions = subscriptions
        self._settings = settings
        self._status = status
        self._timeout = timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: StreamClient | None = None
        self._thread = 0
        self._stopped = False
        self._unheard = False  # whether no caller of `start` waits for the error
        self._tried = Promise[None]()
        self._ended = Promise[None]()

    async def serve(self) -> None:
        """Stay connected until it is stopped or cancelled.

        Raises:
            DingTalkError: the first attempt to connect failed, and will not be tried again.
        """
        self._thread, self._loop = threading.get_ident(), asyncio.get_running_loop()
        try:
            await asyncio.create_task(self._serve())
        except BaseException as error:
            self.error, self._unheard = error, self._tried.is_kept()
            shorten(error)
            raise
        finally:
            self._status.enter("stopped", str(self.error) if isinstance(self.error, Exception) else None)
            self._ended.keep(None)
            self._tried.keep(None)

    async def _serve(self) -> None:
        enter(self._app)  # class-level calls in handlers use the app that received it
        _inside.set(self)
        settings = self._settings
        driver = HandlingDriver(settings.threads, waits=settings.waits)
        dispatch = Dispatch(
            self._callback,
            driver,
            self._status,
            ack=settings.ack,
            deadline=settings.deadline,
            most=settings.most,
        )
        self._client = StreamClient(
            self._app,
            self._subscriptions,
            dispatch=dispatch,
            timing=settings.timing,
            status=self._status,
            settled=lambda: self._tried.keep(None),
        )
        if self._stopped:
            self._client.stop()
        try:
            await self._client.run(lambda: self._timeout)
        finally:
            driver.close()

    def run(self) -> None:
        """Run on a new event loop until it is stopped, by `stop`, Ctrl-C or SIGTERM.

        Raises:
            SystemExit: the first attempt to connect failed, and will not be tried again. Its cause is the error.
        """
        try:
            asyncio.run(self._until_signal())
        except _Interrupted:
            return
        except DingTalkError as error:
            raise SystemExit(f"Stream: {' '.join(str(error).splitlines())}") from error

    async def _until_signal(self) -> None:
        serving = asyncio.create_task(self.serve())
        signals = 0

        def stop() -> None:
            nonlocal signals
            signals += 1
            if signals == 1:
                logger.info("Stream: stopping")
                self.stop(self._timeout)
            else:
                serving.cancel()

        with _handling(stop):
            try:
                await serving
            except asyncio.CancelledError:
                if signals > 1:
                    raise _Interrupted from None
                raise

    def start(self) -> None:
        """Run in a thread. Returns when the first attempt to connect is over.

        Raises:
            DingTalkError: it failed, and will not be tried again.
        """
        threading.Thread(target=self._in_thread, name="dingtalk-stream", daemon=True).start()
        atexit.register(self.stop, self._timeout)
        is_kept_in(None, self._tried)
        if self.error:
            shorten(self.error)
            raise self.error

    def _in_thread(self) -> None:
        try:
            asyncio.run(self.serve())
        except Exception:
            if self._unheard:
                logger.exception("Stream: stopped by an error")

    def stop(self, timeout: float) -> None:
        """Stop and wait for the end. Called from a handler or on an event loop, do not wait."""
        self._timeout = timeout
        self._stopped = True
        atexit.unregister(self.stop)
        if self._loop and self._client:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._client.stop)
        own = threading.get_ident() == self._thread or _inside.get() is self or _loop_runs_here()
        if not own and not is_kept_in(timeout + _CLOSING, self._ended):
            logger.error("Stream: not stopped, because something blocks its event loop")


def _loop_runs_here() -> bool:
    """Whether an event loop runs on this thread, which must not block then."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_inside: ContextVar[StreamRun | None] = ContextVar("dingtalk_stream", default=None)
"""The run that the current handler belongs to."""


class _Interrupted(Exception):
    """A second signal arrived while it was stopping."""


@contextmanager
def _handling(work: Callable[[], None]) -> Generator[None]:
    """Do some work on this loop at each Ctrl-C or SIGTERM. This works only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def wake(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(work)

    before = {each: signal.signal(each, wake) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
