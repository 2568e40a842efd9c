"""A snapshot of a company becomes a company file, with or without its names and numbers."""

from __future__ import annotations

import stat
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from refreshing import FAST

from dingtalk_models import Department, DingTalkApp, Directory, User
from dingtalk_models.company_file import CompanyFile, read_company, write_company
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.hr.directory_company import tells
from dingtalk_models.sandbox import Sandbox


@pytest.fixture
def real() -> Generator[Sandbox]:
    """A company with whatever a company may have."""
    with Sandbox() as sandbox:
        company = sandbox.company
        company.departments[1].name_en = "Dingfeng"
        company.departments[110].order = 176_294_576_350_761_512
        vars(company.departments[310]).update(
            code="HD-310", source_identifier="erp-310", create_dept_group=True, org_dept_owner="fengtao", tags="campus",
            dept_permits=[320], user_permits=["zhaolei"], outer_dept=True, outer_permit_depts=[100], hide_dept=True,
        )  # fmt: skip
        vars(company.users["zhaolei"]).update(
            telephone="0571-86612345", org_email="zhaolei@corp.example", org_email_type="base", work_place="余杭办公室",
            remark="在职", extension={"爱好": "长跑", "编号": "7"}, nickname="磊哥", avatar="https://img.example/zl.png",
            hide_mobile=True, senior=True,
        )  # fmt: skip
        company.users["sunjing"].departments[100].order = -5
        company.users["sunjing"].departments[110].order = 176_294_576_350_761_000
        company.add_user("美国同事", userid="bob", mobile="+1-5551234")
        company.add_user(
            "前台",
            userid="front",
            exclusive_account=True,
            exclusive_account_type="sso",
            login_id="front01",
            disabled=True,
        )
        yield sandbox


def taken_of(sandbox: Sandbox) -> Directory:
    with sandbox.app(retry=FAST) as app:
        return snapshot(app)


def snapshot(app: DingTalkApp) -> Directory:
    taken = Directory.objects.using(app).snapshot()
    app.close()
    return taken


def test_as_it_is(real: Sandbox, tmp_path: Path) -> None:
    path, taken = tmp_path / "company.yaml", taken_of(real)
    taken.to_company(path, anonymise=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # another company gives other ids to what has none in the file, such as groups of departments
    with Sandbox(company=path, credentials=real.company.credentials) as sandbox:
        again = taken_of(sandbox)
    assert not Directory.diff(taken, again)
    assert (again.departments, again.users) == (taken.departments, taken.users)


def texts(value: Any) -> set[str]:
    """Every text in a value, apart from the names of fields."""
    if is_object(value):
        return texts([*value.values()])
    if is_array(value):
        return set[str]().union(*map(texts, value))
    return {value} if isinstance(value, str) else set()


def test_nothing_of_the_original_is_left(real: Sandbox, tmp_path: Path) -> None:
    path, taken = tmp_path / "company.yaml", taken_of(real)
    taken.to_company(path)
    everything = [each.model_dump(by_alias=True) for each in (*taken.departments.values(), *taken.users.values())]
    # the platform's own words, and the country of most numbers
    originals = texts(everything) - {"base", "sso", "86"} | {*(taken.users["zhaolei"].extension or ())}
    assert {
        "李峰",
        "13900000001",
        "zhaolei@corp.example",
        "DF0001",
        "总经理",
        "研发中心",
        "长跑",
        "zhaolei",
    } < originals
    text = path.read_text("utf-8")
    written = texts([*read_company(path).company.model_dump(exclude_defaults=True).values()])
    assert sorted(originals & written) == []
    assert [each for each in originals if tells(each) and each in text] == []
    ids = {str(dept_id) for dept_id in taken.departments if dept_id != 1}
    assert not ids & {str(each.dept_id) for each in read_company(path).company.departments}
    assert "176294576350761" not in text
    assert "2020-03-01" not in {str(each.hired_date) for each in read_company(path).company.users}


def shape(directory: Directory) -> tuple[object, ...]:
    """Who is where and leads what, without names and ids."""
    departments, users = directory.departments.values(), directory.users.values()

    def path(department: Department) -> int:
        return 0 if department.parent_id is None else 1 + path(directory.departments[department.parent_id])

    def place(user: User) -> tuple[object, ...]:
        leads = sum(bool(each.leader) for each in user.leader_in_dept)
        known = bool(user.mobile), bool(user.email), bool(user.title), user.active, user.boss, user.admin
        return len(user.dept_id_list), leads, known, user.exclusive_account, user.disable_status

    return (
        sorted(
            (path(each), each.owning_member_count or 0, each.member_count or 0, bool(each.hide_dept))
            for each in departments
        ),
        sorted(map(repr, map(place, users))),
    )


def test_the_structure_stays(real: Sandbox, tmp_path: Path) -> None:
    path, taken = tmp_path / "company.yaml", taken_of(real)
    taken.to_company(path)
    with Sandbox(company=path) as sandbox:
        other = taken_of(sandbox)
        assert shape(other) == shape(taken)
        # whoever comes first in a department still does
        assert [len(each.dept_id_list) for each in other.users.values()] == [
            len(each.dept_id_list) for each in taken.users.values()
        ]
    first = path.read_text("utf-8")
    taken.to_company(path)
    assert path.read_text("utf-8") == first


def test_names_that_would_have_been_chosen_are_not(real: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    taken_of(real).to_company(path)
    chosen = read_company(path).company
    with Sandbox(org="empty") as sandbox:
        for each in chosen.departments[1:]:
            sandbox.company.add_department(each.name or "")
        for number, user in enumerate(chosen.users):
            sandbox.company.add_user(user.name, userid=user.userid, mobile=f"139{number + 1:08}", title=user.title)
        taken_of(sandbox).to_company(path)
    again = read_company(path).company
    for old, new in (
        ({each.name for each in chosen.users}, {each.name for each in again.users}),
        ({each.userid for each in chosen.users}, {each.userid for each in again.users}),
        ({each.title for each in chosen.users} - {None}, {each.title for each in again.users}),
        ({each.name for each in chosen.departments} - {None}, {each.name for each in again.departments}),
    ):
        assert not old & new


def test_what_the_app_may_not_see_is_named_by_nobody(real: Sandbox, tmp_path: Path) -> None:
    taken = taken_of(real)
    seen = Directory(
        taken.taken,
        {dept_id: each for dept_id, each in taken.departments.items() if dept_id not in (100, 320)},
        {userid: each for userid, each in taken.users.items() if userid not in ("fengtao", "sunjing", "zhaolei")},
    )
    for anonymise in (True, False):
        seen.to_company(tmp_path / "company.yaml", anonymise=anonymise)
        company = Sandbox(company=tmp_path / "company.yaml").company
        assert (len(company.departments), len(company.users)) == (len(seen.departments), len(seen.users))


LIKE_SOMETHING_ELSE = ["0571", "1e3", "12", "1.5", "1_0", "true", "null", "~", "18:00", "2020-01-31", "no", "0x1F"]
ODD = ["- a", "a: b", "#x", "'", '"', "é😀", "a\nb", " a ", "\u2028", "\x85", "*a", "!!str"]


@pytest.mark.parametrize("text", LIKE_SOMETHING_ELSE + ODD)
def test_a_text_is_written_so_that_it_is_read_as_it_was(tmp_path: Path, text: str) -> None:
    write_company(CompanyFile(name=text), tmp_path / "company.yaml")
    assert read_company(tmp_path / "company.yaml").company.name == text
