"""The code of the pages passes both type checkers, strict: who copies it into an application gets no errors.

A page is one file for them, since its blocks build on each other. Each line stands where it is on the page.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import ROOT, name, parsed, with_examples

SHOWS_DEPRECATED = {"docs/migrating.md"}
"""This page shows calls of the first generation, which are marked as deprecated for those who use them."""
_ALLOWED = ['# mypy: disable-error-code="deprecated"', "# pyright: reportDeprecated=false"]


def code_of(page: Path) -> str:
    """The code of a page."""
    lines = [*_ALLOWED] if name(page) in SHOWS_DEPRECATED else []
    for block in parsed(page):
        if block.info == "python" and block.map:
            lines += [""] * (block.map[0] + 1 - len(lines)) + block.content.splitlines()
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each page."""
    folder = tmp_path_factory.mktemp("pages")
    for page in with_examples():
        (folder / f"{page.stem.replace('-', '_').lower()}_page.py").write_text(code_of(page), "utf-8")
    return folder


def reports(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def test_mypy_finds_nothing_on_the_pages(pages: Path) -> None:
    printed = reports("mypy", "--strict", *map(str, pages.glob("*.py")))
    assert printed.startswith("Success"), printed


def test_pyright_finds_nothing_on_the_pages(pages: Path) -> None:
    settings = {"include": ["."], "extraPaths": [str(ROOT / "src")], "typeCheckingMode": "strict"}
    (pages / "pyrightconfig.json").write_text(json.dumps(settings))
    printed = reports("pyright", "--outputjson", "--project", str(pages), "--pythonpath", sys.executable)
    found = json.loads(printed)
    assert found["summary"]["filesAnalyzed"] == len(with_examples())
    told = [
        f"{Path(each['file']).name}:{each['range']['start']['line'] + 1}: {each['message']}"
        for each in found["generalDiagnostics"]
    ]
    assert told == []
