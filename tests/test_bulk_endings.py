"""Bulk work that ends early, by an error, a `break` or a key press: nothing is left running behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from contextlib import aclosing
from typing import Any

import pytest
from waiting import stays, until, until_async
from wires import (
    IDS,
    Wire,
    aread,
    broken,
    flat,
    key_press,
    no_task_stays,
    ours,
    read,
    room,
    wired,
)

from dingtalk_models import Department, DingTalkApp, Flow, Query, Retry, User, together
from dingtalk_models.core import errors
from dingtalk_models.core.steps import Steps, Together


def test_an_error_comes_in_its_place_and_ends_the_rest() -> None:
    app, wire = wired(broken(52, flat(300, 1)))
    met = read(User.objects.using(app).all(workers=4), errors.NotFound)
    assert [user.dept_id_list for user in met] == [[dept_id] for dept_id in range(1, 52)]
    assert sum(path == IDS for path, _ in wire.asked) <= 51 + room(4)
    assert ours() == []


def test_an_error_ends_the_tasks_too(caplog: pytest.LogCaptureFixture) -> None:
    app, wire = wired(broken(52, broken(53, flat(300, 1))))

    async def scenario() -> None:
        met = await aread(User.objects.using(app).all(workers=4), errors.NotFound)
        assert [user.dept_id_list for user in met] == [[dept_id] for dept_id in range(1, 52)]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with pytest.raises(errors.NotFound):
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
    stays(lambda: len(wire.asked) < asked + 100)


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
        await until_async(lambda: wire.now >= 1 and len(wire.asked) >= 9)
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
    with pytest.raises(errors.NotFound):
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
    with pytest.raises(errors.DingTalkError):
        app.send(together([late(), failing(begun, ended)]))
    assert ours() == []
    assert wire.asked == []


def failing(begun: threading.Event, ended: threading.Event) -> Flow[None]:
    assert begun.wait(5)
    threading.Timer(0.05, ended.set).start()
    yield from ()
    raise errors.DingTalkError("enough")
