"""Prefetched lists: the same items in the same order, no further ahead than was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soaking import tries
from waiting import stays, until
from wires import (
    Params,
    ours,
    read,
    wired,
)

from dingtalk_models import (
    BEIJING,
    DingTalkApp,
    DingTalkError,
    InvalidArgument,
    Query,
    User,
    api,
)
from dingtalk_models.call.paging import CURSOR, OFFSET, OFFSET_IN_PAGES, TOKEN
from dingtalk_models.resource.query import Listing
from dingtalk_models.sandbox import Sandbox


class Lists:
    """Not a `Manager`, which would be registered for good."""

    def __init__(self, app: DingTalkApp) -> None:
        self.app = app

    @api("test.bulk.cursor", "POST /topapi/bulk/cursor", idempotent=True)
    def cursor(self, size: int, *, cursor: int = 0) -> Query[int]:
        """By cursor."""
        return Listing(int, CURSOR, items="list", size=size, cursor=cursor)

    @api("test.bulk.offset", "POST /topapi/bulk/offset", idempotent=True)
    def offset(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset."""
        return Listing(int, OFFSET, items="list", size=size, offset=offset)

    @api("test.bulk.once", "POST /topapi/bulk/once")
    def once(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset, where reading has an effect."""
        return Listing(int, OFFSET, items="list", size=size, offset=offset)

    @api("test.bulk.pages", "POST /topapi/bulk/pages", idempotent=True)
    def pages(self, size: int, *, offset: int = 0) -> Query[int]:
        """By the number of the page."""
        return Listing(int, OFFSET_IN_PAGES, items="list", size=size, offset=offset)

    @api("test.bulk.bare", "POST /topapi/bulk/bare", idempotent=True)
    def bare(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset, where a page is a list and nothing else."""
        return Listing(int, OFFSET, size=size, offset=offset).distinct(abs)

    @api("test.bulk.token", "GET /v1.0/bulk")
    def token(self, size: int) -> Query[int]:
        """By a token."""
        return Listing(int, TOKEN, items="list", size=size)


class Served:
    """A numbered list behind each kind of paging."""

    def __init__(self, items: list[int], *, total: bool = False, short: bool = False) -> None:
        self.items, self.total, self.short = items, total, short

    def __call__(self, path: str, params: Params) -> Params:
        size = int(params["size"])
        if path == "/v1.0/bulk":
            start = int(params.get("nextToken", "t0")[1:])
            return self.page(start, size, lambda end: {"nextToken": f"t{end}"})
        if path == "/topapi/bulk/cursor":
            return {"result": self.page(params["cursor"], size, lambda end: {"next_cursor": end})}
        start = params["offset"] * (size if path == "/topapi/bulk/pages" else 1)
        if path == "/topapi/bulk/bare":
            return {"result": self.items[start : start + size]}
        if self.short and path == "/topapi/bulk/offset":
            size = 1 + start * 7 % size
        page = self.page(start, size, lambda end: {})
        return {"result": page | ({"totalCount": len(self.items)} if self.total else {})}

    def page(self, start: int, size: int, following: Callable[[int], Params]) -> Params:
        end = start + size
        more = end < len(self.items)
        return {"list": self.items[start:end], "has_more": more, **(following(end) if more else {})}


KINDS = ["cursor", "offset", "once", "pages", "bare", "token"]


class Prefetched(NamedTuple):
    kind: str
    items: list[int]
    size: int
    pages: int
    total: bool
    short: bool
    awaited: bool


@given(
    st.builds(
        Prefetched, st.sampled_from(KINDS), st.lists(st.integers(0), max_size=14, unique=True), st.integers(1, 4),
        st.integers(1, 6), st.booleans(), st.booleans(), st.booleans(),
    )
)  # fmt: skip
@settings(deadline=None, max_examples=tries(40))
def test_prefetched_it_is_the_same_list(case: Prefetched) -> None:
    app, plain = wired(Served(case.items, total=case.total, short=case.short))
    listed: Query[int] = getattr(Lists(app), case.kind)(case.size)
    assert listed.all() == case.items
    app, wire = wired(Served(case.items, total=case.total, short=case.short))
    query: Query[int] = getattr(Lists(app), case.kind)(case.size).prefetch(case.pages)

    async def read() -> list[int]:
        return [item async for item in query]

    assert (asyncio.run(read()) if case.awaited else list(query)) == case.items
    assert ours() == []
    assert 0 <= len(wire.asked) - len(plain.asked) <= in_vain(case)


def in_vain(case: Prefetched) -> int:
    """How many pages may be asked for that are not there, or not where they were expected."""
    if case.kind not in {"offset", "pages", "bare"}:
        return 0
    if case.short and case.kind == "offset":
        return case.pages + 1
    return 0 if case.total and case.kind != "bare" else case.pages - 1


def test_the_next_page_is_fetched_while_one_is_read() -> None:
    app, wire = wired(Served(list(range(30))))
    for kind, ahead in (("cursor", 1), ("cursor", 3), ("token", 2), ("offset", 4), ("once", 1)):
        wire.asked.clear()
        query: Query[int] = getattr(Lists(app), kind)(3)
        numbers = iter(query.prefetch(ahead))
        for page in range(1, 11):
            assert next(numbers) == 3 * page - 3
            until(lambda page=page, ahead=ahead: len(wire.asked) >= min(10, page + ahead))  # type: ignore[misc]
            stays(lambda page=page, ahead=ahead: len(wire.asked) <= page + ahead, 0.002)  # type: ignore[misc]
            assert [next(numbers), next(numbers)] == [3 * page - 2, 3 * page - 1]
        numbers.close()


def test_pages_that_can_be_counted_are_fetched_at_once() -> None:
    app, wire = wired(Served(list(range(30)), total=True))
    wire.hold(lambda path, params: params["offset"] > 0)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(Lists(app).offset(3).prefetch(5).all)
        until(lambda: wire.now == 5)
        wire.gate.set()
        assert found.result() == list(range(30))
    assert wire.most <= 6
    assert len(wire.asked) == 10


def test_pages_of_uneven_length_are_guessed_at_once_only() -> None:
    def serve(path: str, params: Params) -> Params:
        end = params["offset"] + (1 if params["offset"] % 4 else 3)
        return {"result": {"list": list(range(params["offset"], min(end, 40))), "has_more": end < 40}}

    app, wire = wired(serve)
    assert Lists(app).offset(3).prefetch(4).all() == list(range(40))
    assert len(wire.asked) <= 20 + 5


def test_an_error_of_a_page_comes_in_its_place() -> None:
    served = Served(list(range(30)))

    def serve(path: str, params: Params) -> Params:
        where = params.get("offset", params.get("cursor"))
        return {"errcode": 400002, "errmsg": "无效的参数"} if where in {12, 15} else served(path, params)

    app, wire = wired(serve)
    for query in (Lists(app).offset(3), Lists(app).cursor(3)):
        assert read(query.prefetch(4), DingTalkError) == list(range(12))
        assert ours() == []
    assert len(wire.asked) <= 9 + 5


PEOPLE = [f"u{number}" for number in range(320)]
START = datetime(2026, 1, 1, tzinfo=BEIJING)
MONTH = timedelta(days=30)


def company(path: str, params: Params) -> Params:
    """Forty departments, two hundred results a call, a page of approvals; nobody has punched."""
    if path == "/topapi/v2/department/listsubid":
        return {"result": {"dept_id_list": list(range(2, 42)) if params["dept_id"] == 1 else []}}
    if path == "/topapi/v2/user/list":
        return {"result": {"list": [], "has_more": False}}
    if path == "/attendance/list":
        first, end = params["offset"], min(params["offset"] + params["limit"], 700)
        day = {"workDate": 1767196800000, "userId": "u0"}
        return {"recordresult": [{"id": each, **day} for each in range(first, end)], "hasMore": end < 700}
    if path.endswith("instanceIds/query"):
        return {"success": True, "result": {"list": [f"i{number}" for number in range(20)]}}
    if path == "/v1.0/workflow/processInstances":
        return {"success": True, "result": {"title": "请假"}}
    return {"result": [], "recordresult": []}


MANY: dict[str, Callable[[DingTalkApp], Query[Any]]] = {
    "punches": lambda app: app.smartwork.attendance_records.details(PEOPLE, START, START + MONTH),
    "results": lambda app: app.smartwork.attendance_records.results(PEOPLE, START, START + MONTH),
    "results of a few": lambda app: app.smartwork.attendance_records.results(["u0"], START),
    "schedules": lambda app: app.smartwork.schedules.of_users(PEOPLE, START, START + MONTH, op_userid="u0"),
    "shifts": lambda app: app.smartwork.schedules.shifts(PEOPLE, START, START + MONTH, op_userid="u0"),
    "results of schedules": lambda app: app.smartwork.schedules.results([*range(2000)], op_userid="u0"),
    "approvals": lambda app: app.smartwork.approvals.list("P", START, START + MONTH),
    "every approval": lambda app: app.smartwork.approvals.all("P", START, START + MONTH),
    "departments": lambda app: app.contact.departments.walk_ids(),
    "users": lambda app: app.contact.users.all(),
}


def leads_on(path: str, params: Params) -> bool:
    """Whether a call has to be answered before others are known: the root, the ids, the first page for one user."""
    first_page = params.get("offset") == 0 and len(params["userIdList"]) == 1
    return params.get("dept_id") == 1 or "instanceIds" in path or first_page


@pytest.mark.parametrize("many", MANY.values(), ids=MANY)
def test_a_list_of_many_calls_is_really_read_ahead(many: Callable[[DingTalkApp], Query[Any]]) -> None:
    app, wire = wired(company)
    plain = many(app).all()
    once = len(wire.asked)
    wire.hold(lambda path, params: not leads_on(path, params))
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(many(app).prefetch(8).all)
        until(lambda: wire.now >= 8)
        wire.gate.set()
        assert found.result() == plain
    assert wire.most <= 9 + 1  # the ids of approvals are read by one more
    assert len(wire.asked) <= 2 * once + 8
    assert ours() == []


def test_workers_of_attendance_lists_are_at_work() -> None:
    app, wire = wired(company)
    wire.hold(lambda path, params: True)
    records = app.smartwork.attendance_records
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(records.details(PEOPLE, START, START + MONTH, workers=16).all)
        until(lambda: wire.now == 16)
        wire.gate.set()
        assert found.result() == []
    assert len(wire.asked) == 7 * 5


def test_prefetching_nothing_is_refused(app: DingTalkApp) -> None:
    with pytest.raises(InvalidArgument, match=r"Query.prefetch: pages: should be greater than or equal to 1"):
        User.objects.using(app).list(1).prefetch(0)


def test_what_is_prefetched_goes_through_the_list_s_own_app(sandbox: Sandbox, app: DingTalkApp) -> None:
    query = User.objects.using(app).list(1, size=1).prefetch(2)
    assert sandbox.calls == []
    first = query.first()
    assert first is not None
    assert first.app is app
