"""Every generated file, and its content."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from generators import coverage, events, names, pages
from generators.facts import ROOT

PACKAGE = ROOT / "src" / "dingtalk_models"


def files() -> dict[Path, str]:
    """Each generated file with its text."""
    python = {
        **names.stubs(),
        PACKAGE / "method_names.py": names.method_names(),
        PACKAGE / "callback" / "on.py": events.on(),
    }
    return {
        **{path: _formatted(path, text) for path, text in python.items()},
        PACKAGE / "callback" / "event_types.json": events.event_types(),
        ROOT / "docs" / "coverage.md": coverage.coverage(),
        **pages.chinese(),
    }


def _formatted(path: Path, text: str) -> str:
    """Python as ruff formats it, so that the formatter and the generator agree."""
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"]
    return subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
