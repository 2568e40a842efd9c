"""Serves the operations: reads requests, performs them, and writes the replies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from dingtalk_models.sandbox.handle import PREFIX
from dingtalk_models.sandbox.handle.document import document
from dingtalk_models.sandbox.handle.operations import NOTHING, OPERATIONS, HandleOperation
from dingtalk_models.sandbox.handle.problems import Failed, of_error, of_status, of_validation
from dingtalk_models.sandbox.server.loading import load_endpoints

if TYPE_CHECKING:
    from dingtalk_models.sandbox import Sandbox

T = TypeVar("T")
Waiting: TypeAlias = WeakKeyDictionary[asyncio.Event, asyncio.Semaphore]
"""The limit of waiting operations, by the event that stops the server: each restart has a new event."""
Perform = Callable[[Request], Awaitable[Response]]

LARGEST: Final = 64 * 1024 * 1024
"""The largest body in bytes."""

MOST_WAITING: Final = 64
"""How many operations may wait for somebody at once. More wait for their turn."""

log = logging.getLogger("dingtalk_models.sandbox")


def serving(sandbox: Sandbox) -> ASGIApp:
    """Make the application for a sandbox."""
    load_endpoints([__package__ or ""])
    waiting: Waiting = WeakKeyDictionary()
    by_path: defaultdict[str, dict[str, Perform]] = defaultdict(dict)
    for each in OPERATIONS:
        by_path[each.path][each.verb] = partial(_perform, sandbox, each, waiting)
    routes = [Route(f"{PREFIX}/openapi.json", _document, methods=["GET"])]
    routes += [Route(PREFIX + path, _by_verb(verbs), methods=list(verbs)) for path, verbs in by_path.items()]
    handlers = {HTTPException: _not_routed, Failed: _failed, ClientDisconnect: _gone}
    return Starlette(routes=routes, exception_handlers=handlers)


@cache
def described() -> bytes:
    """Make the OpenAPI document once."""
    load_endpoints([__package__ or ""])
    return document(OPERATIONS)


async def _document(request: Request) -> Response:
    del request
    return Response(described(), media_type="application/json")


def _by_verb(verbs: dict[str, Perform]) -> Perform:
    async def choose(request: Request) -> Response:
        return await verbs["GET" if request.method == "HEAD" else request.method](request)

    return choose


async def _perform(sandbox: Sandbox, operation: HandleOperation, waiting: Waiting, request: Request) -> Response:
    try:
        arguments = await _arguments(operation, request)
        work = partial(operation.perform, sandbox, **arguments)
        if operation.waits:
            stopping: asyncio.Event = request.state.stopping
            async with waiting.setdefault(stopping, asyncio.Semaphore(MOST_WAITING)):
                result = await _in_thread(work, stopping)
        else:
            result = work()
    except ValidationError as error:
        raise of_validation(error) from None
    except ClientDisconnect:
        raise
    except Exception as error:
        failed = of_error(error)
        if failed is None:
            log.exception("%s %s -> 500", request.method, request.url.path)
            failed = Failed("broken", f"{type(error).__name__}: {error}.")
        raise failed from None
    if isinstance(result, bytes):
        return Response(result, media_type="application/octet-stream")
    if operation.reply is None:
        return Response(status_code=204)
    return Response(operation.reply.dump_json(result, warnings=False), media_type="application/json")


async def _arguments(operation: HandleOperation, request: Request) -> dict[str, Any]:
    """Read the arguments of the function."""
    place = operation.place.model_validate(request.path_params)
    arguments: dict[str, Any] = {name: getattr(place, name) for name in operation.place.model_fields}
    given = dict(request.query_params)
    if operation.query is not None:
        arguments["query"] = operation.query.model_validate(given)
    elif given:
        _Nothing.model_validate(given)
    if operation.takes_bytes:
        arguments["body"] = await _content(request)
    if operation.body is not None:
        arguments["body"] = operation.body.validate_json(await _content(request) or NOTHING)
    return arguments


class _Nothing(BaseModel, extra="forbid"):
    """The empty query, for operations without one."""


async def _content(request: Request) -> bytes:
    """Read the body, unless it is too large."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LARGEST:
            raise Failed("too_large", f"The body has more than {LARGEST} bytes.")
    return bytes(content)


async def _in_thread(work: Callable[[], T], stopping: asyncio.Event) -> T:
    """Run work in a thread. If the sandbox stops first, the request fails at once and the thread is left behind."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: Callable[[], None]) -> None:
        if not done.done():
            result()

    def run() -> None:
        try:
            result = work()
        except StopIteration as error:  # futures refuse it
            end = partial(done.set_exception, RuntimeError(repr(error)))
        except Exception as error:  # noqa: BLE001 -- the request that waits raises it
            end = partial(done.set_exception, error)
        else:
            end = partial(done.set_result, result)
        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits any more
            loop.call_soon_threadsafe(finish, end)

    if not stopping.is_set():  # it may have waited for its turn until the sandbox was stopped
        threading.Thread(target=run, name="dingtalk-handle", daemon=True).start()
    stopped = asyncio.ensure_future(stopping.wait())
    either: set[asyncio.Future[Any]] = {done, stopped}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not done.done():
        done.cancel()
        raise Failed("conflict", "The sandbox is stopping.")
    stopped.cancel()
    return done.result()


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = of_status(error.status_code, request.url.path, request.method).response()
    response.headers.update(error.headers or {})
    return response


async def _failed(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, Failed)
    return error.response()


async def _gone(request: Request, error: Exception) -> Response:
    """Answer a client that has disconnected; nobody will read this."""
    del request, error
    return Response(status_code=400)
