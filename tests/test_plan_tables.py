"""The tables of a plan: what counts as a table, as a header, as a cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from helpers import problems

from dingtalk_models import BEIJING, DingTalkApp, Directory
from dingtalk_models.cli.spreadsheet import as_cell
from dingtalk_models.hr.plan.changes import Problems
from dingtalk_models.hr.plan.keys import as_key, number_of
from dingtalk_models.hr.plan.rows import DEPARTMENTS_READER, PEOPLE_READER
from dingtalk_models.sandbox import Sandbox


class NaT:
    """As pandas has it: a class of its own, that differs from itself."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


NaTType = type("NaTType", (NaT,), {})


class Frame:
    """As much of a DataFrame as is used."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.rows = rows

    def to_dict(self, orient: str) -> list[dict[str, Any]]:
        assert orient == "records"
        return [*self.rows]


def read(cells: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of a row of people, and what is refused."""
    found = PEOPLE_READER.read([{"userid": "u1", **cells}], None, None, Problems()).rows[0]
    return {name: value for name, value in found.values.items() if name != "userid"}, found.refused


@pytest.mark.parametrize("cell", [None, "", "  ", float("nan"), NaTType()])
def test_an_empty_cell_says_nothing(cell: Any) -> None:
    assert read({"title": cell, "mobile": cell, "hired_date": cell, "department": cell}) == ({}, {})


NEW_YEAR = datetime(2026, 3, 1, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ({"job_number": 42}, {"job_number": "42"}),
        ({"job_number": 42.0, "title": " 经理 "}, {"job_number": "42", "title": "经理"}),
        ({"mobile": 13800138000.0}, {"mobile": "13800138000"}),
        ({"mobile": "+86-138 0013 8000"}, {"mobile": "13800138000"}),
        ({"mobile": "138-0013-8000"}, {"mobile": "13800138000"}),
        ({"mobile": "+1-415 555-0100"}, {"mobile": "+1-4155550100"}),
        *(
            ({"hired_date": cell}, {"hired_date": NEW_YEAR})
            for cell in (
                *("2026-03-01", "2026/3/1", "2026年3月1日", "20260301", "2026-03-01 00:00:00"),
                *(date(2026, 3, 1), datetime(2026, 3, 1), datetime(2026, 2, 28, 16, tzinfo=UTC)),  # noqa: DTZ001
                *(1772294400000, "1772294400000"),
            )
        ),
        ({"hide_mobile": "是", "senior_mode": "否"}, {"hide_mobile": True, "senior_mode": False}),
        ({"department": " 研发部 / 平台组 ，产品部,"}, {"department": ["研发部/平台组", "产品部"]}),
        ({"department": ["研发部/平台组", "产品部"]}, {"department": ["研发部/平台组", "产品部"]}),
        ({"dept_id_list": "110, 120"}, {"dept_id_list": [110, 120]}),
        ({"dept_id_list": 110}, {"dept_id_list": [110]}),
        ({"source_identifier": 7}, {"source_identifier": ["7"]}),
        ({"extension": '{"爱好": "旅游"}'}, {"extension": {"爱好": "旅游"}}),
    ],
)
def test_cells_as_they_stand_in_spreadsheets(cells: dict[str, Any], values: dict[str, Any]) -> None:
    assert read(cells) == (values, {})


@pytest.mark.parametrize(
    ("field", "cell", "reason"),
    [
        ("title", "长" * 201, "at most 200 characters"),
        ("mobile", "1.38E+10", "11 digits"),
        ("hired_date", "二月三十日", "datetime"),
        ("hired_date", "2026-02-30", "datetime"),
        ("dept_id_list", "研发部", "integer"),
        ("hide_mobile", "也许", "boolean"),
        ("name", "名" * 81, "80"),
    ],
)
def test_a_cell_that_cannot_be_used(field: str, cell: Any, reason: str) -> None:
    values, refused = read({field: cell, "remark": "好"})
    assert values == {"remark": "好"}
    assert refused.keys() == {field}
    assert reason in refused[field]
    assert cell not in refused[field]


@pytest.mark.parametrize(
    ("mobile", "state_code", "number"),
    [
        ("13800138000", "86", "13800138000"),
        ("13800138000", None, "13800138000"),
        ("4155550100", "1", "+1-4155550100"),
        ("+1-4155550100", "1", "+1-4155550100"),
        ("", "86", None),
        (None, None, None),
    ],
)
def test_numbers_as_the_platform_shows_them(mobile: str | None, state_code: str | None, number: str | None) -> None:
    assert number_of(mobile, state_code) == number


