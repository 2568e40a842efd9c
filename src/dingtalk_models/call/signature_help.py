"""Signatures as `help()` shows them: the type of the result, and each field of a set of fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, TypeVar, Union, get_args

from dingtalk_models.core.hints import bare, get_origin
from dingtalk_models.core.json_values import is_array


@dataclass(frozen=True, repr=False)
class _Text:
    """An annotation or a default that is printed unchanged."""

    text: str

    def __repr__(self) -> str:
        return self.text


def signature(fn: Callable[..., Any], fields: Mapping[str, Any]) -> inspect.Signature:
    """The signature of an operation, without its `self`.

    Args:
        fn: the function that describes it.
        fields: the types of its arguments, with those of a set of fields one by one.
    """
    declared = list(inspect.signature(fn).parameters.values())[1:]
    named = {each.name: each for each in declared if each.kind is not each.VAR_KEYWORD}
    parameters = [each.replace(annotation=_shown(fields[name])) for name, each in named.items() if name in fields]
    parameters += [_of_a_set(name, hint) for name, hint in fields.items() if name not in named]
    parameters += [each for each in declared if each.kind is each.VAR_KEYWORD and "Unpack[" not in str(each.annotation)]
    parameters.sort(key=lambda each: each.kind)
    return inspect.Signature(parameters, return_annotation=_Text(_result(fn)))


def _of_a_set(name: str, hint: Any) -> inspect.Parameter:
    default = _Text("...") if get_origin(hint) is NotRequired else inspect.Parameter.empty
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_shown(hint))


def _result(fn: Callable[..., Any]) -> str:
    """Return the result type of an operation: of a `Call` or a `Flow` its result, or else the `Query` itself."""
    described = str(inspect.signature(fn).return_annotation).replace("builtins.", "")
    found = re.fullmatch(r"(?:Call|Flow)\[(.*)\]", described)
    result = found[1] if found else described
    # a base class of resources knows the resource as a type variable
    return "Self" if isinstance(getattr(inspect.getmodule(fn), result, None), TypeVar) else result


def _shown(hint: Any) -> _Text:
    return _Text(_text(hint))


def _text(hint: Any) -> str:
    hint = bare(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _text(arguments[0])
    if origin in {Union, UnionType}:
        return " | ".join(dict.fromkeys(map(_text, arguments)))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None:
        return f"{_name(origin)}[{', '.join(map(_text, arguments))}]"
    return f"[{', '.join(map(_text, hint))}]" if is_array(hint) else _name(hint)


def _name(kind: Any) -> str:
    if kind in {None, NoneType}:
        return "None"
    return "..." if kind is ... else str(getattr(kind, "__name__", kind))
