"""The endpoints beside those that the client has by hand, and the fields that documented samples have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from plain_client import Client

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.server.clock import in_beijing


def test_what_the_app_may_see(client: Client) -> None:
    reply = client.json("GET", "/auth/scopes", params={"access_token": client.token})
    assert reply["auth_org_scopes"] == {"authed_dept": [1], "authed_user": []}
    assert {"name", "mobile", "jobnumber"} <= {*reply["auth_user_field"]}


def test_a_person_by_union_id(client: Client, sandbox: Sandbox) -> None:
    headers = {"x-acs-dingtalk-access-token": client.token}
    youna = sandbox.company.users["youna"]
    found = client.send("GET", f"/v1.0/contact/users/{youna.unionid}", headers=headers).json()
    assert (found["nick"], found["unionId"], found["mobile"]) == ("尤娜", youna.unionid, youna.mobile)
    for nobody in ("me", "someone"):
        refused = client.send("GET", f"/v1.0/contact/users/{nobody}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "invalidParameter.user.notFound")


def approved_leave(client: Client, start: str, end: str) -> None:
    values = [
        {"name": "请假类型", "value": "年假"},
        {"name": '["开始时间","结束时间"]', "value": f'["{start}","{end}"]'},
        {"name": "请假事由", "value": "旅行"},
    ]
    decider = [{"actionType": "NONE", "userIds": ["zhoubin"]}]
    started = {"processCode": "PROC-LEAVE", "originatorUserId": "youna", "deptId": 120, "approvers": decider}
    reply = client.api("/v1.0/workflow/processInstances", **started, formComponentValues=values).json()
    headers = {"x-acs-dingtalk-access-token": client.token}
    query = {"processInstanceId": reply["instanceId"]}
    (task,) = client.json("GET", "/v1.0/workflow/processInstances", params=query, headers=headers)["result"]["tasks"]
    done = {**query, "taskId": task["taskId"], "actionerUserId": "zhoubin", "result": "agree"}
    assert client.api("/v1.0/workflow/processInstances/execute", **done).json()["success"] is True


def test_leaves_that_were_approved(client: Client, sandbox: Sandbox) -> None:
    today = in_beijing(sandbox.clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday() + 7)
    millis = round(monday.timestamp() * 1000)
    approved_leave(client, f"{monday:%Y-%m-%d} 09:00", f"{monday:%Y-%m-%d} 12:00")
    approved_leave(client, f"{monday:%Y-%m-%d} 13:00", f"{monday:%Y-%m-%d} 18:00")
    asked = {"userid_list": "youna,heli,nobody", "start_time": millis, "end_time": millis + 86_400_000, "offset": 0}
    first = client.result("/topapi/attendance/getleavestatus", **asked, size=1)
    assert first["has_more"] is True
    (leave,) = first["leave_status"]
    assert leave.pop("leave_code")
    assert leave == {
        "userid": "youna",
        "start_time": millis + 9 * 3_600_000,
        "end_time": millis + 12 * 3_600_000,
        "duration_unit": "percent_hour",
        "duration_percent": 300,
    }
    both = client.result("/topapi/attendance/getleavestatus", **asked, size=20)
    assert [each["duration_percent"] for each in both["leave_status"]] == [300, 500]
    asked |= {"start_time": millis - 86_400_000, "end_time": millis - 1}
    assert client.result("/topapi/attendance/getleavestatus", **asked, size=20)["leave_status"] == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"userid_list": ""}, 400002),
        ({"userid_list": ",".join(map(str, range(101)))}, 400002),
        ({"size": 21}, 40069),
        ({"offset": -1}, 40068),
        ({"end_time": 1}, 41100),
        ({"start_time": 0}, 41041),
        ({"end_time": "²"}, 41100),
        ({"end_time": 10**14 - 1}, 41100),
    ],
)
def test_leaves_are_asked_for_within_limits(client: Client, wrong: dict[str, Any], code: int) -> None:
    asked = {"userid_list": "youna", "start_time": 1_767_600_000_000, "end_time": 1_767_600_000_001}
    assert client.code("/topapi/attendance/getleavestatus", **{**asked, "offset": 0, "size": 20, **wrong}) == code


def test_a_leave_has_a_length_within_a_year(client: Client) -> None:
    path, who = "/topapi/attendance/getleaveapproveduration", {"userid": "youna"}
    assert client.code(path, **who, from_date="2026-01-05 09:00:00", to_date="2027-01-07 09:00:00") == 41041
    for far in ("0001-01-01 00:00:00", "9999-12-31 00:00:00"):
        assert client.code(path, **who, from_date=far, to_date=far) == 41100
