"""What a message to the robot says, by its type. Fields that are missing or new never fail it."""

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
    """Read an object. A field that does not have its documented form is kept in `unparsed`."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        odd = {str(problem["loc"][0]) for problem in error.errors(include_url=False)}
        kept = {name: value for name, value in fields.items() if name not in odd}
        return kind.model_validate({**kept, UNPARSED: {name: fields[name] for name in odd & fields.keys()}})


def tolerant_list(kind: type[R], values: Any) -> Any:
    """Read the objects in a list, and leave out what is none. What is no list stays as it is."""
    if not is_array(values := loaded(values)):
        return values
    return [value if isinstance(value, kind) else tolerant(kind, value) for value in values if _holds(kind, value)]


def _holds(kind: type[Record], value: object) -> bool:
    return isinstance(value, kind) or is_object(value)


class _TolerantRows:
    """Leaves out of a list what is no object."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rows = partial(tolerant_list, get_args(source)[0])
        return core_schema.no_info_before_validator_function(rows, handler(source))


Tolerant = Annotated[list[R], _TolerantRows()]
"""A list of objects, or JSON of it, that may have what is none."""


@dataclass(frozen=True)
class ReceivedFile:
    """A file in a message: `message.download(path, file)` fetches it.

    Attributes:
        kind: what it is.
        download_code: the code that its URL is asked for with. It expires.
        name: its name; only files that are sent as files have one.
    """

    kind: FileKind
    download_code: str
    name: str | None = None


class ReceivedContent(Record, alias_generator=camel):
    """What a message of an unknown type says: its fields are in `model_extra`."""

    MSGTYPE: ClassVar[str] = ""

    @property
    def said(self) -> str:
        """Its text; empty if it has none."""
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
    """`picture` of a picture; texts have none."""
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
    """A film."""

    MSGTYPE = "video"

    duration: int | None
    """Its length, as the platform counts it."""
    video_type: str | None
    """Its extension, such as `mp4`."""
    download_code: str | None

    @property
    def files(self) -> list[ReceivedFile]:
        """The film."""
        return _file("video", self.download_code)


class FileContent(ReceivedContent):
    """A file."""

    MSGTYPE = "file"

    file_name: str | None
    download_code: str | None
    file_id: str | None
    """Its id in the space that it is stored in."""
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
    """What a message says, from its wire form. A field that does not have its documented form is kept in `unparsed`."""
    if isinstance(raw, ReceivedContent):
        return raw
    value = loaded(raw)
    fields = value if is_object(value) else {} if value is None else {"content": raw}
    return tolerant(_KINDS.get(str(msgtype), ReceivedContent), fields)


def said_in(msgtype: object, raw: object) -> str:
    """The text of a message, from its wire form. That of a text, which nearly all messages are, is read as it is."""
    match raw:
        case {"content": str(text)} if msgtype == TextContent.MSGTYPE:
            return text
        case _:
            return content_of(msgtype, raw).said


def _file(kind: FileKind, code: str | None, name: str | None = None) -> list[ReceivedFile]:
    return [ReceivedFile(kind, code, name)] if code else []
