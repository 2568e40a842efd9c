"""Recognises lists: how an API pages, and where the items are in a reply."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from generators.platform.naming import python_name

Row = dict[str, Any]

TOKENS = ("nextToken", "next_token", "cursor", "nextCursor", "nextPageCursor", "pageToken")
OFFSETS = ("offset", "skip")
PAGES = (
    "pageNumber",
    "page",
    "pageNum",
    "page_no",
    "pageNo",
    "page_number",
    "pageIndex",
    "page_index",
    "currentPage",
    "pageStart",
    "page_start",
)
BEGINNINGS = (*TOKENS, *OFFSETS, *PAGES)
"""The parameters that say where a page begins."""
SIZES = ("maxResults", "maxResult", "pageSize", "page_size", "size", "limit")
MORE = ("hasMore", "has_more", "hasMoreData", "hasNext")
NEXT = (*TOKENS, "next_cursor", "next", "nextPageToken")
TOTALS = ("totalCount", "total_count", "total", "totalSize", "totalCnt", "totalNum", "totalCountt", "total_number")
PAGE_COUNTS = ("totalPage", "totalPages")
CONTAINERS = ("result", "content", "data", "page", "taskPage")
ITEMS = ("list", "items", "data", "dataList", "values", "records", "result")
"""The name of the items, where a page has several arrays."""

USUAL_SIZE = 100
"""The largest page that a list asks for by itself. The platform advises 10 to 200."""
SIZE_WITHOUT_LIMIT = 20
"""The size of a page where nothing says how large one may be."""
FIRST_TEXT = "0"
"""What a required token that is a text is first: so do all samples."""


class Peculiar(TypedDict, total=False):
    """What the table of one list does not say, or says otherwise.

    Attributes:
        first: what the parameter is for the first page.
        in_pages: whether it counts pages.
        following: the name of the field that says where the next page begins.
        last: the field of the last item that says so; empty if it is the item.
    """

    first: int | str
    in_pages: bool
    following: str
    last: str


PECULIAR: dict[str, Peculiar] = {
    # "offset (described as page number)"
    "POST /v1.0/contact/users/search": {"in_pages": True},
    # "offset, accumulated": what is called a page number counts records
    "POST /v1.0/attendance/vacations/records/query": {"first": 0, "in_pages": False},
    # labelled 上一批次最后一个userid / 上一批次最后一个Id, and 首次为空
    "POST /topapi/attendance/group/users/query": {"first": "", "last": ""},
    "POST /topapi/attendance/group/wifis/query": {"first": "", "last": "wifi_key"},
    "POST /topapi/attendance/group/positions/query": {"first": "", "last": "position_key"},
    # labelled 下一次请求的分页游标, in each item
    "GET /v1.0/conference/videoConferences/{conferenceId}/cloudRecords/getTexts": {"last": "nextTtoken"},
    # the official SDK has it in the reply
    "POST /v1.0/project/users/{userId}/projects/query": {"following": "nextToken"},
}
"""By verb and path: what the tables do not say of its pages, and who does."""

UNSURE: dict[str, str] = {
    "POST /v1.0/industry/ai/retail/trainingRecord": "takes a `direction`, and nothing says which one goes on",
    "POST /v1.0/industry/circle/postsRecord": "takes a `direction`, and nothing says which one goes on",
}
"""By verb and path: why it is no list, although its reply has a place to go on from."""


@dataclass(frozen=True)
class Listed:
    """A list.

    Attributes:
        way: the path to the page in the reply.
        inside: the path from the page to the object with its items.
        items: the row of its items.
        parameter: the wire name of the parameter that says where a page begins; `option.nextToken` in an object.
        size: that of the parameter that says how many items are on a page.
        first: its value for the first page.
        in_pages: whether it counts pages.
        more: the name of the field that says whether another page follows.
        following: the name of the field that says where the next page begins.
        last: the name of the field of the last item that says so; empty if it is the item.
        total: the name of the field that says how many items there are; `page_info.total` if it is in an object.
        page_count: the name of the field that says how many pages there are.
    """

    way: tuple[str, ...]
    inside: tuple[str, ...]
    items: Row
    parameter: str
    size: str | None
    first: int | str | None
    in_pages: bool
    more: str | None
    following: str | None
    last: str | None
    total: str | None
    page_count: str | None

    @property
    def path(self) -> str:
        """The path from the page to its items, dotted."""
        return ".".join([*self.inside, self.items["name"]])

    @property
    def paging(self) -> str:
        """The source text of its `Paging`, with what differs from the defaults."""
        parts = [f'"{self.parameter}"', json.dumps(self.first) if self.first is not None else "None"]
        parts += ['unit="pages"'] if self.in_pages else []
        parts += [f'more="{self.more}"'] if self.more not in {None, *MORE[:2]} else []
        parts += [f'next="{self.following}"'] if self.following not in {None, "next_cursor", "nextCursor"} else []
        parts += [f'total="{self.total}"'] if self.total not in {None, "totalCount", "total_count"} else []
        parts += [f'pages="{self.page_count}"'] if self.page_count not in {None, "totalPage"} else []
        parts += [f'last="{self.last and python_name(self.last)}"'] if self.last is not None else []
        open_ended = _last(self.parameter) not in TOKENS and not (self.more or self.following)
        parts += ["open_ended=True"] if open_ended else []
        text = f"Paging({', '.join(parts)})"
        return KNOWN.get(text, text)

    def default(self, wire: str, row: Row) -> str | None:
        """The source text of the default of a parameter of paging, so that none is required; `None` for others."""
        if wire == self.parameter:
            return "None"
        most = row.get("constraints", {}).get("max")
        if wire != self.size or not (row.get("required") or most):
            return None
        return str(min(int(most), USUAL_SIZE) if most else int(row.get("default") or SIZE_WITHOUT_LIMIT))


class NotAList(Exception):
    """Why an API that takes a parameter of paging is no lazy list."""


def recognise(endpoint: str, params: list[Row], returns: list[Row]) -> Listed | None:
    """How an API pages; `None` if it does not.

    Args:
        endpoint: verb and path.
        params: its parameters, each with an example if there is one.
        returns: the fields of its reply.

    Raises:
        NotAList: it takes a parameter of paging, but cannot be read page by page.
    """
    if endpoint in UNSURE:
        raise NotAList(UNSURE[endpoint])
    by_name = {row["name"]: row for row in params if row["in"] in {"query", "body"}}
    begin, size = _asked(by_name)
    if begin is None and (inner := [*_objects(by_name.values())]):
        if len(inner) > 1:
            raise NotAList("pages in several objects: " + ", ".join(f"`{row['name']}`" for row in inner))
        by_name |= {f"{inner[0]['name']}.{child['name']}": child for child in inner[0]["children"]}
        begin, size = (name and f"{inner[0]['name']}.{name}" for name in _asked(_children(inner[0])))
    if begin is None:
        if size:
            raise NotAList(f"takes `{size}`, but nothing that says where a page begins")
        return None
    known = PECULIAR.get(endpoint, Peculiar())
    way, page = _container(returns)
    items = _items(page)
    inside: tuple[str, ...] = ()
    if way and not _named(page, NEXT) and _named(_at(returns, way[:-1]), NEXT):
        way, inside, page = way[:-1], way[-1:], _at(returns, way[:-1])
    in_pages = known.get("in_pages", _last(begin) in PAGES)
    following = known.get("following", None if in_pages else _named(page, NEXT))
    listed = Listed(
        way,
        inside,
        items,
        begin,
        size,
        known.get("first", _first(by_name[begin])),
        in_pages,
        _named(page, MORE),
        following,
        known.get("last"),
        _named(page, TOTALS) or _total_beside(page),
        _named(page, PAGE_COUNTS) if in_pages else None,
    )
    if _last(begin) in TOKENS and listed.following is None and listed.last is None:
        raise NotAList(f"takes `{begin}`, but the reply does not say where the next page begins")
    return listed


def _asked(by_name: Mapping[str, Row]) -> tuple[str | None, str | None]:
    """The parameters that say where a page begins, and how large it is."""
    there = [each for each in BEGINNINGS if each in by_name]
    # of two, the one that is required
    begin = next((each for each in there if by_name[each].get("required")), next(iter(there), None))
    return begin, next((each for each in SIZES if each in by_name), None)


def _objects(rows: Iterable[Row]) -> Iterator[Row]:
    """The objects in a body that say where a page begins. One that only counts may be about something else."""
    for row in rows:
        begin, size = _asked(_children(row)) if row["type"] == "object" and not row.get("values") else (None, None)
        if begin in TOKENS or (begin and size):
            yield row


def _children(row: Row) -> dict[str, Row]:
    return {child["name"]: child for child in row.get("children", [])}


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _total_beside(page: list[Row]) -> str | None:
    """The total in an object beside the items."""
    found = [(row["name"], _named(row.get("children", []), TOTALS)) for row in page if row["type"] == "object"]
    return next((f"{name}.{total}" for name, total in found if total), None)


def _named(rows: list[Row], names: Iterable[str]) -> str | None:
    """The first of these names that a field has."""
    found = {row["name"] for row in rows if row["type"] not in {"array", "object"}}
    return next((name for name in names if name in found), None)


def _at(rows: list[Row], way: Iterable[str]) -> list[Row]:
    for name in way:
        rows = next(row["children"] for row in rows if row["name"] == name)
    return rows


def _container(rows: list[Row]) -> tuple[tuple[str, ...], list[Row]]:
    """The path to the page in the reply, and its rows."""
    by_name = {row["name"]: row for row in rows}
    for name in CONTAINERS:
        row = by_name.get(name)
        if row is not None and row["type"] == "object" and any(_arrays(row.get("children", []))):
            return (name,), row["children"]
    within = [row for row in rows if row["type"] == "object" and _has_arrays(row)]
    if len(within) == 1 and not any(_arrays(rows)):
        way, page = _container(within[0]["children"])
        return (within[0]["name"], *way), page
    return (), rows


def _has_arrays(row: Row) -> bool:
    children: list[Row] = row.get("children", [])
    return any(_arrays(children)) or any(_has_arrays(child) for child in children if child["type"] == "object")


def _arrays(rows: list[Row]) -> Iterator[Row]:
    return (row for row in rows if row["type"] == "array" and row["name"])


def _items(page: list[Row]) -> Row:
    arrays = list(_arrays(page))
    if not arrays:
        raise NotAList("the reply has no array")
    if len(arrays) > 1:
        named = [row for row in arrays if row["name"] in ITEMS]
        objects = [row for row in arrays if row.get("children")]
        arrays = named if len(named) == 1 else objects if len(objects) == 1 else arrays
    if len(arrays) > 1:
        raise NotAList("the reply has several arrays: " + ", ".join(f"`{row['name']}`" for row in arrays))
    return arrays[0]


def _first(row: Row) -> int | str | None:
    """Where a list begins.

    Offsets and cursors that are numbers begin at 0, pages at 1 unless the documented default, limit or example is 0.
    A text is left out if it may be.
    """
    if row["name"] not in PAGES:
        number = row["type"] in {"integer", "number"}
        return 0 if number else FIRST_TEXT if row.get("required") else None
    said = [row.get("default"), row.get("constraints", {}).get("min"), row.get("example")]
    return 0 if any(str(value) == "0" for value in said) else 1


KNOWN = {
    'Paging("cursor", 0)': "CURSOR",
    'Paging("offset", 0)': "OFFSET",
    'Paging("nextToken", None, next="nextToken")': "TOKEN",
    'Paging("nextToken", 0, next="nextToken")': "TOKEN_FROM_ZERO",
}
"""By source text: the name that it has in call/paging.py."""
