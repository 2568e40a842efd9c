"""When a person or a department leaves the company, nothing names them any more, and what is open goes on."""

from __future__ import annotations

from typing import Any

import pytest
from plain_client import Client

from dingtalk_models.sandbox import Sandbox

LEAVE = [
    {"name": "请假类型", "value": "年假"},
    {"name": '["开始时间","结束时间"]', "value": '["2026-01-05 09:00","2026-01-05 18:00"]'},
    {"name": "请假事由", "value": "旅行"},
]


def start(client: Client, originator: str = "yangfan", dept_id: int = 110, **more: Any) -> str:
    given = {"processCode": "PROC-LEAVE", "formComponentValues": LEAVE, "originatorUserId": originator}
    reply = client.api("/v1.0/workflow/processInstances", **given, deptId=dept_id, **more).json()
    return str(reply["instanceId"])


def read(client: Client, path: str, **query: str) -> Any:
    return client.send("GET", path, params=query, headers={"x-acs-dingtalk-access-token": client.token}).json()


def waiting(client: Client, instance_id: str) -> list[str]:
    found = read(client, "/v1.0/workflow/processInstances", processInstanceId=instance_id)["result"]
    return [task["userId"] for task in found["tasks"] if task["status"] == "RUNNING"]


def leave(client: Client, userid: str) -> None:
    assert client.code("/topapi/v2/user/delete", userid=userid) == 0


def test_a_role_names_no_department_that_was_deleted(client: Client) -> None:
    dept_id = client.result("/topapi/v2/department/create", name="新部门", parent_id=100)["dept_id"]
    for userid, managed in {"sunjing": f"{dept_id},200", "zhaolei": f"{dept_id}"}.items():
        assert client.code("/topapi/role/scope/update", userid=userid, role_id=911, dept_ids=managed) == 0
    assert client.code("/topapi/v2/department/delete", dept_id=dept_id) == 0
    members = {each["userid"]: each for each in client.result("/topapi/role/simplelist", role_id=911)["list"]}
    assert members["sunjing"]["manageScopes"] == [{"dept_id": 200, "name": "产品设计部"}]
    assert members["zhaolei"]["manageScopes"] == [{"dept_id": 100, "name": "研发中心"}]


def test_a_department_is_named_by_nobody_after_it(client: Client, sandbox: Sandbox) -> None:
    dept_id = client.result("/topapi/v2/department/create", name="新部门", parent_id=100)["dept_id"]
    seen = {"dept_permits": f"{dept_id},200", "outer_permit_depts": str(dept_id)}
    assert client.code("/topapi/v2/department/update", dept_id=300, **seen) == 0
    company = sandbox.company
    company.admins["qianwei"] = type(company.admins["zhaolei"])(2, [dept_id, 200])
    company.attendance.add_group("新组", "liuyang", dept_ids=[dept_id, 200])
    assert client.code("/topapi/v2/department/delete", dept_id=dept_id) == 0
    found = client.result("/topapi/v2/department/get", dept_id=300)
    assert (found["dept_permits"], found["outer_permit_depts"]) == ([200], [])
    assert client.post("/topapi/user/get_admin_scope", userid="qianwei")["dept_ids"] == [200]
    names = [group["dept_name_list"] for group in client.result("/topapi/attendance/getsimplegroups")["groups"]]
    assert names[-1] == ["产品设计部"]


def test_an_attendance_group_gets_another_owner(client: Client, sandbox: Sandbox) -> None:
    groups = {group.name: group for group in sandbox.company.attendance.groups.values()}
    leave(client, "liuyang")
    assert (groups["总部考勤"].owner_user_id, groups["总部考勤"].manager_list) == ("jinshan", ["jinshan"])
    leave(client, "sunjing")
    assert groups["运维轮班"].owner_user_id == "zhaolei"
    leave(client, "qinhao")
    assert groups["运维轮班"].userids == ["zhuling"]


