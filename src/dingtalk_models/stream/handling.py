"""The driver that runs handlers concurrently on the event loop.

Coroutine functions run on the loop. Other functions run in a thread pool of their own, so that slow ones delay neither
the session store nor other work in threads. These threads do not keep the process alive.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from dingtalk_models.core.steps import Blocking, Flow, RunHandler
from dingtalk_models.process.contained import awaited, called

T = TypeVar("T")

logger = logging.getLogger("dingtalk_models")

_Job = tuple["asyncio.Future[Any]", Context, Callable[[], Any]]


class _NotBegun:
    """Work that was cancelled before it started."""

    def __await__(self) -> Generator[Any, Any, None]:
        yield from ()


_NOTHING = _NotBegun()


class HandlingDriver:
    """Runs the flows that pass something to its handlers.

    Args:
        threads: how many functions run at a time.
        waits: whether the session store may block. If not, it is used on the loop.
    """

    def __init__(self, threads: int, *, waits: bool) -> None:
        self._handlers = Pool(threads, "dingtalk-handler")
        self._store = Pool(threads, "dingtalk-store") if waits else None
        self._coroutines: dict[Callable[[Any], object], bool] = {}

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end.

        If this is cancelled while a function runs in a thread, the thread finishes the flow, because the function
        cannot be stopped and must be recorded as handled. No other handler is started.
        """
        try:
            step = next(flow)
            while True:
                work: Awaitable[object] = _NOTHING
                try:
                    if self._store is None and isinstance(step, Blocking):
                        result = cast("Callable[[], object]", step.work)()
                    else:
                        work = self._begin(step)
                        result = await work
                except asyncio.CancelledError:
                    if isinstance(work, asyncio.Future):
                        self._handlers.leave(work, flow)
                    else:
                        flow.close()
                    raise
                except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                    step = flow.throw(error)
                except BaseException:  # a signal ends the program: later, threads that release locks could not start
                    flow.close()
                    raise
                else:
                    step = flow.send(result)
        except StopIteration as end:
            returned: T = end.value
            return returned

    def _begin(self, step: object) -> Awaitable[object]:
        if self._store and isinstance(step, Blocking):
            return _waited(self._store.run(step.work))
        if not isinstance(step, RunHandler):
            raise TypeError(f"a handler's flow does not yield {type(step).__name__}")
        handler, value = step.handler, step.value
        is_coroutine = self._coroutines.get(handler)
        if is_coroutine is None:
            is_coroutine = self._coroutines[handler] = inspect.iscoroutinefunction(handler)
        if is_coroutine:
            return awaited(cast("Awaitable[object]", handler(value)))
        return self._handlers.run(partial(called, handler, value))

    def close(self) -> None:
        """End the idle threads now, and the others after their work."""
        for pool in (self._handlers, self._store):
            if pool:
                pool.close()


async def _waited(work: Awaitable[T]) -> T:
    return await work


def _finish(flow: Flow[Any], result: Any, error: BaseException | None) -> None:
    """Run the rest of a flow after a handler has ended, without starting another."""
    try:
        step = flow.send(result) if error is None else flow.throw(error)
        while isinstance(step, Blocking):
            step = flow.send(cast("Callable[[], object]", step.work)())
    except (StopIteration, NotBegun):
        return
    except Exception:
        logger.exception("a handler that was left behind did not end well")
    finally:
        flow.close()


class Pool:
    """A thread pool for the event loop that creates it. Threads start when needed.

    Unlike an executor, it does not delay the end of the process, and several results at a time wake the loop only once.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._most = threads
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._idle: deque[None] = deque()  # one for each thread that waits for work
        self._started = 0
        self._ended: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._told = self._closed = False
        self._left: dict[asyncio.Future[Any], Flow[Any]] = {}

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do some work on a thread."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((future, copy_context(), work))
        try:
            self._idle.pop()
        except IndexError:
            if self._started < self._most:
                self._started += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()
        return future

    def close(self) -> None:
        """End each thread after its work, without waiting: the thread itself handles the results of what it runs."""
        self._closed = True  # first: what ends from now on is settled by its thread, and what has ended here
        self._settle()
        for _ in range(self._started):
            self._jobs.put(None)

    def leave(self, future: asyncio.Future[Any], flow: Flow[Any]) -> None:
        """Run a flow to its end once some cancelled work has ended."""
        self._left[future] = flow

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                self._idle.append(None)
                job = self._jobs.get()
            if job is None:
                return
            future, context, work = job
            try:
                if future.cancelled():
                    raise NotBegun  # noqa: TRY301 - handled like an error of the work
                self._ended.append((future, context.run(work), None))
            except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
                self._ended.append((future, None, error))
            del job, future, context, work
            if self._closed or self._loop.is_closed():
                self._settle()
            elif not self._told:
                self._told = True
                with suppress(RuntimeError):  # the loop was closed just now
                    self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._told = False
        while True:
            try:
                future, result, error = self._ended.popleft()
            except IndexError:
                return
            if isinstance(error, StopIteration):  # a future cannot have it
                error = RuntimeError("a handler raised StopIteration")
            if future.cancelled():
                if flow := self._left.pop(future, None):
                    _finish(flow, result, error)
            elif error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


class NotBegun(Exception):
    """The work was cancelled before it started."""
