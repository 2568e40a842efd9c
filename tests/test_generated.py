"""Generated files are what the registry and the facts give."""

from __future__ import annotations

from pathlib import Path

import pytest
from generators.files import PACKAGE, files

from dingtalk_models import operations

FILES = files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == FILES[path], "run scripts/generate"


def test_the_names_are_those_of_the_registry() -> None:
    text = FILES[PACKAGE / "resource" / "method_names.py"]
    assert all(f'    "{name}",\n' in text for info in operations() for name in info.names)
