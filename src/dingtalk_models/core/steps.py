"""Flows, and the steps that they yield: descriptions of what to do, performed by a driver.

An operation that takes more than one call is a generator: it yields steps and receives their results. A step is plain
data: what it asks for is done on the calling thread by one driver, on the event loop by the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from dingtalk_models.core.http import HttpRequest, HttpResponse

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Step:
    """One thing that a flow asks its driver to do."""

    __slots__ = ()


Flow = Generator[Step, Any, T]
"""What an operation of several calls returns: `page = yield from self.list.call(1)`."""


class Steps(Protocol[T_co]):
    """Anything a driver can run: a `Call`, a `Flow`."""

    def __iter__(self) -> Generator[Step, Any, T_co]: ...


class Lazy(ABC, Generic[T]):
    """What an operation returns unsent even when it is called: a list, fetched as far as it is read."""

    app: Any

    @abstractmethod
    def collect(self) -> Flow[list[T]]:
        """Everything in it."""


class Transport(Protocol):
    """Sends requests and waits for their answers. Raises `TransportError` where no usable answer came."""

    def send(self, request: HttpRequest, /) -> HttpResponse:
        """Send one request and return what came back, whatever its status."""
        ...

    def close(self) -> None:
        """Give back connections; the transport may be used again afterwards."""
        ...


class AsyncTransport(Protocol):
    """The same on the event loop."""

    async def send(self, request: HttpRequest, /) -> HttpResponse:
        """Send one request and return what came back, whatever its status."""
        ...

    async def close(self) -> None:
        """Give back connections; the transport may be used again afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Send(Step):
    """Send a request over the app's transport."""

    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Sleep(Step):
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blocking(Step, Generic[T]):
    """Do something that may block, such as asking the session store: on the event loop, in a thread."""

    work: Callable[[], T]

    def __iter__(self) -> Flow[T]:
        answer: T = yield self
        return answer


@dataclass(frozen=True, slots=True)
class Wait(Step, Generic[T]):
    """Wait for what another thread or task is finding out, but not for ever: `None` where it has not come in time.

    Attributes:
        future: its result.
        worker: the id of the thread that works on it, or that runs the task.
        seconds: how long to wait.
    """

    future: Future[T]
    worker: int
    seconds: float

    def __iter__(self) -> Flow[T | None]:
        answer: T | None = yield self
        return answer


@dataclass(frozen=True, slots=True)
class Background(Step):
    """Start a flow and go on without waiting for it; its errors are its own."""

    flow: Callable[[], Flow[None]]


@dataclass(frozen=True, slots=True)
class Handle(Step):
    """Let a function have a value: a coroutine function on an event loop, any other where it may block."""

    handler: Callable[[Any], object]
    value: object
