"""Refreshing a credential: ahead of its expiry, once for all callers, and whatever becomes of the one who does it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from refreshing import FAST, GET, TOKEN, Clock, abandoned_loop, at_once
from stores import LockingManager, Manager, SlowManager
from waiting import stays, stays_async, until, until_async

from dingtalk_models import (
    AuthenticationError,
    ConfigurationError,
    Department,
    DingTalkApp,
    HttpRequest,
    HttpResponse,
    TransportError,
)
from dingtalk_models.call import credential as credentials
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.core.steps import Background, Flow, Promise, Wait
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sessions import SessionManager, open_session

pytestmark = pytest.mark.usefixtures("clock", "fast")


# -- renewing ahead --------------------------------------------------------------------------------------------------


def almost_over(clock: Clock) -> None:
    clock.ahead += 7200 - credentials.MARGIN - credentials.RENEW_AHEAD + 60


def test_renewed_ahead_while_callers_go_on(sandbox: Sandbox, app: DingTalkApp, clock: Clock) -> None:
    old = app.get_access_token()
    sandbox.revoke_tokens()
    almost_over(clock)
    slow = sandbox.fail(TOKEN, delay=1)
    begun = time.perf_counter()
    assert [app.get_access_token() for _ in range(50)] == [old] * 50
    assert time.perf_counter() - begun < 0.9
    until(lambda: app.get_access_token() != old)
    assert slow.remaining == 0
    assert len(sandbox.received(TOKEN)) == 2


def test_renewed_ahead_on_the_event_loop(sandbox: Sandbox, app: DingTalkApp, clock: Clock) -> None:
    async def scenario() -> None:
        old = await app.get_access_token.aio()
        sandbox.revoke_tokens()
        almost_over(clock)
        sandbox.fail(TOKEN, delay=0.1)
        assert [await app.get_access_token.aio() for _ in range(50)] == [old] * 50
        await until_async(lambda: app.session.get(app.access_token_credential.key) != old)
        assert await app.get_access_token.aio() != old
        await app.aclose()

    asyncio.run(scenario())
    assert len(sandbox.received(TOKEN)) == 2


def test_a_failed_renewal_is_a_warning_and_pauses(
    sandbox: Sandbox, app: DingTalkApp, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    token = app.get_access_token()
    almost_over(clock)
    fault = sandbox.fail(TOKEN, times=100, status=403, code="Forbidden.X")
    with caplog.at_level(logging.WARNING, "dingtalk_models"):
        assert app.get_access_token() == token
        until(lambda: bool(caplog.records))
    assert "could not renew" in caplog.text
    assert token not in caplog.text
    assert [app.get_access_token() for _ in range(20)] == [token] * 20
    assert fault.remaining == 99
    clock.ahead += 31
    fault.cancel()
    app.get_access_token()
    until(lambda: len(sandbox.received(TOKEN)) == 3)


def test_a_renewal_that_another_process_did_is_taken_over(sandbox: Sandbox, clock: Clock) -> None:
    store = LockingManager()
    first, second = (sandbox.app(session_manager=store) for _ in range(2))
    first.get_access_token()
    second.get_access_token()
    almost_over(clock)
    first.refresh_access_token()
    second.get_access_token()
    held: Callable[[], Any] = lambda: vars(second.access_token_credential)["_held"]  # noqa: E731
    until(lambda: bool(held().seconds_left > credentials.RENEW_AHEAD))
    assert len(sandbox.received(TOKEN)) == 2
    first.close()
    second.close()


def test_what_runs_in_the_background_is_not_waited_for(app: DingTalkApp) -> None:
    done = threading.Event()

    def work() -> Flow[None]:
        done.set()
        yield from ()

    def flow() -> Flow[str]:
        yield Background(work)
        return "at once"

    async def scenario() -> None:
        assert await app.asend(flow()) == "at once"
        await asyncio.sleep(0)
        assert done.is_set()

    assert app.send(flow()) == "at once"
    assert done.wait(5)
    done.clear()
    asyncio.run(scenario())


# -- one refresher ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manager", [None, Manager(), LockingManager()], ids=["memory", "three methods", "with add"])
def test_many_threads_fetch_one_token(sandbox: Sandbox, manager: SessionManager | None) -> None:
    app = sandbox.app(session_manager=manager)
    sandbox.fail(TOKEN, delay=0.05)
    assert len(set(at_once(app.get_access_token, 64))) == 1
    assert len(sandbox.received(TOKEN)) == 1
    app.close()


def test_threads_and_tasks_share_one_refresh(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(TOKEN, delay=0.1)

    async def many() -> set[str]:
        found = set(await asyncio.gather(*(app.get_access_token.aio() for _ in range(20))))
        await app.aclose()
        return found

    with ThreadPoolExecutor(8) as pool:
        blocking = [pool.submit(app.get_access_token) for _ in range(4)]
        loops = [pool.submit(lambda: asyncio.run(many())) for _ in range(4)]
        found = {each.result() for each in blocking}.union(*(each.result() for each in loops))
    assert len(found) == 1
    assert len(sandbox.received(TOKEN)) == 1


def test_a_refused_token_is_replaced_once_for_all_threads(sandbox: Sandbox, app: DingTalkApp) -> None:
    departments = Department.objects.using(app)
    departments.get(1)
    sandbox.revoke_tokens()
    assert {each.dept_id for each in at_once(lambda: departments.get(1), 200, 32)} == {1}
    assert len(sandbox.received(TOKEN)) == 2


def test_a_refused_token_is_replaced_once_for_all_tasks(sandbox: Sandbox, app: DingTalkApp) -> None:
    departments = Department.objects.using(app)

    async def scenario() -> None:
        await departments.get.aio(1)
        sandbox.revoke_tokens()
        found = await asyncio.gather(*(departments.get.aio(1) for _ in range(100)))
        assert {each.dept_id for each in found} == {1}
        await app.aclose()

    asyncio.run(scenario())
    assert len(sandbox.received(TOKEN)) == 2


def test_a_token_that_stays_refused_is_an_error(sandbox: Sandbox, app: DingTalkApp) -> None:
    fault = sandbox.fail(GET, times=100, sub_code="40014")
    with pytest.raises(AuthenticationError) as caught:
        Department.objects.using(app).get(1)
    assert caught.value.token_rejected
    assert fault.remaining == 98
    assert len(sandbox.received(TOKEN)) == 3


def test_a_renewal_that_began_before_the_rejection_does_not_count(sandbox: Sandbox, app: DingTalkApp) -> None:
    credential = app.access_token_credential
    rejected = app.send(credential.get())
    app.refresh_access_token()  # the same value, with its life renewed
    sandbox.revoke_tokens()
    renewed = app.send(credential.renew(rejected, GET))
    assert renewed is not None
    assert renewed.value != rejected.value


@pytest.mark.parametrize(
    "code", ["40014", "42001", "40001", "41001", "40000", "33001"], ids=lambda code: f"sub code {code}"
)
def test_each_code_of_a_refused_token_renews_it(sandbox: Sandbox, app: DingTalkApp, code: str) -> None:
    sandbox.fail(GET, sub_code=code)
    assert Department.objects.using(app).get(1).dept_id == 1
    assert len(sandbox.received(GET)) == 2


def test_the_newer_host_refuses_a_token_in_its_own_words(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.get_access_token()
    sandbox.revoke_tokens()
    assert Department.objects.using(app).search("研发").first() is not None
    codes = [call.code for call in sandbox.received("/v1.0/contact/departments/search")]
    assert codes == ["InvalidAuthentication", 0]


def test_even_a_write_is_sent_again_after_a_refused_token(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.get_access_token()
    sandbox.revoke_tokens()
    made = Department.objects.using(app).create("新部门")
    assert sandbox.company.departments[made.dept_id].name == "新部门"
    assert [call.code for call in sandbox.received("/topapi/v2/department/create")] == [40014, 0]


def test_a_failing_refresh_fails_all_waiters_and_the_next_one_starts_afresh(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(TOKEN, code="invalidClientIdOrSecret", delay=0.2)
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(app.get_access_token) for _ in range(8)]
        assert {type(each.exception()) for each in results} == {AuthenticationError}
    assert app.get_access_token()
    assert len(sandbox.received(TOKEN)) == 2


def test_attempts_to_fetch_a_token_do_not_multiply(sandbox: Sandbox, app: DingTalkApp) -> None:
    fault = sandbox.fail(TOKEN, times=100, status=503)
    with pytest.raises(TransportError) as caught:
        Department.objects.using(app).get(1)
    assert caught.value.status == 503
    assert 100 - fault.remaining == FAST.attempts


# -- refreshers that do not finish -----------------------------------------------------------------------------------


async def under_way(app: DingTalkApp) -> asyncio.Task[str]:
    """A refresh that has begun."""
    refresh = asyncio.create_task(app.get_access_token.aio())
    await until_async(lambda: vars(app.access_token_credential)["_refreshing"])
    return refresh


def test_a_cancelled_refresher_leaves_the_work_to_another(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(TOKEN, delay=5)

    async def scenario() -> None:
        leader = asyncio.create_task(app.get_access_token.aio())
        await until_async(lambda: sandbox.received(TOKEN))
        waiter = asyncio.create_task(app.get_access_token.aio())
        await stays_async(lambda: not waiter.done())
        leader.cancel()
        async with asyncio.timeout(3):
            assert await waiter
        assert leader.cancelled()
        await app.aclose()

    begun = time.perf_counter()
    asyncio.run(scenario())
    assert time.perf_counter() - begun < 2
    assert len(sandbox.received(TOKEN)) == 2


def test_a_cancelled_waiter_disturbs_nobody(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(TOKEN, delay=0.2)

    async def scenario() -> None:
        leader = await under_way(app)
        patient = asyncio.create_task(app.get_access_token.aio())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(app.get_access_token.aio(), 0.05)
        assert await leader == await patient
        assert len(sandbox.received(TOKEN)) == 1
        assert await app.refresh_access_token.aio()
        await app.aclose()

    asyncio.run(scenario())


def test_a_refresher_cancelled_while_it_locks_leaves_no_lock(sandbox: Sandbox) -> None:
    store = SlowManager()
    app = sandbox.app(session_manager=store)

    async def scenario() -> None:
        leader = asyncio.create_task(app.get_access_token.aio())
        await until_async(store.asked.is_set)
        leader.cancel()
        store.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await leader
        await app.aclose()

    asyncio.run(scenario())
    until(lambda: not store.entries)
    assert app.get_access_token()
    assert len(store.entries) == 1
    app.close()


class Interrupting:
    """A transport that a key press interrupts once."""

    def __init__(self) -> None:
        self.pressed = False

    def send(self, request: Any) -> Any:
        del request
        self.pressed = True
        raise KeyboardInterrupt

    def close(self) -> None: ...


def test_an_interrupted_refresher_leaves_no_lock(sandbox: Sandbox) -> None:
    store = LockingManager()
    transport = Interrupting()
    app = sandbox.app(session_manager=store, transport=transport)
    with pytest.raises(KeyboardInterrupt):
        app.get_access_token()
    assert transport.pressed
    until(lambda: not store.entries)
    other = sandbox.app(session_manager=store)
    assert other.get_access_token()
    other.close()


def test_a_lock_left_behind_blocks_nobody_beyond_its_life(sandbox: Sandbox, app: DingTalkApp) -> None:
    key = app.access_token_credential.key
    assert app.session.add(f"{key}:lock", "a process that died", 0.4)
    begun = time.perf_counter()
    assert len(set(at_once(app.get_access_token, 8))) == 1
    assert 0.3 < time.perf_counter() - begun < 2
    assert len(sandbox.received(TOKEN)) == 1
    assert app.session.get(f"{key}:lock") is None


def test_what_the_holder_of_the_lock_brings_is_taken(sandbox: Sandbox, app: DingTalkApp) -> None:
    session, key = app.session, app.access_token_credential.key
    session.add(f"{key}:lock", "another process", 30)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(app.get_access_token)
        stays(lambda: not waiting.done(), 0.1)
        session.set(key, "from the other", 7000)
        assert waiting.result(timeout=2) == "from the other"
    assert sandbox.calls == []
    assert session.get(f"{key}:lock") == "another process"


class LateManager(LockingManager):
    """In which another process stores its token and gives its lock back between our look and our lock."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ""

    def add(self, key: str, value: str, expires: int) -> int:
        open_session(Forwarding(self)).set(self.key, "from the other", 7000)
        return super().add(key, value, expires)


