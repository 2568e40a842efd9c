"""What a message says: a class for each kind, built in Python and checked before it is sent.

`Text`, `Link` and `Markdown` are the same wherever they go; the others belong to work notifications.
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
"""The bytes of UTF-8 that a work notification may hold: its texts, not the JSON around them."""

MAX_MARKDOWN = 5000
"""The characters that the text of a Markdown notification may have: its own limit, instead of the bytes."""


@dataclass_transform(frozen_default=True)
def wire_object(kind: type[T]) -> type[T]:
    """A frozen dataclass that is checked whenever it is an argument, under its Python names or those of the wire."""
    return with_config(ConfigDict(revalidate_instances="always"))(dataclass(frozen=True)(kind))


@dataclass_transform(frozen_default=True)
def camel_object(kind: type[T]) -> type[T]:
    """The same, with names in camelCase on the wire."""
    return with_config(ConfigDict(revalidate_instances="always", alias_generator=camel))(dataclass(frozen=True)(kind))


Filled = Annotated[str, Field(min_length=1)]
"""A text that may not be empty."""

StatusBackground = Annotated[str, Field(pattern="^0x[0-9A-Fa-f]{8}$")]
"""A colour as 0xAARRGGBB."""

Digit = Annotated[bool, PlainSerializer(lambda yes: "1" if yes else "0", return_type=str)]
"""A yes or no that travels as `"1"` or `"0"`."""


@wire_object
class Text:
    """Plain text."""

    msgtype: ClassVar[Literal["text"]] = "text"

    content: Filled
    """The text; in a work notification at most 2048 bytes, and better no more than 500 characters."""


@camel_object
class Link:
    """A card that opens a page."""

    msgtype: ClassVar[Literal["link"]] = "link"

    title: Filled
    text: Filled
    message_url: Filled
    """The page that it opens."""
    pic_url: str = ""
    """A picture: an address, or a media id."""


@wire_object
class Markdown:
    """Formatted text."""

    msgtype: ClassVar[Literal["markdown"]] = "markdown"

    title: Filled
    """What the list of conversations shows."""
    text: Filled
    """In a work notification at most 5000 characters."""


@wire_object
class Image:
    """A picture."""

    msgtype: ClassVar[Literal["image"]] = "image"

    media_id: Filled
    """From an upload of the type `image`."""


@wire_object
class Voice:
    """A recording."""

    msgtype: ClassVar[Literal["voice"]] = "voice"

    media_id: Filled
    """From an upload of the type `voice`."""
    duration: Annotated[int, Field(gt=0, lt=60), PlainSerializer(str, return_type=str)]
    """Its length in seconds, less than 60."""


@wire_object
class File:
    """A file of at most 10 MB."""

    msgtype: ClassVar[Literal["file"]] = "file"

    media_id: Filled
    """From an upload of the type `file`."""


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
    """The client shows 6 rows."""
    rich: OARich | None = None
    content: str | None = None
    image: str | None = None
    """The media id of a picture."""
    file_count: str | None = None
    """How many attachments it says there are."""
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
    """The page that it opens on a computer, where that is another one."""
    status_bar: OAStatusBar | None = None
    """Only for at most 5 users; not for departments, nor for everyone."""


@wire_object
class ActionCard:
    """A card with one button."""

    msgtype: ClassVar[Literal["action_card"]] = "action_card"

    title: Filled
    """What the list of conversations shows."""
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
    """What the list of conversations shows."""
    markdown: Filled
    buttons: Annotated[list[CardButton], Field(min_length=1), AfterValidator(_short_list), wire("btn_json_list")]
    """At most 1000 characters, as JSON."""
    horizontal: Annotated[Digit, wire("btn_orientation")] = False
    """Whether the buttons stand side by side."""


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a piece of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in cast("dict[str, Any]", value).values():
            yield from texts_of(part)
    elif is_array(value):
        for part in value:
            yield from texts_of(part)


def fits(limit: int) -> Callable[[T], T]:
    """A check that what a message says is short enough, in bytes of UTF-8."""

    def check(message: T) -> T:
        size = sum(len(text.encode()) for text in texts_of(to_jsonable_python(message)))
        if size > limit:
            raise ValueError(
                f"at most {limit} bytes of UTF-8, these are {size} / 最多 {limit} 字节（UTF-8），现有 {size} 字节"
            )
        return message

    return check


def unpacked(message: Any) -> Any:
    """What a message in the platform's form says."""
    if not is_object(message):
        return message
    return from_text(message.get(str(message.get("msgtype")), {}))


def packed(message: Any, handler: Callable[[Any], Any]) -> dict[str, Any]:
    """A message in the platform's form."""
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
"""What a work notification says: at most 2048 bytes, or Markdown of 5000 characters."""


class PlainText:
    """Makes a message of a text: in an annotation, `Annotated[WorkMessage | str, PlainText(Text)]`.

    Args:
        kind: the class of messages of plain text.
    """

    def __init__(self, kind: Callable[[str], object]) -> None:
        self._kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        message = get_args(source)[0]
        return core_schema.no_info_before_validator_function(self._read, handler.generate_schema(message))

    def _read(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        # callers who move over may have a message in the platform's form, as JSON
        whole = loaded(value) if value.lstrip().startswith("{") else None
        return whole if is_object(whole) and "msgtype" in whole else self._kind(value)


WorkMessageOrText = Annotated[WorkMessage | str, PlainText(Text)]
"""A work notification's message, or its text: `"hi"` is `Text("hi")`."""
