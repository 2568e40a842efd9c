"""Every generated file, and its content."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from generators import (
    company_schema,
    coverage,
    entity_page,
    events,
    hints,
    moving,
    names,
    operations,
    pages,
    reference_pages,
    run_types,
    what_is_here,
)
from generators.facts import ROOT
from generators.marked import filled
from generators.platform import published, sandbox, source

PACKAGE = ROOT / "src" / "dingtalk_models"
PLATFORM = PACKAGE / "platform"


class Modules(NamedTuple):
    """The generated modules.

    Attributes:
        texts: each with its text: those of the platform, what names and types depend on them, the published names.
        report: where the facts say something else than what is published, a line each.
    """

    texts: dict[Path, str]
    report: list[str]


def python(adopted: Collection[str] = ()) -> Modules:
    """The generated modules.

    Args:
        adopted: what is to be as the facts say, whatever is published; see `published.published`.
    """
    products = source.products(adopted)
    texts = {
        **{PLATFORM / f"{name}.py": product.text for name, product in products.items()},
        PLATFORM / "products.py": source.products_module(products),
        **names.stubs(),
        PACKAGE / "resource" / "method_names.py": names.method_names(
            (name for product in products.values() for name in product.names if name not in product.only_in_sdk),
            (name for product in products.values() for name in product.only_in_sdk),
        ),
        PACKAGE / "by_name/run_types.py": run_types.run_types(),
        PACKAGE / "callback" / "on.py": events.on(),
    }
    names_of = {published.path_of(name): published.written(product.interface) for name, product in products.items()}
    return Modules(
        _formatted(texts) | names_of,
        [line for product in products.values() for line in product.report],
    )


def others() -> dict[Path, str]:
    """Each other generated file with its text. They describe the modules as they are imported."""
    return {
        PACKAGE / "callback" / "event_types.json": events.event_types(),
        PACKAGE / "sandbox" / "callback" / "event_samples.json": events.event_samples(),
        PACKAGE / "cli" / "operations.json": operations.operations_json(),
        PACKAGE / "company_file" / "company.schema.json": company_schema.company_schema(),
        PACKAGE / "sandbox" / "page" / "hints.json": hints.hints(),
        PLATFORM / "documented.json": source.documented_json(),
        PLATFORM / "undocumented.txt": source.undocumented(names.known()),
        PLATFORM / "titles.txt": names.titles(),
        **{PACKAGE / "sandbox" / "platform" / f"{product}.json": text for product, text in sandbox.files().items()},
        ROOT / "docs" / "coverage.md": coverage.coverage(),
        moving.GATEWAY: moving.gateway(),
        pages.REFERENCE / "entities.md": entity_page.page(),
        **reference_pages.files(),
        **_pages(),
    }


def gone(made: dict[Path, str]) -> list[Path]:
    """The files of products that are no longer there.

    Args:
        made: every generated file.
    """
    there = [
        *(path for path in PLATFORM.glob("*.py") if path.read_text("utf-8").startswith('"""`app.platform.')),
        *(PACKAGE / "sandbox" / "platform").glob("*.json"),
        *pages.REFERENCE.glob("*.md"),
    ]
    return sorted(path for path in there if path not in made)


def _pages() -> dict[Path, str]:
    """The pages written by hand that have generated parts: tables, and in Chinese the code of the English ones."""
    texts = pages.chinese()
    for made in (moving, what_is_here):
        for language, path in made.PAGES.items():
            texts[path] = filled(texts.get(path) or path.read_text("utf-8"), language, made.PARTS)
    return texts


def _formatted(texts: Mapping[Path, str]) -> dict[Path, str]:
    """Python as ruff formats it, so that the formatter and the generator agree."""
    with TemporaryDirectory() as folder:
        files = {path: Path(folder, f"{number}{path.suffix}") for number, path in enumerate(texts)}
        for path, file in files.items():
            file.write_text(texts[path], "utf-8")
        ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", "--config", "pyproject.toml", folder]
        subprocess.run(ruff, check=True, cwd=ROOT)
        return {path: file.read_text("utf-8") for path, file in files.items()}
