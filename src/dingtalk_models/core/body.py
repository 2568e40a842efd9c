"""Bodies that are not held in memory: files on their way out, and answers on their way into a file."""

from __future__ import annotations

import mimetypes
import os
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Protocol

from pydantic import PlainValidator

CHUNK = 256 * 1024
"""How many bytes are held at a time."""


def _is_source(value: Any) -> Any:
    if not (isinstance(value, str | bytes) or hasattr(value, "__fspath__") or hasattr(value, "seek")):
        raise ValueError("should be a path, bytes or a binary file object")
    return value


def _is_target(value: Any) -> Any:
    if not (isinstance(value, str) or hasattr(value, "__fspath__") or hasattr(value, "write")):
        raise ValueError("should be a path or a binary file object")
    return value


Source = Annotated[str | os.PathLike[str] | bytes | BinaryIO, PlainValidator(_is_source)]
"""What can be uploaded: a path, bytes, or a file object opened in binary mode, from where it stands."""

Target = Annotated[str | os.PathLike[str] | BinaryIO, PlainValidator(_is_target)]
"""Where a download can go: a path, or a file object opened in binary mode."""

Progress = Callable[[int, int], object]
"""Called with the bytes that are through and their total, which is 0 where the server does not tell it.

On the event loop it is called from the thread that reads or writes the file.
"""


class Body(Protocol):
    """A request body in pieces, each time from its beginning: a request may have to be sent again."""

    @property
    def length(self) -> int:
        """How many bytes it has."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a piece at a time."""
        ...


class File:
    """A file to upload, opened when it is sent.

    Args:
        source: a path, bytes or a file object.
        name: its name; by default that of the path or the file object.
        progress: told how far it is.

    Attributes:
        name: its name, empty where neither was given.
    """

    def __init__(self, source: Source, name: str | None = None, progress: Progress | None = None) -> None:
        self._source = _path_or_file(source)
        self._progress = progress
        self._start = 0 if isinstance(self._source, Path) else self._source.tell()
        self.name = name or Path(getattr(self._source, "name", "")).name

    @property
    def length(self) -> int:
        """How many bytes it has."""
        if isinstance(self._source, Path):
            return self._source.stat().st_size
        end = self._source.seek(0, os.SEEK_END)
        self._source.seek(self._start)
        return end - self._start

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a piece at a time.

        Raises:
            EOFError: the file has become shorter meanwhile.
        """
        length, sent = self.length, 0
        with self._opened() as file:
            while sent < length:
                piece = file.read(min(CHUNK, length - sent))
                if not piece:
                    raise EOFError(f"{self} ended after {sent} of {length} bytes")
                yield piece
                sent += len(piece)
                if self._progress:
                    self._progress(sent, length)

    @contextmanager
    def _opened(self) -> Generator[BinaryIO]:
        if isinstance(self._source, Path):
            with self._source.open("rb") as file:
                yield file
        else:
            self._source.seek(self._start)
            yield self._source

    def __str__(self) -> str:
        return str(self._source) if isinstance(self._source, Path) else self.name

    def __repr__(self) -> str:
        return f"<File {str(self)!r}>"


def _path_or_file(source: Source) -> Path | BinaryIO:
    if isinstance(source, bytes):
        return BytesIO(source)
    return Path(source) if isinstance(source, str | os.PathLike) else source


class Form:
    """A `multipart/form-data` body: texts, and files that are read as it is sent."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.texts = {name: value for name, value in fields.items() if not isinstance(value, File)}
        self._parts: list[bytes | File] = []
        for name, value in fields.items():
            self._parts.append(f"--{boundary}\r\n{_headers(name, value)}".encode())
            self._parts += [value if isinstance(value, File) else str(value).encode(), b"\r\n"]
        self._parts.append(f"--{boundary}--\r\n".encode())

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return sum(part.length if isinstance(part, File) else len(part) for part in self._parts)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, a piece at a time."""
        for part in self._parts:
            if isinstance(part, File):
                yield from part.chunks()
            else:
                yield part


def _headers(name: str, value: object) -> str:
    from urllib3.fields import RequestField  # noqa: PLC0415 - only when a form is sent

    filename = value.name if isinstance(value, File) else None
    field = RequestField(name, b"", filename)
    field.make_multipart(content_type=filename and (mimetypes.guess_type(filename)[0] or "application/octet-stream"))
    return field.render_headers()


class Sink:
    """Where the body of an answer goes, piece by piece.

    Args:
        target: a path, where the file appears once it is complete; or a file object, written from where it stands.
        progress: told how far it is.

    Attributes:
        received: how many bytes have come.
    """

    def __init__(self, target: Target, progress: Progress | None = None) -> None:
        self._target = _path_or_file(target)
        self._progress = progress
        self._start = None
        if not isinstance(self._target, Path) and self._target.seekable():
            self._start = self._target.tell()
        self.received = 0

    @contextmanager
    def receive(self, total: int) -> Generator[Callable[[bytes], None]]:
        """Take in a body, anew where an earlier one broke off.

        Args:
            total: how many bytes will come, 0 where that is unknown.

        Returns:
            What to call with each piece.
        """
        with self._opened() as file:
            self.received = 0

            def write(piece: bytes) -> None:
                file.write(piece)
                self.received += len(piece)
                if self._progress:
                    self._progress(self.received, total)

            yield write

    @contextmanager
    def _opened(self) -> Generator[BinaryIO]:
        if isinstance(self._target, Path):
            part = self._target.with_name(f"{self._target.name}.part")
            try:
                with part.open("wb") as file:
                    yield file
                part.replace(self._target)
            finally:
                part.unlink(missing_ok=True)
            return
        if self._start is not None:
            self._target.seek(self._start)
            self._target.truncate()
        elif self.received:
            raise OSError("the download broke off, and its target cannot be rewound to begin again")
        yield self._target
