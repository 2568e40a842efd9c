"""Writes a company file."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final

from dingtalk_models.company_file.models import CompanyFile
from dingtalk_models.company_file.reading import yaml_library
from dingtalk_models.company_file.scalars import meaning
from dingtalk_models.process.atomic_file import write_whole

SCHEMA_URL: Final = (
    "https://raw.githubusercontent.com/dingtalk-models/dingtalk-models/main/"
    "src/dingtalk_models/company_file/company.schema.json"
)
"""The URL at which editors find the schema."""

HEAD: Final = f"# yaml-language-server: $schema={SCHEMA_URL}\n"
"""The first line of a company file, which tells editors the schema."""


def write_company(company: CompanyFile, path: str | os.PathLike[str], *comments: str) -> None:
    """Write a company file. It is replaced only when the new one is complete, and only its owner may read it.

    Args:
        company: its contents.
        path: the file.
        comments: lines for the top of the file.

    Raises:
        ModuleNotFoundError: the extra `sandbox` is missing.
    """
    said = company.model_dump(exclude_defaults=True)
    text = yaml_library().dump(said, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, (HEAD, *(f"# {comment}\n" for comment in comments), text))


@cache
def _dumper() -> Any:
    """Return a YAML dumper that quotes every text which would otherwise be read as another type."""
    yaml = yaml_library()

    kind: Any = type("Dumper", (getattr(yaml, "CSafeDumper", yaml.SafeDumper),), {})

    def text(dumper: Any, value: str) -> Any:
        style = None if meaning(value) == value and value.isprintable() else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    kind.add_representer(str, text)
    return kind
