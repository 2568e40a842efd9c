"""Measures functions in turn, in several rounds, and prints tables in Markdown."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from functools import partial
from importlib.metadata import version
from statistics import median
from typing import TypeVar

import requests

from benchmarks.server import Stats
from dingtalk_models import DingTalkApp, RateLimit

T = TypeVar("T")

ROUNDS = 7


def environment() -> str:
    """The versions of Python and of the measured libraries."""
    python = f"Python {platform.python_version()}, {os.cpu_count()} CPUs"
    return ", ".join(
        [python, *(f"{name} {version(name)}" for name in ("requests", "urllib3", "aiohttp", "httpx", "pydantic"))]
    )


@contextmanager
def running(command: list[str], sign: str) -> Generator[str]:
    """Start a process, and yield the line that it prints when it is ready. The process ends with the block."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line for line in process.stdout if sign in line)
        finally:
            process.kill()


@contextmanager
def serving(*, delay: float = 0.0, qps: int = 0) -> Generator[str]:
    """The base URL of a server in a separate process."""
    command = [sys.executable, "-m", "benchmarks.server", "--delay", str(delay), "--qps", str(qps)]
    with running(command, "http://") as line:
        yield line.strip()


def stats(url: str) -> Stats:
    """What a server has counted since the last call of this function."""
    counted: Stats = requests.get(f"{url}/stats", timeout=5).json()
    return counted


@contextmanager
def app_at(url: str, rate_limit: RateLimit | None = None, store: str | None = None) -> Generator[DingTalkApp]:
    """An app that uses a server; by default without a rate limit."""
    app = DingTalkApp(
        appkey="key", appsecret="secret", oapi_url=url, api_url=url, rate_limit=rate_limit, session_manager=store
    )
    with closing(app), app:
        yield app


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """The seconds that one of several calls takes."""
    begun = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begun) / times


async def aseconds(work: Callable[[], Awaitable[object]], times: int) -> float:
    """The same for awaited calls, one after the other."""
    begun = time.perf_counter()
    for _ in range(times):
        await work()
    return (time.perf_counter() - begun) / times


def in_turn(cases: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """The results of each function, called in turn in each round. A first round does not count."""
    rounds = [{name: work() for name, work in cases.items()} for _ in range(1 + ROUNDS)]
    return {name: [each[name] for each in rounds[1:]] for name in cases}


def compare(title: str, cases: Mapping[str, Callable[[], object]], *, times: int = 1) -> None:
    """Print a table of how long each takes."""
    ratios(title, in_turn({name: partial(seconds, work, times) for name, work in cases.items()}))


def acompare(
    title: str, cases: Mapping[str, Callable[[], Awaitable[object]]], runner: asyncio.Runner, *, times: int
) -> None:
    """The same for awaited calls."""

    def timed(work: Callable[[], Awaitable[object]]) -> float:
        return runner.run(aseconds(work, times))

    ratios(title, in_turn({name: partial(timed, work) for name, work in cases.items()}))


def ratios(title: str, taken: Mapping[str, list[float]]) -> None:
    """Print a table of durations. The ratio compares the medians with the first row."""
    base = median(next(iter(taken.values())))
    rows = ((name, f"{median(times) / base:.2f}", *spread(times)) for name, times in taken.items())
    table(title, ["ratio", "median", "min", "max"], rows)


def table(title: str, columns: list[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table in Markdown. Each row begins with its name."""
    print(f"\n### {title}\n\n| | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")


def cost(url: str) -> None:
    """Print the time that a server itself took."""
    counted = stats(url)
    calls = sum(tally["calls"] for tally in counted["apis"].values())
    print(f"\nThe server's own: {readable(counted['cpu'] / calls)} of CPU a request")


def spread(times: list[float]) -> tuple[str, str, str]:
    """Median, shortest and longest."""
    return readable(median(times)), readable(min(times)), readable(max(times))


def readable(duration: float) -> str:
    """A duration with a readable unit."""
    if duration >= 1:
        return f"{duration:.2f} s"
    return f"{duration * 1e3:.2f} ms" if duration >= 1e-3 else f"{duration * 1e6:.0f} µs"


def peak(status: str) -> float:
    """The peak memory of a process in MB, from `/proc/…/status`: rusage also counts its parent's."""
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
