"""The table of layers in docs/design.md is the one that the import contracts hold, and the contracts do hold things."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


KNOWN_TO_THE_SANDBOX = {"modules", "company_file", "process", "clocks", "moments"}
"""The packages that the sandbox may import; those above it may not be imported by anybody."""


def contract_of(begin: str) -> dict[str, Any]:
    """The contract whose name begins like this."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (contract,) = (contract for contract in contracts if contract["name"].startswith(begin))
    found: dict[str, Any] = contract
    return found


def layers() -> list[set[str]]:
    """The layers that the contract holds, from the top down."""
    contract = contract_of("Imports point down")
    return [set(re.split(r" [:|] ", layer)) for layer in contract["layers"]]


def documented(page: str, head: str) -> list[set[str]]:
    """The layers that a page's table tells of."""
    table = page.partition(head)[2].partition("\n\n")[0]
    return [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in table.splitlines()[2:]]


@pytest.mark.parametrize(("page", "head"), [("docs/design.md", "| layer |"), ("docs/zh/design.md", "| 层 |")])
def test_the_page_tells_of_the_layers_that_are_held(page: str, head: str) -> None:
    assert documented((ROOT / page).read_text("utf-8"), head) == layers()


def test_every_module_is_in_the_contracts_of_modules() -> None:
    """In pyproject.toml: the layers name each package, and these two lists have to follow."""
    (resources,) = (layer for layer in layers() if "contact" in layer)
    named = contract_of("Resources import the core")["source_modules"]
    assert {f"dingtalk_models.{name}" for name in resources} == set(named), "source_modules"
    below = layers()[[("sandbox" in layer) for layer in layers()].index(True) + 1 :]
    forbidden = {f"dingtalk_models.{name}" for name in set[str]().union(*below) - KNOWN_TO_THE_SANDBOX}
    assert forbidden == set(contract_of("The sandbox could serve")["forbidden_modules"]), "forbidden_modules"


FORBIDDEN = {
    "core.http -> dingtalk_models.call.call": "from dingtalk_models.call import call",
    "core.steps -> threading": "import threading",
    "contact.role -> dingtalk_models.app": "from dingtalk_models.app import DingTalkApp",
    "contact.department -> dingtalk_models.sessions": "from dingtalk_models.sessions import SessionManager",
    "sandbox.__main__ -> dingtalk_models.core.wire": "from dingtalk_models.core import wire",
}
"""Imports that a contract forbids, as it reports them."""


@pytest.mark.parametrize("guarded", [True, False], ids=["for type checkers only", "at run time"])
def test_a_forbidden_import_is_found(tmp_path: Path, guarded: bool) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert lint(tmp_path).returncode == 0
    for imported, line in FORBIDDEN.items():
        planted = tmp_path / "src/dingtalk_models" / f"{imported.partition(' ')[0].replace('.', '/')}.py"
        text = f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {line}\n" if guarded else f"{line}\n"
        planted.write_text(planted.read_text() + text)
    found = lint(tmp_path)
    assert found.returncode == 1
    reported = " ".join(found.stdout.split())
    assert [imported for imported in FORBIDDEN if f"dingtalk_models.{imported} (l." not in reported] == []


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts as scripts/lint does."""
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


MOST_FILES, MOST_LOOSE = 15, 6


def test_no_room_is_crowded() -> None:
    """A folder has at most 15 files, the root six loose modules. The products of the platform are generated."""
    package = ROOT / "src/dingtalk_models"
    counts = {str(each.relative_to(package)): len([*each.glob("*.py")]) for each in package.rglob("*/")}
    crowded = {folder: count for folder, count in counts.items() if count > MOST_FILES and folder != "platform"}
    assert not crowded
    assert len([*package.glob("[!_]*.py")]) <= MOST_LOOSE
