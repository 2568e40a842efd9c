"""Many threads in several processes, one session store: a token is fetched once, and replaced once."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Generator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

import pytest
from waiting import until

from dingtalk_models import Department, DingTalkApp
from dingtalk_models.call import credential
from dingtalk_models.sandbox import Sandbox

PROCESSES = 4
THREADS = 64
PATH = "/topapi/v2/department/get"
TOKEN = "/v1.0/oauth2/accessToken"


@dataclass
class Signals:
    """What every process waits for: that all are ready, and that it is enough."""

    ready: Barrier
    enough: Event


signals: Signals


def receive(ready: Barrier, enough: Event) -> None:
    global signals  # noqa: PLW0603 - a worker's start-up has nowhere else to leave them
    signals = Signals(ready, enough)


def work(url: str, appkey: str, appsecret: str, store: str, name: str) -> tuple[int, list[str]]:
    """Call without a pause from many threads; how many calls succeeded, and the errors of those that did not."""
    app = DingTalkApp(
        name=name,
        appkey=appkey,
        appsecret=appsecret,
        session_manager=store,
        oapi_url=url,
        api_url=url,
        rate_limit=None,
    )
    together = threading.Barrier(THREADS)
    counts: list[int] = []
    errors: list[str] = []

    def loop() -> None:
        departments, count = Department.objects.using(app), 0
        try:
            if together.wait() == 0:
                signals.ready.wait()
            together.wait()
            while not signals.enough.is_set():
                assert departments.get(1).dept_id == 1
                count += 1
        except Exception as error:  # noqa: BLE001 - the test shows them
            errors.append(repr(error))
        counts.append(count)

    threads = [threading.Thread(target=loop) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    app.close()
    return sum(counts), errors


@dataclass
class Fleet:
    """The processes, which serve one test after the other."""

    pool: ProcessPoolExecutor
    enough: Event

    def start(self, sandbox: Sandbox, store: str, name: str) -> list[Future[tuple[int, list[str]]]]:
        self.enough.clear()
        arguments = (sandbox.url, sandbox.appkey, sandbox.appsecret, store, name)
        return [self.pool.submit(work, *arguments) for _ in range(PROCESSES)]


@pytest.fixture(scope="module")
def fleet() -> Generator[Fleet]:
    spawn = multiprocessing.get_context("spawn")
    ready, enough = spawn.Barrier(PROCESSES), spawn.Event()
    with ProcessPoolExecutor(PROCESSES, spawn, receive, (ready, enough)) as pool:
        try:
            yield Fleet(pool, enough)
        finally:
            enough.set()


@pytest.mark.parametrize("kind", ["redis", "sqlite", "memcached", "mariadb"])
def test_a_fleet_fetches_one_token_and_replaces_it_once(
    kind: str, fleet: Fleet, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store: str = f"sqlite:///{tmp_path / 'tokens.db'}" if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")
    with Sandbox() as sandbox:

        def tokens() -> int:
            return len(sandbox.received(TOKEN))

        def codes() -> list[int | str | None]:
            return [call.code for call in sandbox.received(PATH)]

        running = fleet.start(sandbox, store, f"fleet-{tmp_path.name}")
        ended = lambda: any(each.done() for each in running)  # noqa: E731
        try:
            until(lambda: len(codes()) > PROCESSES * THREADS, seconds=30, unless=ended)
            assert tokens() == 1
            before = len(codes())
            sandbox.revoke_tokens()
            until(lambda: codes()[before:].count(0) > PROCESSES * THREADS, seconds=30, unless=ended)
        finally:
            fleet.enough.set()
        results = [each.result(timeout=30) for each in running]

        assert [errors for _, errors in results] == [[]] * PROCESSES
        assert tokens() == 2
        assert sum(count for count, _ in results) == codes().count(0)
        assert codes().count(40014) == len(codes()) - codes().count(0) > 0


def refresh_slowly(url: str, appkey: str, appsecret: str, store: str) -> None:
    credential.LOCK_LIFE = 0.7
    app = DingTalkApp(appkey=appkey, appsecret=appsecret, session_manager=store, oapi_url=url, api_url=url)
    app.get_access_token()


def test_a_refresher_that_is_killed_blocks_nobody_beyond_the_life_of_its_lock(redis_url: str) -> None:
    with Sandbox() as sandbox:
        slow = sandbox.fail(TOKEN, delay=30)
        arguments = (sandbox.url, sandbox.appkey, sandbox.appsecret, redis_url)
        process = multiprocessing.get_context("spawn").Process(target=refresh_slowly, args=arguments)
        process.start()
        until(lambda: slow.remaining == 0, seconds=30, unless=lambda: not process.is_alive())
        process.kill()
        process.join()
        app = sandbox.app(name="dingtalk", session_manager=redis_url)
        assert app.session.get(f"{app.access_token_credential.key}:lock") is not None
        begun = time.monotonic()
        assert app.send(Department.objects.get.call(1)).dept_id == 1
        assert time.monotonic() - begun < 3
        assert len(sandbox.received(TOKEN)) == 2
        app.close()
