"""The table of modules: every registered module exists, and every module is registered."""

from __future__ import annotations

from pathlib import Path

import pytest
from generators.facts import ROOT
from generators.modules import NEEDED, module_problems

from dingtalk_models import DingTalkApp, Module
from dingtalk_models.modules import MODULES
from dingtalk_models.resource.manager import Manager


def test_every_module_has_its_files_and_its_row() -> None:
    problems = [*module_problems(ROOT, MODULES)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("forgotten", NEEDED)
def test_what_a_module_lacks_is_named(tmp_path: Path, forgotten: str) -> None:
    for file in NEEDED.keys() - {forgotten}:
        path = tmp_path / file.format("todo")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [*module_problems(tmp_path, ["todo"])] == [f"{forgotten.format('todo')} is missing: {NEEDED[forgotten]}"]


def test_a_module_without_a_row_is_named(tmp_path: Path) -> None:
    home = tmp_path / "src" / "dingtalk_models" / "todo"
    home.mkdir(parents=True)
    (home / "module.py").touch()
    (problem,) = module_problems(tmp_path, [])
    assert problem.startswith("src/dingtalk_models/todo/module.py: `Modules` in modules.py has no row for it")


@pytest.mark.parametrize(("name", "class_name"), MODULES.items())
def test_a_module_is_on_the_app(name: str, class_name: str) -> None:
    app = DingTalkApp(appkey="key", appsecret="secret")
    module = getattr(app, name)
    assert type(module).__name__ == class_name
    assert isinstance(module, Module | Manager)
    assert module.app is app
    assert getattr(app, name) is module, "it is made once"


def test_an_unknown_module() -> None:
    app = DingTalkApp(appkey="key", appsecret="secret")
    with pytest.raises(AttributeError, match="'DingTalkApp' object has no attribute 'contacts'"):
        _ = app.contacts  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
