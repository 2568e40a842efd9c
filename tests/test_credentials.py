"""Access token and jsapi ticket: fetched once, kept, renewed in time, replaced when refused."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
import servers

from dingtalk_models import (
    AuthenticationError,
    ConfigurationError,
    Department,
    DingTalkApp,
    Retry,
    SessionStoreError,
    TransportError,
)
from dingtalk_models.auth import credential as credentials
from dingtalk_models.auth.module import Auth, signed_url
from dingtalk_models.core.steps import Background, Flow
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sessions import Session, SessionManager, open_session

TOKEN = "/v1.0/oauth2/accessToken"
TICKET = "/v1.0/oauth2/jsapiTickets"
GET = "/topapi/v2/department/get"
T = TypeVar("T")
FAST = Retry(first_wait=0.01, longest_wait=0.02)


class Clock:
    """The clocks of credentials and of sessions alone, which a test may put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        monkeypatch.setattr(credentials, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + self.ahead))
        original = Session.__init__

        def opened(session: Session, *args: Any, **kwargs: Any) -> None:
            original(session, *args, **kwargs | {"clock": lambda: time.time() + self.ahead})

        monkeypatch.setattr(Session, "__init__", opened)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def app(sandbox: Sandbox, clock: Clock) -> Generator[DingTalkApp]:
    del clock  # which has to be there before the app
    app = sandbox.app(retry=FAST)
    yield app
    app.close()


class Manager(dict[str, str]):
    """A user's own store of three methods."""

    def set(self, key: str, value: str, expires: int) -> None:
        del expires
        self[key] = value

    def delete(self, key: str) -> None:
        self.pop(key, None)


class LockingManager(Manager):
    """The same with locks."""

    def add(self, key: str, value: str, expires: int) -> bool:
        del expires
        return self.setdefault(key, value) is value


def at_once(work: Callable[[], T], times: int, threads: int | None = None) -> list[T]:
    """The results of doing something in many threads."""
    with ThreadPoolExecutor(threads or times) as pool:
        return [each.result() for each in [pool.submit(work) for _ in range(times)]]


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# -- fetching and keeping ------------------------------------------------------------------------------------------


def test_every_way_to_the_token_is_one_fetch(sandbox: Sandbox, app: DingTalkApp) -> None:
    token = app.get_access_token()
    assert token == app.access_token == app.auth.get_access_token() == asyncio.run(app.get_access_token.aio())
    assert token == app.send(app.get_access_token.call())
    assert sandbox.company.credentials.accepts(token)
    assert len(sandbox.received(TOKEN)) == 1


def test_every_way_to_the_ticket_is_one_fetch(sandbox: Sandbox, app: DingTalkApp) -> None:
    ticket = app.get_jsapi_ticket()
    assert ticket == app.jsapi_ticket == app.auth.get_jsapi_ticket() == app.auth.get_jsapi_ticket()
    assert len(sandbox.received(TICKET)) == len(sandbox.received(TOKEN)) == 1


def test_refreshing_always_asks_the_platform(sandbox: Sandbox, app: DingTalkApp) -> None:
    first = app.get_access_token()
    sandbox.revoke_tokens()
    second = app.refresh_access_token()
    assert second != first
    assert app.access_token == second
    # while a token is alive, the platform issues the same with its life renewed
    assert app.auth.refresh_access_token() == second
    assert len(sandbox.received(TOKEN)) == 3
    app.get_jsapi_ticket()
    app.refresh_jsapi_ticket()
    app.auth.refresh_jsapi_ticket()
    assert len(sandbox.received(TICKET)) == 3


def test_corp_id_and_secret_use_the_older_host(sandbox: Sandbox) -> None:
    app = sandbox.app(appkey=None, appsecret=None, name="corp")
    assert Department.objects.using(app).get(1).dept_id == 1
    (call,) = sandbox.received("/gettoken")
    assert call.query == {"corpid": sandbox.corp_id, "corpsecret": sandbox.corp_secret}
    assert sandbox.received(TOKEN) == []
    app.close()


@pytest.mark.parametrize("which", ["appkey", "corp"])
def test_wrong_credentials_say_so_and_are_sent_once(sandbox: Sandbox, which: str) -> None:
    wrong = {"appsecret": "wr0ng"} if which == "appkey" else {"appkey": None, "appsecret": None, "corp_secret": "wr0ng"}
    app = sandbox.app(**wrong)
    with pytest.raises(AuthenticationError) as caught:
        Department.objects.using(app).get(1)
    assert caught.value.cause == ("invalidClientIdOrSecret" if which == "appkey" else "40089")
    assert not caught.value.token_rejected
    assert "wr0ng" not in repr(caught.value) + str(caught.value) + repr(caught.value.request)
    assert len(sandbox.calls) == 1
    app.close()


