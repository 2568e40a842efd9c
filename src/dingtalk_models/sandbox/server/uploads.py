"""Reads the texts and files in multipart bodies."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_form


@dataclass(frozen=True)
class FormFile:
    """A file in a form."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"<{self.name}, {len(self.content)} bytes>"


def parts_of(content_type: str, content: bytes) -> dict[str, Any] | None:
    """Return the texts and files of a multipart form; None if it cannot be read."""
    parts: dict[str, Any] = {}

    def take_text(part: Field) -> None:
        parts[_text(part.field_name)] = _text(part.value)

    files: list[File] = []

    def take_file(part: File) -> None:
        files.append(part)
        part.file_object.seek(0)
        parts[_text(part.field_name)] = FormFile(_text(part.file_name), part.file_object.read())

    header = {"Content-Type": content_type.encode(), "Content-Length": str(len(content)).encode()}
    try:
        parse_form(header, BytesIO(content), take_text, take_file)
    except (FormParserError, ValueError):
        return None
    finally:
        for part in files:  # closed only now, because the parser may use them until it ends
            part.close()
    return parts


def _text(content: bytes | None) -> str:
    return (content or b"").decode(errors="replace")
