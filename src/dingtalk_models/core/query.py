"""A lazy list: `for user in query`, `async for user in query`; a page is fetched when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from .call import Call, Endpoint, Request
from .context import AppLike, current_app
from .errors import ConfigurationError
from .flow import Flow, Lazy, Step, adrive, drive
from .operation import operation
from .wire import wire

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list.

    Attributes:
        items: what it holds.
        has_more: whether another page follows, where the platform says so.
        next_cursor: where the next page begins, where the platform says so.
        total: how many items there are in all, where the platform says so.
    """

    items: Annotated[list[T], wire("list", "items")] = []
    has_more: Annotated[bool | None, wire("has_more", "hasMore")] = None
    next_cursor: Annotated[int | str | None, wire("next_cursor", "nextCursor", "nextToken")] = None
    total: Annotated[int | None, wire("totalCount", "total")] = None


Walk = Generator["Step | Page[T]", Any, None]
"""Where a lazy list comes from: a flow that also yields pages, each when it is complete."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How an API numbers its pages.

    Attributes:
        parameter: the wire name of the parameter that says where a page begins.
        first: its value for the first page.
        unit: what it counts, where the reply does not name the next one.
    """

    parameter: str
    first: int | str | None
    unit: Literal["items", "pages"] = "items"

    def after(self, page: Page[Any], cursor: int | str | None) -> int | str | None:
        """Where the next page begins; `None` after the last."""
        if page.has_more is False:
            return None
        following = page.next_cursor or None
        if following is None and page.has_more and page.items and isinstance(cursor, int):
            following = cursor + (len(page.items) if self.unit == "items" else 1)
        return None if following == cursor else following


CURSOR = Paging("cursor", 0)
OFFSET = Paging("offset", 0)
OFFSET_IN_PAGES = Paging("offset", 0, unit="pages")
TOKEN = Paging("nextToken", None)


class Pages(Generic[T]):
    """The pages of a query, for `for` and `async for`."""

    def __init__(self, query: Query[T]) -> None:
        self._query = query

    def __iter__(self) -> Iterator[Page[T]]:
        app, walk = self._query.app or current_app(), self._query.walk()
        while (page := drive(next_page(walk), app)) is not None:
            yield page

    async def __aiter__(self) -> AsyncIterator[Page[T]]:
        app, walk = self._query.app or current_app(), self._query.walk()
        while (page := await adrive(next_page(walk), app)) is not None:
            yield page


class Query(Lazy, Generic[T]):
    """A list that is fetched page by page, as far as it is read.

    Nothing is sent until it is iterated, or one of `all`, `first` and `pages` is called. Iterated again, it is fetched
    again.
    """

    def __init__(self, source: Callable[[], Walk[T]], /) -> None:
        self.walk = source
        self.app: AppLike | None = None

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    def pages(self) -> Pages[T]:
        """The same page by page, each with what the platform says about it."""
        return Pages(self)

    def collect(self) -> Flow[list[T]]:
        """Every item, as a flow."""
        items: list[T] = []
        walk = self.walk()
        while (page := (yield from next_page(walk))) is not None:
            items += page.items
        return items

    @operation
    def all(self) -> Flow[list[T]]:
        """Fetch every page and return one list."""
        return self.collect()

    @operation
    def first(self) -> Flow[T | None]:
        """Fetch the first item, or `None` where there is none."""
        walk = self.walk()
        while (page := (yield from next_page(walk))) is not None:
            if page.items:
                return page.items[0]
        return None


class Listing(Query[T]):
    """The query of one list API; an operation returns `Listing(User, CURSOR, dept_id=dept_id, size=size)`."""

    def __init__(self, into: type[T], paging: Paging | None, at: str | None = None, /, **params: Any) -> None:
        """Describe a list.

        Args:
            into: the type of one item.
            paging: how the API numbers its pages; `None` where it answers with everything at once.
            at: where in the reply the page lies, as in `Call`.
            params: the operation's own parameters, and constants under their wire names.
        """
        super().__init__(self._walk)
        self.into = into
        self.paging = paging
        self.at = at
        self.params: dict[str, Any] = params
        self.endpoint: Endpoint | None = None

    @property
    def request(self) -> Request:
        """What goes on the wire for the first page."""
        return self.page(self._start).request

    def page(self, cursor: int | str | None) -> Call[Page[T]]:
        """The unsent call for the page that begins at a cursor."""
        if self.endpoint is None:
            raise ConfigurationError("this Listing has no endpoint: return it from a method decorated with @api(…)")
        if self.paging is None:
            call: Call[Page[T]] = Call(list[self.into], self.at, **self.params).then(page_of)  # type: ignore[name-defined]
        else:
            where = {} if cursor is None else {self.paging.parameter: cursor}
            call = Call(Page[self.into], self.at, **self.params | where)  # type: ignore[name-defined]
        call.endpoint = self.endpoint
        return call

    @property
    def _start(self) -> int | str | None:
        return self.params.get(self.paging.parameter, self.paging.first) if self.paging else None

    def _walk(self) -> Walk[T]:
        cursor = self._start
        while True:
            page = yield from self.page(cursor)
            yield page
            if self.paging is None or (cursor := self.paging.after(page, cursor)) is None:
                return


def page_of(items: list[T]) -> Page[T]:
    """A page of items that are at hand."""
    return Page[T].model_construct(items=items)


def next_page(walk: Walk[T]) -> Flow[Page[T] | None]:
    """Run a walk until it has a page; `None` at its end."""
    try:
        item = next(walk)
        while not isinstance(item, Page):
            try:
                answer = yield item
            except Exception as error:  # noqa: BLE001 - the walk decides, and raises what it does not handle
                item = walk.throw(error)
            else:
                item = walk.send(answer)
    except StopIteration:
        return None
    return item
