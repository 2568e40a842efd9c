"""A day where a moment is sent is that whole day in Beijing, wherever the machine stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import pytest
from helpers import problems
from wires import Params, wired

from dingtalk_models import BEIJING, DingTalkApp, Query

DAY, LAST = date(2026, 1, 5), date(2026, 1, 11)
START = datetime(2026, 1, 5, tzinfo=BEIJING)
FROM, TO = 1767542400000, 1768147199999


def nothing(path: str, params: Params) -> Params:
    return {"result": [], "recordresult": [], "hasMore": False}


class Listed(Protocol):
    """A list over a span, whose end may be left out."""

    def __call__(self, app: DingTalkApp, start: Any, /, *end: Any) -> Query[Any]: ...


LISTS: dict[str, tuple[Listed, tuple[str, str], tuple[object, object]]] = {
    "results": (
        lambda app, start, *end: app.smartwork.attendance_records.results(["u1"], start, *end),
        ("workDateFrom", "workDateTo"),
        ("2026-01-05 00:00:00", "2026-01-11 23:59:59"),
    ),
    "details": (
        lambda app, start, *end: app.smartwork.attendance_records.details(["u1"], start, *end),
        ("checkDateFrom", "checkDateTo"),
        ("2026-01-05 00:00:00", "2026-01-11 23:59:59"),
    ),
    "of_users": (
        lambda app, start, *end: app.smartwork.schedules.of_users(["u1"], start, *end, op_userid="u1"),
        ("from_date_time", "to_date_time"),
        (FROM, TO),
    ),
    "shifts": (
        lambda app, start, *end: app.smartwork.schedules.shifts(["u1"], start, *end, op_userid="u1"),
        ("from_date_time", "to_date_time"),
        (FROM, TO),
    ),
}
each_list = pytest.mark.parametrize(("listed", "names", "sent"), LISTS.values(), ids=LISTS)


@each_list
@pytest.mark.parametrize(
    ("start", "end"),
    [(DAY, LAST), (DAY.isoformat(), LAST.isoformat()), (START, LAST), (START.astimezone(UTC), LAST)],
    ids=["days", "texts", "a moment and a day", "a moment elsewhere and a day"],
)
def test_days_are_whole(
    listed: Listed, names: tuple[str, str], sent: tuple[object, object], start: Any, end: Any
) -> None:
    app, wire = wired(nothing)
    assert listed(app, start, end).all() == []
    ((_, params),) = wire.asked  # seven whole days are one call
    assert tuple(params[name] for name in names) == sent


@each_list
def test_a_day_before_the_first_is_refused(listed: Listed, names: tuple[str, str], sent: tuple[object, object]) -> None:
    app, wire = wired(nothing)
    assert problems(listed, app, DAY, DAY - timedelta(days=1)) == {"end": "is before start"}
    assert problems(listed, app, "2026-02-30", LAST).keys() == {"start"}
    assert wire.asked == []


@each_list
@pytest.mark.parametrize("start", [DAY, START, datetime(2026, 1, 4, 20, tzinfo=UTC)])
@pytest.mark.parametrize("end", [(), (None,)], ids=["left out", "none"])
def test_one_day_needs_no_end(
    listed: Listed,
    names: tuple[str, str],
    sent: tuple[object, object],
    start: date,
    end: tuple[None, ...],
) -> None:
    app, wire = wired(nothing)
    assert listed(app, start, *end).all() == []
    ((_, params),) = wire.asked
    assert params[names[1]] == ("2026-01-05 23:59:59" if isinstance(sent[1], str) else FROM + 86_399_999)


def test_a_day_for_one_user() -> None:
    app, wire = wired(nothing)
    assert app.smartwork.schedules.of_user("u1", DAY, op_userid="u1") == []
    assert wire.asked[0][1]["date_time"] == FROM
