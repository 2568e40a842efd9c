"""Resources: a pydantic model, and the manager whose operations load it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import cached_property
from itertools import repeat
from typing import Any, Generic, ParamSpec, Self, TypeGuard, TypeVar, cast, get_args, overload

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticUndefined
from typing_extensions import get_type_hints

from dingtalk_models.core.arguments import did_you_mean
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.mending import UNPARSED
from dingtalk_models.core.operation import Bound, is_operation, operation
from dingtalk_models.core.paging import Page
from dingtalk_models.core.registry import register

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
M = TypeVar("M", bound="Manager")


class _NoList(list[Any]):
    """Stands for every list that a reply does not bring, until somebody asks for it; in copies and pickles as well."""

    def __reduce__(self) -> str:
        return "_NO_LIST"


_NO_LIST = _NoList()


class _OnDemand:
    """A list field. Most lists of most people are absent, and never looked at: each would cost time and memory."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, record: Record | None, owner: type[Record]) -> list[Any]:
        if record is None or self._name not in (values := vars(record)):
            raise AttributeError(self._name)
        if values[self._name] is _NO_LIST:
            values[self._name] = []
        found: list[Any] = values[self._name]
        return found

    def __set__(self, record: Record, value: list[Any]) -> None:
        vars(record)[self._name] = value


