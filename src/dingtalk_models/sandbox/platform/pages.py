"""Pages the lists of documented endpoints: each has three pages, so that loops over pages can be tested.

The entries of the documented sample are repeated, each time with other ids. The first two pages have the requested
size, and the third has one entry: with pages of 20, a list has 41 entries.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Final, NotRequired

from typing_extensions import TypedDict

from dingtalk_models.sandbox.platform.parameters import Wrong, scalar
from dingtalk_models.sandbox.server.json_values import is_object

LONGEST: Final = 1000
"""The largest page if the documentation has no limit."""


class PagingNames(TypedDict):
    """The names for paging in the request and the answer of a list.

    Attributes:
        parameter: the parameter for the start of a page; `option.nextToken` if it is in an object.
        first: its value for the first page, if it is a number.
        pages: whether it counts pages instead of entries.
        size: the parameter for the page size.
        at: the path to the page in the answer.
        way: the path to its entries in the answer.
        more: the field that says whether there is another page.
        next: the field with the start of the next page.
        last: the field of a page's last entry with the start of the next page; empty if it is the entry itself.
        total: the field with the number of entries; `page_info.total` if it is in an object.
        page_count: the field with the number of pages.
    """

    parameter: str
    first: NotRequired[int]
    pages: NotRequired[bool]
    size: NotRequired[str]
    at: list[str]
    way: list[str]
    more: NotRequired[str]
    next: NotRequired[str]
    last: NotRequired[str]
    total: NotRequired[str]
    page_count: NotRequired[str]


def turn(reply: dict[str, Any], paging: PagingNames, arguments: dict[str, Any]) -> None:
    """Turn the documented sample into the requested page."""
    page = holder = reply
    for depth, name in enumerate(paging["way"][:-1]):
        holder = holder[name]
        page = holder if depth < len(paging["at"]) else page
    shown: list[Any] = holder[paging["way"][-1]]
    size = _size(paging, arguments) or len(shown)
    total = 2 * size + 1
    start = _start(paging, arguments, shown, total)
    if paging.get("pages"):
        start = max(start - paging.get("first", 0), 0) * size
    end = min(start + size, total)
    holder[paging["way"][-1]] = [_entry(shown, number, paging) for number in range(start, end)] if shown else []
    if "total" in paging:
        *outer, name = paging["total"].split(".")
        beside = page
        for each in outer:
            beside = beside[each]
        beside[name] = str(total) if isinstance(beside.get(name), str) else total
    if "page_count" in paging:
        page[paging["page_count"]] = -(-total // max(size, 1))
    if "more" in paging:
        page[paging["more"]] = str(end < total).lower() if isinstance(page.get(paging["more"]), str) else end < total
    if "next" in paging:
        page.pop(paging["next"], None)
        if end < total:
            page[paging["next"]] = end if "first" in paging else str(end)


def _entry(shown: Sequence[Any], number: int, paging: PagingNames) -> Any:
    """Return an entry of the list: one of the sample, with other ids each time that it is repeated."""
    entry, times = shown[number % len(shown)], number // len(shown)
    return _other(entry, times, paging.get("last")) if times else copy.deepcopy(entry)


def _other(value: Any, times: int, last: str | None = None) -> Any:
    """Return a value like another one, with other ids; without ids, something else differs."""
    if is_object(value):
        ids = [name for name in value if name == last or name.lower().endswith(_IDS)]
        texts = [name for name, part in value.items() if isinstance(part, str) and not part[:1].isdigit()]
        changed = ids or texts[:1] or list(value)
        return value | {name: _other(value[name], times) for name in changed} or {"number": times}
    if isinstance(value, str):
        return str(int(value) + times) if value.isdecimal() else f"{value}-{times + 1}"
    return value + times if isinstance(value, int) and not isinstance(value, bool) else copy.deepcopy(value)


_IDS: Final = ("id", "key", "code", "uuid", "no")
"""How the names of fields end that tell entries apart."""


def given(arguments: dict[str, Any], name: str) -> Any:
    """Return what was given for a parameter; `None` if nothing was."""
    value: Any = arguments
    for each in name.split("."):
        value = value.get(each) if is_object(value) else None
    return value


def _size(paging: PagingNames, arguments: dict[str, Any]) -> int:
    """Return the requested page size; 0 if there is none."""
    asked = scalar(given(arguments, paging.get("size", "")), "integer")
    return min(max(asked or 0, 0), LONGEST)


def _start(paging: PagingNames, arguments: dict[str, Any], shown: Sequence[Any], total: int) -> int:
    """Return the start of the page. Refuse a token that no page has returned."""
    begin = given(arguments, paging["parameter"])
    if begin in (None, "", paging.get("first")):
        return paging.get("first", 0)
    if (last := paging.get("last")) is not None:
        for number in range(total):
            entry = _entry(shown, number, paging)
            if str(entry[last] if last else entry) == str(begin):
                return number + 1
        return 0
    start = scalar(begin, "integer")
    if start is None or start < 0:
        raise Wrong(paging["parameter"], "no page begins here")
    return int(start)
