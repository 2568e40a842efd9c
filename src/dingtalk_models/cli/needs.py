"""The scopes that operations need, and the reads that tell whether a scope was granted."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dingtalk_models.cli import names
from dingtalk_models.core.documented import documented

_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|/(?:v\d|topapi|[a-z_]+/)[\w./{}]*")
"""A chain of names such as `app.contact.users.get`, or a path."""


def needed_scopes(needs: list[str]) -> dict[str, list[str]]:
    """The scopes that are needed, each with the names of the operations that need it.

    Args:
        needs: names of operations, or files and folders of Python that use them.

    Raises:
        CommandFailure: a name is not known.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    wanted = {each.name: each for word in needs for each in _operations(word)}
    for operation in wanted.values():
        for scope in _scopes(operation)[:1]:  # one of them is enough
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
    """The Python files in a folder, without those in hidden folders and in virtual environments."""
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if each[0] != "." and not Path(top, each, "pyvenv.cfg").exists())
        yield from (Path(top, each) for each in sorted(files) if each.endswith(".py"))


def used_in(source: str) -> Iterator[names.DocumentedApi]:
    """The operations that a source text names, in Python or by the platform's names."""
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
    """Reads that need this scope alone, those with the fewest parameters first."""
    return sorted(_reads().get(scope, []), key=lambda each: len(each.rows))[:3]
