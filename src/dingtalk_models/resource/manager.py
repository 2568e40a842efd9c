"""Managers, with the operations of a resource, and modules, with those of an app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from dingtalk_models.call.operation import Bound, operation
from dingtalk_models.core.context import AppLike
from dingtalk_models.resource.registry import register

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
M = TypeVar("M", bound="Manager")


class Manager:
    """The operations of a resource, reached as `Resource.objects`."""

    def __init__(self, app: AppLike | None = None) -> None:
        self.app = app

    def __init_subclass__(cls) -> None:
        register(cls)

    # a type variable, because jedi resolves `Self` to this class and not to the subclass
    def using(self: M, app: AppLike) -> M:  # noqa: PYI019
        """Return the same operations for another app: `Department.objects.using(app).get(1)`."""
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
        made = vars(module)[self._name] = self._make(module.app)  # the instance attribute is found first from now on
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
    """Make the manager of an operation for an app, or for the app of a module or another manager."""
    make: Any = definition.home
    return make(owner.app if isinstance(owner, Module | Manager) else owner)


def alias(definition: operation[R, P]) -> Alias[R, P]:
    """Give a manager's operation another name, on a module, another manager or an app.

    class Contact(Module):
        get_user = alias(UserManager.get)
    """
    return Alias(definition)  # a function, because jedi infers types from the arguments of functions only
