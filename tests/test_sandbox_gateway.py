"""The sandbox's gateway: unknown APIs, verbs and bodies, limits, scopes, faults, and the record of calls."""

from __future__ import annotations

import http.client
import json
import logging
import re
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from plain_client import Client, client_of, wrapped

from dingtalk_models.sandbox import Sandbox


def test_what_is_not_implemented_is_refused_and_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    text = "不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist"
    reply = client.post("/topapi/v2/user/notexist")
    assert reply.pop("request_id")
    assert reply == {"errcode": 22, "sub_msg": text, "errmsg": f"Invalid method[submsg={text}]"}
    unknown = {"errcode": 404, "errmsg": "请求的URI地址不存在"}
    for verb, path in (("GET", "/microapp/none"), ("GET", "/v1.0/oauth2/accessToken"), ("POST", "/v1.0/x")):
        answer = client.send(verb, path)
        assert (answer.status_code, answer.json()) == (200, unknown)
    logged = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert "not implemented by the sandbox: POST /topapi/v2/user/notexist" in logged
    assert "not implemented by the sandbox: GET /microapp/none" in logged


def test_two_slashes_are_no_visit_to_the_page(client: Client, sandbox: Sandbox) -> None:
    answer = client.http.get(f"{sandbox.url}//gettoken", params={"appkey": "a"})
    assert answer.json()["errcode"] == 404
    assert sandbox.calls[-1].path == "//gettoken"


def test_verbs_and_bodies(client: Client) -> None:
    path = "/topapi/v2/department/get"

    def errcode(verb: str, **options: Any) -> int:
        return int(client.json(verb, path, params={"access_token": client.token}, **options)["errcode"])

    assert errcode("GET") == 43002
    assert errcode("POST", data="{", headers={"Content-Type": "application/json"}) == 47001
    assert errcode("POST", json=[1]) == 47001
    assert errcode("POST", data="x", headers={"Content-Type": "text/plain"}) == 43004
    assert errcode("POST") == 400002
    assert client.code(path, dept_id="研发") == 400002
    assert client.code(path, dept_id=None) == 400002
    assert client.result(path, dept_id="100")["name"] == "研发中心"
    assert client.form(path, dept_id=100)["result"]["name"] == "研发中心"


def test_throttling_by_api_for_a_second() -> None:
    with client_of(Sandbox(qps=3)) as client:
        codes = [client.post("/topapi/v2/department/listsub") for _ in range(4)]
        assert [each["errcode"] for each in codes] == [0, 0, 0, 88]
        assert codes[3]["sub_code"] == "90018"
        assert client.code("/topapi/v2/department/listsubid", dept_id=1) == 0
        for name in "甲乙丙":
            assert client.code("/role/add_role_group", name=name) == 0
        assert client.code("/role/add_role_group", name="丁") == 90018
        search = {"queryWord": "孙", "offset": 0, "size": 5}
        replies = [client.api("/v1.0/contact/users/search", **search) for _ in range(4)]
        assert [each.status_code for each in replies] == [200, 200, 200, 403]
        assert replies[3].json()["code"] == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
        client.sandbox.clock.advance(1)
        assert client.code("/topapi/v2/department/listsub") == 0
        assert "丁" not in [each.name for each in client.sandbox.company.role_groups.values()]


def test_scopes_that_are_not_granted() -> None:
    with client_of(Sandbox(scopes={"qyapi_get_department_list"})) as client:
        assert client.code("/topapi/v2/department/listsub") == 0
        reply = client.post("/topapi/v2/user/get", userid="sunjing")
        text = (
            "应用尚未开通所需的权限：[qyapi_get_member]，点击链接申请并开通即可："
            f"https://open-dev.dingtalk.com/appscope/apply?content={client.sandbox.appkey}%23qyapi_get_member"
            ", {requiredScopes=[qyapi_get_member]}"
        )
        assert reply.pop("request_id")
        assert reply == wrapped(60011, text)
        assert client.code("/role/add_role_group", name="组") == 60011
        search = client.api("/v1.0/contact/users/search", queryWord="孙", offset=0, size=5)
        assert search.status_code == 403
        assert search.json()["code"] == "Forbidden.AccessDenied.AccessTokenPermissionDenied"
        assert search.json()["accessdenieddetail"] == {"requiredScopes": ["qyapi_addresslist_search"]}


def test_calls_are_recorded(client: Client, sandbox: Sandbox) -> None:
    sandbox.calls.clear()
    sandbox.clock.advance(100)
    client.form("/topapi/v2/user/get", userid="youna")
    client.api("/v1.0/contact/users/search", queryWord="孙", offset=0, size=5)
    client.code("/topapi/v2/user/get", userid="nobody")
    first, second, third = sandbox.calls
    assert sandbox.received("/topapi/v2/user/get") == [first, third]
    assert (first.method, first.query, first.body) == (
        "POST",
        {"access_token": client.token},
        {"userid": "youna"},
    )
    assert (first.status, first.code, third.code) == (200, 0, 60121)
    assert first.at == pytest.approx(time.time() + 100, abs=5)
    assert second.headers["x-acs-dingtalk-access-token"] == client.token
    client.fetch()
    shown = repr(sandbox.calls)
    assert client.token not in shown
    assert sandbox.appsecret not in shown
    assert "/topapi/v2/user/get" in shown


