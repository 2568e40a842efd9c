"""Registers handlers of events, messages and clicks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Generic, Never

from typing_extensions import TypeVar

from dingtalk_models.callback.arrival import Arrival
from dingtalk_models.core.errors import ConfigurationError

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
        check_handler(handler)
        for name in self._names:
            self._handlers.setdefault(name, []).append(handler)
        return handler


def check_handler(handler: Callable[..., object]) -> None:
    """Refuse a handler that cannot be called with one argument.

    Raises:
        ConfigurationError: it takes none, or needs more.
    """
    try:
        signature = inspect.signature(handler)
    except ValueError:  # of some functions that are written in C, nothing is known
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise ConfigurationError(
            f"{getattr(handler, '__qualname__', handler)}{signature} cannot be a handler, which is called with one "
            f"argument, as in `def handler(event)`: {error} / 处理函数须能接收一个参数"
        ) from None
