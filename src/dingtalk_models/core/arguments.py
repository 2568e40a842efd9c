"""Arguments: checked before anything is sent, and put into the platform's form, from an operation's annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Annotated, Any, NotRequired, Required, get_args
from typing import get_origin as typing_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict, Unpack, get_type_hints

from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.json_values import from_text, is_object

_CONFIG = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True, loc_by_alias=False)


class Refusal(ValueError):
    """Raised by an operation for arguments that contradict each other; becomes an `InvalidArgument`."""

    def __init__(self, field: str, message: str) -> None:
        self.problem = Problem(field, message)
        super().__init__(message)


class Arguments:
    """The compiled signature of one operation."""

    def __init__(self, name: str, fn: Callable[..., Any]) -> None:
        self.name = name
        parameters = list(inspect.signature(fn).parameters.values())[1:]
        hints = _parameter_hints(fn, parameters)
        positional: list[str] = []
        fields: dict[str, Any] = {}
        for parameter in parameters:
            hint = hints.get(parameter.name, Any)
            if parameter.kind is parameter.VAR_KEYWORD and get_origin(hint) is Unpack:
                fields |= _typed_dict_fields(get_args(hint)[0])
                continue
            if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                positional.append(parameter.name)
            fields[parameter.name] = hint if parameter.default is parameter.empty else NotRequired[hint]
        self.positional = tuple(positional)
        self.fields = fields
        self._objects = {name.partition(".")[0] for name in _wire_names(fields) if "." in name}
        self._adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(
            with_config(_CONFIG)(TypedDict(f"{name} arguments", fields))  # type: ignore[operator]
        )

    def check(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name, each as the type that it is declared to be.

        Raises:
            InvalidArgument: names every argument that is missing, unknown, of the wrong type or beyond its limit.
        """
        given = {**dict(zip(self.positional, args, strict=False)), **kwargs}
        if len(given) < len(args) + len(kwargs):
            raise InvalidArgument(self.name, [self._miscounted(args, kwargs)])
        for name in self._objects & given.keys():
            if is_object(whole := loaded(given[name])):
                del given[name]
                given |= {f"{name}.{key}": value for key, value in whole.items()}
        try:
            return self._adapter.validate_python(given)
        except ValidationError as error:
            raise InvalidArgument(self.name, self.problems(error)) from None

    def check_one(self, field: str, value: Any) -> None:
        """Check a single argument, as far as the operation knows it.

        Raises:
            InvalidArgument: the value is of the wrong type or beyond its limit.
        """
        try:
            self._adapter.validate_python({field: value})
        except ValidationError as error:
            problems = [problem for problem in self.problems(error) if problem.field.partition(".")[0] == field]
            if problems and field in self.fields:
                raise InvalidArgument(self.name, problems) from None

    def encode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters under their wire names, in their wire form; what is `None` is left out."""
        known = {name: value for name, value in params.items() if value is not None and name in self.fields}
        rest = {name: value for name, value in params.items() if value is not None and name not in self.fields}
        encoded: dict[str, Any] = self._adapter.dump_python(known, mode="json", by_alias=True, exclude_none=True)
        for name in [name for name in encoded if "." in name]:
            outer, _, inner = name.partition(".")
            encoded.setdefault(outer, {})[inner] = encoded.pop(name)
        return encoded | rest

    def problems(self, error: ValidationError) -> list[Problem]:
        """What a validation error says, a field a line; values are not repeated, since they may be secret."""
        return [
            Problem(".".join(map(str, entry["loc"])), self._words(entry["type"], entry["loc"], entry["msg"]))
            for entry in error.errors(include_url=False, include_input=False)
        ]

    def _words(self, kind: str, loc: tuple[int | str, ...], message: str) -> str:
        if kind == "missing":
            return "required"
        if kind == "extra_forbidden":
            return "unknown" + did_you_mean(str(loc[-1]), self.fields)
        return message.removeprefix("Value error, ").removeprefix("Input ").replace(" after validation", "")

    def _miscounted(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Problem:
        twice = [name for name in self.positional[: len(args)] if name in kwargs]
        if twice:
            return Problem(twice[0], "given twice")
        return Problem("*args", f"takes {len(self.positional)} positional arguments, {len(args)} given")


def get_origin(hint: Any) -> Any:
    """`typing.get_origin`, untyped: the checkers do not know that it returns special forms too."""
    return typing_origin(hint)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'name'?"`, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for this

    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _parameter_hints(fn: Callable[..., Any], parameters: Iterable[inspect.Parameter]) -> dict[str, Any]:
    """The annotations of the parameters alone: what an operation returns may be imported for type checkers only."""
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation for parameter in parameters})
    return get_type_hints(holder, globalns=getattr(fn, "__globals__", {}), include_extras=True)


def _typed_dict_fields(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: _presence(hint, required=name in kind.__required_keys__) for name, hint in hints.items()}


def loaded(value: Any) -> Any:
    """What JSON text stands for; any other value as it is, text that is no JSON included."""
    try:
        return from_text(value)
    except ValueError:
        return value


def _wire_names(fields: Mapping[str, Any]) -> Iterator[str]:
    for hint in fields.values():
        for metadata in get_args(_bare(hint))[1:]:
            name = getattr(metadata, "serialization_alias", None)
            if name:
                yield name


def _presence(hint: Any, *, required: bool) -> Any:
    if get_origin(hint) is Annotated:
        inner, *metadata = get_args(hint)
        hint = Annotated[_bare(inner), *metadata]
    else:
        hint = _bare(hint)
    return hint if required else NotRequired[hint]


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in {Required, NotRequired} else hint
