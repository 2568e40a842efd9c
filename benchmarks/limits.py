"""Calls under the platform's rate limit."""

from __future__ import annotations

import asyncio
import multiprocessing
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import NamedTuple

from benchmarks.bare import DEPARTMENT, GET, IDS, LIST, with_requests
from benchmarks.bulk import EVERYONE, WIDTH
from benchmarks.measure import ROUNDS, app_at, in_turn, readable, running, seconds, serving, spread, stats, table
from benchmarks.peers import small_calls
from benchmarks.server import Tally
from dingtalk_models import Department, RateLimit, User

CALLS, THREADS, PER_SECOND = 120, 32, 40
QPS, DELAY = 20, 0.02
PROCESSES = 2


class Outcome(NamedTuple):
    """The results of some calls."""

    answered: int
    refused: int
    seconds: float


def under_a_limit() -> None:
    """Many calls at once, more than the limit allows in a second."""
    with serving(qps=PER_SECOND) as url, with_requests(url, THREADS) as post:

        def bare() -> None:
            assert post(GET, DEPARTMENT)["errcode"] == 0

        def threads() -> int:
            with app_at(url, RateLimit(PER_SECOND)) as app:
                return in_threads(partial(Department.objects.using(app).get, 1))

        async def tasks() -> int:
            with app_at(url, RateLimit(PER_SECOND)) as app:
                calls = (Department.objects.get.aio(1) for _ in range(CALLS))
                answers = await asyncio.gather(*calls, return_exceptions=True)
                await app.aclose()
            return sum(isinstance(each, Department) for each in answers)

        def outcome(work: Callable[[], int]) -> Outcome:
            stats(url)
            begun = time.perf_counter()
            answered = work()
            taken = time.perf_counter() - begun
            return Outcome(answered, sum(tally["refused"] for tally in stats(url)["apis"].values()), taken)

        cases: dict[str, Callable[[], int]] = {
            f"requests, {THREADS} threads": partial(in_threads, bare),
            f"Department.objects.get, {THREADS} threads": threads,
            f"Department.objects.get.aio, {CALLS} tasks": lambda: asyncio.run(tasks()),
            **{f"{name}, {THREADS} threads": partial(in_threads, call) for name, call in small_calls(url).items()},
        }
        runs = in_turn({name: partial(outcome, work) for name, work in cases.items()})
    rows = (
        (
            name,
            median(run.answered for run in each),
            max(run.refused for run in each),
            *spread([run.seconds for run in each]),
        )
        for name, each in runs.items()
    )
    table(f"{CALLS} calls under {PER_SECOND} a second", ["succeeded", "refused at most", "median", "min", "max"], rows)


def in_threads(call: Callable[[], object]) -> int:
    """How many of the calls succeed."""

    def answered(_: int) -> bool:
        try:
            call()
        except Exception:  # noqa: BLE001 - each library has its own
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(answered, range(CALLS)))


def directory_sync() -> None:
    """The whole directory under a rate limit, read by one process, and by two that share a Redis."""
    title = f"Directory sync, 200 × 100, {DELAY * 1e3:.0f} ms a call, under {QPS} a second, {WIDTH} at once"
    columns = ["calls", "refused at most", "allowed in", "ratio to that", "median", "min", "max"]
    rows = paced("one process", list_everyone)
    server = shutil.which("redis-server")
    if server:
        with redis(server) as store, multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
            rows += paced("two processes", lambda url: pool.starmap(list_everyone, [(url, store)] * PROCESSES))
    table(title, columns, rows)
    if not server:
        print("\nTwo processes that share a Redis: not measured, as there is no redis-server.")


def list_everyone(url: str, store: str | None = None) -> None:
    """The work of one process."""
    with app_at(url, RateLimit(), store):
        assert len(User.objects.all(workers=WIDTH).all()) == EVERYONE


def paced(name: str, work: Callable[[str], object]) -> list[list[object]]:
    """A row for the whole sync, by the caller's clock, and a row for each API, by the server's."""
    whole: list[float] = []
    runs: list[dict[str, Tally]] = []
    for _ in range(ROUNDS):
        with serving(delay=DELAY, qps=QPS) as url:
            whole.append(seconds(partial(work, url)))
            counted = stats(url)["apis"]
            runs.append({path: counted[path] for path in (LIST, IDS)})
    rows = [row(f"{name}, everything", [[*run.values()] for run in runs], whole)]
    for path in (LIST, IDS):
        taken = [run[path]["last"] - run[path]["first"] + DELAY for run in runs]
        rows.append(row(f"{name}, {path}", [[run[path]] for run in runs], taken))
    return rows


def row(name: str, runs: list[list[Tally]], taken: list[float]) -> list[object]:
    """The time of some APIs' calls, compared with the time that the limit allows for the busiest API."""
    calls = median(sum(tally["calls"] for tally in run) for run in runs)
    refused = max(sum(tally["refused"] for tally in run) for run in runs)
    busiest = max(tally["calls"] - tally["refused"] for run in runs for tally in run)
    allowed = (busiest - 1) // QPS + DELAY
    return [name, calls, refused, readable(allowed), f"{median(taken) / allowed:.2f}", *spread(taken)]


@contextmanager
def redis(server: str) -> Generator[str]:
    """The URL of a Redis that saves nothing to disk."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [server, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
        with running(command, "Ready to accept connections"):
            yield f"redis://127.0.0.1:{port}/0"