def test_a_file_of_a_spreadsheet_with_chinese_headers(sandbox: Sandbox, app: DingTalkApp) -> None:
    text = "\ufeff工号,姓名,手机号,部门,职位\nDF0002,赵磊,13900000002,研发中心,CTO,多余\nDF0003,孙静\n"
    plan = Directory.plan(csv.DictReader(io.StringIO(text)))
    assert [(each.key, [(field.field, field.new) for field in each.fields]) for each in plan] == [
        ("DF0002", [("title", "CTO")])
    ]
    assert plan.problems == ()


def test_a_frame(app: DingTalkApp) -> None:
    rows = [
        {"userid": "zhaolei", "mobile": 13900000002.0, "title": "CTO"},
        {"userid": "sunjing", "title": float("nan")},
    ]
    plan = Directory.plan(Frame(rows))
    assert [str(each) for each in plan] == ["~ change user 赵磊 (zhaolei): title 技术总监 -> CTO  [row 1]"]


def test_only_the_columns_that_are_named_are_read(app: DingTalkApp) -> None:
    rows = [{"编号": "DF0002", "职务": "CTO", "薪资": 99999, "title": "x"}]
    plan = Directory.plan(rows, columns={"编号": "job_number", "职务": "职位"})
    assert [[field.new for field in each.fields] for each in plan] == [["CTO"]]


ROW = {"userid": "sunjing"}


@pytest.mark.parametrize(
    ("wanted", "options", "refusal"),
    [
        ([{"userid": "a", "titel": "x"}], {}, ("wanted.titel", "did you mean 'title'?")),
        ([{"title": "x"}], {}, ("wanted", "needs a column that names its rows: userid, job_number, mobile")),
        ([ROW], {"key": "mobile"}, ("wanted", "needs a column that names its rows: mobile")),
        ([{"userid": "a", "员工UserID": "a"}], {}, ("wanted", "has two columns for userid")),
        ("people.csv", {}, ("wanted", "should be rows")),
        ({"userid": "a"}, {}, ("wanted", "should be rows")),
        (7, {}, ("wanted", "should be rows")),
        ([ROW, ["sunjing"]], {}, ("wanted.1", "should be a row")),
        ([ROW], {"columns": {"User": "userid"}}, ("columns.User", "did you mean 'userid'?")),
        ([ROW], {"columns": {"userid": "user"}}, ("columns.userid", "did you mean 'userid'?")),
        ([ROW], {"departments": [{"name": "x"}]}, ("departments", "source_identifier, dept_id, department")),
        ([ROW], {"departments": [{"部门": "x", "主管": "x"}]}, ("departments.主管", "did you mean '部门主管'?")),
        ([ROW], {"missing": "delete"}, ("missing", "'keep', 'remove' or 'disable'")),
        ([ROW], {"workers": 17}, ("workers", "16")),
        ([ROW], {"key": "name"}, ("key", "'userid', 'job_number' or 'mobile'")),
    ],
)
def test_what_is_no_table_is_refused_before_anything_is_sent(
    sandbox: Sandbox, app: DingTalkApp, wanted: Any, options: dict[str, Any], refusal: tuple[str, str]
) -> None:
    found = problems(Directory.plan, wanted, **options)
    assert found.keys() == {refusal[0]}
    assert refusal[1] in found[refusal[0]]
    assert sandbox.calls == []


def test_an_unknown_top_is_refused(app: DingTalkApp) -> None:
    assert problems(Directory.plan, [ROW], within=[100, 999]) == {"within": "there is no department 999"}


def test_rows_that_name_nobody_or_the_same() -> None:
    noted = Problems()
    table = PEOPLE_READER.read([{"userid": each} for each in ("a", "", "b", "a")], None, None, noted)
    assert [row.key for row in table.rows] == ["b"]
    assert [(each.row, each.field, each.reason) for each in noted.found] == [
        (1, "userid", "row 4 has the same / 与第 4 行相同"),
        (2, "userid", "is empty, and names the row / 为空，无法标识这一行"),
        (4, "userid", "row 1 has the same / 与第 1 行相同"),
    ]


def test_departments_are_named_by_the_best_column() -> None:
    def key(**cells: Any) -> str:
        return DEPARTMENTS_READER.read([cells], None, None, Problems()).key

    assert key(部门="研发部") == "department"
    assert key(部门="研发部", 部门编码="rd") == "source_identifier"
    assert key(部门名称="研发部", 部门ID=100) == "dept_id"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+86 138", "'+86 138"),
        ("-张三", "'-张三"),
        *((each, each) for each in ("-1", "+3.5", "13800000001", "张三", "")),
    ],
)
def test_what_a_spreadsheet_would_run_is_written_as_text_and_read_back(text: str, cell: str) -> None:
    assert as_cell(text) == cell
    assert as_key(cell) == as_key(text)
