"""Attendance lists: how their replies are paged, and how a long span for many users is split into several calls.

A call takes a limited number of users and a span of 7 days. A longer span is split into pieces, oldest first, and each
piece into one call for each group of users. A piece begins at the moment at which the one before ends, so nothing is
lost there, whether the platform counts a moment, its second or its whole day to one piece or to both. Rows that come
twice are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Protocol, TypeVar

from dingtalk_models.core.arguments import Refusal
from dingtalk_models.core.paging import PageFlow, Paging, page_of
from dingtalk_models.core.parallel import batches, together
from dingtalk_models.core.query import Query

T = TypeVar("T")

MAX_SPAN = timedelta(days=7)
"""The longest span that one call takes."""

_AT_ONCE = 4
"""Calls at the same time; the platform takes 20 a second."""


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


def check(
    userids: Sequence[str], start: datetime, end: datetime, *, people: int, split: bool, name: str = "userids"
) -> None:
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


def pieces(start: datetime, end: datetime, longest: timedelta = MAX_SPAN) -> Iterator[tuple[datetime, datetime]]:
    """A span in pieces that are short enough. Each begins at the moment at which the one before ends."""
    while end - start > longest:
        yield start, start + longest
        start += longest
    yield start, end


def joined(
    ask: Callable[[list[str], datetime, datetime], Query[R]],
    userids: Iterable[str],
    start: datetime,
    end: datetime,
    *,
    people: int,
) -> Query[R]:
    """One list of the results of many calls, ordered by time, then by user.

    Args:
        ask: makes the list of one call, for some users and a span.
        userids: the users. Repeated ones count once.
        start: the start of the span.
        end: its end.
        people: how many users one call takes.
    """
    groups = [list(few) for few in batches(list(dict.fromkeys(userids)), people)]

    def pages() -> PageFlow[R]:
        before: set[tuple[Any, ...]] = set()
        for first, last in pieces(start, end):
            lists = [ask(few, first, last).collect() for few in groups]
            answers = [(yield from lists[0])] if len(lists) == 1 else (yield from together(lists, workers=_AT_ONCE))
            rows = sorted(chain.from_iterable(answers), key=lambda row: row.place)
            yield page_of([row for row in rows if row.place not in before])
            before = {row.place for row in rows}

    return Query(pages)


def day_of(day: date | None) -> int:
    """A day as a number to order by. No day comes first."""
    return day.toordinal() if day else 0


def stamp_of(moment: datetime | None) -> float:
    """A time as a number to order by. No time comes first."""
    return moment.timestamp() if moment else 0
