"""The scopes that operations need, and the reads that can test whether a scope is granted."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dingtalk_models.cli import names
from dingtalk_models.core.documentation.endpoints import documented

_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|/(?:v\d|topapi|[a-z_]+/)[\w./{}]*")
"""A chain of names such as `app.contact.users.get`, or a path."""


def needed_scopes(needs: list[str]) -> dict[str, list[str]]:
    """Return the scopes that are needed, each with the names of the operations that need it.

    Args:
        needs: names of operations, or Python files and folders that use them.

    Raises:
        CommandFailure: a name is unknown.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    wanted = {each.name: each for word in needs for each in _operations(word)}
    for operation in wanted.values():
        for scope in _scopes(operation)[:1]:  # each of them is sufficient
            found[scope].append(operation.name)
    return dict(found)


def _operations(word: str) -> list[names.DocumentedApi]:
    path = Path(word)
    if path.is_dir():
        return [each for file in _sources(path) for each in used_in(file.read_text("utf-8", "replace"))]
    if path.is_file():
        return [*used_in(path.read_text("utf-8", "replace"))]
    return [names.find(word)]


def _sources(folder: Path) -> Iterator[Path]:
    """Return the Python files in a folder, except those in hidden folders and virtual environments."""
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if each[0] != "." and not Path(top, each, "pyvenv.cfg").exists())
        yield from (Path(top, each) for each in sorted(files) if each.endswith(".py"))


def used_in(source: str) -> Iterator[names.DocumentedApi]:
    """Find the operations that a Python source uses, by their Python or platform names."""
    for match in dict.fromkeys(_CHAIN.findall(source)):
        parts = match.split(".")
        candidates = [match] if "/" in match else [".".join(parts[start:]) for start in range(len(parts) - 1)]
        for each in candidates:
            if len(known := names.known(each)) == 1:
                yield known[0]
                break


def _scopes(operation: names.DocumentedApi) -> tuple[str, ...]:
    verb, _, path = operation.endpoint.partition(" ")
    return documented(verb, path).scopes


@cache
def _reads() -> dict[str, list[names.DocumentedApi]]:
    found: defaultdict[str, list[names.DocumentedApi]] = defaultdict(list)
    for operation in names.operations():
        if operation.reads and len(scopes := _scopes(operation)) == 1:
            found[scopes[0]].append(operation)
    return found


def probes(scope: str) -> list[names.DocumentedApi]:
    """Return a few reads that need only this scope, those with the fewest parameters first."""
    return sorted(_reads().get(scope, []), key=lambda each: len(each.rows))[:3]
