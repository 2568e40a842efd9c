"""Stopping: from threads, loops and handlers, by signals. Nothing is acknowledged that was not handled."""

from __future__ import annotations

import asyncio
import itertools
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from bots import bot
from children import Child
from listening import ENOUGH, TIMING, Gate, receiving, until
from waiting import stays_async, until_async

from dingtalk_models import DingTalkApp, Event
from dingtalk_models.core.steps import Blocking, Flow
from dingtalk_models.sandbox import NoClient, Sandbox
from dingtalk_models.stream.handling import Pool


def test_running_handlers_finish_and_are_acknowledged(app: DingTalkApp, sandbox: Sandbox) -> None:
    gate = Gate()
    app.callback.on("check_in")(gate)

    @app.callback.on("user_add_org")
    async def awaited(event: Event) -> None:
        await asyncio.to_thread(gate, event)

    with receiving(app), ThreadPoolExecutor() as pool:
        held = [sandbox.stream.push_event(kind, {}) for kind in ("check_in", "user_add_org")]
        gate.wait_inside()
        gate.wait_inside()
        stopping = pool.submit(app.stream.stop)
        until(lambda: app.stream.status.state == "stopping")
        late = sandbox.stream.wait_for_answer(sandbox.stream.push_event("check_in", {}))
        sandbox.stream.ping()
        assert (late.accepted, late.code) == (False, 500)
        assert not stopping.done()
        gate.open()
        stopping.result(ENOUGH)
        sandbox.stream.wait_for_clients(0)
    assert [each.accepted for each in held] == [True, True]
    assert len(gate.entered) == 2


def test_handlers_that_do_not_finish(app: DingTalkApp, sandbox: Sandbox) -> None:
    """They are not acknowledged. What a thread handles all the same does not run again; a coroutine is cancelled."""
    gate, began = Gate(), threading.Event()
    runs: list[str] = []
    app.callback.on("check_in")(gate)

    @app.callback.on("user_add_org")
    async def awaited(event: Event) -> None:
        runs.append(event.type)
        if len(runs) == 1:
            began.set()
            await asyncio.Event().wait()

    with receiving(app):
        held = [sandbox.stream.push_event(kind, {}) for kind in ("check_in", "user_add_org")]
        gate.wait_inside()
        assert began.wait(ENOUGH)
        app.stream.stop(timeout=0.05)
        assert app.stream.status.state == "stopped"
    assert not any(each.accepted for each in held)
    threads = [each for each in threading.enumerate() if each.name.startswith("dingtalk-handler")]
    gate.open()
    for each in threads:
        each.join(ENOUGH)
    sandbox.stream.redeliver_after = 0.2  # the lock of what was cancelled is released in the background
    sandbox.clock.advance(61)
    with receiving(app):
        sandbox.stream.wait_until_accepted()
    assert (len(gate.entered), len(runs)) == (1, 2)
    assert app.stream.status.duplicates >= 1


def test_a_handler_stops_it(app: DingTalkApp, sandbox: Sandbox) -> None:
    @app.callback.on("check_in")
    def plain(_: Event) -> None:
        app.stream.stop()

    @app.callback.on("user_add_org")
    async def awaited(_: Event) -> None:
        app.stream.stop()

    app.stream.timing = TIMING
    for kind in ("check_in", "user_add_org"):
        message = sandbox.stream.push_event(kind, {})
        app.stream.run()
        assert message.accepted
        assert app.stream.status.state == "stopped"


@pytest.mark.parametrize("begun", [True, False], ids=["while it is connected", "while it connects"])
def test_a_task_that_is_cancelled(app: DingTalkApp, sandbox: Sandbox, begun: bool) -> None:
    gate = Gate()
    app.callback.on(Event)(gate)
    app.stream.timing = TIMING
    if not begun:
        sandbox.fail("/v1.0/gateway/connections/open", delay=ENOUGH)

    async def scenario() -> None:
        serving = asyncio.create_task(app.stream.serve())
        message = sandbox.stream.push_event("check_in", {})
        if begun:
            await asyncio.to_thread(gate.wait_inside)
            serving.cancel()
            await stays_async(lambda: not serving.done())
            gate.open()
        else:
            await until_async(lambda: sandbox.calls)
            serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert message.accepted == begun
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await app.aclose()

    began = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - began < ENOUGH
    assert app.stream.status.state == "stopped"


def test_stopping_while_it_waits_to_connect_again(app: DingTalkApp, sandbox: Sandbox) -> None:
    app.callback.on(Event)(lambda _: None)
    sandbox.fail("/v1.0/gateway/connections/open", times=100, status=503)
    with receiving(app, first=ENOUGH, longest=ENOUGH):
        began = time.monotonic()
        app.stream.stop()
        assert time.monotonic() - began < ENOUGH / 2
    app.stream.stop()


def test_several_stop_it_at_once(app: DingTalkApp) -> None:
    app.callback.on(Event)(lambda _: None)
    with receiving(app), ThreadPoolExecutor() as pool:
        for each in [pool.submit(app.stream.stop) for _ in range(4)]:
            each.result(ENOUGH)


