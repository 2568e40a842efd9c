"""The contents of messages: a class for each type, checked before it is sent.

`Text`, `Link` and `Markdown` can be sent in all ways; the others belong to work notifications.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeVar, cast, dataclass_transform, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    Tag,
    WrapSerializer,
    with_config,
)
from pydantic_core import CoreSchema, core_schema, to_jsonable_python

from dingtalk_models.core.json_values import from_text, is_array, is_object, loaded
from dingtalk_models.core.wire import camel, wire

T = TypeVar("T")

MAX_CONTENT = 2048
"""The longest work notification in bytes of UTF-8, counting its texts without the JSON around them."""

MAX_MARKDOWN = 5000
"""The longest text of a Markdown notification in characters; this limit replaces the one in bytes."""


@dataclass_transform(frozen_default=True)
def wire_object(kind: type[T]) -> type[T]:
    """Make a frozen dataclass that is checked when it is passed as an argument, with Python or wire names."""
    return with_config(ConfigDict(revalidate_instances="always"))(dataclass(frozen=True)(kind))


@dataclass_transform(frozen_default=True)
def camel_object(kind: type[T]) -> type[T]:
    """Make such a dataclass with camelCase wire names."""
    return with_config(ConfigDict(revalidate_instances="always", alias_generator=camel))(dataclass(frozen=True)(kind))


Filled = Annotated[str, Field(min_length=1)]
"""A text that must not be empty."""

StatusBackground = Annotated[str, Field(pattern="^0x[0-9A-Fa-f]{8}$")]
"""A colour as 0xAARRGGBB."""

Digit = Annotated[bool, PlainSerializer(lambda yes: "1" if yes else "0", return_type=str)]
"""A bool with the wire values `"1"` and `"0"`."""


@wire_object
class Text:
    """Plain text."""

    msgtype: ClassVar[Literal["text"]] = "text"

    content: Filled
    """The text; in a work notification at most 2048 bytes, preferably at most 500 characters."""


@camel_object
class Link:
    """A card that opens a page."""

    msgtype: ClassVar[Literal["link"]] = "link"

    title: Filled
    text: Filled
    message_url: Filled
    """The page that it opens."""
    pic_url: str = ""
    """The address or media id of a picture."""


@wire_object
class Markdown:
    """Formatted text."""

    msgtype: ClassVar[Literal["markdown"]] = "markdown"

    title: Filled
    """The text in the list of conversations."""
    text: Filled
    """The text; in a work notification at most 5000 characters."""


@wire_object
class Image:
    """A picture."""

    msgtype: ClassVar[Literal["image"]] = "image"

    media_id: Filled
    """The media id of an upload with type `image`."""


@wire_object
class Voice:
    """A recording."""

    msgtype: ClassVar[Literal["voice"]] = "voice"

    media_id: Filled
    """The media id of an upload with type `voice`."""
    duration: Annotated[int, Field(gt=0, lt=60), PlainSerializer(str, return_type=str)]
    """Its length in seconds, less than 60."""


@wire_object
class File:
    """A file of at most 10 MB."""

    msgtype: ClassVar[Literal["file"]] = "file"

    media_id: Filled
    """The media id of an upload with type `file`."""


@wire_object
class OAHead:
    """The head of an OA message."""

    text: str
    """The title of the head."""
    bgcolor: Annotated[str, Field(pattern="^[0-9A-Fa-f]{8}$")] = "FFBBBBBB"
    """Its colour as AARRGGBB."""


@wire_object
class OAStatusBar:
    """The status of an OA message, which can be changed later."""

    status_value: Filled
    status_bg: StatusBackground | None = None


@wire_object
class OAFormRow:
    """A row of an OA message's form."""

    key: str
    value: str


@wire_object
class OARich:
    """A number in large type."""

    num: str | None = None
    unit: str | None = None


@wire_object
class OABody:
    """The body of an OA message."""

    title: str | None = None
    form: list[OAFormRow] | None = None
    """The rows. The client shows 6 of them."""
    rich: OARich | None = None
    content: str | None = None
    image: str | None = None
    """The media id of a picture."""
    file_count: str | None = None
    """The displayed number of attachments."""
    author: str | None = None


@wire_object
class OA:
    """A message of a business process: head, form, status."""

    msgtype: ClassVar[Literal["oa"]] = "oa"

    message_url: Filled
    """The page that it opens."""
    head: OAHead
    body: OABody
    pc_message_url: str | None = None
    """The page that it opens on a computer, if it differs."""
    status_bar: OAStatusBar | None = None
    """Allowed for at most 5 users, not for departments or everyone."""


@wire_object
class ActionCard:
    """A card with one button."""

    msgtype: ClassVar[Literal["action_card"]] = "action_card"

    title: Filled
    """The text in the list of conversations."""
    markdown: Filled
    single_title: Annotated[Filled, Field(max_length=20)]
    """The button's text, at most 20 characters."""
    single_url: Annotated[Filled, Field(max_length=500)]
    """The page that it opens, at most 500 characters."""


