"""The HR application in examples/: what it prints, what it changes, and how it ends."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dingtalk_models.sandbox import Sandbox

EXAMPLE = Path(__file__).parent.parent / "examples" / "hr_sync.py"
STAFF = """\
员工编号,姓名,手机,部门代码,岗位,月薪
DF0002,赵磊,13900000002,rd,首席技术官,1
DF0012,杨帆,13900000012,rd-storage,后端工程师,1
DF0101,林薇,13800138000,rd-storage,工程师,1
"""
UNITS = "代码,名称,上级代码\nrd,研发中心,\nrd-storage,存储组,rd\n"
Run = Callable[..., object]


@pytest.fixture
def run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs it with tables, and returns how it ends."""
    settings = {
        "APPKEY": sandbox.appkey,
        "APPSECRET": sandbox.appsecret,
        "OAPI_URL": sandbox.url,
        "API_URL": sandbox.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"DINGTALK_{name}", value)

    def run(*options: str, staff: str = STAFF) -> object:
        for name, text in (("staff", staff), ("units", UNITS)):
            (tmp_path / name).write_text(text, encoding="utf-8-sig")
        monkeypatch.setattr(sys, "argv", ["hr_sync.py", str(tmp_path / "staff"), str(tmp_path / "units"), *options])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(EXAMPLE), run_name="__main__")
        return ended.value.code

    return run


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 60


def test_it_shows_then_changes_then_has_nothing_to_do(
    sandbox: Sandbox, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert "+ create user 林薇 (DF0101)" in capsys.readouterr().out
    assert sandbox.company.find_user(job_number="DF0101") is None
    assert run("--apply") == 0
    assert "5 changes: 5 done" in capsys.readouterr().out
    made = sandbox.company.find_user(job_number="DF0101")
    assert made is not None
    assert [sandbox.company.departments[each].source_identifier for each in made.departments] == ["rd-storage"]
    assert run("--apply") == 0
    assert capsys.readouterr().out.startswith("nothing to do")


def test_it_tells_what_it_left_out_and_what_failed(
    sandbox: Sandbox, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    doubled = STAFF + "DF0102,高远,13900000003,rd,顾问,1\n"
    assert run(staff=doubled) == 2
    assert "! people, row 5 (DF0102): mobile: belongs to 孙静" in capsys.readouterr().out
    sandbox.fail("/topapi/v2/user/create", errcode=60102)
    assert run("--apply") == 1
    assert "UserID在公司中已存在" in capsys.readouterr().out


def test_it_asks_before_it_removes_many(sandbox: Sandbox, run: Run) -> None:
    assert "confirm it with allow=" in str(run("--apply", "--remove"))
    assert "confirm it with allow_departments=9" in str(run("--apply", "--remove", "--allow", "30"))
    assert len(sandbox.company.users) == 27
    assert run("--apply", "--remove", "--allow", "30", "--allow-departments", "9") == 0
    assert {user.job_number for user in sandbox.company.users.values()} == {"DF0001", "DF0002", "DF0012", "DF0101"}
    assert {each.name for each in sandbox.company.departments.values()} == {"钉峰科技有限公司", "研发中心", "存储组"}
