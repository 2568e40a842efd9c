"""`/media/upload`."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Final, Literal

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.uploads import FormFile
from dingtalk_models.sandbox.state.company import Company

Media = Annotated[FormFile, Code(41005)]

MB: Final = 1024 * 1024
_MEDIA: Final = {
    "image": (20, "jpg gif png bmp"),
    "voice": (2, "amr mp3 wav"),
    "video": (20, "mp4"),
    "file": (20, "doc docx xls xlsx ppt pptx zip pdf rar"),
}


@endpoint("POST", "/media/upload", scope="qyapi_base", invalid=40004)
def upload_media(
    company: Company, *, type: Annotated[Literal["image", "voice", "video", "file"], Code(40004)], media: Media
) -> Result:
    """上传媒体文件."""
    megabytes, extensions = _MEDIA[type]
    if not media.content:
        raise Refused(44001)
    if PurePath(media.name).suffix[1:].lower() not in extensions.split():
        raise Refused(40005)
    if len(media.content) > megabytes * MB:
        raise Refused(40006)
    media_id = company.drive.keep(type, media.name, media.content)
    return {"type": type, "media_id": media_id, "created_at": int(company.credentials.clock.now() * 1000)}
