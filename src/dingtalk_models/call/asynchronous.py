"""The driver that performs steps on the event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from dingtalk_models.call.blocking import Running
from dingtalk_models.call.call import Call
from dingtalk_models.call.known import KnownStep
from dingtalk_models.call.tasks import Tasks, cancelled_ended
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.parallel import Together, Window
from dingtalk_models.core.steps import (
    AsyncTransport,
    Background,
    Blocking,
    Flow,
    Handle,
    Send,
    Sleep,
    Step,
    Steps,
    Wait,
)
from dingtalk_models.process.contained import awaited, called
from dingtalk_models.process.in_thread import in_thread

T = TypeVar("T")


class AsyncDriver:
    """Runs calls and flows on the event loop, and never blocks it.

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
            with Running(flow) as running:
                step = next(flow)
                while True:
                    try:
                        result = await self._perform(step)
                    except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                        step = flow.throw(error)
                    else:
                        step = flow.send(result)
            return running.returned
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
            case Handle() as handling:
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


async def _handle(step: Handle) -> object:
    if inspect.iscoroutinefunction(step.handler):
        return await awaited(step.handler(step.value))
    return await in_thread(lambda: called(step.handler, step.value))
