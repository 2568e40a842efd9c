"""Files on their way out and in, as plain descriptions: what opens, reads and writes them is in `transport/body.py`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import PlainValidator


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

BytesProgress = Callable[[int, int], object]
"""Called with the bytes that were sent or received and their total, which is 0 where the server does not tell it.

On the event loop it is called from the thread that reads or writes the file.
"""


@dataclass(eq=False, repr=False)
class Upload:
    """A file to send.

    Attributes:
        source: a path, bytes or a file object.
        name: its name; by default that of the path or the file object.
        progress: told how far it is.
        length: how many bytes of it to send; by default all that it has by then.
        start: where a file object stands, and so where each sending begins.
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
        """Its name, empty where nothing has one."""
        if self.name or isinstance(self.source, bytes):
            return self.name or ""
        if isinstance(self.source, str | os.PathLike):
            return Path(self.source).name
        name = getattr(self.source, "name", "")  # of a file that was opened by its number, that
        return Path(name).name if isinstance(name, str) else ""

    @property
    def size(self) -> int:
        """How many bytes it has now."""
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
