"""Every list, by hand or generated, on a platform that pages as documented, and on platforms that lie about pages.

The sandbox pages the documented sample: two full pages, and a third with one entry.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from functools import reduce
from typing import Any, NamedTuple, NotRequired

import pytest
from documented import Api, apis
from generators.platform.lists import BEGINNINGS, SIZES
from helpers import is_list

from dingtalk_models import DingTalkApp, TransportError, operations
from dingtalk_models.core.hints import get_origin
from dingtalk_models.core.json_values import is_object
from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.resource.query import Listing
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.platform.documented import named
from dingtalk_models.sandbox.platform.pages import PagingNames, given, turn

Arguments = dict[str, Any]


INSTEAD: dict[str, Arguments] = {
    "workflow_1_0.ListProcessInstanceIds": {"startTime": 1_700_000_000_000, "endTime": 1_700_000_000_000},
}
"""Arguments whose samples do not fit together."""


def drop(arguments: Arguments, *names: str) -> Arguments:
    """Take arguments out; `option.size` is one in an object."""
    for name in names:
        *outer, inner = name.split(".")
        holder: Arguments = reduce(lambda at, each: at.get(each, {}), outer, arguments)
        holder.pop(inner, None)
    return arguments


def put(arguments: Arguments, name: str, value: Any) -> Arguments:
    """The arguments, with another value for one."""
    outer, _, inner = name.rpartition(".")
    return arguments | ({outer: arguments.get(outer, {}) | {inner: value}} if outer else {inner: value})


class Case(NamedTuple):
    """A list of the platform."""

    api: Api
    paging: PagingNames

    @property
    def arguments(self) -> Arguments:
        """What it requires, and nothing about pages."""
        return drop(self.api.only_required, *self.of_pages) | INSTEAD.get(self.api.name, {})

    @property
    def of_pages(self) -> list[str]:
        """The parameters about pages."""
        around = self.paging["parameter"].rpartition(".")[0]
        return [f"{around}.{name}" if around else name for name in (*BEGINNINGS, *SIZES)]

    @property
    def cursors(self) -> bool:
        """Whether a reply says where the next page begins."""
        return "next" in self.paging or "last" in self.paging

    def honest(self, arguments: Arguments) -> dict[str, Any]:
        """The page that is asked for."""
        reply: dict[str, Any] = copy.deepcopy(named(self.api.name).sample)
        turn(reply, self.paging, arguments)
        return reply

    def page_in(self, reply: dict[str, Any]) -> dict[str, Any]:
        for name in self.paging["at"]:
            reply = reply[name]
        return reply

    def rows_in(self, reply: dict[str, Any]) -> list[Any]:
        rows: Any = reply
        for name in self.paging["way"]:
            rows = rows[name]
        found: list[Any] = rows
        return found

    def cursor(self, number: int) -> Any:
        """A cursor that the platform could send."""
        return number if "first" in self.paging else f"{number}"

    def without_totals(self, reply: dict[str, Any], **more: Any) -> dict[str, Any]:
        page = self.page_in(reply)
        drop(page, *(str(self.paging.get(name, "")) for name in ("total", "page_count")))
        if "more" in self.paging:
            page[self.paging["more"]] = more.get("more", page.get(self.paging["more"]))
        return reply


def cases() -> list[Case]:
    every = [api for product in PRODUCTS for api in apis(product)]
    paged = [Case(api, paging) for api in every if (paging := named(api.name).paging)]
    return [case for case in paged if case.api.name not in ONE_CALL]


ONE_CALL = {"robot_1_0.PrivateChatQuery", "robot_1_0.OrgGroupQuery"}
"""Operations that are written by hand and return one page: its fields belong to it, and `readers` is the list."""

SHORT_PAGES = {"dingtalk.oapi.extcontact.list", "dingtalk.oapi.extcontact.listlabelgroups"}
"""Lists that end with a page that is not full, and that drop what comes again."""


WITHOUT_ROWS = "yida_1_0.ListTableDataByFormInstanceIdTableId"
"""The list whose sample has nothing but a null."""


class Read(NamedTuple):
    """What came of reading a list."""

    rows: list[str]
    calls: int
    error: str


@pytest.fixture(scope="module")
def shared() -> Generator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def caller(shared: Sandbox) -> Generator[DingTalkApp]:
    with shared.app() as app:
        yield app
    app.close()


MOST_CALLS = 12


@pytest.fixture
def read(shared: Sandbox, caller: DingTalkApp) -> Callable[[Case, Callable[[Arguments], Any]], Read]:
    def run(case: Case, answer: Callable[[Arguments], Any]) -> Read:
        asked: list[Arguments] = []

        def counted(arguments: Arguments) -> Any:
            asked.append(arguments)
            return answer(arguments)

        own = shared.answer(case.api.name, counted)
        rows: list[str] = []
        try:
            query = caller.run(case.api.name, **case.arguments)
            assert is_list(query)
            for row in query:
                rows.append(repr(row))
                if len(asked) > MOST_CALLS:
                    return Read(rows, len(asked), "no end")
        except TransportError as error:
            return Read(rows, len(asked), str(error))
        finally:
            own.cancel()
        return Read(rows, len(asked), "")

    return run


def test_what_pages_is_a_list(caller: DingTalkApp) -> None:
    single = [case.api.name for case in cases() if not is_list(caller.run.call(case.api.name, **case.arguments))]
    assert single == []


def test_no_list_requires_an_argument_about_pages() -> None:
    demanded: dict[str, set[str]] = {}
    for info in operations():
        made = vars(info.manager)[info.method]
        if made.__wrapped__.__annotations__["return"].startswith("Query["):
            fields = made.arguments.fields
            required = {name for name, hint in fields.items() if get_origin(hint) is not NotRequired}
            wires = {made.arguments.wire_names(name)[0] for name in required}
            if of_pages := wires & {*BEGINNINGS, *SIZES}:
                demanded[info.name] = of_pages
    assert demanded == {}


def test_a_documented_list_is_read_once_and_no_call_is_needless(read: Callable[..., Read]) -> None:
    problems: list[str] = []
    for case in cases():
        found = read(case, case.honest)
        tells = {"more", "next", "last", "total", "page_count"} & case.paging.keys()
        calls = 3 if tells or case.api.name in SHORT_PAGES else 4
        if found.error or len(set(found.rows)) < len(found.rows) or found.calls != calls:
            problems.append(f"{case.api.name}: {len(found.rows)} rows, {found.calls} calls {found.error}")
    assert not problems, "\n".join(problems)


def test_cursors_that_go_round_end_with_an_error(read: Callable[..., Read]) -> None:
    """The first page leads to 111, that to 222, and that to 111 again."""
    problems: list[str] = []
    for case in cases():
        if (leads := case.paging.get("next")) is None:
            continue
        following = iter([111, 222] * MOST_CALLS)
        start = iter(range(MOST_CALLS))

        def circling(
            arguments: Arguments, case: Case = case, leads: str = leads, following: Any = following, start: Any = start
        ) -> Any:
            parameter = case.paging["parameter"]
            size = len(case.rows_in(case.honest(drop(arguments, parameter))))
            reply = case.honest(put(arguments, parameter, min(next(start), 2) * size))
            case.page_in(reply)[leads] = case.cursor(next(following))
            return case.without_totals(reply, more=True)

        found = read(case, circling)
        if "111" not in found.error or found.calls != 3 or len(set(found.rows)) < len(found.rows):
            problems.append(f"{case.api.name}: {len(found.rows)} rows, {found.calls} calls {found.error}")
    assert not problems, "\n".join(problems)


def test_a_cursor_that_stays_ends_with_an_error(read: Callable[..., Read]) -> None:
    """Every page is the first, and leads to 111."""
    problems: list[str] = []
    for case in cases():
        if (leads := case.paging.get("next")) is None:
            continue

        def standing(arguments: Arguments, case: Case = case, leads: str = leads) -> Any:
            reply = case.honest(drop(arguments, case.paging["parameter"]))
            case.page_in(reply)[leads] = case.cursor(111)
            return case.without_totals(reply, more=True)

        found = read(case, standing)
        if "111" not in found.error or found.calls != 2 or len(set(found.rows)) < len(found.rows):
            problems.append(f"{case.api.name}: {len(found.rows)} rows, {found.calls} calls {found.error}")
    assert not problems, "\n".join(problems)


def test_a_last_page_that_comes_again_ends_with_an_error(read: Callable[..., Read]) -> None:
    """Pages past the end are the last page again, and nothing says how many there are."""
    problems: list[str] = []
    for case in cases():
        if case.cursors or case.api.name == WITHOUT_ROWS:
            continue

        def clamped(arguments: Arguments, case: Case = case) -> Any:
            reply = case.honest(arguments)
            parameter, first = case.paging["parameter"], case.paging.get("first", 0)
            begin = int(given(arguments, parameter) or first)
            while not case.rows_in(reply) and begin > first:
                begin -= 1
                reply = case.honest(put(arguments, parameter, begin))
            return case.without_totals(reply, more=True)

        found = read(case, clamped)
        short = case.api.name in SHORT_PAGES
        said = not found.error if short else case.paging["parameter"] in found.error
        if not said or found.calls != (3 if short else 4) or len(set(found.rows)) < len(found.rows):
            problems.append(f"{case.api.name}: {len(found.rows)} rows, {found.calls} calls {found.error}")
    assert not problems, "\n".join(problems)


def test_pages_of_a_listing_say_the_same_when_prefetched(shared: Sandbox, caller: DingTalkApp) -> None:
    for case in cases():
        if isinstance(unsent := caller.run.call(case.api.name, **case.arguments), Listing):
            own = shared.answer(case.api.name, case.honest)
            query = caller.run(case.api.name, **case.arguments)
            assert [repr(row) for row in query.prefetch(2)] == [repr(row) for row in query], unsent
            own.cancel()


def test_a_cursor_in_an_object_leaves_the_rest_of_it(shared: Sandbox, caller: DingTalkApp) -> None:
    shared.calls.clear()
    search = caller.platform.storage_2_0.search_dentries
    found = search("o", keyword="k", option={"maxResults": 2}).all()
    assert len(found) == 5
    asked = [call.body.get("option") for call in shared.calls if "search" in call.path and is_object(call.body)]
    assert asked == [{"maxResults": 2} | more for more in ({}, {"nextToken": "2"}, {"nextToken": "4"})]
    from_there = caller.platform.storage_2_0.search_dentries(
        "o", keyword="k", option={"maxResults": 2, "nextToken": "2"}
    )
    assert from_there.all() == found[2:]


@pytest.mark.parametrize("beside", [{"total_number": "some", "page": 1}, {"page": 1}, [1], "1", None])
def test_a_total_in_an_object_that_cannot_be_read_is_no_total(
    beside: Any, shared: Sandbox, caller: DingTalkApp
) -> None:
    name = "dingtalk.oapi.alitrip.btrip.flight.order.search"
    rows = iter([[{"id": 1}], [{"id": 2}], []])
    own = shared.answer(name, lambda _: {"flight_order_list": next(rows), "page_info": beside})
    assert [each.id for each in caller.platform.alitrip.btrip_flight_order_search(corpid="c")] == [1, 2]
    own.cancel()
