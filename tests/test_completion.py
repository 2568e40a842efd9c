"""Completion in notebooks and simple editors: jedi, which reads the package without importing it.

It does not complete awaited results: it ignores the overloads of an `async def`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

jedi: Any = import_module("jedi")  # it has no types
ROOT = Path(__file__).parent.parent
PROJECT = jedi.Project(ROOT / "tests", sys_path=[str(ROOT / "src"), *sys.path], smart_sys_path=False)
BEGINNING = "from dingtalk_models import Department, DingTalkApp, User, operations\napp = DingTalkApp()\n"
USER = {"userid", "title", "dept_id_list", "update", "save", "departments", "using"}
USERS = {"get", "list", "create", "by_mobile", "using"}


def completed(code: str) -> set[str]:
    """What is offered at the end of some code."""
    script = jedi.Script(f"{BEGINNING}{code}", path=ROOT / "tests" / "opened.py", project=PROJECT)
    return {each.name for each in script.complete()}


@pytest.mark.parametrize(
    ("code", "offered"),
    [
        ("from dingtalk_models import ", {"User", "DingTalkApp", "NotFound", "operations", "BEIJING"}),
        ("from dingtalk_models.message import ", {"Text", "OA", "SampleText"}),
        ("from dingtalk_models.callback import ", {"Event", "read_event"}),
        ("User.", {"objects", "get", "create", "update"}),
        ("User.objects.", USERS),
        ("User.objects.using(app).", USERS),
        ("User.objects.get.", {"aio", "call"}),
        ("app.", {"contact", "message", "run", "use", "access_token"}),
        ("app.contact.", {"users", "departments", "get_user"}),
        ("app.contact.users.", USERS),
        ("app.use().smartwork.", {"approvals", "attendance_groups"}),
        ("with app as chosen:\n    chosen.file.", {"spaces", "media"}),
    ],
)
def test_names_are_offered(code: str, offered: set[str]) -> None:
    assert completed(code) >= offered


@pytest.mark.parametrize(
    "user",
    [
        "User(userid='u1')",
        "User.get('u1')",
        "User.objects.get('u1')",
        "User.objects.using(app).get('u1')",
        "app.contact.users.get('u1')",
        "app.contact.get_user('u1')",
        "User.get('u1').update(title='经理')",
        "next(iter(User.objects.list(1)))",
        "User.objects.list(1).all()[0]",
        "User.objects.all().first()",
        "Department.get(1).users().first()",
    ],
)
def test_the_fields_and_operations_of_an_object_are_offered(user: str) -> None:
    assert completed(f"user = {user}\nuser.") >= USER


def test_an_annotation_is_enough() -> None:
    assert completed("def promote(user: User) -> None:\n    user.") >= USER


def test_the_answer_is_not_taken_for_a_list() -> None:
    assert "pages" not in completed("User.get('u1').")
    assert "pages" in completed("User.objects.list(1).")
    assert completed("User.objects.get.call('u1').") >= {"request", "then"}
