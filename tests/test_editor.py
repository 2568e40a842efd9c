"""What an editor shows: pyright's language server, asked as an editor asks it."""

from __future__ import annotations

from collections.abc import Generator
from typing import get_args

import pytest

from benchmarks.editor import Editor
from benchmarks.editor import editor as opened
from dingtalk_models.resource.method_names import MethodName

LONGEST_COMPLETED = 50
"""Pyright offers no literal that is longer, whoever declares it."""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Generator[Editor]:
    with opened(tmp_path_factory.mktemp("project")) as running:
        running.show("completion", 'DingTalkApp().run("|')  # reads the package, which takes seconds, once
        yield running


@pytest.mark.parametrize("create", ["User.objects.create", "User.create", "DingTalkApp().contact.users.create"])
def test_hover_shows_parameters_and_docstring(editor: Editor, create: str) -> None:
    shown: str = editor.show("hover", f"{create[:-1]}|{create[-1]}(")["contents"]["value"]
    signature, _, documentation = shown.partition("\n\n")
    assert "(name: UserName, mobile: str | None, dept_id_list: CommaInts, **fields: **NewUserFields)" in signature
    assert documentation.startswith("Add a user (创建用户).")
    assert "`title`" in documentation
    assert "at most 80 characters" in documentation


@pytest.mark.parametrize("create", ["User.objects.create", "User.create", "DingTalkApp().contact.users.create"])
def test_signature_help_shows_parameters_and_docstring(editor: Editor, create: str) -> None:
    (shown,) = editor.show("signatureHelp", f"{create}(|")["signatures"]
    assert shown["label"].startswith(
        "(name: UserName, mobile: str | None, dept_id_list: CommaInts, *, hide_mobile: bool"
    )
    assert ", title: str = ..., " in shown["label"]
    assert shown["label"].endswith(" -> User")
    assert shown["documentation"]["value"].startswith("Add a user (创建用户).")


@pytest.mark.parametrize("use", ["aio", "call"])
def test_the_awaited_and_the_unsent_use_show_the_same(editor: Editor, use: str) -> None:
    (shown,) = editor.show("signatureHelp", f"Department.objects.get.{use}(|")["signatures"]
    assert shown["label"].startswith('(dept_id: int, *, language: Language = "zh_CN") -> ')
    assert shown["documentation"]["value"].startswith("Get a department (获取部门详情).")


def test_a_method_of_the_first_generation_shows_todays_parameters_first(editor: Editor) -> None:
    shown = editor.show("signatureHelp", "DingTalkApp().contact.get_user(|")
    today, then = (each["label"] for each in shown["signatures"])
    assert today == '(userid: str, *, language: Language = "zh_CN", login_id: str | None = None) -> User'
    assert then == "(user_id: str) -> User"
    assert shown.get("activeSignature", 0) == 0


def test_the_operations_of_an_object_show_their_fields(editor: Editor) -> None:
    (shown,) = editor.show("signatureHelp", 'User.get("u1").update(|')["signatures"]
    assert ", title: str = ..., " in shown["label"]
    assert shown["documentation"]["value"].startswith("Change fields of this user")


@pytest.mark.parametrize("run", ["run", "run.aio", "run.call"])
def test_completion_of_run_offers_every_name(editor: Editor, run: str) -> None:
    shown = editor.show("completion", f'DingTalkApp().{run}("|')
    offered = {item["label"].strip('"') for item in shown["items"]}
    assert offered >= {name for name in get_args(MethodName) if len(name) <= LONGEST_COMPLETED}


@pytest.mark.parametrize(
    ("code", "offers"),
    [
        ("DingTalkApp().platform.|", {"calendar_1_0", "todo_1_0", "attendance"}),
        ("DingTalkApp().platform.calendar_1_0.|", {"create_event", "delete_event"}),
        ("DingTalkApp().platform.workflow_1_0.|", {"start_process_instance"}),
    ],
)
def test_completion_of_the_platform_offers_products_and_methods(editor: Editor, code: str, offers: set[str]) -> None:
    offered = {item["label"] for item in editor.show("completion", code)["items"]}
    assert offered >= offers


def test_completion_of_an_object_offers_fields_and_operations(editor: Editor) -> None:
    offered = {item["label"] for item in editor.show("completion", 'User.get("u1").|')["items"]}
    assert offered >= {"name", "mobile", "dept_id_list", "update", "save", "departments"}


def test_hover_over_a_field_says_what_the_platform_calls_it(editor: Editor) -> None:
    code = 'DingTalkApp().platform.calendar_1_0.get_event("u", "primary", "e").summ|ary'
    assert "日程标题" in editor.show("hover", code)["contents"]["value"]


def test_hover_over_a_generated_method_says_what_its_parameters_are(editor: Editor) -> None:
    shown: str = editor.show("hover", "DingTalkApp().platform.calendar_1_0.create_eve|nt(")["contents"]["value"]
    assert "summary: 日程标题" in shown
