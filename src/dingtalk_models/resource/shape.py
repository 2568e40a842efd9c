"""Shapes: objects that are both sent and received, declared once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.call.repair import UNPARSED
from dingtalk_models.core.errors import InvalidArgument
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.problems import fields_in, names_of_fields, problems
from dingtalk_models.resource.model import Record


class Shape(Record):
    """A record that can also be an argument: strict when it is made by hand or sent, tolerant in a reply.

    A shape from a reply can be sent again: the fields that are set, and undocumented ones as they came. A field
    of which something could not be read is not sent, unless it is assigned.
    """

    if not TYPE_CHECKING:

        def __new__(cls, /, **fields: Any) -> Self:
            """Check an object made by hand. Pydantic passes no fields here when it reads a reply."""
            if fields:
                try:
                    cls.model_validate(fields, extra="forbid", by_alias=True, by_name=True)
                except ValidationError as error:
                    raise InvalidArgument(cls.__name__, problems(error, fields_in(cls))) from None
            return super().__new__(cls)


def _given(value: Any) -> Any:
    """Shapes as dicts of the fields that are set, at every depth."""
    if isinstance(value, Shape):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        # what was read in part stays as the platform has it, until it is assigned
        unread = {names_of_fields(type(value)).get(name) for name in value.unparsed}
        # a list that was never set may have been filled in place
        given = {
            name: part
            for name, part in fields.items()
            if name not in unread and (part or name in value.model_fields_set)
        }
        undocumented = {name: part for name, part in (value.model_extra or {}).items() if name != UNPARSED}
        return undocumented | {name: _given(part) for name, part in given.items()}
    return [_given(part) for part in value] if is_array(value) else value


def _checked_again(value: Any) -> Any:
    """Check every shape in a value again: its fields may have changed since it was made."""
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
"""An argument that is a shape or a dict of its fields: `Sequence[OrDict[Component]]`."""
