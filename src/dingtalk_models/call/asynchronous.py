"""The driver that performs steps on the event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import closing, suppress
from contextvars import ContextVar
from typing import Any, Generic, Self, TypeVar, cast

from dingtalk_models.call.call import Call, KnownStep
from dingtalk_models.core.errors import ConfigurationError, DingTalkError
from dingtalk_models.core.secret import shorten
from dingtalk_models.core.steps import (
    AsyncTransport,
    Background,
    Blocking,
    Flow,
    RunHandler,
    Send,
    Sleep,
    Step,
    Steps,
    Together,
    Wait,
    Window,
)
from dingtalk_models.process.contained import awaited, called
from dingtalk_models.process.in_thread import in_thread

T = TypeVar("T")


class Tasks(Generic[T]):
    """Run steps in tasks of the event loop; the counterpart of `Threads`.

    Args:
        workers: how many run at once.
        run: runs the steps of one task.

    Attributes:
        begun: the tasks that are started and not taken yet, in order.
    """

    def __init__(self, workers: int, run: Callable[[Steps[T]], Coroutine[Any, Any, T]]) -> None:
        self.begun: deque[asyncio.Task[T]] = deque()
        self._run = run
        self._slots = asyncio.Semaphore(workers)
        self._unfinished: set[asyncio.Task[T]] = set()

    @property
    def untaken(self) -> int:
        """How many tasks are started and not taken yet."""
        return len(self.begun)

    def begin(self, steps: Steps[T]) -> None:
        """Start one more."""
        task = asyncio.create_task(self._work(steps))
        self._unfinished.add(task)
        task.add_done_callback(self._finished)
        self.begun.append(task)

    async def _work(self, steps: Steps[T]) -> T:
        async with self._slots:
            return await self._run(steps)

    def _finished(self, task: asyncio.Task[T]) -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            task.exception()  # otherwise the loop logs each error that nobody retrieves, such as a second one

    def completed(self) -> Iterable[Awaitable[T]]:
        """The started tasks, in the order in which they end."""
        return asyncio.as_completed(self.begun)

    def stop(self) -> None:
        """Cancel the tasks that are running."""
        for task in self._unfinished:
            task.cancel()

    async def ended(self) -> None:
        """Wait until every task has ended."""
        if self._unfinished:
            await asyncio.wait(self._unfinished)

    def close(self) -> None:
        """Cancel the tasks. A flow cannot await while it is closed, so `cancelled_ended` awaits them later."""
        self.stop()
        _cancelled.set((*_cancelled.get(), self))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        await self.ended()


async def cancelled_ended() -> None:
    """Wait for the end of the tasks that were cancelled when a flow was closed."""
    closed = _cancelled.get()
    if closed:
        _cancelled.set(())
        for tasks in closed:
            await tasks.ended()


_cancelled: ContextVar[tuple[Tasks[Any], ...]] = ContextVar("dingtalk_cancelled", default=())
"""Groups of tasks that were cancelled and may not have ended yet."""


class EventLoopDriver:
    """Runs calls and flows on the event loop without blocking it.

    Args:
        transport: sends the requests.
        exchange: makes the flow of one call: token, attempts, reading the reply.
    """

    def __init__(self, transport: AsyncTransport, exchange: Callable[[Call[Any]], Flow[Any]]) -> None:
        self._transport = transport
        self._exchange = exchange
        self._background: set[asyncio.Task[None]] = set()  # the loop keeps only weak references to its tasks

    async def run(self, steps: Steps[T]) -> T:
        """Run a call or a flow to its end."""
        flow: Flow[T] = self._exchange(steps) if isinstance(steps, Call) else iter(steps)
        try:
            with closing(flow):
                step = next(flow)
                while True:
                    try:
                        result = await self._perform(step)
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
            await cancelled_ended()

    async def _perform(self, step: object) -> Any:  # noqa: C901, PLR0911 - a table of what each step does
        if not isinstance(step, Step):
            raise ConfigurationError(
                f"a flow yields calls and other steps, not {type(step).__name__} / flow 只能 yield 调用等步骤"
            )
        match cast("KnownStep", step):
            case Call() as call:
                return await self.run(call)
            case Send(request):
                return await self._transport.send(request)
            case Blocking(work):
                return await in_thread(work)
            case Sleep(seconds):
                return await asyncio.sleep(seconds)
            case Together() as several:
                return await self._together(several)
            case Window() as window:
                return await self._take(window)
            case Wait() as wait:
                return await _wait(wait)
            case Background(begin):
                task = asyncio.get_running_loop().create_task(self.run(begin()))
                self._background.add(task)
                task.add_done_callback(self._background.discard)
                return None
            case RunHandler() as handling:
                return await _handle(handling)

    async def _together(self, step: Together[T]) -> list[T]:
        async with Tasks[T](step.workers, self.run) as tasks:
            for steps in step.steps:
                tasks.begin(steps)
            for done, ended in enumerate(tasks.completed(), 1):
                await ended
                step.tell(done)
            return [task.result() for task in tasks.begun]

    async def _take(self, window: Window[Any, T]) -> T:
        tasks = cast("Tasks[T] | None", window.crew)
        if tasks is None:
            tasks = window.crew = Tasks[T](window.workers, self.run)
        window.fill()
        result = await tasks.begun.popleft()
        window.taken(result)
        return result


async def _wait(step: Wait[T]) -> T | None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with suppress(RuntimeError):  # the loop was closed, so nobody waits any more
            loop.call_soon_threadsafe(done.set)

    step.promise.tell(tell)
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, step.seconds)):
            await done.wait()
    return step.promise.result() if step.promise.is_kept() else None


async def _handle(step: RunHandler) -> object:
    if inspect.iscoroutinefunction(step.handler):
        return await awaited(step.handler(step.value))
    return await in_thread(lambda: called(step.handler, step.value))
