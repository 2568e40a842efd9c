"""`@formerly`: an operation under its first-generation name, which also accepts the parameters of that time.

class Contact(Module):
    @formerly(UserManager.get, user_id="userid")
    def get_user(self, user_id: str) -> None: ...

app.contact.get_user(userid="u1")     # today's parameters
app.contact.get_user(user_id="u1")    # the first generation's, which type checkers mark as deprecated
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from typing_extensions import deprecated

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Bound, Old, operation
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.problems import UNKNOWN, unknown
from dingtalk_models.core.steps import Flow, Lazy
from dingtalk_models.resource.manager import Manager, Module, manager_for

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")

Owner = Module | Manager | AppLike


class Formerly(Generic[R_co, P, Q]):
    """An operation that accepts today's parameters `P` or the first generation's `Q`; see `formerly`."""

    def __init__(self, definition: operation[R_co, P], old: Old, positional: tuple[str, ...]) -> None:
        self.definition = definition
        self._translated = _Translated(definition, old, positional)

    def __set_name__(self, owner: type, name: str) -> None:
        self.definition.__set_name__(owner, name)  # does nothing if it already has an owner
        self._translated.owner = self.definition.owner

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> operation[R_co, P]: ...
    @overload
    def __get__(self, obj: Owner, owner: type[Any]) -> EitherWay[R_co, P, Q]: ...
    def __get__(self, obj: Owner | None, owner: type[Any]) -> Any:
        return self.definition if obj is None else Bound(self._translated, manager_for(self.definition, obj))


Change = str | Callable[[Any], dict[str, Any]]
"""The translation of an older parameter, as in `Old`."""


def formerly(
    definition: operation[R, P], like: str | None = None, /, **params: Change
) -> Callable[[Callable[Concatenate[Any, Q], None]], Formerly[R, P, Q]]:
    """Give an operation its first-generation name and parameters. It still accepts today's parameters.

    Args:
        definition: the operation.
        like: the older name of the API under which `run()` accepts these parameters.
        params: the translation of parameters that differ from those, or that `run()` does not accept.
    """

    def decorate(signature: Callable[Concatenate[Any, Q], None]) -> Formerly[R, P, Q]:
        known: dict[str, Change] = {} if like is None else _named(definition, like).params
        return Formerly(definition, Old(signature.__name__, **(known | params)), _positional(signature))

    return decorate


def formerly_too(
    signature: Callable[Concatenate[Any, Q], None], /, **params: Change
) -> Callable[[operation[R, P]], Formerly[R, P, Q]]:
    """Like `formerly`, for an operation that kept its name: `@formerly_too(signature)` above `@operation`."""

    def decorate(definition: operation[R, P]) -> Formerly[R, P, Q]:
        return Formerly(definition, Old(definition.__name__, **params), _positional(signature))

    return decorate


def also_takes(older: Callable[Concatenate[Any, Q], None], /) -> Callable[[operation[R, P]], Respelt[R, P, Q]]:
    """Tell type checkers that an operation also takes ids of users under an older name.

    They mark it as deprecated. The operation stays as it is: `Arguments.check` knows all such names, and warns.

    Args:
        older: a call with such a name, of `older_ids`.
    """
    del older

    def decorate(definition: operation[R, P]) -> Respelt[R, P, Q]:
        return cast("Respelt[R, P, Q]", definition)

    return decorate


def _named(definition: operation[Any, Any], name: str) -> Old:
    return next(old for old in definition.names if old.name == name)


def _positional(signature: Callable[..., None]) -> tuple[str, ...]:
    code = cast("FunctionType", signature).__code__
    return code.co_varnames[1 : code.co_argcount]


class _Translated(operation[R_co, P]):
    """An operation that translates first-generation arguments before they are checked."""

    def __init__(self, definition: operation[R_co, P], old: Old, positional: tuple[str, ...]) -> None:
        super().__init__(definition.__wrapped__, definition.types)
        self._definition = definition
        self._old = old
        self._positional = positional

    def build(self, obj: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and self._are_older(args):
            named = dict(zip(self._positional, args, strict=False))
            if twice := named.keys() & kwargs.keys():
                raise InvalidArgument(self.arguments.name, [Problem(name, "given twice / 重复传入") for name in twice])
            args, kwargs = (), named | kwargs
        try:
            return self._definition.build(obj, args, self._old.translate(kwargs))
        except InvalidArgument as error:
            raise InvalidArgument(error.operation, [self._explained(each) for each in error.problems]) from None

    def _are_older(self, args: tuple[Any, ...]) -> bool:
        """Whether positional arguments are the first generation's: not if a place has another meaning today."""
        today, older = self.arguments.positional, self._positional
        if len(args) > len(older):
            return False
        changes = [self._old.params.get(name, name) for name in older[: len(args)]]
        same = all(change == name or callable(change) for change, name in zip(changes, today, strict=False))
        return same or len(args) > len(today)

    def _explained(self, problem: Problem) -> Problem:
        """Add a hint to the problem of an unknown name, which may be a misspelled first-generation name."""
        known = [*self._positional, *self._old.params]
        return problem._replace(message=unknown(problem.field, known)) if problem.message == UNKNOWN else problem


