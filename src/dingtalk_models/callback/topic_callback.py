"""Callbacks whose topic has no class of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from dingtalk_models.callback.arrival import Arrival


class TopicCallback(Arrival):
    """A callback of any topic, for the handlers of `app.callback.on(topic="…")`. Their return value is the answer.

    Attributes:
        topic: its topic, such as `/v1.0/graph/api/invoke`.
        message_id: the id of its frame; the platform may leave it out.
        data: its content.
    """

    TYPE: ClassVar[str] = "topic_callback"

    topic: str
    message_id: str | None = None
    data: dict[str, Any]

    @property
    def key(self) -> str | None:
        """An id that all its deliveries share."""
        return f"stream:{self.message_id}" if self.message_id else None

    @property
    def handled_as(self) -> tuple[str, ...]:
        """Its topic."""
        return (self.topic,)
