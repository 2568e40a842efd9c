"""Bulk work: many calls at once, results in order, a limit on what is fetched ahead, and nothing left running."""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import stays, stays_async, until, until_async
from wires import (
    GET,
    IDS,
    LIST,
    SUB,
    Params,
    flat,
    key_press,
    ours,
    room,
    wired,
)

from dingtalk_models import (
    Department,
    DingTalkApp,
    DingTalkError,
    Flow,
    InvalidArgument,
    NotFound,
    Query,
    User,
    together,
)
from dingtalk_models.core.steps import Steps, Window
from dingtalk_models.sandbox import Sandbox

Collect = Callable[[Query[Any]], list[Any]]


def blocking(query: Query[Any]) -> list[Any]:
    return query.all()


def awaited(query: Query[Any]) -> list[Any]:
    return asyncio.run(query.all.aio())


both = pytest.mark.parametrize("collect", [blocking, awaited])


# -- a company -------------------------------------------------------------------------------------------------------


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


# -- how much at once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 4, 16])
def test_a_slow_call_holds_up_nobody_until_there_is_no_room(workers: int) -> None:
    app, wire = wired(flat(300))
    wire.hold(lambda path, params: params["dept_id"] == 2)
    ids = iter(Department.objects.using(app).walk_ids(workers=workers))
    assert [next(ids) for _ in range(301)][-1] == 301  # the root's children, while those of the second are asked for
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, ids)
        until(lambda: len(wire.asked) >= 1 + room(workers))
        stays(lambda: len(wire.asked) == 1 + room(workers))
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
        stays(lambda: wire.now == 6)
        wire.gate.set()
        assert len(found.result()) == 101
    assert wire.most == 6


def test_a_slow_task_holds_up_nobody_either() -> None:
    app, wire = wired(flat(300))
    wire.hold(lambda path, params: params["dept_id"] == 2)

    async def scenario() -> None:
        walked = asyncio.create_task(Department.objects.using(app).walk_ids.aio(workers=4))
        await until_async(lambda: len(wire.asked) >= 1 + room(4))
        await stays_async(lambda: len(wire.asked) == 1 + room(4))
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
            most = visited - 1 + room(workers)
            stays(lambda most=most: sum(path == IDS for path, _ in wire.asked) <= most, 0.01)  # type: ignore[misc]
            begun = sum(path == IDS for path, _ in wire.asked)
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


# -- gather ----------------------------------------------------------------------------------------------------------


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
