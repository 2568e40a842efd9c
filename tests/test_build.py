"""The wheel has what it should have. `scripts/build` also tries it, on each Python and with each extra."""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from pathlib import Path

import building
import pytest


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return building.build(tmp_path_factory.mktemp("wheel"), kind="wheel", isolated=False)


def test_the_wheel_has_the_files_of_the_package(wheel: Path) -> None:
    assert [*building.wheel_problems(wheel)] == []


def test_a_wheel_that_is_wrong_is_found(wheel: Path, tmp_path: Path) -> None:
    wrong = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(wrong, "w") as archive:
        for name in whole.namelist():
            if not name.endswith(("/py.typed", "/event_types.json", "/LICENSE")):
                archive.writestr(name, b"" if name.endswith("/entry_points.txt") else whole.read(name))
        archive.writestr("dingtalk_models/.DS_Store", b"\0" * building.LARGEST)
    assert [*building.wheel_problems(wrong)] == [
        "dingtalk_models/callback/event_types.json is not in the wheel",
        "dingtalk_models/py.typed is not in the wheel",
        "dingtalk_models/.DS_Store is in the wheel, and no file of the package",
        "py.typed is not in the wheel",
        "the licence is not in the wheel",
        "dingtalk-models is not in its entry points",
        "dingtalk is not in its entry points",
        f"it has {wrong.stat().st_size} bytes",
    ]


def test_each_extra_is_tried_on_each_python_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert building.PROMISED.keys() == {*building.extras()}
    version = "{}.{}".format(*sys.version_info)
    for name in (version, "3.9", "3.99", "3"):
        (tmp_path / f"python{name}").symlink_to(sys.executable if name == version else shutil.which("false") or "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert building.pythons([]) == {version: tmp_path / f"python{version}"}
    assert building.pythons(["3.10"]) == {}


def test_the_quick_start_that_is_tried_is_the_readmes() -> None:
    code, printed = building.quick_start()
    assert "Sandbox().start()" in code
    assert printed.splitlines() == ["310 华东大区", "320 华南大区"]


def test_a_check_that_fails_is_told_and_counted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    check = building.Checks()
    program = "print('so it was'); raise SystemExit(3)"
    assert check("one", lambda: "well")
    assert not check("two", lambda: building.run(sys.executable, "-c", program, cwd=tmp_path))
    assert check.failed == ["two"]
    one, two, said = capsys.readouterr().out.splitlines()
    assert one.startswith("✓ one: well (")
    assert (two, said.partition(" (")[0]) == ("✗ two: exit code 3:", "so it was")


@pytest.mark.parametrize("page", ["docs/versions.md", "docs/zh/versions.md"])
def test_the_lowest_versions_on_the_page_are_those_that_are_permitted(page: str) -> None:
    rows = re.findall(r"^\| `(\S+)` \|.*?\| ([\d.]+) \|", (building.ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == building.minima()
    assert len(rows) == len(building.minima())


def test_a_package_has_one_lowest_version(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {
        "name": "x",
        "dependencies": ["a>=1.0"],
        "optional-dependencies": {"one": ["b>=2"], "two": ["x[one]", "b>=3"]},
    }
    monkeypatch.setattr(building, "project", lambda: asked)
    with pytest.raises(building.Failed, match="b has two lowest versions, 2 and 3"):
        building.minima()


def test_the_stories_that_are_tried_are_the_demos() -> None:
    assert building.STORIES == ["onboarding.py", "working_day.py", "assistant.py"]
