"""Attendance lists: how their replies are paged, and how a question beyond one call's limits is cut up and joined.

A call takes so many people and a span of 7 days. A longer span is asked window by window, oldest first, and each
window for a group of people after another. Neighbouring windows share the moment between them, so that nothing is
lost there whether the platform counts it, its second or its whole day to one of them or to both; what comes twice is
left out.
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


class Placed(Protocol):
    """A row of an attendance list."""

    @property
    def place(self) -> tuple[Any, ...]:
        """Its place among all rows, by time and person: that of no other row."""
        ...


R = TypeVar("R", bound=Placed)


def paging(size: int) -> Paging:
    """Pages of an API whose `offset` counts rows: each begins `size` rows after the one before, which may be short."""
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


def windows(start: datetime, end: datetime, longest: timedelta = MAX_SPAN) -> Iterator[tuple[datetime, datetime]]:
    """A span in pieces that are short enough; each begins at the moment where the one before ends."""
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
    """One list out of the answers to many calls, ordered by time, then by person.

    Args:
        ask: the list of one call: for these people, from here to there.
        userids: everybody to ask for; who is named twice is asked for once.
        start: where the span begins.
        end: where it ends.
        people: how many one call takes.
    """
    groups = [list(few) for few in batches(list(dict.fromkeys(userids)), people)]

    def pages() -> PageFlow[R]:
        before: set[tuple[Any, ...]] = set()
        for first, last in windows(start, end):
            lists = [ask(few, first, last).collect() for few in groups]
            answers = [(yield from lists[0])] if len(lists) == 1 else (yield from together(lists, workers=_AT_ONCE))
            rows = sorted(chain.from_iterable(answers), key=lambda row: row.place)
            yield page_of([row for row in rows if row.place not in before])
            before = {row.place for row in rows}

    return Query(pages)


def day_of(day: date | None) -> int:
    """A day, to order by; what has none comes first."""
    return day.toordinal() if day else 0


def stamp_of(moment: datetime | None) -> float:
    """A moment, to order by; what has none comes first."""
    return moment.timestamp() if moment else 0
