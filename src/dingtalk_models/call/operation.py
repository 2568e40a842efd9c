"""`@operation` and `@api`: one definition, four ways to use it.

Department.objects.get(1)                # Department, blocking
await Department.objects.get.aio(1)      # Department, on the event loop
Department.objects.get.call(1)           # Call[Department], unsent; `.later` checks its arguments when it is sent
app.run("dingtalk.oapi.v2.department.get", dept_id=1)
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, reduce
from inspect import Signature
from types import GeneratorType, SimpleNamespace
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Concatenate,
    Generic,
    NamedTuple,
    NotRequired,
    ParamSpec,
    Required,
    Self,
    TypeGuard,
    TypeVar,
    cast,
    get_args,
    overload,
)

from pydantic import ConfigDict, SecretStr, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict, Unpack, get_type_hints

from dingtalk_models.call.call import WHOLE_BODY, Call, Described
from dingtalk_models.call.definition import check_endpoint, check_filled, check_token, check_typed
from dingtalk_models.core.context import AppLike, chosen, current_app
from dingtalk_models.core.documentation.labels import of_parameters
from dingtalk_models.core.errors import ConfigurationError, InvalidArgument, Problem
from dingtalk_models.core.hints import bare, fields_in, get_origin, objects_in, wire_names
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.json_values import is_object, loaded
from dingtalk_models.core.problems import problems, warn_of_older_name, with_ids
from dingtalk_models.core.secret import Hidden, Secret, forget_locals, hidden, hidden_inside, is_secret, shorten
from dingtalk_models.core.steps import Flow, Lazy, Steps
from dingtalk_models.core.wire import camel_name, userid_name

Types = Callable[[], Mapping[str, Any]]
"""Imports types and returns them by name."""


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
        types: returns the types that the annotations name and the function's module does not have.

    Attributes:
        fields: the types of the arguments, by name.
        secrets: the arguments that are secret, by name, and their wire names.
    """

    def __init__(
        self,
        name: str,
        fn: Callable[..., Any],
        rule: Callable[[str], str],
        endpoint: Endpoint | None = None,
        types: Types = dict,
    ) -> None:
        self.name = name
        self.rule = rule
        self._docstring = fn.__doc__
        parameters = list(inspect.signature(fn).parameters.values())[1:]
        hints = _parameter_hints(fn, parameters, types)
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
        # outer objects first
        self._objects = sorted({outer for sent in sent_as.values() for outer in _around(sent)}, key=len)
        self._may_have_no_body = WHOLE_BODY in sent_as.values() and endpoint is not None and endpoint.has_body

    @property
    def _adapter(self) -> TypeAdapter[dict[str, Any]]:
        if self._built is None:
            self._built = self._build()
        return self._built

    def _build(self) -> TypeAdapter[dict[str, Any]]:
        # pydantic applies this configuration, and so the rule, to typed dicts in an argument too. `_validate` repeats
        # the last three for models; before 2.14, they do not reach the items of a `Sequence`.
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
        for name in self._objects:
            if name in given and is_object(whole := loaded(given[name])):
                del given[name]
                given |= {f"{name}.{key}": value for key, value in whole.items()}
        try:
            return self._validate(given)
        except ValidationError as error:
            todays = self.by_todays_names(given)
            if todays.keys() == given.keys():
                raise InvalidArgument(self.name, self._problems(error)) from None
        for name in given.keys() - todays.keys():
            warn_of_older_name(self.name, name, userid_name(name))
        return self.check((), todays)

    def by_todays_names(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments, with ids of users under today's names. One that is given already stays, and is not overwritten."""
        todays = dict(given)
        for name in given:
            today = userid_name(name)
            if name in self.fields or today not in self.fields.keys() - todays.keys():
                continue
            # a product of the platform may have both spellings, as two arguments
            if not any(name in self.wire_names(field) for field in self.fields if field != today):
                todays[today] = todays.pop(name)
        return todays

    def check_one(self, field: str, value: Any) -> None:
        """Check a single argument of the operation.

        Raises:
            InvalidArgument: the value is of the wrong type or over its limit.
        """
        try:
            self._validate({field: value})
        except ValidationError as error:
            its = [problem for problem in self._problems(error) if problem.field.partition(".")[0] == field]
            if its:
                raise InvalidArgument(self.name, its) from None

    def _problems(self, error: ValidationError) -> list[Problem]:
        return problems(error, self.fields, of_parameters(self._docstring))

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
        if self._have_secrets_inside:
            encoded = {name: hidden_inside(value) for name, value in encoded.items()}
        for name, sent in self.secrets.items():
            if isinstance(value := known.get(name), str | SecretStr):
                encoded[sent] = Secret.of(value)
        for name in [name for name in encoded if "." in name]:
            *outer, inner = name.split(".")
            reduce(lambda at, each: at.setdefault(each, {}), outer, encoded)[inner] = encoded.pop(name)
        if self._may_have_no_body and WHOLE_BODY not in encoded:
            encoded[WHOLE_BODY] = None  # nothing, which is not an empty object
        return encoded | (hidden(rest) if rest else rest)

    @cached_property
    def _have_secrets_inside(self) -> bool:
        """Whether an object in an argument has a field that is called like a secret."""
        objects = (each for hint in self.fields.values() for each in objects_in(hint))
        return any(is_secret(name) for each in objects for name in fields_in(each))

    def _miscounted(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Problem:
        twice = [name for name in self.positional[: len(args)] if name in kwargs]
        if twice:
            return Problem(twice[0], "given twice / 重复传入")
        takes, given = len(self.positional), len(args)
        return Problem(
            "*args", f"takes {takes} positional arguments, {given} given / 最多 {takes} 个位置参数，传了 {given} 个"
        )


def _around(sent_as: str) -> list[str]:
    """Return the objects that a wire name such as `option.size` is in."""
    parts = sent_as.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _is_hidden(hint: Any) -> bool:
    return isinstance(hint, Hidden) or any(map(_is_hidden, get_args(hint)))


def _parameter_hints(fn: Callable[..., Any], parameters: Iterable[inspect.Parameter], types: Types) -> dict[str, Any]:
    """Return the annotations without the return type, which may be imported only under `TYPE_CHECKING`."""
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation for parameter in parameters})
    return get_type_hints(holder, globalns={**getattr(fn, "__globals__", {}), **types()}, include_extras=True)


