"""The names that editors complete are those of the registry. `scripts/lint` compares all generated files."""

from __future__ import annotations

from pathlib import Path

from dingtalk_models import operations
from dingtalk_models.resource import method_names


def test_the_names_are_those_of_the_registry() -> None:
    text = Path(method_names.__file__).read_text(encoding="utf-8")
    assert all(f'    "{name}",\n' in text for info in operations() for name in info.names)
