"""Bulk work: many calls at once, results in order, a limit on what is fetched ahead, and nothing left running."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import threading
import time
import tracemalloc
from collections.abc import AsyncIterable, Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dingtalk_models import (
    Department,
    DingTalkApp,
    DingTalkError,
    Flow,
    HttpRequest,
    HttpResponse,
    InvalidArgument,
    NotFound,
    Query,
    Retry,
    User,
    api,
    together,
)
from dingtalk_models.core.paging import CURSOR, OFFSET, OFFSET_IN_PAGES, TOKEN
from dingtalk_models.core.parallel import Together, Window
from dingtalk_models.core.query import Listing
from dingtalk_models.core.steps import Steps
from dingtalk_models.sandbox import Sandbox

IDS, SUB = "/topapi/v2/department/listsubid", "/topapi/v2/department/listsub"
LIST, GET = "/topapi/v2/user/list", "/topapi/v2/department/get"

T = TypeVar("T")
Params = dict[str, Any]
Serve = Callable[[str, Params], Params]


def room(workers: int) -> int:
    """How many may be asked for and not done with."""
    return 4 * workers - 3


class Wire:
    """A transport over a function from path and parameters to an answer. `hold` keeps a request until it is let go."""

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
        while self.wire.held(path, params) and not self.wire.gate.is_set():
            await asyncio.sleep(0.002)
        await asyncio.sleep(0)
        return self.wire.end(path, params)

    async def close(self) -> None: ...


def wired(serve: Serve) -> tuple[DingTalkApp, Wire]:
    wire = Wire(serve)
    app = DingTalkApp(appkey="k", appsecret="s", transport=wire, async_transport=AsyncWire(wire), rate_limit=None)
    app.session.set(app.access_token_credential.key, "t", 7000)
    return app, wire


def flat(departments: int, people: int = 0, *, width: int = 0) -> Serve:
    """A root with so many departments below it, each with so many people, who are made when they are asked for."""

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


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.002)


@contextmanager
def key_press(wire: Wire, when: Callable[[], bool]) -> Generator[None]:
    """Ctrl-C, as soon as something is so; what was held is let go after it."""

    def press() -> None:
        until(when)
        time.sleep(0.02)  # Python can miss a signal for a while that comes just before it begins to wait
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
    """A loop that is left with `break` is ended by the event loop, a few turns later."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


Collect = Callable[[Query[Any]], list[Any]]


def blocking(query: Query[Any]) -> list[Any]:
    return query.all()


def awaited(query: Query[Any]) -> list[Any]:
    return asyncio.run(query.all.aio())


both = pytest.mark.parametrize("collect", [blocking, awaited])


