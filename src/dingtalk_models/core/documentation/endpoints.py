"""The facts of an endpoint besides its parameters: scopes, kinds of apps, error codes, and where they are from."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

Evidence = Literal["documentation", "sdk"]
"""How an operation is known: by a page of the documentation, or by the official SDK only."""


class Documented(NamedTuple):
    """The facts of one endpoint; see `OperationInfo`."""

    scopes: tuple[str, ...] = ()
    app_types: tuple[str, ...] = ()
    codes: Mapping[str, str] = {}
    evidence: Evidence = "documentation"


def _text(name: str) -> str:
    from importlib.resources import files  # noqa: PLC0415 - slow to import, and most calls do not need it

    return files("dingtalk_models.platform").joinpath(name).read_text("utf-8")


@cache
def _known() -> dict[str, str]:
    """Return the facts of every endpoint, by verb and path. Each is a line of JSON that is parsed when needed."""
    lines = (line.rstrip(",").partition(": ") for line in _text("documented.json").splitlines()[1:-1])
    return {name.strip('"'): said for name, _, said in lines}


class Undocumented(NamedTuple):
    """What is known of an API that has no documentation.

    Attributes:
        known_from: `archived` if its page is no longer shown, `sdk` if only the official SDK has it; else empty.
        endpoint: verb and path; empty if nobody knows them.
        title: its Chinese title; empty if it has none.
    """

    known_from: str = ""
    endpoint: str = ""
    title: str = ""


@cache
def undocumented() -> Mapping[str, Undocumented]:
    """Return the names of APIs that have no documentation."""
    rows = (line.split("\t") for line in _text("undocumented.txt").splitlines())
    return {name: Undocumented(*rest) for name, *rest in rows}


@cache
def titles() -> Mapping[str, str]:
    """Return the Chinese title of each name that `run()` knows."""
    return dict(line.split("\t") for line in _text("titles.txt").splitlines())


@cache
def _with_ids() -> Mapping[tuple[str, int], Sequence[list[str]]]:
    """Return the segments of documented paths with ids, by verb and number of segments, fewest ids first."""
    found: defaultdict[tuple[str, int], list[list[str]]] = defaultdict(list)
    for name in sorted(_known(), key=lambda name: name.count("{")):
        verb, _, path = name.partition(" ")
        if "{" in path:
            parts = path.split("/")
            found[verb, len(parts)].append(parts)
    return found


def documented_path(verb: str, path: str) -> str | None:
    """Return the documented path, with ids in braces, for the path of a call; `None` if there is none."""
    if f"{verb} {path}" in _known():
        return path
    given = path.split("/")
    for parts in _with_ids().get((verb, len(given)), ()):
        if all(map(_fits, parts, given)):
            return "/".join(parts)
    return None


def _fits(part: str, given: str) -> bool:
    """Whether a segment matches the documented one, which may begin with an id in braces."""
    if part[:1] != "{":
        return part == given
    rest = part.partition("}")[2]
    return given.endswith(rest) and len(given) > len(rest)


def documented(verb: str, path: str) -> Documented:
    """Return the facts of an endpoint; empty if it is not one of the platform's."""
    if (said := _known().get(f"{verb} {path}")) is None:
        return Documented()
    found: dict[str, Any] = json.loads(said)
    if evidence := found.get("evidence"):
        return Documented(evidence=evidence)
    return Documented(tuple(found["scopes"]), tuple(found["app_types"]), found["codes"])
