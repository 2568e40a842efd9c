"""Running several calls or flows at once: one driver uses threads, the other tasks of the event loop."""

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
"""How many calls are made at once by default."""

Progress = Callable[[int, int], None]
"""Called with the number done and the total."""


@dataclass(frozen=True, slots=True)
class Together(Step, Generic[T]):
    """Run several steps at once. The results are in order, and the first error cancels what has not started."""

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
    """Run many calls or flows at once, and return their results in order.

    A flow does `pages = yield from together(calls)`.

    Args:
        steps: the calls and flows.
        workers: how many at once.
        progress: called with the number done and the total, each time one is done.
    """
    check_positive("together", "workers", workers)
    results: list[T] = yield Together(steps, workers, progress)
    return results


def result_or_error(steps: Steps[T]) -> Flow[T | DingTalkError]:
    """The result of a call or flow; its error, if it fails."""
    try:
        return (yield from steps)
    except DingTalkError as error:
        return error


class Crew(Protocol):
    """Runs the steps of a window: threads, or tasks of the event loop."""

    @property
    def untaken(self) -> int:
        """How many are started whose result is not taken yet."""
        ...

    def begin(self, steps: Steps[Any], /) -> None:
        """Start one more. Results are taken in the order of the starts."""
        ...

    def close(self) -> None:
        """Start no more, and end those that are running."""
        ...


class Window(Step, Generic[A, T]):
    """Runs a call or flow for each item of a queue, several at once. The results come in the order of the queue.

    with Window(self.list_ids.call, lambda ids: ids, [1], workers=4) as window:
        while window:
            ids = yield from window.take()

    A result can add items to the queue, so a tree can be walked without knowing its size. A slow result delays the
    results after it, but other calls go on as long as there is room; `room` also limits how many results are held in
    memory. When the window is closed (at its end, by an error, by Ctrl-C, or because nobody reads on), nothing more is
    started, and no thread or task is left running.

    Args:
        ask: makes the call or flow for one item of the queue.
        leads_to: the items that a result adds to the queue.
        queue: the first items.
        workers: how many run at once.
        room: the largest number of results that are started and not used up, including the one taken last. By default,
            one worker fetches nothing ahead, and several workers have some results waiting.

    Attributes:
        workers: how many run at once.
        crew: runs the steps; the driver provides it when the first result is taken.
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
        """The next result. Raises its error if it failed."""
        result: T = yield self
        return result

    def fill(self) -> None:
        """Start as many as there is room for; called by the driver before it waits for a result."""
        self._ask_while_untaken(self._room)

    def taken(self, result: T) -> None:
        """Add to the queue what a result leads to. The result needs room too, until the next one is taken."""
        self._queue.extend(self._leads_to(result))
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
    """Refuse a number below 1, in functions whose arguments are not checked by their annotations."""
    if value < 1:
        raise InvalidArgument(name, [Problem(field, "should be greater than or equal to 1 / 须大于或等于 1")])


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items in groups of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
