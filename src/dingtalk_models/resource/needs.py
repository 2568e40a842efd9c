"""What an operation needs beyond the class of an argument: fields that have to be there, and values that it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from dingtalk_models.resource.model import Record

_Place = tuple[int | str, ...]


class Needs:
    """The fields that an argument of this operation has to have, besides those that its class requires.

    `Annotated[OrDict[Event], Needs("start", "start.date_time", "attendees.id")]`

    Args:
        names: the fields, by their names in Python. After a dot comes a field of that field, or of each item in it; it
            is only asked for where the field before the dot is there.
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: object) -> object:
        places = [place for name in self.names for place in _lacking(value, name.split("."), ())]
        if places:
            missing = [InitErrorDetails(type="missing", loc=place, input=None) for place in places]
            raise ValidationError.from_exception_data("argument", missing)
        return value

    def __repr__(self) -> str:
        return f"Needs({', '.join(map(repr, self.names))})"


class OneOf:
    """The documented values of a text or a number. An argument has to be one of them, and a reply may have others.

    `Annotated[str, OneOf("daily", "weekly")]`, in a class that is sent and received. What is only sent is a `Literal`.
    """

    def __init__(self, *values: str | int) -> None:
        self.values = values

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(handler(source), core_schema.literal_schema([*self.values]))

    def __repr__(self) -> str:
        return f"OneOf({', '.join(map(repr, self.values))})"


def _lacking(value: object, way: Sequence[str], place: _Place) -> Iterator[_Place]:
    """Find where a field is missing."""
    if isinstance(value, list):
        for number, each in enumerate(cast("list[object]", value)):
            yield from _lacking(each, way, (*place, number))
    elif isinstance(value, Record | Mapping):
        name, *rest = way
        part = _given(cast("Record | Mapping[str, object]", value), name)
        if part is None and not rest:
            yield (*place, name)
        elif part is not None and rest:
            yield from _lacking(part, rest, (*place, name))


def _given(holder: Record | Mapping[str, object], name: str) -> object:
    """Return the value of a field; `None` if it was not given."""
    if not isinstance(holder, Record):
        return holder.get(name)
    part: object = vars(holder).get(name)
    return part if part or name in holder.model_fields_set else None