# -- a company -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with Sandbox(org="empty") as sandbox:
        company = sandbox.company
        for number in range(2, 302):
            company.add_department(f"部门{number}", max(1, number // 3), number, order=-number)
        for number in range(400):
            dept_ids = [1 + number * 7 % 301, 1 + number * 11 % 301] if number % 5 == 0 else [1 + number % 301]
            company.add_user(
                f"员工{number}", dict.fromkeys(dept_ids), userid=f"u{number:03}", mobile=str(13900000000 + number)
            )
        yield sandbox


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    sandbox.calls.clear()
    app = sandbox.app(rate_limit=None)
    yield app
    app.close()


def breadth_first(sandbox: Sandbox) -> list[int]:
    found = [1]
    for dept_id in found:
        found += [each.dept_id for each in sandbox.company.children(dept_id)]
    return found


def each_once(sandbox: Sandbox) -> list[str]:
    members = (user for dept_id in breadth_first(sandbox) for user in sandbox.company.members(dept_id))
    return list(dict.fromkeys(user.userid for user in members))


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_the_order_is_the_same_however_many_work(sandbox: Sandbox, app: DingTalkApp, workers: int) -> None:
    slow = [sandbox.fail(path, times=3, delay=0.03) for path in (IDS, SUB, LIST)]
    departments, users = Department.objects.using(app), User.objects.using(app)
    assert [each.dept_id for each in departments.tree(workers=workers)] == breadth_first(sandbox)
    assert list(departments.walk_ids(workers=workers)) == breadth_first(sandbox)
    assert [each.userid for each in users.all(workers=workers)] == each_once(sandbox)
    assert len(each_once(sandbox)) == 400
    assert [fault.remaining for fault in slow] == [0, 0, 0]
    assert {path: len(sandbox.received(path)) for path in (GET, SUB, IDS, LIST)} == {
        GET: 1,
        SUB: 301,
        IDS: 602,
        LIST: 301,
    }
    assert ours() == []


def test_the_same_awaited(sandbox: Sandbox) -> None:
    async def scenario() -> None:
        async with sandbox.app(rate_limit=None) as app:
            departments, users = Department.objects.using(app), User.objects.using(app)
            assert [each.dept_id async for each in departments.tree(workers=16)] == breadth_first(sandbox)
            assert await departments.walk_ids.aio(workers=16) == breadth_first(sandbox)
            assert [each.userid async for each in users.all(workers=16).prefetch(2)] == each_once(sandbox)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


def test_pages_of_one_department_are_all_read() -> None:
    app, _ = wired(flat(2, 950))
    found = [user.userid for user in User.objects.using(app).all(workers=2)]
    assert found == [f"u{dept_id}-{each}" for dept_id in (1, 2, 3) for each in range(950)]


@given(st.lists(st.lists(st.integers(0, 8), max_size=9, unique=True), min_size=1, max_size=6), st.integers(1, 3))
@settings(deadline=None)
def test_who_is_listed_again_comes_once(departments: list[list[int]], overlap: int) -> None:
    """Whether a person is in several departments, or on two pages, as where somebody joins while they are read."""
    places = {who: [place for place, people in enumerate(departments, 1) if who in people] for who in range(9)}

    def serve(path: str, params: Params) -> Params:
        place: int = params["dept_id"]
        if path == IDS:
            return {"result": {"dept_id_list": [place + 1] if place < len(departments) else []}}
        people = departments[place - 1]
        start, end = max(0, params["cursor"] - overlap), params["cursor"] + 1
        page = [{"userid": str(who), "dept_id_list": places[who]} for who in people[start:end]]
        return {"result": {"list": page, "has_more": end < len(people), "next_cursor": end}}

    app, _ = wired(serve)
    met = dict.fromkeys(str(who) for people in departments for who in people)
    assert [user.userid for user in User.objects.using(app).all()] == list(met)


# -- how much at once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 4, 16])
def test_a_slow_call_holds_up_nobody_until_there_is_no_room(workers: int) -> None:
    app, wire = wired(flat(300))
    wire.hold(lambda path, params: params["dept_id"] == 2)
    ids = iter(Department.objects.using(app).walk_ids(workers=workers))
    assert [next(ids) for _ in range(301)][-1] == 301  # the root's children, while those of the second are asked for
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, ids)
        until(lambda: len(wire.asked) >= 1 + room(workers))
        time.sleep(0.03)
        assert len(wire.asked) == 1 + room(workers)
        wire.gate.set()
        assert rest.result() == []
    assert len(wire.asked) == 301


@both
def test_as_many_calls_are_under_way_as_there_are_workers(collect: Collect) -> None:
    app, wire = wired(flat(100, 1))
    wire.hold(lambda path, params: params["dept_id"] > 1)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(collect, User.objects.using(app).all(workers=6))
        until(lambda: wire.now == 6)
        time.sleep(0.02)
        assert wire.now == 6
        wire.gate.set()
        assert len(found.result()) == 101
    assert wire.most == 6


def test_a_slow_task_holds_up_nobody_either() -> None:
    app, wire = wired(flat(300))
    wire.hold(lambda path, params: params["dept_id"] == 2)

    async def scenario() -> None:
        walked = asyncio.create_task(Department.objects.using(app).walk_ids.aio(workers=4))
        while len(wire.asked) < 1 + room(4):
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.03)
        assert len(wire.asked) == 1 + room(4)
        wire.gate.set()
        assert await walked == list(range(1, 302))

    asyncio.run(scenario())
    assert wire.most == 4


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_a_slow_reader_is_not_left_behind_by_more_than_the_room(workers: int) -> None:
    app, wire = wired(flat(200, 1))
    visited = 0
    for visited, _ in enumerate(User.objects.using(app).all(workers=workers), 1):
        if visited % 20 == 0:
            time.sleep(0.01)
            begun = sum(path == IDS for path, _ in wire.asked)
            assert begun <= visited - 1 + room(workers)
            assert workers == 1 or begun > min(visited, 201 - room(workers))
    assert visited == 201
    assert wire.most <= workers


