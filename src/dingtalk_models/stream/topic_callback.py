"""Callbacks whose topic has no class of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from dingtalk_models.callback.arrival import Arrival


class TopicCallback(Arrival):
    """A callback of any topic, as the handlers of `app.stream.on(…)` take it. What they return is the answer.

    Attributes:
        topic: its topic, such as `/v1.0/graph/api/invoke`.
        message_id: the id of its frame; the platform may leave it out.
        data: what it says.
    """

    TYPE: ClassVar[str] = "topic_callback"

    topic: str
    message_id: str | None = None
    data: dict[str, Any]

    @property
    def key(self) -> str | None:
        """The same in each delivery."""
        return f"stream:{self.message_id}" if self.message_id else None

    @property
    def handled_as(self) -> tuple[str, ...]:
        """Its topic."""
        return (self.topic,)
