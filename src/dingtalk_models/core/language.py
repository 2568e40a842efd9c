"""The user's language. Messages are written as "English / 中文", and one of both is shown."""

from __future__ import annotations

import os
import re

_CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")  # its punctuation too


def wants_chinese() -> bool:
    """Whether the environment says that the user reads Chinese."""
    chosen = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((each for each in chosen if each), "").lower().startswith("zh")


def either(english: str, chinese: str) -> str:
    """Choose the text in the user's language."""
    return chinese if wants_chinese() else english


def parts(text: str) -> tuple[str, str]:
    """Split a text into English and Chinese; if it has one language, return it twice."""
    english, separator, chinese = text.rpartition(" / ")
    return (english, chinese) if separator and _CHINESE.search(chinese) else (text, text)


def said(text: str) -> str:
    """Return the part of a text in the user's language, or the whole text if it has one language."""
    return either(*parts(text))


def followed(text: str, more: str) -> str:
    """Join two bilingual texts with a colon, in each language."""
    (english, chinese), (its_english, its_chinese) = parts(text), parts(more)
    return f"{english}: {its_english} / {chinese}：{its_chinese}"
