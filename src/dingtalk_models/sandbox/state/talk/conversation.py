"""A conversation, and what was said in it."""

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
    """Something that was said in a conversation.

    Attributes:
        at: when, in seconds since the epoch by the sandbox's clock.
        sender: who said it: a userid, or None for the app's robot.
        msgtype: the type of the message; for the robot API, the key of its template; `template` for a work
            notification from one; `ding` for a DING.
        content: what it says, as it was sent.
        via: where it comes from: a person, a session webhook, the robot API, a card, a work notification, a DING.
        mentions: the userids that are mentioned; `*` for everyone.
        payload: the message as the app receives it; None if the app does not get it.
        attempts: its deliveries by HTTP.
        pushes: its deliveries in Stream mode.
        recalled: whether it was taken back.
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
        """Its text: of a recording what was recognised, of a card or Markdown the text in it, of OA the body."""
        return "".join(_texts(self.content))

    @property
    def accepted(self) -> bool:
        """Whether the app answered its last delivery with success."""
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
        open_conversation_id: its id, which messages call `conversationId`.
        name: its title; only groups have one.
        members: the userids of the people in it.
        transcript: what was said, oldest first.
        kind: the `conversationType` of its messages.
    """

    open_conversation_id: str
    name: str
    members: list[str]
    transcript: list[Entry]
    kind: ClassVar[str]

    @property
    def replies(self) -> list[Entry]:
        """What the robot said, oldest first."""
        return [entry for entry in self.transcript if entry.sender is None]

    @property
    def texts(self) -> list[tuple[str | None, str]]:
        """Who said what, oldest first."""
        return [(entry.sender, entry.text) for entry in self.transcript]

    def may_speak(self, userid: str, now: float) -> bool:
        """Whether someone may speak in it now."""
        del now
        return userid in self.members


@dataclass(eq=False)
class SingleChat(Conversation):
    """A conversation of one person with the app's robot."""

    kind: ClassVar[str] = "1"

    open_conversation_id: str
    members: list[str]
    name: str = ""
    transcript: list[Entry] = field(default_factory=list[Entry], repr=False)


@dataclass(eq=False)
class PrivateChat(SingleChat):
    """A conversation of two people, which a cool app (酷应用) with a robot was added to.

    Attributes:
        cool_app_code: the cool app.
    """

    cool_app_code: str = ""
