"""The Chinese pages: their words are written by hand, their code is that of the English pages."""

from __future__ import annotations

import re
from pathlib import Path

from generators.facts import ROOT

DOCS = ROOT / "docs"
GENERATED = frozenset({DOCS / "coverage.md", DOCS / "migrating-gateway.md"})
"""Pages that are written by a generator, in English only."""
REFERENCE = DOCS / "reference"
"""The folder of pages that are written by a generator, in both languages at once."""

_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def twins() -> dict[Path, Path]:
    """By page that is written by hand: its Chinese twin."""
    pages = {page: DOCS / "zh" / page.name for page in sorted(DOCS.glob("*.md")) if page not in GENERATED}
    return {ROOT / "README.md": ROOT / "README.zh-CN.md", **pages}


def chinese() -> dict[Path, str]:
    """By Chinese page: its text, with the code of the English one."""
    texts = {page: twin for page, twin in twins().items() if twin.exists()}
    return {twin: with_code(twin.read_text("utf-8"), page.read_text("utf-8")) for page, twin in texts.items()}


def with_code(text: str, source: str) -> str:
    """A text with its blocks of code replaced by those of another; left as it is if it has more of them, or fewer.

    Args:
        text: a page. A block of its own may be empty.
        source: the page that has the code.
    """
    blocks = _BLOCK.findall(source)
    if len(blocks) != len(_BLOCK.findall(text)):
        return text
    return _BLOCK.sub(lambda _: blocks.pop(0), text)