def test_the_manager_decides_in_the_place_of_whom_left(client: Client) -> None:
    running = start(client)
    assert waiting(client, running) == ["sunjing"]
    leave(client, "sunjing")
    assert waiting(client, running) == ["zhaolei"]
    leave(client, "liuyang")  # of the next step, also of the form
    task = read(client, "/v1.0/workflow/processInstances", processInstanceId=running)["result"]["tasks"][-1]
    done = {"processInstanceId": running, "taskId": task["taskId"], "actionerUserId": "zhaolei", "result": "agree"}
    assert client.api("/v1.0/workflow/processInstances/execute", **done).json()["result"] is True
    assert waiting(client, running) == ["manager4220"]
    assert client.result("/topapi/v2/user/get", userid="yangfan").get("manager_userid") is None
    later = start(client)
    assert waiting(client, later) == ["yangfan"]  # without a manager, one's own
    asked = {"processCode": "PROC-LEAVE", "formComponentValues": LEAVE, "userId": "yangfan", "deptId": 110}
    rules = client.api("/v1.0/workflow/processes/forecast", **asked).json()["result"]["workflowActivityRules"]
    assert [actor["userId"] for rule in rules for actor in rule["activityActioners"]] == ["yangfan", "manager4220"]


def test_an_approval_goes_on_when_nobody_is_left_to_decide(client: Client, sandbox: Sandbox) -> None:
    sandbox.company.admins.clear()
    sandbox.company.users["liuyang"].manager_userid = None
    sandbox.company.users["sunjing"].manager_userid = None
    running = start(client)
    leave(client, "liuyang")
    leave(client, "sunjing")
    assert sandbox.company.workflow.instances[running].status == "COMPLETED"
    assert waiting(client, start(client, "yangfan")) == ["yangfan"]


def test_messages_name_no_receiver_who_left(client: Client, sandbox: Sandbox) -> None:
    sent = {"robotCode": sandbox.robot, "userIds": ["youna", "heli"], "msgKey": "sampleText"}
    mail = client.api("/v1.0/robot/oToMessages/batchSend", **sent, msgParam='{"content": "在吗"}').json()
    text = {"msgtype": "text", "text": {"content": "在吗"}}
    send = "/topapi/message/corpconversation/asyncsend_v2"
    task_id = client.post(send, agent_id=sandbox.agent_id, userid_list="youna,heli", msg=text)["task_id"]
    leave(client, "youna")
    key = mail["processQueryKey"]
    status = read(client, "/v1.0/robot/oToMessages/readStatus", robotCode=sandbox.robot, processQueryKey=key)
    assert [each["userId"] for each in status["messageReadInfoList"]] == ["heli"]
    asked = {"agent_id": sandbox.agent_id, "task_id": task_id}
    result = client.post("/topapi/message/corpconversation/getsendresult", **asked)["send_result"]
    assert result["unread_user_id_list"] == ["heli"]
    sandbox.company.add_user("尤娜", userid="youna")
    assert sandbox.company.outbox.received("youna") == []
    assert sandbox.conversation("youna").transcript == []
    assert len(sandbox.company.outbox.received("heli")) == 1


def test_groups_are_led_by_someone_who_is_there(client: Client, sandbox: Sandbox) -> None:
    group = sandbox.add_group(["heli", "lvbo", "youna"], owner="heli")
    group.sub_admins.append("youna")
    leave(client, "heli")
    assert (group.owner, group.members, group.sub_admins) == ("youna", ["lvbo", "youna"], [])
    leave(client, "youna")
    leave(client, "lvbo")
    assert (group.owner, group.members) == (None, [])


def test_contacts_are_followed_by_someone_who_is_there(client: Client, sandbox: Sandbox) -> None:
    clientele = sandbox.company.clientele
    contact = clientele.add("客户", "13712345678", [clientele.label_id("客户")], "caohui")
    contact.share_user_ids += ["caohui", "heli"]
    leave(client, "caohui")
    assert (contact.follower_user_id, contact.share_user_ids) == ("fengtao", ["heli"])


@pytest.mark.parametrize("kind", ["login", "older"])
def test_codes_and_tokens_of_whom_left_are_worth_nothing(client: Client, sandbox: Sandbox, kind: str) -> None:
    code = sandbox.authorise("youna") if kind == "login" else sandbox.login_code("youna")
    leave(client, "youna")
    if kind == "older":
        assert client.code("/topapi/v2/user/getuserinfo", code=code) == 40078
        return
    keys = {"clientId": sandbox.appkey, "clientSecret": sandbox.appsecret, "code": code}
    reply = client.send("POST", "/v1.0/oauth2/userAccessToken", json={**keys, "grantType": "authorization_code"})
    assert reply.status_code == 400