def test_an_app_without_credentials() -> None:
    app = DingTalkApp(corp_id="ding1", oapi_url="http://127.0.0.1:9", api_url="http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="no credentials"):
        app.get_access_token()
    with app, pytest.raises(ConfigurationError, match="belong to an app"):
        Auth().get_access_token()


def test_keys_tell_apps_apart_and_hold_no_secret(sandbox: Sandbox) -> None:
    store = LockingManager()
    apps = [sandbox.app(session_manager=store, name=name) for name in ("one", "two")]
    apps.append(sandbox.app(session_manager=store, name="one", appkey=None, appsecret=None))
    for app in apps:
        app.get_access_token()
        app.get_jsapi_ticket()
        app.close()
    assert len(store) == 6
    for key in store:
        assert sandbox.appsecret not in key
        assert sandbox.corp_secret not in key
        assert key.endswith((":access_token", ":jsapi_ticket"))
    production = DingTalkApp(name="shop", appkey="ding1", appsecret="s").access_token_credential.key
    assert production == "dingtalk:shop:ding1:access_token"


def test_a_second_process_finds_the_token_in_the_store(sandbox: Sandbox) -> None:
    store = Manager()
    first, second = (sandbox.app(session_manager=store) for _ in range(2))
    assert first.get_access_token() == second.get_access_token()
    assert len(sandbox.received(TOKEN)) == 1
    first.close()


# -- expiry --------------------------------------------------------------------------------------------------------


def test_a_token_lives_as_long_as_the_platform_says_less_a_margin(
    sandbox: Sandbox, app: DingTalkApp, clock: Clock
) -> None:
    app.get_access_token()
    entry = app.session.entry(app.access_token_credential.key)
    assert entry is not None
    assert entry.seconds_left == pytest.approx(7200 - credentials.MARGIN, abs=2)
    held: Any = vars(app.access_token_credential)["_held"]
    assert held.seconds_left == pytest.approx(7200 - credentials.MARGIN, abs=2)
    assert entry.value not in repr(held) + repr(entry)
    clock.ahead = 7200 - credentials.MARGIN - credentials.RENEW_AHEAD - 5
    app.get_access_token()
    assert len(sandbox.received(TOKEN)) == 1


@pytest.mark.parametrize(("lifetime", "kept"), [(10, 5), (200, 100), (241, 121), (0, 0)])
def test_a_short_life_is_not_all_margin(sandbox: Sandbox, app: DingTalkApp, lifetime: int, kept: int) -> None:
    body = f'{{"accessToken":"short","expireIn":{lifetime}}}'
    sandbox.fail(TOKEN, body=body, content_type="application/json", status=200)
    assert app.get_access_token() == "short"
    held: Any = vars(app.access_token_credential)["_held"]
    assert held.seconds_left == pytest.approx(kept, abs=1)


def test_an_expired_token_is_fetched_before_it_is_used(sandbox: Sandbox, app: DingTalkApp, clock: Clock) -> None:
    departments = Department.objects.using(app)
    departments.get(1)
    sandbox.clock.advance(7201)
    clock.ahead = 7201
    departments.get(1)
    assert [call.code for call in sandbox.calls] == [0, 0, 0, 0]
    assert [call.path for call in sandbox.calls] == [TOKEN, GET, TOKEN, GET]


def test_a_token_that_expired_earlier_than_promised(sandbox: Sandbox, app: DingTalkApp) -> None:
    departments = Department.objects.using(app)
    departments.get(1)
    sandbox.clock.advance(7201)
    departments.get(1)
    assert [call.code for call in sandbox.received(GET)] == [0, 40014, 0]
    assert len(sandbox.received(TOKEN)) == 2


@pytest.mark.parametrize("jump", [-86400 * 365, 86400 * 365])
def test_a_jump_of_the_wall_clock_does_not_lengthen_or_break_a_token(
    sandbox: Sandbox, app: DingTalkApp, jump: float
) -> None:
    app.get_access_token()
    vars(app.session)["_clock"] = lambda: time.time() + jump
    app.get_access_token()  # this process's copy goes by the monotonic clock
    assert len(sandbox.received(TOKEN)) == 1
    again = sandbox.app(session_manager=app.session)
    vars(again.session)["_clock"] = lambda: time.time() + jump
    again.get_access_token()  # another's finds nothing that it can trust, and fetches
    assert len(sandbox.received(TOKEN)) == 2
    again.close()


# -- renewing ahead ------------------------------------------------------------------------------------------------


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
    eventually(lambda: app.get_access_token() != old)
    assert slow.remaining == 0
    assert len(sandbox.received(TOKEN)) == 2


def test_renewed_ahead_on_the_event_loop(sandbox: Sandbox, app: DingTalkApp, clock: Clock) -> None:
    async def scenario() -> None:
        old = await app.get_access_token.aio()
        sandbox.revoke_tokens()
        almost_over(clock)
        sandbox.fail(TOKEN, delay=0.1)
        assert [await app.get_access_token.aio() for _ in range(50)] == [old] * 50
        async with asyncio.timeout(5):
            while await app.get_access_token.aio() == old:
                await asyncio.sleep(0.005)
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
        eventually(lambda: bool(caplog.records))
    assert "could not renew" in caplog.text
    assert token not in caplog.text
    assert [app.get_access_token() for _ in range(20)] == [token] * 20
    assert fault.remaining == 99
    clock.ahead += 31
    fault.cancel()
    app.get_access_token()
    eventually(lambda: len(sandbox.received(TOKEN)) == 3)


def test_a_renewal_that_another_process_did_is_taken_over(sandbox: Sandbox, clock: Clock) -> None:
    store = LockingManager()
    first, second = (sandbox.app(session_manager=store) for _ in range(2))
    first.get_access_token()
    second.get_access_token()
    almost_over(clock)
    first.refresh_access_token()
    second.get_access_token()
    held: Callable[[], Any] = lambda: vars(second.access_token_credential)["_held"]  # noqa: E731
    eventually(lambda: bool(held().seconds_left > credentials.RENEW_AHEAD))
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


# -- one refresher -------------------------------------------------------------------------------------------------


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
    assert app.send(credential.renew(rejected)).value != rejected.value


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


# -- refreshers that do not finish ---------------------------------------------------------------------------------


def test_a_cancelled_refresher_leaves_the_work_to_another(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(TOKEN, delay=5)

    async def scenario() -> None:
        leader = asyncio.create_task(app.get_access_token.aio())
        while not sandbox.received(TOKEN):
            await asyncio.sleep(0.005)
        waiter = asyncio.create_task(app.get_access_token.aio())
        await asyncio.sleep(0.01)
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
        leader = asyncio.create_task(app.get_access_token.aio())
        await asyncio.sleep(0)
        patient = asyncio.create_task(app.get_access_token.aio())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(app.get_access_token.aio(), 0.05)
        assert await leader == await patient
        assert len(sandbox.received(TOKEN)) == 1
        assert await app.refresh_access_token.aio()
        await app.aclose()

    asyncio.run(scenario())


class SlowManager(LockingManager):
    """Whose locking takes a while, longer than its caller has patience."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def add(self, key: str, value: str, expires: int) -> bool:
        self.asked.set()
        time.sleep(0.1)
        return super().add(key, value, expires)


def test_a_refresher_cancelled_while_it_locks_leaves_no_lock(sandbox: Sandbox) -> None:
    store = SlowManager()
    app = sandbox.app(session_manager=store)

    async def scenario() -> None:
        leader = asyncio.create_task(app.get_access_token.aio())
        while not store.asked.is_set():
            await asyncio.sleep(0.005)
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        await app.aclose()

    asyncio.run(scenario())
    eventually(lambda: not store)
    assert app.get_access_token()
    assert len(store) == 1
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
    eventually(lambda: not store)
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
        time.sleep(0.1)
        assert not waiting.done()
        session.set(key, "from the other", 7000)
        assert waiting.result(timeout=2) == "from the other"
    assert sandbox.calls == []
    assert session.get(f"{key}:lock") == "another process"


class LateManager(LockingManager):
    """In which another process stores its token and gives its lock back between our look and our lock."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ""

    def add(self, key: str, value: str, expires: int) -> bool:
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
    assert list(store) == [store.key]


def test_a_refresh_while_another_holds_the_lock_waits_for_a_newer_one(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.get_access_token()
    session, key = app.session, app.access_token_credential.key
    session.add(f"{key}:lock", "another process", 0.2)
    begun = time.perf_counter()
    app.refresh_access_token()
    assert time.perf_counter() - begun > 0.15
    assert len(sandbox.received(TOKEN)) == 2


def test_blocking_where_an_awaited_refresh_runs_is_an_error_not_a_deadlock(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(TOKEN, delay=0.1)

    async def scenario() -> None:
        refresh = asyncio.create_task(app.get_access_token.aio())
        await asyncio.sleep(0.02)
        with pytest.raises(ConfigurationError, match="await it"):
            app.get_access_token()
        token = await refresh
        assert app.get_access_token() == token
        await app.aclose()

    asyncio.run(scenario())


# -- the store -----------------------------------------------------------------------------------------------------


def dead_redis() -> str:
    return f"redis://:{servers.PASSWORD}@127.0.0.1:{servers.free_port()}/0"


def test_a_dead_store_is_named(sandbox: Sandbox) -> None:
    app = sandbox.app(session_manager=dead_redis(), retry=FAST)
    with pytest.raises(SessionStoreError) as caught:
        Department.objects.using(app).get(1)
    assert caught.value.store.startswith("redis://127.0.0.1:")
    assert servers.PASSWORD not in str(caught.value)
    with pytest.raises(SessionStoreError):
        asyncio.run(app.get_access_token.aio())
    assert sandbox.calls == []
    app.close()


def test_memory_stands_in_for_a_dead_store(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    app = sandbox.app(session_manager=dead_redis(), session_fallback=True)
    assert len(set(at_once(app.get_access_token, 32, 16))) == 1
    assert len(sandbox.received(TOKEN)) == 1
    assert [record.levelname for record in caplog.records if "session store" in record.message] == ["WARNING"]
    assert servers.PASSWORD not in caplog.text
    app.close()


def test_a_token_in_hand_needs_no_store(sandbox: Sandbox, app: DingTalkApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app.get_access_token()
    session = app.session
    monkeypatch.setattr(session, "entry", None)
    monkeypatch.setattr(session, "set", None)
    assert Department.objects.using(app).get(1).dept_id == 1


def test_a_store_that_dies_after_the_token_came_costs_nothing(
    sandbox: Sandbox, app: DingTalkApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(self: Session, key: str, value: str) -> None:
        raise SessionStoreError("redis://gone", "ConnectionError")

    monkeypatch.setattr(Session, "release", dead)
    assert app.get_access_token()


def test_the_store_never_blocks_the_loop(sandbox: Sandbox) -> None:
    app = sandbox.app(session_manager=SlowManager())

    async def scenario() -> int:
        fetching = asyncio.create_task(app.get_access_token.aio())
        ticks = 0
        while not fetching.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await app.aclose()
        return ticks

    assert asyncio.run(scenario()) > 10


# -- signatures ----------------------------------------------------------------------------------------------------


def test_signatures_against_values_computed_elsewhere(sandbox: Sandbox) -> None:
    # printf '%s' 'jsapi_ticket=…&noncestr=…&timestamp=…&url=…' | sha256sum, and | sha1sum
    app = sandbox.app()
    app.session.set(app.jsapi_ticket_credential.key, "HPt6qMWKbBO7kR3X", 7000)
    url = "https://acme.example/index.html?name=%E5%BC%A0%E4%B8%89&x=%2525#/home"
    signed = app.jsapi_signature(url, noncestr="Zn4zmLFKD0wzilzM", timestamp=1700000000)
    assert signed.url == "https://acme.example/index.html?name=张三&x=%25"
    assert signed.signature == "ca5fea4f752106f04b78a85b25eaec04cc3e76d0a6006463dfccb267f41b8088"
    assert (signed.corp_id, signed.agent_id) == (sandbox.corp_id, sandbox.agent_id)
    assert (signed.noncestr, signed.timestamp) == ("Zn4zmLFKD0wzilzM", 1700000000)
    older = app.jsapi_signature(url, noncestr="Zn4zmLFKD0wzilzM", timestamp=1700000000, algorithm="sha1")
    assert older.signature == "e2fd60cee3a783123b289bbeb5303cc70292ab76"
    assert sandbox.calls == []


def test_a_signature_of_now(sandbox: Sandbox, app: DingTalkApp) -> None:
    first, second = app.jsapi_signature("https://acme.example/"), app.auth.jsapi_signature("https://acme.example/")
    assert first.noncestr != second.noncestr
    assert abs(first.timestamp - time.time()) < 5
    text = f"jsapi_ticket={app.jsapi_ticket}&noncestr={first.noncestr}&timestamp={first.timestamp}&url={first.url}"
    assert first.signature == hashlib.sha256(text.encode()).hexdigest()
    assert len(sandbox.received(TICKET)) == 1

    async def fixed() -> str:
        async with sandbox.app(noncestr="fixed") as own:
            return (await own.jsapi_signature.aio("https://acme.example/")).noncestr

    assert asyncio.run(fixed()) == "fixed"


@pytest.mark.parametrize(
    ("shown", "signed"),
    [
        ("https://a.example/p#x", "https://a.example/p"),
        ("https://a.example/p?a=1&b=%20#x?y", "https://a.example/p?a=1&b= "),
        ("https://a.example/%E5?q=%3F", "https://a.example/%E5?q=?"),
    ],
)
def test_the_address_that_is_signed(shown: str, signed: str) -> None:
    assert signed_url(shown) == signed
