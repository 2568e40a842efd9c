"""Both type checkers, strict, on the files in tests/typing and on the code of the pages.

Right code has exact types, and each mistake is an error. Who copies the code of a page into an application gets no
errors: a page is one file for the checkers, since its blocks build on each other, and each line stands where it is on
the page.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from test_docs import ROOT, name, parsed, with_examples

from dingtalk_models import DingTalkApp, Role, User
from dingtalk_models.sandbox import Sandbox

HOME = ROOT / "tests" / "typing"
MISTAKES = HOME / "mistakes.py"
SHOWS_DEPRECATED = {"docs/migrating.md"}
"""This page shows calls of the first generation, which are marked as deprecated for those who use them."""
_ALLOWED = ['# mypy: disable-error-code="deprecated"', "# pyright: reportDeprecated=false"]

Place = tuple[str, int]
"""The name of a file, and a line in it."""


def code_of(page: Path) -> str:
    """The code of a page."""
    lines = [*_ALLOWED] if name(page) in SHOWS_DEPRECATED else []
    for block in parsed(page):
        if block.info == "python" and block.map:
            lines += [""] * (block.map[0] + 1 - len(lines)) + block.content.splitlines()
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file for each page, and those in tests/typing: a start of a checker costs seconds."""
    shutil.copytree(HOME, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for page in with_examples():
        (tmp_path / f"{page.stem.replace('-', '_').lower()}_page.py").write_text(code_of(page), "utf-8")
    return tmp_path


def mypy(folder: Path) -> dict[Place, str]:
    """The errors that mypy reports."""
    printed = _run("mypy", "--strict", "--output=json", *map(str, sorted(folder.glob("*.py"))))
    reports: list[dict[str, Any]] = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {(Path(each["file"]).name, each["line"]): each["message"] for each in reports if each["severity"] == "error"}


def pyright(folder: Path) -> dict[Place, str]:
    """The errors that pyright reports."""
    settings = {"include": ["."], "extraPaths": [str(ROOT / "src")], "typeCheckingMode": "strict"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    found = json.loads(_run("pyright", "--outputjson", "--project", str(folder), "--pythonpath", sys.executable))
    assert found["summary"]["filesAnalyzed"] == len([*folder.glob("*.py")])
    reports: list[dict[str, Any]] = found["generalDiagnostics"]
    return {(Path(each["file"]).name, each["range"]["start"]["line"] + 1): each["message"] for each in reports}


def _run(checker: str, *arguments: str) -> str:
    command = [sys.executable, "-m", checker, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def planted() -> set[Place]:
    """The lines that are marked as mistakes."""
    lines = enumerate(MISTAKES.read_text().splitlines(), 1)
    return {(MISTAKES.name, number) for number, line in lines if re.search("# mistake: .", line)}


def test_twenty_eight_mistakes_are_planted() -> None:
    assert len(planted()) == 28


@pytest.mark.parametrize("check", [mypy, pyright])
def test_each_mistake_is_reported_and_nothing_else(check: Callable[[Path], dict[Place, str]], folder: Path) -> None:
    found = check(folder)
    assert {place: message for place, message in found.items() if place not in planted()} == {}
    assert planted() - found.keys() == set()


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