class Forwarding:
    """The same entries, without locks."""

    def __init__(self, inner: Manager) -> None:
        self.get, self.set, self.delete = inner.get, inner.set, inner.delete


def test_what_came_between_our_look_and_our_lock_is_taken(sandbox: Sandbox) -> None:
    store = LateManager()
    app = sandbox.app(session_manager=store)
    store.key = app.access_token_credential.key
    assert app.get_access_token() == "from the other"
    assert sandbox.calls == []
    assert list(store.entries) == [store.key]


def test_a_refresh_while_another_holds_the_lock_waits_for_a_newer_one(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.get_access_token()
    session, key = app.session, app.access_token_credential.key
    session.add(f"{key}:lock", "another process", 0.2)
    begun = time.perf_counter()
    app.refresh_access_token()
    assert time.perf_counter() - begun > 0.15
    assert len(sandbox.received(TOKEN)) == 2


def test_blocking_where_an_awaited_refresh_runs_is_an_error_not_a_deadlock(sandbox: Sandbox) -> None:
    app = sandbox.app(blocking_on_loop=True)
    sandbox.fail(TOKEN, delay=0.1)

    async def scenario() -> None:
        refresh = await under_way(app)
        with pytest.raises(ConfigurationError, match="await both"):
            app.get_access_token()
        token = await refresh
        assert app.get_access_token() == token
        await app.aclose()

    asyncio.run(scenario())


# -- nobody waits for ever -----------------------------------------------------------------------------------------


class StuckOnce:
    """Transports, blocking and awaited, whose first call is not answered until it is released."""

    def __init__(self) -> None:
        self.first = True
        self.released = threading.Event()
        self._transport = RequestsTransport((5.0, 5.0))

    def send(self, request: HttpRequest) -> HttpResponse:
        if self.first:
            self.first = False
            assert self.released.wait(10)
        return self._transport.send(request)

    def close(self) -> None:
        self._transport.close()


class AwaitedStuckOnce:
    """The same on an event loop."""

    def __init__(self, transport: StuckOnce) -> None:
        self._transport = transport

    async def send(self, request: HttpRequest) -> HttpResponse:
        if self._transport.first:
            self._transport.first = False
            await asyncio.Event().wait()
        return self._transport.send(request)

    async def close(self) -> None: ...


@pytest.fixture
def impatient(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Generator[DingTalkApp]:
    """An app whose first call is never answered, and who waits for a refresh for less than a second."""
    monkeypatch.setattr(credentials, "LOCK_LIFE", 0.7)
    transport = StuckOnce()
    app = sandbox.app(transport=transport, async_transport=AwaitedStuckOnce(transport))
    yield app
    transport.released.set()
    app.close()


@pytest.fixture
def stopped(impatient: DingTalkApp) -> Generator[asyncio.AbstractEventLoop]:
    """An event loop that has stopped in the middle of a refresh."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(impatient.get_access_token.aio())
    loop.run_until_complete(until_async(lambda: not vars(impatient)["_transport"].first))
    assert not task.done()
    yield loop
    task.cancel()
    loop.run_until_complete(asyncio.wait([task]))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.mark.usefixtures("stopped")
def test_the_thread_of_an_event_loop_that_stopped_goes_on_at_once(impatient: DingTalkApp) -> None:
    begun = time.monotonic()
    assert impatient.get_access_token()
    assert time.monotonic() - begun < 0.4


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("awaited", [False, True])
def test_other_threads_do_not_wait_for_ever_for_an_event_loop_that_stopped(
    impatient: DingTalkApp, *, awaited: bool
) -> None:
    def get(_: int) -> str:
        return asyncio.run(impatient.get_access_token.aio()) if awaited else impatient.get_access_token()

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(get, number) for number in range(4)]
        assert len({each.result(5) for each in found}) == 1


def test_nobody_waits_for_ever_for_a_thread(sandbox: Sandbox, impatient: DingTalkApp) -> None:
    with ThreadPoolExecutor(4) as pool:
        stuck = pool.submit(impatient.get_access_token)
        until(lambda: not vars(impatient)["_transport"].first)
        others = [pool.submit(impatient.get_access_token) for _ in range(3)]
        tokens = {each.result(5) for each in others}
        assert not stuck.done()
        vars(impatient)["_transport"].released.set()
        assert tokens == {stuck.result(5)}
    assert len(sandbox.received(TOKEN)) == 2


def test_an_event_loop_that_is_closed_in_a_renewal_holds_up_nobody(
    sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    transport = StuckOnce()
    app = sandbox.app(async_transport=AwaitedStuckOnce(transport))
    old = app.get_access_token()
    almost_over(clock)
    sandbox.revoke_tokens()
    loop = abandoned_loop()
    assert loop.run_until_complete(app.get_access_token.aio()) == old
    loop.run_until_complete(until_async(lambda: not transport.first))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert not transport.first, "the renewal has begun"
    assert app.get_access_token() == old
    clock.ahead += credentials.LOCK_LIFE + 1  # when it is tried again
    assert app.get_access_token() == old
    until(lambda: app.get_access_token() != old)
    assert len(sandbox.received(TOKEN)) == 2
    app.close()
    transport.close()
    assert not caplog.records


def test_who_waited_on_a_loop_that_is_closed_is_not_told(app: DingTalkApp, caplog: pytest.LogCaptureFixture) -> None:
    promise = Promise[str]()

    def wait() -> Flow[str | None]:
        return (yield from Wait(promise, 0, 60))

    loop = abandoned_loop()
    waiting = loop.create_task(app.asend(wait()))
    loop.run_until_complete(stays_async(lambda: not waiting.done()))
    loop.close()
    promise.keep("late")
    assert not waiting.done()
    assert not caplog.records


def test_a_wait_ends_in_time_and_brings_what_was_found(app: DingTalkApp) -> None:
    def wait(promise: Promise[str], seconds: float) -> Flow[str | None]:
        return (yield from Wait(promise, 0, seconds))

    found, wrong = Promise[str](), Promise[str]()
    found.keep("found")
    wrong.fail(TimeoutError("its own"))
    ways: list[Callable[[Flow[str | None]], str | None]] = [
        lambda flow: app.send(flow),  # noqa: PLW0108 - of this type
        lambda flow: asyncio.run(app.asend(flow)),
    ]
    for send in ways:
        begun = time.monotonic()
        assert send(wait(Promise(), 0.1)) is None
        assert send(wait(Promise(), -1)) is None
        assert 0.1 <= time.monotonic() - begun < 1
        assert send(wait(found, -1)) == "found"
        with pytest.raises(TimeoutError, match="its own"):
            send(wait(wrong, 5))


def test_a_renewal_that_no_thread_can_do_fails_no_call(
    app: DingTalkApp, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while the interpreter ends."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    token = app.get_access_token()
    almost_over(clock)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert app.get_access_token() == token
