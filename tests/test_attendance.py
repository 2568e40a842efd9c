"""Attendance: schedules, groups, punches, leave; against the sandbox, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from helpers import awaited, items, unchecked
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from dingtalk_models import (
    BEIJING,
    ApiError,
    AttendanceGroup,
    AttendanceRecord,
    Call,
    DingTalkApp,
    InvalidArgument,
    InvalidRequest,
    Leave,
    NotFound,
    Page,
    Schedule,
)
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.wire import Day, DayMillis, DayTime
from dingtalk_models.resource.query import Listing
from dingtalk_models.sandbox import Received, Sandbox
from dingtalk_models.smartwork.attendance_record import AttendanceRecordManager, AttendanceResult
from dingtalk_models.smartwork.schedule import DayShifts, ScheduleManager
from dingtalk_models.smartwork.spans import paging, pieces

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
NOW = datetime.now(BEIJING)
MONDAY = datetime(NOW.year, NOW.month, NOW.day, tzinfo=BEIJING) - timedelta(days=NOW.weekday() + 14)
"""Two weeks ago, so that a week from it is over."""

BOSS = "manager4220"
PUNCHES, RESULTS = "/attendance/listRecord", "/attendance/list"
TOPAPI = "/topapi/attendance/"


@pytest.fixture(scope="module")
def crowd() -> Iterator[tuple[Sandbox, DingTalkApp]]:
    """A company of 320."""
    with Sandbox(org="empty") as running, running.app() as opened:
        for userid in EVERYBODY:
            running.company.add_user(userid, userid=userid)
        yield running, opened
        opened.close()


EVERYBODY = [f"u{number:03}" for number in range(320)]


def company_group(sandbox: Sandbox, kind: str) -> int:
    return next(group.group_id for group in sandbox.company.attendance.groups.values() if group.type == kind)


def test_older_names_take_their_own_parameters(sandbox: Sandbox, app: DingTalkApp) -> None:
    found = list(app.run("dingtalk.smartwork.attends.listschedule", work_date=f"{MONDAY:%Y-%m-%d} 11:11:11", size=7))
    assert found == list(Schedule.objects.list(MONDAY.date()))
    assert {body_of(call)["workDate"] for call in sandbox.received(f"{TOPAPI}listschedule")} == {f"{MONDAY:%Y-%m-%d}"}
    old = "dingtalk.smartwork.attends."
    groups = list(app.run(f"{old}getsimplegroups", offset=1, size=1))
    assert [group.name for group in groups] == ["运维轮班", "市场弹性"]
    assert app.run(f"{old}getusergroup", userid="fengtao").name == "市场弹性"
    span = {"from_date": f"{MONDAY:%Y-%m-%d} 11:00:00", "to_date": f"{MONDAY:%Y-%m-%d} 14:00:00"}
    assert app.run(f"{old}getleaveapproveduration", userid="zhaolei", **span) == 120
    rows = app.run(unchecked("dingtalk.oapi.attendance.list"),
        workDateFrom=f"{MONDAY:%Y-%m-%d} 00:00:00", workDateTo=f"{MONDAY:%Y-%m-%d} 00:00:00",
            userIdList=["zhaolei"], offset=1, limit=50, isI18n=False,
    )  # fmt: skip
    assert [row.check_type for row in rows] == ["OffDuty"]


# Schedules


def test_the_company_s_schedules_of_a_day_come_page_by_page(sandbox: Sandbox, app: DingTalkApp) -> None:
    everyone = list(Schedule.objects.list(MONDAY.date(), size=10))
    assert len(everyone) == 44  # 22 people with office hours
    assert len({each.plan_id for each in everyone}) == 44
    assert [body_of(call)["offset"] for call in sandbox.received(f"{TOPAPI}listschedule")] == [0, 10, 20, 30, 40]
    assert everyone[0].plan_check_time == MONDAY + 9 * HOUR
    assert everyone[0].class_id in sandbox.company.attendance.shifts
    assert list(Schedule.objects.list((MONDAY + 5 * DAY).date())) == []


def test_the_schedules_of_a_user_tell_their_state(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.attendance.punch("zhaolei", MONDAY + 9 * HOUR)
    on, off = Schedule.objects.of_user("zhaolei", MONDAY + 15 * HOUR, op_userid=BOSS)
    assert (on.check_type, on.check_status, on.is_rest, on.class_name) == ("OnDuty", "Checked", False, "白班")
    assert (off.check_type, off.check_status, off.work_date) == ("OffDuty", "Timeout", MONDAY.date())
    assert on.features == {"dataSource": "adminSetting"}
    soon = Schedule.objects.of_user("zhaolei", MONDAY + 5 * WEEK, op_userid=BOSS)
    assert {each.check_status for each in soon} == {"Init"}
    [result] = on.result(op_userid=BOSS)
    assert (result.schedule_id, result.time_result, result.user_check_time) == (on.plan_id, "Normal", MONDAY + 9 * HOUR)
    assert list(soon[0].result(op_userid=BOSS)) == []
    [saturday] = Schedule.objects.of_user("zhaolei", MONDAY + 5 * DAY, op_userid=BOSS)
    assert (saturday.is_rest, saturday.check_status, saturday.plan_check_time) == (True, None, None)


def test_a_roster_with_nights_and_days_off(sandbox: Sandbox, app: DingTalkApp) -> None:
    sheets = sandbox.company.attendance
    night = next(shift for shift in sheets.shifts.values() if shift.name == "夜班")
    roster = sheets.groups[company_group(sandbox, "TURN")].roster
    roster["qinhao", MONDAY.date()] = night.shift_id
    roster["qinhao", (MONDAY + DAY).date()] = 0
    on, off, rest = Schedule.objects.of_users(["qinhao"], MONDAY, MONDAY + 2 * DAY, op_userid=BOSS)
    assert (on.plan_check_time, off.plan_check_time) == (MONDAY + 22 * HOUR, MONDAY + 30 * HOUR)
    assert off.work_date == MONDAY.date()
    assert (rest.is_rest, rest.class_id, rest.plan_check_time) == (True, 0, None)
    [shift] = AttendanceGroup.of_user("qinhao").shifts
    assert [time.across for section in shift.sections for time in section.times] == [0, 1]
    assert shift.setting
    assert shift.setting.rest_begin_time is None
    sheets.punch("qinhao", MONDAY + 29 * HOUR)
    early = [row.time_result for row in AttendanceRecord.objects.results(["qinhao"], MONDAY, MONDAY)]
    assert early == ["NotSigned", "Early"]
    [punch] = AttendanceRecord.objects.details(["qinhao"], MONDAY, MONDAY + 2 * DAY)
    assert punch.work_date == MONDAY.date()
    assert Leave.approve_duration("qinhao", MONDAY + 23 * HOUR, MONDAY + 25 * HOUR) == 120


def test_shifts_and_schedules_of_many_are_split(sandbox: Sandbox, app: DingTalkApp) -> None:
    people = list(sandbox.company.users)
    shifts = Schedule.objects.shifts(people, MONDAY, MONDAY + 9 * DAY, op_userid=BOSS).all()
    assert [*map(place, shifts)] == sorted(map(place, shifts))
    assert len({(each.userid, each.work_date) for each in shifts}) == len(shifts) == 22 * 8
    assert len(sandbox.received(f"{TOPAPI}schedule/shift/listbydays")) == 2 * 2
    schedules = Schedule.objects.of_users(people, MONDAY, MONDAY + 15 * DAY, op_userid=BOSS).all()
    assert [*map(place, schedules)] == sorted(map(place, schedules))
    assert len({each.plan_id for each in schedules}) == len(schedules) == 22 * (12 * 2 + 4)
    assert len(sandbox.received(f"{TOPAPI}schedule/listbyusers")) == 3


def body_of(call: Received) -> dict[str, Any]:
    assert isinstance(call.body, dict)
    return call.body


def place(row: Schedule | DayShifts | AttendanceResult) -> Any:
    return row.place


def test_results_of_more_schedules_than_a_call_takes(sandbox: Sandbox, app: DingTalkApp) -> None:
    schedules = Schedule.objects.of_users([*sandbox.company.users], MONDAY, MONDAY + 2 * DAY, op_userid=BOSS).all()
    ids = [each.plan_id for each in schedules]
    assert len(ids) == 132
    found = Schedule.objects.results([*ids, ids[0]], op_userid=BOSS)
    assert [each.schedule_id for each in found] == ids
    assert {each.time_result for each in found} == {"NotSigned"}
    sizes = [
        body_of(call)["schedule_ids"].count(",") + 1 for call in sandbox.received(f"{TOPAPI}schedule/result/listbyids")
    ]
    assert sizes == [100, 32] * 2
    with pytest.raises(InvalidArgument, match="schedule_ids: at most 100 in one call"):
        Schedule.objects.results(ids, op_userid=BOSS, split=False)


# Groups


def test_groups_with_their_shifts_and_people(app: DingTalkApp) -> None:
    office, roster, free = AttendanceGroup.objects.list()
    assert (office.name, office.type, office.member_count, office.is_default) == ("总部考勤", "FIXED", 22, True)
    [shift] = office.shifts
    [section] = shift.sections
    assert [f"{each.check_time:%H:%M} {each.check_type} {each.across}" for each in section.times] == [
        "09:00 OnDuty 0",
        "18:00 OffDuty 0",
    ]
    assert shift.setting
    assert (shift.setting.work_time_minutes, shift.setting.is_off_duty_free_check) == (480, False)
    assert office.work_day_list == [0, *[shift.class_id] * 5, 0]
    assert office.classes_list == ["周一、二、三、四、五 白班 09:00-18:00", "周六、日 休息"]
    assert {*roster.userids(op_userid=BOSS)} == {"qinhao", "zhuling"}
    assert [(each.member_id, each.type) for each in free.members(op_userid=BOSS)] == [("310", "1")]
    assert [*free.userids(op_userid=BOSS)] == ["fengtao", "caohui", "yanjun"]


def test_a_group_by_id_and_by_user(app: DingTalkApp) -> None:
    group = AttendanceGroup.of_user("zhaolei")
    assert (group.name, [shift.name for shift in group.shifts]) == ("总部考勤", ["白班"])
    whole = AttendanceGroup.get(group.group_id, op_userid=BOSS)
    assert (whole.name, whole.shift_ids, whole.manager_list) == ("总部考勤", [group.shifts[0].class_id], ["jinshan"])
    assert AttendanceGroup.model_validate({"id": 1, "manager_list": "user456"}).manager_list == ["user456"]


def test_who_leaves_the_company_leaves_the_group(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.remove_user(sandbox.company.users["qinhao"])
    members = AttendanceGroup.objects.members(company_group(sandbox, "TURN"), op_userid=BOSS)
    assert [each.member_id for each in members] == ["zhuling"]


def test_members_come_page_by_page(crowd: tuple[Sandbox, DingTalkApp]) -> None:
    sandbox, app = crowd
    sandbox.company.attendance.groups.clear()
    group = sandbox.company.attendance.add_group("全员", EVERYBODY[0], type="NONE", userids=EVERYBODY)
    userids = AttendanceGroup.objects.using(app).userids(group.group_id, op_userid="u000")
    assert [*userids] == EVERYBODY
    members = AttendanceGroup.objects.using(app).members(group.group_id, op_userid="u000")
    assert [each.member_id for each in members] == EVERYBODY
    cursors = [body_of(call)["cursor"] for call in sandbox.received(f"{TOPAPI}group/memberusers/list")]
    assert cursors == [0, 100, 200, 300]


# Punches


def test_what_punches_count_as(sandbox: Sandbox, app: DingTalkApp) -> None:
    punch = sandbox.company.attendance.punch
    expected = {
        timedelta(minutes=540): "Normal",
        timedelta(minutes=545, seconds=59): "Normal",
        timedelta(minutes=546): "Late",
        timedelta(minutes=571): "SeriousLate",
        timedelta(minutes=601): "Absenteeism",
    }
    for day, at in enumerate(expected):
        punch("zhaolei", MONDAY + day * DAY + at, outside=day == 1)
    punch("zhaolei", MONDAY + 11 * HOUR)  # the first coming counts
    punch("zhaolei", MONDAY + 17 * HOUR)  # of two goings, the last
    gone = punch("zhaolei", MONDAY + 18 * HOUR + timedelta(milliseconds=1))
    rows = AttendanceRecord.objects.results(["zhaolei"], MONDAY, MONDAY + 4 * DAY).all()
    assert [row.time_result for row in rows if row.check_type == "OnDuty"] == [*expected.values()]
    assert [row.location_result for row in rows[:3]] == ["Normal", "Normal", "Outside"]
    assert (rows[1].record_id, rows[1].time_result) == (gone.record_id, "Normal")
    missed = rows[3]
    assert (missed.time_result, missed.source_type, missed.record_id) == ("NotSigned", "SYSTEM", None)
    assert rows[0].work_date == MONDAY.date()
    assert rows[0].base_check_time == MONDAY + 9 * HOUR


def test_the_details_of_punches(sandbox: Sandbox, app: DingTalkApp) -> None:
    punch = sandbox.company.attendance.punch
    punch("zhaolei", MONDAY + 9 * HOUR, outside=True, remark="拜访客户")
    punch("zhaolei", MONDAY + 18 * HOUR, source_type="DING_ATM")
    punch("zhaolei", MONDAY + 5 * DAY)
    on, off, useless = AttendanceRecord.objects.details(["nobody", "zhaolei"], MONDAY, MONDAY + 6 * DAY)
    assert (on.check_type, on.location_result, on.outside_remark) == ("OnDuty", "Outside", "拜访客户")
    assert (on.user_latitude, on.user_accuracy, on.is_legal) == (30.285622, 65.0, True)
    assert (off.source_type, off.user_latitude) == ("DING_ATM", None)
    assert (useless.is_legal, useless.invalid_record_type, useless.plan_id) == (False, "Other", None)
    assert useless.user_check_time == MONDAY + 5 * DAY


def test_the_results_of_many_over_weeks_are_joined_in_order(crowd: tuple[Sandbox, DingTalkApp]) -> None:
    sandbox, app = crowd
    sheets = sandbox.company.attendance
    people = EVERYBODY[:53]
    sheets.groups.clear()
    sheets.add_group("短班", "u000", week=[sheets.add_shift("短班", "10:00", "11:00")] * 7, userids=people)
    before = len(sandbox.received(RESULTS))
    start = MONDAY + 8 * HOUR
    rows = app.smartwork.attendance_records.results([*people, "u000"], start, start + 10 * DAY).all()
    assert [*map(place, rows)] == sorted(map(place, rows))
    assert len({row.id for row in rows}) == len(rows) == 53 * 11 * 2
    sent = sandbox.received(RESULTS)[before:]
    assert {len(body_of(call)["userIdList"]) for call in sent} == {50, 3}
    spans = {(body_of(call)["workDateFrom"], body_of(call)["workDateTo"]) for call in sent}
    assert spans == {(text(start), text(start + WEEK)), (text(start + WEEK), text(start + 10 * DAY))}


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def test_a_long_list_is_fetched_as_far_as_it_is_read(sandbox: Sandbox, app: DingTalkApp) -> None:
    for week in range(3):
        sandbox.company.attendance.punch("zhaolei", MONDAY - (week + 1) * WEEK)
    records = AttendanceRecord.objects.details(["zhaolei"], MONDAY - 20 * WEEK, MONDAY, workers=1)
    assert sandbox.received(PUNCHES) == []
    pages = iter(records.pages())
    for _ in range(2):
        next(pages)
    assert len(sandbox.received(PUNCHES)) == 2
    first = records.first()
    assert first is not None
    assert first.user_check_time == MONDAY - 3 * WEEK
    assert awaited(app, lambda: items(records))[-1].user_check_time == MONDAY - WEEK


EDGES = [-1000, -999, -1, 0, 1, 999, 1000]
"""Milliseconds around the place where one call ends and the next begins."""


def counted_in(unit: int, most: int) -> st.SearchStrategy[int]:
    """A number; as often as not one at which another call begins to be needed."""
    borders = {border + off for border in range(0, most + 1, unit) for off in (-1, 0, 1)}
    return st.sampled_from(sorted(border for border in borders if 0 < border <= most)) | st.integers(1, most)


@st.composite
def questions(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, int]]]:
    """How many people, how many seconds, and the punches: whose, and how many milliseconds after the beginning."""
    people, seconds = draw(counted_in(50, 320)), draw(counted_in(7 * 86400, 45 * 86400))
    borders = [*range(0, seconds + 1, 7 * 86400), seconds]
    near = st.sampled_from([border * 1000 + off for border in borders for off in EDGES])
    when = near | st.integers(0, seconds * 1000)
    return people, seconds, draw(st.lists(st.tuples(st.integers(0, people - 1), when), max_size=60))


ALL = (
    320,
    45 * 86400,
    [(who, week * 604_800_000 + off) for who in (0, 49, 50, 319) for week in range(7) for off in EDGES],
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(ALL)
@given(questions())
def test_any_span_of_any_people_is_joined_without_loss_or_duplicates(
    crowd: tuple[Sandbox, DingTalkApp], question: tuple[int, int, list[tuple[int, int]]]
) -> None:
    sandbox, app = crowd
    people, seconds, punches = question
    start = MONDAY - 10 * WEEK + timedelta(seconds=12_345)
    end = start + timedelta(seconds=seconds)
    sheets = sandbox.company.attendance
    sheets.punches.clear()
    made = [sheets.punch(EVERYBODY[who], start + timedelta(milliseconds=late)) for who, late in punches]
    sandbox.calls.clear()

    rows = list(app.smartwork.attendance_records.details(EVERYBODY[:people], start, end))

    inside = sorted(punch.record_id for punch in made if start <= punch.at <= end)
    assert sorted(row.id for row in rows) == inside
    assert [*map(place, rows)] == sorted(map(place, rows))
    sent = sandbox.received(PUNCHES)
    assert len(sent) == max(1, -(-seconds // 604_800)) * -(-people // 50)
    for call in sent:
        assert call.code == 0
        assert len(body_of(call)["userIds"]) <= 50
        first, last = (datetime.fromisoformat(body_of(call)[name]) for name in ("checkDateFrom", "checkDateTo"))
        assert last - first <= WEEK


@given(st.datetimes(timezones=st.just(BEIJING)), st.timedeltas(timedelta(), timedelta(days=400)))
def test_pieces_touch_and_cover(start: datetime, span: timedelta) -> None:
    start = min(start, datetime.max.replace(tzinfo=BEIJING) - span)
    found = list(pieces(start, start + span))
    assert (found[0][0], found[-1][1]) == (start, start + span)
    assert all(timedelta() <= last - first <= WEEK for first, last in found)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert len(found) == max(1, -(-span // WEEK))


def test_offsets_grow_by_the_size_of_a_page_whatever_it_brought() -> None:
    few, none, last = (
        Page(items=[1], has_more=True),
        Page[int](items=[], has_more=True),
        Page(items=[1], has_more=False),
    )
    assert [paging(50).after(page, 100) for page in (few, none, last)] == [150, None, None]


# Limits, before anything is sent


def ask_schedules(app: DingTalkApp, people: int, span: timedelta, **how: Any) -> Any:
    return app.smartwork.schedules.of_users(EVERYBODY[:people], MONDAY, MONDAY + span, op_userid=BOSS, **how)


def ask_shifts(app: DingTalkApp, people: int, span: timedelta, **how: Any) -> Any:
    return app.smartwork.schedules.shifts(EVERYBODY[:people], MONDAY, MONDAY + span, op_userid=BOSS, **how)


def ask_results(app: DingTalkApp, people: int, span: timedelta, **how: Any) -> Any:
    return app.smartwork.attendance_records.results(EVERYBODY[:people], MONDAY, MONDAY + span, **how)


def ask_details(app: DingTalkApp, people: int, span: timedelta, **how: Any) -> Any:
    return app.smartwork.attendance_records.details(EVERYBODY[:people], MONDAY, MONDAY + span, **how)


Ask = Callable[..., Any]


@pytest.mark.parametrize(
    ("ask", "people"), [(ask_schedules, 50), (ask_shifts, 20), (ask_results, 50), (ask_details, 50)]
)
def test_without_splitting_what_a_call_does_not_take_is_refused(
    sandbox: Sandbox, app: DingTalkApp, ask: Ask, people: int
) -> None:
    with pytest.raises(InvalidArgument, match=rf"userids: at most {people} in one call"):
        ask(app, people + 1, DAY, split=False)
    with pytest.raises(InvalidArgument, match="end: at most 7 days after start in one call"):
        ask(app, 1, WEEK + timedelta(seconds=1), split=False)
    with pytest.raises(InvalidArgument, match="end: is before start"):
        ask(app, 1, -DAY)
    with pytest.raises(InvalidArgument, match="at least 1 item"):
        ask(app, 0, DAY)
    assert sandbox.calls == []
    answer = ask(app, people, WEEK, split=False)
    assert type(answer).__name__ == Listing.__name__
    assert answer.all() is not None
    assert len([call for call in sandbox.calls if "attendance" in call.path]) == 1


def test_with_an_offset_only_one_call_s_worth_is_asked(app: DingTalkApp) -> None:
    with pytest.raises(InvalidArgument, match="userids: at most 50"):
        ask_results(app, 51, DAY, offset=50)


@pytest.mark.parametrize(
    ("field", "build"),
    [
        ("size", lambda: Schedule.objects.list(MONDAY.date(), size=201)),
        ("offset", lambda: Schedule.objects.list(MONDAY.date(), offset=-1)),
        ("work_date", lambda: Schedule.objects.list("yesterday")),  # type: ignore[arg-type]
        ("size", lambda: AttendanceGroup.objects.list(size=11)),
        ("limit", lambda: AttendanceRecord.objects.results(["a"], MONDAY, MONDAY, limit=51)),
        ("start", lambda: AttendanceRecord.objects.details(["a"], MONDAY.replace(tzinfo=None), MONDAY)),
        ("userids.0", lambda: Schedule.objects.of_users(["a,b"], MONDAY, MONDAY, op_userid=BOSS)),
        ("schedule_ids", lambda: Schedule.objects.results([], op_userid=BOSS)),
        ("end", lambda: Leave.approve_duration("zhaolei", MONDAY + DAY, MONDAY)),
    ],
)
def test_arguments_beyond_their_limits_are_not_sent(
    sandbox: Sandbox, app: DingTalkApp, field: str, build: Callable[[], object]
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        build()
    assert [problem.field for problem in caught.value.problems] == [field]
    assert sandbox.calls == []


# What the platform refuses


def test_the_platform_s_refusals(sandbox: Sandbox, app: DingTalkApp) -> None:
    records = AttendanceRecord.objects
    for call in (records.results, records.details):
        with pytest.raises(InvalidRequest, match=r"\[41100\] 时间参数不合法"):
            call(["zhaolei"], NOW - 182 * DAY, NOW - 181 * DAY).all()
    for refused in (
        lambda: AttendanceGroup.of_user("nobody"),
        lambda: Leave.approve_duration("nobody", MONDAY, MONDAY),
        lambda: Schedule.objects.of_user("nobody", MONDAY, op_userid=BOSS),
        lambda: Schedule.objects.of_users(["zhaolei"], MONDAY, MONDAY, op_userid="nobody").all(),
    ):
        with pytest.raises(NotFound, match=r"\[33012\] 无效的USERID"):
            refused()
    with pytest.raises(InvalidRequest, match=r"\[400002\]"):
        AttendanceGroup.get(1, op_userid=BOSS)
    sandbox.fail(RESULTS, errcode=41041)
    with pytest.raises(InvalidRequest, match=r"\[41041\] 时间跨度太大"):
        records.results(["zhaolei"], MONDAY, MONDAY).all()
    sandbox.company.attendance.groups.clear()
    with pytest.raises(ApiError):
        AttendanceGroup.of_user("zhaolei")


@pytest.mark.parametrize(
    ("path", "code", "body"),
    [
        (PUNCHES, 40035, {"userIds": [str(number) for number in range(51)]}),
        (PUNCHES, 40035, {"userIds": []}),
        (PUNCHES, 41041, {"checkDateTo": text(MONDAY + WEEK + timedelta(seconds=1))}),
        (PUNCHES, 41100, {"checkDateTo": text(MONDAY - DAY)}),
        (PUNCHES, 41100, {"checkDateFrom": "2026-01-01"}),
        (RESULTS, 40069, {"limit": 51}),
        (RESULTS, 40068, {"offset": -1}),
        (RESULTS, 41041, {"workDateTo": text(MONDAY + 8 * DAY)}),
        (f"{TOPAPI}listschedule", 40069, {"size": 201}),
        (f"{TOPAPI}listschedule", 400002, {"workDate": "today"}),
        (f"{TOPAPI}getsimplegroups", 40069, {"size": 11}),
        (f"{TOPAPI}schedule/listbyusers", 400002, {"userids": ",".join(map(str, range(51)))}),
        (f"{TOPAPI}schedule/listbyusers", 41041, {"to_date_time": int((MONDAY + 8 * DAY).timestamp()) * 1000}),
        (f"{TOPAPI}schedule/listbyusers", 41100, {"to_date_time": "tomorrow"}),
        (f"{TOPAPI}schedule/listbyusers", 41100, {"to_date_time": True}),
        (f"{TOPAPI}schedule/shift/listbydays", 400002, {"userids": ",".join(map(str, range(21)))}),
        (f"{TOPAPI}schedule/result/listbyids", 400002, {"schedule_ids": ",".join(map(str, range(101)))}),
        (f"{TOPAPI}schedule/result/listbyids", 400002, {"schedule_ids": "a"}),
        (f"{TOPAPI}group/query", 400002, {"group_id": 1}),
        (f"{TOPAPI}getleaveapproveduration", 41100, {"to_date": text(MONDAY - DAY)}),
        (f"{TOPAPI}getleaveapproveduration", 41100, {"to_date": 5}),
    ],
)
def test_the_sandbox_is_strict_with_any_client(
    sandbox: Sandbox, app: DingTalkApp, path: str, code: int, body: dict[str, Any]
) -> None:
    day, stamp = text(MONDAY), int(MONDAY.timestamp()) * 1000
    fine: dict[str, dict[str, Any]] = {
        PUNCHES: {"userIds": ["zhaolei"], "checkDateFrom": day, "checkDateTo": day},
        RESULTS: {"userIdList": ["zhaolei"], "workDateFrom": day, "workDateTo": day, "offset": 0, "limit": 50},
        f"{TOPAPI}listschedule": {"workDate": day},
        f"{TOPAPI}getsimplegroups": {},
        f"{TOPAPI}schedule/result/listbyids": {"op_user_id": BOSS, "schedule_ids": "1"},
        f"{TOPAPI}group/query": {"op_user_id": BOSS},
        f"{TOPAPI}getleaveapproveduration": {"userid": "zhaolei", "from_date": day, "to_date": day},
    }
    span = {"op_user_id": BOSS, "userids": "zhaolei", "from_date_time": stamp, "to_date_time": stamp}
    fine |= dict.fromkeys((f"{TOPAPI}schedule/listbyusers", f"{TOPAPI}schedule/shift/listbydays"), span)

    assert "group/query" in path or post(app, path, fine[path]) == 0
    assert post(app, path, {**fine[path], **body}) == code


def post(app: DingTalkApp, path: str, body: dict[str, Any]) -> int:
    """The code that a body as it stands is answered with."""
    call = Call(dict[str, Any], "", **body)
    call.endpoint = Endpoint("POST", path)
    try:
        app.send(call)
    except ApiError as error:
        return int(error.code)
    return 0


def test_permissions_are_those_of_the_documentation() -> None:
    with Sandbox(scopes=["qyapi_base"]) as sandbox, sandbox.app() as app:
        assert AttendanceGroup.of_user("zhaolei").name == "总部考勤"
        for refused, scope in (
            (AttendanceRecord.objects.details(["zhaolei"], MONDAY, MONDAY), "qyapi_get_attendance_data"),
            (Schedule.objects.of_users(["zhaolei"], MONDAY, MONDAY, op_userid=BOSS), "qyapi_attendance_group_read"),
            (Schedule.objects.shifts(["zhaolei"], MONDAY, MONDAY, op_userid=BOSS), "qyapi_attendance_group_manage"),
        ):
            with pytest.raises(PermissionError) as caught:
                refused.all()
            assert scope in str(caught.value)
        app.close()


def test_an_unknown_value_costs_nothing() -> None:
    row = AttendanceResult.model_validate({"id": "7", "userId": 42, "timeResult": "OnTheMoon", "newField": [1]})
    assert (row.id, row.userid, row.time_result) == (7, "42", "OnTheMoon")
    assert row.model_extra == {"newField": [1]}
    assert row.place < AttendanceResult.model_validate({"id": 7, "userId": "42", "workDate": 1599321600000}).place


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-03-09", date(2026, 3, 9)),
        ("2026-03-09 23:30:00", date(2026, 3, 9)),
        ("2026-03-09T23:30:00+00:00", date(2026, 3, 10)),
        (1599321600000, date(2020, 9, 6)),
        ("1599321600000", date(2020, 9, 6)),
        (date(2026, 3, 9), date(2026, 3, 9)),
        (datetime(2026, 3, 9, 20, tzinfo=UTC), date(2026, 3, 10)),
    ],
)
def test_days_are_read_from_any_form_and_sent_in_one(value: object, day: date) -> None:
    for kind in (Day, DayTime, DayMillis):
        assert TypeAdapter(kind).validate_python(value) == day
    assert TypeAdapter(Day).dump_python(day, mode="json") == day.isoformat()
    assert TypeAdapter(DayTime).dump_python(day, mode="json") == f"{day} 00:00:00"
    midnight = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    assert TypeAdapter(DayMillis).dump_python(day, mode="json") == midnight.timestamp() * 1000


def test_the_module_s_managers_are_bound_to_their_app(app: DingTalkApp) -> None:
    work = app.smartwork
    assert isinstance(work.schedules, ScheduleManager)
    assert isinstance(work.attendance_records, AttendanceRecordManager)
    assert work.schedules.app is work.attendance_groups.app is work.leaves.app is app
