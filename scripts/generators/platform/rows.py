"""Rows of the tables of parameters and fields, and what the samples of a page show for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from dingtalk_models.core.json_values import is_array, is_object
from generators import facts
from generators.platform.naming import python_name

Row = dict[str, Any]
"""A parameter or field, as its table documents it."""

SCALARS = {"string", "integer", "number", "boolean"}
"""The documented types of texts, numbers, and yes or no."""


def items_of(examples: list[Any]) -> list[Any]:
    """The examples, and of those that are lists the items."""
    return [item for example in examples for item in (example if is_array(example) else [example])]


def enforced(row: Row, examples: list[Any]) -> bool:
    """Whether a parameter takes the documented values only.

    The values were read from the text of the table. Where the page's own example is not among them, they are a hint.
    """
    values: list[Any] = row.get("constraints", {}).get("enum", [])
    shown = items_of([*examples, row.get("example")])
    seen = {_plain(value) for value in shown if value not in (None, "")}
    return bool(values) and seen <= {_plain(value) for value in values}


def _plain(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def named(rows: list[Row]) -> Iterator[tuple[Row, str]]:
    """The rows with their Python names."""
    taken: set[str] = set()
    for row in rows:
        if row["name"]:
            name = python_name(row["name"], taken)
            taken.add(name)
            yield row, name


def as_shown(rows: list[Row], samples: list[Any]) -> list[Row]:
    """Fields of a reply, as arrays where the table says one scalar and every sample shows several."""
    return [_as_shown(row, list(values_at(samples, row["name"]))) for row in rows]


def _as_shown(row: Row, shown: list[Any]) -> Row:
    if row.get("children"):
        return {**row, "children": as_shown(row["children"], shown)}
    several = bool(shown) and all(is_array(value) and not any(map(_is_container, value)) for value in shown)
    return {**row, "type": "array", "items": row["type"]} if several and row["type"] in SCALARS else row


def _is_container(value: Any) -> bool:
    return isinstance(value, list | dict)


def is_map(row: Row, examples: list[Any]) -> bool:
    """Whether the fields of an object are those of its values, and its own keys are free."""
    if not row.get("values"):
        return False
    fields = frozenset(child["name"] for child in row["children"])
    shown = [example for example in examples if is_object(example) and example]
    if shown:
        return not any(fields & example.keys() for example in shown)
    return len(fields) == 1 or (row["name"], fields) in _shown_as_maps()


@cache
def _shown_as_maps() -> set[tuple[str, frozenset[str]]]:
    """The name and fields of each object that a sample of some page shows with free keys."""
    return {
        (row["name"], fields)
        for page in facts.endpoints()
        for row, shown in rows_with_samples(
            page["params"], [page.get("request_query_example"), page.get("request_example")]
        )
        if row.get("values") and (fields := frozenset(child["name"] for child in row.get("children", [])))
        if (objects := [each for each in shown if is_object(each) and each])
        and not any(fields & each.keys() for each in objects)
    }


def rows_with_samples(rows: Iterable[Row], samples: list[Any]) -> Iterator[tuple[Row, list[Any]]]:
    """Each row, also inside of objects, with what samples show for it; of a list, its items."""
    for row in rows:
        inside = items_of(list(values_at(samples, row["name"])) if row["name"] else [each for each in samples if each])
        yield row, inside
        free = values_of(inside) if row.get("values") else []
        yield from rows_with_samples(row.get("children", []), [*inside, *free])


def values_of(examples: list[Any]) -> list[Any]:
    """The values of the examples that are objects."""
    return [value for example in examples if is_object(example) for value in example.values()]


def values_at(examples: list[Any], name: str) -> Iterator[Any]:
    """What examples of an object, or of a list of objects, show for a field."""
    for example in examples:
        if is_array(example):
            yield from values_at(example, name)
        elif is_object(example) and name in example:
            yield example[name]


SECRET = re.compile(r"(?i)((access|refresh|system|sts|security)_?token|secret|password|jsapi_?ticket)")
"""The names of texts that are never shown in a log, a `repr` or a traceback."""


def is_secret(row: Row) -> bool:
    """Whether a text is secret."""
    return row["type"] == "string" and SECRET.search(row["name"]) is not None
