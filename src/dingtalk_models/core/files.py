"""Files to upload and where to download to, as plain data. `call/transport` opens, reads and writes them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import PlainValidator

NO_NAME = "required: neither bytes nor this file object have a name / 必填：bytes 和该文件对象没有文件名"


def _is_source(value: Any) -> Any:
    if not (isinstance(value, str | bytes) or hasattr(value, "__fspath__") or hasattr(value, "seek")):
        raise ValueError("should be a path, bytes or a binary file object / 须为路径、bytes 或以二进制打开的文件")
    return value


def _is_target(value: Any) -> Any:
    if not (isinstance(value, str) or hasattr(value, "__fspath__") or hasattr(value, "write")):
        raise ValueError("should be a path or a binary file object / 须为路径或以二进制打开的文件")
    return value


Source = Annotated[str | os.PathLike[str] | bytes | BinaryIO, PlainValidator(_is_source)]
"""What can be uploaded: a path, bytes, or a binary file object, from its current position."""

Target = Annotated[str | os.PathLike[str] | BinaryIO, PlainValidator(_is_target)]
"""Where a download can go: a path, or a binary file object."""

BytesProgress = Callable[[int, int], object]
"""Called with the number of bytes sent or received, and the total, which is 0 if the server does not send it.

When awaited, it is called from the thread that reads or writes the file.
"""


@dataclass(eq=False, repr=False)
class Upload:
    """A file to send.

    Attributes:
        source: a path, bytes or a file object.
        name: its name; by default that of the path or the file object.
        progress: called with the number of bytes sent, and the total.
        length: how many bytes to send; by default all that the file has when it is sent.
        start: the position of a file object. Each attempt starts there.
    """

    source: Source
    name: str | None = None
    progress: BytesProgress | None = None
    length: int | None = None
    start: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if not isinstance(self.source, str | bytes | os.PathLike):
            self.start = self.source.tell()

    @property
    def filename(self) -> str:
        """Its name; empty if neither the upload nor its source has one."""
        if self.name or isinstance(self.source, bytes):
            return self.name or ""
        if isinstance(self.source, str | os.PathLike):
            return Path(self.source).name
        name = getattr(self.source, "name", "")  # a number, if the file was opened by its descriptor
        return Path(name).name if isinstance(name, str) else ""

    @property
    def size(self) -> int:
        """Its size in bytes now."""
        if isinstance(self.source, bytes):
            return len(self.source)
        if isinstance(self.source, str | os.PathLike):
            return Path(self.source).stat().st_size
        end = self.source.seek(0, os.SEEK_END)
        self.source.seek(self.start)
        return end - self.start

    def __str__(self) -> str:
        return str(self.source) if isinstance(self.source, str | os.PathLike) else self.filename

    def __repr__(self) -> str:
        return f"<Upload {str(self)!r}>"
