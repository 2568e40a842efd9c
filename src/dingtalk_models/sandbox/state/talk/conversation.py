"""A conversation and its messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from dingtalk_models.sandbox.server.json_values import is_array, is_object
from dingtalk_models.sandbox.state.callback import Attempt
from dingtalk_models.sandbox.state.stream import StreamMessage

Via = Literal["person", "session", "robot", "card", "notification", "ding"]


@dataclass(eq=False)
class Entry:
    """A message in a conversation.

    Attributes:
        at: the time, in seconds since the epoch by the sandbox's clock.
        sender: the userid of the sender; None for the app's robot.
        msgtype: the type of the message. For the robot API, it is the key of the template; for a work notification from
            a template, `template`; for a DING, `ding`.
        content: its content as it was sent.
        via: its origin: a person, a session webhook, the robot API, a card, a work notification, a DING.
        mentions: the mentioned userids; `*` for everyone.
        payload: the message as the app receives it; None if the app does not get it.
        attempts: its deliveries by HTTP.
        pushes: its deliveries in Stream mode.
        recalled: whether it was recalled.
    """

    at: float
    sender: str | None
    msgtype: str
    content: dict[str, Any]
    via: Via
    mentions: list[str] = field(default_factory=list[str])
    payload: dict[str, Any] | None = None
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    pushes: list[StreamMessage] = field(default_factory=list[StreamMessage])
    recalled: bool = False

    @property
    def text(self) -> str:
        """Its text: the recognised text of a recording, the text in a card or Markdown, the body of an OA message."""
        return "".join(_texts(self.content))

    @property
    def accepted(self) -> bool:
        """Whether the app answered the last delivery with success."""
        deliveries = self.attempts or self.pushes
        return bool(deliveries) and deliveries[-1].accepted


def _texts(content: Mapping[str, Any]) -> Iterator[str]:
    for name in ("content", "text", "recognition", "markdown"):
        if isinstance(content.get(name), str):
            yield content[name]
    if is_object(body := content.get("body")):
        yield "\n".join(str(body[name]) for name in ("title", "content") if name in body)
    for name in ("richText", "links"):
        parts = content.get(name)
        for part in parts if is_array(parts) else []:
            if is_object(part):
                yield str(part.get("text") or part.get("title") or "")


class Conversation:
    """A conversation that the app's robot is in.

    Attributes:
        open_conversation_id: its id, called `conversationId` in messages.
        name: its title, for groups only.
        members: the userids of its members.
        transcript: its messages, oldest first.
        kind: the `conversationType` of its messages.
    """

    open_conversation_id: str
    name: str
    members: list[str]
    transcript: list[Entry]
    kind: ClassVar[str]

    @property
    def replies(self) -> list[Entry]:
        """Return the robot's messages, oldest first."""
        return [entry for entry in self.transcript if entry.sender is None]

    @property
    def texts(self) -> list[tuple[str | None, str]]:
        """Return the senders and texts, oldest first."""
        return [(entry.sender, entry.text) for entry in self.transcript]

    def may_speak(self, userid: str, now: float) -> bool:
        """Whether somebody may speak in it now."""
        del now
        return userid in self.members


@dataclass(eq=False)
class SingleChat(Conversation):
    """A conversation between one person and the app's robot."""

    kind: ClassVar[str] = "1"

    open_conversation_id: str
    members: list[str]
    name: str = ""
    transcript: list[Entry] = field(default_factory=list[Entry], repr=False)


@dataclass(eq=False)
class PrivateChat(SingleChat):
    """A conversation between two people with a cool app (酷应用) that has a robot.

    Attributes:
        cool_app_code: the cool app.
    """

    cool_app_code: str = ""
