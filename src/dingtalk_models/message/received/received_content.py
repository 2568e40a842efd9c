"""The contents of messages to the robot, by type. Missing or new fields are never an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.call.repair import UNPARSED
from dingtalk_models.core.json_values import is_array, is_object, loaded
from dingtalk_models.core.wire import camel, empty_list
from dingtalk_models.resource.model import Record

R = TypeVar("R", bound=Record)

FileKind = Literal["picture", "audio", "video", "file"]


def tolerant(kind: type[R], fields: Mapping[str, Any]) -> R:
    """Read an object. Fields of an undocumented form are kept in `unparsed`."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        odd = {str(problem["loc"][0]) for problem in error.errors(include_url=False)}
        kept = {name: value for name, value in fields.items() if name not in odd}
        return kind.model_validate({**kept, UNPARSED: {name: fields[name] for name in odd & fields.keys()}})


def tolerant_list(kind: type[R], values: Any) -> Any:
    """Read the objects in a list, and leave out other items. Anything but a list stays unchanged."""
    if not is_array(values := loaded(values)):
        return values
    return [value if isinstance(value, kind) else tolerant(kind, value) for value in values if _holds(kind, value)]


def _holds(kind: type[Record], value: object) -> bool:
    return isinstance(value, kind) or is_object(value)


class _TolerantRows:
    """Leaves out items of a list that are not objects."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rows = partial(tolerant_list, get_args(source)[0])
        return core_schema.no_info_before_validator_function(rows, handler(source))


Tolerant = Annotated[list[R], _TolerantRows()]
"""A list of objects, also as JSON text, in which other items are ignored."""


@dataclass(frozen=True)
class ReceivedFile:
    """A file in a message: `message.download(path, file)` fetches it.

    Attributes:
        kind: its kind.
        download_code: the code for requesting its URL. It expires.
        name: its name, for files that were sent as files only.
    """

    kind: FileKind
    download_code: str
    name: str | None = None


class ReceivedContent(Record, alias_generator=camel):
    """The content of a message of an unknown type, with its fields in `model_extra`."""

    MSGTYPE: ClassVar[str] = ""

    @property
    def said(self) -> str:
        """Return its text; empty if it has none."""
        return ""

    @property
    def files(self) -> list[ReceivedFile]:
        """The files in it."""
        return []


class TextContent(ReceivedContent):
    """A text."""

    MSGTYPE = "text"

    content: str | None

    @property
    def said(self) -> str:
        """The text."""
        return self.content or ""


class PictureContent(ReceivedContent):
    """A picture."""

    MSGTYPE = "picture"

    download_code: str | None
    picture_download_code: str | None

    @property
    def files(self) -> list[ReceivedFile]:
        """The picture."""
        return _file("picture", self.download_code or self.picture_download_code)


class RichTextPart(Record, alias_generator=camel):
    """A piece of a rich text: text, or a picture."""

    type: str | None
    """`picture` for a picture, `None` for a text."""
    text: str | None
    download_code: str | None
    picture_download_code: str | None


class RichTextContent(ReceivedContent):
    """Texts and pictures."""

    MSGTYPE = "richText"

    rich_text: Tolerant[RichTextPart] = empty_list()

    @property
    def said(self) -> str:
        """Its texts, one after another."""
        return "".join(part.text or "" for part in self.rich_text)

    @property
    def files(self) -> list[ReceivedFile]:
        """Its pictures."""
        codes = [part.download_code or part.picture_download_code for part in self.rich_text]
        return [file for code in codes for file in _file("picture", code)]


class AudioContent(ReceivedContent):
    """A recording."""

    MSGTYPE = "audio"

    recognition: str | None
    """The text that the platform has recognised in it."""
    duration: int | None
    """Its length in milliseconds."""
    download_code: str | None

    @property
    def said(self) -> str:
        """The text that the platform has recognised in it."""
        return self.recognition or ""

    @property
    def files(self) -> list[ReceivedFile]:
        """The recording."""
        return _file("audio", self.download_code)


class VideoContent(ReceivedContent):
    """A video."""

    MSGTYPE = "video"

    duration: int | None
    """Its length, in the platform's unit."""
    video_type: str | None
    """Its extension, such as `mp4`."""
    download_code: str | None

    @property
    def files(self) -> list[ReceivedFile]:
        """The video."""
        return _file("video", self.download_code)


class FileContent(ReceivedContent):
    """A file."""

    MSGTYPE = "file"

    file_name: str | None
    download_code: str | None
    file_id: str | None
    """Its id in the space where it is stored."""
    space_id: str | None

    @property
    def files(self) -> list[ReceivedFile]:
        """The file."""
        return _file("file", self.download_code, self.file_name)


_KINDS: dict[str, type[ReceivedContent]] = {
    kind.MSGTYPE: kind
    for kind in (TextContent, PictureContent, RichTextContent, AudioContent, VideoContent, FileContent)
}


def content_of(msgtype: object, raw: object) -> ReceivedContent:
    """Read the content of a message from its wire form. Fields of an undocumented form are kept in `unparsed`."""
    if isinstance(raw, ReceivedContent):
        return raw
    value = loaded(raw)
    fields = value if is_object(value) else {} if value is None else {"content": raw}
    return tolerant(_KINDS.get(str(msgtype), ReceivedContent), fields)


def said_in(msgtype: object, raw: object) -> str:
    """Read the text of a message from its wire form. The most common type, text, needs no object."""
    match raw:
        case {"content": str(text)} if msgtype == TextContent.MSGTYPE:
            return text
        case _:
            return content_of(msgtype, raw).said


def _file(kind: FileKind, code: str | None, name: str | None = None) -> list[ReceivedFile]:
    return [ReceivedFile(kind, code, name)] if code else []
