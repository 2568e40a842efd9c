"""Plans: each row has an outcome of its own, and a run again finishes the rest."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from helpers import awaited, problems
from waiting import until

from dingtalk_models import (
    AlreadyExists,
    AuthenticationError,
    DingTalkApp,
    Directory,
    InvalidRequest,
    Outcome,
    Plan,
    QuotaExhausted,
    TransportError,
)
from dingtalk_models.hr.plan import apply as plan_apply
from dingtalk_models.hr.plan.changes import PlannedChange
from dingtalk_models.sandbox import Company, Department, Sandbox

CREATE, UPDATE, DELETE = (f"/topapi/v2/user/{each}" for each in ("create", "update", "delete"))
CREATE_DEPARTMENT = "/topapi/v2/department/create"
READS = {
    *("/v1.0/oauth2/accessToken", "/topapi/user/count", "/topapi/v2/user/list", "/topapi/v2/user/get"),
    *("/topapi/v2/department/get", "/topapi/v2/department/listsubid"),
}


def new(number: int, **fields: Any) -> dict[str, Any]:
    """The row of somebody new."""
    mobile = f"1380000{number:04}"
    return {"userid": f"n{number}", "name": f"新人{number}", "mobile": mobile, "department": "研发中心"} | fields


def told(changes: Plan | list[PlannedChange]) -> list[str]:
    return [f"{each.verb} {each.noun} {each.name}" for each in changes]


def left_out(plan: Plan) -> list[tuple[int | None, str, str]]:
    return [(each.row, each.field, each.reason) for each in plan.problems]


def places(company: Company, userid: str) -> list[str]:
    return sorted(company.departments[each].name for each in company.users[userid].departments)


# -- the four uses -------------------------------------------------------------------------------------------------


ROWS = [new(1), {"userid": "zhaolei", "title": "CTO"}]


def blocking(sandbox: Sandbox, told_of: Callable[[int, int], None]) -> Outcome:
    with sandbox.app() as app:
        outcome = Directory.plan(ROWS, progress=told_of).apply(progress=told_of)
    app.close()
    return outcome


def of_the_app(sandbox: Sandbox, told_of: Callable[[int, int], None]) -> Outcome:
    app = sandbox.app()
    outcome = app.hr.directory.plan(ROWS, progress=told_of).apply(progress=told_of)
    app.close()
    return outcome


def on_the_loop(sandbox: Sandbox, told_of: Callable[[int, int], None]) -> Outcome:
    async def work() -> Outcome:
        plan = await Directory.plan.aio(ROWS, progress=told_of)
        return await plan.apply.aio(workers=3, progress=told_of)

    return awaited(sandbox.app(), work)


def described(sandbox: Sandbox, told_of: Callable[[int, int], None]) -> Outcome:
    app = sandbox.app()
    flow = app.hr.directory.plan.call(ROWS, progress=told_of)
    assert sandbox.calls == []
    plan = app.send(flow)
    unsent = plan.apply.call(progress=told_of)
    assert {call.path for call in sandbox.calls} <= READS
    outcome = app.send(unsent)
    app.close()
    return outcome


@pytest.mark.parametrize("work", [blocking, of_the_app, on_the_loop, described])
def test_a_plan_is_made_and_applied(sandbox: Sandbox, work: Callable[..., Outcome]) -> None:
    progress: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        progress.append((done, total))

    outcome = work(sandbox, note)
    assert outcome
    assert str(outcome) == "2 changes: 2 done"
    assert {each.id for each in outcome.done} == {"n1", None}
    assert progress[-2:] == [(1, 2), (2, 2)]
    assert (27, 27) in progress
    assert sandbox.company.users["zhaolei"].title == "CTO"
    assert places(sandbox.company, "n1") == ["研发中心"]


TOLD = """
create 1 department, create 1 user, move 1 user; 1 problem
+ create department 研发中心/平台研发部/平台组: name 平台组  [row 1 names it]
+ create user 新人1 (n1): userid n1; name 新人1; mobile 13800000001; department 研发中心/平台研发部/平台组  [row 1: nobody has the userid n1]
~ move user 孙静 (sunjing): title 架构师 -> 首席架构师; department 研发中心/平台研发部, 研发中心, 研发中心/质量保障部 -> 产品设计部  [row 2]
! people, row 3 (zhaolei): mobile: cannot be changed by the API: the person changes it in DingTalk
"""  # noqa: E501 - as it is printed


def test_a_plan_tells_what_it_would_do_and_why(sandbox: Sandbox, app: DingTalkApp) -> None:
    rows = [
        new(1, department="研发中心/平台研发部/平台组", init_password="pass1234"),
        {"userid": "sunjing", "title": "首席架构师", "department": "产品设计部"},
        {"userid": "zhaolei", "mobile": "13900009999"},
    ]
    plan = Directory.plan([dict.fromkeys(rows[0]) | dict.fromkeys(rows[1]) | row for row in rows])
    assert str(plan).splitlines() == TOLD.strip().splitlines()
    assert repr(plan) == "<Plan: create 1 department, create 1 user, move 1 user; 1 problem>"
    assert (bool(plan), len(plan), plan.people, plan.app) == (True, 3, 27, app)
    assert {call.path for call in sandbox.calls} <= READS
    assert str(Directory.plan([{"userid": "zhaolei", "title": "技术总监"}])) == "nothing to do"


# -- a row's own outcome -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        pytest.param(
            [new(1), new(2, mobile="13800000001")],
            [(1, "mobile", "2 rows have the same"), (2, "mobile", "2 rows have the same")],
            id="one mobile in two rows",
        ),
        pytest.param(
            [{"userid": "zhaolei", "mobile": "13900000002"}, new(2, mobile="13900000002")],
            [(2, "mobile", "belongs to 赵磊 (zhaolei)")],
            id="one mobile, of which the owner is known",
        ),
        pytest.param(
            [new(1, mobile="13900000003")], [(1, "mobile", "belongs to 孙静 (sunjing)")], id="the mobile of somebody"
        ),
        pytest.param(
            [{"userid": "zhaolei", "mobile": "13900000999"}],
            [(1, "mobile", "cannot be changed by the API: the person changes it")],
            id="another mobile",
        ),
        pytest.param([new(1, mobile=None)], [(1, "mobile", "is needed for a person who is not there yet")], id="none"),
        pytest.param([new(1, department="研发-中心")], [(1, "department", "cannot be a name")], id="a bad name"),
        pytest.param([new(1, department=None)], [(1, "department", "a new person needs a department")], id="nowhere"),
        pytest.param([new(1, email="zhaolei@dingfeng.example")], [(1, "email", "belongs to 赵磊")], id="an email"),
        pytest.param(
            [{"userid": "zhaolei", "manager": "n9"}], [(1, "manager", "nobody has the userid n9")], id="no manager"
        ),
    ],
)
def test_a_row_that_cannot_be_carried_out_is_left_out(
    sandbox: Sandbox, app: DingTalkApp, rows: list[dict[str, Any]], reasons: list[tuple[int, str, str]]
) -> None:
    fields = dict.fromkeys(field for row in rows for field in row)
    good = new(7, department="产品设计部")
    table = [dict.fromkeys(fields) | row for row in (*rows, good)]
    plan = Directory.plan(table)
    assert [(row, field) for row, field, _ in left_out(plan)] == [(row, field) for row, field, _ in reasons]
    for (*_, found), (*_, reason) in zip(left_out(plan), reasons, strict=True):
        assert reason in found
    assert told(plan) == ["create user 新人7"]
    assert plan.apply()
    assert not Directory.plan(table)


def test_an_id_that_somebody_who_left_keeps(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(CREATE, errcode=60102)
    outcome = Directory.plan([new(1), new(2)]).apply(workers=1)
    (failed,) = outcome.failed
    assert (failed.change.row, type(failed.error)) == (1, AlreadyExists)
    assert "UserID在公司中已存在" in str(outcome)
    assert not outcome
    assert "n2" in sandbox.company.users
    assert Directory.plan([new(1), new(2)]).apply()  # the platform gives the id free


def test_somebody_who_has_to_accept_is_invited(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(CREATE, errcode=40103)
    outcome = Directory.plan([new(1)]).apply()
    assert [each.change.key for each in outcome.invited] == ["n1"]
    assert outcome
    assert str(outcome).startswith("1 changes: 1 invited")


def test_a_failure_costs_what_depends_on_it(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(CREATE_DEPARTMENT, errcode=60009)
    rows = [new(1, department="甲/乙"), new(2, department="丙"), new(3), new(4, department="甲,研发中心")]
    outcome = Directory.plan(rows).apply(workers=1)
    assert told([each.change for each in outcome.failed]) == ["create department 甲"]
    assert told([each.change for each in outcome.skipped]) == [
        "create department 甲/乙", "create user 新人1", "create user 新人4",
    ]  # fmt: skip
    assert {type(each.error) for each in outcome.skipped} == {InvalidRequest}
    assert {"n2", "n3"} <= sandbox.company.users.keys()
    assert Directory.plan(rows).apply()
    assert not Directory.plan(rows)


def test_who_changes_the_job_number_is_known_by_the_mobile(sandbox: Sandbox, app: DingTalkApp) -> None:
    row = {"job_number": "DF9002", "mobile": "13900000002", "title": "CTO"}
    plan = Directory.plan([row])
    assert [[field.field for field in each.fields] for each in plan] == [["job_number", "title"]]
    assert plan.apply()
    assert sandbox.company.users["zhaolei"].job_number == "DF9002"


def test_who_changes_the_number_is_known_by_the_job_number(sandbox: Sandbox, app: DingTalkApp) -> None:
    plan = Directory.plan([{"mobile": "13700000000", "job_number": "DF0002", "title": "CTO"}], key="mobile")
    assert told(plan) == ["change user 赵磊"]
    assert [field for _, field, _ in left_out(plan)] == ["mobile"]


def test_who_returns_takes_the_number_of_who_leaves(sandbox: Sandbox, app: DingTalkApp) -> None:
    company = sandbox.company
    rows: list[dict[str, Any]] = [
        {"userid": each, "name": None, "mobile": None, "department": None} for each in company.users
    ]
    rows.append(new(1, mobile="13900000002", email="zhaolei@dingfeng.example"))  # in the place of zhaolei
    rows = [{"email": None, "state": None} | row for row in rows]
    del rows[1]
    kept = Directory.plan(rows, missing="remove")
    assert (told(kept), [(row, field) for row, field, _ in left_out(kept)]) == ([], [(27, "userid")])
    rows.append({"userid": "zhaolei", "state": "离职"})
    plan = Directory.plan(rows, missing="remove")
    assert told(plan) == ["create user 新人1", "remove user 赵磊"]
    assert plan.apply()
    assert company.users["n1"].mobile == "13900000002"
    assert "zhaolei" not in company.users


def test_an_email_goes_from_one_to_another(sandbox: Sandbox, app: DingTalkApp) -> None:
    emails = {"zhaolei": "sunjing@dingfeng.example", "sunjing": "zhoubin@dingfeng.example", "zhoubin": "z@b.example"}
    rows = [{"userid": userid, "email": email} for userid, email in emails.items()]
    assert Directory.plan(rows).apply(workers=16)
    assert {userid: sandbox.company.users[userid].email for userid in emails} == emails
    swapped = [
        {"userid": "zhaolei", "email": "zhoubin@dingfeng.example"},
        {"userid": "sunjing", "email": "sunjing@dingfeng.example"},
    ]
    plan = Directory.plan(swapped)
    assert [(row, field) for row, field, _ in left_out(plan)] == [(1, "email"), (2, "email")]
    assert "who cannot give it up first" in str(plan)
    assert not plan


def test_managers_who_are_created_too(sandbox: Sandbox, app: DingTalkApp) -> None:
    rows = [
        new(1, manager="n2", department="甲"), new(2, manager="n1", department="甲"),
        new(3, manager="zhaolei", department="甲"),
        {"userid": "sunjing", "manager": "n1"}, {"userid": "zhoubin", "manager": "zhaolei"},
    ]  # fmt: skip
    departments: list[dict[str, Any]] = [
        {"department": "甲", "managers": "n1, n2", "order": 7},
        {"department": "财务部", "managers": "weidong"},
    ]
    outcome = Directory.plan(rows, departments=departments).apply()
    assert outcome, outcome
    users = sandbox.company.users
    managers = {each: users[each].manager_userid for each in ("n1", "n2", "n3", "sunjing", "zhoubin")}
    assert managers == {"n1": "n2", "n2": "n1", "n3": "zhaolei", "sunjing": "n1", "zhoubin": "zhaolei"}
    made = next(each for each in sandbox.company.departments.values() if each.name == "甲")
    assert (made.dept_manager_userid_list, made.order) == (["n1", "n2"], 7)
    assert sandbox.company.departments[500].dept_manager_userid_list == ["weidong"]
    assert not Directory.plan(rows, departments=departments)


# -- what a table owns ---------------------------------------------------------------------------------------------


def test_other_departments_and_fields_stay(sandbox: Sandbox, app: DingTalkApp) -> None:
    company = sandbox.company
    company.place(company.users["sunjing"], [110, 500])
    rows = [
        {"userid": "sunjing", "department": "研发中心/移动研发部"},
        {"userid": "zhaolei", "department": "产品设计部"},
    ]
    plan = Directory.plan(rows, within=100, missing="remove")
    assert [reason for *_, reason in left_out(plan)] == [
        "产品设计部 is not within what the table owns / 不在表格管理的范围内"
    ]
    assert plan.apply(allow=10)
    assert places(company, "sunjing") == ["移动研发部", "财务部"]
    assert places(company, "zhaolei") == ["研发中心"]
    assert company.users["sunjing"].title == "架构师"
    assert company.users.keys() >= {"hanmei", "qianwei", "fengtao", "manager4220"}
    assert not company.users.keys() & {"zhoubin", "yangfan", "heli"}


def test_who_is_elsewhere_too_only_leaves_what_the_table_owns(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.place(sandbox.company.users["yangfan"], [110, 500])
    plan = Directory.plan([{"userid": "sunjing"}], within=[110], missing="remove")
    assert sorted(told(plan)) == ["move user 杨帆", "remove user 朱玲", "remove user 秦浩"]
    assert plan.apply(allow=3)
    assert places(sandbox.company, "yangfan") == ["财务部"]


def test_who_is_missing_stays_unless_something_is_said(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert not Directory.plan([{"userid": "zhaolei", "title": None}])


def test_more_than_a_tenth_has_to_be_confirmed(sandbox: Sandbox, app: DingTalkApp) -> None:
    rows = [{"userid": each} for each in [*sandbox.company.users][:23]]
    plan = Directory.plan(rows, missing="remove")
    assert len(plan.leaving) == 4
    sent = len(sandbox.calls)
    reason = "the plan removes or disables 4 of 27 people: confirm it with allow=4"
    assert problems(plan.apply) == problems(plan.apply, allow=3) == {"allow": reason}
    assert len(sandbox.calls) == sent
    assert plan.apply(allow=4)
    assert len(sandbox.company.users) == 23
    assert Directory.plan(rows[:21], missing="remove").apply()  # 2 of 23


def test_a_row_that_names_nobody_keeps_everybody(sandbox: Sandbox, app: DingTalkApp) -> None:
    rows = [{"userid": each} for each in [*sandbox.company.users, ""] if each != "yangfan"]
    plan = Directory.plan(rows, missing="remove")
    assert not plan
    assert (None, "missing") in [(row, field) for row, field, _ in left_out(plan)]
    doubled = [{"userid": each} for each in [*sandbox.company.users, "yangfan"]]
    assert not Directory.plan(doubled, missing="remove")


def test_only_company_accounts_are_disabled(sandbox: Sandbox, app: DingTalkApp) -> None:
    account: dict[str, Any] = {"exclusive_account": True, "dept_ids": [100]}
    for userid in ("e1", "e2"):
        sandbox.company.add_user(userid, userid=userid, **account)
    plan = Directory.plan([{"userid": "e1", "title": "前台"}], missing="disable")
    assert told(plan) == ["change user e1", "disable user e2"]
    assert plan.apply()
    again = Directory.plan([{"userid": "e1", "title": "前台"}], missing="disable")
    assert not again
    back = Directory.plan([{"userid": "e2", "title": None}], missing="disable")
    assert told(back) == ["enable user e2", "disable user e1"]
    assert back.apply()
    assert [sandbox.company.users[each].disabled for each in ("e1", "e2")] == [True, False]
    assert not sandbox.company.users["zhaolei"].disabled


def test_departments_of_parents_and_pupils_and_unreadable_ones(sandbox: Sandbox, app: DingTalkApp) -> None:
    company = sandbox.company
    company.add_department("家校通讯录", 1, 900, tags="campus")
    company.add_department("一年级", 900, 901)
    company.add_department("家校", 1, -7)
    company.add_user("家长", [901], userid="parent")
    company.place(company.users["sunjing"], [110, 901])
    people = [{"userid": each, "department": None} for each in company.users if each != "parent"]
    people[2]["department"] = "研发中心"
    departments = [{"department": "研发中心"}]
    sandbox.fail("/topapi/v2/user/list", times=1, errcode=50004)  # of the root: nothing can be planned
    with pytest.raises(PermissionError):
        Directory.plan(people, departments=departments)
    plan = Directory.plan(people, departments=departments, missing="remove")
    assert told(plan) == ["move user 孙静"]
    assert plan.apply()
    assert places(company, "sunjing") == ["一年级", "研发中心"]
    assert {-7, 900, 901} <= company.departments.keys()


def test_a_department_that_cannot_be_read_costs_itself(
    sandbox: Sandbox, app: DingTalkApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = sandbox.company
    listed = company.children

    def children(dept_id: int) -> list[Department]:
        """One more, which the app's contact scope does not include: the ids of departments are told all the same."""
        return [*listed(dept_id), *([Department(999, "保密部", 200)] if dept_id == 200 else [])]

    monkeypatch.setattr(company, "children", children)
    rows = [{"userid": userid} for userid, user in company.users.items() if 200 not in user.departments]
    plan = Directory.plan(rows, departments=[{"department": "研发中心"}], within=[200], missing="remove")
    assert told(plan) == ["remove user 钱伟", "remove user 施悦", "remove user 张欣"]
    assert "could not be read, and is left alone" in str(plan)
    assert plan.apply(allow=3)
    assert 200 in company.departments


