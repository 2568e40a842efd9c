"""A lazy list: `for user in query`, `async for user in query`; a page is fetched when it is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Hashable, Iterable
from contextlib import aclosing, closing
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from .call import Call, Endpoint, Request
from .context import AppLike, current_app
from .errors import ConfigurationError
from .flow import MAX_PARALLEL, Flow, Lazy, Step, Steps, adrive, check_positive, drive, settle
from .operation import operation
from .parallel import Window
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

    model_config = ConfigDict(extra="allow")

    items: Annotated[list[T], wire("list", "items", "dentries", "processList")] = []
    has_more: Annotated[bool | None, wire("has_more", "hasMore")] = None
    next_cursor: Annotated[int | str | None, wire("next_cursor", "nextCursor", "nextToken")] = None
    total: Annotated[int | None, wire("totalCount", "total")] = None


Walk = Generator["Step | Page[T]", Any, None]
"""Where a lazy list comes from: a flow that also yields pages, each when it is complete."""


class Paging:
    """How an API numbers its pages.

    Args:
        parameter: the wire name of the parameter that says where a page begins.
        first: its value for the first page.
        unit: what it counts, where the reply does not name the next one.
        bare: whether a page is a list and nothing else, so that the last one is that which is not full.
    """

    def __init__(
        self, parameter: str, first: int | str | None, unit: Literal["items", "pages"] = "items", *, bare: bool = False
    ) -> None:
        self.parameter = parameter
        self.first = first
        self.unit = unit
        self.bare = bare

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
            following = cursor + (len(page.items) if self.unit == "items" else 1)
        if isinstance(cursor, int) and isinstance(following, str) and following.isdecimal():
            following = int(following)  # a number that the reply spells as text
        return None if following == cursor else following


CURSOR = Paging("cursor", 0)
OFFSET = Paging("offset", 0)
OFFSET_BARE = Paging("offset", 0, bare=True)
OFFSET_IN_PAGES = Paging("offset", 0, unit="pages")
TOKEN = Paging("nextToken", None)
TOKEN_FROM_ZERO = Paging("nextToken", 0)


class Pages(Generic[T]):
    """The pages of a query, for `for` and `async for`."""

    def __init__(self, query: Query[T]) -> None:
        self._query = query

    def __iter__(self) -> Generator[Page[T]]:
        app = self._query.app or current_app()
        with closing(self._query.walk()) as walk:
            while (page := drive(next_page(walk), app)) is not None:
                yield page

    async def __aiter__(self) -> AsyncGenerator[Page[T]]:
        app = self._query.app or current_app()
        try:
            with closing(self._query.walk()) as walk:
                while (page := await adrive(next_page(walk), app)) is not None:
                    yield page
        finally:
            await settle()


class Query(Lazy, Generic[T]):
    """A list that is fetched page by page, as far as it is read.

    Nothing is sent until it is iterated, or one of `all`, `first` and `pages` is called. Iterated again, it is fetched
    again.
    """

    def __init__(self, source: Callable[[], Walk[T]], /) -> None:
        self.walk = source
        self.app: AppLike | None = None

    def __iter__(self) -> Generator[T]:
        with closing(iter(self.pages())) as pages:
            for page in pages:
                yield from page.items

    async def __aiter__(self) -> AsyncGenerator[T]:
        async with aclosing(aiter(self.pages())) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    def pages(self) -> Pages[T]:
        """The same page by page, each with what the platform says about it."""
        return Pages(self)

    def collect(self) -> Flow[list[T]]:
        """Every item, as a flow."""
        items: list[T] = []
        with closing(self.walk()) as walk:
            while (page := (yield from next_page(walk))) is not None:
                items += page.items
        return items

    def prefetch(self, pages: int, /) -> Query[T]:
        """The same list, with so many pages fetched ahead of the one that is read.

        Where the beginnings of pages can be counted (`offset`), they are asked for at the same time, and where the
        platform does not tell how many there are, up to so many are asked for in vain at the end. Elsewhere the next
        ones are fetched one after the other while the one before is read.

        Args:
            pages: how many, 1 at the least; so many more are held in memory.

        Raises:
            InvalidArgument: `pages` is below 1.
        """
        check_positive("Query.prefetch", "pages", pages)
        query = Query(lambda: self._ahead(pages))
        query.app = self.app
        return query

    def _ahead(self, pages: int) -> Walk[T]:
        with (
            closing(self.walk()) as walk,
            Window(
                lambda _: next_page(walk),
                lambda page: () if page is None else (None,),
                [None] * (pages + 1),
                workers=1,
                room=pages + 1,
            ) as window,
        ):
            while (page := (yield from window.take())) is not None:
                yield page

    @operation
    def all(self) -> Flow[list[T]]:
        """Fetch every page and return one list."""
        return self.collect()

    @operation
    def first(self) -> Flow[T | None]:
        """Fetch the first item, or `None` where there is none."""
        with closing(self.walk()) as walk:
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
        self._key: Callable[[T], Hashable] | None = None

    @property
    def request(self) -> Request:
        """What goes on the wire for the first page."""
        return self.page(self._start).request

    def page(self, cursor: int | str | None) -> Call[Page[T]]:
        """The unsent call for the page that begins at a cursor."""
        if self.endpoint is None:
            raise ConfigurationError("this Listing has no endpoint: return it from a method decorated with @api(…)")
        where = {} if cursor is None or self.paging is None else {self.paging.parameter: cursor}
        if self.paging is None or self.paging.bare:
            call: Call[Page[T]] = Call(list[self.into], self.at, **self.params | where).then(self._page_of)  # type: ignore[name-defined]
        else:
            call = Call(Page[self.into], self.at, **self.params | where)  # type: ignore[name-defined]
        call.endpoint = self.endpoint
        return call

    def _page_of(self, items: list[T]) -> Page[T]:
        return page_of(items, has_more=len(items) >= self.params["size"] if self.paging else None)

    def distinct(self, key: Callable[[T], Hashable], /) -> Self:
        """Leave out what came before, and end where nothing new comes: some APIs repeat themselves past their end."""
        self._key = key
        return self

    @property
    def _start(self) -> int | str | None:
        return self.params.get(self.paging.parameter, self.paging.first) if self.paging else None

    def _walk(self) -> Walk[T]:
        return self._each(self.page)

    def _ahead(self, pages: int) -> Walk[T]:
        start, endpoint = self._start, self.endpoint
        if self.paging and self.paging.counted and isinstance(start, int) and endpoint and endpoint.idempotent:
            with _Counted(self.page, self.paging, pages) as ahead:
                yield from self._each(ahead.page)
        else:
            yield from super()._ahead(pages)

    def _each(self, fetch: Callable[[int | str | None], Steps[Page[T]]]) -> Walk[T]:
        cursor = self._start
        seen: set[Hashable] = set()
        while True:
            page = yield from fetch(cursor)
            cursor = self.paging.after(page, cursor) if self.paging else None
            if self._key is not None:
                fresh = {self._key(item): item for item in page.items if self._key(item) not in seen}
                if page.items and not fresh:
                    return
                page.items = list(fresh.values())
                seen.update(fresh)
            yield page
            if cursor is None:
                return


class _Counted(Generic[T]):
    """Pages whose beginnings can be counted, asked for before it is their turn."""

    def __init__(self, fetch: Callable[[int | str | None], Steps[Page[T]]], paging: Paging, pages: int) -> None:
        self._fetch = fetch
        self._paging = paging
        self._pages = pages
        self._asked: deque[int] = deque()
        self._window = self._from(())

    def _from(self, cursors: Iterable[int]) -> Window[int, Page[T]]:
        workers = min(self._pages + 1, MAX_PARALLEL)
        return Window(self._fetch, self._following, cursors, workers=workers, room=self._pages + 1)

    def page(self, cursor: int | str | None) -> Flow[Page[T]]:
        """The page that begins here, and others begun behind it."""
        if not isinstance(cursor, int):
            return (yield from self._fetch(cursor))
        if not self._asked or self._asked[0] != cursor:
            if self._asked:  # a page was not as long as the one before, nor need the next ones be
                self._pages = 1
            self._window.__exit__()
            self._asked = deque([cursor])
            self._window = self._from([cursor])
        return (yield from self._window.take())

    def _following(self, page: Page[T]) -> Iterable[int]:
        cursor = self._asked.popleft()
        following = self._paging.after(page, cursor)
        if not isinstance(following, int) or following <= cursor:
            return ()
        stride = following - cursor
        end = cursor + stride * self._pages + 1
        if page.total is not None:
            size = 1 if self._paging.unit == "items" else max(1, len(page.items))
            end = min(end, max(following + 1, -(-page.total // size)))
        cursors = range(self._asked[-1] + stride if self._asked else following, end, stride)
        self._asked.extend(cursors)
        return cursors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._window.__exit__()


def page_of(items: list[T], *, has_more: bool | None = None) -> Page[T]:
    """A page of items that are at hand."""
    return Page[T].model_construct(items=items, has_more=has_more)


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
