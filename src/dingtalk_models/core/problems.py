"""Turns pydantic's errors into `Problem`s: the full path of the field, and a suggestion if its name is misspelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, NotRequired, Required, TypeGuard, get_args
from typing import get_origin as typing_origin

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from typing_extensions import get_type_hints, is_typeddict

from dingtalk_models.core.errors import Problem
from dingtalk_models.core.wire import camel_name, wire

UNKNOWN = "unknown"
"""What is said of a name that is not known and not similar to one that is."""

_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}


def problems(error: ValidationError, fields: Mapping[str, Any]) -> list[Problem]:
    """The problems in a validation error. Values are not included, since they may be secret.

    Args:
        error: the error.
        fields: the types of the fields that were validated, by name.
    """
    return [
        _problem(entry["type"], entry["loc"], entry["msg"], fields)
        for entry in error.errors(include_url=False, include_input=False)
    ]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'name'?"`, or an empty text."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for this

    names = list(known)  # a name that exists in another member of a union is not misspelled
    near = [] if word in names else get_close_matches(word, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def get_origin(hint: Any) -> Any:
    """`typing.get_origin` without types: the type checkers do not know that it returns special forms too."""
    return typing_origin(hint)


def bare(hint: Any) -> Any:
    """A hint without `Required` or `NotRequired`."""
    return get_args(hint)[0] if get_origin(hint) in {Required, NotRequired} else hint


def wire_names(hint: Any) -> list[str]:
    """The wire names of an argument, if they differ from its own name. The one that is sent comes first."""
    aliases = [part.validation_alias for part in get_args(bare(hint))[1:] if isinstance(part, FieldInfo)]
    choices = [alias.choices if isinstance(alias, AliasChoices) else [alias] for alias in aliases if alias]
    return [str(name) for names in choices for name in names]


def _problem(kind: str, loc: tuple[int | str, ...], message: str, fields: Mapping[str, Any]) -> Problem:
    known = _fields_at(loc[:-1], fields)
    last = loc[-1] if loc else ""
    if kind in _UNKNOWN:
        message = UNKNOWN + did_you_mean(str(last), known)
    elif kind == "missing":
        message = "required"
        last = next((name for name, hint in known.items() if last in wire_names(hint)), last)
    else:
        message = message.removeprefix("Value error, ").removeprefix("Input ").replace(" after validation", "")
    return Problem(".".join(map(str, (*loc[:-1], last))), message)


def _fields_at(way: Iterable[int | str], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the object that a path leads to. Indexes and names of union members are skipped."""
    for step in way:
        hint = next((hint for name, hint in fields.items() if step == name or step in wire_names(hint)), None)
        if hint is not None:
            fields = fields_in(hint)
    return fields


def fields_in(hint: Any) -> dict[str, Any]:
    """The types of the fields of a class, or of the classes in a list, a union or an annotation."""
    if is_model(hint):
        hint.model_rebuild()  # until it is built, its fields do not have the names that a rule gives them
        return {name: Annotated[field.annotation, field] for name, field in hint.model_fields.items()}
    if isinstance(hint, type) and (is_typeddict(hint) or is_dataclass(hint)):
        hints = get_type_hints(hint, include_extras=True)
        if getattr(hint, "__pydantic_config__", {}).get("alias_generator"):
            return {
                name: part if wire_names(part) else Annotated[part, wire(camel_name(name))]
                for name, part in hints.items()
            }
        return hints
    return {name: inner for part in get_args(hint) for name, inner in fields_in(part).items()}


def is_model(hint: object) -> TypeGuard[type[BaseModel]]:
    """Whether a type is a pydantic model."""
    return isinstance(hint, type) and issubclass(hint, BaseModel)
