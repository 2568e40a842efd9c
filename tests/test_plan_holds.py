"""Whom a plan leaves alone: whoever a damaged table, a masked number or an empty file may mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Generator
from typing import Any, Literal

import pytest
from helpers import problems

from dingtalk_models import Directory, Plan
from dingtalk_models.sandbox import Company, Sandbox

Row = dict[str, Any]
PEOPLE, PLACES = 400, 20


@pytest.fixture
def company() -> Generator[Company]:
    """A company of 400 people in 20 departments, with an app in use."""
    with Sandbox(org="empty") as sandbox, sandbox.app() as app:
        company = sandbox.company
        for number in range(PLACES):
            company.add_department(f"部门{number}", 1, 100 + number)
        for number in range(PEOPLE):
            company.add_user(
                f"员工{number}", [100 + number % PLACES], userid=f"u{number}",
                job_number=f"{number:05}", mobile=f"1380000{number:04}",
            )  # fmt: skip
        yield company
        app.close()


def staff(company: Company, *columns: str) -> list[Row]:
    """A table of everybody, with the names and some columns."""
    return [{"name": user.name} | {each: getattr(user, each) for each in columns} for user in company.users.values()]


def gone(plan: Plan) -> list[str]:
    """The userids of those whom the plan removes."""
    return [str(each.userid) for each in plan.leaving]


def created(plan: Plan) -> list[str]:
    return [each.name for each in plan if each.kind == "create"]


def told(plan: Plan) -> list[tuple[int | None, str]]:
    return [(each.row, each.field) for each in plan.problems]


# -- the brake -----------------------------------------------------------------------------------------------------


def test_the_brake_is_measured_by_what_the_plan_looks_at(company: Company) -> None:
    rows = [{"userid": userid} for userid, user in company.users.items() if 103 in user.departments]
    plan = Directory.plan(rows[3:], within=103, missing="remove")
    assert (len(plan.leaving), plan.people) == (3, 20)
    assert problems(plan.apply).keys() == {"allow"}
    assert len(company.users) == PEOPLE
    assert plan.apply(allow=3)
    assert Directory.plan(rows[4:], within=103, missing="remove").apply()  # 1 of 17 needs no word
    assert len(company.users) == PEOPLE - 4


def test_an_empty_table_removes_nobody_without_a_word(company: Company) -> None:
    company.add_user("甲", [1], userid="only")
    for within in (103, 1):
        plan = Directory.plan([], within=within, missing="remove")
        assert "the table is empty" in problems(plan.apply)["allow"]
    few = Directory.plan([{"userid": "only"}], within=1, missing="keep")
    assert few.apply()
    for userid in [*company.users][1:]:
        company.remove_user(company.users[userid])
    assert len(Directory.plan([], missing="remove").leaving) == 1
    assert problems(Directory.plan([], missing="remove").apply).keys() == {"allow"}
    assert Directory.plan([], missing="remove").apply(allow=1)
    assert company.users == {}


def test_who_only_leaves_the_part_counts_too(company: Company) -> None:
    for userid, user in company.users.items():
        if 103 in user.departments:
            company.place(company.users[userid], [103, 104])
    plan = Directory.plan([{"userid": "u3"}], within=103, missing="remove")
    assert len(plan.leaving) == 19
    assert problems(plan.apply).keys() == {"allow"}


def test_departments_have_a_brake_too(company: Company) -> None:
    for number in range(30):
        company.add_department(f"空{number}", 1, 200 + number)
    people = staff(company, "userid")
    plan = Directory.plan(people, departments=[], missing="remove")
    assert "the table is empty" in problems(plan.apply)["allow_departments"]
    listed = [{"dept_id": each} for each in company.departments if each < 210]
    plan = Directory.plan(people, departments=listed, missing="remove")
    assert problems(plan.apply) == {
        "allow_departments": "the plan removes 20 of 51 departments: confirm it with allow_departments=20"
    }
    assert len(company.departments) == 51
    assert plan.apply(allow_departments=20)
    assert len(company.departments) == 31


def test_a_file_that_ends_within_a_row_removes_nobody_without_a_word(company: Company) -> None:
    lines = ["userid,name,title", *(f"{userid},{user.name},工程师" for userid, user in company.users.items())]
    cut = "\n".join(lines)[: -len("工程师\n") * 6 - 12]
    plan = Directory.plan(csv.DictReader(io.StringIO(cut)), missing="remove")
    assert 0 < len(plan.leaving) < 40
    assert "ends in the middle of a row" in problems(plan.apply)["allow"]


# -- what the app cannot see ---------------------------------------------------------------------------------------


def mask(company: Company, field: str) -> None:
    """Hide a field of 8 % of the people: half of them masked, half of them altogether."""
    for number in range(34):
        user = company.users[f"u{number * 11}"]
        own = getattr(user, field)
        setattr(user, field, f"{own[:3]}****{own[-4:]}" if field == "mobile" and number % 2 else None)


@pytest.mark.parametrize(
    ("field", "scope"), [("mobile", "企业员工手机号信息"), ("job_number", "qyapi_get_department_member")]
)
def test_whoever_has_a_key_that_the_app_cannot_see_is_left_alone(
    company: Company, field: Literal["mobile", "job_number"], scope: str
) -> None:
    rows = staff(company, field)
    mask(company, field)
    for missing in ("remove", "keep"):
        plan = Directory.plan(rows, key=field, missing=missing)
        assert (created(plan), gone(plan)) == ([], [])
        assert told(plan) == [(None, field)]
        assert "34 people" in plan.problems[0].reason
        assert "34 rows" in plan.problems[0].reason
        assert scope in plan.problems[0].reason
    assert plan.apply()
    assert len(company.users) == PEOPLE


def test_a_newcomer_whom_nobody_may_be_is_created(company: Company) -> None:
    rows = [*staff(company, "mobile"), {"name": "新人", "mobile": "13900000000"}]
    mask(company, "mobile")
    assert created(Directory.plan(rows, missing="remove")) == ["新人"]
    rows[-1]["mobile"] = "13800000011"  # of whom the app sees 138****0011
    assert created(Directory.plan(rows, missing="remove")) == []


def test_a_masked_number_is_no_other_number(company: Company) -> None:
    mask(company, "mobile")
    rows = [{"userid": userid, "mobile": f"1380000{number:04}"} for number, userid in enumerate(company.users)]
    assert str(Directory.plan(rows, missing="remove")) == "nothing to do"


# -- damaged cells -------------------------------------------------------------------------------------------------


NOTHING = [
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "nan",
    "NaN",
    "None",
    "null",
    "N/A",
    "-",
    "—",
    "——",
    "无",
    "－",
    "＃Ｎ／Ａ",
    "\u200b",
    "\u3000",
]


def test_a_cell_for_nothing_is_no_key(company: Company) -> None:
    rows = staff(company, "job_number")
    for row, cell in zip(rows, NOTHING * 2, strict=False):
        row["job_number"] = cell
    plan = Directory.plan(rows, missing="remove")
    assert (created(plan), gone(plan)) == ([], [])
    empty = [each.row for each in plan.problems if each.reason.startswith("is empty, and names the row")]
    assert empty == [*range(1, 2 * len(NOTHING) + 1)]
    assert len(plan.problems) == len(empty) + 1


@pytest.mark.parametrize("wrong", ["9{}", "0{}9", "DF{}", "1.5E+{}"])
def test_a_wrong_key_beside_a_right_name_removes_nobody(company: Company, wrong: str) -> None:
    rows = staff(company, "job_number")
    for number, row in enumerate(rows[:34]):
        row["job_number"] = wrong.format(f"{number:04}")
    del rows[390:]  # they have left
    plan = Directory.plan(rows, missing="remove")
    assert set(gone(plan)) <= {f"u{number}" for number in range(390, 400)}
    assert created(plan) == []


def test_a_wrong_key_with_no_name_removes_nobody(company: Company) -> None:
    rows = [{"job_number": f"{number:05}"} for number in range(390)] + [{"job_number": "77777"}]
    plan = Directory.plan(rows, missing="remove")
    assert gone(plan) == []
    assert told(plan)[0] == (None, "missing")


def test_a_key_of_another_beside_a_right_name(company: Company) -> None:
    rows = staff(company, "job_number")[:399]
    rows[7]["job_number"] = "00399"  # that of one who is in the table no more
    plan = Directory.plan(rows, missing="remove")
    assert gone(plan) == []
    assert not [each for each in plan if "name" in [field.field for field in each.fields]]
    assert "员工7" in str(plan)


def test_a_namesake_who_stays_does_not_keep_one_who_leaves(company: Company) -> None:
    company.users["u399"].name = company.users["u398"].name = "张伟"
    rows = staff(company, "job_number")[:399]
    assert gone(Directory.plan(rows, missing="remove")) == ["u399"]


AS_LEFT_BY_A_SPREADSHEET: list[Callable[[str], Any]] = [
    int, float, str, lambda key: f"{int(key)}.0", lambda key: f"{key}.0", lambda key: f"'{key}",
    lambda key: f'="{key}"', lambda key: key.translate({each: each + 0xFEE0 for each in range(0x21, 0x7F)}),
    lambda key: f"\u200b{key}", lambda key: f"{key}\ufeff", lambda key: f"{key[:2]}\u00a0{key[2:]}",
    lambda key: f"\u3000{key} ",
]  # fmt: skip


def test_a_key_as_a_spreadsheet_leaves_it_is_the_same_key(company: Company) -> None:
    rows: list[Row] = [{"title": None} | row for row in staff(company, "job_number")]
    lost, promoted = list[int](), list[str]()
    for number, left in enumerate(AS_LEFT_BY_A_SPREADSHEET):
        first = 12 + 5 * number
        for row in rows[first : first + 5]:
            row["job_number"] = left(row["job_number"])
        rows[first + 1]["title"] = "经理"
        promoted.append(f"员工{first + 1}")
        cell = rows[first]["job_number"]
        lost += range(first + 1, first + 6) if isinstance(cell, (int, float)) or cell == f"{first}.0" else ()
    plan = Directory.plan(rows, missing="remove")
    changed = [(each.name, [field.field for field in each.fields]) for each in plan]
    assert changed == [(name, ["title"]) for name in promoted]
    assert told(plan) == [(row, "job_number") for row in lost]
    assert len(lost) == 5 * 3
    assert plan.apply()
    assert {company.users[f"u{number}"].job_number for number in range(PEOPLE)} == {
        f"{number:05}" for number in range(PEOPLE)
    }


def test_zeros_that_may_be_those_of_two(company: Company) -> None:
    company.users["u399"].job_number = "012"
    rows = staff(company, "job_number")[:399]
    rows[12] = {"name": "李四", "job_number": 12}
    plan = Directory.plan(rows, missing="remove")
    assert (created(plan), gone(plan), told(plan)) == ([], [], [(13, "job_number")])


def test_a_mobile_number_as_people_write_it(company: Company) -> None:
    written: list[Any] = [
        "+86 138-0000-0000", "0086 13800000001", "008613800000002", "+8613800000003", "86-138 0000 0004", 13800000005.0,
        "(+86) 138 0000 0006", "＋８６　138–0000–0007", "'13800000008", "138\u200b00000009", "138.0000.0010",
    ]  # fmt: skip
    rows = staff(company, "mobile")
    for row, number in zip(rows, written, strict=False):
        row["mobile"] = number
    assert str(Directory.plan(rows, missing="remove")) == "nothing to do"


def test_what_separates_departments(company: Company) -> None:
    marks = [",", "，", ";", "；", "、", "\n", "\r\n"]
    rows = [{"userid": f"u{number}", "department": f"部门1{mark}部门2"} for number, mark in enumerate(marks)]
    assert Directory.plan(rows).apply()
    assert [[*company.users[row["userid"]].departments] for row in rows] == [[101, 102]] * len(marks)


def test_a_department_whose_name_has_such_a_mark(company: Company) -> None:
    company.add_department("产品、设计部", 1, 300)
    assert Directory.plan([{"userid": "u1", "department": "产品、设计部;部门1"}]).apply()
    assert {*company.users["u1"].departments} == {300, 101}


# -- who is said to leave ------------------------------------------------------------------------------------------


def test_a_column_of_state_says_who_leaves(company: Company) -> None:
    rows = [row | {"状态": "在职"} for row in staff(company, "job_number", "mobile")]
    for number, word in enumerate(("离职", "已离职", " 離職 ", "Gone")):
        rows[number]["状态"] = word
    rows += [
        {"name": "走了的", "job_number": "8001", "mobile": "13900000001", "状态": "离职"},
        {"name": "要来的", "job_number": "8002", "mobile": "13900000002", "状态": "待入职"},
        {"name": "新来的", "job_number": "8003", "mobile": "13900000003", "状态": "试用期"},
    ]
    plan = Directory.plan(rows)
    assert (gone(plan), created(plan)) == (["u0", "u1", "u2"], ["新来的"])
    assert told(plan) == [(4, "state")]
    assert "'Gone' is unknown" in str(plan)
    assert plan.apply()
    assert len(company.users) == PEOPLE - 2
    again = Directory.plan(rows)
    assert not again
    rows[5]["状态"] = "黑名单"
    assert gone(Directory.plan(rows, states={"黑名单": "leaves", "gone": "leaves"})) == ["u3", "u5"]


def test_who_was_hired_again_stays(company: Company) -> None:
    first = {"name": "员工1", "job_number": "00001", "mobile": "13800000001", "state": "离职"}
    second = first | {"job_number": "90001", "state": "在职"}
    plan = Directory.plan([first, second])
    assert gone(plan) == []
    assert [field.field for each in plan for field in each.fields] == ["job_number"]


def test_who_left_under_another_number_is_told(company: Company) -> None:
    first = {"name": "员工1", "job_number": "70001", "mobile": "13800000001", "state": "离职"}
    plan = Directory.plan([first])
    assert (gone(plan), told(plan)) == ([], [(1, "job_number")])
    rows = [{"mobile": None, "state": None} | row for row in staff(company, "job_number")]
    assert gone(Directory.plan([*rows[:1], *rows[2:], first], missing="remove")) == ["u1"]


def test_who_is_awaited_may_have_no_number_yet(company: Company) -> None:
    rows = [{"state": None} | row for row in staff(company, "job_number")[:399]]
    plan = Directory.plan([*rows, {"name": "要来的", "job_number": "", "state": "待入职"}], missing="remove")
    assert (gone(plan), told(plan)) == (["u399"], [])


def test_a_manager_is_named_in_any_form(company: Company) -> None:
    rows = [{"mobile": "13800000001", "manager": "+86 138-0000-0002"}]
    assert Directory.plan(rows, key="mobile").apply()
    assert Directory.plan([{"job_number": "00003", "manager": 2}]).apply()
    assert {company.users[each].manager_userid for each in ("u1", "u3")} == {"u2"}


def test_a_leaver_whose_row_has_the_key_of_another_stays(company: Company) -> None:
    plan = Directory.plan([{"name": "员工7", "job_number": "00008", "state": "离职"}])
    assert gone(plan) == []
    assert told(plan) == [(1, "name")]


def test_a_leaver_who_is_gone_by_then_is_done(company: Company) -> None:
    plan = Directory.plan([{"userid": each, "state": "离职"} for each in ("u1", "u2")])
    company.remove_user(company.users["u1"])
    outcome = plan.apply()
    assert (outcome.failed, len(outcome.done)) == ([], 2)
    company.add_user("号", [100], userid="e1", exclusive_account=True)
    plan = Directory.plan([{"userid": "e1", "state": "离职"}], missing="disable")
    company.remove_user(company.users["e1"])
    assert plan.apply().failed == []


# -- rows and words ------------------------------------------------------------------------------------------------


def test_row_numbers_are_those_of_the_file(company: Company) -> None:
    text = '工号,姓名,部门\n00001,员工1,"部门1\n部门2"\n\n00002,员工2,部门2\n77777,谁,部门3\n,,\n'
    plan = Directory.plan(csv.DictReader(io.StringIO(text, newline="")))
    assert [(each.row, each.key) for each in plan] == [(2, "00001")]
    assert told(plan) == [(5, "mobile")]
    rows = [*csv.DictReader(io.StringIO(text, newline=""))][:3]
    assert told(Directory.plan(rows)) == [(3, "mobile")]


SPOKEN = """
新建 1 个部门，调整 1 名员工的部门，移除 1 名员工；1 个问题
+ 新建部门 新部门：部门名称 新部门  [第 1 行写有此部门]
~ 调整员工部门 员工1 (u1)：职位 （无） -> 经理；部门 部门1 -> 新部门  [第 1 行]
- 移除员工 员工2 (u2)  [第 2 行：离职]
! 员工表第 3 行 (u3)：手机号：须为 11 位手机号，或 +xx-xxxxxx
"""


def test_a_plan_speaks_the_language_of_the_user(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    rows: list[Row] = [
        {"userid": "u1", "title": "经理", "department": "新部门"},
        {"userid": "u2", "state": "离职"},
        {"userid": "u3", "mobile": "12"},
    ]
    plan = Directory.plan([dict.fromkeys(("title", "department", "state", "mobile")) | row for row in rows])
    assert str(plan).splitlines() == SPOKEN.strip().splitlines()
    assert str(plan.apply()).splitlines() == ["3 项改动：3 项完成", SPOKEN.strip().splitlines()[-1]]