def test_the_same_threads_do_it_all() -> None:
    app, wire = wired(flat(300, 1))
    users = list(User.objects.using(app).all(workers=3))
    assert len(users) == 301
    assert len(wire.threads) <= 3
    assert threading.get_ident() not in wire.threads


def peak_of(users: Iterable[User]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        for _ in users:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("way", ["list", "prefetched", "all", "all of many departments"])
def test_memory_does_not_grow_with_the_company(way: str) -> None:
    def users(pages: int) -> Query[User]:
        departments, people = (pages, 100) if way == "all of many departments" else (0, pages * 100)
        app, _ = wired(flat(departments, people, width=64))  # shorter texts are kept by the JSON parser for a while
        manager = User.objects.using(app)
        ways = {"list": manager.list(1), "prefetched": manager.list(1).prefetch(2)}
        return ways.get(way) or manager.all(workers=2)

    list(users(20))  # what is only compiled once
    assert peak_of(users(100)) < 1.4 * peak_of(users(20))  # how far it is ahead differs


# -- errors, and loops that are left --------------------------------------------------------------------------------


def read(items: Iterable[T], error: type[DingTalkError]) -> list[T]:
    """What comes before an error."""
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


def test_an_error_comes_in_its_place_and_ends_the_rest() -> None:
    app, wire = wired(broken(52, flat(300, 1)))
    met = read(User.objects.using(app).all(workers=4), NotFound)
    assert [user.dept_id_list for user in met] == [[dept_id] for dept_id in range(1, 52)]
    assert sum(path == IDS for path, _ in wire.asked) <= 51 + room(4)
    assert ours() == []


def test_an_error_ends_the_tasks_too(caplog: pytest.LogCaptureFixture) -> None:
    app, wire = wired(broken(52, broken(53, flat(300, 1))))

    async def scenario() -> None:
        met = await aread(User.objects.using(app).all(workers=4), NotFound)
        assert [user.dept_id_list for user in met] == [[dept_id] for dept_id in range(1, 52)]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with pytest.raises(NotFound):
            await User.objects.using(app).all.aio(workers=4)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        gc.collect()

    asyncio.run(scenario())
    assert caplog.records == []  # the loop has no error to complain of that nobody asked for
    assert sum(path == IDS for path, _ in wire.asked) <= 2 * (51 + room(4))


def in_bulk(app: DingTalkApp) -> list[Query[Any]]:
    departments, users = Department.objects.using(app), User.objects.using(app)
    return [
        departments.walk_ids(workers=4),
        users.all(workers=4),
        users.all(workers=4).prefetch(2),
        users.list(1, size=1).prefetch(3),
    ]


@pytest.mark.parametrize("which", range(4))
def test_no_thread_stays_of_a_loop_that_is_left(which: int) -> None:
    app, wire = wired(flat(300, 20))
    for number, _ in enumerate(in_bulk(app)[which]):
        if number == 10:
            break
    assert ours() == []
    asked = len(wire.asked)
    assert asked < 100
    assert in_bulk(app)[which].first() is not None
    assert ours() == []
    iterator = iter(in_bulk(app)[which])
    next(iterator)
    del iterator
    assert ours() == []
    time.sleep(0.02)
    assert len(wire.asked) < asked + 100


@pytest.mark.parametrize("which", range(4))
def test_no_task_stays_of_a_loop_that_is_left(which: int) -> None:
    app, wire = wired(flat(300, 20))

    async def scenario() -> None:
        number = 0
        async for _ in in_bulk(app)[which]:
            if (number := number + 1) == 10:
                break
        await no_task_stays()
        async with aclosing(aiter(in_bulk(app)[which])) as items:
            await anext(items)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await in_bulk(app)[which].first.aio() is not None
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())
    assert len(wire.asked) < 300


@pytest.mark.parametrize("which", range(4))
def test_a_cancelled_task_takes_its_tasks_along(which: int) -> None:
    app, wire = wired(flat(300, 20))
    wire.hold(lambda path, params: len(wire.asked) > 8)

    async def scenario() -> None:
        task = asyncio.create_task(in_bulk(app)[which].all.aio())
        while wire.now < 1 or len(wire.asked) < 9:
            await asyncio.sleep(0.002)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


