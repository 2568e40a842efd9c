"""The files that a module has to have, for what imports it to be able to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

NEEDED = {
    "src/dingtalk_models/{}/__init__.py": "one line, that says what the module is",
    "src/dingtalk_models/{}/module.py": "the class that `Modules` in modules.py names, with its managers",
    "src/dingtalk_models/sandbox/{}/__init__.py": "one line; the endpoints are in files beside it",
}
"""By file: what it holds."""


def module_problems(root: Path, modules: Collection[str]) -> Iterator[str]:
    """Which files the modules of the table lack, and which modules the table lacks, in words."""
    for name in modules:
        for file, what in NEEDED.items():
            path = file.format(name)
            if not (root / path).is_file():
                yield f"{path} is missing: {what}"
    for found in sorted(root.glob("src/dingtalk_models/*/module.py")):
        if found.parent.name not in modules:
            where = found.relative_to(root)
            yield f"{where}: `Modules` in modules.py has no row for it: app, run() and sandbox do not know it"
