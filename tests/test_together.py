"""Several calls at once, and an event loop that is never kept busy."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from peers import READ, Send, awaited, blocking, both, write
from refreshing import GET
from waiting import turns_during, until_async

from dingtalk_models import (
    Call,
    Department,
    DingTalkApp,
    DingTalkError,
    Flow,
    together,
)
from dingtalk_models.core.steps import RunHandler, Steps, Window, batches
from dingtalk_models.sandbox import Sandbox

# -- several at once -----------------------------------------------------------------------------------------------


def names(*names: str) -> Flow[list[Department]]:
    return together([write(name) for name in names])


@both
def test_together_keeps_the_order(sandbox: Sandbox, ready: DingTalkApp, send: Send) -> None:
    made = send(ready, names("甲", "乙", "丙", "丁"))
    assert [each.name for each in made] == ["甲", "乙", "丙", "丁"]
    assert send(ready, together(list[Call[Department]]())) == []


def ids(*ids: int, workers: int = 2) -> Flow[list[Department]]:
    return together([Department.objects.get.call(each) for each in ids], workers=workers)


@both
def test_the_first_error_cancels_what_has_not_begun(sandbox: Sandbox, ready: DingTalkApp, send: Send) -> None:
    with pytest.raises(DingTalkError, match="60003"):
        send(ready, ids(404, *[1] * 200))
    assert len(sandbox.received(GET)) < 100


@both
def test_an_error_does_not_wait_for_its_turn(sandbox: Sandbox, ready: DingTalkApp, send: Send) -> None:
    sandbox.fail("/topapi/v2/department/listsubid", delay=0.3)
    steps: list[Steps[Any]] = [Department.objects.list_ids.call(1), Department.objects.get.call(404)]
    steps += [Department.objects.get.call(1) for _ in range(200)]
    with pytest.raises(DingTalkError, match="60003"):
        send(ready, together(steps, workers=2))
    assert len(sandbox.received(GET)) < 100


def test_cancelling_cancels_everything(sandbox: Sandbox) -> None:
    async def scenario() -> None:
        async with sandbox.app(timeout=5) as app:
            await app.get_access_token.aio()
            sandbox.fail(GET, times=10, delay=5)
            task = asyncio.create_task(app.asend(ids(*[1] * 10, workers=4)))
            await until_async(lambda: len(sandbox.received(GET)) >= 4)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() == {asyncio.current_task()}

    begun = time.perf_counter()
    asyncio.run(scenario())
    assert time.perf_counter() - begun < 2
    assert len(sandbox.received(GET)) == 4


def test_a_flow_that_fails_while_it_is_closed_leaves_no_task_behind(ready: DingTalkApp) -> None:
    async def scenario() -> None:
        running, may_end = set[int](), asyncio.Event()

        async def slow(number: int) -> None:
            running.add(number)
            try:
                await asyncio.Event().wait()
            finally:
                if number > 0:  # the flow waits for the result of 0, so its end is waited for in any case
                    await may_end.wait()
                running.remove(number)

        def failing() -> Flow[None]:
            try:
                with Window(lambda number: RunHandler(slow, number), lambda _: (), range(4), workers=4) as window:
                    yield from window.take()
            finally:
                raise LookupError("while it is closed")

        task = asyncio.create_task(ready.asend(failing()))
        await until_async(lambda: len(running) == 4)
        task.cancel()
        asyncio.get_running_loop().call_later(0.1, may_end.set)
        with pytest.raises(LookupError, match="while it is closed"):
            await task
        assert running == set()

    asyncio.run(scenario())


def test_a_key_press_ends_what_has_not_begun(ready: DingTalkApp) -> None:
    begun: list[int] = []

    def press() -> Flow[None]:
        begun.append(1)
        if len(begun) == 1:
            raise KeyboardInterrupt
        threading.Event().wait(0.05)  # whoever goes on at once begins them all before its caller has the processor
        yield from ()

    with pytest.raises(KeyboardInterrupt):
        ready.send(together([press() for _ in range(50)], workers=1))
    assert len(begun) < 50


def test_a_flow_handles_errors_of_its_steps(ready: DingTalkApp) -> None:
    def careful() -> Flow[str]:
        try:
            yield from Department.objects.get.call(404)
        except DingTalkError:
            return (yield from Department.objects.get.call(1)).name
        return "?"

    assert blocking(ready, careful()) == awaited(ready, careful()) == "钉峰科技有限公司"


def test_batches() -> None:
    assert batches([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]


# -- the loop stays free -------------------------------------------------------------------------------------------


def during(work: Coroutine[Any, Any, Any]) -> int:
    """How often another task got its turn meanwhile."""

    async def scenario() -> int:
        task = asyncio.create_task(work)
        turns = await turns_during(task)
        await task
        return turns

    return asyncio.run(scenario())


def test_a_stalled_request_stalls_nobody_else(sandbox: Sandbox) -> None:
    async def stalled() -> None:
        async with sandbox.app() as app:
            sandbox.fail(GET, delay=0.2)
            assert (await app.asend(READ)).dept_id == 1

    assert during(stalled()) > 5


def test_waiting_for_another_attempt_stalls_nobody_either(sandbox: Sandbox) -> None:
    async def throttled() -> None:
        async with sandbox.app() as app:
            sandbox.fail(GET, errcode=90018, headers={"Retry-After": "0.2"})
            assert (await app.asend(READ)).dept_id == 1

    assert during(throttled()) > 5
