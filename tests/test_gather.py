"""Calls that are gathered: what is wrong with one is an error in its place, and several kinds may be mixed."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import awaited

from dingtalk_models import Call, DingTalkApp, Flow, InvalidArgument, NotFound, User
from dingtalk_models.sandbox import Sandbox

ROWS = [
    {"name": "林可", "mobile": "13700000001", "dept_id_list": [310]},
    {"name": "x" * 81, "mobile": "13700000002", "dept_id_list": [310]},
    {"name": "高远", "mobile": "13700000003", "dept_id_list": [310], "titel": "法务"},
    {"name": "丁岚", "mobile": "13700000004", "dept_id_list": [310]},
]


@pytest.mark.parametrize("awaits", [False, True])
def test_a_bad_row_is_an_error_in_its_place(sandbox: Sandbox, app: DingTalkApp, awaits: bool) -> None:
    create: Any = app.contact.users.create
    calls = [create.later(**row) for row in ROWS]
    assert "flow of User.create" in repr(calls[0])
    assert sandbox.calls == []
    found = awaited(app, lambda: app.agather(calls)) if awaits else app.gather(calls)
    assert [type(each) for each in found] == [User, InvalidArgument, InvalidArgument, User]
    assert "81 characters" in str(found[1]) or "80 characters" in str(found[1])
    assert "did you mean 'title'?" in str(found[2])
    assert {user.name for user in sandbox.company.users.values()} >= {"林可", "丁岚"}


def test_calls_of_several_kinds_are_gathered(app: DingTalkApp) -> None:
    def calls() -> tuple[Call[User], Flow[list[User]], Flow[User]]:
        return User.get.call("sunjing"), User.objects.list.later(110), User.get.later("nobody")

    with app:
        user, users, nobody = app.gather(*calls(), workers=2)
        assert isinstance(user, User)
        assert isinstance(users, list)
        assert user.userid in [each.userid for each in users]
        assert isinstance(nobody, NotFound)
        listed = app.gather([*calls(), User.objects.list(110)])
        assert (listed[:2], type(listed[2]), listed[3]) == ([user, users], NotFound, users)
        assert app.gather([User.objects.list(110), User.objects.list(110)[:1]]) == [users, users[:1]]
    assert [type(each) for each in awaited(app, lambda: app.agather(*calls()))] == [User, list, NotFound]
