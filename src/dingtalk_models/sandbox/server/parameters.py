"""The base model of parameters: it accepts a number as text, but never a boolean as a number."""

from __future__ import annotations

from typing import Any, Final, cast

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.sandbox.server.json_values import is_array, is_object


def _without_flags(schema: Any, handler: GetCoreSchemaHandler) -> Any:
    """Make a core schema whose numbers refuse `true` and `false` at any depth. Nested models do it themselves."""
    if is_array(schema):
        return [_without_flags(part, handler) for part in schema]
    if not is_object(schema):
        return schema
    if schema.get("type") == "definition-ref":
        meant = handler.resolve_ref_schema(cast("CoreSchema", schema))
        if meant["type"] != "typed-dict":
            return schema
        schema = {name: part for name, part in meant.items() if name != "ref"}
    same = {name: part if name in _NO_SCHEMAS else _without_flags(part, handler) for name, part in schema.items()}
    numeric = schema.get("type") in ("int", "float") and not schema.get("strict")
    return core_schema.no_info_before_validator_function(_no_flag, cast("CoreSchema", same)) if numeric else same


_NO_SCHEMAS: Final = frozenset({"metadata", "serialization", "default", "expected"})
"""The parts of a core schema that contain no schemas of values."""


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 -- what pydantic reports
    return value


class Parameters(BaseModel):
    """The parameters of an endpoint, or an object among them."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Refuse booleans where numbers belong: pydantic would read them as 1 and 0."""
        schema: CoreSchema = _without_flags(handler.resolve_ref_schema(handler(source)), handler)
        return schema