class Record(BaseModel):
    """An object in a reply: unknown fields are kept, numbers may come as strings and strings as numbers."""

    model_config = ConfigDict(
        extra="allow",
        populate_by_name=True,
        coerce_numbers_to_str=True,
        protected_namespaces=(),
        ignored_types=(operation, Bound),
        defer_build=True,
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Make the lists of fields that a reply does not bring when they are asked for."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            if field.default == []:
                field.default, field.default_factory = PydanticUndefined, repeat(_NO_LIST).__next__
                type.__setattr__(cls, name, _OnDemand(name))

    def __iter__(self) -> Generator[tuple[str, Any]]:
        """Names and values, as for `dict(user)`."""
        for name, _ in super().__iter__():
            yield name, getattr(self, name)

    @property
    def unparsed(self) -> dict[str, Any]:
        """Fields that the platform sent in a form that contradicts its documentation, as they came."""
        kept: dict[str, Any] = (self.model_extra or {}).get(UNPARSED, {})
        return kept

    def __repr_args__(self) -> Any:
        """What is set, so that an object reads well in a log."""
        return [(name, value) for name, value in super().__repr_args__() if value not in (None, [], "")]


class Model(Record):
    """A resource of the platform. It remembers the app that loaded it, and what was assigned since."""

    __slots__ = ("_app", "_assigned")

    model_config = ConfigDict(validate_assignment=True)

    @property
    def app(self) -> AppLike | None:
        """The app that loaded this object; none for one made by hand, copied or unpickled."""
        return getattr(self, "_app", None)

    def using(self, app: AppLike | None) -> Self:
        """Let this object work through an app."""
        object.__setattr__(self, "_app", app)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        """Assign a field, checked against its type and the limits of the resource's update."""
        kind = type(self).__name__
        fields = type(self).model_fields
        if name not in fields:
            raise InvalidArgument(kind, [Problem(name, "unknown" + did_you_mean(name, fields))])
        _check_with_update(type(self), name, value)
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise InvalidArgument(kind, [Problem(name, entry["msg"]) for entry in error.errors()]) from None
        object.__setattr__(self, "_assigned", self.assigned | {name})

    @property
    def assigned(self) -> frozenset[str]:
        """The fields assigned since this object was loaded or saved; what `save()` sends."""
        return getattr(self, "_assigned", frozenset())

    def changes(self) -> dict[str, Any]:
        """The fields that `save()` sends, with their values."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.assigned}

    def replace(self, other: Model) -> None:
        """Become equal to another object of this resource."""
        vars(self).update(vars(other))
        object.__setattr__(self, "__pydantic_extra__", other.__pydantic_extra__)
        object.__setattr__(self, "__pydantic_fields_set__", set(other.__pydantic_fields_set__))
        object.__setattr__(self, "_assigned", frozenset[str]())

    def hold(self, fields: dict[str, Any]) -> None:
        """Take over what the platform has accepted; such fields are not waiting to be saved."""
        pending = self.assigned - fields.keys()
        fresh = type(self).model_validate({**vars(self), **fields}, by_name=True)
        vars(self).update({name: value for name, value in vars(fresh).items() if name in fields})
        self.model_fields_set.update(name for name in fields if name in type(self).model_fields)
        object.__setattr__(self, "_assigned", pending)


class Manager:
    """The operations of a resource, reached as `Resource.objects`."""

    def __init__(self, app: AppLike | None = None) -> None:
        self.app = app

    def __init_subclass__(cls) -> None:
        register(cls)

    # jedi follows a type variable into a subclass, and `Self` only to this class
    def using(self: M, app: AppLike) -> M:  # noqa: PYI019
        """The same operations through a certain app: `Department.objects.using(app).get(1)`."""
        return type(self)(app)


class Module:
    """A group of methods on an app, such as `app.contact`; subclass it to give `run()` methods of your own."""

    def __init__(self, app: AppLike) -> None:
        self.app = app

    def __init_subclass__(cls) -> None:
        register(cls)


class managed(cached_property[M]):  # noqa: N801 - used in class bodies, like `property`
    """A manager on a module, bound to the module's app: `users = managed(UserManager)`."""

    def __init__(self, kind: type[M]) -> None:
        super().__init__(lambda module: kind(module.app))
        self.kind: type[Manager] = kind
        self.__doc__ = kind.__doc__


class Alias(Generic[R_co, P]):
    """A manager's operation under another name: see `alias`."""

    def __init__(self, definition: operation[R_co, P]) -> None:
        self.definition = definition

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> operation[R_co, P]: ...
    @overload
    def __get__(self, obj: Module | AppLike, owner: type[Any]) -> Bound[R_co, P]: ...
    def __get__(self, obj: Module | AppLike | None, owner: type[Any]) -> Any:
        if obj is None:
            return self.definition
        manager: Any = self.definition.home
        return Bound(self.definition, manager(obj.app if isinstance(obj, Module) else obj))


def alias(definition: operation[R, P]) -> Alias[R, P]:
    """Give a manager's operation another name, on a module or an app.

    class Contact(Module):
        get_user = alias(UserManager.get)
    """
    return Alias(definition)  # a function: jedi follows the types of its arguments, and not those of a class


def is_page(value: object) -> TypeGuard[Page[Any]]:
    """Whether an answer is a page of a list."""
    return isinstance(value, Page)


_remember: Callable[[Any, AppLike], None] = vars(Model)["_app"].__set__


def bind(answer: object, app: AppLike) -> None:
    """Let every resource in an answer remember the app that loaded it."""
    several = isinstance(answer, list)
    for item in cast("list[object]", answer) if several else (answer,):
        fields = _resource_fields[type(item)]
        if fields is not None:
            _remember(item, app)
            for name in fields:
                bind(getattr(item, name), app)
        elif is_page(item):
            bind(item.items, app)


class _ResourceFields(dict[type, tuple[str, ...] | None]):
    """The fields of a resource that hold resources themselves; `None` for what is no resource."""

    def __missing__(self, kind: type) -> tuple[str, ...] | None:
        fields = None
        if issubclass(kind, Model):
            hints = get_type_hints(kind).items()
            fields = tuple(name for name, hint in hints if name in kind.model_fields and _holds_model(hint))
        self[kind] = fields
        return fields


_resource_fields = _ResourceFields()


def _holds_model(hint: Any) -> bool:
    return any(map(_holds_model, get_args(hint))) or (isinstance(hint, type) and issubclass(hint, Model))


def _check_with_update(kind: type[Model], name: str, value: Any) -> None:
    """Check a field against the resource's update, where it has one: what that cannot send cannot change."""
    update: object = getattr(kind, "update", None)
    if is_operation(update):
        if name not in update.arguments.fields:
            raise InvalidArgument(kind.__name__, [Problem(name, "cannot be changed: update() has no such field")])
        update.arguments.check_one(name, value)
