"""Measuring: things in turn, several rounds, and a table of ratios to the first of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

ROUNDS = 7


@contextmanager
def serving(*, delay: float = 0.0, qps: int = 0) -> Generator[str]:
    """The base URL of a server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.server", "--delay", str(delay), "--qps", str(qps)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def seconds(work: Callable[[], object], times: int) -> float:
    """Seconds that one of so many takes."""
    begun = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begun) / times


def compare(title: str, cases: Mapping[str, Callable[[], object]], *, times: int, rounds: int = ROUNDS) -> None:
    """Print how long each takes, in turn, round after round."""
    for work in cases.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, work in cases.items():
            taken[name].append(seconds(work, times))
    table(title, taken)


async def acompare(title: str, cases: Mapping[str, Callable[[], Awaitable[object]]], *, times: int) -> None:
    """The same for what is awaited, each one after the other."""
    for work in cases.values():
        await work()
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, work in cases.items():
            begun = time.perf_counter()
            for _ in range(times):
                await work()
            taken[name].append((time.perf_counter() - begun) / times)
            await asyncio.sleep(0)
    table(title, taken)


def table(title: str, taken: Mapping[str, list[float]]) -> None:
    """Print a table in Markdown: the ratio is that of the medians, to the first row."""
    base = median(next(iter(taken.values())))
    print(f"\n### {title}\n")
    print("| | ratio | median | min | max |\n|---|---:|---:|---:|---:|")
    for name, times in taken.items():
        figures = " | ".join(readable(value) for value in (median(times), min(times), max(times)))
        print(f"| {name} | {median(times) / base:.2f} | {figures} |")


def readable(duration: float) -> str:
    """A duration as a person reads it."""
    if duration >= 1:
        return f"{duration:.2f} s"
    return f"{duration * 1e3:.2f} ms" if duration >= 1e-3 else f"{duration * 1e6:.0f} µs"
