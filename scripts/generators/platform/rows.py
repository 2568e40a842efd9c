"""Rows of the tables of parameters and fields, and what the samples of a page show for them."""

from __future__ import annotations

import json
from typing import Any

from dingtalk_models.core.json_values import is_array

Row = dict[str, Any]
"""A parameter or field, as its table documents it."""


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
