"""Pages, and how an API numbers them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeGuard, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel, to_snake

from dingtalk_models.call.repair import UNPARSED
from dingtalk_models.core.errors import TransportError
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.steps import Flow, Step
from dingtalk_models.core.wire import empty_list, wire

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list.

    Attributes:
        items: the items on it.
        has_more: whether there is another page; `None` if the reply does not say.
        next_cursor: the start of the next page; `None` if the reply does not say.
        total: the number of items in the whole list; `None` if the reply does not say.
        page_count: the number of pages of the whole list; `None` if the reply does not say.
        unparsed: the rows that could not be read and are not in `items`, as they came.
    """

    model_config = ConfigDict(extra="allow", defer_build=True)

    items: list[T]
    has_more: bool | None = None
    next_cursor: int | str | None = None
    total: int | None = None
    page_count: int | None = None
    unparsed: list[Any] = empty_list()

    @property
    def length(self) -> int:
        """How many rows it has, those that could not be read included."""
        return len(self.items) + len(self.unparsed)

    @property
    def is_last(self) -> bool:
        """Whether the reply says that nothing more comes.

        It says so with `has_more`, with a total of 0, or with a cursor that is there and empty.
        """
        if self.has_more is not None or self.total == 0:
            return not self.has_more
        return "next_cursor" in self.model_fields_set and self.next_cursor in {None, ""}


def is_page(value: object) -> TypeGuard[Page[Any]]:
    """Whether a result is a page of a list."""
    return isinstance(value, Page)


PageFlow = Generator[Step | Page[T], Any, None]
"""The source of a lazy list: a flow that also yields pages, each as soon as it is complete."""


