"""Pushes (事件回调): received, verified, decrypted, given to handlers; and what is subscribed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dingtalk_models.core.lazy import lazy

if TYPE_CHECKING:
    from dingtalk_models.callback.crypto import Crypto as Crypto
    from dingtalk_models.callback.event import Event as Event
    from dingtalk_models.callback.event import EventType as EventType
    from dingtalk_models.callback.event import event_types as event_types
    from dingtalk_models.callback.events import read_event as read_event
    from dingtalk_models.callback.module import Callback as Callback
    from dingtalk_models.callback.receiver import Push as Push
    from dingtalk_models.callback.receiver import Receiver as Receiver
else:
    __getattr__, __dir__ = lazy(
        globals(),
        {
            "crypto": "Crypto",
            "event": "Event EventType event_types",
            "events": "read_event",
            "module": "Callback",
            "receiver": "Push Receiver",
        },
    )
