"""Recognises lists: how an API pages, and where the items are in a reply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

TOKENS = ("nextToken", "next_token", "cursor", "nextCursor")
PAGES = ("pageNumber", "page", "pageNum", "page_no", "pageNo", "pageIndex", "page_index", "currentPage")
SIZES = ("maxResults", "pageSize", "page_size", "size", "limit")
MORE = ("hasMore", "has_more", "hasMoreData")
NEXT = (*TOKENS, "next_cursor", "next")
TOTALS = ("totalCount", "total_count", "total", "totalSize", "totalCnt")
CONTAINERS = ("result", "content", "data", "page", "taskPage")
ITEMS = ("list", "items", "data", "values", "records", "result")
"""The name of the items, where a page has several arrays."""


@dataclass(frozen=True)
class Listed:
    """A list.

    Attributes:
        at: where the page is in the reply, as in `Call`.
        items: the row of its items.
        parameter: the name of the parameter that says where a page begins.
        first: its value for the first page.
        in_pages: whether it counts pages.
        more: the name of the field that says whether another page follows.
        following: the name of the field that says where the next page begins.
        total: the name of the field that says how many items there are.
    """

    at: str | None
    items: Row
    parameter: str
    first: int | None
    in_pages: bool
    more: str | None
    following: str | None
    total: str | None

    @property
    def paging(self) -> str:
        """The source text of its `Paging`, with what differs from the defaults."""
        parts = [f'"{self.parameter}"', str(self.first)]
        parts += ['unit="pages"'] if self.in_pages else []
        parts += [f'more="{self.more}"'] if self.more not in {None, *MORE[:2]} else []
        parts += [f'next="{self.following}"'] if self.following not in {None, "next_cursor", "nextCursor"} else []
        parts += [f'total="{self.total}"'] if self.total not in {None, "totalCount", "total_count"} else []
        open_ended = (self.in_pages or self.parameter == "offset") and not (self.more or self.following)
        parts += ["open_ended=True"] if open_ended else []
        text = f"Paging({', '.join(parts)})"
        return KNOWN.get(text, text)


class NotAList(Exception):
    """Why an API that takes a parameter of paging is no lazy list."""


def recognise(params: list[Row], returns: list[Row], host: str) -> Listed | None:
    """How an API pages; `None` if it does not.

    Raises:
        NotAList: it takes a parameter of paging, but cannot be read page by page.
    """
    by_name = {row["name"]: row for row in params if row["in"] in {"query", "body"}}
    begin = next((name for name in (*TOKENS, "offset", *PAGES) if name in by_name), None)
    if begin is None:
        if size := next((name for name in SIZES if name in by_name), None):
            raise NotAList(f"takes `{size}`, but nothing that says where a page begins")
        return None
    at, page = _container(returns, host)
    names = {row["name"] for row in page}
    counted = begin not in TOKENS
    listed = Listed(
        at,
        _items(page),
        begin,
        _first(by_name[begin]),
        begin in PAGES,
        next((name for name in MORE if name in names), None),
        None if begin in PAGES else next((name for name in NEXT if name in names), None),
        next((name for name in TOTALS if name in names), None),
    )
    if not counted and listed.following is None:
        raise NotAList(f"takes `{begin}`, but the documented reply does not say where the next page begins")
    return listed


def _container(returns: list[Row], host: str) -> tuple[str | None, list[Row]]:
    """Where the page is in the reply, and its rows."""
    by_name = {row["name"]: row for row in returns}
    for name in CONTAINERS:
        row = by_name.get(name)
        if row is not None and row["type"] == "object" and any(_arrays(row.get("children", []))):
            at = None if host == "oapi" and name == "result" else name
            return at, row["children"]
    return ("" if host == "oapi" else None), returns


def _arrays(rows: list[Row]) -> Iterator[Row]:
    return (row for row in rows if row["type"] == "array" and row["name"])


def _items(page: list[Row]) -> Row:
    arrays = list(_arrays(page))
    if not arrays:
        raise NotAList("the documented reply has no array")
    if len(arrays) > 1:
        named = [row for row in arrays if row["name"] in ITEMS]
        objects = [row for row in arrays if row.get("children")]
        arrays = named if len(named) == 1 else objects if len(objects) == 1 else arrays
    if len(arrays) > 1:
        raise NotAList("the documented reply has several arrays: " + ", ".join(f"`{row['name']}`" for row in arrays))
    return arrays[0]


def _first(row: Row) -> int | None:
    """Where a list begins: offsets and cursors at 0, pages at 1 unless the documented default or limit is 0."""
    if row["name"] not in PAGES:
        return 0 if row["type"] in {"integer", "number"} else None
    said = [row.get("default"), row.get("constraints", {}).get("min"), row.get("example")]
    return 0 if any(str(value) == "0" for value in said) else 1


KNOWN = {
    'Paging("cursor", 0)': "CURSOR",
    'Paging("offset", 0)': "OFFSET",
    'Paging("nextToken", None, next="nextToken")': "TOKEN",
    'Paging("nextToken", 0, next="nextToken")': "TOKEN_FROM_ZERO",
}
"""By source text: the name that it has in call/paging.py."""
