"""What pydantic finds wrong with arguments, in this package's words: each field by its full path, with a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, NotRequired, Required, TypeGuard, get_args
from typing import get_origin as typing_origin

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from typing_extensions import get_type_hints, is_typeddict

from dingtalk_models.core.errors import Problem
from dingtalk_models.core.wire import wire

_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}


def problems(error: ValidationError, fields: Mapping[str, Any]) -> list[Problem]:
    """What a validation error says, a field a line; values are not repeated, since they may be secret.

    Args:
        error: the error.
        fields: the types of the fields that were validated, by name.
    """
    return [
        _problem(entry["type"], entry["loc"], entry["msg"], fields)
        for entry in error.errors(include_url=False, include_input=False)
    ]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'name'?"`, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for this

    names = list(known)  # a name that another member of a union has is no misspelling
    near = [] if word in names else get_close_matches(word, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def get_origin(hint: Any) -> Any:
    """`typing.get_origin`, untyped: the checkers do not know that it returns special forms too."""
    return typing_origin(hint)


def bare(hint: Any) -> Any:
    """A hint without the mark that says whether a key has to be there."""
    return get_args(hint)[0] if get_origin(hint) in {Required, NotRequired} else hint


def wire_names(hint: Any) -> list[str]:
    """The names of an argument on the wire, where it has others than its own; the one that is sent comes first."""
    aliases = [part.validation_alias for part in get_args(bare(hint))[1:] if isinstance(part, FieldInfo)]
    choices = [alias.choices if isinstance(alias, AliasChoices) else [alias] for alias in aliases if alias]
    return [str(name) for names in choices for name in names]


def _problem(kind: str, loc: tuple[int | str, ...], message: str, fields: Mapping[str, Any]) -> Problem:
    known = _fields_at(loc[:-1], fields)
    last = loc[-1] if loc else ""
    if kind in _UNKNOWN:
        message = "unknown" + did_you_mean(str(last), known)
    elif kind == "missing":
        message = "required"
        last = next((name for name, hint in known.items() if last in wire_names(hint)), last)
    else:
        message = message.removeprefix("Value error, ").removeprefix("Input ").replace(" after validation", "")
    return Problem(".".join(map(str, (*loc[:-1], last))), message)


def _fields_at(way: Iterable[int | str], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the object that a way leads to. Indexes and the members of unions lead nowhere else."""
    for step in way:
        hint = next((hint for name, hint in fields.items() if step == name or step in wire_names(hint)), None)
        if hint is not None:
            fields = fields_in(hint)
    return fields


def fields_in(hint: Any) -> dict[str, Any]:
    """The types of the fields of an object's type, or of the objects in a list, a union, an annotation."""
    if is_model(hint):
        hint.model_rebuild()  # until it is built, its fields do not have the names that a rule gives them
        return {name: Annotated[field.annotation, field] for name, field in hint.model_fields.items()}
    if isinstance(hint, type) and (is_typeddict(hint) or is_dataclass(hint)):
        hints = get_type_hints(hint, include_extras=True)
        if rule := getattr(hint, "__pydantic_config__", {}).get("alias_generator"):
            return {
                name: part if wire_names(part) else Annotated[part, wire(rule(name))] for name, part in hints.items()
            }
        return hints
    return {name: inner for part in get_args(hint) for name, inner in fields_in(part).items()}


def is_model(hint: object) -> TypeGuard[type[BaseModel]]:
    """Whether a type is that of a model."""
    return isinstance(hint, type) and issubclass(hint, BaseModel)
