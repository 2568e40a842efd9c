"""Pushes (事件回调): received, verified, decrypted, given to handlers; and what is subscribed to."""

from __future__ import annotations

from dingtalk_models.core.lazy import lazy

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