def _typed_dict_fields(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: _presence(hint, required=name in kind.__required_keys__) for name, hint in hints.items()}


def _presence(hint: Any, *, required: bool) -> Any:
    inner, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if (mark := get_origin(inner)) in {Required, NotRequired}:
        required = mark is Required  # the class does not see this mark if its annotation is a string
    hint = Annotated[bare(inner), *metadata] if metadata else bare(inner)
    return hint if required else NotRequired[hint]


P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Unsent = Steps[Any] | Lazy[Any]
"""What an operation describes."""


class Old:
    """An older name of an API, and how its parameters translate to today's.

    Args:
        name: the older name.
        params: for each parameter that differs, its name today, or a function from the old value to today's arguments.
    """

    def __init__(self, name: str, /, **params: str | Callable[[Any], dict[str, Any]]) -> None:
        self.name = name
        self.params = params

    def translate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Today's arguments for the old ones.

        Raises:
            InvalidArgument: a value does not have the form that it has under this name.
        """
        today: dict[str, Any] = {}
        for name, value in given.items():
            change = self.params.get(name, name)
            try:
                changed = {change: value} if isinstance(change, str) else change(value)
            except (ValueError, TypeError, AttributeError, LookupError):
                del given, value, today  # as in `call`
                raise InvalidArgument(
                    self.name, [Problem(name, "not in this API's form / 不符合该接口的格式")]
                ) from None
            if any(changed[each] != today[each] for each in changed.keys() & today.keys()):
                del given, value, today, changed
                raise InvalidArgument(self.name, [Problem(name, "given twice / 重复传入")])
            today |= changed
        return today


class operation(Generic[R_co, P]):  # noqa: N801 - used as a decorator, like `property`
    """A method that describes calls instead of sending them. The module's docstring shows its four uses.

    Args:
        fn: the method.
        types: returns types that its annotations name and its module does not have; see `operation_with`.
    """

    def __init__(self, fn: Callable[Concatenate[Any, P], R_co], types: Types = dict) -> None:
        check_typed(fn)
        self.__wrapped__ = fn
        self.types = types
        self.__name__: str = fn.__name__
        self.__doc__ = fn.__doc__
        self.endpoint: Endpoint | None = None
        self.names: tuple[Old, ...] = ()
        self.replace = False
        self.token: str | None = None
        self.owner = ""
        self.home: type | None = None
        self._arguments: Arguments | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        if self.home is None:
            self.home, self.owner = owner, owner.__name__.removesuffix("Manager")

    @property
    def name(self) -> str:
        """Its name in messages, such as `User.get`."""
        return f"{self.owner}.{self.__name__}"

    @property
    def awaited(self) -> str:
        """The code to write on an event loop, for error messages."""
        return f"await {self.name}.aio(…)"

    @property
    def arguments(self) -> Arguments:
        """The compiled signature; built on first use."""
        if self._arguments is None:
            self._arguments = Arguments(self.name, self.__wrapped__, self._wire_name, self.endpoint, self.types)
        return self._arguments

    def wire_names(self) -> set[str]:
        """The wire names of all arguments."""
        return {name for field in self.arguments.fields for name in self.arguments.wire_names(field)}

    def _wire_name(self, name: str) -> str:
        # The newer host has camelCase names, and the older one the names of the arguments. A name in the endpoint is
        # used as it is. An operation without an endpoint accepts camelCase too, inside its arguments.
        at = self.endpoint
        as_it_is = at is not None and (at.host == "oapi" or f"{{{name}}}" in at.path or name in at.query_params)
        return name if as_it_is else camel_name(name)

    @property
    def title(self) -> str:
        """The API's Chinese name, from the docstring's first line."""
        found = re.search(r"\(([^()]*[\u4e00-\u9fff][^()]*)\)\.?$", (self.__doc__ or "").partition("\n")[0])
        return found[1] if found else ""

    @property
    def source(self) -> str:
        """The slug of the API's documentation page, from the docstring's `Source:`."""
        found = re.search(r"Source: (\S+)", self.__doc__ or "")
        return found[1] if found else ""

    @property
    def __signature__(self) -> Signature:
        # inspect.signature() and help() show this
        from dingtalk_models.call.signature_help import signature  # noqa: PLC0415 - only for help()

        return signature(self.__wrapped__, self.arguments.fields)

    def build(self, obj: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Check the arguments, and return the unsent call, flow or list."""
        arguments, describe = self.arguments, cast("Callable[..., Any]", self.__wrapped__)
        given = arguments.check(args, kwargs)
        del args, kwargs  # a secret is plain in them, and a traceback could show it
        try:
            unsent = describe(obj, **given)
        except Refusal as refusal:
            raise InvalidArgument(arguments.name, [refusal.problem]) from None
        if self.endpoint is not None and isinstance(unsent, Described):
            unsent.endpoint = self.endpoint
            unsent.params = arguments.encode(given, unsent.params)
            if self.token is not None:
                unsent.token = given.get(self.token)
                unsent.params.pop(arguments.wire_names(self.token)[0], None)
        return unsent

    if not TYPE_CHECKING:  # a type checker reports such a call

        def __call__(self, *args, **kwargs):  # noqa: ANN002, ANN003, ANN204, ARG002 - help() shows signatures of callables only
            raise TypeError(f"{self.name} is called on an object, not on its class")

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, obj: object, owner: type[Any]) -> Bound[R_co, P]: ...
    def __get__(self, obj: Any, owner: type[Any]) -> Any:
        return self if obj is None else Bound(self, obj)


