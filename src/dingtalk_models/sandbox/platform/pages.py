"""Pages the lists of documented endpoints: each has three pages, so that loops over pages can be tested.

The entries of the documented sample are repeated. The first two pages have the requested size, and the third has one
entry: with pages of 20, a list has 41 entries.
"""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any, Final, NotRequired

from typing_extensions import TypedDict

from dingtalk_models.sandbox.platform.parameters import Wrong, scalar

LONGEST: Final = 1000
"""The largest page if the documentation has no limit."""


class PagingNames(TypedDict):
    """The names for paging in the request and the answer of a list.

    Attributes:
        parameter: the parameter for the start of a page.
        first: its value for the first page, if it is a number.
        pages: whether it counts pages instead of entries.
        size: the parameter for the page size.
        way: the path to the entries in the answer.
        more: the field that says whether there is another page.
        next: the field with the start of the next page.
        total: the field with the number of entries.
    """

    parameter: str
    first: NotRequired[int]
    pages: NotRequired[bool]
    size: NotRequired[str]
    way: list[str]
    more: NotRequired[str]
    next: NotRequired[str]
    total: NotRequired[str]


def turn(reply: dict[str, Any], paging: PagingNames, arguments: dict[str, Any]) -> None:
    """Turn the documented sample into the requested page."""
    page = reply
    for name in paging["way"][:-1]:
        page = page[name]
    shown: list[Any] = page[paging["way"][-1]]
    size = _size(paging, arguments) or len(shown)
    start = _start(paging, arguments)
    if paging.get("pages"):
        start = max(start - paging.get("first", 0), 0) * size
    total = 2 * size + 1
    end = min(start + size, total)
    page[paging["way"][-1]] = list(islice(cycle(shown), max(end - start, 0)))
    if "total" in paging:
        page[paging["total"]] = str(total) if isinstance(page.get(paging["total"]), str) else total
    if "more" in paging:
        page[paging["more"]] = end < total
    if "next" in paging:
        page.pop(paging["next"], None)
        if end < total:
            page[paging["next"]] = end if "first" in paging else str(end)


def _size(paging: PagingNames, arguments: dict[str, Any]) -> int:
    """Return the requested page size; 0 if there is none."""
    asked = scalar(arguments.get(paging.get("size", "")), "integer")
    return min(max(asked or 0, 0), LONGEST)


def _start(paging: PagingNames, arguments: dict[str, Any]) -> int:
    """Return the start of the page. Refuse a token that no page has returned."""
    given = arguments.get(paging["parameter"])
    if given in (None, ""):
        return paging.get("first", 0)
    start = scalar(given, "integer")
    if start is None or start < 0:
        raise Wrong(paging["parameter"], "no page begins here")
    return int(start)
