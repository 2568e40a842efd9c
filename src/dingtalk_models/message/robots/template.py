"""The messages of an app's robot: a class for each of the platform's templates."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag, TypeAdapter

from dingtalk_models.core.wire import wire
from dingtalk_models.message.message_body import Filled, Link, Markdown, PlainText, Text, camel_object, wire_object

T = TypeVar("T")

MAX_PARAM = 15_000
"""The longest parameters of a template, in bytes of UTF-8 as JSON."""


@wire_object
class SampleText(Text):
    """Plain text."""

    msg_key: ClassVar = "sampleText"


@wire_object
class SampleMarkdown(Markdown):
    """Formatted text."""

    msg_key: ClassVar = "sampleMarkdown"


@camel_object
class SampleLink(Link):
    """A card that opens a page."""

    msg_key: ClassVar = "sampleLink"


@wire_object
class SampleImage:
    """A picture."""

    msg_key: ClassVar = "sampleImageMsg"

    photo_url: Annotated[Filled, wire("photoURL")]
    """Its address or media id."""


@camel_object
class SampleAudio:
    """A recording."""

    msg_key: ClassVar = "sampleAudio"

    media_id: Filled
    duration: Annotated[int, Field(gt=0), PlainSerializer(str, return_type=str)]
    """Its length in milliseconds."""


@camel_object
class SampleFile:
    """A file."""

    msg_key: ClassVar = "sampleFile"

    media_id: Filled
    file_name: Filled
    file_type: Filled
    """Its extension, such as `pdf`."""


@camel_object
class SampleVideo:
    """A video."""

    msg_key: ClassVar = "sampleVideo"

    video_media_id: Filled
    video_type: Filled
    """Its extension: `mp4`."""
    pic_media_id: Filled
    """The media id of its cover."""
    duration: Annotated[int, Field(gt=0), PlainSerializer(str, return_type=str)]
    """Its length in seconds."""
    height: Annotated[int, Field(gt=0), PlainSerializer(str, return_type=str)] | None = None
    width: Annotated[int, Field(gt=0), PlainSerializer(str, return_type=str)] | None = None


@camel_object
class SampleActionCard:
    """A card with one button."""

    msg_key: ClassVar = "sampleActionCard"

    title: Filled
    """The text in the list of conversations."""
    text: Filled
    """Markdown."""
    single_title: Filled
    """The button's text."""
    single_url: Annotated[Filled, wire("singleURL")]
    """The page that it opens."""


@wire_object
class SampleButton:
    """One of several buttons."""

    title: Filled
    url: Filled
    """The page that it opens."""


@wire_object
class SampleButtons:
    """A card with 2 to 5 buttons one below the other, or 2 side by side."""

    title: Filled
    """The text in the list of conversations."""
    text: Filled
    """Markdown."""
    buttons: Annotated[list[SampleButton], Field(min_length=2, max_length=5)]
    horizontal: bool = False
    """Whether the 2 buttons are side by side."""

    @property
    def msg_key(self) -> str:
        """The template for this number of buttons."""
        return f"sampleActionCard{6 if self.horizontal else len(self.buttons)}"


def _two_side_by_side(card: SampleButtons) -> SampleButtons:
    if card.horizontal and len(card.buttons) != 2:  # noqa: PLR2004 - the template's own number
        raise ValueError("buttons: exactly 2, if they are side by side / 按钮横排时须为 2 个")
    return card


def _numbered(card: SampleButtons) -> dict[str, str]:
    title, url = ("buttonTitle", "buttonUrl") if card.horizontal else ("actionTitle", "actionURL")
    named = {"title": card.title, "text": card.text}
    for number, button in enumerate(card.buttons, start=1):
        named |= {f"{title}{number}": button.title, f"{url}{number}": button.url}
    return named


def _short(message: T) -> T:
    if (size := len(msg_param(message).encode())) > MAX_PARAM:
        raise ValueError(
            f"as JSON, at most {MAX_PARAM} bytes of UTF-8, these are {size} / "
            f"转为 JSON 后最多 {MAX_PARAM} 字节（UTF-8），现有 {size} 字节"
        )
    return message


_Numbered = Annotated[SampleButtons, AfterValidator(_two_side_by_side), PlainSerializer(_numbered)]

_Template = (
    Annotated[SampleText, Tag("SampleText")]
    | Annotated[SampleMarkdown, Tag("SampleMarkdown")]
    | Annotated[SampleLink, Tag("SampleLink")]
    | Annotated[SampleImage, Tag("SampleImage")]
    | Annotated[SampleAudio, Tag("SampleAudio")]
    | Annotated[SampleFile, Tag("SampleFile")]
    | Annotated[SampleVideo, Tag("SampleVideo")]
    | Annotated[SampleActionCard, Tag("SampleActionCard")]
    | Annotated[_Numbered, Tag("SampleButtons")]
)

_TEMPLATE = Annotated[
    _Template,
    Discriminator(
        lambda message: type(message).__name__,
        custom_error_type="message",
        custom_error_message="not a template: a SampleText, SampleMarkdown, SampleLink, SampleImage, SampleAudio, "
        "SampleFile, SampleVideo, SampleActionCard or SampleButtons / 不是以上几种模板",
    ),
]

RobotTemplate = Annotated[_TEMPLATE, AfterValidator(_short)]
"""The message of an app's robot: at most 15,000 bytes as JSON."""

RobotTemplateOrText = Annotated[RobotTemplate | str, PlainText(SampleText)]
"""A robot's message, or its text: `"hi"` means `SampleText("hi")`."""

_adapter: TypeAdapter[Any] = TypeAdapter(_TEMPLATE, config=ConfigDict(defer_build=True))


def msg_param(message: Any) -> str:
    """Return a template's parameters in wire form: JSON in a string."""
    named = _adapter.dump_python(message, mode="json", by_alias=True, exclude_none=True)
    return json.dumps(named, ensure_ascii=False)
