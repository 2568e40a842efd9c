"""Ids of users have one name, `userid` or `userids`. The names that they had, and the platform's, still work."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from helpers import problems, whole
from wires import wired

from dingtalk_models import AttendanceRecord, DingTalkApp, Group, InvalidArgument, Role
from dingtalk_models.call.operation import Bound
from dingtalk_models.callback import read_event
from dingtalk_models.core.wire import userid_name
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.webhook_robot import WebhookRobot

NAMES = {
    "userid": "user_id userId userid",
    "userids": "user_ids userIds userid_list useridlist user_id_list userIdList useridList at_userids at_user_ids",
    "op_userid": "op_user_id opUserId",
    "dept_manager_userids": "dept_manager_userid_list deptManagerUseridList",
    "add_userids": "add_useridlist",
}


@pytest.mark.parametrize("today", NAMES)
def test_each_name_of_the_platform_has_one_here(today: str) -> None:
    assert {userid_name(name) for name in NAMES[today].split()} == {today}


@pytest.mark.parametrize(
    "name",
    ["unionid", "union_id", "user_id_type", "user_name", "users", "open_id", "user_permits"],
)
def test_other_names_stay(name: str) -> None:
    assert userid_name(name) == name


Way = Callable[[DingTalkApp, Bound[Any, ...], dict[str, Any]], object]


async def awaited(use: Bound[Any, ...], given: dict[str, Any]) -> object:
    return await use.aio(**given)


WAYS: dict[str, Way] = {
    "called": lambda app, use, given: whole(use(**given)),
    "unsent": lambda app, use, given: app.send(use.call(**given)),
    "later": lambda app, use, given: app.send(use.later(**given)),
    "awaited": lambda app, use, given: asyncio.run(awaited(use, given)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("older", ["user_ids", "userIds", "userid_list"])
def test_an_older_name_works_and_warns_where_it_is_used(
    app: DingTalkApp, sandbox: Sandbox, way: Way, older: str
) -> None:
    assign: Any = app.contact.roles.assign
    message = f"^Role.assign: {older} is called userids now / {older} 现名 userids$"
    with pytest.warns(DeprecationWarning, match=message) as found:
        way(app, assign, {"role_ids": [914], older: ["heli", "lvbo"]})
    assert list(sandbox.company.roles[914].members) == ["heli", "lvbo"]
    assert sandbox.calls[-1].body == {"roleIds": "914", "userIds": "heli,lvbo"}
    assert [each.filename for each in found] == [__file__]


def test_fields_of_a_change_too(app: DingTalkApp, sandbox: Sandbox) -> None:
    group = Group.create("项目组", "jinshan", ["zhaolei"])
    update: Any = group.update
    with pytest.warns(DeprecationWarning, match="Group.update: add_useridlist is called add_userids now"):
        update(add_useridlist=["sunjing"])
    assert group.refresh().userids == ["jinshan", "zhaolei", "sunjing"]
    assert isinstance(sandbox.calls[-2].body, dict)
    assert sandbox.calls[-2].body["add_useridlist"] == ["sunjing"]


def test_by_name_the_platforms_names_are_right(app: DingTalkApp, sandbox: Sandbox) -> None:
    run: Any = app.run
    for number, name in enumerate(["userIds", "user_ids", "userids"]):
        run("dingtalk.oapi.role.addrolesforemps", role_ids=[914], **{name: ["heli"]})
        assert len(sandbox.received("/topapi/role/addrolesforemps")) == number + 1
    run("dingtalk.corp.role.addrolesforemps", rolelid_list=[914], userid_list=["lvbo"])
    asyncio.run(run.aio("dingtalk.oapi.role.removerolesforemps", roleIds="914", userIds="lvbo"))
    assert run.call("dingtalk.oapi.extcontact.get", user_id="u1").request.body == {"user_id": "u1"}
    assert list(sandbox.company.roles[914].members) == ["heli"]


def test_one_id_under_two_names_is_refused(app: DingTalkApp, sandbox: Sandbox) -> None:
    sent = len(sandbox.calls)
    assign: Any = Role.objects.assign
    assert problems(assign, [914], userids=["heli"], user_ids=["lvbo"]).keys() == {"user_ids"}
    assert problems(assign, [914], ["heli"], user_ids=["lvbo"]).keys() == {"user_ids"}
    with pytest.warns(DeprecationWarning, match="user_ids is called userids now"):
        assert problems(assign, [914], user_ids=["heli"], userid_list=["lvbo"]).keys() == {"userid_list"}
    assert problems(app.run, "dingtalk.oapi.role.addrolesforemps", roleIds="914", userIds="heli", userid_list="lvbo")
    with pytest.warns(DeprecationWarning, match="userids now"):
        assert problems(assign, [914], user_ids=[""]) == {"userids": "an id in it is empty"}
    assert len(sandbox.calls) == sent


def test_an_object_in_an_argument_may_have_the_platforms_names(app: DingTalkApp) -> None:
    create: Any = app.smartwork.approvals.create.call
    bodies = [
        create("P", "sunjing", [], approvers=[{"action_type": "AND", name: ["a", "b"]}]).request.body
        for name in ("userids", "userIds", "user_ids")
    ]
    assert bodies[0]["approvers"] == [{"actionType": "AND", "userIds": ["a", "b"]}]
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_robot_of_one_group_mentions_users(sandbox: Sandbox) -> None:
    robot = WebhookRobot("https://acme.example/robot/send?access_token=t")
    send: Any = robot.send
    with pytest.warns(DeprecationWarning, match="WebhookRobot.send: at_userids is called userids now"):
        send.call("早 @heli", at_userids=["heli"])


def test_a_field_of_a_row_can_be_read_by_its_older_name() -> None:
    app, _ = wired(lambda path, params: {"recordresult": [{"id": 7, "userId": "heli", "opUserId": "boss"}]})
    row: Any = app.smartwork.attendance_records.details(["heli"], date(2026, 1, 5)).first()
    assert (row.userid, row.opUserId) == ("heli", "boss")
    message = "^AttendanceRecord: user_id is called userid now / user_id 现名 userid$"
    with pytest.warns(DeprecationWarning, match=message) as found:
        assert row.user_id == "heli"
    assert [each.filename for each in found] == [__file__]
    with pytest.raises(InvalidArgument, match="did you mean 'userid'"):
        row.user_id = "lvbo"
    with pytest.raises(AttributeError):
        _ = row.userids
    assert row.model_dump(by_alias=True)["userId"] == "heli"


def test_what_is_undocumented_keeps_its_name() -> None:
    row: Any = AttendanceRecord.model_validate({"id": 7, "userId": "heli", "user_id": "other"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (row.userid, row.user_id) == ("heli", "other")


def test_an_event_too() -> None:
    event: Any = read_event({"EventType": "user_add_org", "UserId": ["heli"], "CorpId": "ding1"})
    with pytest.warns(DeprecationWarning, match="UserAddOrg: user_ids is called userids now"):
        assert event.user_ids == event.userids == ["heli"]