def operation_with(types: Types) -> Callable[[Callable[Concatenate[Any, P], R]], operation[R, P]]:
    """Like `operation`, for a method whose annotations name types that are slow to import.

    Args:
        types: imports these types and returns them by name; called when the operation is first used. For type
            checkers, the module imports them under `TYPE_CHECKING`.
    """
    return lambda fn: operation(fn, types)


class Bound(Generic[R_co, P]):
    """An operation of one manager or one object."""

    # __call__, aio, call and later have no docstrings, so that an editor shows the operation's own.
    def __init__(self, definition: operation[R_co, P], obj: Any) -> None:
        self.definition = definition
        self.obj = obj

    # What the function returns selects the overload: a `Call` or a `Flow` becomes its result, a list stays lazy. They
    # name `Call` and `Flow` instead of the protocol `Steps`, because static completion (jedi) matches classes only.
    # For jedi too, P is the last parameter of the class: it counts type variables without a ParamSpec.
    @overload
    def __call__(self: Bound[Call[T], P], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def __call__(self: Bound[Flow[T], P], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def __call__(self: Bound[Lazy[Any], P], *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def __call__(self: Bound[Any, P], *args: P.args, **kwargs: P.kwargs) -> Any:
        unsent: Unsent
        try:
            unsent, app = self.call(*args, **kwargs), self.app
        finally:
            del args, kwargs  # see `call`
        if not isinstance(unsent, Lazy):
            return app.driver.run(unsent, self.definition.awaited)
        unsent.app = app
        return unsent

    @overload
    async def aio(self: Bound[Lazy[T], P], *args: P.args, **kwargs: P.kwargs) -> list[T]: ...
    @overload
    async def aio(self: Bound[Call[T] | Flow[T], P], *args: P.args, **kwargs: P.kwargs) -> T: ...
    async def aio(self: Bound[Any, P], *args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            unsent: Unsent = self.call(*args, **kwargs)
        finally:
            del args, kwargs  # see `call`
        return await self.app.async_driver.run(unsent.collect() if isinstance(unsent, Lazy) else unsent)

    def call(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        try:
            unsent: Any = self.definition.build(self.obj, args, kwargs)
        except InvalidArgument as error:
            forget_locals(error)
            shorten(error)
            raise
        finally:
            del args, kwargs  # a secret is plain in them, and a traceback could show it
        if isinstance(unsent, GeneratorType):
            unsent.__qualname__ = self._flow_name
        elif isinstance(unsent, Lazy):
            unsent.app, unsent.name = self.obj.app, self.definition.name
        return cast("R_co", unsent)

    @overload
    def later(self: Bound[Lazy[T], P], *args: P.args, **kwargs: P.kwargs) -> Flow[list[T]]: ...
    @overload
    def later(self: Bound[Call[T] | Flow[T], P], *args: P.args, **kwargs: P.kwargs) -> Flow[T]: ...
    def later(self: Bound[Any, P], *args: P.args, **kwargs: P.kwargs) -> Any:
        def flow() -> Flow[Any]:
            nonlocal args, kwargs
            try:
                unsent: Unsent = self.call(*args, **kwargs)
            finally:
                del args, kwargs  # see `call`
            steps: Flow[Any] = iter(unsent.collect() if isinstance(unsent, Lazy) else unsent)
            return (yield from steps)

        made: Any = flow()
        made.__qualname__ = self._flow_name
        return made

    @property
    def _flow_name(self) -> str:
        """Return the name of a flow for its `repr`."""
        return f"flow of {self.definition.name}"

    @property
    def app(self) -> AppLike:
        """The app that sends it."""
        apps = chosen.get()
        return self.obj.app or (apps[-1] if apps else current_app())

    @property
    def __signature__(self) -> Signature:
        return self.definition.__signature__

    @property
    def __name__(self) -> str:
        return self.definition.__name__

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.definition.__doc__

    # With __get__, inspect.isroutine() is true, so help() prints the signature and the docstring.
    def __get__(self, obj: object, owner: type | None = None) -> Self:
        return self

    if not TYPE_CHECKING:

        def _unseen(self, nothing):  # noqa: ANN001, ANN202 - never called: jedi reads it
            # For jedi, which knows no ParamSpec, an attribute that is assigned somewhere stands before a method. So it
            # finds no parameters here, and shows those of the decorated function.
            self.__call__ = self.__get__ = nothing

    def __repr__(self) -> str:
        return f"<operation {self.definition.name}>"


def is_operation(value: object) -> TypeGuard[operation[Any, ...]]:
    """Whether a class attribute is an operation."""
    return isinstance(value, operation)


class api:  # noqa: N801 - used as a decorator
    """Like `operation`, for a method that is one documented API.

    Args:
        name: the platform's name of the API.
        endpoint: verb and path, as `"POST /v1.0/things/{id}?unionId"`. `{id}` is filled from the parameters; those
            named after the question mark go into the query string, the others into the body.
        old: older names, by which `run()` finds it too.
        authenticated: whether the app's access token is sent with it.
        idempotent: whether the call is sent again when its outcome is unknown; by default, every GET is.
        headers: the parameters that are sent as headers, by their wire names.
        token: the parameter that is a user's access token, sent instead of the app's. If it is `None`, the app's
            is sent.
        replace: whether it replaces the package's own operation of that name.

    Raises:
        ConfigurationError: the endpoint is malformed, names a parameter that the method does not have, or a parameter
            has no type.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        /,
        *old: Old | str,
        authenticated: bool = True,
        idempotent: bool | None = None,
        headers: Iterable[str] = (),
        token: str | None = None,
        replace: bool = False,
    ) -> None:
        self.token = token
        self.replace = replace
        self.names = tuple(item if isinstance(item, Old) else Old(item) for item in (name, *old))
        check_endpoint(name, endpoint)
        self.endpoint = Endpoint.parse(endpoint, authenticated=authenticated, idempotent=idempotent, headers=headers)

    def __call__(self, fn: Callable[Concatenate[Any, P], R]) -> operation[R, P]:
        made = operation(fn)
        made.names, made.replace = self.names, self.replace
        made.endpoint, made.token = self.endpoint, self.token
        check_filled(made.endpoint, fn, made.wire_names)
        if self.token is not None:
            check_token(self.token, fn)
        return made


F = TypeVar("F", bound=Callable[..., Any] | operation[Any, ...])


class OwnName(NamedTuple):
    """A name from `@method`, and whether it replaces one of this package."""

    name: str
    replace: bool


def method(name: str, /, *, replace: bool = False) -> Callable[[F], F]:
    """Give a method of a manager or module a name by which `run()` finds it.

    class Contacts(Module):
        @method("acme.contact.everyone")
        def everyone(self) -> list[User]: ...

    Args:
        name: the name.
        replace: whether it replaces a name of this package. Without it, a name that is taken is an error.
    """
    if not name:
        raise ConfigurationError("a method's name cannot be empty / 方法名不能为空")

    def decorate(fn: F) -> F:
        names: tuple[OwnName, ...] = getattr(fn, METHOD_NAMES, ())
        setattr(fn, METHOD_NAMES, (*names, OwnName(name, replace)))
        return fn

    return decorate


METHOD_NAMES = "__dingtalk_methods__"
