"""The meaning of a text without quotes in a company file."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# digits that begin with 0 are an id or a dialling code, and those longer than any number of the platform are text, too
_WHOLE: Final = re.compile(r"[-+]?(?:0|[1-9]\d{0,18})")
_DECIMAL: Final = re.compile(r"[-+]?\d{1,18}(?:\.\d{1,18}(?:[eE][-+]?\d{1,2})?|[eE][-+]?\d{1,2})")


def meaning(text: str) -> str | float | bool | None:
    """Return a number, `True`, `False` or `None`, or else the text itself: `no`, `18:00` and `2020-01-31` are texts."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
