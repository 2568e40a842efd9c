"""Many users: a whole directory, and a department of a million."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.bare import IDS, LIST, PAGE, Post, with_requests
from benchmarks.measure import app_at, compare, peak, serving
from benchmarks.peers import posts
from benchmarks.server import DEPARTMENTS, MILLION, PEOPLE
from dingtalk_models import User

WIDTH = 16
EVERYONE = PEOPLE * len(DEPARTMENTS)
NEAR = 0.02

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


def directory_sync() -> None:
    """200 departments with 100 users each, at three latencies."""
    for delay in (0.0, NEAR, 0.1):
        with (
            serving(delay=delay) as url,
            with_requests(url, WIDTH) as post,
            ThreadPoolExecutor(WIDTH) as pool,
            app_at(url) as app,
            asyncio.Runner() as runner,
        ):

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
