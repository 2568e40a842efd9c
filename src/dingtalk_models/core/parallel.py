"""Doing several things at once. Drivers know how: one on threads, the other as tasks of the event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from dingtalk_models.core.errors import DingTalkError, InvalidArgument, Problem
from dingtalk_models.core.steps import Flow, Step, Steps

A = TypeVar("A")
T = TypeVar("T")

MAX_PARALLEL = 16
"""How many calls are made at once where nothing else is said."""

Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Together(Step, Generic[T]):
    """Do several things at once; results in order, and the first error cancels what has not begun."""

    steps: Sequence[Steps[T]]
    workers: int = MAX_PARALLEL
    progress: Progress | None = None

    def tell(self, done: int) -> None:
        """Report how many are done."""
        if self.progress:
            self.progress(done, len(self.steps))


def together(
    steps: Sequence[Steps[T]], *, workers: int = MAX_PARALLEL, progress: Progress | None = None
) -> Flow[list[T]]:
    """Do many calls or flows at once, and have their results in order.

    `pages = yield from together(calls)`: drivers send them from threads, or as tasks of the event loop.

    Args:
        steps: the calls and flows.
        workers: how many at once.
        progress: told how many are done, and of how many, whenever one is.
    """
    check_positive("together", "workers", workers)
    results: list[T] = yield Together(steps, workers, progress)
    return results


def result_or_error(steps: Steps[T]) -> Flow[T | DingTalkError]:
    """The result of a call or flow, or its error as a result."""
    try:
        return (yield from steps)
    except DingTalkError as error:
        return error


class Crew(Protocol):
    """What runs the steps of a window: threads, or tasks of the event loop."""

    @property
    def untaken(self) -> int:
        """How many were begun and are not taken yet."""
        ...

    def begin(self, steps: Steps[Any], /) -> None:
        """Begin one more; its result is taken in the order in which they were begun."""
        ...

    def close(self) -> None:
        """Begin nothing more, and end what runs."""
        ...


class Window(Step, Generic[A, T]):
    """Asks for what stands in a queue, several at once and ahead of need; the answers come in the order of the queue.

    with Window(self.list_ids.call, lambda ids: ids, [1], workers=4) as window:
        while window:
            ids = yield from window.take()

    A slow answer holds up those behind it, but not the asking, as long as there is room. When the window is closed,
    by its end, an error, a key press or because nobody reads on, nothing more is asked, and no thread and no task
    stays.

    Args:
        ask: the call or flow for one item of the queue.
        leads_to: what an answer adds to the queue.
        queue: what it begins with.
        workers: how many are asked for at once.
        room: how many there may be that are asked for and not yet done with, the answer taken last included. By
            default, one worker runs no further than the list is read, and several have some answers waiting.

    Attributes:
        workers: how many are asked for at once.
        crew: what runs the steps; the driver provides it when the first answer is taken.
    """

    def __init__(
        self,
        ask: Callable[[A], Steps[T]],
        leads_to: Callable[[T], Iterable[A]],
        queue: Iterable[A],
        *,
        workers: int,
        room: int | None = None,
    ) -> None:
        self._ask = ask
        self._leads_to = leads_to
        self._queue = deque(queue)
        self.workers = workers
        self._room = 4 * workers - 3 if room is None else room
        self.crew: Crew | None = None

    def take(self) -> Flow[T]:
        """The next answer, or the error in its place."""
        answer: T = yield self
        return answer

    def fill(self) -> None:
        """Ask for as much as there is room for; called by the driver before it waits for an answer."""
        self._ask_while_untaken(self._room)

    def taken(self, answer: T) -> None:
        """Take in what an answer leads to. The answer itself takes room as well, until the next one is taken."""
        self._queue.extend(self._leads_to(answer))
        self._ask_while_untaken(self._room - 1)

    def _ask_while_untaken(self, below: int) -> None:
        while self._queue and self.crew and self.crew.untaken < below:
            self.crew.begin(self._ask(self._queue.popleft()))

    def __bool__(self) -> bool:
        return bool(self._queue or (self.crew and self.crew.untaken))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.crew:
            self.crew.close()


def check_positive(name: str, field: str, value: int) -> None:
    """Refuse a number below 1 where no annotation can."""
    if value < 1:
        raise InvalidArgument(name, [Problem(field, "should be greater than or equal to 1")])


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in groups of at most so many."""
    return [items[start : start + size] for start in range(0, len(items), size)]
