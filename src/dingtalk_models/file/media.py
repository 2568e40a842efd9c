"""Media files (媒体文件): pictures, voice, video and documents for messages."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, ClassVar, Literal

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api
from dingtalk_models.core.files import NO_NAME, BytesProgress, Source, Upload
from dingtalk_models.core.wire import Millis, wire
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model

MediaType = Literal["image", "voice", "video", "file"]

_MB = 1024 * 1024
_LIMITS: dict[MediaType, tuple[int, str]] = {
    "image": (20, "jpg gif png bmp"),
    "voice": (2, "amr mp3 wav"),
    "video": (20, "mp4"),
    "file": (20, "doc docx xls xlsx ppt pptx zip pdf rar"),
}
"""The largest size in MB, and the allowed extensions."""


class MediaManager(Manager):
    """Media files (媒体文件)."""

    @api("dingtalk.oapi.media.upload", "POST /media/upload")
    def upload(
        self,
        file: Annotated[Source, wire("media", "file")],
        type: MediaType,
        *,
        name: str | None = None,
        progress: BytesProgress | None = None,
    ) -> Call[Media]:
        """Upload a media file (上传媒体文件).

        Args:
            file: a path, bytes or a binary file object. It is sent in pieces, so that it never fills the memory.
            type: `image` (20 MB; jpg, gif, png, bmp), `voice` (2 MB; amr, mp3, wav), `video` (20 MB; mp4) or `file`
                (20 MB; doc, docx, xls, xlsx, ppt, pptx, zip, pdf, rar).
            name: the file's name with its extension; by default that of the path or file object.
            progress: called with the number of bytes sent, and the total.

        Returns:
            The media file. Its `media_id` can be used any number of times.

        Raises:
            InvalidArgument: the file is too large, empty, or its extension is not allowed; nothing was sent.
            FileNotFoundError: there is no such file.

        Source: upload-media-files
        """
        media = Upload(file, name, progress)
        _check(media, type)
        return Call(Media, "", type=type, media=media)


def _check(file: Upload, type: MediaType) -> None:
    megabytes, extensions = _LIMITS[type]
    if not file.filename:
        raise Refusal("name", NO_NAME)
    if PurePath(file.filename).suffix.lower()[1:] not in extensions.split():
        raise Refusal("name", f"should end in one of: {extensions} (for type {type!r}) / 扩展名须为其中之一")
    try:
        size = file.size
    except OSError:
        return  # opening the file will raise the error
    if not 0 < size <= megabytes * _MB:
        raise Refusal(
            "file",
            f"has {size} bytes, should have at least 1 and at most {megabytes} MB (for type {type!r}) / "
            f"{size} 字节，须大于 0 且不超过 {megabytes} MB",
        )


class Media(Model):
    """A media file (媒体文件). Only DingTalk clients can show it."""

    objects: ClassVar[MediaManager] = MediaManager()
    upload = objects.upload

    media_id: str
    type: str | None
    created_at: Millis | None