# -- lost replies, and runs that end early -------------------------------------------------------------------------


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_apply, "_WAITS", (0.0, 0.0))


LOST = [{"drop": "after"}, {"drop": "before"}, {"truncate": 9}, {"errcode": -1}, {"status": 503}]


@pytest.mark.parametrize("how", LOST, ids=str)
def test_a_lost_reply_neither_doubles_nor_loses_a_change(
    sandbox: Sandbox, app: DingTalkApp, hasty: None, how: dict[str, Any]
) -> None:
    people = [
        {"name": None, "mobile": None, "department": None, "title": None, "userid": each}
        for each in sandbox.company.users
    ]
    people = [each for each in people if each["userid"] not in ("lvbo", "heli")]
    people[2]["title"] = "首席架构师"
    people += [new(1, department="甲"), new(2, userid=None) | {"userid": "n2"}]
    paths = [
        *(CREATE_DEPARTMENT, "/topapi/v2/department/update", "/topapi/v2/department/delete"),
        *(CREATE, UPDATE, DELETE),
    ]
    departments: list[dict[str, Any]] = [
        {"department": "甲"},
        {"department": "研发中心", "order": 3},
        {"department": "质量保障部"},
    ]
    departments += [{"department": f"市场营销部/{each}"} for each in ("华东大区", "华南大区")]
    for path in paths:
        sandbox.fail(path, times=1, **how)
    rows = people
    plan = Directory.plan(rows, departments=departments, missing="remove")
    outcome = plan.apply(workers=4)
    assert outcome, outcome
    counted = Counter(user.name for user in sandbox.company.users.values())
    assert counted["新人1"] == counted["新人2"] == 1
    assert [each.name for each in sandbox.company.departments.values()].count("甲") == 1
    assert not Directory.plan(rows, departments=departments, missing="remove")


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({"errcode": 90020}, QuotaExhausted),
        ({"errcode": 40089}, AuthenticationError),
        ({"drop": "before"}, TransportError),
    ],
)
def test_a_run_that_cannot_go_on_is_stopped(
    sandbox: Sandbox, app: DingTalkApp, hasty: None, how: dict[str, Any], kind: type[Exception]
) -> None:
    rows = [new(number) for number in range(100)]
    plan = Directory.plan(rows)
    fault = sandbox.fail("*", times=1 << 20, **how)
    outcome = plan.apply(workers=2)
    assert isinstance(outcome.stopped, kind)
    assert len(outcome.skipped) > 80
    assert "stopped: " in str(outcome)
    assert not outcome
    fault.cancel()
    assert Directory.plan(rows).apply()
    assert not Directory.plan(rows)


