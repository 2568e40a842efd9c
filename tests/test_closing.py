"""Selecting an app and closing it: blocks select; `close`, `aclose` and the lifespan of a server close."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import pytest
import requests
from fastapi import Depends, FastAPI
from peers import open_connections
from sites import asgi
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from waiting import until

from dingtalk_models import ConfigurationError, Department, DingTalkApp
from dingtalk_models.sandbox import Sandbox

CREATE = "/topapi/v2/department/create"
COMPANY = '"钉峰科技有限公司"'


@contextmanager
def served(application: ASGIApp) -> Generator[Callable[[str], str]]:
    """Serve a site. Yields a function that gets a path and returns what was answered."""

    def get(path: str) -> str:
        reply = requests.get(f"{home}{path}", timeout=30)
        reply.raise_for_status()
        return reply.text

    with asgi(application) as url:
        home = url.removesuffix("/dingtalk")
        yield get


def site(app: DingTalkApp) -> FastAPI:
    """A site whose requests depend on the app, as users of FastAPI write it."""

    async def selected() -> AsyncGenerator[DingTalkApp]:
        async with app:
            yield app

    made = FastAPI(lifespan=app.lifespan, dependencies=[Depends(selected)])

    @made.get("/read")
    async def read() -> str | None:
        return (await Department.get.aio(1)).name

    @made.get("/read-in-a-thread")
    def read_in_a_thread() -> str | None:
        return Department.get(1).name

    @made.get("/create/{name}")
    async def create(name: str) -> int:
        return (await Department.objects.create.aio(name)).dept_id

    return made


# -- blocks select ---------------------------------------------------------------------------------------------------


def test_the_end_of_a_request_leaves_the_write_of_another_alone(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=None)
    with served(site(app)) as get, ThreadPoolExecutor(1) as pool:
        assert get("/read") == COMPANY
        for number in range(3):
            sandbox.fail(CREATE, delay=1.5)
            writing = pool.submit(get, f"/create/部门{number}")
            until(lambda: len(sandbox.received(CREATE)) > number)  # noqa: B023 - used up here
            assert get("/read") == COMPANY
            assert not writing.done()
            assert int(writing.result()) in sandbox.company.departments


def test_a_hundred_requests_at_once(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=None)
    before = len(sandbox.company.departments)
    kinds = ("/create/部门{}", "/read", "/read-in-a-thread")
    with served(site(app)) as get, ThreadPoolExecutor(16) as pool:
        assert len([*pool.map(get, (kinds[number % 3].format(number) for number in range(99)))]) == 99
    assert len(sandbox.company.departments) == before + 33


def test_leaving_a_block_closes_nothing(sandbox: Sandbox, connections: list[object]) -> None:
    app = sandbox.app(blocking_on_loop=True)

    async def scenario() -> None:
        for _ in range(3):
            async with app as entered:
                assert entered is app
                assert (await Department.get.aio(1)).dept_id == 1
            with pytest.raises(ConfigurationError, match="no app is chosen"):
                await Department.get.aio(1)
        assert len(connections) == open_connections(sandbox.url) == 1
        for _ in range(3):
            with app:
                assert Department.get(1).dept_id == 1
        assert len(connections) == open_connections(sandbox.url) == 2
        await app.aclose()
        assert open_connections(sandbox.url) == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["__enter__", "__exit__", "__aenter__", "__aexit__"])
def test_what_a_block_does_is_told(name: str) -> None:
    told = getattr(DingTalkApp, name).__doc__
    assert told.startswith(("Select", "The same as `with`: select"))
    assert "left as they are" in told or "Nothing is closed" in told


def test_what_a_dependency_selects_in_a_thread_counts_only_there(sandbox: Sandbox) -> None:
    """So docs/scaling.md asks for an `async def`."""

    def selected() -> Generator[DingTalkApp]:
        with sandbox.app() as app:
            yield app

    made = FastAPI(dependencies=[Depends(selected)])

    @made.get("/read")
    async def read() -> str:
        with pytest.raises(ConfigurationError, match="no app is chosen"):
            await Department.get.aio(1)
        return "refused"

    with served(made) as get:
        assert get("/read") == '"refused"'


# -- the lifespan of a server closes ---------------------------------------------------------------------------------


def starlette_site(app: DingTalkApp) -> Starlette:
    """The same without FastAPI, with one request."""

    async def read(_: Request) -> PlainTextResponse:
        return PlainTextResponse(f'"{(await app.contact.departments.get.aio(1)).name}"')

    return Starlette(lifespan=app.lifespan, routes=[Route("/read", read)])


def site_with_a_lifespan_of_its_own(app: DingTalkApp) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, str]]:
        async with app.lifespan():
            yield {"state": "of its own"}

    made = FastAPI(lifespan=lifespan)
    made.mount("/", site(app))  # whose lifespan does not run
    return made


@pytest.mark.parametrize("make", [site, starlette_site, site_with_a_lifespan_of_its_own])
def test_the_end_of_a_server_closes_the_connections(sandbox: Sandbox, make: Callable[[DingTalkApp], ASGIApp]) -> None:
    app = sandbox.app()
    for _ in range(2):  # the app can be used again
        with served(make(app)) as get:
            assert app.contact.departments.get(1).dept_id == 1
            assert get("/read") == COMPANY
            assert open_connections(sandbox.url) == 2
        assert open_connections(sandbox.url) == 0


def test_the_end_of_a_server_leaves_the_writes_of_another_alone(sandbox: Sandbox) -> None:
    app = sandbox.app(retry=None)
    with served(site(app)) as get, ThreadPoolExecutor(2) as pool:
        with served(site(app)) as short:
            assert short("/read") == COMPANY
            sandbox.fail(CREATE, times=2, delay=2)
            writing = pool.submit(get, "/create/一部"), pool.submit(app.contact.departments.create, "二部")
            until(lambda: len(sandbox.received(CREATE)) == 2)
        assert not any(each.done() for each in writing)
        assert {int(writing[0].result()), writing[1].result().dept_id} <= {*sandbox.company.departments}


# -- nothing has to be closed ----------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, logging, signal, threading
from dingtalk_models import Department, DingTalkApp

logging.getLogger("asyncio").setLevel(logging.ERROR)  # a machine that is busy is slow; that is no error
app = DingTalkApp.from_env()

async def several():
    async with app:
        await asyncio.gather(*(Department.get.aio(1) for _ in range(3)))

{work}
print("end")
"""

