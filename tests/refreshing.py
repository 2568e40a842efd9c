"""For the tests of credentials: paths, a clock, and many threads at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from dingtalk_models import Retry
from dingtalk_models.call import credential
from dingtalk_models.sessions import Session

TOKEN = "/v1.0/oauth2/accessToken"
TICKET = "/v1.0/oauth2/jsapiTickets"
GET = "/topapi/v2/department/get"
FAST = Retry(first_wait=0.01, longest_wait=0.02)
T = TypeVar("T")


def abandoned_loop() -> asyncio.AbstractEventLoop:
    """An event loop that the test closes in the middle of a task, on purpose.

    When such a task is garbage collected, asyncio reports it to the loop, which logs it by default.
    """
    loop = asyncio.new_event_loop()

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if context["message"] != "Task was destroyed but it is pending!":
            loop.default_exception_handler(context)

    loop.set_exception_handler(report)
    return loop


class Clock:
    """The clocks of credentials and sessions. A test can move them ahead, and no others."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        monkeypatch.setattr(credential, "monotonic", lambda: time.monotonic() + self.ahead)
        original = Session.__init__

        def opened(session: Session, *args: Any, **kwargs: Any) -> None:
            original(session, *args, **kwargs | {"clock": lambda: time.time() + self.ahead})

        monkeypatch.setattr(Session, "__init__", opened)


def at_once(work: Callable[[], T], times: int, threads: int | None = None) -> list[T]:
    """Do something in many threads at once. Returns the results."""
    with ThreadPoolExecutor(threads or times) as pool:
        return [each.result() for each in [pool.submit(work) for _ in range(times)]]
