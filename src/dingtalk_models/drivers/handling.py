"""The driver that runs handlers of what arrives, on the event loop: many at a time, and none waits for another.

Coroutine functions run on the loop. Other functions run on a bounded group of threads of its own, so that slow ones
delay neither the session store nor other work in threads. These threads do not keep the process alive.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from dingtalk_models.core.steps import Blocking, Flow, Handle
from dingtalk_models.drivers.blocking import Running

T = TypeVar("T")

_Job = tuple["asyncio.Future[Any]", Callable[[], Any]]


class HandlingDriver:
    """Runs the flows that pass something to its handlers.

    Args:
        threads: how many functions run at a time.
        waits: whether the session store may block. If not, it is used on the loop.
    """

    def __init__(self, threads: int, *, waits: bool) -> None:
        self._handlers = Pool(threads, "dingtalk-handler")
        self._store = Pool(threads, "dingtalk-store") if waits else None

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
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

    async def _perform(self, step: object) -> Any:
        if isinstance(step, Blocking):
            work: Callable[[], object] = step.work
            return work() if self._store is None else await self._store.run(work)
        if not isinstance(step, Handle):
            raise TypeError(f"a handler's flow does not yield {type(step).__name__}")
        handler, value = step.handler, step.value
        if inspect.iscoroutinefunction(handler):
            return await handler(value)
        returned = await self._handlers.run(lambda: handler(value))
        return await returned if inspect.isawaitable(returned) else returned

    def close(self) -> None:
        """End the threads that are idle, and the others after their work."""
        for pool in (self._handlers, self._store):
            if pool:
                pool.close()


class Pool:
    """Threads that work for the event loop on which it is made. They are started when they are needed.

    Unlike those of an executor, they do not delay the end of the process, and results that come together wake the loop
    only once.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._most = threads
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started = 0
        self._ended: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._told = False

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do some work on a thread."""
        future: asyncio.Future[T] = self._loop.create_future()
        context = copy_context()
        self._jobs.put((future, lambda: context.run(work)))
        if not self._idle.acquire(blocking=False) and self._started < self._most:
            self._started += 1
            threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()
        return future

    def close(self) -> None:
        """End each thread after its work."""
        for _ in range(self._started):
            self._jobs.put(None)

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                self._idle.release()
                job = self._jobs.get()
            if job is None:
                return
            future, work = job
            try:
                self._ended.append((future, None if future.cancelled() else work(), None))
            except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
                self._ended.append((future, None, error))
            del job, future, work
            if not self._told:
                self._told = True
                with suppress(RuntimeError):  # the loop was closed: nobody waits
                    self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._told = False
        while self._ended:
            future, result, error = self._ended.popleft()
            if future.cancelled():
                continue
            if isinstance(error, StopIteration):  # a future cannot have it
                error = RuntimeError("a handler raised StopIteration")
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