WORKS = {
    "awaited": "asyncio.run(several())",
    "twice": "for _ in range(2): asyncio.run(several())",
    "in threads": """
threads = [threading.Thread(target=asyncio.run, args=[several()]) for _ in range(3)]
for each in threads: each.start()
for each in threads: each.join()
""",
    "blocking": "with app: Department.get(1)",
    "both": """
async def main():
    async with app:
        await several()
        await asyncio.to_thread(Department.get, 1)
asyncio.run(main())
""",
    "never left": """
async def main():
    await app.__aenter__()
    await Department.get.aio(1)
asyncio.run(main())
""",
    "an error": """
async def main():
    async with app:
        await several()
        raise ValueError
try: asyncio.run(main())
except ValueError: pass
""",
    "in the middle of a call": """
async def main():
    await several()
    asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGINT)
    async with app:
        await Department.objects.create.aio("一部")
try: asyncio.run(main())
except KeyboardInterrupt: pass
""",
    "a task that goes on": """
async def main():
    await several()
    async with app:
        asyncio.get_running_loop().create_task(Department.objects.create.aio("一部"))
        await asyncio.sleep(0.05)
asyncio.run(main())
""",
    "forgotten": "asyncio.run(several()); del app",
}


@pytest.mark.parametrize("work", WORKS)
def test_a_program_that_closes_nothing_ends_without_a_word(sandbox: Sandbox, work: str) -> None:
    """Development mode shows every warning, and each one is an error."""
    sandbox.fail(CREATE, delay=5)
    program = PROGRAM.format(work=WORKS[work])
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", program]
    ended = subprocess.run(command, env=sandbox.environ, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("end\n", "", 0)
