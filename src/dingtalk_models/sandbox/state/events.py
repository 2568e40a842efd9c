"""The events that were pushed, with their deliveries in both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dingtalk_models.sandbox.state.callback import HEAD, Push
from dingtalk_models.sandbox.state.stream import StreamMessage


@dataclass(frozen=True)
class Event:
    """An event.

    Attributes:
        type: its type, such as `user_add_org`.
        id: its id, the same in each delivery.
        at: when it happened, in seconds since the epoch by the sandbox's clock.
        fields: what it says, under the wire names.
        push: its deliveries by HTTP; None: no address is registered for it.
        message: its deliveries in Stream mode; None: no client subscribed to events.
    """

    type: str
    id: str
    at: float
    fields: Mapping[str, Any]
    push: Push | None = None
    message: StreamMessage | None = None

    @property
    def accepted(self) -> bool:
        """Whether the app answered, in each way in which it gets events, that it was handled."""
        return all(each.accepted for each in (self.push, self.message) if each is not None)

    @property
    def answered(self) -> int:
        """How often the app has answered it, in both ways."""
        return len(self.push.attempts if self.push else ()) + len(self.message.answers if self.message else ())


class Events(tuple[Event, ...]):
    """The events that were pushed, oldest first."""

    __slots__ = ()

    @classmethod
    def read(cls, pushes: Iterable[Push], messages: Iterable[StreamMessage]) -> Events:
        """The events of these deliveries."""
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
        """Those of one type."""
        return [event for event in self if event.type == event_type]
