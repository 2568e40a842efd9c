"""Pages, and how an API numbers them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeGuard, TypeVar

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.alias_generators import to_camel, to_snake

from dingtalk_models.call.repair import UNPARSED
from dingtalk_models.core.errors import TransportError
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
        unparsed: the rows that could not be read and are not in `items`, as they came.
    """

    model_config = ConfigDict(extra="allow", defer_build=True)

    items: list[T]
    has_more: bool | None = None
    next_cursor: int | str | None = None
    total: int | None = None
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
        parameter: the wire name of the parameter that says where a page begins.
        first: its value for the first page.
        unit: what the parameter counts. Used if the reply does not say where the next page begins.
        more: the name of the field that says whether another page follows.
        next: the name of the field that says where the next page begins.
        total: the name of the field that says how many items there are in all.
        stride: the distance from the start of one page to the start of the next, if it is fixed.
        open_ended: whether no reply says that another page follows. Then the list ends with the page that reaches the
            total, or else with an empty one.
    """

    parameter: str
    first: int | str | None
    unit: Literal["items", "pages"] = "items"
    more: str = "has_more"
    next: str = "next_cursor"
    total: str = "totalCount"
    stride: int | None = None
    open_ended: bool = False

    @property
    def counted(self) -> bool:
        """Whether the start of a page can be calculated before the previous page has arrived."""
        return self.parameter == "offset"

    def after(self, page: Page[Any], cursor: int | str | None) -> int | str | None:
        """Return where the next page begins; `None` after the last page."""
        if page.has_more is False:
            return None
        following = page.next_cursor or None
        more = page.has_more or (self.open_ended and not self._complete(page, cursor))
        if following is None and more and page.length and isinstance(cursor, int):
            following = cursor + (self.stride or (page.length if self.unit == "items" else 1))
        if isinstance(cursor, int) and isinstance(following, str) and following.isdecimal():
            following = int(following)  # the reply has the number as text
        return None if following == cursor else following

    def _complete(self, page: Page[Any], cursor: int | str | None) -> bool:
        """Whether a page reaches the total. All pages before it were at least as long."""
        if page.total is None or not isinstance(cursor, int):
            return False
        start = cursor if self.unit == "items" else (cursor - int(self.first or 0)) * page.length
        return start + page.length >= page.total

    def check_end(self, page: Page[Any]) -> None:
        """Raise an error if the list would end at a page whose paging fields could not be read.

        Raises:
            TransportError: nobody knows whether it is the last page.
        """
        unread = (page.model_extra or {}).get(UNPARSED, {})
        if page.has_more is None and not {*_spellings(self.more), *_spellings(self.next)}.isdisjoint(unread):
            raise TransportError("the reply does not tell whether another page follows: it has the wrong shape")


CURSOR = Paging("cursor", 0)
OFFSET = Paging("offset", 0)
OFFSET_IN_PAGES = Paging("offset", 0, unit="pages")
TOKEN = Paging("nextToken", None, next="nextToken")
TOKEN_FROM_ZERO = Paging("nextToken", 0, next="nextToken")


@cache
def page_type(item: Any, items: str, paging: Paging) -> type[Page[Any]]:
    """Return the type of a page whose items have this name in the reply, where the name is required."""
    fields: dict[str, Any] = {
        "items": (Annotated[list[item], wire(items)], ...),
        "has_more": (Annotated[bool | None, wire(*_spellings(paging.more))], None),
        "next_cursor": (Annotated[int | str | None, wire(*_spellings(paging.next))], None),
        "total": (Annotated[int | None, wire(*_spellings(paging.total))], None),
    }
    made: type[Page[Any]] = create_model("Page", __base__=Page[item], **fields)
    return made


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
