"""Pages attendance lists, and splits a long time range for many users into several calls.

A call accepts a limited number of users and a range of 7 days. A longer range is split into pieces, oldest first, and
each piece into one call per group of users. Each piece begins exactly where the one before ends, so no row is lost,
even if the platform counts the common moment, second or day to only one of them. Duplicate rows are dropped.
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
"""The longest time range of one call."""

AT_ONCE = 4
"""How many calls to make at once by default. The platform allows 20 calls a second."""

Workers = Annotated[int, Field(ge=1, le=MAX_PARALLEL)]
"""How many calls to make at once."""


class OrderedRow(Protocol):
    """A row of an attendance list."""

    @property
    def place(self) -> tuple[Any, ...]:
        """Return the sort key by time and user, which is unique."""
        ...


R = TypeVar("R", bound=OrderedRow)


def paging(size: int) -> Paging:
    """Make the paging of an API whose `offset` counts rows. Each page starts `size` rows later, whatever it returns."""
    return Paging("offset", 0, stride=size)


def check(userids: Sequence[str], start: date, end: date, *, people: int, split: bool, name: str = "userids") -> None:
    """Refuse a range that ends before it starts, or that needs several calls although it must not be split.

    Raises:
        Refusal: the error names the argument.
    """
    if end < start:
        raise Refusal("end", "is before start / 早于 start")
    if not split and len(userids) > people:
        raise Refusal(name, f"at most {people} in one call / 单次调用最多 {people} 个")
    if not split and end - start > MAX_SPAN:
        days = MAX_SPAN.days
        raise Refusal("end", f"at most {days} days after start in one call / 单次调用最多跨 {days} 天")


def pieces(start: M, end: M, longest: timedelta = MAX_SPAN) -> Iterator[tuple[M, M]]:
    """Split a range into pieces that are short enough. Each begins exactly where the one before ends."""
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
    """Join the results of many calls in one list, ordered by time, then by user.

    Args:
        ask: makes the call for some people and a piece of the range.
        userids: the people. Duplicates count once.
        start: the start of the range.
        end: the end of the range.
        people: the largest number of people in one call.
        workers: how many calls to make at once.
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
        # if there are fewer lists than allowed calls, the pages of each list are read in parallel, too
        return pages(max(calls, workers), calls // len(asked) - 1 if calls >= 2 * len(asked) else 0)

    return Query(lambda: pages(workers), at_once=at_once)


def end_of_day(moment: date) -> datetime:
    """Return the end of a moment's day in Beijing."""
    day = moment.astimezone(BEIJING).date() if isinstance(moment, datetime) else moment
    return datetime.combine(day, time.max, BEIJING)


def day_of(day: date | None) -> int:
    """Convert a day to a number for sorting. None comes first."""
    return day.toordinal() if day else 0


def stamp_of(moment: datetime | None) -> float:
    """Convert a time to a number for sorting. None comes first."""
    return moment.timestamp() if moment else 0
