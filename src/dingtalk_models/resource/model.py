"""The base classes of resources: pydantic models, and managers with the operations that load them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Generic, ParamSpec, Self, TypeVar, get_args, overload

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.call.loaded import Loaded, comparable, origin_of, place_of, set_hidden, value_before
from dingtalk_models.call.operation import Bound, is_operation, operation
from dingtalk_models.call.repair import UNPARSED
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import InvalidArgument, Problem, TransportError
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.problems import fields_in, names_of_fields, problems, unknown
from dingtalk_models.core.wire import limited_as_argument
from dingtalk_models.resource.registry import register

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
M = TypeVar("M", bound="Manager")


class Record(BaseModel):
    """An object in a reply. Unknown fields are kept; a number may come as a string, and a string as a number.

    A field that may be `None` may be missing too. Classes that are made by hand have `= None` for type checkers.
    """

    model_config = ConfigDict(
        extra="allow",
        populate_by_name=True,
        coerce_numbers_to_str=True,
        protected_namespaces=(),
        ignored_types=(operation, Bound),
        defer_build=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A field that may be `None` may be missing. Limits apply to arguments only: a reply may exceed them."""
        reference = handler(source)
        fields: Any = handler.resolve_ref_schema(reference)
        while fields["type"] != "model-fields":
            fields = fields["schema"]
        for field in fields["fields"].values():
            field["schema"] = limited_as_argument(_may_be_missing(field["schema"]))
        return reference

    @property
    def unparsed(self) -> dict[str, Any]:
        """Fields that do not have their documented form, as they came."""
        kept: object = (self.model_extra or {}).get(UNPARSED)
        return kept if is_object(kept) else {}

    if not TYPE_CHECKING:  # with them, type checkers would let any name be read and assigned

        def __getattr__(self, name: str) -> Any:
            """Say why an object of a reply does not have a field that every object of its class has."""
            if name in type(self).model_fields:
                kind = type(self).__name__
                raise TransportError(f"{kind}.{name} could not be read from the reply: what came is in .unparsed")
            return super().__getattr__(name)

        def __setattr__(self, name: str, value: Any) -> None:
            """Assign a field."""
            kind = type(self)
            if not (name in kind.model_fields or name in (self.model_extra or {}) or name.startswith("_")):
                raise InvalidArgument(kind.__name__, [Problem(name, unknown(name, kind.model_fields))])
            super().__setattr__(name, value)
            if unparsed := self.unparsed:
                names = names_of_fields(kind)
                kept = {other: part for other, part in unparsed.items() if names.get(other, other) != name}
                self.__pydantic_extra__[UNPARSED] = kept

    def __repr_args__(self) -> Any:
        """Only fields that have a value, so that a log line stays short. Times are ISO text."""
        return [(name, _readable(value)) for name, value in super().__repr_args__() if value not in (None, [], "")]


class Model(Loaded, Record):
    """A resource of the platform. It remembers the app that loaded it, and which fields were assigned since."""

    __slots__ = ("_before",)

    model_config = ConfigDict(validate_assignment=True)

    @property
    def app(self) -> AppLike | None:
        """The app that loaded this object; `None` for an object made by hand, copied or unpickled."""
        return origin_of(self)[0]

    def using(self, app: AppLike | None) -> Self:
        """Make this object use an app for its calls."""
        set_hidden(self, "_origin", (app, origin_of(self)[1]))
        return self

    if not TYPE_CHECKING:  # with it, type checkers would let any name be assigned

        def __setattr__(self, name: str, value: Any) -> None:
            """Assign a field. Its type and the limits of the resource's `update` are checked."""
            kind = type(self)
            before = self._values_before
            if name not in before:
                before = {**before, name: value_before(self, name, value)}
            if name in kind.model_fields and comparable(value) != before[name]:
                _check_with_update(kind, name, value)
            try:
                super().__setattr__(name, value)
            except ValidationError as error:
                raise InvalidArgument(kind.__name__, problems(error, fields_in(kind))) from None
            set_hidden(self, "_before", before)

    @property
    def _values_before(self) -> dict[str, Any]:
        """What the platform has in the fields that were assigned or saved, to compare with."""
        return getattr(self, "_before", {})

    def changes(self) -> dict[str, Any]:
        """The fields that `save()` sends, with their values: those that were assigned and differ from before."""
        before = self._values_before
        now = {name: getattr(self, name) for name in type(self).model_fields if name in before}
        return {name: value for name, value in now.items() if comparable(value) != before[name]}

    @property
    def assigned(self) -> frozenset[str]:
        """The names of the fields in `changes()`."""
        return frozenset(self.changes())

    def replace(self, other: Model) -> None:
        """Replace every field by that of another object of this resource."""
        vars(self).update(vars(other))
        set_hidden(self, "__pydantic_extra__", other.__pydantic_extra__)
        set_hidden(self, "__pydantic_fields_set__", set(other.__pydantic_fields_set__))
        set_hidden(self, "_origin", (self.app, origin_of(other)[1]))
        set_hidden(self, "_place", place_of(other))
        set_hidden(self, "_before", {})

    def hold(self, fields: Mapping[str, Any]) -> None:
        """Set fields to values that the platform has accepted, so they need not be saved."""
        held = [name for name in fields if name in type(self).model_fields]
        for name in held:
            super().__setattr__(name, fields[name])
        before = {name: comparable(vars(self)[name]) for name in held}
        set_hidden(self, "_before", {**self._values_before, **before})


