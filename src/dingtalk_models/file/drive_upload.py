"""Uploads to the older drive (钉盘), in one piece or in chunks. New apps use `Space.upload` instead."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api
from dingtalk_models.core.files import BytesProgress, Source, Upload
from dingtalk_models.core.wire import AgentIdText, wire
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model

_LARGEST = 8 * 1024 * 1024


FileArgument = Annotated[Source, wire("file")]


class DriveUploadManager(Manager):
    """Uploads to the older drive (钉盘)."""

    @api("dingtalk.oapi.file.upload.single", "POST /file/upload/single?agent_id&file_size")
    def single(
        self,
        agent_id: AgentIdText,
        source: FileArgument,
        *,
        file_size: Annotated[int | None, Field(ge=1)] = None,
        name: str | None = None,
        progress: BytesProgress | None = None,
    ) -> Call[str]:
        """Upload a file of at most 8 MB (单步文件上传).

        Args:
            agent_id: the app's AgentId.
            source: a path, bytes or a binary file object. It is sent in pieces, so that it never fills the memory.
            file_size: its size in bytes; by default it is counted.
            name: its name; by default that of the path or file object.
            progress: called with the bytes sent and their total.

        Returns:
            A media id, for custom spaces.

        Raises:
            InvalidArgument: the file is larger; nothing was sent.

        Source: single-step-file-upload
        """
        file = Upload(source, name, progress)
        if file_size is None and not 0 < (file_size := file.size) <= _LARGEST:
            raise Refusal(
                "source",
                f"has {file_size} bytes, should have at least 1 and at most {_LARGEST} / "
                f"{file_size} 字节，须为 1 到 {_LARGEST} 字节",
            )
        return Call(str, "media_id", agent_id=agent_id, file_size=file_size, file=file)

    # starting an upload twice does no harm, but ending it twice fails, and one API does both
    @api("dingtalk.oapi.file.upload.transaction", "GET /file/upload/transaction", idempotent=False)
    def transaction(
        self,
        agent_id: AgentIdText,
        file_size: Annotated[int, Field(ge=1)],
        chunk_numbers: Annotated[int, Field(ge=1, le=10_000)],
        *,
        upload_id: str | None = None,
    ) -> Call[DriveUpload]:
        """Start an upload in chunks, or end it (开启分块上传事务).

        Args:
            agent_id: the app's AgentId.
            file_size: the size of the whole file in bytes.
            chunk_numbers: the number of chunks, at most 10000.
            upload_id: the id from the start, to end the upload. Uploads that are not ended within 24 hours are dropped.

        Returns:
            The upload id at the start, the media id at the end.

        Source: enable-upload-transaction
        """
        return Call(DriveUpload, "")

    @api("dingtalk.oapi.file.upload.chunk", "POST /file/upload/chunk?agent_id&upload_id&chunk_sequence")
    def chunk(
        self,
        agent_id: AgentIdText,
        upload_id: str,
        chunk_sequence: Annotated[int, Field(ge=1, le=10_000)],
        source: FileArgument,
        *,
        name: str | None = None,
    ) -> Call[DriveUpload]:
        """Upload one chunk of a file (上传文件块).

        Args:
            agent_id: the app's AgentId.
            upload_id: the id from `transaction`.
            chunk_sequence: the number of the chunk, from 1.
            source: the chunk, as a path, bytes or a binary file object: 100 KB to 8 MB; the last may be shorter.
            name: a name for the chunk, if it has none.

        Source: upload-file-blocks
        """
        return Call(
            DriveUpload,
            "",
            agent_id=agent_id,
            upload_id=upload_id,
            chunk_sequence=chunk_sequence,
            file=Upload(source, name or f"chunk-{chunk_sequence}"),
        )


class DriveUpload(Model):
    """An upload in chunks: it has an upload id while it is open, and a media id when it has ended."""

    objects: ClassVar[DriveUploadManager] = DriveUploadManager()

    upload_id: str = ""
    media_id: str = ""
