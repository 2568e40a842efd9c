"""Single calls, on open connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import requests

from benchmarks.bare import DEPARTMENT, GET, LIST, NAMED, PAGE, SEARCH, Post, address, every_library
from benchmarks.measure import acompare, app_at, compare, cost, serving
from benchmarks.peers import posts, searches
from dingtalk_models import Department, RateLimit, User

NO_WAIT = RateLimit(100_000, per_address=None)


def each(libraries: dict[str, Post], path: str, body: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """One call with each library."""
    return {name: partial(post, path, body) for name, post in libraries.items()}


def one_call() -> None:
    """A department, a user."""
    with serving() as url, every_library(url) as bare, app_at(url, NO_WAIT) as limited, app_at(url) as app:
        compare(
            "One call: a department",
            {
                **each(bare, GET, DEPARTMENT),
                "Department.objects.get": lambda: Department.objects.get(1),
                "Department.objects.get, counted by a RateLimit": lambda: Department.objects.using(limited).get(1),
                "app.run(name)": lambda: app.run("dingtalk.oapi.v2.department.get", dept_id=1),
                "User.get": lambda: User.get("manager4220"),
                **each(posts(url), GET, DEPARTMENT),
            },
            times=300,
        )
        cost(url)


def one_search() -> None:
    """A search for users, on the newer host."""
    with serving() as url, requests.Session() as session, app_at(url):
        token = {"x-acs-dingtalk-access-token": "t"}
        compare(
            "One call on the newer host: users by their name",
            {
                "requests.Session": lambda: session.post(f"{url}{SEARCH}", json=NAMED, headers=token).json(),
                "User.objects.search(…).all()": lambda: User.objects.search("张三").all(),
                **searches(url),
            },
            times=300,
        )
        cost(url)


def one_page() -> None:
    """A page of 100 users with all fields, read as dicts or as objects."""
    with serving() as url, every_library(url) as bare, app_at(url):
        compare(
            "A page of 100 users",
            {
                **each(bare, LIST, PAGE),
                "User.objects.list(…).all()": lambda: User.objects.list(100).all(),
                **each(posts(url), LIST, PAGE),
            },
            times=60,
        )
        cost(url)


def awaited() -> None:
    """The same call and page, awaited."""
    with serving() as url, app_at(url) as app, asyncio.Runner() as runner:
        client = httpx.AsyncClient()

        async def post(path: str, body: dict[str, Any]) -> Any:
            return (await client.post(address(url, path), json=body)).json()

        acompare(
            "One awaited call: a department",
            {
                "httpx.AsyncClient": lambda: post(GET, DEPARTMENT),
                "Department.objects.get.aio": lambda: Department.objects.get.aio(1),
            },
            runner,
            times=200,
        )
        acompare(
            "An awaited page of 100 users",
            {
                "httpx.AsyncClient": lambda: post(LIST, PAGE),
                "User.objects.list.aio": lambda: User.objects.list.aio(100),
            },
            runner,
            times=60,
        )
        runner.run(client.aclose())
        runner.run(app.aclose())
