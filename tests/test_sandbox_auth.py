"""The sandbox's tokens, tickets and login codes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from plain_client import Client, wrapped

from dingtalk_models.sandbox import Sandbox


def test_an_app_has_one_token_that_is_renewed(client: Client, sandbox: Sandbox) -> None:
    first = client.fetch()
    assert first == {"errcode": 0, "errmsg": "ok", "access_token": client.token, "expires_in": 7200}
    sandbox.clock.advance(7000)
    keys = {"appKey": sandbox.appkey, "appSecret": sandbox.appsecret}
    assert client.api("/v1.0/oauth2/accessToken", **keys).json() == {
        "accessToken": client.token,
        "expireIn": 7200,
    }
    sandbox.clock.advance(7000)  # 14,000 s after it was issued, 7,000 after it was renewed
    assert client.code("/topapi/v2/department/get", dept_id=1) == 0
    sandbox.clock.advance(201)
    assert client.post("/topapi/v2/department/get", dept_id=1)["sub_code"] == "40014"
    grant = {
        "client_id": sandbox.appkey,
        "client_secret": sandbox.appsecret,
        "grant_type": "client_credentials",
    }
    reply = client.api(f"/v1.0/oauth2/{sandbox.corp_id}/token", **grant).json()
    assert reply["expires_in"] == 7200
    assert reply["access_token"] != client.token
    assert client.fetch()["access_token"] == reply["access_token"]


def test_a_token_by_corp_id_and_secret(client: Client, sandbox: Sandbox) -> None:
    pair = {"corpid": sandbox.corp_id, "corpsecret": sandbox.corp_secret}
    assert client.send("GET", "/gettoken", params=pair).json()["access_token"] == client.token


@pytest.mark.parametrize(
    ("query", "errcode", "errmsg"),
    [
        ({}, 40035, "缺少参数 corpid or appkey"),
        ({"appkey": "x"}, 41004, "缺少secret参数"),
        ({"appkey": "x", "appsecret": ""}, 41004, "缺少secret参数"),
        ({"corpid": "x"}, 41004, "缺少secret参数"),
        ({"appkey": "x", "appsecret": "y"}, 40096, "不合法的appKey或appSecret"),
        ({"corpid": "x", "corpsecret": "y"}, 40089, "不合法的corpId或corpSecret"),
    ],
)
def test_gettoken_refuses(client: Client, query: dict[str, str], errcode: int, errmsg: str) -> None:
    reply = client.send("GET", "/gettoken", params=query)
    assert (reply.status_code, reply.json()) == (200, {"errcode": errcode, "errmsg": errmsg})


def test_gettoken_reads_only_the_query(client: Client, sandbox: Sandbox) -> None:
    keys = {"appkey": sandbox.appkey, "appsecret": sandbox.appsecret}
    assert client.send("GET", "/gettoken", data=keys).json()["errcode"] == 40035
    assert client.send("POST", "/gettoken", params=keys).json() == {"errcode": 43001, "errmsg": "需要GET请求"}


def test_access_token_refuses(client: Client, sandbox: Sandbox) -> None:
    path = "/v1.0/oauth2/accessToken"
    reply = client.api(path, appKey=sandbox.appkey, appSecret="guess")
    assert reply.status_code == 400
    assert reply.json() == {
        "code": "invalidClientIdOrSecret",
        "requestid": reply.headers["x-acs-request-id"],
        "message": "无效的clientId或者clientSecret",
    }
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", reply.json()["requestid"])
    assert client.api(path, appKey=sandbox.appkey).json()["code"] == "invalidClientIdOrSecret"
    keys = {"appKey": sandbox.appkey, "appSecret": sandbox.appsecret}
    for body in ({"data": keys}, {}, {"data": "{", "headers": {"Content-Type": "application/json"}}):
        refused = client.send("POST", path, **body)
        assert (refused.status_code, refused.json()["code"]) == (400, "Missingbody")
        assert refused.json()["message"] == "body is mandatory for this action."


@pytest.mark.parametrize(
    ("corp_id", "changes", "status", "code"),
    [
        ("", {"client_secret": "guess"}, 400, "invalid.client"),
        ("", {"grant_type": "password"}, 400, "unsupported.grant.type"),
        ("dinginvented", {}, 500, "unknownError"),
    ],
)
def test_corp_token_refuses(client: Client, corp_id: str, changes: dict[str, str], status: int, code: str) -> None:
    sandbox = client.sandbox
    grant = {
        "client_id": sandbox.appkey,
        "client_secret": sandbox.appsecret,
        "grant_type": "client_credentials",
    }
    reply = client.api(f"/v1.0/oauth2/{corp_id or sandbox.corp_id}/token", **(grant | changes))
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_topapi_looks_for_the_token_in_the_query_or_a_form(client: Client) -> None:
    path = "/topapi/v2/department/get"

    def refusal(**options: Any) -> dict[str, Any]:
        reply = client.send("POST", path, **options)
        assert reply.status_code == 200
        body: dict[str, Any] = reply.json()
        assert re.fullmatch(r"[0-9a-z]{8,13}", body.pop("request_id"))
        return body

    fake = wrapped(40014, "不合法的access_token")
    blank = wrapped(40000, "access_token is blank")
    assert refusal(params={"access_token": "fake"}, json={"dept_id": 1}) == fake
    assert refusal(data={"access_token": "fake", "dept_id": 1}) == fake
    assert refusal(headers={"x-acs-dingtalk-access-token": client.token}, json={"dept_id": 1}) == blank
    assert refusal(json={"access_token": client.token, "dept_id": 1}) == blank
    assert refusal(data={"access_token": client.token, "dept_id": 1})["errcode"] == 0


def test_bare_paths_answer_plainly(client: Client) -> None:
    fake = client.send("POST", "/role/add_role_group", params={"access_token": "fake"}, json={"name": "组"})
    assert fake.json() == {"errcode": 40014, "errmsg": "不合法的access_token"}
    body = {"access_token": client.token, "name": "组"}
    for where in ({"json": body}, {"data": body}):
        reply = client.send("POST", "/role/add_role_group", **where)
        assert reply.json() == {"errcode": 40000, "errmsg": "access_token is blank"}


def test_the_newer_host_looks_for_the_token_in_its_header(client: Client) -> None:
    path, body = "/v1.0/contact/users/search", {"queryWord": "孙", "offset": 0, "size": 5}
    fake = client.send("POST", path, json=body, headers={"x-acs-dingtalk-access-token": "fake"})
    assert (fake.status_code, fake.json()["code"]) == (400, "InvalidAuthentication")
    assert fake.json()["message"] == "不合法的access_token"
    for where in ({"params": {"access_token": client.token}}, {"headers": {"Authorization": client.token}}):
        reply = client.send("POST", path, json=body, **where)
        assert (reply.status_code, reply.json()["code"]) == (400, "AuthenticationFailed.MissingParameter")
        assert reply.json()["message"] == "缺少参数：x-acs-dingtalk-access-token"


def test_a_revoked_token_is_replaced_by_another(client: Client, sandbox: Sandbox) -> None:
    sandbox.revoke_tokens()
    assert client.post("/topapi/v2/department/listsub")["sub_code"] == "40014"
    assert client.api("/v1.0/oauth2/jsapiTickets").json()["code"] == "InvalidAuthentication"
    old, client.token = client.token, client.fetch()["access_token"]
    assert client.token != old
    assert client.code("/topapi/v2/department/listsub") == 0


def test_a_ticket_is_renewed_but_never_older_than_a_day(client: Client, sandbox: Sandbox) -> None:
    def ticket() -> tuple[str, int]:
        client.fetch()
        new = client.api("/v1.0/oauth2/jsapiTickets").json()
        old = client.send("GET", "/get_jsapi_ticket", params={"access_token": client.token}).json()
        assert old == {
            "errcode": 0,
            "errmsg": "ok",
            "ticket": new["jsapiTicket"],
            "expires_in": new["expireIn"],
        }
        return new["jsapiTicket"], new["expireIn"]

    first, life = ticket()
    assert life == 7200
    for _ in range(14):
        sandbox.clock.advance(6000)
        client.token = client.fetch()["access_token"]
        again, life = ticket()
        assert again == first
    assert life == pytest.approx(24 * 3600 - 14 * 6000, abs=2)
    sandbox.clock.advance(2400)
    other, life = ticket()
    assert (other != first, life) == (True, 7200)


def test_a_login_code_is_valid_once_for_five_minutes(client: Client, sandbox: Sandbox) -> None:
    path = "/topapi/v2/user/getuserinfo"
    code = sandbox.login_code("liuyang")
    who = client.result(path, code=code)
    assert (who["userid"], who["name"], who["sys"], who["sys_level"]) == ("liuyang", "刘洋", True, 2)
    assert who["unionid"] == sandbox.company.users["liuyang"].unionid
    assert {"device_id", "associated_unionid"} <= who.keys()
    assert client.post(path, code=code)["errmsg"] == "不存在的临时授权码"
    assert client.code(path, code="invented") == 40078
    assert client.code(path) == 41007
    late = sandbox.login_code("liuyang")
    sandbox.clock.advance(301)
    assert client.code(path, code=late) == 40078
    client.token = client.fetch()["access_token"]
    assert client.result(path, code=sandbox.login_code("manager4220"))["sys_level"] == 100
    assert client.result(path, code=sandbox.login_code("youna"))["sys"] is False
