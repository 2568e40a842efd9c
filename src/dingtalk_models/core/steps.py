"""Flows, and the steps that they yield: descriptions of what to do, performed by a driver.

An operation that needs more than one call is a generator: it yields steps and receives their results. A step is plain
data. One driver performs steps on the calling thread, the other on the event loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from dingtalk_models.core.http import HttpRequest, HttpResponse
from dingtalk_models.core.promise import Promise

T = TypeVar("T")
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
    """A result that is fetched only as it is read: a lazy list. Calling the operation sends nothing yet."""

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
    """Wait for a result that another thread or task is working on. It is `None` if it does not come in time.

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
class Handle(Step):
    """Pass a value to a handler. A coroutine function runs on an event loop, any other function where it may block."""

    handler: Callable[[Any], object]
    value: object

    def __iter__(self) -> Flow[object]:
        returned: object = yield self
        return returned
