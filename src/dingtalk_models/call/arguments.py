"""Arguments of an operation. Their annotations say how they are checked, and in which form they are sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Annotated, Any, NotRequired, Required, get_args

from pydantic import ConfigDict, SecretStr, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict, Unpack, get_type_hints

from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.ids import with_ids
from dingtalk_models.core.json_values import is_object, loaded
from dingtalk_models.core.problems import bare, get_origin, problems, wire_names
from dingtalk_models.core.secret import Hidden, Secret, hidden, is_secret


class Refusal(ValueError):
    """Raised by an operation for arguments that contradict each other. The caller gets an `InvalidArgument`."""

    def __init__(self, field: str, message: str) -> None:
        self.problem = Problem(field, message)
        super().__init__(message)


class Arguments:
    """The compiled signature of one operation.

    Args:
        name: the name of the operation in messages.
        fn: the function of the operation.
        rule: the wire name of an argument whose annotation does not name one.
        endpoint: where the arguments are sent, if it is known.

    Attributes:
        fields: the types of the arguments, by name.
        secrets: the arguments that are secret, by name, and their wire names.
    """

    def __init__(
        self, name: str, fn: Callable[..., Any], rule: Callable[[str], str], endpoint: Endpoint | None = None
    ) -> None:
        self.name = name
        self.rule = rule
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
        self._built: TypeAdapter[dict[str, Any]] | None = None
        self.defaults = {each.name: each.default for each in parameters if each.default is not each.empty}
        self.positional = tuple(positional)
        self.fields = fields
        sent_as = {name: self.wire_names(name)[0] for name in fields}
        self._checked = with_ids(fields, sent_as, endpoint)
        self.secrets = {name: sent for name, sent in sent_as.items() if is_secret(sent) or _is_hidden(fields[name])}
        self._objects = {
            name.partition(".")[0] for hint in fields.values() for name in wire_names(hint)[:1] if "." in name
        }

    @property
    def _adapter(self) -> TypeAdapter[dict[str, Any]]:
        if self._built is None:
            self._built = self._build()
        return self._built

    def _build(self) -> TypeAdapter[dict[str, Any]]:
        # pydantic applies this configuration, and so the rule, to typed dicts in an argument too. `_validate` says the
        # last three again, for models; before 2.14, that does not reach the items of a `Sequence`.
        config = ConfigDict(
            loc_by_alias=False,
            alias_generator=self.rule,
            validate_by_alias=True,
            validate_by_name=True,
            extra="forbid",
        )
        return TypeAdapter(with_config(config)(TypedDict(f"{self.name} arguments", self._checked)))  # type: ignore[operator]

    def wire_names(self, field: str) -> list[str]:
        """The wire names of an argument. The one that is sent comes first."""
        return wire_names(self.fields[field]) or [self.rule(field)]

    def check(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name, each converted to its declared type.

        Raises:
            InvalidArgument: names every argument that is missing, unknown, of the wrong type or over its limit.
        """
        given = {**dict(zip(self.positional, args, strict=False)), **kwargs}
        if len(given) < len(args) + len(kwargs):
            raise InvalidArgument(self.name, [self._miscounted(args, kwargs)])
        for name in self._objects & given.keys():
            if is_object(whole := loaded(given[name])):
                del given[name]
                given |= {f"{name}.{key}": value for key, value in whole.items()}
        try:
            return self._validate(given)
        except ValidationError as error:
            raise InvalidArgument(self.name, problems(error, self.fields)) from None

    def check_one(self, field: str, value: Any) -> None:
        """Check a single argument of the operation.

        Raises:
            InvalidArgument: the value is of the wrong type or over its limit.
        """
        try:
            self._validate({field: value})
        except ValidationError as error:
            its = [problem for problem in problems(error, self.fields) if problem.field.partition(".")[0] == field]
            if its:
                raise InvalidArgument(self.name, its) from None

    def _validate(self, given: dict[str, Any]) -> dict[str, Any]:
        # `extra` also applies to objects inside an argument, whose class allows unknown fields for the sake of replies
        return self._adapter.validate_python(given, extra="forbid", by_alias=True, by_name=True)

    def encode(self, given: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters under their wire names, in their wire form. `None` is left out.

        Args:
            given: the checked arguments.
            params: what to send. If it is empty, every argument is sent, with its default if it is not given.
        """
        if not params:
            everything = {**self.defaults, **given}
            params = {name: everything[name] for name in self.fields if name in everything}
        known = {name: value for name, value in params.items() if value is not None and name in self.fields}
        rest = {name: value for name, value in params.items() if value is not None and name not in self.fields}
        encoded: dict[str, Any] = self._adapter.dump_python(
            known, mode="json", by_alias=True, exclude_none=True, exclude_unset=True
        )
        for name in [name for name in encoded if "." in name]:
            outer, _, inner = name.partition(".")
            encoded.setdefault(outer, {})[inner] = encoded.pop(name)
        for name, sent in self.secrets.items():
            if isinstance(value := known.get(name), str | SecretStr):
                encoded[sent] = Secret.of(value)
        return encoded | (hidden(rest) if rest else rest)

    def _miscounted(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Problem:
        twice = [name for name in self.positional[: len(args)] if name in kwargs]
        if twice:
            return Problem(twice[0], "given twice / 重复传入")
        takes, given = len(self.positional), len(args)
        return Problem(
            "*args", f"takes {takes} positional arguments, {given} given / 最多 {takes} 个位置参数，传了 {given} 个"
        )


def _is_hidden(hint: Any) -> bool:
    return isinstance(hint, Hidden) or any(map(_is_hidden, get_args(hint)))


def _parameter_hints(fn: Callable[..., Any], parameters: Iterable[inspect.Parameter]) -> dict[str, Any]:
    """The annotations of the parameters only: the return type may be imported only under `TYPE_CHECKING`."""
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation for parameter in parameters})
    return get_type_hints(holder, globalns=getattr(fn, "__globals__", {}), include_extras=True)


def _typed_dict_fields(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: _presence(hint, required=name in kind.__required_keys__) for name, hint in hints.items()}


def _presence(hint: Any, *, required: bool) -> Any:
    inner, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if (mark := get_origin(inner)) in {Required, NotRequired}:
        required = mark is Required  # the class does not see this mark if its annotation is a string
    hint = Annotated[bare(inner), *metadata] if metadata else bare(inner)
    return hint if required else NotRequired[hint]
