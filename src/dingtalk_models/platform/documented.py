"""What the documentation says of an endpoint beside its parameters: scopes, kinds of apps, error codes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple


class Documented(NamedTuple):
    """What is documented of one endpoint; see `OperationInfo`."""

    scopes: tuple[str, ...] = ()
    app_types: tuple[str, ...] = ()
    codes: Mapping[str, str] = {}


def _text(name: str) -> str:
    from importlib.resources import files  # noqa: PLC0415 - slow to import, and most calls do not need it

    return files("dingtalk_models.platform").joinpath(name).read_text("utf-8")


@cache
def _known() -> dict[str, str]:
    """What is documented of each endpoint, by its verb and path: a line of JSON, to be parsed when it is asked for."""
    lines = (line.rstrip(",").partition(": ") for line in _text("documented.json").splitlines()[1:-1])
    return {name.strip('"'): said for name, _, said in lines}


@cache
def undocumented() -> frozenset[str]:
    """The older names of APIs of which nothing is documented."""
    return frozenset(_text("undocumented.txt").split())


@cache
def _with_ids() -> Mapping[tuple[str, int], Sequence[tuple[re.Pattern[str], str]]]:
    """The documented paths that have ids, by verb and number of parts; those with the fewest ids first."""
    found: defaultdict[tuple[str, int], list[tuple[re.Pattern[str], str]]] = defaultdict(list)
    for name in sorted(_known(), key=lambda name: name.count("{")):
        verb, _, path = name.partition(" ")
        if "{" in path:
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
            found[verb, path.count("/")].append((re.compile(pattern), path))
    return found


def documented_path(verb: str, path: str) -> str | None:
    """The documented path, with its ids in braces, of the path of a call; `None` if it is not documented."""
    if f"{verb} {path}" in _known():
        return path
    paths = _with_ids().get((verb, path.count("/")), ())
    return next((documented for pattern, documented in paths if pattern.fullmatch(path)), None)


def documented(verb: str, path: str) -> Documented:
    """What is documented of an endpoint; nothing, if it is none of the platform's."""
    if (said := _known().get(f"{verb} {path}")) is None:
        return Documented()
    found: dict[str, Any] = json.loads(said)
    return Documented(tuple(found["scopes"]), tuple(found["app_types"]), found["codes"])
