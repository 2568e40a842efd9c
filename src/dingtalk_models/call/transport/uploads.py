"""Bodies that are sent: a file, or a form with files in it, chunk by chunk."""

from __future__ import annotations

import mimetypes
import os
import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from dingtalk_models.call.transport.received import CHUNK
from dingtalk_models.core.errors import UnusableFile
from dingtalk_models.core.files import Upload
from dingtalk_models.core.secret import unwrapped


class FileBody:
    """The bytes of a file. If it grows while it is sent, only its first `length` bytes are sent."""

    def __init__(self, upload: Upload) -> None:
        self.length = upload.size if upload.length is None else upload.length
        self._upload = upload

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in chunks.

        Raises:
            UnusableFile: the file has shrunk.
        """
        upload, sent = self._upload, 0
        with _opened(upload) as file:
            while sent < self.length:
                chunk = file.read(min(CHUNK, self.length - sent))
                if not chunk:
                    raise UnusableFile(str(upload), f"ended after {sent} of {self.length} bytes while it was sent")
                sent += len(chunk)
                if upload.progress:
                    upload.progress(sent, self.length)
                yield chunk


@contextmanager
def _opened(upload: Upload) -> Generator[BinaryIO]:
    source = upload.source
    if isinstance(source, bytes):
        yield BytesIO(source)
    elif isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            yield file
    else:
        source.seek(upload.start)
        yield source


class FormBody:
    """A `multipart/form-data` body: texts and files. The files are read while the body is sent."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.texts = {name: value for name, value in fields.items() if not isinstance(value, Upload)}
        self._parts: list[bytes | FileBody] = []
        for name, value in unwrapped(fields).items():
            self._parts.append(f"--{boundary}\r\n{_headers(name, value)}".encode())
            self._parts += [FileBody(value) if isinstance(value, Upload) else str(value).encode(), b"\r\n"]
        self._parts.append(f"--{boundary}--\r\n".encode())
        self.length = sum(part.length if isinstance(part, FileBody) else len(part) for part in self._parts)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in chunks."""
        for part in self._parts:
            if isinstance(part, FileBody):
                yield from part.chunks()
            else:
                yield part


def _headers(name: str, value: object) -> str:
    from urllib3.fields import RequestField  # noqa: PLC0415 - only when a form is sent

    filename = value.filename if isinstance(value, Upload) else None
    field = RequestField(name, b"", filename)
    field.make_multipart(content_type=filename and (mimetypes.guess_type(filename)[0] or "application/octet-stream"))
    return field.render_headers()