if TYPE_CHECKING:
    # The type that type checkers and editors see. At run time it is a `Bound`, but a subclass of that could not declare
    # two sets of parameters. Today's come first, so that editors show them first.

    class Respelt(Generic[R_co, P, Q]):
        """An operation as `also_takes` shows it."""

        @overload
        def __get__(self, obj: None, owner: type[Any]) -> operation[R_co, P]: ...
        @overload
        def __get__(self, obj: object, owner: type[Any]) -> EitherWay[R_co, P, Q]: ...
        def __get__(self, obj: object, owner: type[Any]) -> Any: ...

    class EitherWay(Generic[R_co, P, Q]):
        """An operation of one manager or object that takes today's parameters, or older ones."""

        @overload
        def __call__(self: EitherWay[Call[T], P, Q], *args: P.args, **kwargs: P.kwargs) -> T: ...
        @overload
        def __call__(self: EitherWay[Flow[T], P, Q], *args: P.args, **kwargs: P.kwargs) -> T: ...
        @overload
        def __call__(self: EitherWay[Lazy[Any], P, Q], *args: P.args, **kwargs: P.kwargs) -> R_co: ...
        @overload
        @deprecated("older names of parameters; editors show today's first")
        def __call__(self: EitherWay[Call[T], P, Q], *args: Q.args, **kwargs: Q.kwargs) -> T: ...
        @overload
        @deprecated("older names of parameters; editors show today's first")
        def __call__(self: EitherWay[Flow[T], P, Q], *args: Q.args, **kwargs: Q.kwargs) -> T: ...
        @overload
        @deprecated("older names of parameters; editors show today's first")
        def __call__(self: EitherWay[Lazy[Any], P, Q], *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...
        def __call__(self: EitherWay[Any, P, Q], *args: Any, **kwargs: Any) -> Any: ...

        @overload
        async def aio(self: EitherWay[Lazy[T], P, Q], *args: P.args, **kwargs: P.kwargs) -> list[T]: ...
        @overload
        async def aio(self: EitherWay[Call[T] | Flow[T], P, Q], *args: P.args, **kwargs: P.kwargs) -> T: ...
        @overload
        @deprecated("older names of parameters; editors show today's first")
        async def aio(self: EitherWay[Lazy[T], P, Q], *args: Q.args, **kwargs: Q.kwargs) -> list[T]: ...
        @overload
        @deprecated("older names of parameters; editors show today's first")
        async def aio(self: EitherWay[Call[T] | Flow[T], P, Q], *args: Q.args, **kwargs: Q.kwargs) -> T: ...
        async def aio(self: EitherWay[Any, P, Q], *args: Any, **kwargs: Any) -> Any: ...

        @overload
        def later(self: EitherWay[Lazy[T], P, Q], *args: P.args, **kwargs: P.kwargs) -> Flow[list[T]]: ...
        @overload
        def later(self: EitherWay[Call[T] | Flow[T], P, Q], *args: P.args, **kwargs: P.kwargs) -> Flow[T]: ...
        def later(self: EitherWay[Any, P, Q], *args: P.args, **kwargs: P.kwargs) -> Any: ...

        @overload
        def call(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
        @overload
        @deprecated("older names of parameters; editors show today's first")
        def call(self, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...
        def call(self, *args: Any, **kwargs: Any) -> Any: ...
