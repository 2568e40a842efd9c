"""Shapes: objects that are sent as they are received, declared once for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.core.errors import InvalidArgument
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.mending import UNPARSED
from dingtalk_models.core.model import Record
from dingtalk_models.core.problems import fields_in, problems


class Shape(Record):
    """A record that is an argument too: strict when it is made by hand or sent, tolerant in a reply.

    What came in a reply can be sent: the fields that are set, and those that the platform sent without documenting
    them, as they came.
    """

    if not TYPE_CHECKING:

        def __new__(cls, /, **fields: Any) -> Self:
            """Check what is made by hand; pydantic passes no fields here when it reads a reply."""
            if fields:
                try:
                    cls.model_validate(fields, extra="forbid", by_alias=True, by_name=True)
                except ValidationError as error:
                    raise InvalidArgument(cls.__name__, problems(error, fields_in(cls))) from None
            return super().__new__(cls)


def _given(value: Any) -> Any:
    """A shape, and those in it, as dicts of what is given."""
    if isinstance(value, Shape):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        # a list may have been filled that was never set
        given = {name: part for name, part in fields.items() if part or name in value.model_fields_set}
        undocumented = {name: part for name, part in (value.model_extra or {}).items() if name != UNPARSED}
        return undocumented | {name: _given(part) for name, part in given.items()}
    return [_given(part) for part in value] if is_array(value) else value


def _checked_again(value: Any) -> Any:
    """The same with every shape in it checked again: its fields may have been changed since it was made."""
    if isinstance(value, Shape):
        return type(value).model_validate(_given(value), extra="allow")
    if is_object(value):
        return {name: _checked_again(part) for name, part in value.items()}
    return [_checked_again(part) for part in value] if is_array(value) else value


class _AsArgument:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        kind = get_args(source)[0]
        return core_schema.no_info_before_validator_function(_checked_again, handler.generate_schema(kind))


S = TypeVar("S", bound=Shape)

OrDict = Annotated[S | Mapping[str, object], _AsArgument()]
"""An argument that is a shape, or a dict of its fields: `Sequence[OrDict[Component]]`."""
