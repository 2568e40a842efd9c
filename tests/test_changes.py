"""The changed fields of a resource, which `save()` sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dingtalk_models import BEIJING, DingTalkApp, User
from dingtalk_models.contact.user_fields import DeptOrder
from dingtalk_models.sandbox import Sandbox

UPDATE = "/topapi/v2/user/update"
HIRED = datetime(2021, 3, 4, tzinfo=BEIJING)
ORDERS = [{"dept_id": 130, "order": 7}]


@pytest.fixture
def user(app: DingTalkApp) -> User:
    """Someone with a value of every kind."""
    users = app.contact.users
    users.update("heli", title="测试", hired_date=HIRED, extension={"爱好": "旅游"}, dept_order_list=ORDERS)
    return users.get("heli")


FIELDS: list[tuple[str, Any, Any]] = [
    ("title", "测试", "测试主管"),
    ("hide_mobile", False, True),
    ("remark", None, "新"),
    ("hired_date", HIRED, datetime(2021, 3, 5, tzinfo=BEIJING)),
    ("hired_date", HIRED.astimezone(UTC), HIRED.replace(hour=1)),
    ("dept_id_list", [130], [130, 110]),
    ("extension", {"爱好": "旅游"}, {"爱好": "登山"}),
    ("dept_order_list", [DeptOrder(dept_id=130, order=7)], [DeptOrder(dept_id=130, order=8)]),
    ("dept_order_list", ORDERS, []),
]
"""A field, the value that it has, and another."""


@pytest.mark.parametrize(("field", "same", "other"), FIELDS)
def test_the_value_that_it_has_is_no_change(sandbox: Sandbox, user: User, field: str, same: Any, other: Any) -> None:
    sandbox.calls.clear()
    setattr(user, field, same)
    assert (user.changes(), user.assigned) == ({}, frozenset())
    setattr(user, field, other)
    assert user.assigned == {field}
    assert user.changes() == {field: getattr(user, field)}
    setattr(user, field, same)
    assert user.changes() == {}
    assert user.save() is user
    assert sandbox.calls == []
    user.job_number = "9"
    user.save()
    (call,) = sandbox.received(UPDATE)
    assert call.body == {"userid": "heli", "job_number": "9"}


def test_every_field_assigned_to_itself_is_no_change(user: User) -> None:
    for field in sorted({field for field, _, _ in FIELDS}):
        setattr(user, field, getattr(user, field))
    assert user.changes() == {}


def appended(user: User) -> None:
    user.dept_id_list += [110]


def sorted_anew(user: User) -> None:
    user.dept_id_list.append(110)
    user.dept_id_list = sorted(user.dept_id_list)


def put_in(user: User) -> None:
    assert user.extension is not None
    user.extension["血型"] = "A"
    user.extension = user.extension


def changed_inside(user: User) -> None:
    user.dept_order_list[0].order = 8
    user.dept_order_list = list(user.dept_order_list)


@pytest.mark.parametrize("change", [appended, sorted_anew, put_in, changed_inside])
def test_what_was_changed_in_place_and_assigned_is_a_change(user: User, change: Callable[[User], None]) -> None:
    change(user)
    assert len(user.changes()) == 1


@pytest.mark.parametrize("change", [appended, put_in])
def test_the_same_list_in_an_object_made_by_hand_counts_as_changed(user: User, change: Callable[[User], None]) -> None:
    """It does not know what the platform has: rather once too often than not at all."""
    twin = user.model_copy(deep=True)
    change(twin)
    assert len(twin.changes()) == 1


def test_what_was_held_counts_from_then_on(user: User) -> None:
    user.update(title="测试主管", dept_order_list=[{"dept_id": 130, "order": 8}])
    user.title = "测试主管"
    user.dept_order_list = user.dept_order_list
    assert user.changes() == {}
    user.title, user.dept_order_list = "测试", [DeptOrder(dept_id=130, order=7)]
    assert user.assigned == {"title", "dept_order_list"}
    user.refresh()
    user.title, user.dept_order_list = "测试主管", [DeptOrder(dept_id=130, order=8)]
    assert user.changes() == {}


def test_nothing_is_told_of_a_list_that_a_reply_does_not_bring(app: DingTalkApp, user: User) -> None:
    listed = next(each for each in app.contact.users.list(130) if each.userid == user.userid)
    assert "dept_order_list" not in listed.model_fields_set
    listed.dept_order_list = []
    assert listed.changes() == {"dept_order_list": []}
    listed.dept_id_list = [130]
    listed.manager_userid = None
    assert listed.assigned == {"dept_order_list"}


def test_each_of_a_list_knows_what_it_was_loaded_with(app: DingTalkApp, user: User) -> None:
    listed = app.contact.users.list(130).all()
    assert user.userid in {each.userid for each in listed}
    for each in listed:
        before = list(each.dept_id_list)
        each.dept_id_list = each.dept_id_list
        assert each.changes() == {}
        each.dept_id_list.append(110)
        each.dept_id_list = each.dept_id_list
        assert each.changes() == {"dept_id_list": [*before, 110]}
        each.dept_id_list = before
        assert each.changes() == {}