class Manager:
    """The operations of a resource, reached as `Resource.objects`."""

    def __init__(self, app: AppLike | None = None) -> None:
        self.app = app

    def __init_subclass__(cls) -> None:
        register(cls)

    # a type variable, because jedi resolves `Self` to this class and not to the subclass
    def using(self: M, app: AppLike) -> M:  # noqa: PYI019
        """The same operations, sent by this app: `Department.objects.using(app).get(1)`."""
        return type(self)(app)


class Module:
    """A group of methods on an app, such as `app.contact`. Subclass it to add methods of your own to `run()`."""

    def __init__(self, app: AppLike) -> None:
        self.app = app

    def __init_subclass__(cls) -> None:
        register(cls)


class managed(Generic[M]):  # noqa: N801 - used in class bodies, like `property`
    """A manager as an attribute of a module, using the module's app: `users = managed(UserManager)`."""

    def __init__(self, kind: type[M]) -> None:
        self.kind: type[Manager] = kind
        self._make: Callable[[AppLike], M] = kind
        self.__doc__ = kind.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, module: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, module: Module, owner: type[Any]) -> M: ...
    def __get__(self, module: Module | None, owner: type[Any]) -> Any:
        if module is None:
            return self
        made = vars(module)[self._name] = self._make(module.app)  # found there from now on
        return made


class Alias(Generic[R_co, P]):
    """A manager's operation under another name: see `alias`."""

    def __init__(self, definition: operation[R_co, P]) -> None:
        self.definition = definition

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> operation[R_co, P]: ...
    @overload
    def __get__(self, obj: Module | Manager | AppLike, owner: type[Any]) -> Bound[R_co, P]: ...
    def __get__(self, obj: Module | Manager | AppLike | None, owner: type[Any]) -> Any:
        return self.definition if obj is None else Bound(self.definition, manager_for(self.definition, obj))


def manager_for(definition: operation[Any, ...], owner: Module | Manager | AppLike) -> Any:
    """The manager of an operation, with the app of a module or of another manager, or with an app."""
    make: Any = definition.home
    return make(owner.app if isinstance(owner, Module | Manager) else owner)


def alias(definition: operation[R, P]) -> Alias[R, P]:
    """Give a manager's operation another name, on a module, another manager or an app.

    class Contact(Module):
        get_user = alias(UserManager.get)
    """
    return Alias(definition)  # a function, because jedi infers types from the arguments of functions only


class _Time:
    """A time or a day, whose `repr` is its ISO text."""

    def __init__(self, value: date) -> None:
        self._text = value.isoformat()

    def __repr__(self) -> str:
        return self._text


def _readable(value: object) -> object:
    """A value of a field, to be shown; a list with the times in it."""
    if is_array(value):
        return [_readable(each) for each in value]
    return _Time(value) if isinstance(value, date) else value


def _may_be_missing(schema: Any) -> Any:
    return core_schema.with_default_schema(schema, default=None) if schema["type"] == "nullable" else schema


def _check_with_update(kind: type[Model], name: str, value: Any) -> None:
    """Check a field against the resource's `update`, if it has one: a field that cannot be sent cannot be changed."""
    update: object = getattr(kind, "update", None)
    if is_operation(update):
        if name not in update.arguments.fields:
            problem = Problem(name, "cannot be changed: update() has no such field / 不能修改：update() 没有该字段")
            raise InvalidArgument(kind.__name__, [problem])
        update.arguments.check_one(name, value)


class Shape(Record):
    """A record that can also be an argument: strict when it is made by hand or sent, tolerant in a reply.

    A shape from a reply can be sent again: the fields that are set, and undocumented ones as they came. A field
    of which something could not be read is not sent, unless it is assigned.
    """

    if not TYPE_CHECKING:

        def __new__(cls, /, **fields: Any) -> Self:
            """Check an object made by hand. Pydantic passes no fields here when it reads a reply."""
            if fields:
                try:
                    cls.model_validate(fields, extra="forbid", by_alias=True, by_name=True)
                except ValidationError as error:
                    raise InvalidArgument(cls.__name__, problems(error, fields_in(cls))) from None
            return super().__new__(cls)


def _given(value: Any) -> Any:
    """Shapes as dicts of the fields that are set, at every depth."""
    if isinstance(value, Shape):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        # what was read in part stays as the platform has it, until it is assigned
        unread = {names_of_fields(type(value)).get(name) for name in value.unparsed}
        # a list that was never set may have been filled in place
        given = {
            name: part
            for name, part in fields.items()
            if name not in unread and (part or name in value.model_fields_set)
        }
        undocumented = {name: part for name, part in (value.model_extra or {}).items() if name != UNPARSED}
        return undocumented | {name: _given(part) for name, part in given.items()}
    return [_given(part) for part in value] if is_array(value) else value


def _checked_again(value: Any) -> Any:
    """Check every shape in a value again: its fields may have changed since it was made."""
    if isinstance(value, Shape):
        return type(value).model_validate(_given(value), extra="allow")
    if is_object(value):
        return {name: _checked_again(part) for name, part in value.items()}
    return [_checked_again(part) for part in value] if is_array(value) else value


class _AsArgument:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        kind = get_args(source)[0]
        return core_schema.no_info_before_validator_function(_checked_again, handler.generate_schema(kind))


S = TypeVar("S", bound=Shape)

OrDict = Annotated[S | Mapping[str, object], _AsArgument()]
"""An argument that is a shape or a dict of its fields: `Sequence[OrDict[Component]]`."""
