"""A result that comes later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Promise(Generic[T]):
    """A result that comes later, once. Threads and tasks wait for it in the ways of their drivers.

    It is what `concurrent.futures.Future` is, without its lock: an exception from outside, such as Ctrl-C, leaves that
    lock held, and then nobody can keep the promise any more.
    """

    __slots__ = ("_outcomes", "_waiting")

    def __init__(self) -> None:
        self._outcomes: list[tuple[T, None] | tuple[None, BaseException]] = []  # only the first counts
        self._waiting: deque[Callable[[], object]] = deque()

    def is_kept(self) -> bool:
        """Whether the result, or an error instead of it, is there."""
        return bool(self._outcomes)

    def keep(self, result: T) -> None:
        """Give the result. This does nothing if there is one. It never waits: finalizers call it."""
        self._outcomes.append((result, None))
        self._tell()

    def fail(self, error: BaseException) -> None:
        """Give an error instead of the result."""
        self._outcomes.append((None, error))
        self._tell()

    def result(self) -> T:
        """The result, which must be there; or the error is raised."""
        result, error = self._outcomes[0]
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback has this frame
        return cast("T", result)

    def tell(self, waiting: Callable[[], object]) -> None:
        """Call a function when it is kept, on whatever thread that happens; at once if it is kept already."""
        self._waiting.append(waiting)
        if self._outcomes:
            self._tell()

    def _tell(self) -> None:
        with suppress(IndexError):  # others tell them too, and each is told once
            while True:
                self._waiting.popleft()()
