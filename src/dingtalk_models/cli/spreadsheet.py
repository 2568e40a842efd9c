"""Makes texts safe for tables that a spreadsheet may open."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def as_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula. Numbers stay numbers."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _NUMBER.fullmatch(text) else text