def test_faults_that_answer(client: Client, sandbox: Sandbox) -> None:
    path = "/topapi/v2/department/create"
    new = {"name": "新部门", "parent_id": 1}

    sandbox.fail(path, errcode=-1)
    assert client.post(path, **new)["errmsg"] == "系统繁忙"
    sandbox.fail(path, sub_code="90018")
    reply = client.post(path, **new)
    assert (reply["errcode"], reply["sub_code"]) == (88, "90018")
    sandbox.fail(path, sub_code="isp.top-remote-connection-timeout", errcode=15, errmsg="Remote service error")
    assert client.post(path, **new)["sub_code"] == "isp.top-remote-connection-timeout"
    sandbox.fail(path, status=503, headers={"Retry-After": "2"})
    busy = client.send("POST", path, json=new)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2")
    assert busy.headers["Content-Type"].startswith("text/html")
    sandbox.fail(path, body=b'{"errcode": 0, "result": null}', content_type="application/json")
    assert client.post(path, **new) == {"errcode": 0, "result": None}
    sandbox.fail(path, code="system.busy", message="忙", status=429)
    other = client.send("POST", path, json=new)
    assert (other.status_code, other.json()["code"], other.json()["message"]) == (429, "system.busy", "忙")
    sandbox.fail("/role/add_role_group", errcode=90002)
    assert client.post("/role/add_role_group", name="组").keys() == {"errcode", "errmsg"}
    assert len(sandbox.company.children(1)) == 5
    assert client.code(path, **new) == 0


def test_a_fault_ends_after_its_requests(client: Client, sandbox: Sandbox) -> None:
    fault = sandbox.fail("*", times=3, errcode=400001)
    assert client.code("/topapi/v2/department/listsub") == 400001
    assert client.fetch()["errcode"] == 400001
    assert fault.remaining == 1
    fault.cancel()
    assert client.code("/topapi/v2/department/listsub") == 0
    sandbox.fail("/topapi/v2/department/listsub", headers={"X-Extra": "1"})
    reply = client.send("POST", "/topapi/v2/department/listsub", params={"access_token": client.token})
    assert (reply.headers["X-Extra"], reply.json()["errcode"]) == ("1", 0)


@pytest.mark.parametrize(("drop", "acts"), [("before", False), (True, False), ("after", True)])
def test_dropped_connections(client: Client, sandbox: Sandbox, drop: Any, acts: bool) -> None:
    sandbox.fail("/topapi/v2/department/create", drop=drop)
    with pytest.raises(requests.ConnectionError):
        client.post("/topapi/v2/department/create", name="新部门", parent_id=1)
    assert (sandbox.calls[-1].status, sandbox.calls[-1].code) == (None, None)
    assert ("新部门" in [each.name for each in sandbox.company.children(1)]) is acts


def test_a_truncated_body(client: Client, sandbox: Sandbox) -> None:
    sandbox.fail("/topapi/v2/department/create", truncate=9)
    host = urlsplit(sandbox.url).netloc
    connection = http.client.HTTPConnection(host, timeout=5)
    body = json.dumps({"name": "新部门", "parent_id": 1}).encode()
    connection.request("POST", f"/topapi/v2/department/create?access_token={client.token}", body)
    reply = connection.getresponse()
    assert int(reply.headers["Content-Length"]) > 9
    with pytest.raises(http.client.IncompleteRead) as cut:
        reply.read()
    assert cut.value.partial == b'{"errcode'
    connection.close()
    assert "新部门" in [each.name for each in sandbox.company.children(1)]


def test_a_delay_comes_after_the_endpoint_acts(client: Client, sandbox: Sandbox) -> None:
    sandbox.fail("/topapi/v2/department/create", delay=0.2)
    url = f"{sandbox.url}/topapi/v2/department/create?access_token={client.token}"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"name": "新部门", "parent_id": 1}, timeout=0.05)
    assert "新部门" in [each.name for each in sandbox.company.children(1)]
    started = time.monotonic()
    sandbox.fail("/topapi/v2/department/listsub", delay=0.1)
    assert client.code("/topapi/v2/department/listsub") == 0
    assert time.monotonic() - started >= 0.1
    sandbox.fail("/topapi/v2/department/listsub", delay=0.01, drop="after")
    with pytest.raises(requests.ConnectionError):
        client.post("/topapi/v2/department/listsub")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/topapi/v2/user/gett", "'/topapi/v2/user/get'"),
        ("/v1.0/todo/user/{unionId}/tasks", "'/v1.0/todo/users/{unionId}/tasks'"),
        ("gettoken", "'/gettoken'"),
    ],
)
def test_a_fault_of_a_path_that_is_none(sandbox: Sandbox, client: Client, path: str, meant: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"did you mean {meant}?")):
        sandbox.fail(path, errcode=-1)
    assert sandbox.faults == []
    reply = client.send("POST", "/_sandbox/faults", json={"path": path, "status": 503})
    assert (reply.status_code, meant in reply.json()["message"]) == (422, True)


def test_faults_where_nothing_is_documented_and_for_any_id(sandbox: Sandbox, client: Client) -> None:
    sandbox.fail("/my/own", known=False, status=503)
    assert [client.send("GET", "/my/own").status_code for _ in range(2)] == [503, 200]
    fault = sandbox.fail("/v1.0/todo/users/{unionId}/tasks", times=2, status=503)
    assert client.api("/v1.0/todo/users/u1/tasks", subject="写周报").status_code == 503
    assert client.api("/v1.0/todo/users/u1/tasks/t1").status_code == 200
    assert fault.remaining == 1
