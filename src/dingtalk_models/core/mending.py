"""Mending replies that contradict their own documentation.

A list sent as JSON text, one object where a list was promised, a null for a number: what is plainly meant is put in
its place. An optional field that still cannot be read is set aside, unread, in its model's `unparsed`: one odd field
must not cost a page of people.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from dingtalk_models.core.json_values import is_array, is_object

logger = logging.getLogger("dingtalk_models")

UNPARSED = "unparsed__"
"""Where a model keeps what could not be read."""

_Step = tuple[Any, Any, Any]
"""A container, a key in it, and the value there."""


def mend(data: Any, problem: ValidationError, fixed: int) -> list[tuple[int | str, ...]]:
    """Change the reply so that its errors go away; where that is impossible, the places of those that stay."""
    ways: dict[Any, tuple[Any, list[_Step]]] = {}
    for error in problem.errors(include_url=False):
        if error["type"] != "json_invalid":
            steps = _follow(data, error["loc"])
            ways.setdefault((id(steps[-1][0]), steps[-1][1]) if steps else None, (error, steps))
    # the last ones first: an item that is taken out of a list moves those behind it
    return [error["loc"] for error, steps in reversed(ways.values()) if not _mend_one(error["type"], steps, fixed)]


def _mend_one(wanted: str, steps: list[_Step], fixed: int) -> bool:
    if not steps:
        return False
    holder, key, value = steps[-1]
    meant = _meant(wanted, value)
    if meant is not None:
        holder[key] = meant
        return True
    if value is None and is_array(holder):
        del holder[key]
        return True
    return _set_aside(steps[fixed:])


def _meant(wanted: str, value: Any) -> Any:
    """What a value of the wrong kind plainly stands for; `None` where that is not plain."""
    if wanted == "list_type" and value is None:
        return []
    if wanted == "list_type" and is_object(value):
        return [value]
    if wanted == "json_type" and (is_object(value) or is_array(value)):
        return json.dumps(value, ensure_ascii=False)
    if wanted in {"list_type", "dict_type", "model_type"} and isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return None


def _follow(data: Any, loc: Iterable[int | str]) -> list[_Step]:
    """The way to a value, or to the object that it is missing from."""
    steps: list[_Step] = []
    for key in loc:
        try:
            value = data[key]
        except (LookupError, TypeError):
            continue  # pydantic names validators and members of unions in its paths too
        steps.append((data, key, value))
        data = value
    return steps


def _set_aside(steps: list[_Step]) -> bool:
    """Move the innermost field out of the model's sight, into its `unparsed`."""
    for holder, key, value in reversed(steps):
        if is_object(holder):
            if holder.pop(key, None) is not None:
                logger.warning("a reply's field %r cannot be read as documented; it is kept in .unparsed", key)
                holder.setdefault(UNPARSED, {})[key] = value
            return True
    return False
