"""Objects in replies whose documented fields may be missing after all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, PydanticOmit, core_schema

from dingtalk_models.core.errors import DingTalkError, FieldMissing
from dingtalk_models.core.hints import names_of_fields
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.resource.model import Record, Shape

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


class Reply(Record):
    """An object in a reply. What the platform promises may be missing, and never makes a call fail.

    `id: str` is promised: the platform says that every reply has it. If one does not, or has null there, the attribute
    is not set, and reading it raises `FieldMissing`. So a type checker is told the truth, and no zero stands for what
    is unknown. `note: str = ""` is a text for people, `rows: list[Row] = empty_list()` a list: missing, null and empty
    are the same. `end: Millis | None` may be missing.

    A class that is also sent is a `Shape` too, and strict as an argument: `class EventTime(Reply, Shape)`. There, `id:
    str` has to be given, and `id: str = promised()` need not be.
    """

    @classmethod
    def _as_read(cls, schema: Any) -> Any:
        reading = super()._as_read(schema)
        if schema["type"] == "default" and schema.get("default_factory") is _leave_out:
            return _promised(_left_out_if_null(reading["schema"]))
        if (schema["schema"] if schema["type"] == "default" else schema)["type"] == "nullable":
            return reading
        if schema["type"] == "default":
            return _default_if_null(reading)
        tolerant = _left_out_if_null(reading)
        if issubclass(cls, Shape):
            tolerant = core_schema.json_or_python_schema(tolerant, _required(reading))
        return _promised(tolerant)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the fields as they are declared, for frameworks that document what they return."""
        return handler(_as_declared(schema))

    def _not_there(self, name: str) -> DingTalkError:
        fields = names_of_fields(type(self))
        if any(fields.get(other) == name for other in self.unparsed):
            why = "could not be read: what came is in .unparsed / 返回值无法识别，原值见 .unparsed"
        else:
            why = (
                "was not in the reply, or was not given: to read it only if it is there, ask hasattr(…) first / "
                "返回中没有该字段，或创建对象时未填写：可先用 hasattr(…) 判断"
            )
        return FieldMissing(f"{type(self).__name__}.{name}", why)


def promised() -> Any:
    """The default of a field that every reply has, and that need not be given when the object is made by hand."""
    return Field(default_factory=_leave_out)


def _leave_out() -> NoReturn:
    raise PydanticOmit


# These schemas do their work in pydantic's core: no Python code runs for a field, so a page is read fast.


class _Unlike:
    """No value is one of its classes."""


_NEVER = core_schema.is_subclass_schema(_Unlike)


def _promised(schema: Any) -> Any:
    """Let a field be missing: it is then read as null."""
    return core_schema.with_default_schema(schema, default=None, validate_default=True)


def _left_out_if_null(schema: Any) -> Any:
    return _unless_null(schema, core_schema.with_default_schema(_NEVER, on_error="omit"))


def _default_if_null(schema: Any) -> Any:
    default = {key: value for key, value in schema.items() if key in {"default", "default_factory"}}
    tolerant = _unless_null(schema["schema"], core_schema.with_default_schema(_NEVER, on_error="default", **default))
    return {**schema, "schema": core_schema.json_or_python_schema(tolerant, schema["schema"])}


def _unless_null(schema: Any, null: Any) -> Any:
    """Read a value; if it is null, do something else.

    A union of the two would report an odd value twice: for what is odd in it, and again, as a whole, for not being
    null. Then more of a reply would be set aside than what is odd. So null is let through first, and seen to after.
    """
    seen_to = core_schema.union_schema(
        [core_schema.chain_schema([core_schema.none_schema(), null]), core_schema.any_schema()], mode="left_to_right"
    )
    # the last step also says how the value is written; of these two, pydantic takes the strict one for that
    return core_schema.chain_schema(
        [core_schema.nullable_schema(schema), core_schema.lax_or_strict_schema(seen_to, schema)]
    )


def _required(schema: Any) -> Any:
    return core_schema.no_info_before_validator_function(_there, schema)


def _there(value: object) -> object:
    if value is None:
        raise PydanticKnownError("missing")
    return value


def _as_declared(schema: Any) -> Any:
    """Return a schema without what this file has added to it."""
    if is_array(schema):
        return [_as_declared(part) for part in schema]
    if not is_object(schema):
        return schema
    if schema.get("type") == "default" and schema.get("validate_default") and schema["default"] is None:
        return _as_declared(schema["schema"])
    if schema.get("type") == "chain" and schema["steps"][1]["type"] == "lax-or-strict":
        return _as_declared(schema["steps"][1]["strict_schema"])
    return {name: _as_declared(part) for name, part in schema.items()}
