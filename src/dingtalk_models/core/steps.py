"""Flows and their steps. A flow yields steps, which describe what to do, and a driver performs them.

An operation with several calls is a generator that yields steps and receives their results. A step is plain data. One
driver performs steps on the calling thread, the other on the event loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar, cast

from dingtalk_models.core.errors import DingTalkError, InvalidArgument, Problem
from dingtalk_models.core.http import HttpRequest, HttpResponse

T = TypeVar("T")


class Promise(Generic[T]):
    """A result that comes later. Threads and tasks wait for it through their drivers.

    Like `concurrent.futures.Future`, but without its lock: an exception from outside, such as Ctrl-C, can leave that
    lock held, and then the promise could never be kept.
    """

    __slots__ = ("_outcomes", "_waiting")

    def __init__(self) -> None:
        self._outcomes: list[tuple[T, None] | tuple[None, BaseException]] = []  # only the first counts
        self._waiting: deque[Callable[[], object]] = deque()

    def is_kept(self) -> bool:
        """Whether there is a result or an error."""
        return bool(self._outcomes)

    def keep(self, result: T) -> None:
        """Set the result, unless there is one. Never blocks, since finalizers call it."""
        self._outcomes.append((result, None))
        self._tell()

    def fail(self, error: BaseException) -> None:
        """Set an error instead of the result."""
        self._outcomes.append((None, error))
        self._tell()

    def result(self) -> T:
        """Return the result or raise the error. There must be one."""
        result, error = self._outcomes[0]
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback has this frame
        return cast("T", result)

    def tell(self, waiting: Callable[[], object]) -> None:
        """Call a function when the promise is kept, on the thread that keeps it; at once if it is kept already."""
        self._waiting.append(waiting)
        if self._outcomes:
            self._tell()

    def _tell(self) -> None:
        with suppress(IndexError):  # other threads call these too; `pop` gives each function to one of them
            while True:
                self._waiting.popleft()()


T_co = TypeVar("T_co", covariant=True)


class Step:
    """Something that a flow asks its driver to do."""

    __slots__ = ()


Flow = Generator[Step, Any, T]
"""Returned by an operation that makes several calls: `page = yield from self.list.call(1)`."""


class Steps(Protocol[T_co]):
    """Anything that a driver can run: a `Call` or a `Flow`."""

    def __iter__(self) -> Generator[Step, Any, T_co]: ...


class Lazy(ABC, Generic[T]):
    """A lazy list: it is fetched while it is read. Calling the operation sends nothing yet."""

    app: Any
    name: str
    """The operation that made it, such as `User.list`."""

    @abstractmethod
    def collect(self) -> Flow[list[T]]:
        """Fetch everything in it."""


class Transport(Protocol):
    """Sends requests and waits for the responses. Raises `TransportError` if no usable response came."""

    def send(self, request: HttpRequest, /) -> HttpResponse:
        """Send one request and return the response, whatever its status."""
        ...

    def close(self) -> None:
        """Close the connections. The transport can be used again afterwards."""
        ...


class AsyncTransport(Protocol):
    """The same as `Transport`, on the event loop."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """Send one request and return the response, whatever its status."""
        ...

    async def close(self) -> None:
        """Close the connections. The transport can be used again afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Send(Step):
    """Send a request over the app's transport."""

    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Sleep(Step):
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blocking(Step, Generic[T]):
    """Run a function that may block, such as a read of the session store. The async driver runs it in a thread."""

    work: Callable[[], T]

    def __iter__(self) -> Flow[T]:
        result: T = yield self
        return result


@dataclass(frozen=True, slots=True)
class Wait(Step, Generic[T]):
    """Wait for a result of another thread or task. Gives `None` if it does not come in time.

    Attributes:
        promise: the result.
        worker: the id of the thread that works on it, or that runs the task.
        seconds: how long to wait.
    """

    promise: Promise[T]
    worker: int
    seconds: float

    def __iter__(self) -> Flow[T | None]:
        result: T | None = yield self
        return result


@dataclass(frozen=True, slots=True)
class Background(Step):
    """Start a flow and do not wait for it. Its errors do not reach the flow that started it."""

    flow: Callable[[], Flow[None]]


@dataclass(frozen=True, slots=True)
class RunHandler(Step):
    """Pass a value to a handler. A coroutine function runs on an event loop, other functions where they may block."""

    handler: Callable[[Any], object]
    value: object

    def __iter__(self) -> Flow[object]:
        returned: object = yield self
        return returned


A = TypeVar("A")

MAX_PARALLEL = 16
"""How many calls are made at once by default."""

Progress = Callable[[int, int], None]
"""Called with the number done and the total."""


@dataclass(frozen=True, slots=True)
class Together(Step, Generic[T]):
    """Run several steps at once. Results keep their order; the first error cancels steps that have not started."""

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
    """Return the result of a call or flow, or its error if it fails."""
    try:
        return (yield from steps)
    except DingTalkError as error:
        return error


class Crew(Protocol):
    """Runs the steps of a window: threads, or tasks of the event loop."""

    @property
    def untaken(self) -> int:
        """How many started steps have a result that is not taken yet."""
        ...

    def begin(self, steps: Steps[Any], /) -> None:
        """Start one more step. Results are taken in the order of the starts."""
        ...

    def close(self) -> None:
        """Start no more steps, and stop the running ones."""
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
        """Return the next result, or raise its error."""
        result: T = yield self
        return result

    def fill(self) -> None:
        """Start as many steps as there is room for. The driver calls this before it waits for a result."""
        self._ask_while_untaken(self._room)

    def taken(self, result: T) -> None:
        """Add the items that a result leads to. The result needs room too, until the next one is taken."""
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
    """Refuse a number below 1, for functions that do not check arguments by annotation."""
    if value < 1:
        raise InvalidArgument(name, [Problem(field, "should be greater than or equal to 1 / 须大于或等于 1")])


def batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Split items into groups of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
