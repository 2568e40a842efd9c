"""Cuts texts at a limit of bytes, never within a character."""

from __future__ import annotations

import json
from collections.abc import Iterator

ELLIPSIS = "…"


def beginning(text: str, most: int) -> str:
    """Return as much of a text as fits into a number of bytes of UTF-8, with `…` at the end if it was cut."""
    content = text.encode()
    if len(content) <= most:
        return text
    return content[: most - len(ELLIPSIS.encode())].decode(errors="ignore") + ELLIPSIS


def parts(text: str, most: int) -> Iterator[str]:
    """Split a text into parts that each fit into a number of bytes as a JSON string, at line ends if possible."""
    while text:
        size, end = 0, 0
        for character in text:
            size += len(json.dumps(character, ensure_ascii=False).encode()) - 2
            if size > most:
                break
            end += 1
        if end < len(text) and (line := text.rfind("\n", 0, end)) > 0:
            end = line + 1
        yield text[:end]
        text = text[end:]
