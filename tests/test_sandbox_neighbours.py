"""The endpoints beside those that the client has by hand, and the fields that documented samples have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from plain_client import Client

from dingtalk_models import sandbox as package
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.platform.documented import every
from dingtalk_models.sandbox.server.clock import in_beijing
from dingtalk_models.sandbox.server.endpoints import ENDPOINTS
from dingtalk_models.sandbox.server.json_values import is_array, is_object

HOME = Path(package.__file__).parent


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


NOT_SENT = {
    ("/user/", "爱好"): "an attribute of its own, which no company here has",
    ("/attendance/listRecord", "approveId"): "of punches that an approval made",
    ("/attendance/listRecord", "baseAccuracy baseAddress baseLatitude baseLongitude"): "there are no offices",
    ("/attendance/listRecord", "baseMacAddr baseSsid"): "the same",
    ("/attendance/listRecord", "deviceSN photoUrl userMacAddr userSsid"): "no devices, photos and networks",
    ("/topapi/v2/user/list", "exclusive_account_corp_name"): "of accounts of another company, whose name is not known",
    ("/v1.0/workflow/processInstances", "mainProcessInstanceId"): "of approvals that belong to another",
    ("/v1.0/workflow/processInstances", "extValue"): "of components that no form here has",
    ("/v1.0/workflow/processes/forecast", "labelNames"): "no step is chosen by role",
    ("/v1.0/storage/", "width height"): "no small pictures are made",
    ("/v1.0/storage/spaces", "category"): "files are not recognised",
    ("/v1.0/robot/groups/robots/query", "creatorUserId"): "of robots that somebody has made, which no group here has",
    ("/v2.0/storage/", "width height category"): "files are not recognised",
    ("/v1.0/storage/", "visibility"): "properties of a file are sent as they were given",
    ("/v2.0/storage/", "visibility"): "the same",
    ("/v1.0/storage/spaces", "canRecordRecentFile canRename canSearch"): "capabilities of a space, sent as given",
    ("/v1.0/storage/tasks/", "failMessage"): "no task fails",
}
"""Documented fields that the sandbox never sends, and why."""

ITEMS = "result.schemaContent.items.props."


def leaves(sample: Any, way: str = "") -> Iterator[str]:
    """The ways to the plain values of a documented sample."""
    if is_object(sample):
        for name, value in sample.items():
            yield from leaves(value, f"{way}.{name}" if way else name)
    elif is_array(sample):
        for value in sample:
            yield from leaves(value, way)
    else:
        yield way


@cache
def sources(folder: str) -> str:
    """What the endpoints of a module, and the state, are written in."""
    files = [*(HOME / folder).rglob("*.py"), *(HOME / "state").rglob("*.py"), HOME / "contact" / "user.py"]
    return "\n".join(file.read_text("utf-8") for file in files)


def named(name: str, text: str) -> bool:
    """Whether a source names a field, as it is or as it is before it gets camel case."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return re.search(rf"\b({re.escape(name)}|{snake})\b", text) is not None


def test_documented_fields_are_sent() -> None:
    """A field that no source names is never sent: each of them has a reason."""
    missing: set[tuple[str, str]] = set()
    for documented in every():
        endpoint = ENDPOINTS.get(documented.path, {}).get(documented.verb)
        if endpoint is None:
            continue
        folder = endpoint.handler.__module__.split(".")[2]
        ways = [way for way in leaves(documented.sample) if not way.startswith(ITEMS)]
        names = {way.rpartition(".")[2] for way in ways} - {"request_id", "requestId", "errcode", "errmsg", "key"}
        missing |= {(documented.path, name) for name in names if not named(name, sources(folder))}
    known = {(path, name) for path, names in NOT_SENT for name in names.split()}
    unexplained = {
        (path, name)
        for path, name in missing
        if not any(path.startswith(place) and name == each for place, each in known)
    }
    assert sorted(unexplained) == []
    unneeded = {(path, each) for path, each in known if not any(p.startswith(path) and n == each for p, n in missing)}
    assert sorted(unneeded) == []


def test_an_approval_has_the_documented_fields(client: Client, sandbox: Sandbox) -> None:
    approved_leave(client, "2026-01-05 09:00", "2026-01-05 12:00")
    (instance,) = sandbox.company.workflow.instances.values()
    headers = {"x-acs-dingtalk-access-token": client.token}

    def get(path: str, **query: str) -> Any:
        return client.json("GET", path, params=query, headers=headers)["result"]

    found = get("/v1.0/workflow/processInstances", processInstanceId=instance.instance_id)
    assert found["bizData"] == "{}"
    assert [(each["showName"], "activityId" in each) for each in found["operationRecords"]] == [
        ("发起人", False),
        ("审批人", True),
    ]
    schema = get("/v1.0/workflow/forms/schemas/processCodes", processCode="PROC-LEAVE")
    assert (schema["creatorUserId"], schema["icon"], schema["bizType"], schema["listOrder"]) == (
        "manager4220",
        "common",
        "",
        1,
    )
    listed = get("/v1.0/workflow/processes/userVisibilities/templates", maxResults="10", nextToken="0")
    assert {each["dirName"] for each in listed["processList"]} == {"其他"}
    values = [{"name": "报销事由", "value": "车"}]
    rows = '[[{"name": "项目", "value": "车"}, {"name": "金额", "value": "1"}]]'
    asked = {"processCode": "PROC-EXPENSE", "userId": "youna", "deptId": 120}
    given = [*values, {"name": "明细", "value": rows}]
    forecast = client.api("/v1.0/workflow/processes/forecast", **asked, formComponentValues=given).json()["result"]
    first, second = forecast["workflowActivityRules"]
    assert first["workflowActor"]["actorActivateType"] == "ALL"
    ids = [first["prevActivityId"], first["activityId"], second["activityId"]]
    assert [each["outId"] for each in forecast["workflowForecastNodes"]] == [
        f"line-random-{ids[0]}-{ids[1]}",
        f"line-random-{ids[1]}-{ids[2]}",
    ]
    assert isinstance(forecast["processId"], int)
