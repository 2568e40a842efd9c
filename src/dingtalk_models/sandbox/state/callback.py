"""The callback address for events, and the pushes to it.

The app has 2.5 seconds to answer a push with the encrypted `success`. After a failure, the push is sent again 10 and 30
seconds after the first time, by the sandbox's clock. If both fail, `/call_back/get_call_back_failed_result` returns it.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import uuid
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.server.pushing import Registration, post
from dingtalk_models.sandbox.state.keeping import oldest
from dingtalk_models.sandbox.state.stream import StreamMessage


@dataclass(frozen=True)
class Event:
    """An event.

    Attributes:
        type: its type, such as `user_add_org`.
        id: its id, the same in each delivery.
        at: the time when it happened, in seconds since the epoch by the sandbox's clock.
        fields: its fields under their wire names.
        push: its deliveries by HTTP; None if no address is registered for it.
        message: its deliveries in Stream mode; None if no client subscribed to events.
    """

    type: str
    id: str
    at: float
    fields: Mapping[str, Any]
    push: Push | None = None
    message: StreamMessage | None = None

    @property
    def accepted(self) -> bool:
        """Whether the app has confirmed it in every way in which it was delivered."""
        return all(each.accepted for each in (self.push, self.message) if each is not None)

    @property
    def answered(self) -> int:
        """The number of answers, by HTTP and in Stream mode."""
        return len(self.push.attempts if self.push else ()) + len(self.message.answers if self.message else ())


class Events(tuple[Event, ...]):
    """The pushed events, oldest first."""

    __slots__ = ()

    @classmethod
    def read(cls, pushes: Iterable[Push], messages: Iterable[StreamMessage]) -> Events:
        """Collect the events of these deliveries."""
        found: dict[str, Event] = {}
        for push in pushes:
            said = {name: value for name, value in push.payload.items() if name not in HEAD}
            found[push.event_id] = Event(push.event_type, push.event_id, push.at, said, push)
        for message in messages:
            if message.type == "EVENT":
                head = message.headers
                at = int(head["eventBornTime"]) / 1000
                event = found.get(head["eventId"]) or Event(head["eventType"], head["eventId"], at, message.data)
                found[event.id] = replace(event, message=message)
        return cls(sorted(found.values(), key=lambda each: each.at))

    def of(self, event_type: str) -> list[Event]:
        """Return the events of one type."""
        return [event for event in self if event.type == event_type]


log = logging.getLogger("dingtalk_models.sandbox")

RETRIES: Final = (10.0, 30.0)
PAGE: Final = 200

MOST_PUSHES: Final = 10_000
"""The largest number of pushes kept, and of failed pushes."""

HEAD: Final = ("EventType", "EventTime", "CorpId", "BizId", "eventId")
"""The fields that every event has."""


@dataclass(frozen=True)
class Attempt:
    """One delivery of a push: the time by the sandbox's clock, and the problem of the answer or None."""

    at: float
    status: int | None
    problem: str | None

    @property
    def accepted(self) -> bool:
        """Whether the answer was right."""
        return self.problem is None


@dataclass(eq=False)
class Push:
    """An event on its way to the registered address.

    Attributes:
        payload: the event, before it is encrypted.
        due: the time of the next delivery by the sandbox's clock; None if there is none.
        attempts: its deliveries so far.
        at: the time of the event, in seconds since the epoch by the sandbox's clock.
    """

    payload: dict[str, Any]
    due: float | None
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    at: float = 0.0

    @property
    def event_type(self) -> str:
        """The type of its event."""
        return str(self.payload["EventType"])

    @property
    def event_id(self) -> str:
        """The id of its event."""
        return str(self.payload["eventId"])

    @property
    def accepted(self) -> bool:
        """Whether the last delivery was answered correctly."""
        return bool(self.attempts) and self.attempts[-1].accepted


