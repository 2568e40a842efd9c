"""Many threads in several processes, one session store: a token is fetched once, and replaced once."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Generator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from fleet_worker import THREADS, receive, refresh_slowly, work
from waiting import until

from dingtalk_models import Department
from dingtalk_models.sandbox import Sandbox

PROCESSES = 4
PATH = "/topapi/v2/department/get"
TOKEN = "/v1.0/oauth2/accessToken"


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
