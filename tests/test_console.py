"""The admin console of the sandbox, and what people do there: by the platform's rules, and with its events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from listening import receiving, until
from pydantic import ValidationError

from dingtalk_models import DingTalkApp
from dingtalk_models.message import Robot, WorkNotification
from dingtalk_models.sandbox import Refused, Sandbox


@pytest.fixture
def told(sandbox: Sandbox) -> Callable[[str], list[Any]]:
    """What the events of a type said; a client of Stream mode will connect."""
    sandbox.stream.wants_events = True
    return lambda event_type: [dict(event.fields) for event in sandbox.events.of(event_type)]


Told = Callable[[str], list[Any]]


def test_users(sandbox: Sandbox, told: Told) -> None:
    users = sandbox.console.users
    made = users.add(name="林薇", dept_id_list=[310], userid="linwei", mobile="13811112222", title="客户经理")
    assert sandbox.company.users["linwei"] is made
    users.change("linwei", title="大区经理", dept_id_list=[310, 320], active=False)
    assert (made.title, [*made.departments], made.active) == ("大区经理", [310, 320], False)
    users.change("linwei", active=True)
    users.remove("linwei")
    assert "linwei" not in sandbox.company.users
    kinds = ("user_add_org", "user_modify_org", "user_active_org", "user_leave_org")
    assert [[each["userId"] for each in told(kind)] for kind in kinds] == [
        [["linwei"]],
        [["linwei"], ["linwei"]],
        [["linwei"]],
        [["linwei"]],
    ]


def test_what_is_refused_changes_nothing(sandbox: Sandbox, told: Told) -> None:
    users, departments = sandbox.console.users, sandbox.console.departments
    with pytest.raises(Refused, match="60104"):
        users.add(name="林薇", dept_id_list=[310], mobile="13900000001")
    with pytest.raises(Refused, match="60121"):
        users.change("nobody", title="x")
    with pytest.raises(Refused, match="60005"):
        departments.remove(310)
    with pytest.raises(Refused, match="60010"):
        departments.change(100, parent_id=110)
    with pytest.raises(Refused, match="33011"):
        sandbox.console.roles.give(1, ["zhaolei"])
    with pytest.raises(Refused, match="60003"):
        sandbox.console.roles.give(911, ["yangfan"], [9999])
    wrong: Any = {"name": "", "dept_id_list": ["310"], "mobile": "1", "senior_mode": True}
    with pytest.raises(ValidationError) as caught:
        users.add(**wrong)
    assert {each["loc"][0] for each in caught.value.errors()} == set(wrong)
    assert len(sandbox.company.users) == 27
    assert "yangfan" not in sandbox.company.roles[911].members
    assert sandbox.events == ()
    assert told("user_add_org") == []


def test_departments(sandbox: Sandbox, told: Told) -> None:
    departments = sandbox.console.departments
    made = departments.add(name="创新部", parent_id=100, order=7)
    sandbox.console.users.change("yangfan", dept_id_list=[110, made.dept_id])
    departments.change(made.dept_id, name="创新中心", parent_id=1, dept_manager_userid_list=["yangfan"])
    assert (made.name, made.parent_id, made.dept_manager_userid_list) == ("创新中心", 1, ["yangfan"])
    departments.change(made.dept_id, dept_manager_userid_list=[])
    assert made.dept_manager_userid_list == []
    sandbox.console.users.change("yangfan", dept_id_list=[110])
    departments.remove(made.dept_id)
    kinds = ("org_dept_create", "org_dept_modify", "org_dept_remove")
    assert [len(told(kind)) for kind in kinds] == [1, 2, 1]


def test_roles(sandbox: Sandbox, told: Told) -> None:
    group = sandbox.console.role_groups.add(name="项目")
    role = sandbox.console.roles.add(name="项目经理", group_id=group.group_id)
    sandbox.console.roles.give(role.role_id, ["yangfan", "heli"], [100])
    assert role.members == {"yangfan": [100], "heli": [100]}
    sandbox.console.roles.give(role.role_id, ["yangfan"], [])
    sandbox.console.roles.take(role.role_id, ["heli"])
    assert role.members == {"yangfan": []}
    assert [each["action"] for each in told("label_user_change")] == ["add", "remove"]
    assert sandbox.console.roles.rename(role.role_id, name="负责").name == "负责"
    with pytest.raises(PermissionError):
        sandbox.console.role_groups.remove(group.group_id)
    sandbox.console.roles.take(role.role_id, ["yangfan"])
    sandbox.console.roles.remove(role.role_id)
    assert sandbox.console.role_groups.rename(group.group_id, name="空").name == "空"
    sandbox.console.role_groups.remove(group.group_id)
    assert group.group_id not in sandbox.company.role_groups


def test_administrators(sandbox: Sandbox, told: Told) -> None:
    admins = sandbox.console.admins
    assert admins.set("hanmei", 2, [500]).dept_ids == [500]
    admins.set("hanmei", 1)
    admins.remove("hanmei")
    with pytest.raises(LookupError):
        admins.remove("hanmei")
    assert [each["userId"] for kind in ("org_admin_add", "org_admin_remove") for each in told(kind)] == [["hanmei"]] * 2


def test_groups(sandbox: Sandbox, told: Told) -> None:
    groups = sandbox.console.groups
    made = groups.add(userids=["sunjing"], owner="zhaolei", name="项目群")
    assert made.members == ["zhaolei", "sunjing"]
    groups.change(made.open_conversation_id, name="新群", added=["heli"], removed=["sunjing"], owner="heli")
    assert (made.name, made.members, made.owner) == ("新群", ["zhaolei", "heli"], "heli")
    groups.dissolve(made.open_conversation_id)
    kinds = ("chat_update_title", "chat_add_member", "chat_remove_member", "chat_update_owner", "chat_disband")
    assert [len(told(kind)) for kind in kinds] == [1] * 5
    with pytest.raises(Refused):
        groups.change(made.open_conversation_id, name="x")


def test_a_form_and_its_approvals(sandbox: Sandbox, told: Told) -> None:
    forms = sandbox.console.forms
    form = forms.add(
        name="用印",
        components=[{"type": "TextField", "label": "事由", "required": True}],
        steps=[{"users": ["manager"]}, {"users": [], "key": "legal", "name": "法务"}],
    )
    with pytest.raises(Refused):
        sandbox.submit(form.process_code, {}, by="yangfan", chosen={"legal": ["hanmei"]})
    asked = sandbox.submit(form.process_code, {"事由": "合同"}, by="yangfan", chosen={"legal": ["hanmei"]})
    with pytest.raises(PermissionError, match="sunjing"):
        sandbox.approve(asked, by="hanmei")
    sandbox.approve(asked, by="sunjing", remark="好")
    sandbox.approve(asked.instance_id, by="hanmei")
    assert (asked.status, asked.result, asked.operations[1].remark) == ("COMPLETED", "agree", "好")
    other = sandbox.submit(form.process_code, {"事由": "协议"}, by="yangfan", chosen={"legal": ["hanmei"]})
    assert sandbox.refuse(other, by="sunjing").result == "refuse"
    assert [each["type"] for each in told("bpms_instance_change")] == ["start", "finish", "start", "finish"]
    with pytest.raises(LookupError):
        sandbox.approve("nothing", by="sunjing")
    with pytest.raises(LookupError):
        sandbox.submit("nothing", {}, by="sunjing")
    forms.change(form.process_code, name="用章", enabled=False, components=[], description="公章")
    assert (form.name, form.enabled, form.components, form.description) == ("用章", False, [], "公章")
    with pytest.raises(ValueError, match="key"):
        forms.change(form.process_code, steps=[{"users": []}])
    with pytest.raises(Refused):
        forms.change(form.process_code, name="请假")
    forms.change(form.process_code, enabled=True)
    ended = sandbox.submit(form.process_code, {}, by="yangfan", chosen={"legal": ["hanmei"]})
    forms.remove(form.process_code, running=True)
    assert (ended.status, told("bpms_instance_change")[-1]["type"]) == ("TERMINATED", "terminate")
    assert form.process_code not in sandbox.company.workflow.forms


def test_people_read_what_they_get(sandbox: Sandbox, app: DingTalkApp, told: Told) -> None:
    notification = WorkNotification.send("请看", userids=["zhaolei"])
    sandbox.read(notification.task_ids[0], by="zhaolei")
    assert sandbox.outbox.tasks[notification.task_ids[0]].read == {"zhaolei"}
    (key,) = Robot.send("在吗", ["zhaolei", "sunjing"]).process_query_keys
    for _ in range(2):
        sandbox.read(key, by="zhaolei")
    assert sandbox.outbox.robot_mail[key].read == ["zhaolei"]
    assert [(each["UserId"], each["ProcessQueryKey"]) for each in told("robot_msg_read")] == [("zhaolei", key)]
    for message, by in ((key, "hanmei"), ("nothing", "zhaolei"), (1, "zhaolei")):
        with pytest.raises(LookupError):
            sandbox.read(message, by=by)


def test_people_punch_the_clock(sandbox: Sandbox, told: Told) -> None:
    at = datetime(2026, 3, 2, 1, tzinfo=UTC)
    punch = sandbox.punch("yangfan", at, outside=True, remark="拜访客户")
    assert (punch.at, punch.outside) == (at, True)
    now = sandbox.punch("yangfan").at.timestamp()
    assert sandbox.clock.now() - now < 60
    assert [each["dataList"][0]["locationResult"] for each in told("attendance_check_record")] == ["Outside", "Normal"]
    with pytest.raises(LookupError):
        sandbox.punch("nobody")


def test_an_event_is_delivered_again_in_stream_mode(sandbox: Sandbox, app: DingTalkApp) -> None:
    seen: list[str | None] = []
    app.callback.on("user_add_org")(lambda event: seen.append(event.event_id))
    with receiving(app):
        sandbox.stream.wait_for_clients()
        sandbox.push("user_add_org", userId=["zhaolei"])
        (event,) = sandbox.events
        assert event.message is not None
        sandbox.deliver_again(event)
        until(lambda: event.message and len(event.message.answers) == 2)
    assert len(event.message.sent_to) == 2
    assert seen == [event.id]  # an app handles an event once


def test_settings_that_change_while_it_runs(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.qps = 1
    assert sandbox.qps == 1
    sandbox.scopes = ["qyapi_get_member"]
    assert sandbox.scopes == frozenset({"qyapi_get_member"})
    sandbox.scopes = None
    assert sandbox.scopes is None
    fault = sandbox.fail("*", times=2, status=503)
    assert sandbox.faults == [fault]
    fault.cancel()
    assert sandbox.faults == []
    own = sandbox.answer("todo_1_0.CreateTodoTask", {"id": "t1"})
    assert sandbox.answers == [own]
    own.cancel()
    assert sandbox.answers == []
