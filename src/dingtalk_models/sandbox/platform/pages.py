"""Lists of documented endpoints: each has three pages, so that a program's loop is tested.

The entries are those of the documented sample, over and over. A page has as many as are asked for, and the third has
one: a list whose pages have 20 has 41 entries.
"""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any, Final, NotRequired

from typing_extensions import TypedDict

from dingtalk_models.sandbox.platform.parameters import Wrong, scalar

LONGEST: Final = 1000
"""How many entries a page has at most, where the documentation has no limit."""


class PagingNames(TypedDict):
    """How a list pages: the names in the request and in the answer.

    Attributes:
        parameter: the parameter that says where a page begins.
        first: its value for the first page, if it is a number.
        pages: whether it counts pages, not entries.
        size: the parameter that says how many entries a page has.
        way: where the entries are in the answer.
        more: the field that says whether another page follows.
        next: the field that says where the next page begins.
        total: the field that says how many entries there are.
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
    """Make the page that is asked for of the documented sample."""
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
    """How many entries are asked for; 0 if it is not said."""
    asked = scalar(arguments.get(paging.get("size", "")), "integer")
    return min(max(asked or 0, 0), LONGEST)


def _start(paging: PagingNames, arguments: dict[str, Any]) -> int:
    """Where the page begins. A token that no page of a list gave is refused, as one of another list."""
    given = arguments.get(paging["parameter"])
    if given in (None, ""):
        return paging.get("first", 0)
    start = scalar(given, "integer")
    if start is None or start < 0:
        raise Wrong(paging["parameter"], "no page begins here")
    return int(start)
