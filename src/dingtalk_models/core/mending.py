"""Repairs replies that do not match their documentation.

Some replies have a list as JSON text, an object instead of a list of one, or null instead of a list. Where the meaning
is clear, the value is replaced by what is meant. An optional field that still cannot be read is moved to its model's
`unparsed`, so that one odd field does not make a whole page unreadable.
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
"""The name under which a model keeps the fields that could not be read."""

_Step = tuple[Any, Any, Any]
"""A container, a key in it, and the value there."""


def mend(data: Any, problem: ValidationError, fixed: int) -> list[tuple[int | str, ...]]:
    """Change the reply so that these errors go away.

    An error names its place as a path: keys and indexes, but also names of validators and of union members, which are
    not in the data. So each path is followed through the data as far as it goes, and only its last step there is
    repaired. A union reports an error for each of its members at the same place; one repair for that place is enough.
    A repair may uncover further errors, so the caller validates again and repeats.

    Args:
        data: the reply.
        problem: its errors.
        fixed: how many steps at the start of each path must stay in place.

    Returns:
        The paths of the errors that cannot be repaired.
    """
    ways: dict[Any, tuple[Any, list[_Step]]] = {}
    for error in problem.errors(include_url=False):
        if error["type"] != "json_invalid":
            steps = _follow(data, error["loc"])
            ways.setdefault((id(steps[-1][0]), steps[-1][1]) if steps else None, (error, steps))
    # from the end: removing an item from a list shifts the items after it
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
    """What a value of the wrong type clearly means; `None` if that is not clear."""
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
    """The steps to a value, or to the object that it is missing from."""
    steps: list[_Step] = []
    for key in loc:
        try:
            value = data[key]
        except (LookupError, TypeError):
            continue  # the name of a validator or of a union member
        steps.append((data, key, value))
        data = value
    return steps


def _set_aside(steps: list[_Step]) -> bool:
    """Move the innermost field to its model's `unparsed`."""
    for holder, key, value in reversed(steps):
        if is_object(holder):
            if holder.pop(key, None) is not None:
                logger.warning("a reply's field %r cannot be read as documented; it is kept in .unparsed", key)
                holder.setdefault(UNPARSED, {})[key] = value
            return True
    return False
