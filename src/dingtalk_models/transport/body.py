"""Bodies: files and forms on their way out, answers on their way into memory or a file. Nothing large is held whole."""

from __future__ import annotations

import mimetypes
import os
import re
import secrets
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from dingtalk_models.core.errors import UnusableFile
from dingtalk_models.core.files import Upload
from dingtalk_models.core.http import Download, HttpRequest

CHUNK = 256 * 1024
"""How many bytes are read, written or unpacked at a time."""

MAX_REPLY = 64 * 1024 * 1024
"""How many bytes an answer may have that is held in memory, once it is unpacked."""

GZIP = 31
"""Tells zlib to expect gzip's header."""

LENGTH = re.compile(r"[0-9]{1,18}")
"""A Content-Length that a file can have."""


class FileBody:
    """The bytes of a file: as many as it has when this is made, though it may grow or shrink meanwhile."""

    def __init__(self, upload: Upload) -> None:
        self.length = upload.size if upload.length is None else upload.length
        self._upload = upload

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a piece at a time.

        Raises:
            UnusableFile: the file has become shorter meanwhile.
        """
        upload, sent = self._upload, 0
        with _opened(upload) as file:
            while sent < self.length:
                piece = file.read(min(CHUNK, self.length - sent))
                if not piece:
                    raise UnusableFile(str(upload), f"ended after {sent} of {self.length} bytes while it was sent")
                sent += len(piece)
                if upload.progress:
                    upload.progress(sent, self.length)
                yield piece


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
    """A `multipart/form-data` body: texts, and files that are read as it is sent."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.texts = {name: value for name, value in fields.items() if not isinstance(value, Upload)}
        self._parts: list[bytes | FileBody] = []
        for name, value in fields.items():
            self._parts.append(f"--{boundary}\r\n{_headers(name, value)}".encode())
            self._parts += [FileBody(value) if isinstance(value, Upload) else str(value).encode(), b"\r\n"]
        self._parts.append(f"--{boundary}--\r\n".encode())
        self.length = sum(part.length if isinstance(part, FileBody) else len(part) for part in self._parts)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a piece at a time."""
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


class UnreadableBody(Exception):
    """The body of an answer is too large, or is not packed as its headers say."""


class Receiver:
    """Takes in the body of an answer as it comes.

    Args:
        headers: the answer's headers, with lower-case names.
        file: where it goes.
        most: how many bytes it may have, packed or unpacked.
        download: told how many bytes have come.
    """

    def __init__(
        self, headers: Mapping[str, str], file: BinaryIO, most: float, download: Download | None = None
    ) -> None:
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise UnreadableBody(f"an answer packed as {encoding[:20]!r}, which was not asked for")
        self._gzip = zlib.decompressobj(GZIP) if encoding.endswith("gzip") else None
        announced = headers.get("content-length", "")
        self._total = int(announced) if self._gzip is None and LENGTH.fullmatch(announced) else 0
        self._file = file
        self._most = most
        self._taken = self._written = 0
        self._download = download

    def take(self, piece: bytes) -> None:
        """Take in what came."""
        self._taken += len(piece)
        if self._gzip is None:
            self._write(piece)
            return
        try:
            self._unpack(self._gzip, piece)
        except zlib.error:
            raise UnreadableBody("an answer that is not the gzip it claims to be") from None

    def _unpack(self, gzip: Any, piece: bytes) -> None:
        while piece:
            if gzip.eof:  # a file of several members
                gzip = self._gzip = zlib.decompressobj(GZIP)
            self._write(gzip.decompress(piece, CHUNK))
            piece = gzip.unused_data if gzip.eof else gzip.unconsumed_tail

    def _write(self, piece: bytes) -> None:
        self._written += len(piece)
        if max(self._taken, self._written) > self._most:
            raise UnreadableBody(f"an answer of more than {self._most} bytes")
        self._file.write(piece)
        if self._download:
            self._download.received = self._written
            if self._download.progress:
                self._download.progress(self._written, self._total)

    def finish(self) -> None:
        """See that what came is complete."""
        if self._gzip is not None and self._taken and not self._gzip.eof:
            raise UnreadableBody("an answer whose gzip breaks off")


class Held(Receiver):
    """A receiver that keeps a body in memory."""

    def __init__(self, headers: Mapping[str, str], most: float) -> None:
        self._content = BytesIO()
        super().__init__(headers, self._content, most)

    @property
    def content(self) -> bytes:
        """What came."""
        self.finish()
        return self._content.getvalue()


def downloads(request: HttpRequest, status: int) -> Download | None:
    """Where the body of an answer goes, unless into memory."""
    return request.download if 200 <= status < 300 else None  # noqa: PLR2004 - HTTP's own numbers


@contextmanager
def receiving(download: Download, headers: Mapping[str, str]) -> Generator[Receiver]:
    """Take in a body, anew where an earlier one broke off.

    Args:
        download: where it goes.
        headers: the answer's headers, with lower-case names.

    Returns:
        What takes each piece.
    """
    with _target(download) as file:
        download.received = 0
        receiver = Receiver(headers, file, float("inf"), download)
        yield receiver
        receiver.finish()


@contextmanager
def _target(download: Download) -> Generator[BinaryIO]:
    target = download.target
    if isinstance(target, str | os.PathLike):
        # beside the target, so that it can take its place in one step; nobody can plant a link of a name that is random
        part = Path(target).with_name(f".{secrets.token_hex(16)}.part")
        try:
            with part.open("xb") as file:
                yield file
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return
    if download.start is not None:
        target.seek(download.start)
        target.truncate()
    elif download.received:
        raise OSError("the download broke off, and its target cannot be rewound to begin again")
    yield target
