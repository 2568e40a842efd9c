"""Apps with a function instead of a network: they count calls, calls at the same time, and what is left running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import AsyncIterable, Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import pytest
from waiting import until, until_async

from dingtalk_models import DingTalkApp, DingTalkError, HttpRequest, HttpResponse

IDS, SUB = "/topapi/v2/department/listsubid", "/topapi/v2/department/listsub"
LIST, GET = "/topapi/v2/user/list", "/topapi/v2/department/get"

T = TypeVar("T")
Params = dict[str, Any]
Serve = Callable[[str, Params], Params]


def room(workers: int) -> int:
    """How many results may be started and not used up."""
    return 4 * workers - 3


class Wire:
    """A transport that calls a function with path and parameters. `hold` delays requests until `gate` is set."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.asked: list[tuple[str, Params]] = []
        self.threads: set[int] = set()
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.held: Callable[[str, Params], bool] = lambda path, params: False
        self.gate = threading.Event()

    def hold(self, held: Callable[[str, Params], bool]) -> None:
        self.held = held

    def begin(self, request: HttpRequest) -> tuple[str, Params]:
        parts = urlsplit(request.url)
        params = json.loads(request.content) if isinstance(request.content, bytes) else dict(parse_qsl(parts.query))
        with self.lock:
            self.asked.append((parts.path, params))
            self.threads.add(threading.get_ident())
            self.now += 1
            self.most = max(self.most, self.now)
        return parts.path, params

    def end(self, path: str, params: Params) -> HttpResponse:
        with self.lock:
            self.now -= 1
        return HttpResponse(200, {}, json.dumps({"errcode": 0, **self.serve(path, params)}).encode())

    def send(self, request: HttpRequest) -> HttpResponse:
        path, params = self.begin(request)
        if self.held(path, params):
            assert self.gate.wait(10)
        return self.end(path, params)

    def close(self) -> None: ...


class AsyncWire:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def send(self, request: HttpRequest) -> HttpResponse:
        path, params = self.wire.begin(request)
        await until_async(lambda: not self.wire.held(path, params) or self.wire.gate.is_set(), seconds=60)
        await asyncio.sleep(0)
        return self.wire.end(path, params)

    async def close(self) -> None: ...


def wired(serve: Serve) -> tuple[DingTalkApp, Wire]:
    wire = Wire(serve)
    app = DingTalkApp(appkey="k", appsecret="s", transport=wire, async_transport=AsyncWire(wire), rate_limit=None)
    app.session.set(app.access_token_credential.key, "t", 7000)
    return app, wire


def flat(departments: int, people: int = 0, *, width: int = 0) -> Serve:
    """Serve a root with departments below it, and people in each. The people are made when a page asks for them."""

    def serve(path: str, params: Params) -> Params:
        dept_id = params["dept_id"]
        if path == IDS:
            return {"result": {"dept_id_list": list(range(2, departments + 2)) if dept_id == 1 else []}}
        if path == GET:
            return {"result": {"dept_id": dept_id, "name": "部门"}}
        start, end = params["cursor"], min(params["cursor"] + params["size"], people)
        page = [
            {"userid": f"u{dept_id}-{each:0{width}}", "name": "张三", "title": "工程师", "dept_id_list": [dept_id]}
            for each in range(start, end)
        ]
        following = {"next_cursor": end} if end < people else {}
        return {"result": {"list": page, "has_more": end < people, **following}}

    return serve


def ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("dingtalk_")]


@contextmanager
def key_press(wire: Wire, when: Callable[[], bool]) -> Generator[None]:
    """Press Ctrl-C as soon as a condition is true. Then release the requests that are held."""

    def press() -> None:
        until(when)
        time.sleep(0.02)  # a signal just before Python begins to wait may be noticed late
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        wire.gate.set()

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        thread.join()


async def no_task_stays() -> None:
    """Check that no task is left. The event loop ends an `async for` a few turns after its `break`."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def read(items: Iterable[T], error: type[DingTalkError]) -> list[T]:
    """The items before an error."""
    met: list[T] = []
    try:
        for item in items:
            met.append(item)  # noqa: PERF402 - what came before the error counts
    except error:
        return met
    pytest.fail("no error")


async def aread(items: AsyncIterable[T], error: type[DingTalkError]) -> list[T]:
    met: list[T] = []
    try:
        async for item in items:
            met.append(item)  # noqa: PERF401 - what came before the error counts
    except error:
        return met
    pytest.fail("no error")


def broken(dept_id: int, serve: Serve) -> Serve:
    def answer(path: str, params: Params) -> Params:
        if params["dept_id"] == dept_id:
            return {"errcode": 60003, "errmsg": "部门不存在"}
        return serve(path, params)

    return answer
