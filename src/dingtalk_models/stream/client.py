"""Keeps an app connected until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from dingtalk_models.core.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    DingTalkError,
    PermissionDenied,
    TransportError,
)
from dingtalk_models.stream.connection import Connection
from dingtalk_models.stream.dispatch import Dispatch
from dingtalk_models.stream.opening import open_connection
from dingtalk_models.stream.status import Status
from dingtalk_models.stream.stream_app import StreamApp
from dingtalk_models.stream.timing import Timing

T = TypeVar("T")

logger = logging.getLogger("dingtalk_models")


class Pauses:
    """Growing pauses between attempts to connect, random so that clients do not reconnect together."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._most = timing.first

    def next(self) -> float:
        """Return a random pause in seconds, between half of the limit and the limit, which doubles each time."""
        self._most = min(self._timing.longest, 2 * self._most)
        return random.uniform(max(self._timing.first, self._most / 2), self._most)  # noqa: S311

    def reset(self) -> None:
        """Start with short pauses again."""
        self._most = self._timing.first


@dataclass(frozen=True, slots=True)
class _OpenConnection:
    """An open connection, and the task that reads it."""

    connection: Connection
    task: asyncio.Task[None]


class StreamClient:
    """Keeps one connection open. While a new one replaces an old one, there are two.

    Args:
        app: the app.
        subscriptions: what the gateway is to send.
        dispatch: takes what arrives.
        timing: the times.
        status: where its state and its counts are noted.
        settled: called when the first attempt to connect is over.
    """

    def __init__(
        self,
        app: StreamApp,
        subscriptions: list[dict[str, str]],
        *,
        dispatch: Dispatch,
        timing: Timing,
        status: Status,
        settled: Callable[[], None],
    ) -> None:
        self._app = app
        self._subscriptions = subscriptions
        self._dispatch = dispatch
        self._timing = timing
        self._status = status
        self._settled = settled
        self._stopping = asyncio.Event()
        self._pauses = Pauses(timing)
        self._open: set[_OpenConnection] = set()
        self._hurried = False

    def stop(self) -> None:
        """Stop accepting frames."""
        self._stopping.set()

    async def run(self, patience: Callable[[], float]) -> None:
        """Stay connected until `stop` is called, then finish.

        Args:
            patience: returns the seconds that handlers have to finish; called when the client is stopped.

        Raises:
            AuthenticationError: the platform does not accept the app's credentials, and never has.
            ApiError: it refused the first attempt, for a permanent reason.
        """
        self._status.enter("connecting")
        try:
            while not self._stopping.is_set():
                await self._stay_connected()
        finally:
            await self._finish(patience())

    async def _stay_connected(self) -> None:
        """Connect once, and return when it is time for the next connection, after a pause if needed."""
        try:
            opened = await self._unless_stopped(self._connect())
        except DingTalkError as error:
            self._status.enter("connecting", str(error))
            if self._is_final(error):
                raise
            logger.log(logging.WARNING if isinstance(error, TransportError) else logging.ERROR, "Stream: %s", error)
            self._settled()
            await self._pause()
            return
        self._settled()
        if opened is None:
            return
        connection = opened.connection
        why = await self._unless_stopped(asyncio.shield(connection.over))
        if why is None:
            return
        logger.info("Stream: connecting anew: %s", why)
        self._status.enter("connecting", why)
        good = connection.useful or connection.age > self._timing.steady
        if good:
            self._pauses.reset()
        if connection.leaving:
            asyncio.get_running_loop().call_later(self._timing.linger, opened.task.cancel)
        at_once = connection.leaving and (good or not self._hurried)
        self._hurried = not good  # pause for a gateway that gives notice again and again
        if not at_once:
            await self._pause()

    async def _connect(self) -> _OpenConnection:
        socket = await open_connection(self._app, self._subscriptions, patience=self._timing.patience)
        connection = Connection(socket, self._timing, self._dispatch.take, self._dispatch.refuse)
        opened = _OpenConnection(connection, asyncio.create_task(connection.run()))
        self._open.add(opened)
        opened.task.add_done_callback(lambda task: self._ended(opened, task))
        self._status.opened += 1
        self._status.enter("connected")
        logger.info("Stream: connected")
        return opened

    def _ended(self, opened: _OpenConnection, task: asyncio.Task[None]) -> None:
        self._open.discard(opened)
        if not task.cancelled() and (error := task.exception()):
            logger.error("Stream: a connection ended by an error", exc_info=error)

    def _is_final(self, error: DingTalkError) -> bool:
        """Whether trying again is useless. If the platform accepted the app before, it may be a temporary fault."""
        refused = isinstance(error, AuthenticationError | ConfigurationError | PermissionDenied) or (
            isinstance(error, ApiError) and error.status == HTTPStatus.BAD_REQUEST
        )
        return refused and not self._status.opened

    async def _pause(self) -> None:
        await self._unless_stopped(asyncio.sleep(self._pauses.next()))

    async def _unless_stopped(self, work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T | None:
        """Return the result of some work, or `None` if the client is stopped first."""
        working, stopped = asyncio.ensure_future(work), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            stopped.cancel()
            if not working.done():
                working.cancel()
                await asyncio.wait([working])

    async def _finish(self, patience: float) -> None:
        """Let running handlers finish, answer their frames, and close."""
        self._status.enter("stopping", self._status.error)
        try:
            if not await self._dispatch.finish(patience):
                logger.warning("Stream: %d handlers did not finish in %g seconds", self._status.running, patience)
        finally:
            await self._dispatch.abandon()
            tasks = [each.task for each in self._open]
            closing = [asyncio.create_task(each.connection.close()) for each in self._open]
            if closing:
                await asyncio.wait(closing, timeout=2)
            for task in (*closing, *tasks):
                task.cancel()
            if tasks:
                await asyncio.wait((*closing, *tasks))
