"""Which texts are lists whose items are joined by commas: `"user1,user2"`."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from generators import facts
from generators.platform.naming import product_of
from generators.platform.rows import Row, values_at
from generators.platform.words import singular, words_of

JOINED = re.compile(r'"?[\w.@*-]+(,\s*[\w.@*-]+)+"?')
MANY_LABEL = re.compile(r"列表|集合|逗号")


def is_comma_list(product: str, row: Row, samples: list[Any]) -> bool:
    """Whether a text is a list: its name is a plural, and a sample, a limit or its label says so.

    Args:
        product: the product that it belongs to.
        row: its row.
        samples: the values that its pages show for it.
    """
    if row["type"] != "string" or not _is_plural(row["name"]) or row.get("format") == "json":
        return False
    shown = [*_texts(samples, row), *_shown(product)[row["name"]]]
    if any(text.lstrip('"').startswith(("[", "{")) for text in shown):
        return False
    said = "max_items" in row.get("constraints", {}) or MANY_LABEL.search(row.get("label", ""))
    return bool(said) or any(JOINED.fullmatch(text) for text in shown)


def _is_plural(name: str) -> bool:
    last = words_of(name)[-1:]
    return any(word == "list" or word.endswith(("ids", "list")) or singular(word) != word for word in last)


def _texts(samples: list[Any], row: Row) -> list[str]:
    values = [*samples, row.get("example")]
    return [unquote_plus(value).replace('\\"', '"') for value in values if isinstance(value, str) and value]


@cache
def _all_shown() -> dict[str, dict[str, list[str]]]:
    """By product and name of a parameter: the texts that the pages show for it."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for page in facts.endpoints():
        if not page["archived"]:
            samples = [each for part in ("request_query_example", "request_example") if (each := page.get(part))]
            for row in page["params"]:
                if row["name"] and row["type"] == "string":
                    shown = list(values_at(samples, row["name"]))
                    found[product_of(page)][row["name"]] += _texts(shown, row)
    return found


def _shown(product: str) -> dict[str, list[str]]:
    return _all_shown().get(product, defaultdict(list))
