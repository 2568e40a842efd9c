"""Pages, and how an API numbers them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.alias_generators import to_camel, to_snake

from dingtalk_models.core.steps import Flow, Step
from dingtalk_models.core.wire import wire

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list.

    Attributes:
        items: what it holds.
        has_more: whether another page follows, where the platform says so.
        next_cursor: where the next page begins, where the platform says so.
        total: how many items there are in all, where the platform says so.
    """

    model_config = ConfigDict(extra="allow")

    items: list[T]
    has_more: bool | None = None
    next_cursor: int | str | None = None
    total: int | None = None


PageFlow = Generator[Step | Page[T], Any, None]
"""Where a lazy list comes from: a flow that also yields pages, each when it is complete."""


@dataclass(frozen=True)
class Paging:
    """How an API numbers its pages, and under which names a page tells what comes next.

    Attributes:
        parameter: the wire name of the parameter that says where a page begins.
        first: its value for the first page.
        unit: what it counts, where the reply does not name the next one.
        more: the name of "another page follows" in a reply.
        next: the name of "where the next page begins" in a reply.
        total: the name of "how many there are in all" in a reply.
        stride: by how much each page begins behind the one before, where that is fixed.
    """

    parameter: str
    first: int | str | None
    unit: Literal["items", "pages"] = "items"
    more: str = "has_more"
    next: str = "next_cursor"
    total: str = "totalCount"
    stride: int | None = None

    @property
    def counted(self) -> bool:
        """Whether a page begins at a number that can be told before the one ahead of it has come."""
        return self.parameter == "offset"

    def after(self, page: Page[Any], cursor: int | str | None) -> int | str | None:
        """Where the next page begins; `None` after the last."""
        if page.has_more is False:
            return None
        following = page.next_cursor or None
        if following is None and page.has_more and page.items and isinstance(cursor, int):
            following = cursor + (self.stride or (len(page.items) if self.unit == "items" else 1))
        if isinstance(cursor, int) and isinstance(following, str) and following.isdecimal():
            following = int(following)  # a number that the reply spells as text
        return None if following == cursor else following


CURSOR = Paging("cursor", 0)
OFFSET = Paging("offset", 0)
OFFSET_IN_PAGES = Paging("offset", 0, unit="pages")
TOKEN = Paging("nextToken", None, next="nextToken")
TOKEN_FROM_ZERO = Paging("nextToken", 0, next="nextToken")


@cache
def page_type(item: Any, items: str, paging: Paging) -> type[Page[Any]]:
    """The type of a page whose reply holds its items under a name: a reply without that name is an error."""
    fields: dict[str, Any] = {
        "items": (Annotated[list[item], wire(items)], ...),
        "has_more": (Annotated[bool | None, wire(*_spellings(paging.more))], None),
        "next_cursor": (Annotated[int | str | None, wire(*_spellings(paging.next))], None),
        "total": (Annotated[int | None, wire(*_spellings(paging.total))], None),
    }
    made: type[Page[Any]] = create_model("Page", __base__=Page[item], **fields)
    return made


def _spellings(name: str) -> tuple[str, str]:
    """A name as `has_more` and as `hasMore`: replies do not always spell it as documented, and a list must not end."""
    return to_snake(name), to_camel(name)


def page_of(items: list[T], *, has_more: bool | None = None) -> Page[T]:
    """A page of items that are at hand."""
    return Page[T].model_construct(items=items, has_more=has_more)


def next_page(pages: PageFlow[T]) -> Flow[Page[T] | None]:
    """Run a flow of pages until it has the next one; `None` at its end."""
    try:
        item = next(pages)
        while not isinstance(item, Page):
            try:
                answer = yield item
            except Exception as error:  # noqa: BLE001 - the flow decides, and raises what it does not handle
                item = pages.throw(error)
            else:
                item = pages.send(answer)
    except StopIteration:
        return None
    return item
