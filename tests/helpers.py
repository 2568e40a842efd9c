"""Helpers for the tests of several modules."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import AsyncIterable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeGuard, TypeVar

import pytest

from dingtalk_models import ApiError, DingTalkApp, InvalidArgument, Model, Query
from dingtalk_models.sandbox import Sandbox

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound=Model)


def problems(refused: Callable[..., object], *args: Any, **kwargs: Any) -> dict[str, str]:
    """The reasons for which a call is refused before it is sent, in English, by field."""
    with pytest.raises(InvalidArgument) as caught:
        refused(*args, **kwargs)
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems)
    return {problem.field: english(problem.message) for problem in caught.value.problems}


def english(text: str) -> str:
    """The English half of a message, which also has a Chinese one."""
    first, separator, chinese = text.partition(" / ")
    assert first
    assert separator
    assert not chinese.isascii(), text
    return first


def unchecked(name: str) -> str:
    """A name of an API, for arguments that type checkers let pass: under their wire names, or wrong on purpose."""
    return name


def awaited(app: DingTalkApp, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function on a new event loop, with the app in use."""

    async def run() -> T:
        async with app:
            return await work()

    return asyncio.run(run())


def on_a_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on an event loop."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


async def items(query: AsyncIterable[T]) -> list[T]:
    """Read a list with `async for`."""
    return [item async for item in query]


def is_list(answer: object) -> TypeGuard[Query[Any]]:
    """Whether an answer is a lazy list."""
    return isinstance(answer, Query)


def whole(answer: Any) -> Any:
    """The result of a call. A lazy list is read to its end."""
    return answer.all() if is_list(answer) else answer


def sent(app: DingTalkApp, unsent: Any) -> Any:
    """Send an unsent call, or read an unsent list. Returns the result."""
    return app.send(unsent.collect() if is_list(unsent) else unsent)


def refused(call: Callable[[], object], kind: type[ApiError], refusal: tuple[int, str], sandbox: Sandbox) -> ApiError:
    """Check that the platform refuses a call, with this error, code and message, and that the error has the request."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.message) == refusal
    assert error.request is not None
    assert error.request.path == sandbox.calls[-1].path
    return error


def twins(resource: R) -> list[R]:
    """Copies of a resource: pickled, copied, and through JSON with both kinds of names. None of them has an app."""
    kind = type(resource)
    found = [
        pickle.loads(pickle.dumps(resource)),
        copy.deepcopy(resource),
        kind.model_validate_json(resource.model_dump_json()),
        kind.model_validate(json.loads(resource.model_dump_json(by_alias=True))),
    ]
    for twin in found:
        assert twin == resource
        assert twin.app is None
    return found
