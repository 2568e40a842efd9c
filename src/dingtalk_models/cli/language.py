"""The user's language. Messages are written as "English / 中文", and one of both is shown."""

from __future__ import annotations

import os
import re
from functools import cache

_CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")  # its punctuation too


@cache
def wants_chinese() -> bool:
    """Whether the environment says that the user reads Chinese."""
    chosen = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((each for each in chosen if each), "").lower().startswith("zh")


def said(text: str) -> str:
    """The part of a text that the user reads; the whole text, if it is in one language."""
    english, separator, chinese = text.rpartition(" / ")
    if not separator or not _CHINESE.search(chinese):
        return text
    return chinese if wants_chinese() else english
