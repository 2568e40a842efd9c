"""Lazy lists: `for user in query`, `async for user in query`. A page is fetched when it is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Hashable, Iterable
from contextlib import aclosing, closing
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from dingtalk_models.call.call import Call, Described
from dingtalk_models.call.operation import operation
from dingtalk_models.call.paging import TOKEN, Page, PageFlow, Paging, Walk, next_page, page_of, page_type
from dingtalk_models.call.repair import Rows
from dingtalk_models.core.context import AppLike, current_app
from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.http import Request
from dingtalk_models.core.steps import MAX_PARALLEL, Flow, Lazy, Steps, Window, check_positive

T = TypeVar("T")
P = TypeVar("P", bound="TokenPage")

_SHOWN = 3
"""How many items the `repr` of a query shows, and how long the text of each may be."""
_LONGEST_SHOWN = 80


class Pages(Generic[T]):
    """The pages of a query, for `for` and `async for`."""

    def __init__(self, query: Query[T]) -> None:
        self._query = query

    def __iter__(self) -> Generator[Page[T]]:
        app = self._query.app or current_app()
        with closing(self._query.read()) as pages:
            while (page := app.driver.run(next_page(pages), "async for … in …")) is not None:
                yield page

    async def __aiter__(self) -> AsyncGenerator[Page[T]]:
        app = self._query.app or current_app()
        try:
            with closing(self._query.read()) as pages:
                while (page := await app.async_driver.run(next_page(pages))) is not None:
                    yield page
        finally:
            # closing the flow may have cancelled tasks: running any flow waits until they have ended
            await app.async_driver.run(_nothing())


class Query(Lazy[T]):
    """A lazy list, which fetches pages while it is read.

    Nothing is sent until it is read: `for user in query`, `query.all()`, `query.first()`, `query[0]`, and on the event
    loop `async for user in query` and `await query`. Each time, it is fetched again. `query[:20]` is a lazy list too.

    Args:
        page_flow: makes the flow of its pages.
        at_once: makes the same flow with so many calls at once, for lists that take many calls. `prefetch` uses it.
    """

    def __init__(
        self, page_flow: Callable[[], PageFlow[T]], /, *, at_once: Callable[[int], PageFlow[T]] | None = None
    ) -> None:
        self.page_flow = page_flow
        self.app: AppLike | None = None
        self.name = ""
        self._at_once = at_once
        self._seen: list[T] | None = None
        self._ended = False

    def __iter__(self) -> Generator[T]:
        with closing(iter(self.pages())) as pages:
            for page in pages:
                yield from page.items

    async def __aiter__(self) -> AsyncGenerator[T]:
        async with aclosing(aiter(self.pages())) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    def __await__(self) -> Generator[Any, Any, list[T]]:
        return self.all.aio().__await__()

    @overload
    def __getitem__(self, place: int, /) -> T: ...
    @overload
    def __getitem__(self, place: slice, /) -> Query[T]: ...
    def __getitem__(self, place: int | slice, /) -> T | Query[T]:
        """`query[0]` fetches one item, `query[:20]` is the lazy list of the first 20.

        Raises:
            IndexError: the list is shorter.
            InvalidArgument: an index is negative, which would need the whole list.
        """
        if isinstance(place, slice):
            return self._slice(place)
        found = self._slice(slice(place, place + 1)).all()
        if not found:
            raise IndexError(f"the list has no item {place}: it is shorter")
        return found[0]

    def pages(self) -> Pages[T]:
        """The pages of this list, each with its `has_more`, `next_cursor` and `total`."""
        return Pages(self)

    def read(self) -> PageFlow[T]:
        """The flow of its pages. It remembers the first items, to show them in the `repr`."""
        self._seen, self._ended = [], False
        with closing(self.page_flow()) as pages:
            while (page := (yield from next_page(pages))) is not None:
                if len(self._seen) <= _SHOWN:
                    self._seen += page.items[: _SHOWN + 1]
                yield page
        self._ended = True

    def collect(self) -> Flow[list[T]]:
        """A flow that fetches every item."""
        items: list[T] = []
        with closing(self.read()) as pages:
            while (page := (yield from next_page(pages))) is not None:
                items += page.items
        return items

    def prefetch(self, pages: int, /) -> Query[T]:
        """The same list, with some pages fetched ahead of the one that is read.

        If the API numbers its pages by `offset`, the next pages are fetched at the same time, and so are the calls of a
        list that takes many, such as attendance records of many users. If the platform does not tell how many pages
        there are, some calls at the end may return nothing. With a cursor, the next pages are fetched one after the
        other, while you work on the current one.

        Args:
            pages: how many pages ahead, at least 1. They are held in memory.

        Raises:
            InvalidArgument: `pages` is below 1.
        """
        check_positive("Query.prefetch", "pages", pages)
        return self._derived(lambda: self._ahead(pages), f".prefetch({pages})")

    def _derived(self, page_flow: Callable[[], PageFlow[T]], how: str) -> Query[T]:
        query = Query(page_flow)
        query.app, query.name = self.app, f"{self.name or 'Query'}{how}"
        return query

    def _slice(self, part: slice) -> Query[T]:
        start, stop, step = part.start or 0, part.stop, part.step or 1
        if start < 0 or (stop is not None and stop < 0) or step < 1:
            counted = "counts from the start of the list: read .all() first / 只能从头数起，请先用 .all() 读完"
            raise InvalidArgument("Query", [Problem("index", counted)])
        places = (part.start, part.stop) if part.step is None else (part.start, part.stop, part.step)
        shown = ":".join("" if each is None else str(each) for each in places)
        return self._derived(lambda: self._sliced(start, stop, step), f"[{shown}]")

    def _sliced(self, start: int, stop: int | None, step: int) -> PageFlow[T]:
        passed = 0
        with closing(self.page_flow()) as pages:
            while stop is None or passed < stop:
                page = yield from next_page(pages)
                if page is None:
                    return
                first = start - passed if passed < start else (start - passed) % step
                end = None if stop is None else stop - passed
                passed += len(page.items)
                yield page_of(page.items[first:end:step], unparsed=page.unparsed)

    def _ahead(self, pages: int) -> PageFlow[T]:
        flow = self._at_once(min(pages + 1, MAX_PARALLEL)) if self._at_once else self.page_flow()
        with (
            closing(flow),
            Window(
                lambda _: next_page(flow),
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
        """Fetch the first item; `None` if the list is empty."""
        with closing(self.read()) as pages:
            while (page := (yield from next_page(pages))) is not None:
                if page.items:
                    return page.items[0]
        return None

    def __repr__(self) -> str:
        what = self.name or "Query"
        if self._seen is None:
            return f"<{what}: a lazy list, not read yet>"
        shown = [_shortened(repr(item)) for item in self._seen[:_SHOWN]]
        if len(self._seen) > _SHOWN or not self._ended:
            shown.append("…")
        return f"<{what}: [{', '.join(shown)}]>"


class TokenPage(Protocol):
    """A page that says where the next one begins."""

    @property
    def has_more(self) -> bool | None: ...
    @property
    def next_token(self) -> str | None: ...


def by_token(ask: Callable[[str | None], Call[P]], items: Callable[[P], list[T]]) -> Query[T]:
    """Make a list whose pages have other fields besides the items.

    Args:
        ask: the call for the page that begins at a token; the first page has none.
        items: the items of a page.
    """

    def pages() -> PageFlow[T]:
        walk, token = Walk(TOKEN, None), None
        while True:
            answer = yield from ask(token)
            page = page_of(items(answer), has_more=answer.has_more)
            page.next_cursor = answer.next_token
            walk.turn(page)
            yield page
            walk.check()
            if walk.cursor is None:
                return
            token = str(walk.cursor)

    return Query(pages)


class Listing(Query[T], Described):
    """The lazy list of one list API.

    An operation returns `Listing(User, CURSOR, items="list")`: it is asked for with all of its arguments.
    """

    def __init__(
        self, into: type[T], paging: Paging | None, at: str | None = None, /, *, items: str = "", **params: Any
    ) -> None:
        """Describe a list.

        Args:
            into: the type of one item.
            paging: how the API numbers its pages; `None` if one reply has everything.
            at: where the page is in the reply, as in `Call`.
            items: the name of the items in a page. Without a name, the page is the list itself, and the first page
                that is not full is the last one.
            params: what to send, if that is not each argument of the operation as it is; see `Call`.
        """
        super().__init__(lambda: self._each(self.page))
        Described.__init__(self, params)
        self.into = into
        self.paging = paging
        self.at = at
        self.items = items
        self._key: Callable[[T], Hashable] | None = None

    @property
    def request(self) -> Request:
        """The request for the first page."""
        return self.page(self._start).request

    def page(self, cursor: int | str | None) -> Call[Page[T]]:
        """The unsent call for the page that begins at a cursor."""
        params = self.params if cursor is None or self.paging is None else self.paging.at(cursor, self.params)
        item: Any = self.into
        call: Call[Page[T]]
        if self.items:
            call = Call(page_type(item, self.items, self.paging or _ONE_PAGE), self.at)
        else:
            call = Call(list[item], self.at).then(self._page_of)
        call.endpoint, call.params, call.token, call.credential = self.endpoint, params, self.token, self.credential
        return call

    def _page_of(self, items: list[T]) -> Page[T]:
        unparsed = items.unparsed if isinstance(items, Rows) else []
        has_more = len(items) + len(unparsed) >= self.params["size"] if self.paging else None
        return page_of(items, has_more=has_more, unparsed=unparsed)

    def distinct(self, key: Callable[[T], Hashable], /) -> Self:
        """Drop repeated items, and stop at a page without new ones: some APIs repeat items past the end of the list."""
        self._key = key
        return self

    @property
    def _start(self) -> int | str | None:
        return self.paging.start(self.params) if self.paging else None

    def _ahead(self, pages: int) -> PageFlow[T]:
        start = self._start
        if self.paging and self.paging.counted and isinstance(start, int) and self.endpoint.idempotent:
            with _CountedPages(self.page, self.paging, pages) as ahead:
                yield from self._each(ahead.page)
        else:
            yield from super()._ahead(pages)

    def _each(self, fetch: Callable[[int | str | None], Steps[Page[T]]]) -> PageFlow[T]:
        walk = Walk(self.paging, self._start, told_apart=self._key is not None)
        seen: set[Hashable] = set()
        while True:
            page = yield from fetch(walk.cursor)
            walk.turn(page)
            if self._key is not None:
                fresh = {self._key(item): item for item in page.items if self._key(item) not in seen}
                if page.items and not fresh:
                    return
                page.items = list(fresh.values())
                seen.update(fresh)
            yield page
            walk.check()
            if walk.cursor is None:
                return


class _CountedPages(Generic[T]):
    """Fetches pages ahead of the reader, for APIs with calculable offsets.

    The distance between two pages is only known once a page has arrived, and it may change later: a page can be
    shorter than the one before. So each page that arrives adds the offsets after it to the window, assuming the same
    distance. If the reader then asks for another offset, the guess was wrong: the pages ahead are dropped, and it
    starts again from there, only one page ahead.
    """

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
        """Return the page at this offset, and start fetching the pages after it."""
        if not isinstance(cursor, int):
            return (yield from self._fetch(cursor))
        if not self._asked or self._asked[0] != cursor:
            if self._asked:  # the page lengths vary
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
            size = 1 if self._paging.unit == "items" else max(1, page.length)
            end = min(end, max(following + 1, -(-page.total // size)))
        cursors = range(self._asked[-1] + stride if self._asked else following, end, stride)
        self._asked.extend(cursors)
        return cursors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._window.__exit__()


_ONE_PAGE = Paging("", None)
"""For a list that has only one page."""


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _nothing() -> Flow[None]:
    return
    yield
