"""The driver that performs steps on the calling thread."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from dingtalk_models.call.call import Call, KnownStep
from dingtalk_models.core.errors import ConfigurationError, DingTalkError
from dingtalk_models.core.secret import shorten
from dingtalk_models.core.steps import (
    Background,
    Blocking,
    Flow,
    RunHandler,
    Send,
    Sleep,
    Step,
    Steps,
    Together,
    Transport,
    Wait,
    Window,
)
from dingtalk_models.process.threads import Stopped, Threads, current, is_kept_in

T = TypeVar("T")


class BlockingDriver:
    """Runs calls and flows on the calling thread.

    Args:
        open_transport: opens the transport, when the first call is made.
        exchange: makes the flow of one call: token, attempts, reading the reply.
        blocking_on_loop: whether it may block an event loop; `None` for in notebooks only, where one always runs.
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        exchange: Callable[[Call[Any]], Flow[Any]],
        *,
        blocking_on_loop: bool | None = None,
    ) -> None:
        self._open_transport = open_transport
        self._blocking_on_loop = blocking_on_loop
        self._opened: Transport | None = None
        self._exchange = exchange

    @property
    def _transport(self) -> Transport:
        if self._opened is None:
            self._opened = self._open_transport()
        return self._opened

    def check_loop(self, instead: str, /) -> None:
        """Refuse to block the event loop of this thread.

        Args:
            instead: what to write on an event loop.

        Raises:
            ConfigurationError: one runs here, and the app does not allow that.
        """
        if self._blocking_on_loop or not _loop_runs_here():
            return
        if self._blocking_on_loop is None and "ipykernel" in sys.modules:
            return  # in a notebook, the loop of the kernel runs under each cell, and has nothing else to do
        raise ConfigurationError(
            f"a blocking call would stop the event loop for everybody: write `{instead or 'await ….aio(…)'}`, "
            "or allow it with DingTalkApp(blocking_on_loop=True) / "
            f"同步调用会让整个事件循环停下来：请改写为 `{instead or 'await ….aio(…)'}`，"
            "或用 DingTalkApp(blocking_on_loop=True) 允许"
        )

    def run(self, steps: Steps[T], instead: str = "", /) -> T:
        """Run a call or a flow to its end.

        Raises:
            ConfigurationError: it has to wait, and an event loop runs on this thread.
        """
        if isinstance(steps, Call):
            _ = self._transport  # opening takes time: do it before the call gets its permit from the rate limiter
            flow: Flow[T] = self._exchange(steps)
        else:
            flow = iter(steps)
        try:
            step = next(flow)
            checked = False
            while True:
                if not checked and _may_wait(step):
                    self.check_loop(instead)
                    checked = True
                try:
                    result = self._perform(step)
                except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            return cast("T", end.value)
        except DingTalkError as error:
            shorten(error)
            raise
        finally:
            flow.close()

    def _perform(self, step: object) -> Any:  # noqa: C901, PLR0911 - a table of what each step does
        if not isinstance(step, Step):
            raise ConfigurationError(
                f"a flow yields calls and other steps, not {type(step).__name__} / flow 只能 yield 调用等步骤"
            )
        match cast("KnownStep", step):
            case Call() as call:
                return self.run(call)
            case Send(request):
                self._end_if_stopped()
                return self._transport.send(request)
            case Blocking(work):
                return work()
            case Sleep(seconds):
                return self._sleep(seconds)
            case Together() as several:
                return self._together(several)
            case Window() as window:
                return self._take(window)
            case Wait() as wait:
                return self._wait(wait)
            case Background(begin):
                return self._in_background(begin)
            case RunHandler() as handling:
                return self._handle(handling)

    @staticmethod
    def _end_if_stopped() -> None:
        if (threads := current.get()) is not None and threads.closed.is_kept():
            raise Stopped

    @staticmethod
    def _sleep(seconds: float) -> None:
        if (threads := current.get()) is None:
            time.sleep(seconds)
        elif is_kept_in(seconds, threads.closed):
            raise Stopped

    def _together(self, step: Together[T]) -> list[T]:
        with Threads[T](step.workers, self.run) as threads:
            for steps in step.steps:
                threads.begin(steps)
            for done, ended in enumerate(threads.in_order_of_end(), 1):
                ended.result()
                step.tell(done)
            return [promise.result() for promise in threads.begun]

    def _take(self, window: Window[Any, T]) -> T:
        threads = cast("Threads[T] | None", window.crew)
        if threads is None:
            threads = window.crew = Threads[T](window.workers, self.run)
        window.fill()
        first = threads.begun.popleft()
        is_kept_in(None, first)
        result = first.result()
        window.taken(result)
        return result

    @staticmethod
    def _wait(step: Wait[T]) -> T | None:
        if step.worker == threading.get_ident() and not step.promise.is_kept():
            if not _loop_runs_here():
                return None  # its event loop ran on this thread and has stopped, so waiting is useless
            raise ConfigurationError(
                "a blocking call on the event loop waits for an awaited one, which cannot go on meanwhile: await both"
                " / 事件循环里的同步调用在等异步调用，后者因此无法继续：两处都请用 await"
            )
        return step.promise.result() if is_kept_in(step.seconds, step.promise) else None

    def _in_background(self, begin: Callable[[], Flow[None]]) -> None:
        with suppress(RuntimeError):  # the interpreter is shutting down: no thread can start
            threading.Thread(target=lambda: self.run(begin()), daemon=True, name="dingtalk-refresh").start()

    @staticmethod
    def _handle(step: RunHandler) -> object:
        # asyncio is slow to import, and most blocking programs have no handlers
        from dingtalk_models.process.contained import called  # noqa: PLC0415

        return called(step.handler, step.value)


def _may_wait(step: object) -> bool:
    """Whether performing a step may take time."""
    return not isinstance(step, Background) and not (isinstance(step, Sleep) and not step.seconds)


def _loop_runs_here() -> bool:
    """Whether an event loop runs on this thread."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
