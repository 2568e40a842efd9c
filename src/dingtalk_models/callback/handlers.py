"""The handlers of what arrives, and the decorator that registers one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, Never

from typing_extensions import TypeVar

from dingtalk_models.callback.arrival import Arrival

E = TypeVar("E", bound=Arrival)
Other = TypeVar("Other", bound=Any, default=Never)
R = TypeVar("R", default=Any)

Handler = Callable[[Any], Any]


class Decorator(Generic[E]):
    """Registers a handler for some types of arrival, and returns it: another decorator can register it for more.

    Args:
        handlers: the handlers of each type.
        names: the types.
    """

    def __init__(self, handlers: dict[str, list[Handler]], names: Iterable[str]) -> None:
        self._handlers = handlers
        self._names = tuple(dict.fromkeys(names))

    # The handler may take other events too, those of the next decorator. `Other` is what remains of its type without E.
    # Its bound is Any, so that the parameter of a lambda is an E.
    def __call__(self, handler: Callable[[E | Other], R], /) -> Callable[[E | Other], R]:
        for name in self._names:
            self._handlers.setdefault(name, []).append(handler)
        return handler
