"""Lazy lists: a page is fetched when it is needed, none after the last one; blocking and awaited."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from helpers import awaited, items
from hypothesis import given
from hypothesis import strategies as st

from dingtalk_models import (
    ConfigurationError,
    Department,
    DingTalkApp,
    DingTalkError,
    HttpRequest,
    HttpResponse,
    InvalidArgument,
    NotFound,
    Page,
    Query,
    TransportError,
    User,
    api,
)
from dingtalk_models.call import paging
from dingtalk_models.call.paging import (
    CURSOR,
    OFFSET,
    OFFSET_IN_PAGES,
    TOKEN,
    TOKEN_FROM_ZERO,
    PageFlow,
    Paging,
    Walk,
    next_page,
    page_of,
)
from dingtalk_models.core.steps import Flow
from dingtalk_models.resource.query import Listing
from dingtalk_models.sandbox import Sandbox

Serve = Callable[[dict[str, Any]], dict[str, Any]]


class Lists:
    """Not a `Manager`, which would be registered for good."""

    def __init__(self, app: DingTalkApp) -> None:
        self.app = app

    @api("test.list.cursor", "POST /topapi/list/cursor")
    def cursor(self, size: int, *, cursor: int = 0) -> Query[int]:
        """By cursor."""
        return Listing(int, CURSOR, items="list", size=size, cursor=cursor)

    @api("test.list.offset", "POST /topapi/list/offset")
    def offset(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset."""
        return Listing(int, OFFSET, items="list", size=size, offset=offset)

    @api("test.list.pages", "POST /topapi/list/pages")
    def pages(self, size: int, *, offset: int = 0) -> Query[int]:
        """By the number of the page."""
        return Listing(int, OFFSET_IN_PAGES, items="list", size=size, offset=offset)

    @api("test.list.token", "GET /v1.0/list")
    def token(self, size: int) -> Query[int]:
        """By a token."""
        return Listing(int, TOKEN, items="list", size=size)

    @api("test.list.zero", "GET /v1.0/zero")
    def zero(self, size: int) -> Query[int]:
        """By a token that is a number, and often a text."""
        return Listing(int, TOKEN_FROM_ZERO, items="list", size=size)

    @api("test.list.bare", "POST /topapi/list/bare")
    def bare(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset, where a page is a list and nothing else."""
        return Listing(int, OFFSET, size=size, offset=offset)

    @api("test.list.repeating", "POST /topapi/list/repeating")
    def repeating(self, size: int, *, offset: int = 0) -> Query[int]:
        """By offset, where the last page comes again and again."""
        return Listing(int, OFFSET, size=size, offset=offset).distinct(abs)

    @api("test.list.numbered", "POST /topapi/list/numbered")
    def numbered(self, size: int, *, page: int | None = None) -> Query[int]:
        """By the number of the page, where only a total says how many there are."""
        return Listing(int, Paging("page", 1, unit="pages", total="total", open_ended=True), items="list")

    @api("test.list.last", "GET /v1.0/last")
    def last(self) -> Query[str]:
        """By the last item."""
        return Listing(str, Paging("cursor", "", last=""), items="list")

    @api("test.list.deep", "GET /v1.0/deep")
    def deep(self) -> Query[int]:
        """By a token, where the items are deeper than it."""
        return Listing(int, TOKEN, "result", items="inside.list")

    @api("test.list.whole", "POST /topapi/list/whole")
    def whole(self) -> Query[int]:
        """At once."""
        return Listing(int, None)


class Served:
    """A transport over a function from parameters to an answer; it counts the calls."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.asked: list[dict[str, Any]] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        query = dict(part.split("=") for part in request.url.partition("?")[2].split("&") if "=" in part)
        params = json.loads(request.content) if isinstance(request.content, bytes) else query
        self.asked.append(params)
        assert len(self.asked) < 100, "no end"
        return HttpResponse(200, {}, json.dumps({"errcode": 0, **self.serve(params)}).encode())

    def close(self) -> None: ...


def served(serve: Serve) -> tuple[Lists, Served]:
    transport = Served(serve)
    app = DingTalkApp(appkey="k", appsecret="s", transport=transport, rate_limit=None)
    app.session.set(app.access_token_credential.key, "t", 7000)
    return Lists(app), transport


numbers = st.lists(st.integers(), max_size=12)
ids = st.lists(st.integers(), max_size=12, unique=True)
"""Where pages are counted, one that repeats the rows of another is taken for that one."""
sizes = st.integers(1, 5)


@given(numbers, sizes)
def test_cursors_are_followed_to_the_end(items: list[int], size: int) -> None:
    def serve(params: dict[str, Any]) -> dict[str, Any]:
        end = params["cursor"] + params["size"]
        page: dict[str, Any] = {"list": items[params["cursor"] : end], "has_more": end < len(items)}
        return {"result": page | ({"next_cursor": end} if end < len(items) else {})}

    lists, transport = served(serve)
    assert list(lists.cursor(size)) == items
    assert len(transport.asked) == max(1, -(-len(items) // size))


@given(ids, sizes, st.booleans())
def test_offsets_are_counted_where_the_reply_does_not_name_the_next(items: list[int], size: int, camel: bool) -> None:
    more = "hasMore" if camel else "has_more"

    def serve(params: dict[str, Any]) -> dict[str, Any]:
        end = params["offset"] + params["size"]
        return {"result": {"list": items[params["offset"] : end], more: end < len(items)}}

    lists, transport = served(serve)
    assert lists.offset(size).all() == items
    assert [asked["offset"] for asked in transport.asked] == list(range(0, max(1, len(items)), size))


@given(ids, sizes)
def test_pages_are_counted(items: list[int], size: int) -> None:
    def serve(params: dict[str, Any]) -> dict[str, Any]:
        start = params["offset"] * params["size"]
        end = start + params["size"]
        return {"result": {"list": items[start:end], "hasMore": end < len(items), "totalCount": len(items)}}

    lists, transport = served(serve)
    assert lists.pages(size).all() == items
    assert [asked["offset"] for asked in transport.asked] == list(range(max(1, -(-len(items) // size))))


@given(numbers, sizes)
def test_tokens_are_followed(items: list[int], size: int) -> None:
    def serve(params: dict[str, str]) -> dict[str, Any]:
        start = int(params.get("nextToken", "t0")[1:])
        end = start + int(params["size"])
        return {"list": items[start:end], "nextToken": f"t{end}" if end < len(items) else ""}

    lists, transport = served(serve)
    assert lists.token(size).all() == items
    assert "nextToken" not in transport.asked[0]


@given(numbers, sizes)
def test_numbers_that_are_told_as_text(items: list[int], size: int) -> None:
    def serve(params: dict[str, str]) -> dict[str, Any]:
        end = int(params["nextToken"]) + int(params["size"])
        page = items[int(params["nextToken"]) : end]
        return {"list": page, "hasMore": None, "nextToken": str(end) if end < len(items) else None}

    lists, transport = served(serve)
    assert lists.zero(size).all() == items
    assert transport.asked[0]["nextToken"] == "0"


@given(ids, sizes)
def test_a_page_that_is_not_full_is_the_last(items: list[int], size: int) -> None:
    lists, transport = served(lambda params: {"result": items[params["offset"] : params["offset"] + params["size"]]})
    assert lists.bare(size).all() == items
    assert len(transport.asked) == len(items) // size + 1


@given(st.lists(st.integers(0), min_size=1, max_size=12, unique=True), sizes)
def test_pages_that_repeat_past_the_end(items: list[int], size: int) -> None:
    def serve(params: dict[str, Any]) -> dict[str, Any]:
        start = min(params["offset"], max(0, len(items) - size))
        return {"result": items[start : start + size]}

    lists, _ = served(serve)
    assert lists.repeating(size).all() == items


@pytest.mark.parametrize(
    "end",
    [
        {},
        {"has_more": False, "next_cursor": 7},
        {"next_cursor": 0},
        {"next_cursor": None, "has_more": None},
        {"next_cursor": "0"},
        {"list": [], "has_more": True},
        {"list": [], "has_more": True, "next_cursor": 3},
    ],
    ids=["silent", "no more, though a cursor", "zero", "nulls", "zero as text", "nothing there", "nor further on"],
)
def test_the_end_however_it_is_told(end: dict[str, Any]) -> None:
    """Pages past the end are not asked for, and none is repeated for ever."""

    def serve(params: dict[str, Any]) -> dict[str, Any]:
        first = {"list": [1, 2], "next_cursor": 3, "has_more": True}
        return {"result": first if params["cursor"] == 0 else {"list": [3], **end}}

    lists, transport = served(serve)
    assert lists.cursor(2).all() == [1, 2, 3][: 2 if end.get("list") == [] else 3]
    assert len(transport.asked) == 2


def read(query: Query[Any]) -> tuple[list[Any], str]:
    """What comes before the error that ends a list, and what that says."""
    items: list[Any] = []
    with pytest.raises(TransportError) as raised:
        items += query
    return items, str(raised.value)


@pytest.mark.parametrize(
    ("leads", "pages", "named"),
    [
        ({0: 7, 7: 7}, 2, "cursor=7"),
        ({0: 7, 7: 8, 8: 7}, 3, "cursor=7"),
        ({0: 7, 7: "8", 8: 9, 9: "7"}, 4, "cursor=7"),
    ],
    ids=["it stays", "there and back", "as text"],
)
def test_cursors_that_go_round(leads: dict[int, int | str], pages: int, named: str) -> None:
    lists, transport = served(
        lambda params: {
            "result": {"list": [params["cursor"]], "has_more": True, "next_cursor": leads[params["cursor"]]}
        }
    )
    items, error = read(lists.cursor(1))
    assert (items, len(transport.asked)) == ([*leads], pages)
    assert named in error


def test_a_platform_that_ignores_the_cursor_sends_no_row_twice() -> None:
    lists, transport = served(lambda params: {"list": [1, 2], "nextToken": "a" * 200})
    items, error = read(lists.token(2))
    assert items == [1, 2]
    assert len(transport.asked) == 2
    assert "nextToken='aaa" in error
    assert len(error) < 300


def test_equal_pages_are_no_repetition_where_the_cursor_goes_on() -> None:
    lists, _ = served(
        lambda params: {
            "result": {"list": [0, 0], "has_more": params["cursor"] < 4, "next_cursor": params["cursor"] + 2}
        }
    )
    assert lists.cursor(2).all() == [0] * 6


def test_counted_pages_that_come_again() -> None:
    platforms: list[Serve] = [
        lambda params: {"result": {"list": [1, 2], "hasMore": True}},
        lambda params: {"result": {"list": [[1, 2], [3, 4]][params["offset"] // 2 % 2], "hasMore": True}},
        lambda params: {"result": {"list": [[1, 2], [3]][min(params["offset"] // 2, 1)], "hasMore": True}},
    ]
    for serve in platforms:
        lists, _ = served(serve)
        items, error = read(lists.offset(2))
        assert items == sorted(set(items))
        assert "offset=" in error


@pytest.mark.parametrize(
    ("total", "calls"),
    [(5, 3), (None, 4), (0, 4), (3, 4), (9, 4), ("5", 3)],
    ids=["right", "none", "zero", "too small", "too large", "as text"],
)
def test_a_total_saves_a_call_and_loses_no_row(total: object, calls: int) -> None:
    def serve(params: dict[str, Any]) -> dict[str, Any]:
        start = (params["page"] - 1) * params["size"]
        return {"result": {"list": [1, 2, 3, 4, 5][start : start + params["size"]], "total": total}}

    lists, transport = served(serve)
    assert lists.numbered(2).all() == [1, 2, 3, 4, 5]
    assert len(transport.asked) == calls


def test_rows_that_nothing_tells_apart_are_counted_up_to_the_total() -> None:
    lists, transport = served(lambda params: {"result": {"list": [0, 0], "total": 6}})
    assert lists.numbered(2).all() == [0] * 6
    assert len(transport.asked) == 3
    lists, _ = served(lambda params: {"result": {"list": [0, 0]}})
    assert read(lists.numbered(2))[0] == [0, 0]


def test_a_list_that_begins_in_the_middle_needs_no_call_more() -> None:
    def serve(params: dict[str, Any]) -> dict[str, Any]:
        start = (params["page"] - 1) * params["size"]
        return {"result": {"list": [1, 2, 3, 4, 5][start : start + params["size"]], "total": 5}}

    lists, transport = served(serve)
    assert lists.numbered(2, page=2).all() == [3, 4, 5]
    assert len(transport.asked) == 2


def test_more_without_a_cursor_is_an_error() -> None:
    """Without one, nobody knows where the rest is."""
    lists, _ = served(lambda params: {"list": [1, 2], "hasMore": True})
    items, error = read(lists.token(2))
    assert items == [1, 2]
    assert "'nextToken' is missing" in error


def test_the_last_item_may_be_the_cursor() -> None:
    names = ["a", "b", "c", "d", "e"]

    def serve(params: dict[str, str]) -> dict[str, Any]:
        start = names.index(params["cursor"]) + 1 if params["cursor"] else 0
        return {"list": names[start : start + 2], "has_more": start + 2 < len(names)}

    lists, transport = served(serve)
    assert lists.last().all() == names
    assert [asked["cursor"] for asked in transport.asked] == ["", "b", "d"]


def test_items_may_be_deeper_than_the_cursor() -> None:
    pages: list[dict[str, Any]] = [
        {"result": {"inside": {"list": [1, "x", 2]}, "nextToken": "1"}},
        {"result": {"inside": {"list": "[3]"}, "nextToken": "2"}},
        {"result": {"inside": None, "nextToken": ""}},
    ]
    lists, transport = served(lambda params: pages[int(params.get("nextToken", 0))])
    assert lists.deep().all() == [1, 2, 3]
    assert len(transport.asked) == 3
    assert next(iter(lists.deep().pages())).unparsed == ["x"]
    nothing_yet: list[dict[str, Any]] = [{"nextToken": ""}, {}, {"inside": {}}]
    for result in nothing_yet:
        lists, transport = served(partial(_always, {"result": result}))
        assert lists.deep().all() == []
        assert len(transport.asked) == 1


def _always(reply: dict[str, Any], _: dict[str, Any]) -> dict[str, Any]:
    return reply


def test_a_million_rows_are_remembered_in_little_memory() -> None:
    """In 10,000 pages, of which each leads to the next by a token of 32 letters."""
    walk = Walk(TOKEN, None)
    tracemalloc.start()
    try:
        for number in range(10_000):
            page = Page[int].model_construct(items=[*range(number * 100, number * 100 + 100)], has_more=True)
            page.next_cursor = f"{number:032}"
            walk.turn(page)
            walk.check()
        own = [tracemalloc.Filter(True, file) for file in (paging.__file__, __file__)]  # other threads allocate, too
        kept = tracemalloc.take_snapshot().filter_traces(own)
    finally:
        tracemalloc.stop()
    assert sum(each.size for each in kept.traces) < 4_000_000


def test_a_list_that_comes_at_once() -> None:
    lists, transport = served(lambda params: {"result": [1, 2, 3]})
    assert lists.whole().all() == [1, 2, 3]
    assert lists.whole().first() == 1
    assert [page.items for page in lists.whole().pages()] == [[1, 2, 3]]
    assert len(transport.asked) == 3
    lists, _ = served(lambda params: {"result": None})
    assert lists.whole().all() == []
    assert lists.whole().first() is None


def test_a_list_may_begin_in_the_middle() -> None:
    lists, transport = served(lambda params: {"result": {"list": [], "has_more": False}})
    assert lists.cursor(5, cursor=40).all() == []
    assert transport.asked == [{"size": 5, "cursor": 40}]
    listing = lists.cursor.call(5, cursor=40)
    assert isinstance(listing, Listing)
    assert listing.request.body == {"size": 5, "cursor": 40}
    whole, token = lists.whole.call(), lists.token.call(5)
    assert isinstance(whole, Listing)
    assert isinstance(token, Listing)
    assert (whole.request.body, token.request.query_params) == ({}, {"size": 5})


def test_what_the_next_page_is() -> None:
    page = Page[int]
    assert CURSOR.after(page.model_validate({"items": [1], "has_more": True, "next_cursor": "x"}), 0) == "x"
    assert CURSOR.after(page.model_validate({"items": [1], "has_more": True}), "x") is None
    assert Paging("p", 1, "pages").after(page.model_validate({"items": [1, 2], "has_more": True}), 1) == 2
    assert page_of([1, 2]).items == [1, 2]


def numbered(count: int, page: int) -> tuple[Query[int], Served]:
    """A list of so many numbers, so many on a page, and what is asked for."""

    def serve(params: dict[str, Any]) -> dict[str, Any]:
        end = params["cursor"] + params["size"]
        more = {"has_more": end < count} | ({"next_cursor": end} if end < count else {})
        return {"result": {"list": list(range(count))[params["cursor"] : end], **more}}

    lists, transport = served(serve)
    return lists.cursor(page), transport


@given(
    st.integers(0, 12),
    sizes,
    st.one_of(st.none(), st.integers(0, 14)),
    st.one_of(st.none(), st.integers(0, 14)),
    st.one_of(st.none(), st.integers(1, 5)),
)
def test_a_part_of_a_list(count: int, page: int, start: int | None, stop: int | None, step: int | None) -> None:
    query, transport = numbered(count, page)
    assert list(query[start:stop:step]) == list(range(count))[start:stop:step]
    needed = count if stop is None else min(stop, count)
    assert len(transport.asked) <= max(0 if stop == 0 else 1, -(-needed // page))


def test_one_item_of_a_list() -> None:
    query, transport = numbered(10, 4)
    assert query[0] == 0
    assert len(transport.asked) == 1
    assert query[5] == 5
    assert len(transport.asked) == 3
    assert query[5:][2:][1] == 8
    with pytest.raises(IndexError, match="no item 10"):
        query[10]
    assert query.prefetch(2)[9] == 9


@pytest.mark.parametrize("place", [-1, slice(-3, None), slice(None, -1), slice(None, None, -1)])
def test_a_place_from_the_end_is_refused(place: Any) -> None:
    query, transport = numbered(10, 4)
    with pytest.raises(InvalidArgument, match=r"counts from the start of the list: read \.all\(\) first"):
        query[place]
    assert transport.asked == []


# -- against a company ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Any:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def app(sandbox: Sandbox) -> Any:
    sandbox.calls.clear()
    app = sandbox.app()
    yield app
    app.close()


LIST = "/topapi/v2/user/list"


def test_nothing_is_sent_until_it_is_read(sandbox: Sandbox, app: DingTalkApp) -> None:
    users = User.objects.using(app).list(110, size=1)
    assert sandbox.calls == []
    iterator = iter(users)
    assert next(iterator).app is app
    assert len(sandbox.received(LIST)) == 1
    assert next(iterator).app is app
    assert len(sandbox.received(LIST)) == 2


def test_read_again_it_is_fetched_again(sandbox: Sandbox, app: DingTalkApp) -> None:
    users = User.objects.using(app).list(110)
    assert list(users) == list(users) == users.all()
    assert len(sandbox.received(LIST)) == 3


def test_first_needs_one_page(sandbox: Sandbox, app: DingTalkApp) -> None:
    users = User.objects.using(app).list(110, size=2)
    first = users.first()
    assert first is not None
    assert first.app is app
    assert len(sandbox.received(LIST)) == 1


def test_pages_tell_what_the_platform_says(app: DingTalkApp) -> None:
    pages = list(User.objects.using(app).list(110, size=3).pages())
    assert [(len(page.items), page.has_more) for page in pages] == [(3, True), (1, False)]
    (found,) = Department.objects.using(app).search("研发中心").pages()
    assert found.total == 1


def test_awaited_the_same(sandbox: Sandbox) -> None:
    app = sandbox.app()

    async def work() -> None:
        users = User.objects.list(110, size=3)
        expected = await users.all.aio()
        assert len(expected) == 4
        assert await items(users) == expected
        assert [len(page.items) async for page in users.pages()] == [3, 1]
        assert await users.first.aio() == expected[0]
        assert await User.objects.list.aio(110, size=3) == expected
        async for user in users:
            assert user == expected[0]
            break
        assert await app.asend(users.all.call()) == expected
        assert await users == expected
        assert await users[1:3] == expected[1:3]
        assert await User.objects.using(app).list(110).prefetch(1) == expected

    awaited(app, work)


def test_an_error_ends_the_list(app: DingTalkApp) -> None:
    with pytest.raises(NotFound):
        list(Department.objects.using(app).list(404))


def test_a_query_of_several_calls(sandbox: Sandbox, app: DingTalkApp) -> None:
    def pages() -> PageFlow[str]:
        for dept_id in (100, 404, 200):
            try:
                department = yield from Department.objects.get.call(dept_id)
            except DingTalkError:
                yield page_of(["?"])
            else:
                yield page_of([department.name])

    query = Query(pages)
    with app:
        assert list(query) == ["研发中心", "?", "产品设计部"]
        assert query.first() == "研发中心"
        assert app.send(query.collect()) == ["研发中心", "?", "产品设计部"]
    assert awaited(app, lambda: items(query)) == ["研发中心", "?", "产品设计部"]
    with pytest.raises(ConfigurationError):
        list(query)


def test_a_flow_without_pages() -> None:
    def pages() -> PageFlow[int]:
        yield from ()

    def flow() -> Flow[bool]:
        return (yield from next_page(pages())) is None

    app = DingTalkApp()
    assert app.send(flow())
    with app:
        assert Query(pages).first() is None


def test_a_listing_without_an_endpoint() -> None:
    with pytest.raises(ConfigurationError, match="no endpoint"):
        _ = Listing(int, CURSOR, items="list").page(0).request