@wire_object
class CardButton:
    """One of several buttons."""

    title: Annotated[Filled, Field(max_length=20)]
    """Its text, at most 20 characters."""
    action_url: Annotated[Filled, Field(max_length=700)]
    """The page that it opens, at most 700 characters."""


def _short_list(buttons: list[CardButton]) -> list[CardButton]:
    size = len(json.dumps(to_jsonable_python(buttons), ensure_ascii=False, separators=(",", ":")))
    if size > 1000:  # noqa: PLR2004 - the platform's number
        raise ValueError(f"as JSON, at most 1000 characters, these are {size} / JSON 最多 1000 个字符，现有 {size} 个")
    return buttons


@wire_object
class ButtonsCard:
    """A card with several buttons."""

    msgtype: ClassVar[Literal["action_card"]] = "action_card"

    title: Filled
    """The text in the list of conversations."""
    markdown: Filled
    buttons: Annotated[list[CardButton], Field(min_length=1), AfterValidator(_short_list), wire("btn_json_list")]
    """At most 1000 characters, as JSON."""
    horizontal: Annotated[Digit, wire("btn_orientation")] = False
    """Whether the buttons are side by side."""


def texts_of(value: Any) -> Iterator[str]:
    """Return every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in cast("dict[str, Any]", value).values():
            yield from texts_of(part)
    elif is_array(value):
        for part in value:
            yield from texts_of(part)


def fits(limit: int) -> Callable[[T], T]:
    """Make a check that the texts of a message do not exceed a limit in bytes of UTF-8."""

    def check(message: T) -> T:
        size = sum(len(text.encode()) for text in texts_of(to_jsonable_python(message)))
        if size > limit:
            raise ValueError(
                f"at most {limit} bytes of UTF-8, these are {size} / 最多 {limit} 字节（UTF-8），现有 {size} 字节"
            )
        return message

    return check


def unpacked(message: Any) -> Any:
    """Return the content of a message in the platform's form."""
    if not is_object(message):
        return message
    return from_text(message.get(str(message.get("msgtype")), {}))


def packed(message: Any, handler: Callable[[Any], Any]) -> dict[str, Any]:
    """Convert a message to the platform's form."""
    return {"msgtype": message.msgtype, message.msgtype: handler(message)}


def _tag(message: Any) -> str | None:
    if not is_object(message):
        return "buttons_card" if isinstance(message, ButtonsCard) else getattr(message, "msgtype", None)
    several = message.get("msgtype") == "action_card" and "btn_json_list" in unpacked(message)
    return "buttons_card" if several else message.get("msgtype")


def _short_markdown(message: Markdown) -> Markdown:
    if len(message.text) > MAX_MARKDOWN:
        size = len(message.text)
        raise ValueError(
            f"text: at most {MAX_MARKDOWN} characters, these are {size} / 最多 {MAX_MARKDOWN} 个字符，现有 {size} 个"
        )
    return message


_Unpacked = Annotated[T, BeforeValidator(unpacked)]
_Kind = Annotated[_Unpacked[T], AfterValidator(fits(MAX_CONTENT))]

WorkMessage = Annotated[
    Annotated[_Kind[Text], Tag("text")]
    | Annotated[_Kind[Image], Tag("image")]
    | Annotated[_Kind[Voice], Tag("voice")]
    | Annotated[_Kind[File], Tag("file")]
    | Annotated[_Kind[Link], Tag("link")]
    | Annotated[_Kind[OA], Tag("oa")]
    | Annotated[_Unpacked[Markdown], AfterValidator(_short_markdown), Tag("markdown")]
    | Annotated[_Kind[ActionCard], Tag("action_card")]
    | Annotated[_Kind[ButtonsCard], Tag("buttons_card")],
    Discriminator(
        _tag,
        custom_error_type="message",
        custom_error_message="not a message: a Text, Image, Voice, File, Link, OA, Markdown, ActionCard or ButtonsCard"
        " / 不是以上几种消息",
    ),
    WrapSerializer(packed, return_type=dict[str, Any]),
    BeforeValidator(from_text),
]
"""The content of a work notification: at most 2048 bytes, or Markdown of 5000 characters."""


class PlainText:
    """Converts a plain text to a message, in an annotation: `Annotated[WorkMessage | str, PlainText(Text)]`.

    Args:
        kind: the class for messages of plain text.
    """

    def __init__(self, kind: Callable[[str], object]) -> None:
        self._kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        message = get_args(source)[0]
        return core_schema.no_info_before_validator_function(self._read, handler.generate_schema(message))

    def _read(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        # callers that come from another client may pass a message in the platform's form as JSON
        whole = loaded(value) if value.lstrip().startswith("{") else None
        return whole if is_object(whole) and "msgtype" in whole else self._kind(value)


WorkMessageOrText = Annotated[WorkMessage | str, PlainText(Text)]
"""The content of a work notification, or its text: `"hi"` means `Text("hi")`."""
