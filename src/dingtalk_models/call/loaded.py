"""Objects that remember which app loaded them, and their values at that time.

A list, a dict or a record can be changed in place and then assigned again, which loses its old value. Copying every
value would slow down all reads, so the reply is kept instead, and read again if needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any, ClassVar, cast

from pydantic import BaseModel

from dingtalk_models.call.paging import is_page
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.hints import fields_in, objects_in

Again = Callable[[], Any]
"""Reads a result again: the list of what was loaded."""


class Loaded(BaseModel):
    """An object that an app has loaded."""

    __slots__ = ("_origin", "_place", "_sent")

    remembers: ClassVar[tuple[str, ...]] = ()
    """What it remembers of the call that loaded it: the wire names of these parameters."""


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def bind(result: object, app: AppLike, again: Again, sent: Mapping[str, Any] = _NOTHING) -> None:
    """Make every resource in a result remember the app that loaded it, and how to read the result again.

    Args:
        result: the result.
        app: the app.
        again: reads the result again.
        sent: the parameters of the call, by their wire names.
    """
    several = isinstance(result, list)
    each_again = again if several else lambda: [again()]
    origin = app, each_again
    for place, item in enumerate(cast("list[object]", result) if several else (result,)):
        if isinstance(item, Loaded):
            set_hidden(item, "_origin", origin)
            set_hidden(item, "_place", place)
            if item.remembers:
                set_hidden(item, "_sent", {name: sent[name] for name in item.remembers if name in sent})
        elif is_page(item):
            bind(item.items, app, lambda: again().items, sent)
            continue
        elif not isinstance(item, BaseModel):
            continue
        for name in _resource_fields(type(item)):
            bind(vars(item).get(name), app, partial(read_again, each_again, place, name), sent)


set_hidden = object.__setattr__
"""Set an attribute that is not a field."""


@cache
def _resource_fields(kind: type[BaseModel]) -> tuple[str, ...]:
    """The fields of an object that contain resources, at any depth."""
    hints = fields_in(kind)
    return tuple(name for name in hints if any(issubclass(each, Loaded) for each in objects_in(hints[name])))


def origin_of(record: BaseModel) -> tuple[AppLike | None, Again | None]:
    """Return the app that loaded a resource, and the object that can read its reply again."""
    return getattr(record, "_origin", (None, None))


def place_of(record: BaseModel) -> int:
    """Its place there."""
    return getattr(record, "_place", 0)


def read_again(again: Again, place: int, name: str) -> Any:
    """Return a field of a resource as it was loaded."""
    return getattr(again()[place], name)
