"""Completion in notebooks and simple editors: jedi, which reads the package without importing it, or asks live objects.

It does not complete awaited results: it ignores the overloads of an `async def`. It knows no ParamSpec: what it shows
of a call without importing is the decorated function, with its `self`, and nothing of `.aio` and `.call`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dingtalk_models import DingTalkApp, User

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


SHOWN = [
    ("User.objects.get(", "get(self, userid: str, *, language: Language", "-> Call[User]"),
    ("User.get(", "get(self, userid: str, *, language: Language", "-> Call[User]"),
    ("app.contact.users.get(", "get(self, userid: str, *, language: Language", "-> Call[User]"),
    ("User.objects.list(", "list(self, dept_id: int=ROOT, **options: Unpack[UserListing])", "-> Query[User]"),
    ("User.get('u1').update(", "update(self, **fields: Unpack[UserChanges])", "-> Flow[User]"),
    ("app.platform.calendar_1_0.create_event(", "create_event(self, ", "-> Call["),
    ("app.platform.calendar_1_0.events.get(", "get_event(self, user_id: str, ", "-> Call[Event]"),
    ("app.platform.calendar_1_0.events.get('u', 'c', 'e').update(", "update(self, *, x_client_token", "-> Flow[Event]"),
]


@pytest.mark.parametrize(("code", "parameters", "result"), SHOWN)
def test_parameters_are_shown_without_importing(code: str, parameters: str, result: str) -> None:
    script = jedi.Script(f"{BEGINNING}{code}", path=ROOT / "tests" / "opened.py", project=PROJECT)
    shown = {each.to_string() for each in script.get_signatures()}
    assert len(shown) == 1
    (signature,) = shown
    assert signature.startswith(parameters)
    assert result in signature
    assert "P.args" not in signature


@pytest.mark.parametrize(
    ("code", "signature"),
    [
        ("User.objects.get(", "get(userid: str, *, language: "),
        ("User.get(", "get(userid: str, *, language: "),
        ("app.contact.users.get(", "get(userid: str, *, language: "),
        ("app.contact.get_user(", "get(userid: str, *, language: "),
        ("User.objects.update(", "update(userid: str, *, hide_mobile: bool=..., "),
        ("app.platform.calendar_1_0.create_event(", "create_event("),
        ("app.platform.calendar_1_0.events.get(", "get_event(user_id: str, calendar_id: str, "),
    ],
)
def test_parameters_are_shown_of_live_objects(code: str, signature: str) -> None:
    """As in a notebook, where a set of fields is shown field by field, and `self` is not."""
    with DingTalkApp(appkey="k", appsecret="s") as app:
        (shown,) = jedi.Interpreter(code, [{"User": User, "app": app}]).get_signatures()
    text: str = shown.to_string()
    assert text.startswith(signature)
    assert "self" not in text
