"""The bodies of responses: decompressed chunk by chunk, into memory or into a file."""

from __future__ import annotations

import os
import re
import secrets
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from dingtalk_models.core.http import Download

CHUNK = 256 * 1024
"""How many bytes are read, written or decompressed at a time."""

MAX_REPLY = 64 * 1024 * 1024
"""The largest response that is kept in memory, in decompressed bytes."""

GZIP = 31
"""Tells zlib that the data is gzip."""

LENGTH = re.compile(r"[0-9]{1,18}")
"""A plausible Content-Length."""


class UnreadableBody(Exception):
    """The body of a response is too large, or is not encoded as its headers say."""


class BodyWriter:
    """Decompresses the body of a response and writes it, chunk by chunk.

    Args:
        headers: the headers of the response, with lower-case names.
        file: the file to write to.
        most: the largest size, of the compressed and of the decompressed body.
        download: its `received` and `progress` are updated.
    """

    def __init__(
        self, headers: Mapping[str, str], file: BinaryIO, most: float, download: Download | None = None
    ) -> None:
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise UnreadableBody(f"a response with Content-Encoding {encoding[:20]!r}, which was not asked for")
        self._gzip = zlib.decompressobj(GZIP) if encoding.endswith("gzip") else None
        announced = headers.get("content-length", "")
        self._total = int(announced) if self._gzip is None and LENGTH.fullmatch(announced) else 0
        self._file = file
        self._most = most
        self._taken = self._written = 0
        self._download = download

    def write(self, chunk: bytes | bytearray) -> None:
        """Write a chunk."""
        self._taken += len(chunk)
        if self._gzip is None:
            self._write(chunk)
            return
        try:
            self._unpack(self._gzip, chunk)
        except zlib.error:
            raise UnreadableBody("a response that is not valid gzip") from None

    def _unpack(self, gzip: Any, chunk: bytes | bytearray) -> None:
        while chunk:
            if gzip.eof:  # gzip can have several members
                gzip = self._gzip = zlib.decompressobj(GZIP)
            self._write(gzip.decompress(chunk, CHUNK))
            chunk = gzip.unused_data if gzip.eof else gzip.unconsumed_tail

    def _write(self, chunk: bytes | bytearray) -> None:
        self._written += len(chunk)
        if max(self._taken, self._written) > self._most:
            raise UnreadableBody(f"a response of more than {self._most} bytes")
        self._file.write(chunk)
        if self._download:
            self._download.received = self._written
            if self._download.progress:
                self._download.progress(self._written, self._total)

    def finish(self) -> None:
        """Check that the body is complete."""
        if self._gzip is not None and self._taken and not self._gzip.eof:
            raise UnreadableBody("a response whose gzip is not complete")


def decompressed(headers: Mapping[str, str], content: bytes | bytearray, most: float) -> bytes:
    """Decompress a whole body.

    Args:
        headers: the headers of the response, with lower-case names.
        content: the body as it was received. If it is too large, its first bytes are enough.
        most: the largest size, of the compressed and of the decompressed body.
    """
    file = BytesIO()
    writer = BodyWriter(headers, file, most)
    writer.write(content)
    writer.finish()
    return file.getvalue()


@contextmanager
def file_writer(download: Download, headers: Mapping[str, str]) -> Generator[BodyWriter]:
    """Write a body to a file, from the start, even if an earlier attempt has written a part of it.

    Args:
        download: where to write it.
        headers: the headers of the response, with lower-case names.

    Returns:
        The writer, for each chunk.
    """
    with _target(download) as file:
        download.received = 0
        writer = BodyWriter(headers, file, float("inf"), download)
        yield writer
        writer.finish()


@contextmanager
def _target(download: Download) -> Generator[BinaryIO]:
    target = download.target
    if isinstance(target, str | os.PathLike):
        # In the same folder, so that it can replace the target in one step. The name is random, so that nobody can put
        # a symbolic link there beforehand.
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
        raise OSError("the download broke off, and its target cannot be rewound to start again")
    yield target
