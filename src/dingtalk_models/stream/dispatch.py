"""Passes arrivals to their handlers, and answers each frame in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Literal

from dingtalk_models.callback.arrival import Arrival, topics
from dingtalk_models.callback.events.table import read_event
from dingtalk_models.callback.receiver import Receiver
from dingtalk_models.callback.topic_callback import TopicCallback
from dingtalk_models.core.errors import CallbackError, ReplayedCallback
from dingtalk_models.stream.frames import CALLBACK, EVENT, BadFrame, Frame, later, responded, succeeded
from dingtalk_models.stream.handling import HandlingDriver
from dingtalk_models.stream.status import Status

logger = logging.getLogger("dingtalk_models")

Ack = Literal["after", "before"]
"""When an event is acknowledged: after its handlers succeeded, or before they run. Callbacks: always after."""

Reply = Callable[[bytes], None]


class _Taken:
    """A frame that is being handled. It is answered exactly once."""

    __slots__ = ("arrival", "due", "frame", "reply", "task")

    def __init__(self, frame: Frame, arrival: Arrival, reply: Reply | None, due: float) -> None:
        self.frame = frame
        self.arrival = arrival
        self.reply = reply
        self.due = due
        self.task: asyncio.Task[None] | None = None

    def answer(self, text: bytes) -> None:
        reply, self.reply = self.reply, None
        if reply is not None:
            reply(text)


class Dispatch:
    """Passes arrivals to the handlers of an app.

    Args:
        callback: has the handlers, and remembers what was handled.
        driver: runs the handlers.
        status: counts.
        ack: when events are acknowledged.
        deadline: seconds within which each frame is answered.
        most: how many arrivals are taken at a time.
    """

    def __init__(
        self, callback: Receiver, driver: HandlingDriver, status: Status, *, ack: Ack, deadline: float, most: int
    ) -> None:
        self._callback = callback
        self._driver = driver
        self._status = status
        self._ack = ack
        self._deadline = deadline
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._running: dict[_Taken, None] = {}  # the oldest first
        self._keys: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    # -- frames -----------------------------------------------------------------------------------------------------

    def take(self, frame: Frame, reply: Reply) -> None:
        """Take an event or a callback."""
        self._status.arrived()
        if self._stopping or len(self._running) >= self._most:
            self._status.refused += 1
            reply(later(frame, "stopping" if self._stopping else "busy"))
            return
        try:
            arrival = self._arrival(frame)
        except BadFrame as bad:
            self.refuse(bad, reply)
            return
        taken = _Taken(frame, arrival, reply, self._loop.time() + self._deadline)
        if self._ack == "before" and frame.type == EVENT:
            taken.answer(succeeded(frame))
        taken.task = self._loop.create_task(self._handle(taken))
        self._running[taken] = None
        self._status.running += 1
        if self._timer is None:
            self._timer = self._loop.call_at(taken.due, self._answer_overdue)

    def refuse(self, bad: BadFrame, reply: Reply) -> None:
        """Answer a frame that is not understood."""
        self._status.malformed += 1
        logger.warning("Stream: a frame was refused: %s", bad)
        reply(bad.reply)

    def _arrival(self, frame: Frame) -> Arrival:
        try:
            if frame.type == EVENT:
                return read_event(frame.payload)
            if frame.type == CALLBACK and self._callback.handlers.get(frame.topic):
                return TopicCallback(topic=frame.topic, message_id=frame.message_id, data=frame.data)
            if frame.type == CALLBACK and (kind := topics.get(frame.topic)):
                return kind.framed(frame.data, frame.message_id)
        except CallbackError as error:
            raise BadFrame(frame.message_id, str(error)) from None
        raise BadFrame(frame.message_id, "unknown topic", HTTPStatus.NOT_FOUND)

    # -- handling ---------------------------------------------------------------------------------------------------

    async def _handle(self, taken: _Taken) -> None:
        frame, arrival = taken.frame, taken.arrival
        # while it waits for the store, the lock there may expire; in the memory of this process none does
        key = (arrival.key or "") if self._callback.marks.waits else ""
        if key in self._keys:
            taken.answer(later(frame, "it is being handled"))
            self._ended(taken)
            return
        if key:
            self._keys.add(key)
        try:
            delivered = await self._driver.run(self._callback.deliver(arrival))
            response = succeeded(frame) if frame.type == EVENT else responded(frame, arrival.answer(delivered.returned))
            if delivered.duplicate:
                self._status.duplicates += 1
            else:
                self._status.handled += 1
            taken.answer(response)
        except ReplayedCallback:
            taken.answer(later(frame, "it is being handled"))
        except asyncio.CancelledError:
            taken.answer(later(frame, "it was cancelled"))
            raise
        except Exception:
            self._status.failed += 1
            logger.exception("Stream: %s was not handled", type(arrival).__name__)
            taken.answer(later(frame, "it was not handled"))
        finally:
            self._keys.discard(key)
            self._ended(taken)

    def _ended(self, taken: _Taken) -> None:
        del self._running[taken]
        self._status.running -= 1

    def _answer_overdue(self) -> None:
        """Answer frames that are still being handled at their deadline."""
        now = self._loop.time()
        self._timer = None
        for taken in self._running:
            if taken.due > now and taken.reply is not None:
                self._timer = self._loop.call_at(taken.due, self._answer_overdue)
                return
            if taken.reply is not None:
                self._status.late += 1
                taken.answer(_overdue(taken.frame))

    # -- the end ----------------------------------------------------------------------------------------------------

    async def finish(self, patience: float) -> bool:
        """Accept nothing more and wait for running handlers. Returns whether all finished in time."""
        self._stopping = True
        until = self._loop.time() + patience
        while self._running and (left := until - self._loop.time()) > 0:
            await asyncio.wait(self._tasks(), timeout=left)
        return not self._running

    async def abandon(self) -> None:
        """Cancel the running handlers."""
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._timer:
            self._timer.cancel()

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [each.task for each in self._running if each.task]


def _overdue(frame: Frame) -> bytes:
    """Return the answer to a late arrival. An event is sent again; by then its handlers have probably ended."""
    return later(frame, "it takes longer") if frame.type == EVENT else responded(frame, None)