def test_a_child_of_a_fork_does_not_receive(app: DingTalkApp, sandbox: Sandbox) -> None:
    app.callback.on(Event)(lambda _: None)

    def child() -> tuple[str, str]:
        before = app.stream.status.state
        app.stream.stop()
        with receiving(app):
            return before, app.stream.status.state

    with receiving(app):
        assert Child(child).result() == ("stopped", "connected")
        sandbox.stream.wait_for_clients(1)
        assert app.stream.status.healthy


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_a_signal_in_the_middle(sandbox: Sandbox, tmp_path: Path, how: signal.Signals) -> None:
    """Everything that is acknowledged was handled, and everything that was handled is acknowledged."""
    ended = threading.Event()

    def pushed() -> int:
        with suppress(NoClient):
            for number in itertools.count():
                sandbox.stream.push_event(("user_add_org", "user_leave_org")[number % 2], {})
                if ended.wait(0.001):
                    break
        return len(sandbox.stream.messages)

    with bot(sandbox, tmp_path / "done", seconds=0.05) as one, ThreadPoolExecutor() as pool:
        pushing = pool.submit(pushed)
        until(lambda: len(one.handled()) > 50)
        said = one.end(how)
        ended.set()
        assert one.process.returncode == 0
        sandbox.stream.wait_for_clients(0)
        accepted = {each.headers["eventId"] for each in sandbox.stream.messages if each.accepted}
        assert set(one.handled()) == accepted
        assert int(said.split()[0]) == len(accepted) < pushing.result()


def test_a_process_that_is_killed(sandbox: Sandbox, tmp_path: Path) -> None:
    """What it had acknowledged was handled; the rest is handled by the next one."""
    sandbox.stream.redeliver_after = 0.3
    with bot(sandbox, tmp_path / "first", seconds=0.05) as one:
        for _ in range(300):
            sandbox.stream.push_event("user_add_org", {})
        until(lambda: len(one.handled()) > 50)
        one.process.kill()
        one.process.wait()
        sandbox.stream.wait_for_clients(0)
        accepted = {each.headers["eventId"] for each in sandbox.stream.messages if each.accepted}
        assert accepted <= set(one.handled())
    with bot(sandbox, tmp_path / "second") as two:
        sandbox.stream.wait_until_accepted(60)
        assert accepted.isdisjoint(two.handled())
        assert len(accepted | set(two.handled())) == 300


def test_a_second_signal(sandbox: Sandbox, tmp_path: Path) -> None:
    """It does not wait for handlers that take long."""
    with bot(sandbox, tmp_path / "done", seconds=1000) as one:
        sandbox.stream.push_event("user_add_org", {})
        sandbox.stream.push_event("user_leave_org", {})
        sandbox.stream.ping()
        until(lambda: sandbox.stream.clients[0].answered_pings == 1)
        one.process.send_signal(signal.SIGTERM)
        sandbox.stream.wait_for_answer(sandbox.stream.push_event("user_add_org", {}))
        began = time.monotonic()
        one.end()
        assert time.monotonic() - began < 8
        assert one.process.returncode == 0
    assert not any(each.accepted for each in sandbox.stream.messages)


# -- several processes -------------------------------------------------------------------------------------------------


def redelivering(sandbox: Sandbox) -> None:
    """What is not acknowledged comes again soon, and much comes twice anyway."""
    sandbox.stream.redeliver_after = 0.2
    sandbox.stream.duplicates = 0.3


def test_two_processes_on_one_redis_handle_each_event_once(sandbox: Sandbox, tmp_path: Path, redis_url: str) -> None:
    redelivering(sandbox)
    store = f"{redis_url}/0"
    with (
        bot(sandbox, tmp_path / "a", store=store, seconds=0.4) as one,
        bot(sandbox, tmp_path / "b", store=store, seconds=0.4) as two,
    ):
        for _ in range(150):
            sandbox.stream.push_event("user_add_org", {})
            sandbox.stream.push_event("user_leave_org", {})
        until(lambda: len(one.handled()) > 20)
        sandbox.stream.drop(sandbox.stream.clients[0])
        sandbox.stream.wait_until_accepted(60)
        handled = one.handled() + two.handled()
        assert set(handled.values()) == {1}
        assert set(handled) == {each.headers["eventId"] for each in sandbox.stream.messages}
        assert len(one.handled()) > 20 < len(two.handled())
        assert sum(len(each.sent_to) for each in sandbox.stream.messages) > 350


def test_what_takes_longer_than_the_lease_runs_in_one_process_only(sandbox: Sandbox, tmp_path: Path) -> None:
    gate = Gate()
    sandbox.stream.redeliver_after = 0.1
    apps = [sandbox.app(session_manager=f"sqlite:///{tmp_path}/marks.db") for _ in range(2)]
    with ExitStack() as receivers:
        for each in apps:
            each.callback.on(Event)(gate)
            each.callback.lease = 3.0  # time enough for a busy machine to renew it
            each.stream.deadline = 0.05
            receivers.enter_context(receiving(each))
        began = time.monotonic()
        message = sandbox.stream.push_event("check_in", {})
        gate.wait_inside()
        until(lambda: time.monotonic() > began + 3.5 and len(set(message.sent_to)) == 2)
        assert not message.accepted
        gate.open()
        sandbox.stream.wait_until_accepted()
        until(lambda: not any(each.callback.leases.held for each in apps))  # a redelivery may be under way
    assert len(gate.entered) == 1


def test_what_a_thread_is_left_with_is_finished_without_the_loop() -> None:
    """The loop may end before it hears of it. Otherwise the claims were given up when the garbage was collected."""
    ended: list[object] = []
    began, gate = threading.Event(), threading.Event()

    def flow() -> Flow[None]:
        ended.append((yield Blocking(lambda: None)))

    def work() -> str:
        began.set()
        assert gate.wait(ENOUGH)
        return "handled"

    async def run() -> None:
        pool, left = Pool(1, "left-behind"), flow()
        next(left)
        working = pool.run(work)
        assert began.wait(ENOUGH)
        working.cancel()
        pool.leave(working, left)
        pool.close()
        gate.set()
        for each in threading.enumerate():  # this keeps the loop from turning
            if each.name.startswith("left-behind"):
                each.join(ENOUGH)
        assert ended == ["handled"]

    asyncio.run(run())