class Callbacks:
    """The registration of an app, and its pushes, which a separate thread delivers one after the other."""

    UNSAVED: Final = ("_changed", "_thread", "_stopping", "_times_replaced")

    def __init__(self, clock: Clock, corp_id: str) -> None:
        self.registration: Registration | None = None
        self.pushes: list[Push] = []
        self.failed: list[Push] = []
        self._due: list[tuple[float, int, Push]] = []
        """A heap of pushes by due time. The numbers keep pushes with the same time in order."""
        self._numbers = itertools.count()
        self._clock = clock
        self._corp_id = corp_id
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._times_replaced = 0
        clock.on_advance(self._wake)

    def push(self, event_type: str, fields: Mapping[str, Any]) -> Push:
        """Push an event."""
        now = self._clock.now()
        millis = int(now * 1000)
        common = (event_type, millis, self._corp_id, str(millis), uuid.uuid4().hex)
        push = Push({**dict(zip(HEAD, common, strict=True)), **fields}, now, at=now)
        with self._changed:
            self.pushes.append(push)
            del self.pushes[: len(oldest(self.pushes, MOST_PUSHES))]
        self.deliver(push)
        return push

    def deliver(self, push: Push) -> None:
        """Deliver a push, for the first time or again."""
        with self._changed:
            self._deliver_at(push, self._clock.now())
            self._start()
            self._changed.notify_all()

    def settle(self, timeout: float) -> None:
        """Wait until all pending pushes are delivered."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._next() is None, timeout):
                raise TimeoutError("pushes are still being delivered")

    def stop(self) -> None:
        """Stop delivering."""
        with self._changed:
            thread, self._thread, self._stopping = self._thread, None, True
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    @contextmanager
    def replacing(self) -> Generator[None]:
        """Replace the state in a block. The result of a delivery that is under way then belongs to the old state."""
        with self._changed:
            yield
            self._times_replaced += 1
            if self._due:
                self._start()
            self._changed.notify_all()

    def take_failed(self) -> tuple[list[Push], bool]:
        """Remove and return the oldest pushes that failed for good, and whether there are more."""
        with self._changed:
            taken, self.failed = self.failed[:PAGE], self.failed[PAGE:]
            return taken, bool(self.failed)

    def _start(self) -> None:
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._work, name="dingtalk-pushes", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (push := self._wait()) is not None:
            times = self._times_replaced
            attempt = self._attempt(push)
            with self._changed:
                if times != self._times_replaced:
                    continue
                push.attempts.append(attempt)
                push.due = None
                again = None if attempt.accepted else self._retry(push)
                if again is not None:
                    self._deliver_at(push, again)
                elif not attempt.accepted:
                    self.failed.append(push)
                    del self.failed[: len(oldest(self.failed, MOST_PUSHES))]
                self._changed.notify_all()

    def _wait(self) -> Push | None:
        """Wait for the next due push; None to stop."""
        with self._changed:
            while not self._stopping:
                if push := self._next():
                    return push
                self._changed.wait(self._pause())
        return None

    def _attempt(self, push: Push) -> Attempt:
        now = self._clock.now()
        if self.registration is None:
            return Attempt(now, None, "no address is registered")
        status, problem = post(self.registration, push.payload)
        log.info("push %s %s -> %s", push.event_type, push.event_id, problem or "accepted")
        return Attempt(now, status, problem)

    def _retry(self, push: Push) -> float | None:
        done = len(push.attempts) - 1
        return push.attempts[0].at + RETRIES[done] if done < len(RETRIES) else None

    def _deliver_at(self, push: Push, due: float) -> None:
        push.due = due
        heapq.heappush(self._due, (due, next(self._numbers), push))

    def _soonest(self) -> float | None:
        """Return the time of the next delivery."""
        while self._due and self._due[0][0] != self._due[0][2].due:
            heapq.heappop(self._due)  # an outdated entry: the push was delivered, or has another due time
        return self._due[0][0] if self._due else None

    def _next(self) -> Push | None:
        due = self._soonest()
        return self._due[0][2] if due is not None and due <= self._clock.now() else None

    def _pause(self) -> float | None:
        due = self._soonest()
        return None if due is None else max(0.0, due - self._clock.now())

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
