"""Events (事件订阅): pushes are received, verified, decrypted and passed to handlers. Also subscriptions."""

from __future__ import annotations

from dingtalk_models.core.lazy import lazy

__getattr__, __dir__ = lazy(
    globals(),
    {
        "crypto": "Crypto",
        "events.event": "Event EventType event_types",
        "events.table": "read_event",
        "module": "Callback",
        "receiver": "ReceivedPush Receiver",
    },
)