RUN = """
import json, sys
from dingtalk_models import Directory, DingTalkApp
settings, rows = json.loads(sys.stdin.readline())
DingTalkApp(**settings, rate_limit=None).use()
Directory.plan(rows).apply(workers=4, progress=lambda done, total: print(done, flush=True))
"""


def test_a_killed_process_leaves_the_rest_to_the_next_run(sandbox: Sandbox, app: DingTalkApp) -> None:
    rows = [new(number, department=f"部门{number % 7}/组{number % 3}") for number in range(120)]
    settings = {name: getattr(sandbox, name) for name in ("corp_id", "appkey", "appsecret")}
    settings |= {"oapi_url": sandbox.url, "api_url": sandbox.url}
    with subprocess.Popen(
        [sys.executable, "-c", RUN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps([settings, rows]) + "\n")
        child.stdin.flush()
        while int(child.stdout.readline()) < 60:
            pass
        child.send_signal(signal.SIGKILL)
    seen: list[int] = []

    def quiet() -> bool:
        seen.append(len(sandbox.calls))
        return seen[-20:] == [seen[-1]] * 20

    until(quiet)  # what was under way is over
    before = len(sandbox.company.users)
    assert 27 < before < 147
    plan = Directory.plan(rows)
    assert sum(each.kind == "create" and each.noun == "user" for each in plan) == 147 - before
    assert plan.apply()
    assert len(sandbox.company.users) == 147
    assert not Directory.plan(rows)


def test_apis_run_at_the_same_time_and_within_the_limit() -> None:
    with Sandbox(qps=20) as sandbox, sandbox.app() as app:
        company = sandbox.company
        for number in range(30):
            company.add_user(f"员工{number}", [100], userid=f"u{number}", mobile=f"1370000{number:04}")
        rows: list[dict[str, Any]] = [{"userid": f"u{number}", "title": "工程师"} for number in range(30)]
        rows += [new(number, title="工程师") for number in range(30)]
        plan = Directory.plan([dict.fromkeys(rows[-1]) | row for row in rows])
        begun = time.monotonic()
        assert plan.apply(workers=16)
        taken = time.monotonic() - begun
        writes = [call.path for call in sandbox.calls if call.path in (CREATE, UPDATE)]
        assert Counter(writes) == {CREATE: 30, UPDATE: 30}
        assert set(writes[:30]) == {CREATE, UPDATE}
        assert {call.code for call in sandbox.calls} == {0}
        assert taken > 1
        app.close()