@pytest.mark.parametrize("which", range(4))
def test_a_key_press_leaves_no_thread(which: int) -> None:
    app, wire = wired(flat(300, 20))
    wire.hold(lambda path, params: len(wire.asked) > 8)

    with key_press(wire, lambda: len(wire.asked) > 8), pytest.raises(KeyboardInterrupt):
        in_bulk(app)[which].all()
    assert ours() == []
    assert len(wire.asked) <= 8 + 4


def test_a_key_press_does_not_wait_for_what_is_waiting() -> None:
    """Retries, or calls that wait their turn."""
    app, wire = wired(lambda path, params: {"errcode": -1, "errmsg": "系统繁忙"})
    app.retry = Retry(attempts=5, first_wait=30, longest_wait=30, deadline=300)
    begun = time.monotonic()
    with key_press(wire, lambda: len(wire.asked) >= 1), pytest.raises(KeyboardInterrupt):
        User.objects.using(app).all(workers=4).prefetch(2).all()
    assert time.monotonic() - begun < 3
    assert ours() == []
    assert len(wire.asked) <= 4


def test_an_error_wakes_those_who_wait() -> None:
    app, wire = wired(lambda path, params: {"errcode": -1 if params["dept_id"] == 1 else 60003, "errmsg": "…"})
    app.retry = Retry(attempts=5, first_wait=30, longest_wait=30, deadline=300)
    get = Department.objects.using(app).get
    begun = time.monotonic()
    with pytest.raises(NotFound):
        app.send(together([together([get.call(1), get.call(1)]), after(wire, 2, get.call(2))]))
    assert time.monotonic() - begun < 3
    assert ours() == []


def after(wire: Wire, asked: int, steps: Steps[Any]) -> Flow[Any]:
    until(lambda: len(wire.asked) >= asked)
    return (yield from steps)


def test_threads_begun_by_one_that_was_ended_end_at_once() -> None:
    app, wire = wired(flat(0))
    ended = threading.Event()

    def late() -> Flow[None]:
        begun.set()
        assert ended.wait(5)
        yield Together([Department.objects.get.call(1)])

    begun = threading.Event()
    with pytest.raises(DingTalkError):
        app.send(together([late(), failing(begun, ended)]))
    assert ours() == []
    assert wire.asked == []


def failing(begun: threading.Event, ended: threading.Event) -> Flow[None]:
    assert begun.wait(5)
    threading.Timer(0.05, ended.set).start()
    yield from ()
    raise DingTalkError("enough")


def test_a_window_of_its_own(app: DingTalkApp) -> None:
    """The steps that the lists are made of are there for other flows too."""

    def names(*dept_ids: int) -> Flow[list[str]]:
        found: list[str] = []
        manager = Department.objects.using(app)
        with Window(manager.get.call, lambda _: (), dept_ids, workers=2) as window:
            assert window
            while window:
                found.append((yield from window.take()).name)
        return found

    assert app.send(names(3, 1, 2)) == ["部门3", "沙箱公司", "部门2"]
    assert app.send(names(3)) == ["部门3"]
    with pytest.raises(InvalidArgument, match="workers"):
        app.send(together(list[Steps[int]](), workers=0))


# -- prefetch ------------------------------------------------------------------------------------------------------


