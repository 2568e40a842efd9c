"""Objects that lack a field which every object of their class has, such as an id: the reply's value was unreadable.

Such a field costs itself, too, and not the call. The object does not have it: whoever reads it is told why, by
`Record.__getattr__`, so that no type lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, create_model

M = TypeVar("M", bound=BaseModel)

_ABSENT: Any = object()


@cache
def partial(model: type[BaseModel]) -> type[BaseModel]:
    """The class with no field that its objects cannot be without, to read a reply with."""
    needed: dict[str, Any] = {
        name: (Annotated[field.annotation, field], _ABSENT)
        for name, field in model.model_fields.items()
        if field.is_required() and type(None) not in get_args(field.annotation)
    }
    return create_model(model.__name__, __base__=model, **needed)


def completed(model: type[M], part: BaseModel) -> M:
    """The object of the class itself, from what was read with `partial`."""
    values = {name: value for name, value in vars(part).items() if value is not _ABSENT}
    return model.model_construct(part.model_fields_set, **(part.model_extra or {}), **values)


def assembled(model: type[M], values: Mapping[str, Any], reply: BaseModel) -> M:
    """An object of what was sent and of what the reply says.

    Args:
        model: its class.
        values: what was sent, by the names of its fields.
        reply: the reply, of which fields with the same names are taken. What it lacks, the object lacks.
    """
    said = {name: value for name, value in reply if name in model.model_fields}
    return completed(model, partial(model).model_validate({**values, **said}, by_name=True))
