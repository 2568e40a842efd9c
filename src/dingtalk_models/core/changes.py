"""Which fields of a resource have changed since it was loaded.

A list, a dict or a record can be changed in place and then assigned again. Then its old value is lost. Copying each
beforehand would make every list slower to read, so the reply itself is kept, and is read again if it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from pydantic import BaseModel

from dingtalk_models.core.context import AppLike
from dingtalk_models.core.json_values import jsonable
from dingtalk_models.core.problems import get_origin

Again = Callable[[], Any]
"""Reads a result again: the list of what was loaded."""

_IN_PLACE = (list, dict, BaseModel)
_UNKNOWN = object()


def origin_of(record: BaseModel) -> tuple[AppLike | None, Again | None]:
    """The app that loaded a resource, and what reads again what came with it."""
    return getattr(record, "_origin", (None, None))


def place_of(record: BaseModel) -> int:
    """Its place there."""
    return getattr(record, "_place", 0)


def read_again(again: Again, place: int, name: str) -> Any:
    """A field of a resource as it was loaded."""
    return getattr(again()[place], name)


def holds(hint: Any, kind: type) -> bool:
    """Whether a value of this type can be, or can contain, one of this kind."""
    origin = get_origin(hint) or hint
    return (isinstance(origin, type) and issubclass(origin, kind)) or any(holds(part, kind) for part in get_args(hint))


def comparable(value: Any) -> Any:
    """A value to compare with later: a list, a dict or a record as JSON, so that it does not change in place."""
    return jsonable(value, serialize_unknown=True) if isinstance(value, _IN_PLACE) else value


def value_before(record: BaseModel, name: str, value: Any) -> Any:
    """The value to compare a field with, when it is assigned for the first time."""
    now = vars(record).get(name)
    if now is not None and name not in record.model_fields_set:
        return _UNKNOWN  # the reply did not have this list, which does not mean that it is empty
    if not isinstance(now, _IN_PLACE):
        return now
    if again := origin_of(record)[1]:
        return comparable(read_again(again, place_of(record), name))
    # an object made by hand has no reply; the list may have been changed in place
    return _UNKNOWN if now is value else comparable(now)
