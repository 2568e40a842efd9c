"""Generated parts of hand-written pages: what is between `<!-- generated: name -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from generators import facts

MARK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Part = Callable[[str], str]
"""Writes a part in a language."""


def in_languages(name: str) -> dict[str, Path]:
    """A page in each language."""
    docs = facts.ROOT / "docs"
    return {"en": docs / name, "zh": docs / "zh" / name}


def filled(text: str, language: str, parts: Mapping[str, Part]) -> str:
    """A page, with its generated parts as they should be."""
    return MARK.sub(lambda found: f"{found[1]}\n{parts[found[2]](language)}\n{found[3]}", text)


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |\n"