@dataclass(frozen=True)
class Paging:
    """How an API numbers its pages, and the names of the paging fields in a reply.

    Attributes:
        parameter: the wire name of the parameter that says where a page begins; `option.nextToken` in an object.
        first: its value for the first page; a number, if the API's cursors are numbers.
        unit: what the parameter counts. Used if the reply does not say where the next page begins.
        more: the name of the field that says whether another page follows.
        next: the name of the field that says where the next page begins.
        total: the name of the field that says how many items there are in all; `page_info.total` if it is in an object.
        pages: the name of the field that says how many pages there are in all.
        last: the attribute of the last item that says where the next page begins, if the reply itself does not; empty
            if it is the item.
        stride: the distance from the start of one page to the start of the next, if it is fixed.
        open_ended: whether no reply says that another page follows. Then the list ends with the page that completes the
            total, or else with an empty one.
    """

    parameter: str
    first: int | str | None
    unit: Literal["items", "pages"] = "items"
    more: str = "has_more"
    next: str = "next_cursor"
    total: str = "totalCount"
    pages: str = "totalPage"
    last: str | None = None
    stride: int | None = None
    open_ended: bool = False

    @property
    def counted(self) -> bool:
        """Whether the start of a page can be calculated before the previous page has arrived."""
        return self.parameter.rpartition(".")[2] == "offset"

    def start(self, params: Mapping[str, Any]) -> int | str | None:
        """Return where the first page begins: where these parameters say, or else at `first`."""
        given: Any = params
        for name in self.parameter.split("."):
            given = given.get(name) if is_object(given) else None
        return self.first if given is None else given

    def at(self, cursor: int | str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return these parameters, for the page that begins at a cursor."""
        *outer, name = self.parameter.split(".")
        inner = whole = {**params}
        for each in outer:
            inner[each] = {**inner.get(each, {})}
            inner = inner[each]
        inner[name] = cursor
        return whole

    def told(self, page: Page[Any]) -> int | str | None:
        """Return where the next page begins, as the platform says it; `None` if it does not."""
        cursor = page.next_cursor
        if self.last is not None and page.items and page.has_more:
            cursor = getattr(page.items[-1], self.last, None) if self.last else page.items[-1]
        if isinstance(self.first, int):
            cursor = int(cursor) if isinstance(cursor, str) and cursor.isdecimal() else cursor
        elif cursor is not None:
            cursor = str(cursor)  # a reply may have the text as a number, and the number as text
        return None if cursor in {"", 0, self.first} else cursor

    def after(self, page: Page[Any], cursor: int | str | None, before: int | None = None) -> int | str | None:
        """Return where the next page begins; `None` after the last page.

        Args:
            page: the page.
            cursor: where it begins.
            before: how many items are on the pages before it. By default, as many as `cursor` says.
        """
        if page.has_more is False:
            return None
        following = self.told(page)
        if following is None and page.length and isinstance(cursor, int):
            rows = self.before(page, cursor) if before is None else before
            if page.has_more or (self.open_ended and not self._completes(page, cursor, rows)):
                following = cursor + (self.stride or (page.length if self.unit == "items" else 1))
        return following

    def before(self, page: Page[Any], cursor: int) -> int:
        """Return how many items are on the pages before one, if all of those have its length."""
        start = cursor - self.first if isinstance(self.first, int) else cursor
        return start if self.unit == "items" else start * page.length

    def _completes(self, page: Page[Any], cursor: int, before: int) -> bool:
        """Whether a page is the last one. A total that is below what has come says nothing."""
        if page.page_count is not None and isinstance(self.first, int):
            return cursor - self.first + 1 == page.page_count
        return before + page.length == page.total

    def check_end(self, page: Page[Any]) -> None:
        """Raise an error if a list would end at a page that may not be its last.

        Raises:
            TransportError: its paging fields could not be read, or do not say where the next page begins.
        """
        unread = (page.model_extra or {}).get(UNPARSED, {})
        if page.has_more is None and not {*_spellings(self.more), *_spellings(self.next)}.isdisjoint(unread):
            raise TransportError("the reply does not tell whether another page follows: it has the wrong shape")
        if page.has_more and page.length:
            raise TransportError(
                f"the reply says that another page follows, and not where it begins: {self.next!r} is missing / "
                f"返回表示还有下一页，却没有给出 {self.next!r}"
            )


class Walk:
    """The way through the pages of a list: where the next one begins, and whether a page has come before.

    If the platform says where the next page begins, that decides: a page is another page if it begins elsewhere, even
    if its rows are the same. If it does not say so, and pages are counted, a page with the rows of an earlier page is
    that page again. So it remembers a few bytes of each page.

    Args:
        paging: how the API numbers its pages; `None` if there is only one.
        start: where the first page begins.
        told_apart: whether the reader drops rows that came before, so that pages may be repeated at the end.

    Attributes:
        cursor: where the next page begins; `None` after the last one.
    """

    def __init__(self, paging: Paging | None, start: int | str | None, *, told_apart: bool = False) -> None:
        self.cursor = start
        self._paging = paging
        self._told_apart = told_apart
        self._asked = {start}
        self._pages: set[int] = set()
        self._calculated = False
        self._rows: int | None = None
        self._last: Page[Any] | None = None

    def turn(self, page: Page[Any]) -> None:
        """Go on to the next page.

        Args:
            page: the page at the cursor.

        Raises:
            TransportError: it is a page that was read before.
        """
        if (paging := self._paging) is None:
            self.cursor = None
            return
        at = self.cursor
        if self._rows is None:
            self._rows = paging.before(page, at) if isinstance(at, int) else 0
        self.cursor = paging.after(page, at, self._rows)
        self._rows += page.length
        told = self.cursor is not None and paging.told(page) is not None
        if told and self.cursor == at and not page.length:
            self.cursor = None  # nothing is there, and nothing comes
        known = len(self._pages)
        if page.length:
            self._pages.add(_fingerprint(page))
        again = page.length > 0 and known == len(self._pages)
        if again and self._calculated and not (self._told_apart or self._alike(page)):
            raise self._repeats(at)
        if again and told and self.cursor in self._asked:
            raise self._repeats(self.cursor)
        self._calculated = self.cursor is not None and not told
        self._last = page

    def check(self) -> None:
        """Raise an error if the list goes on with a page that was read before, or if nobody knows how it goes on.

        Raises:
            TransportError: the list is not complete.
        """
        if self.cursor is None:
            if self._paging and self._last:
                self._paging.check_end(self._last)
        elif not self._calculated:
            if self.cursor in self._asked:
                raise self._repeats(self.cursor)
            self._asked.add(self.cursor)

    def _alike(self, page: Page[Any]) -> bool:
        """Whether nothing tells the rows of a page apart, so that equal pages are possible, within the total."""
        rows = page.items or page.unparsed
        several = page.length > 1 or not page.items
        return several and rows[0] == rows[-1] and (self._rows or 0) <= (page.total or 0)

    def _repeats(self, cursor: int | str | None) -> TransportError:
        name = self._paging.parameter if self._paging else ""
        shown = repr(cursor)
        shown = shown if len(shown) <= _LONGEST_CURSOR else f"{shown[:_LONGEST_CURSOR]}…"
        return TransportError(
            f"the list does not end: the platform sends a page again that was read before, at {name}={shown} / "
            f"列表没有尽头：平台在 {name}={shown} 处重复返回已经读过的一页"
        )


_LONGEST_CURSOR = 80
"""How much of a cursor an error shows."""


def _fingerprint(page: Page[Any]) -> int:
    """A number for the rows of a page. Two pages that begin and end with the same rows, and are as long, are equal."""
    rows = page.items or page.unparsed
    return hash((page.length, repr(rows[0]), repr(rows[-1])))


CURSOR = Paging("cursor", 0)
OFFSET = Paging("offset", 0)
OFFSET_IN_PAGES = Paging("offset", 0, unit="pages")
TOKEN = Paging("nextToken", None, next="nextToken")
TOKEN_FROM_ZERO = Paging("nextToken", 0, next="nextToken")


@cache
def page_type(item: Any, items: str, paging: Paging) -> type[Page[Any]]:
    """Return the type of a page whose items have this name in the reply, where the name is required.

    The name may be a dotted path, if the items are deeper than the cursor.
    """
    around = paging.total.rpartition(".")[0]
    fields: dict[str, Any] = {
        "items": (Annotated[list[item], _deep(items) if "." in items else wire(items)], ...),
        "has_more": (Annotated[bool | None, wire(*_spellings(paging.more))], None),
        "next_cursor": (Annotated[int | str | None, wire(*_spellings(paging.next))], None),
        "total": (Annotated[int | None, _deep(paging.total) if around else wire(*_spellings(paging.total))], None),
        "page_count": (Annotated[int | None, wire(*_spellings(paging.pages))], None),
    }
    if around:  # what else is there is of the page too
        fields[around] = (Any, None)
    made: type[Page[Any]] = create_model("Page", __base__=Page[item], **fields)
    return made


def _deep(path: str) -> Any:
    return Field(validation_alias=AliasPath(*path.split(".")), serialization_alias=path)


def _spellings(name: str) -> tuple[str, str]:
    """Return both spellings, `has_more` and `hasMore`: replies do not always use the documented one."""
    return to_snake(name), to_camel(name)


def page_of(items: list[T], *, has_more: bool | None = None, unparsed: Sequence[Any] = ()) -> Page[T]:
    """A page made of these items."""
    return Page[T].model_construct(items=items, has_more=has_more, unparsed=[*unparsed])


def next_page(pages: PageFlow[T]) -> Flow[Page[T] | None]:
    """Run a flow of pages until it yields the next page; `None` at its end."""
    try:
        item = next(pages)
        while not isinstance(item, Page):
            try:
                result = yield item
            except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                item = pages.throw(error)
            else:
                item = pages.send(result)
    except StopIteration:
        return None
    return item
