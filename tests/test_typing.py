"""Both type checkers, strict, on the files in tests/typing: exact types for right code, an error for each mistake."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dingtalk_models import DingTalkApp, Role, User
from dingtalk_models.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "tests" / "typing"
MISTAKES = HOME / "mistakes.py"

Found = set[tuple[str, int]]


@pytest.fixture(scope="module")
def mypy() -> Found:
    """The lines at which mypy reports an error."""
    printed = _run("mypy", "--strict", "--output=json", *map(str, sorted(HOME.glob("*.py"))))
    reports: list[dict[str, Any]] = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {(Path(report["file"]).name, report["line"]) for report in reports if report["severity"] == "error"}


@pytest.fixture(scope="module")
def pyright() -> Found:
    """The lines at which pyright reports an error."""
    # its own configuration: the project's leaves the mistakes out
    printed = _run("pyright", "--outputjson", "--project", str(HOME), "--pythonpath", sys.executable)
    reports: list[dict[str, Any]] = json.loads(printed)["generalDiagnostics"]
    return {(Path(report["file"]).name, report["range"]["start"]["line"] + 1) for report in reports}


def _run(checker: str, *arguments: str) -> str:
    command = [sys.executable, "-m", checker, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def planted() -> Found:
    """The lines that are marked as mistakes."""
    lines = enumerate(MISTAKES.read_text().splitlines(), 1)
    return {(MISTAKES.name, number) for number, line in lines if re.search("# mistake: .", line)}


def test_twenty_seven_mistakes_are_planted() -> None:
    assert len(planted()) == 27


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_each_mistake_is_reported_and_nothing_else(checker: str, request: pytest.FixtureRequest) -> None:
    found: Found = request.getfixturevalue(checker)
    assert found == planted()


# The application works, too


@pytest.fixture(scope="module")
def application() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hr_application", HOME / "application.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_application_synchronises(app: DingTalkApp, application: ModuleType) -> None:
    before = User.objects.using(app).count()
    rows = [
        application.Employee("HR-1", "林可", "13700000001", "平台研发部", "工程师"),
        application.Employee("HR-2", "高远", "13700000002", "法务部", "法务"),
        application.Employee("HR-3", "x" * 81, "13700000003", "法务部", ""),
    ]
    first = application.synchronise(rows)
    assert len(first.created) == 2
    assert list(first.refused) == ["HR-3"]
    assert "80 characters" in first.refused["HR-3"]
    moved = [application.Employee("HR-1", "林可", "13700000001", "平台研发部", "架构师")]
    second = application.synchronise(moved)
    assert (second.created, second.changed, second.removed) == ([], [first.created[0]], ["HR-2"])
    assert User.get(first.created[0]).title == "架构师"
    assert User.objects.count() == before + 1


def test_the_application_lets_people_log_in(sandbox: Sandbox, app: DingTalkApp, application: ModuleType) -> None:
    code = sandbox.login_code("manager4220")
    assert application.log_in(app, code) == ("李峰", True)
    assert application.log_in(app, code) is None


def test_the_application_gives_roles(app: DingTalkApp, application: ModuleType) -> None:
    assert "杨帆" in application.interviewers(["杨帆"])
    role = next(role for role in Role.objects.list() if role.name == "面试官")
    assert "yangfan" in [holder.userid for holder in role.users()]
    assert application.names_of(app, ["yangfan", "zhaolei"]) == ["杨帆", "赵磊"]


def test_the_application_awaits(app: DingTalkApp, application: ModuleType) -> None:
    async def main() -> tuple[dict[str, int], list[str], list[str]]:
        async with app:
            return (
                await application.head_counts(),
                await application.colleagues("yangfan"),
                await application.colleagues("nobody"),
            )

    counts, names, none = asyncio.run(main())
    assert counts["产品设计部"] == 3
    assert {"朱玲", "秦浩"} <= set(names)
    assert none == []
