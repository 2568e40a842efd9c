"""Which parameters take the documented values only.

The values were read from the text of a table. They are a limit where the table lists several and no page of the product
contradicts it; else they are a hint. A reply may always have others.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any, NamedTuple

from dingtalk_models.core.json_values import is_array, is_object
from generators.platform.endpoints import known, merged
from generators.platform.naming import product_of
from generators.platform.rows import Row, rows_with_samples

SEVERAL = 2
"""How many values a table has to list: one may be no more than an example."""

KINDS: dict[str, type] = {"string": str, "integer": int, "number": int}
"""By documented type: that of its values."""


class _Listed(NamedTuple):
    """One list of values: of a field in one table.

    Attributes:
        values: the values.
        shown: what the samples of its page show, as text.
    """

    values: list[Any]
    shown: set[str]


def closed_values(product: str, row: Row) -> list[Any]:
    """The only values of a parameter; none if it takes others.

    Args:
        product: the product that it belongs to.
        row: its row.
    """
    values: list[Any] = row.get("constraints", {}).get("enum", [])
    kind = KINDS.get(row.get("items", "") if row["type"] == "array" else row["type"])
    if len(values) < SEVERAL or kind is None or not all(isinstance(value, kind) for value in values):
        return []
    of_one_list = [each for each in _lists(product)[row["name"]] if {*each.values} & {*values}]
    known = [*dict.fromkeys([*(value for each in of_one_list for value in each.values), *values])]
    shown = {text for each in of_one_list for text in each.shown}
    return known if shown <= {str(value) for value in known} else []


@cache
def _all_lists() -> dict[str, dict[str, list[_Listed]]]:
    """By product and name of the field: the values that tables list."""
    found: dict[str, dict[str, list[_Listed]]] = defaultdict(lambda: defaultdict(list))
    for pages in known().values():
        samples = [page.get(part) for page in pages for part in ("request_query_example", "request_example")]
        for row, inside in rows_with_samples(merged(pages), samples):
            if values := row.get("constraints", {}).get("enum"):
                shown = [value for value in (*inside, row.get("example")) if value not in (None, "")]
                texts = {str(value) for value in shown if not (is_array(value) or is_object(value))}
                found[product_of(pages[0])][row["name"]].append(_Listed(values, texts))
    return found


def _lists(product: str) -> dict[str, list[_Listed]]:
    return _all_lists().get(product, defaultdict(list))
