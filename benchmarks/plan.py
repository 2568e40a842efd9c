"""The HR sync of a large company: reading it, comparing it with a table, and changing it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.limits import DELAY, QPS
from benchmarks.measure import app_at, readable, serving, stats, table
from benchmarks.server import DEPARTMENTS, PEOPLE, Tally
from dingtalk_models import Directory, Outcome, Plan, RateLimit

WIDTH = 16
CHANGED, MOVED, NEW, LEFT = 1200, 400, 300, 100
"""2,000 changes. Who leaves stays in departments that were not read, so 1,700 of them are updates."""


def staff() -> list[dict[str, Any]]:
    """The table: everyone as the server has them, but for the changes."""
    rows = [
        {"userid": f"u{dept_id}-{number}", "name": "张三", "title": "技术总监", "dept_id_list": dept_id, "mobile": None}
        for dept_id in DEPARTMENTS
        for number in range(PEOPLE)
    ]
    for row in rows[:CHANGED]:
        row["title"] = "架构师"
    for row in rows[CHANGED : CHANGED + MOVED]:
        row["dept_id_list"] = DEPARTMENTS[-1]
    new = [
        {
            "userid": f"n{number}",
            "name": "李四",
            "title": "工程师",
            "dept_id_list": 100,
            "mobile": f"1380000{number:04}",
        }
        for number in range(NEW)
    ]
    return rows[:-LEFT] + new


def hr_sync() -> None:
    """20,000 people in 200 departments, and 2,000 changes."""
    title = f"HR sync: {PEOPLE * len(DEPARTMENTS):,} people, {CHANGED + MOVED + NEW + LEFT:,} changes, {WIDTH} at once"
    rows = [*measured("no limit", None), *measured(f"{QPS} a second", RateLimit())]
    table(title, ["calls", "refused", "busiest API", "allowed in", "ratio to that", "taken"], rows)


def measured(name: str, limit: RateLimit | None) -> list[list[object]]:
    """A row for the plan, and one for its application."""
    wanted = staff()
    with serving(delay=DELAY, qps=QPS if limit else 0) as url, app_at(url, limit):
        plan, row = timed(url, f"{name}: Directory.plan", limit, partial(make, wanted))
        outcome, more = timed(url, f"{name}: plan.apply", limit, partial(apply, plan))
        assert (len(plan), len(outcome.done)) == (2000, 2000), f"{plan.summary}\n{outcome}"
    return [row, more]


def make(wanted: list[dict[str, Any]]) -> Plan:
    """Plan."""
    return Directory.plan(wanted, missing="remove", workers=WIDTH)


def apply(plan: Plan) -> Outcome:
    """Apply."""
    return plan.apply(workers=WIDTH)


def timed(url: str, name: str, limit: RateLimit | None, work: Callable[[], Any]) -> tuple[Any, list[object]]:
    """Do some work, and return its result and its row."""
    stats(url)
    begun = time.perf_counter()
    result = work()
    taken = time.perf_counter() - begun
    apis: dict[str, Tally] = stats(url)["apis"]
    busiest = max(tally["calls"] - tally["refused"] for tally in apis.values())
    allowed = (busiest - 1) // QPS + DELAY
    return result, [
        name,
        sum(tally["calls"] for tally in apis.values()),
        sum(tally["refused"] for tally in apis.values()),
        busiest,
        readable(allowed) if limit else "",
        f"{taken / allowed:.2f}" if limit else "",
        readable(taken),
    ]
