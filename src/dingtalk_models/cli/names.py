"""Finds documented APIs by any of their names, without importing them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dingtalk_models.cli.failures import CommandFailure

DOCUMENTATION = "https://open.dingtalk.com/document/development/"


class Param(NamedTuple):
    """A parameter, or a field of one such as `start.date`.

    Attributes:
        name: its Python name.
        wire: the platform's name.
        kind: its type.
        notes: whether it is required, its limits and its values, in Chinese and English.
    """

    name: str
    wire: str
    kind: str
    notes: str


class DocumentedApi(NamedTuple):
    """One documented API.

    Attributes:
        names: every name that `run()` accepts, the current one first.
        endpoint: verb and path.
        title: its Chinese title.
        spellings: the ways to write it in Python, without arguments.
        pages: the slugs of its documentation pages.
        rows: its parameters; see `params`.
        limits: the limits of a call, in Chinese and English.
        returns: the type of its result.
        list: whether it returns a list that is read page by page.
        reads: whether it only reads.
        python: an example.
    """

    names: Sequence[str]
    endpoint: str
    title: str
    spellings: Sequence[str]
    pages: Sequence[str]
    rows: Sequence[Sequence[str]]
    limits: Sequence[str]
    returns: str
    list: bool
    reads: bool
    python: str

    @property
    def name(self) -> str:
        """The current name."""
        return self.names[0]

    @property
    def params(self) -> Iterator[Param]:
        """Its parameters, each followed by its fields."""
        return (Param(*row) for row in self.rows)

    def known_as(self) -> Iterator[str]:
        """Return all names by which it can be found."""
        yield from self.names
        yield self.endpoint
        yield self.endpoint.partition(" ")[2]
        for spelling in self.spellings:
            yield spelling
            yield spelling.removeprefix("app.")
            yield spelling.removeprefix("app.platform.")
            yield spelling.replace(".objects.", ".")


@cache
def operations() -> list[DocumentedApi]:
    """Return every operation, sorted by name."""
    known: list[dict[str, Any]] = json.loads(Path(__file__).with_name("operations.json").read_text("utf-8"))
    return [DocumentedApi(*(each.get(name, empty) for name, empty in _EMPTY.items())) for each in known]


_EMPTY: dict[str, Any] = dict.fromkeys(DocumentedApi._fields, ()) | {
    "returns": "",
    "python": "",
    "list": False,
    "reads": False,
}
"""The default for each field that the file leaves out."""


@cache
def _by_name() -> dict[str, list[DocumentedApi]]:
    found: dict[str, list[DocumentedApi]] = {}
    for operation in operations():
        for name in dict.fromkeys(each.lower() for each in operation.known_as()):
            found.setdefault(name, []).append(operation)
    return found


def find(name: str) -> DocumentedApi:
    """Find an operation by the platform's current or older name, by its path, or by its name in Python.

    Raises:
        CommandFailure: there is none, or a path has several. The error lists similar names.
    """
    found = known(name)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(repr(each.endpoint) if "/" in name else each.name for each in found)
        raise CommandFailure(f"{name!r} may be one of: {listed} / {name!r} 对应多个接口：{listed}")
    raise unknown(name)


def known(name: str) -> Sequence[DocumentedApi]:
    """Return the operations with a name: one, none, or several for a path with several verbs."""
    return _by_name().get(name.strip().lower(), ())


def path_parameters(path: str) -> Sequence[str]:
    """Return the names in braces in a path."""
    return re.findall(r"{(\w+)}", path)


def unknown(name: str) -> CommandFailure:
    """Make the error for an unknown name."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    from dingtalk_models.first_generation.retired import retired  # noqa: PLC0415

    if (gone := retired(name)) is not None:
        return CommandFailure(str(gone))
    wanted = name.lower()
    ending = [each for each in _by_name() if each.endswith(f".{wanted}")]
    near = [*ending[:3]] or get_close_matches(wanted, _by_name(), n=3, cutoff=0.6)
    shown = ", ".join(dict.fromkeys(_shown(each) for each in near))
    english, chinese = (f"; did you mean {shown}?", f"，是否想用 {shown}？") if near else ("", "")
    return CommandFailure(f"there is no API {name!r}{english} / 没有接口 {name!r}{chinese}")


def _shown(key: str) -> str:
    """Return the usual spelling of a name in lower case."""
    return next(each for each in _by_name()[key][0].known_as() if each.lower() == key)


def complete(incomplete: str) -> Iterator[tuple[str, str]]:
    """Complete a platform name, path or Python name, and return each with its title."""
    wanted = incomplete.lower()
    for operation in operations():
        for name in dict.fromkeys(operation.known_as()):
            if " " not in name and name.lower().startswith(wanted) and (wanted or name == operation.name):
                yield name, operation.title
