"""The rate limiter: calls wait their turn, in order and not beyond their deadline, so that none is refused."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import time
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest
import servers
from generators.uses import by_hand
from waiting import stays_async, until

from dingtalk_models import (
    Call,
    ConfigurationError,
    Department,
    DingTalkApp,
    QuotaExhausted,
    RateLimit,
    RateLimited,
    Retry,
    User,
    WebhookRobot,
)
from dingtalk_models.call import call as calls
from dingtalk_models.call.limits.quota import is_free
from dingtalk_models.core.codes import LONGEST_WAIT
from dingtalk_models.core.steps import Flow, Sleep, Step
from dingtalk_models.message.message_body import Text
from dingtalk_models.sandbox import Sandbox

GET = "/topapi/v2/department/get"
READ = Department.objects.get.call(1)


@pytest.fixture
def sandbox() -> Generator[Sandbox]:
    with Sandbox(qps=40) as sandbox:
        yield sandbox


@pytest.fixture
def app(sandbox: Sandbox) -> Generator[DingTalkApp]:
    app = sandbox.app(rate_limit=RateLimit(40))
    yield app
    app.close()


def codes(sandbox: Sandbox) -> list[int | str | None]:
    return [call.code for call in sandbox.received(GET)]


# -- calls ---------------------------------------------------------------------------------------------------------


def test_threads_wait_their_turn(sandbox: Sandbox, app: DingTalkApp) -> None:
    with ThreadPoolExecutor(120) as pool:
        found = list(pool.map(app.contact.departments.get, [1] * 120))
    assert {each.dept_id for each in found} == {1}
    assert_used_up(sandbox)


def test_tasks_wait_their_turn_and_the_loop_goes_on(sandbox: Sandbox, app: DingTalkApp) -> None:
    async def main() -> list[Department]:
        async def tick() -> None:
            while True:
                asleep = time.monotonic()
                await asyncio.sleep(0.01)
                ticks.append(time.monotonic() - asleep)

        ticks: list[float] = []
        ticking = asyncio.create_task(tick())
        try:
            return await asyncio.gather(*(app.asend(READ) for _ in range(120)))
        finally:
            ticking.cancel()
            await app.aclose()
            assert len(ticks) > 100
            assert sorted(ticks)[len(ticks) // 2] < 0.05

    assert len(asyncio.run(main())) == 120
    assert_used_up(sandbox)


def assert_used_up(sandbox: Sandbox) -> None:
    """120 calls under 40 a second take two seconds, and the time of an answer three times.

    Calls that a busy machine holds back on their way arrive together, and one of them may be too much.
    """
    found = codes(sandbox)
    assert found.count(0) == 120
    assert len(found) <= 123
    at = [call.at for call in sandbox.received(GET)]
    assert 2.0 < at[-1] - at[0] < 5.0


def share(settings: dict[str, Any], calls: int) -> None:
    app = DingTalkApp(**settings, rate_limit=RateLimit(40))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(app.send, [READ] * calls))
    app.close()


def shared_settings(sandbox: Sandbox, store: str, name: str) -> dict[str, Any]:
    """What the apps of several processes have in common."""
    settings = {"appkey": sandbox.appkey, "appsecret": sandbox.appsecret, "session_manager": store, "name": name}
    return settings | {"oapi_url": sandbox.url, "api_url": sandbox.url}


def test_processes_share_the_limit(sandbox: Sandbox, redis_url: str) -> None:
    settings = shared_settings(sandbox, redis_url, "sharing")
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        # both are up before either sends much
        for each in [pool.submit(share, settings, 1) for _ in range(2)]:
            each.result()
        sandbox.calls.clear()
        for each in [pool.submit(share, settings, 60) for _ in range(2)]:
            each.result()
    assert_used_up(sandbox)  # the first two count as well


def test_each_api_has_its_own_limit(sandbox: Sandbox) -> None:
    app = sandbox.app(rate_limit=RateLimit(2, apis={"/topapi/v2/user/get": 40}))
    begun = time.monotonic()
    app.contact.departments.get(1)
    for _ in range(10):
        app.contact.users.get("zhaolei")
    assert time.monotonic() - begun < 0.7
    for _ in range(2):
        app.contact.departments.get(1)
    assert time.monotonic() - begun > 0.7
    app.close()


def test_the_address_has_a_limit_for_all_apis() -> None:
    with Sandbox() as sandbox:
        app = sandbox.app(rate_limit=RateLimit(1000, per_address=80), retry=Retry(deadline=1))
        app.access_token  # noqa: B018 - a call too
        for _ in range(40):
            app.contact.departments.get(1)
        for _ in range(39):
            app.contact.users.get("zhaolei")
        with pytest.raises(RateLimited) as caught:
            app.contact.users.get("zhaolei")
        assert caught.value.retry_after == pytest.approx(20, abs=2)
        app.close()


def test_off(sandbox: Sandbox) -> None:
    app = sandbox.app(rate_limit=None, retry=None)
    assert app.limiter is None
    for _ in range(40):
        app.send(READ)
    with pytest.raises(RateLimited):
        app.send(READ)
    app.close()


def test_it_is_on_by_default_and_for_an_unlimited_sandbox_off() -> None:
    assert DingTalkApp().limiter is not None
    for qps in (20, None):
        with Sandbox(qps=qps) as sandbox:
            assert (sandbox.app().limiter is None) == (qps is None)


def test_wrong_limits_are_refused() -> None:
    cases: list[dict[str, Any]]
    cases = [{"per_second": 0}, {"apis": {GET: 0}}, {"per_address": 0}, {"monthly": -1}, {"apis": {"user": 1}}]
    for wrong in cases:
        with pytest.raises(ConfigurationError):
            RateLimit(**wrong)


# -- deadlines, cancellation ----------------------------------------------------------------------------------------


def test_a_turn_beyond_the_deadline_is_not_waited_for(sandbox: Sandbox) -> None:
    app = sandbox.app(rate_limit=RateLimit(1), retry=Retry(deadline=0.5))
    app.send(READ)
    begun = time.monotonic()
    with pytest.raises(RateLimited, match=r"not sent: it would have to wait [01]\.\d s") as caught:
        app.send(READ)
    assert time.monotonic() - begun < 0.5
    assert 0.5 < caught.value.retry_after < 1.25
    assert caught.value.request is not None
    assert caught.value.request.path == GET
    app.retry = Retry(deadline=5)
    app.send(READ)
    assert 0.5 < time.monotonic() - begun < 2.2, "what was not sent has taken nobody's place"
    assert codes(sandbox) == [0, 0]
    app.close()


@pytest.mark.parametrize("store", ["memory://", "redis"])
def test_who_is_cancelled_leaves_no_gap(store: str, sandbox: Sandbox, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue("redis_url") if store == "redis" else store
    app = sandbox.app(rate_limit=RateLimit(1), session_manager=url, name="cancelled", retry=Retry(deadline=60))

    async def main() -> None:
        await app.asend(READ)
        waiting = [asyncio.create_task(app.asend(READ)) for _ in range(40)]
        await stays_async(lambda: not any(task.done() for task in waiting), 0.1)
        for task in waiting:
            task.cancel()
        assert all(isinstance(each, asyncio.CancelledError) for each in await gathered(waiting))
        begun = time.monotonic()
        await app.asend(READ)
        assert time.monotonic() - begun < 1.5, "forty who are gone are not waited for"
        await app.aclose()

    async def gathered(tasks: list[asyncio.Task[Department]]) -> list[Department | BaseException]:
        return await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    assert codes(sandbox) == [0, 0]


# -- refusals --------------------------------------------------------------------------------------------------------


REFUSALS: list[dict[str, Any]] = [
    {"errcode": 90018},
    {"sub_code": "90002"},
    {"sub_code": "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"},
    {"errcode": 130101},
]


@pytest.mark.parametrize("how", REFUSALS, ids=str)
def test_a_refusal_holds_up_everyone(how: Any, sandbox: Sandbox, app: DingTalkApp) -> None:
    app.send(READ)
    sandbox.calls.clear()
    app.retry = Retry(first_wait=0.01)
    sandbox.fail(GET, **how, headers={"Retry-After": "0.4"})
    with ThreadPoolExecutor(8) as pool:
        refused = pool.submit(app.send, READ)
        until(lambda: sandbox.calls)
        assert app.contact.users.get("zhaolei").name == "赵磊", "another API goes on"
        found = [pool.submit(app.send, READ) for _ in range(7)]
        assert {each.result().dept_id for each in [refused, *found]} == {1}
    assert codes(sandbox)[1:] == [0] * 8
    first, second, *_ = [call.at for call in sandbox.received(GET)]
    assert 0.39 < second - first < 0.8


def test_those_who_wait_are_held_up_too(sandbox: Sandbox) -> None:
    app = sandbox.app(rate_limit=RateLimit(16), retry=Retry(first_wait=0.01))
    app.send(READ)
    sandbox.calls.clear()
    sandbox.fail(GET, errcode=90018, headers={"Retry-After": "0.6"})
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(app.send, [READ] * 10))
    at = [call.at for call in sandbox.received(GET) if call.code == 0]
    refused = next(call.at for call in sandbox.received(GET) if call.code)
    assert all(moment < refused + 0.1 or moment > refused + 0.59 for moment in at)
    assert len(at) == 10
    app.close()


def test_a_pause_beyond_the_deadline_ends_the_wait(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(GET, errcode=90018, headers={"Retry-After": "60"})
    with pytest.raises(RateLimited):
        app.send(READ)
    sandbox.calls.clear()
    with pytest.raises(RateLimited, match="not sent"):
        app.send(READ)
    assert sandbox.calls == []
    app.close()


def test_a_refusal_stops_other_processes_for_the_longest_wait_at_most(
    sandbox: Sandbox, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> dict[str, Any]:
        settings = shared_settings(sandbox, redis_url, name)
        app = DingTalkApp(**settings, rate_limit=RateLimit(40), retry=None)
        sandbox.fail(GET, errcode=90018, headers={"Retry-After": "86400"})
        with pytest.raises(RateLimited):
            app.send(READ)
        app.close()
        return settings

    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(RateLimited, match="not sent") as caught:
            pool.submit(share, refuse("for long"), 1).result()
        assert LONGEST_WAIT - 15 < caught.value.retry_after <= LONGEST_WAIT
        monkeypatch.setattr(calls, "LONGEST_WAIT", 2.0)
        sandbox.calls.clear()
        settings = refuse("for two seconds")
        for each in [pool.submit(share, settings, 5) for _ in range(2)]:
            each.result()
    refused, *others = [call.at for call in sandbox.received(GET)]
    assert len(others) == 10
    assert 1.9 < min(others) - refused < 5


def test_a_ban_of_the_address_holds_up_every_api(sandbox: Sandbox) -> None:
    app = sandbox.app(rate_limit=RateLimit(per_address=9_000))
    sandbox.fail(GET, status=200, body='{"status":1111,"wait":5}')
    with pytest.raises(RateLimited):
        app.contact.departments.get(1)
    with pytest.raises(RateLimited, match=r"not sent: it would have to wait (300\.0|299)"):
        app.contact.users.get("zhaolei")
    app.close()


def test_robots_of_groups_do_not_hold_up_each_other(sandbox: Sandbox) -> None:
    first, second = (WebhookRobot(f"{sandbox.url}/robot/send?access_token={token}") for token in ("a", "b"))
    first.app = second.app = sandbox.app(rate_limit=RateLimit())
    sandbox.fail("/robot/send", errcode=130101)
    with pytest.raises(RateLimited):
        first.send(Text("hello"))
    sandbox.fail("/robot/send", errcode=0, times=1)
    with pytest.raises(RateLimited, match="not sent"):
        first.send(Text("hello"))
    second.send(Text("hello"))
    first.close()


# -- the store of a fleet ---------------------------------------------------------------------------------------------


def test_a_store_that_is_down_stops_no_call(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with servers.redis() as url:
        app = sandbox.app(rate_limit=RateLimit(8), session_manager=url)
        app.send(READ)
    with caplog.at_level(logging.WARNING, "dingtalk_models"):
        begun = time.monotonic()
        for _ in range(9):
            app.send(READ)
        assert time.monotonic() - begun > 0.8, "this process keeps the limit alone"
    (warning,) = [record.message for record in caplog.records if "rate limit" in record.message]
    assert warning == (
        f"session store {app.session.name}: ConnectionError (Connection refused); "
        "the rate limit is kept by this process alone until it answers again"
    )
    app.close()


# -- the month's quota -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["memory://", "redis"])
def test_calls_that_are_paid_for_end_with_the_quota(store: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue("redis_url") if store == "redis" else store
    with Sandbox() as sandbox:
        apps = [sandbox.app(session_manager=url, rate_limit=RateLimit(monthly=3)) for _ in range(2)]
        app, other = apps if store == "redis" else (apps[0], apps[0])
        forms = "/v1.0/workflow/processes/todoTasks/numbers"
        sandbox.fail(forms, code="Forbidden.AccessDenied.QpsLimitForApi", status=403, headers={"Retry-After": "0.01"})
        for each in (app, other, app):
            each.smartwork.approvals.todo_count("zhaolei")
        with pytest.raises(QuotaExhausted, match="the 3 calls"):
            other.smartwork.approvals.todo_count("zhaolei")
        assert len(sandbox.received(forms)) == 4
        assert User.objects.using(other).get("zhaolei").name == "赵磊", "contacts are free"
        for each in apps:
            each.close()


def test_tokens_logins_and_contacts_are_free() -> None:
    for info in by_hand():
        module = info.manager.__module__.split(".")[1]
        assert is_free(info.path) == (module in {"auth", "contact", "customer"}), info.path


def test_nothing_to_wait_for_is_no_step() -> None:
    app = DingTalkApp(rate_limit=RateLimit(1))
    limiter = app.limiter
    assert limiter
    until = time.monotonic() + 30

    def attempt() -> Flow[str]:
        yield from ()
        return "sent"

    def steps(call: Call[Any]) -> list[Step]:
        return list(limiter.paced(call, attempt, until, app.retry))

    assert steps(READ) == []
    assert steps(User.objects.get.call("zhaolei")) == []
    step = next(limiter.paced(READ, attempt, until, app.retry))
    assert isinstance(step, Sleep)
    assert step.seconds == pytest.approx(1, abs=0.05)
