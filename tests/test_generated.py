"""Generated files are what the registry gives."""

from __future__ import annotations

from pathlib import Path

import generated
import pytest

from dingtalk_models import operations


@pytest.mark.parametrize("path", generated.files(), ids=lambda path: path.name)
def test_it_is_up_to_date(path: Path) -> None:
    assert path.read_text() == generated.files()[path], "run scripts/generate"


def test_the_names_are_those_of_the_registry() -> None:
    text = generated.method_names()
    assert all(f'    "{name}",\n' in text for info in operations() for name in info.names)