class Lists:
    """Not a `Manager`, which would be registered for good."""

    def __init__(self, app: DingTalkApp) -> None:
        self.app = app

    @api("test.bulk.cursor", "POST /topapi/bulk/cursor", idempotent=True)
    def cursor(self, size: int, *, cursor: int = 0) -> Query[int]:
        """By cursor."""
        return Listing(int, CURSOR, items="list", size=size, cursor=cursor)

    @api("test.bulk.offset", "POST /topapi/bulk/offset", idempotent=True)
    def offset(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset."""
        return Listing(int, OFFSET, items="list", size=size, offset=offset)

    @api("test.bulk.once", "POST /topapi/bulk/once")
    def once(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset, where reading has an effect."""
        return Listing(int, OFFSET, items="list", size=size, offset=offset)

    @api("test.bulk.pages", "POST /topapi/bulk/pages", idempotent=True)
    def pages(self, size: int, *, offset: int = 0) -> Query[int]:
        """By the number of the page."""
        return Listing(int, OFFSET_IN_PAGES, items="list", size=size, offset=offset)

    @api("test.bulk.bare", "POST /topapi/bulk/bare", idempotent=True)
    def bare(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset, where a page is a list and nothing else."""
        return Listing(int, OFFSET, size=size, offset=offset).distinct(abs)

    @api("test.bulk.token", "GET /v1.0/bulk")
    def token(self, size: int) -> Query[int]:
        """By a token."""
        return Listing(int, TOKEN, items="list", size=size)


class Served:
    """A numbered list behind each kind of paging."""

    def __init__(self, items: list[int], *, total: bool = False, short: bool = False) -> None:
        self.items, self.total, self.short = items, total, short

    def __call__(self, path: str, params: Params) -> Params:
        size = int(params["size"])
        if path == "/v1.0/bulk":
            start = int(params.get("nextToken", "t0")[1:])
            return self.page(start, size, lambda end: {"nextToken": f"t{end}"})
        if path == "/topapi/bulk/cursor":
            return {"result": self.page(params["cursor"], size, lambda end: {"next_cursor": end})}
        start = params["offset"] * (size if path == "/topapi/bulk/pages" else 1)
        if path == "/topapi/bulk/bare":
            return {"result": self.items[start : start + size]}
        if self.short and path == "/topapi/bulk/offset":
            size = 1 + start * 7 % size
        page = self.page(start, size, lambda end: {})
        return {"result": page | ({"totalCount": len(self.items)} if self.total else {})}

    def page(self, start: int, size: int, following: Callable[[int], Params]) -> Params:
        end = start + size
        more = end < len(self.items)
        return {"list": self.items[start:end], "has_more": more, **(following(end) if more else {})}


KINDS = ["cursor", "offset", "once", "pages", "bare", "token"]


class Prefetched(NamedTuple):
    kind: str
    items: list[int]
    size: int
    pages: int
    total: bool
    short: bool
    awaited: bool


@given(
    st.builds(
        Prefetched, st.sampled_from(KINDS), st.lists(st.integers(0), max_size=14, unique=True), st.integers(1, 4),
        st.integers(1, 6), st.booleans(), st.booleans(), st.booleans(),
    )
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_prefetched_it_is_the_same_list(case: Prefetched) -> None:
    app, plain = wired(Served(case.items, total=case.total, short=case.short))
    listed: Query[int] = getattr(Lists(app), case.kind)(case.size)
    assert listed.all() == case.items
    app, wire = wired(Served(case.items, total=case.total, short=case.short))
    query: Query[int] = getattr(Lists(app), case.kind)(case.size).prefetch(case.pages)

    async def read() -> list[int]:
        return [item async for item in query]

    assert (asyncio.run(read()) if case.awaited else list(query)) == case.items
    assert ours() == []
    assert 0 <= len(wire.asked) - len(plain.asked) <= in_vain(case)


def in_vain(case: Prefetched) -> int:
    """How many pages may be asked for that are not there, or not where they were expected."""
    if case.kind not in {"offset", "pages", "bare"}:
        return 0
    if case.short and case.kind == "offset":
        return case.pages + 1
    return 0 if case.total and case.kind != "bare" else case.pages - 1


def test_the_next_page_is_fetched_while_one_is_read() -> None:
    app, wire = wired(Served(list(range(30))))
    for kind, ahead in (("cursor", 1), ("cursor", 3), ("token", 2), ("offset", 4), ("once", 1)):
        wire.asked.clear()
        query: Query[int] = getattr(Lists(app), kind)(3)
        numbers = iter(query.prefetch(ahead))
        for page in range(1, 11):
            assert next(numbers) == 3 * page - 3
            until(lambda page=page, ahead=ahead: len(wire.asked) >= min(10, page + ahead))  # type: ignore[misc]
            time.sleep(0.002)
            assert len(wire.asked) <= page + ahead
            assert [next(numbers), next(numbers)] == [3 * page - 2, 3 * page - 1]
        numbers.close()


def test_pages_that_can_be_counted_are_fetched_at_once() -> None:
    app, wire = wired(Served(list(range(30)), total=True))
    wire.hold(lambda path, params: params["offset"] > 0)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(Lists(app).offset(3).prefetch(5).all)
        until(lambda: wire.now == 5)
        wire.gate.set()
        assert found.result() == list(range(30))
    assert wire.most <= 6
    assert len(wire.asked) == 10


def test_pages_of_uneven_length_are_guessed_at_once_only() -> None:
    def serve(path: str, params: Params) -> Params:
        end = params["offset"] + (1 if params["offset"] % 4 else 3)
        return {"result": {"list": list(range(params["offset"], min(end, 40))), "has_more": end < 40}}

    app, wire = wired(serve)
    assert Lists(app).offset(3).prefetch(4).all() == list(range(40))
    assert len(wire.asked) <= 20 + 5


def test_an_error_of_a_page_comes_in_its_place() -> None:
    served = Served(list(range(30)))

    def serve(path: str, params: Params) -> Params:
        where = params.get("offset", params.get("cursor"))
        return {"errcode": 400002, "errmsg": "无效的参数"} if where in {12, 15} else served(path, params)

    app, wire = wired(serve)
    for query in (Lists(app).offset(3), Lists(app).cursor(3)):
        assert read(query.prefetch(4), DingTalkError) == list(range(12))
        assert ours() == []
    assert len(wire.asked) <= 9 + 5


def test_prefetching_nothing_is_refused(app: DingTalkApp) -> None:
    with pytest.raises(InvalidArgument, match=r"Query.prefetch: pages: should be greater than or equal to 1"):
        User.objects.using(app).list(1).prefetch(0)


def test_what_is_prefetched_goes_through_the_list_s_own_app(sandbox: Sandbox, app: DingTalkApp) -> None:
    query = User.objects.using(app).list(1, size=1).prefetch(2)
    assert sandbox.calls == []
    first = query.first()
    assert first is not None
    assert first.app is app


# -- gather --------------------------------------------------------------------------------------------------------


def test_gather_brings_answers_or_errors_in_order(sandbox: Sandbox, app: DingTalkApp) -> None:
    get = Department.objects.using(app).get
    told: list[tuple[int, int]] = []
    sandbox.fail(GET, delay=0.05)

    def check(found: list[Department | DingTalkError]) -> None:
        assert [each.dept_id if isinstance(each, Department) else type(each) for each in found] == [
            7, NotFound, *range(2, 52),
        ]  # fmt: skip
        assert told == [(done, 52) for done in range(1, 53)]
        told.clear()

    check(app.gather((get.call(each) for each in (7, 404, *range(2, 52))), workers=8, progress=collect(told)))
    assert ours() == []
    assert app.gather([]) == []

    async def scenario() -> None:
        check(await app.agather([get.call(each) for each in (7, 404, *range(2, 52))], progress=collect(told)))
        assert await app.agather(list[Steps[int]]()) == []
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await app.aclose()

    asyncio.run(scenario())


def collect(told: list[tuple[int, int]]) -> Callable[[int, int], None]:
    return lambda done, total: told.append((done, total))


def test_gather_runs_flows_and_no_more_at_once_than_it_may() -> None:
    app, wire = wired(flat(3, 5))
    lists = [User.objects.using(app).list.call(dept_id, size=2).collect() for dept_id in range(1, 40)]
    found = app.gather(lists, workers=5)
    assert [len(each) for each in found if not isinstance(each, DingTalkError)] == [5] * 39
    assert wire.most <= 5
    assert len(wire.threads) <= 5


def test_what_is_no_error_of_ours_ends_a_gathering(app: DingTalkApp) -> None:
    def wrong() -> Flow[int]:
        yield from ()
        raise ZeroDivisionError

    def fine() -> Flow[int]:
        yield from ()
        return 1

    assert app.gather([fine(), fine()]) == [1, 1]
    with pytest.raises(ZeroDivisionError):
        app.gather([fine(), wrong()])
    with pytest.raises(ZeroDivisionError):
        app.gather([fine()], progress=lambda done, total: print(1 // (total - done)))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(app.agather([fine(), wrong(), wrong()]))
    with pytest.raises(InvalidArgument):
        app.gather([fine()], workers=0)
    assert ours() == []


def test_a_key_press_ends_a_gathering() -> None:
    app, wire = wired(flat(0))
    wire.hold(lambda path, params: True)
    get = Department.objects.using(app).get
    with key_press(wire, lambda: len(wire.asked) == 4), pytest.raises(KeyboardInterrupt):
        app.gather([get.call(1) for _ in range(50)], workers=4)
    assert ours() == []
    assert len(wire.asked) == 4


def test_what_a_worker_sees_is_its_caller_s_context() -> None:
    app, _ = wired(flat(0))

    def who() -> Flow[object]:
        yield from Department.objects.get.call(1)
        return Department.objects.get.app

    with app:
        assert app.gather([who()]) == [app]
        assert asyncio.run(app.agather([who()])) == [app]
