"""Inspects type hints: the types in them, and the wire names of fields."""

from __future__ import annotations

from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, NotRequired, Required, TypeGuard, get_args
from typing import get_origin as typing_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import get_type_hints, is_typeddict

from dingtalk_models.core.wire import camel_name, wire


def get_origin(hint: Any) -> Any:
    """`typing.get_origin` typed as `Any`, since type checkers do not know that it returns special forms too."""
    return typing_origin(hint)


def bare(hint: Any) -> Any:
    """Remove `Required` or `NotRequired` from a hint."""
    return get_args(hint)[0] if get_origin(hint) in {Required, NotRequired} else hint


def wire_names(hint: Any) -> list[str]:
    """The wire names of an argument, if they differ from its own name. The one that is sent comes first."""
    aliases = [part.validation_alias for part in get_args(bare(hint))[1:] if isinstance(part, FieldInfo)]
    choices = [alias.choices if isinstance(alias, AliasChoices) else [alias] for alias in aliases if alias]
    return [str(name) for names in choices for name in names]


def fields_in(hint: Any) -> dict[str, Any]:
    """The types of the fields of a class, or of the classes in a list, a union or an annotation."""
    if is_model(hint):
        hint.model_rebuild()  # its fields get the names from an alias rule only when it is built
        return {name: Annotated[field.annotation, field] for name, field in hint.model_fields.items()}
    if _has_hints(hint):
        hints = get_type_hints(hint, include_extras=True)
        if getattr(hint, "__pydantic_config__", {}).get("alias_generator"):
            return {
                name: part if wire_names(part) else Annotated[part, wire(camel_name(name))]
                for name, part in hints.items()
            }
        return hints
    return {name: inner for part in get_args(hint) for name, inner in fields_in(part).items()}


def objects_in(hint: Any) -> set[type]:
    """The classes of the objects in a value of this type, at any depth."""
    found = set[type]()
    waiting = [hint]
    while waiting:
        inner = waiting.pop()
        if not (is_model(inner) or _has_hints(inner)):
            waiting += get_args(inner)
        elif inner not in found:
            found.add(inner)
            waiting += fields_in(inner).values()
    return found


def _has_hints(hint: object) -> TypeGuard[type]:
    return isinstance(hint, type) and (is_typeddict(hint) or is_dataclass(hint))


@cache
def names_of_fields(model: type[BaseModel]) -> dict[str, str]:
    """The names of a model's fields, by each name that a reply may have for them."""
    return {name: field for field, hint in fields_in(model).items() for name in (field, *wire_names(hint))}


def is_model(hint: object) -> TypeGuard[type[BaseModel]]:
    """Whether a type is a pydantic model."""
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def holds(hint: Any, kind: type) -> bool:
    """Whether a value of this type can be or contain one of this kind."""
    origin = get_origin(hint) or hint
    return (isinstance(origin, type) and issubclass(origin, kind)) or any(holds(part, kind) for part in get_args(hint))
