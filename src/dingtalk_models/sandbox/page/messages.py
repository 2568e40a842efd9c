"""Messages of all APIs as a person sees them: title, text, lines, buttons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

from dingtalk_models.sandbox.server.json_values import is_array, is_object
from dingtalk_models.sandbox.state.talk.card import Card, Cards

_TITLES: Final = ("title", "fileName")
_TEXTS: Final = ("content", "text", "markdown", "recognition")
_PICTURES: Final = ("photoURL", "picUrl", "media_id", "mediaId", "downloadCode")
_KINDS: Final = {
    "sampleText": "text", "sampleMarkdown": "markdown", "sampleImageMsg": "image", "picture": "image",
    "sampleLink": "link", "sampleAudio": "audio", "voice": "audio", "sampleFile": "file", "sampleVideo": "video",
    "action_card": "actionCard", "feedCard": "link", "richText": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Button:
    """A button on a message.

    Attributes:
        label: its label.
        kind: `open` opens the address `target`; `say` sends it as a message; `click` is an action of a card;
            `none` does nothing here.
        target: the address, the text, or the id of the action.
    """

    label: str
    kind: Literal["open", "say", "click", "none"]
    target: str


@dataclass(frozen=True)
class Shown:
    """A message.

    Attributes:
        kind: text, markdown, image, link, audio, file, video, actionCard, oa, or another name from the application.
        head: the head line of an OA message.
        title: its title.
        text: its text.
        lines: further lines with a name and a value.
        buttons: its buttons.
        card: the id of the card, if it is one.
        status: the status of an AI card.
        streams: whether its text is still growing.
        marked: whether the text is Markdown.
    """

    kind: str
    head: str = ""
    title: str = ""
    text: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    card: str | None = None
    status: str = ""
    streams: bool = False
    marked: bool = False


def shown(msgtype: str, content: Mapping[str, Any]) -> Shown:
    """Convert a message of any API: a work notification, or a message of a robot, webhook or person."""
    kind = "actionCard" if msgtype.startswith("sampleActionCard") else _KINDS.get(msgtype, msgtype)
    head, body = content.get("head"), content.get("body")
    inner: Mapping[str, Any] = body if is_object(body) else content
    lines = [(_text(row.get("key")), _text(row.get("value"))) for row in _rows(inner.get("form"))]
    pictures = [("", _text(content[name])) for name in _PICTURES if name in content and kind in {"image", "audio"}]
    return Shown(
        kind,
        head=_text(head.get("text")) if is_object(head) else "",
        title=_first(inner, _TITLES),
        text=_first(inner, _TEXTS) or "".join(_parts(content)),
        lines=(*lines, *pictures),
        buttons=tuple(_buttons(content)),
        marked=kind in {"markdown", "actionCard"},
    )


def card_shown(cards: Cards, card: Card, userid: str) -> Shown:
    """Convert a card as a person sees it. Its buttons are those of its template and those clicked before."""
    params = card.seen_by(userid)
    declared = cards.buttons.get(card.template_id, {})
    clicked = [action for click in card.clicks for action in _actions(click.payload)]
    labels = {**{action: action for action in clicked}, **declared}
    text = next((params[name] for name in ("content", "markdown", "text", "msgContent") if params.get(name)), "")
    hidden = {"title", "content", "markdown", "text", "msgContent", "flowStatus", "config"}
    return Shown(
        "card",
        title=params.get("title", ""),
        text=text,
        lines=tuple((name, value) for name, value in params.items() if name not in hidden),
        buttons=tuple(Button(label, "click", action) for action, label in labels.items()),
        card=card.out_track_id,
        status=card.status,
        marked=True,
        streams=bool(card.guids) or "flowStatus" in params,
    )


def _actions(payload: Mapping[str, Any]) -> list[str]:
    return [*json.loads(payload["content"])["cardPrivateData"]["actionIds"]]


def _buttons(content: Mapping[str, Any]) -> Iterator[Button]:
    for single in ("single", "action", "button"):
        for number in ("", *range(1, 7)):
            label = content.get(f"{single}Title{number}") or content.get(f"{single}_title{number}")
            target = next((content[n] for n in (f"{single}URL{number}", f"{single}Url{number}") if n in content), None)
            if label:
                yield _button(label, target or content.get("single_url"))
    for row in (*_rows(content.get("btns")), *_rows(content.get("btn_json_list")), *_rows(content.get("links"))):
        target = next((row[name] for name in ("actionURL", "action_url", "messageURL") if name in row), "")
        yield _button(row.get("title"), target)
    for name in ("messageUrl", "message_url"):
        if content.get(name):
            yield _button("", content[name])


def _button(label: object, target: object) -> Button:
    try:
        url = urlsplit(_text(target))
    except ValueError:
        return Button(_text(label), "none", _text(target))
    if url.scheme in {"http", "https"}:
        return Button(_text(label), "open", _text(target))
    if url.scheme == "dtmd" and url.path == "/sendMessage":
        return Button(_text(label), "say", parse_qs(url.query).get("content", [""])[0])
    return Button(_text(label), "none", _text(target))


def _parts(content: Mapping[str, Any]) -> Iterator[str]:
    for part in _rows(content.get("richText")):
        yield _text(part["text"]) if "text" in part else "[图片] "


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if is_object(row)] if is_array(value) else []


def _first(content: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((content[name] for name in names if isinstance(content.get(name), str) and content[name]), "")


def _text(value: object) -> str:
    return "" if value is None else str(value)
