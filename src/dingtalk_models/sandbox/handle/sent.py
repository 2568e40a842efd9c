"""What is sent in Stream mode, as the handle shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from dingtalk_models.sandbox import StreamMessage


class StreamAnswer(BaseModel):
    """What a client answered."""

    code: Any
    data: Any


class StreamMessageView(BaseModel):
    """An event or a callback: to which connections it was sent, and what they answered."""

    type: str
    topic: str
    headers: dict[str, str]
    data: Mapping[str, Any]
    sent_to: list[str]
    answers: list[StreamAnswer]
    accepted: bool
    lost: bool

    @classmethod
    def of(cls, message: StreamMessage) -> StreamMessageView:
        """The view of a message."""
        return cls(
            type=message.type,
            topic=message.topic,
            headers=message.headers,
            data=message.data,
            sent_to=list(message.sent_to),
            answers=[StreamAnswer(code=each.code, data=each.data) for each in tuple(message.answers)],
            accepted=message.accepted,
            lost=message.lost,
        )
