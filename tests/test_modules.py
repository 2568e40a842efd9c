"""The table of modules: every registered module exists, and every module is registered."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import dingtalk_models
from dingtalk_models import DingTalkApp, Module
from dingtalk_models.core.model import Manager
from dingtalk_models.modules import MODULES

HOME = Path(dingtalk_models.__file__).parent


def test_every_module_is_in_the_table() -> None:
    found = {path.parent.name for path in HOME.glob("*/module.py")}
    assert found - MODULES.keys() == set(), "add it to `Modules` in modules.py: the app and run() do not know it"


@pytest.mark.parametrize(("name", "class_name"), MODULES.items())
def test_a_module_is_on_the_app(name: str, class_name: str) -> None:
    app = DingTalkApp(appkey="key", appsecret="secret")
    module = getattr(app, name)
    assert type(module).__name__ == class_name
    assert isinstance(module, Module | Manager)
    assert module.app is app
    assert getattr(app, name) is module, "it is made once"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_its_folder_in_the_sandbox(name: str) -> None:
    home = f"dingtalk_models.sandbox.{name}"
    assert find_spec(home), f"sandbox/{name}/ is missing: the endpoints of app.{name} belong there"
    assert import_module(home).__path__, f"sandbox/{name} is a folder, with a file a resource"


def test_an_unknown_module() -> None:
    app = DingTalkApp(appkey="key", appsecret="secret")
    with pytest.raises(AttributeError, match="'DingTalkApp' object has no attribute 'contacts'"):
        _ = app.contacts  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
