"""Texts that are cut where a limit ends, and never within a character."""

from __future__ import annotations

import json
from collections.abc import Iterator

ELLIPSIS = "…"


def beginning(text: str, most: int) -> str:
    """As much of a text as fits into so many bytes of UTF-8; `…` at its end says that there is more."""
    content = text.encode()
    if len(content) <= most:
        return text
    return content[: most - len(ELLIPSIS.encode())].decode(errors="ignore") + ELLIPSIS


def parts(text: str, most: int) -> Iterator[str]:
    """A text in parts, each of which fits into so many bytes as a JSON string; cut at the end of a line if possible."""
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
