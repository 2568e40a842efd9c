"""Many users: a whole directory, and a department of a million."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.bare import IDS, LIST, PAGE, Post, with_requests
from benchmarks.measure import app_at, compare, peak, serving, stats
from benchmarks.peers import posts
from benchmarks.server import DEPARTMENTS, MILLION, PEOPLE
from dingtalk_models import BEIJING, DingTalkApp, Query, User
from dingtalk_models.core.steps import batches
from dingtalk_models.smartwork.attendance_record import AttendanceResult
from dingtalk_models.smartwork.spans import pieces

WIDTH = 16
EVERYONE = PEOPLE * len(DEPARTMENTS)
NEAR = 0.02
PUNCHES = "/attendance/list"
MONTH = 320 * 31 * 2

Map = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]


def by_hand(post: Post, each: Map, read: Callable[[list[Any]], Any] = list) -> Iterable[Any]:
    """The calls that `User.objects.all` makes: the children of each department, then the pages of its users."""

    def children(dept_id: int) -> list[int]:
        below: list[int] = post(IDS, {"dept_id": dept_id})["result"]["dept_id_list"]
        return below

    def people(dept_id: int) -> Any:
        return read(post(LIST, PAGE | {"dept_id": dept_id})["result"]["list"])

    departments = [1, *children(1)]
    list(each(children, departments[1:]))
    return each(people, departments)


def thrown_away(post: Post, each: Map) -> None:
    """Count the users and keep none."""
    assert sum(by_hand(post, each, len)) == EVERYONE


def kept(post: Post, each: Map) -> None:
    """Keep all users."""
    assert len(list(chain.from_iterable(by_hand(post, each)))) == EVERYONE


@contextmanager
def side_by_side(delay: float) -> Generator[tuple[str, Post, ThreadPoolExecutor, DingTalkApp, asyncio.Runner]]:
    """A server, and what asks it: requests with a pool of threads, an app, an event loop."""
    with (
        serving(delay=delay) as url,
        with_requests(url, WIDTH) as post,
        ThreadPoolExecutor(WIDTH) as pool,
        app_at(url) as app,
        asyncio.Runner() as runner,
    ):
        yield url, post, pool, app, runner


def directory_sync() -> None:
    """200 departments with 100 users each, at three latencies."""
    for delay in (0.0, NEAR, 0.1):
        with side_by_side(delay) as (url, post, pool, app, runner):

            def read_lazily() -> None:
                assert sum(1 for _ in User.objects.all(workers=WIDTH)) == EVERYONE

            def read() -> None:
                assert len(User.objects.all(workers=WIDTH).all()) == EVERYONE

            async def awaited() -> None:
                assert len(await User.objects.all.aio(workers=WIDTH)) == EVERYONE

            peers = posts(url) if delay == NEAR else {}
            compare(
                f"Directory sync, 200 × 100, {delay * 1e3:.0f} ms a call, {WIDTH} at once",
                {
                    "requests and a thread pool, thrown away": lambda: thrown_away(post, pool.map),
                    "requests and a thread pool, kept": lambda: kept(post, pool.map),
                    f"for _ in User.objects.all(workers={WIDTH})": read_lazily,
                    f"User.objects.all(workers={WIDTH}).all()": read,
                    f"User.objects.all.aio(workers={WIDTH})": lambda: runner.run(awaited()),
                    **{f"{name}, one at a time, kept": partial(kept, peer, map) for name, peer in peers.items()},
                },
            )
            runner.run(app.aclose())


def attendance() -> None:
    """A month of 320 people: what each planned punch came to."""
    start, end = datetime(2026, 1, 1, tzinfo=BEIJING), datetime(2026, 1, 31, tzinfo=BEIJING)
    people = [f"u{number}" for number in range(320)]
    calls = [(few, first, last) for first, last in pieces(start, end) for few in batches(people, 50)]

    with side_by_side(NEAR) as (url, post, pool, app, runner):
        results = app.smartwork.attendance_records.results

        def rows_of(call: tuple[Sequence[str], datetime, datetime]) -> list[Any]:
            few, first, last = call
            span = {"workDateFrom": f"{first:%F %T}", "workDateTo": f"{last:%F %T}"}
            rows: list[Any] = []
            more = True
            while more:
                page = post(PUNCHES, {"userIdList": few, **span, "offset": len(rows), "limit": 50})
                rows += page["recordresult"]
                more = page["hasMore"]
            return rows

        def bare(each: Callable[..., Iterable[list[Any]]]) -> None:
            rows = {row["id"]: row for rows in each(rows_of, calls) for row in rows}
            assert len(rows) == MONTH

        def read(query: Callable[[], Query[AttendanceResult]]) -> None:
            assert len(query().all()) == MONTH

        async def awaited() -> None:
            assert len(await results(people, start, end, workers=WIDTH)) == MONTH

        cases: dict[str, Callable[[], object]] = {
            f"requests and a thread pool of {WIDTH}": lambda: bare(pool.map),
            "results(…, workers=1)": lambda: read(lambda: results(people, start, end, workers=1)),
            "results(…)": lambda: read(lambda: results(people, start, end)),
            "results(…).prefetch(8)": lambda: read(lambda: results(people, start, end).prefetch(8)),
            f"results(…, workers={WIDTH})": lambda: read(lambda: results(people, start, end, workers=WIDTH)),
            f"await results(…, workers={WIDTH})": lambda: runner.run(awaited()),
        }
        stats(url)
        bare(map)
        made = stats(url)["apis"][PUNCHES]["calls"]
        compare(f"A month of 320 people, {made} calls, {NEAR * 1e3:.0f} ms a call", cases)
        runner.run(app.aclose())


def million() -> None:
    """A million users, one after the other, in a separate process."""
    with serving() as url, multiprocessing.get_context("spawn").Pool(1) as pool:
        count, grown = pool.apply(list_a_million, (url,))
        print(f"\n### A million users, listed lazily\n\n{count:,} users, peak memory {grown:+.1f} MB")


def list_a_million(url: str) -> tuple[int, float]:
    """The number of users, and the memory in MB that they take, without that of the first page."""
    status = Path("/proc/self/status")
    with app_at(url):
        next(iter(User.objects.list(MILLION)))
        before = peak(status.read_text())
        return sum(1 for _ in User.objects.list(MILLION)), peak(status.read_text()) - before
