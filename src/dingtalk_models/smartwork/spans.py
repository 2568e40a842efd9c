"""Attendance lists: how their replies are paged, and how a long span for many users is split into several calls.

A call takes a limited number of users and a span of 7 days. A longer span is split into pieces, oldest first, and each
piece into one call for each group of users. A piece begins at the moment at which the one before ends, so nothing is
lost there, whether the platform counts a moment, its second or its whole day to one piece or to both. Rows that come
twice are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import Field

from dingtalk_models.call.operation import Refusal
from dingtalk_models.call.paging import PageFlow, Paging, page_of
from dingtalk_models.core.steps import MAX_PARALLEL, Flow, Window, batches
from dingtalk_models.core.wire import BEIJING
from dingtalk_models.resource.query import Query

M = TypeVar("M", bound=date)

MAX_SPAN = timedelta(days=7)
"""The longest span that one call takes."""

AT_ONCE = 4
"""Calls at the same time, if nothing else is said; the platform takes 20 a second."""

Workers = Annotated[int, Field(ge=1, le=MAX_PARALLEL)]
"""How many calls at once."""


class OrderedRow(Protocol):
    """A row of an attendance list."""

    @property
    def place(self) -> tuple[Any, ...]:
        """Its place among all rows, by time and user. No other row has the same place."""
        ...


R = TypeVar("R", bound=OrderedRow)


def paging(size: int) -> Paging:
    """The paging of an API whose `offset` counts rows. A page starts `size` rows after the last one, even if short."""
    return Paging("offset", 0, stride=size)


def check(userids: Sequence[str], start: date, end: date, *, people: int, split: bool, name: str = "userids") -> None:
    """Refuse a span that is none, and what is beyond one call where it may not be split.

    Raises:
        Refusal: names the argument.
    """
    if end < start:
        raise Refusal("end", "is before start / 早于 start")
    if not split and len(userids) > people:
        raise Refusal(name, f"at most {people} in one call / 单次调用最多 {people} 个")
    if not split and end - start > MAX_SPAN:
        days = MAX_SPAN.days
        raise Refusal("end", f"at most {days} days after start in one call / 单次调用最多跨 {days} 天")


def pieces(start: M, end: M, longest: timedelta = MAX_SPAN) -> Iterator[tuple[M, M]]:
    """A span in pieces that are short enough; each begins at the moment at which the one before ends."""
    while end - start > longest:
        yield start, start + longest
        start += longest
    yield start, end


def joined(
    ask: Callable[[list[str], date, date], Query[R]],
    userids: Iterable[str],
    start: date,
    end: date,
    *,
    people: int,
    workers: int,
) -> Query[R]:
    """One list of the results of many calls, ordered by time, then by user.

    Args:
        ask: the list of one call: for these people, from here to there.
        userids: everybody to ask for; who is named twice is asked for once.
        start: where the span begins.
        end: where it ends.
        people: how many one call takes.
        workers: how many calls at once.
    """
    groups = [list(few) for few in batches(list(dict.fromkeys(userids)), people)]
    spans = list(pieces(start, end))
    asked = [(few, first, last) for first, last in spans for few in groups]

    def pages(at_once: int, ahead: int = 0) -> PageFlow[R]:
        def rows_of(call: tuple[list[str], date, date]) -> Flow[list[R]]:
            query = ask(*call)
            return (query.prefetch(ahead) if ahead else query).collect()

        before: set[tuple[Any, ...]] = set()
        with Window(rows_of, lambda _: (), asked, workers=at_once) as window:
            for _ in spans:
                rows: list[R] = []
                for _ in groups:
                    rows += yield from window.take()
                rows.sort(key=lambda row: row.place)
                yield page_of([row for row in rows if row.place not in before])
                before = {row.place for row in rows}

    def at_once(calls: int) -> PageFlow[R]:
        # where there are fewer lists than calls may be made, the pages of each are read at the same time too
        return pages(max(calls, workers), calls // len(asked) - 1 if calls >= 2 * len(asked) else 0)

    return Query(lambda: pages(workers), at_once=at_once)


def end_of_day(moment: date) -> datetime:
    """The end of the day in Beijing of a moment."""
    day = moment.astimezone(BEIJING).date() if isinstance(moment, datetime) else moment
    return datetime.combine(day, time.max, BEIJING)


def day_of(day: date | None) -> int:
    """A day as a number to order by. No day comes first."""
    return day.toordinal() if day else 0


def stamp_of(moment: datetime | None) -> float:
    """A time as a number to order by. No time comes first."""
    return moment.timestamp() if moment else 0
