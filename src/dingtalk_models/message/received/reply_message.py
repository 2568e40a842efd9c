"""Replies of a robot, in the form of a session webhook or of the robot API."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, cast
from urllib.parse import parse_qs, urlsplit

from pydantic import BeforeValidator, ConfigDict, Discriminator, Tag, TypeAdapter

from dingtalk_models.call.call import Call
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.secret import Secret
from dingtalk_models.message.message_body import ActionCard, ButtonsCard, Link, Markdown, PlainText, Text
from dingtalk_models.message.robots.template import (
    RobotTemplate,
    SampleActionCard,
    SampleButton,
    SampleButtons,
    SampleLink,
    SampleMarkdown,
    SampleText,
)
from dingtalk_models.message.robots.webhook_message import At, FeedCard, RobotActionCard, RobotButton, WebhookMessage

_MOST_BUTTONS, _SIDE_BY_SIDE = 5, 2
_adapter: TypeAdapter[Any] = TypeAdapter(
    Text | Link | Markdown | RobotActionCard | FeedCard | At, config=ConfigDict(defer_build=True)
)
_BY_SESSION = Endpoint.parse("POST /robot/sendBySession?session", authenticated=False)


def _as_robot_card(message: object) -> object:
    """Convert the card class of work notifications to that of robots, which has other field names."""
    if isinstance(message, ActionCard):
        return RobotActionCard(message.title, message.markdown, message.single_title, message.single_url)
    if isinstance(message, ButtonsCard):
        buttons = [RobotButton(button.title, button.action_url) for button in message.buttons]
        return RobotActionCard(message.title, message.markdown, buttons=buttons, horizontal=message.horizontal)
    return message


def _way(message: object) -> str:
    """Return whether a message is for webhooks or a template of the robot API."""
    return "webhook" if hasattr(message, "msgtype") or not hasattr(message, "msg_key") else "template"


Reply = Annotated[
    Annotated[
        Annotated[WebhookMessage, Tag("webhook")] | Annotated[RobotTemplate, Tag("template")], Discriminator(_way)
    ],
    BeforeValidator(_as_robot_card),
]

ReplyOrText = Annotated[Reply | ActionCard | ButtonsCard | str, PlainText(Text)]
"""The reply of a robot, or its text: `"hi"` means `Text("hi")`."""


def session_of(webhook: Secret) -> Secret | None:
    """Return the session of a session webhook; `None` if it is not a session webhook."""
    try:
        parts = urlsplit(webhook.get_secret_value())
    except ValueError:
        return None
    sessions = parse_qs(parts.query).get("session", [])
    return Secret(sessions[0]) if parts.path == _BY_SESSION.path and sessions else None


def is_for_webhooks(message: object) -> bool:
    """Whether a session webhook accepts a message. The others need the robot API."""
    return _way(message) == "webhook"


def by_session(session: Secret, message: WebhookMessage, at: At | None) -> Call[None]:
    """Make the call to a session webhook (通过 sessionWebhook 回复消息)."""
    body = {"msgtype": message.msgtype, message.msgtype: _dumped(message), "at": _dumped(at) if at else None}
    call: Call[None] = Call(None)
    call.params = {name: value for name, value in body.items() if value is not None} | {"session": session}
    call.endpoint = _BY_SESSION
    return call


def mentioning(message: WebhookMessage, userids: list[str]) -> WebhookMessage:
    """Add `@` and the userid of each person to the text, because a mention is not shown otherwise."""
    if isinstance(message, Text):
        return replace(message, content=_with(message.content, userids))
    if isinstance(message, Markdown | RobotActionCard):
        return cast("WebhookMessage", replace(message, text=_with(message.text, userids)))
    return message


def as_template(message: Any) -> RobotTemplate:
    """Convert a message to a template of the robot API, or to Markdown if there is no suitable one."""
    if not is_for_webhooks(message) or hasattr(message, "msg_key"):
        return cast("RobotTemplate", message)
    if isinstance(message, Text):
        return SampleText(message.content)
    if isinstance(message, Markdown):
        return SampleMarkdown(message.title, message.text)
    if isinstance(message, Link):
        return SampleLink(message.title, message.text, message.message_url, message.pic_url)
    if isinstance(message, FeedCard):
        lines = [f"![]({link.pic_url})\n\n[{link.title}]({link.message_url})" for link in message.links]
        return SampleMarkdown(message.links[0].title, "\n\n".join(lines))
    return _card(cast("RobotActionCard", message))


def _card(card: RobotActionCard) -> RobotTemplate:
    buttons = card.buttons or []
    if not buttons:
        return SampleActionCard(card.title, card.text, str(card.single_title), str(card.single_url))
    if len(buttons) == 1:
        return SampleActionCard(card.title, card.text, buttons[0].title, buttons[0].action_url)
    if len(buttons) > _MOST_BUTTONS:
        links = [f"[{button.title}]({button.action_url})" for button in buttons]
        return SampleMarkdown(card.title, "\n\n".join([card.text, *links]))
    horizontal = bool(card.horizontal) and len(buttons) == _SIDE_BY_SIDE
    return SampleButtons(
        card.title, card.text, [SampleButton(each.title, each.action_url) for each in buttons], horizontal
    )


def _with(text: str, userids: list[str]) -> str:
    return " ".join([text, *(f"@{userid}" for userid in userids if f"@{userid}" not in text)])


def _dumped(value: object) -> Any:
    return _adapter.dump_python(value, mode="json", by_alias=True, exclude_none=True)
