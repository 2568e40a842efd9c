"""Objects that remember which app loaded them, and their values at that time.

A list, a dict or a record can be changed in place and then assigned again, which loses its old value. Copying every
value would slow down all reads, so the reply is kept instead, and read again if needed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, cast

from pydantic import BaseModel
from typing_extensions import get_type_hints

from dingtalk_models.call.paging import is_page
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.hints import holds

Again = Callable[[], Any]
"""Reads a result again: the list of what was loaded."""


class Loaded(BaseModel):
    """An object that an app has loaded."""

    __slots__ = ("_origin", "_place")


def bind(result: object, app: AppLike, again: Again) -> None:
    """Make every resource in a result remember the app that loaded it, and how to read the result again."""
    several = isinstance(result, list)
    origin = app, again if several else lambda: [again()]
    for place, item in enumerate(cast("list[object]", result) if several else (result,)):
        if isinstance(item, Loaded):
            set_hidden(item, "_origin", origin)
            set_hidden(item, "_place", place)
            for name in _resource_fields(type(item)):
                bind(vars(item).get(name), app, partial(read_again, origin[1], place, name))
        elif is_page(item):
            bind(item.items, app, lambda: again().items)


set_hidden = object.__setattr__
"""Set an attribute that is not a field."""


@cache
def _resource_fields(kind: type[Loaded]) -> tuple[str, ...]:
    """The fields of a resource that contain other resources."""
    hints = get_type_hints(kind)
    return tuple(name for name in kind.model_fields if holds(hints[name], Loaded))


def origin_of(record: BaseModel) -> tuple[AppLike | None, Again | None]:
    """Return the app that loaded a resource, and the object that can read its reply again."""
    return getattr(record, "_origin", (None, None))


def place_of(record: BaseModel) -> int:
    """Its place there."""
    return getattr(record, "_place", 0)


def read_again(again: Again, place: int, name: str) -> Any:
    """Return a field of a resource as it was loaded."""
    return getattr(again()[place], name)
