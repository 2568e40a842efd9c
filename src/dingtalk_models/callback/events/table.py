"""The typed events, by type."""

from __future__ import annotations

from functools import cache
from typing import Any

from dingtalk_models.callback.events.event import Event, parsed, type_of


class CheckUrl(Event):
    """The platform checks that the URL gives the right reply (测试回调URL事件)."""

    @property
    def handled_as(self) -> tuple[str, ...]:
        """Only its type: handlers of all events do not receive it."""
        return (self.type,)


@cache
def classes() -> dict[str, type[Event]]:
    """The event classes, by type. Types without a class of their own are not in it."""
    from dingtalk_models.callback.events import approval, attendance, chat, contact  # noqa: PLC0415 - bots need none

    homes = (approval, attendance, chat, contact)
    found = [value for home in homes for value in vars(home).values() if _has_type(value)]
    return {kind.TYPE: kind for kind in (CheckUrl, *found)}


def read_event(payload: dict[str, Any] | str | bytes) -> Event:
    """The event in a push. It has a class of its own if its type is known. Every key is kept.

    Args:
        payload: the decrypted push, or a frame of Stream mode; parsed, or the JSON as it was received.

    Raises:
        CallbackError: it is not a JSON object.
    """
    payload = parsed(payload)
    return classes().get(type_of(payload), Event).read(payload)


def _has_type(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Event) and "TYPE" in vars(value) and value is not Event
