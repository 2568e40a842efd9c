"""The sandbox, driven by a client that knows nothing of it: plain `requests`."""

from __future__ import annotations

import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from dingtalk_models.sandbox import Credentials, Sandbox


class Client:
    """Calls a sandbox as any client of DingTalk would."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = requests.Session()
        self.token: str = self.fetch()["access_token"]

    def fetch(self) -> dict[str, Any]:
        keys = {"appkey": self.sandbox.appkey, "appsecret": self.sandbox.appsecret}
        return self.json("GET", "/gettoken", params=keys)

    def send(self, verb: str, path: str, **options: Any) -> requests.Response:
        return self.http.request(verb, self.sandbox.url + path, timeout=10, **options)

    def json(self, verb: str, path: str, **options: Any) -> dict[str, Any]:
        body: dict[str, Any] = self.send(verb, path, **options).json()
        return body

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self.json("POST", path, params={"access_token": self.token}, json=body)

    def form(self, path: str, **body: Any) -> dict[str, Any]:
        return self.json("POST", path, params={"access_token": self.token}, data=body)

    def api(self, path: str, **body: Any) -> requests.Response:
        return self.send("POST", path, headers={"x-acs-dingtalk-access-token": self.token}, json=body)

    def code(self, path: str, **body: Any) -> int:
        """The errcode; its text must come with it, and a request id on /topapi."""
        reply = self.post(path, **body)
        assert reply["errmsg"]
        assert ("request_id" in reply) == path.startswith("/topapi/")
        return int(reply["errcode"])

    def result(self, path: str, **body: Any) -> Any:
        reply = self.post(path, **body)
        assert reply["errcode"] == 0, reply
        return reply["result"]


def client_of(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox:
        client = Client(sandbox)
        with client.http:
            yield client


@pytest.fixture
def client() -> Iterator[Client]:
    yield from client_of(Sandbox())


@pytest.fixture
def empty() -> Iterator[Client]:
    yield from client_of(Sandbox(org="empty"))


@pytest.fixture
def sandbox(client: Client) -> Sandbox:
    return client.sandbox


# tokens


def wrapped(code: int, text: str) -> dict[str, object]:
    errmsg = f"ding talk error[subcode={code},submsg={text}]"
    return {"errcode": 88, "sub_code": str(code), "sub_msg": text, "errmsg": errmsg}


def test_one_token_an_app_renewed_while_it_lives(client: Client, sandbox: Sandbox) -> None:
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
        ({"appkey": "x", "appsecret": "y"}, 40096, "不合法的appKey或appSecret"),
        ({"corpid": "x", "corpsecret": "y"}, 40089, "不合法的corpId或corpSecret"),
    ],
)
def test_gettoken_refuses(client: Client, query: dict[str, str], errcode: int, errmsg: str) -> None:
    reply = client.send("GET", "/gettoken", params=query)
    assert (reply.status_code, reply.json()) == (200, {"errcode": errcode, "errmsg": errmsg})


def test_gettoken_reads_the_query_alone(client: Client, sandbox: Sandbox) -> None:
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


def test_the_new_host_looks_for_the_token_in_its_header(client: Client) -> None:
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


def test_a_login_code_is_good_once_for_five_minutes(client: Client, sandbox: Sandbox) -> None:
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


# the gateway


def test_what_is_not_implemented_is_refused_and_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    text = "不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist"
    reply = client.post("/topapi/v2/user/notexist")
    assert reply.pop("request_id")
    assert reply == {"errcode": 22, "sub_msg": text, "errmsg": f"Invalid method[submsg={text}]"}
    unknown = {"errcode": 404, "errmsg": "请求的URI地址不存在"}
    for verb, path in (("GET", "/microapp/list"), ("GET", "/v1.0/oauth2/accessToken"), ("POST", "/v1.0/x")):
        answer = client.send(verb, path)
        assert (answer.status_code, answer.json()) == (200, unknown)
    logged = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert "not implemented by the sandbox: POST /topapi/v2/user/notexist" in logged
    assert "not implemented by the sandbox: GET /microapp/list" in logged


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
    for client in client_of(Sandbox(qps=3)):
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
    for client in client_of(Sandbox(scopes={"qyapi_get_department_list"})):
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


# faults and records


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


def test_a_fault_lasts_as_long_as_it_was_told(client: Client, sandbox: Sandbox) -> None:
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


def test_a_delay_comes_after_the_act(client: Client, sandbox: Sandbox) -> None:
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


def test_start_and_stop_are_quick_and_leave_nothing() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
    with sandbox, ThreadPoolExecutor(1) as pool:
        sandbox.fail("*", delay=30)
        waiting = pool.submit(requests.get, sandbox.url + "/gettoken", timeout=20)
        while not sandbox.calls:
            time.sleep(0.001)
        started = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - started < 2
        assert waiting.exception(5) is None or isinstance(waiting.exception(), requests.ConnectionError)
    assert "dingtalk-sandbox" not in [each.name for each in threading.enumerate()]
    url = sandbox.start().start().url
    assert requests.get(url + "/gettoken", timeout=5).json()["errcode"] == 40035
    sandbox.stop()
    sandbox.stop()


def test_two_companies_side_by_side(client: Client) -> None:
    held = Credentials(corp_id="dingother", appkey="dingotherkey", appsecret="other")
    for other in client_of(Sandbox(credentials=held)):
        assert other.sandbox.corp_id == "dingother"
        assert other.token != client.token
        client.token = other.token
        assert client.post("/topapi/v2/department/listsub")["sub_code"] == "40014"


def test_many_clients_at_once(client: Client, sandbox: Sandbox) -> None:
    barrier = threading.Barrier(64)

    def create(number: int) -> list[int]:
        barrier.wait()
        with requests.Session() as session:
            bodies = [
                {"name": f"员工{number}", "mobile": f"1380000{number:04d}", "dept_id_list": "100"},
                {"name": "同一人", "mobile": "13700000000", "dept_id_list": "100"},
            ]
            url, query = sandbox.url + "/topapi/v2/user/create", {"access_token": client.token}
            return [session.post(url, params=query, json=body, timeout=10).json()["errcode"] for body in bodies]

    with ThreadPoolExecutor(64) as pool:
        codes = list(pool.map(create, range(64)))
    assert [own for own, _ in codes] == [0] * 64
    assert sorted(shared for _, shared in codes) == [0] + [60104] * 63
    assert len(sandbox.company.members(100)) == 67
    assert len(sandbox.calls) == 129


def test_a_client_that_hangs_up_disturbs_nobody(client: Client, sandbox: Sandbox) -> None:
    head = "POST /topapi/v2/department/create HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    seen = len(sandbox.calls)
    with socket.create_connection((urlsplit(sandbox.url).hostname, urlsplit(sandbox.url).port)) as halfway:
        halfway.sendall(head.encode())
    assert client.code("/topapi/v2/department/listsub") == 0
    assert len(sandbox.calls) == seen + 1


def test_connections_are_kept_alive(client: Client, sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=5)
    connection.connect()
    held = connection.sock
    for _ in range(20):
        connection.request("GET", "/gettoken")
        assert json.loads(connection.getresponse().read())["errcode"] == 40035
    assert connection.sock is held
    connection.close()


def test_from_the_shell() -> None:
    command = [sys.executable, "-m", "dingtalk_models.sandbox", "--port", "0", "--qps", "20", "--empty"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"},
    ) as process:
        assert process.stdout is not None
        told = ""
        while "curl" not in told:
            line = process.stdout.readline()
            assert line, process.communicate()
            told += line
        assert "本地钉钉已就绪" in told
        exports = dict(re.findall(r"export DINGTALK_(\w+)=(\S+)", told))
        url, keys = exports["OAPI_URL"], {"appkey": exports["APPKEY"], "appsecret": exports["APPSECRET"]}
        token = requests.get(url + "/gettoken", params=keys, timeout=5).json()["access_token"]
        query = {"access_token": token}
        departments = requests.post(url + "/topapi/v2/department/listsub", params=query, timeout=5)
        assert departments.json()["result"] == []
        requests.post(url + "/topapi/notyet", params=query, timeout=5)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate(timeout=5)
    assert process.returncode == 0
    assert "WARNING not implemented by the sandbox: POST /topapi/notyet" in logged
    assert "/gettoken -> 200" in logged
    assert token not in logged
    assert keys["appsecret"] not in logged


# departments


def test_the_seeded_tree(client: Client) -> None:
    top = client.result("/topapi/v2/department/listsub")
    assert [each["name"] for each in top] == ["研发中心", "产品设计部", "市场营销部", "人力资源部", "财务部"]
    assert top[0].keys() == {"dept_id", "name", "parent_id", "create_dept_group", "auto_add_user"}
    assert client.result("/topapi/v2/department/listsubid", dept_id=100) == {"dept_id_list": [110, 120, 130]}
    assert client.result("/topapi/v2/department/listparentbydept", dept_id=110) == {"parent_id_list": [110, 100, 1]}
    assert client.result("/topapi/v2/department/listparentbyuser", userid="sunjing") == {
        "parent_list": [{"parent_dept_id_list": chain} for chain in ([110, 100, 1], [100, 1], [130, 100, 1])]
    }
    assert client.code("/topapi/v2/department/listparentbyuser", userid="nobody") == 33012


def test_department_details(client: Client) -> None:
    root = client.result("/topapi/v2/department/get", dept_id=1)
    assert "parent_id" not in root
    assert root["member_count"] == 27
    assert root["owning_member_count"] == 1
    centre = client.result("/topapi/v2/department/get", dept_id=100)
    assert (centre["member_count"], centre["owning_member_count"]) == (11, 2)
    assert centre["dept_manager_userid_list"] == ["zhaolei"]
    assert centre["user_permits"] == []
    assert {"code", "source_identifier", "dept_group_chat_id"}.isdisjoint(centre)
    for path in ("get", "listsub", "listsubid", "listparentbydept", "delete"):
        assert client.code(f"/topapi/v2/department/{path}", dept_id=999) == 60003
        assert client.code(f"/topapi/v2/department/{path}", dept_id=-7) == 40009


def test_a_department_is_created_and_read_back(client: Client) -> None:
    fields = {"hide_dept": "true", "dept_permits": "100,200", "user_permits": "youna", "order": "5"}
    made = client.form(
        "/topapi/v2/department/create",
        name="战略部",
        parent_id=1,
        source_identifier="HR",
        create_dept_group="true",
        **fields,
    )
    read = client.result("/topapi/v2/department/get", dept_id=made["result"]["dept_id"])
    assert read["hide_dept"] is True
    assert (read["dept_permits"], read["user_permits"], read["order"]) == ([100, 200], ["youna"], 5)
    assert read["source_identifier"] == "HR"
    assert read["dept_group_chat_id"].startswith("chat")
    assert client.result("/topapi/v2/department/listsub")[0]["name"] == "战略部"


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"name": None}, 40035),
        ({"parent_id": "root"}, 40035),
        ({"parent_id": 999}, 60004),
        ({"name": ""}, 60001),
        ({"name": "部" * 65}, 60001),
        ({"name": "研发-一"}, 60009),
        ({"name": "研发，一"}, 60009),
        ({"name": "研发中心"}, 60021),
        ({"order": "first"}, 40011),
        ({"dept_permits": "999"}, 600109),
        ({"user_permits": "nobody"}, 600109),
        ({"outer_permit_depts": ",".join(["100"] * 51)}, 600109),
        ({"hide_dept": "perhaps"}, 40035),
    ],
)
def test_department_create_refuses(client: Client, changes: dict[str, Any], errcode: int) -> None:
    before = len(client.sandbox.company.departments)
    new = {"name": "新部门", "parent_id": 1}
    assert client.code("/topapi/v2/department/create", **(new | changes)) == errcode
    assert len(client.sandbox.company.departments) == before


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"dept_id": "x"}, 40009),
        ({"dept_id": 999}, 60003),
        ({"dept_id": 1}, 60018),
        ({"name": ""}, 60001),
        ({"name": "a,b"}, 60009),
        ({"name": "移动研发部"}, 60021),
        ({"parent_id": 999}, 60004),
        ({"parent_id": 110}, 60010),
        ({"dept_id": 100, "parent_id": 120}, 60010),
        ({"order": "x"}, 40011),
        ({"dept_permits": "999"}, 60109),
        ({"dept_permits": ",".join(["100"] * 30), "user_permits": ",".join(["youna"] * 30)}, 60109),
        ({"dept_manager_userid_list": "youna"}, 40031),
        ({"dept_manager_userid_list": "nobody"}, 40031),
        ({"org_dept_owner": "nobody"}, 40093),
        ({"code": "9" * 31}, 40035),
    ],
)
def test_department_update_refuses(client: Client, changes: dict[str, Any], errcode: int) -> None:
    before = repr(client.sandbox.company.departments)
    assert client.code("/topapi/v2/department/update", **({"dept_id": 110} | changes)) == errcode
    assert repr(client.sandbox.company.departments) == before


def test_a_department_is_updated(client: Client) -> None:
    path = "/topapi/v2/department/update"
    fields = {"code": "P1", "auto_add_user": True, "org_dept_owner": "sunjing", "hide_dept": True}
    changes = {"name": "基础平台部", "parent_id": 200, "dept_manager_userid_list": "yangfan,sunjing"}
    assert client.code(path, dept_id=110, **changes, **fields) == 0
    read = client.result("/topapi/v2/department/get", dept_id=110)
    assert (read["name"], read["parent_id"]) == ("基础平台部", 200)
    assert read["dept_manager_userid_list"] == ["yangfan", "sunjing"]
    assert {name: read[name] for name in fields} == fields

    assert client.code(path, dept_id=110, name="Platform", language="en_US") == 0
    assert client.result("/topapi/v2/department/get", dept_id=110)["name"] == "基础平台部"
    assert client.result("/topapi/v2/department/get", dept_id=110, language="en_US")["name"] == "Platform"

    assert client.code(path, dept_id=110, dept_manager_userid_list="") == 0
    assert client.sandbox.company.departments[110].dept_manager_userid_list == ["yangfan", "sunjing"]
    assert client.code(path, dept_id=110, force_update_fields="dept_manager_userid_list") == 0
    assert client.sandbox.company.departments[110].dept_manager_userid_list == []


def test_only_an_empty_department_is_deleted(client: Client) -> None:
    path = "/topapi/v2/department/delete"
    assert client.post(path, dept_id=1)["errmsg"] == "不允许删除根部门"
    assert client.code(path, dept_id=100) == 60006
    assert client.code(path, dept_id=110) == 60005
    new = client.result("/topapi/v2/department/create", name="临时部", parent_id=110)["dept_id"]
    assert client.code(path, dept_id=new) == 0
    assert client.code(path, dept_id=new) == 60003


def test_departments_are_searched_by_record(client: Client) -> None:
    path = "/v1.0/contact/departments/search"
    first = client.api(path, queryWord="研发", offset=0, size=2)
    assert (first.status_code, first.json()) == (200, {"hasMore": True, "totalCount": 3, "list": [100, 110]})
    assert client.api(path, queryWord="研发", offset=2, size=2).json()["list"] == [120]
    refused = client.api(path, queryWord="研发", offset=0)
    assert (refused.status_code, refused.json()["code"]) == (400, "parameter.error")


# people


NEW = {"name": "张三", "mobile": "13800000001", "dept_id_list": "110,200"}


def test_a_person_is_created_and_read_back(client: Client) -> None:
    fields = {
        "hide_mobile": True,
        "telephone": "010-86123456",
        "job_number": "4",
        "title": "技术总监",
        "email": "zhangsan@dingfeng.example",
        "work_place": "未来park",
        "remark": "备注",
        "hired_date": 1597573616828,
        "manager_userid": "zhaolei",
    }
    extra = {
        "extension": '{"爱好":"旅游"}',
        "senior_mode": "true",
        "dept_order_list": '[{"dept_id": 110, "order": 9}]',
        "dept_title_list": '[{"dept_id": 200, "title": "顾问"}]',
    }
    made = client.form("/topapi/v2/user/create", **NEW, **fields, **extra)["result"]
    assert made.keys() == {"userid", "unionId"}
    read = client.result("/topapi/v2/user/get", userid=made["userid"])
    assert {name: read[name] for name in fields} == fields
    assert read["unionid"] == made["unionId"]
    assert read["dept_id_list"] == [110, 200]
    assert read["dept_order_list"] == [{"dept_id": 110, "order": 9}, {"dept_id": 200, "order": 0}]
    assert json.loads(read["extension"]) == {"爱好": "旅游"}
    assert read["senior"] is True
    assert read["leader_in_dept"] == [{"dept_id": 110, "leader": False}, {"dept_id": 200, "leader": False}]
    assert client.sandbox.company.users[made["userid"]].departments[200].title == "顾问"
    assert client.code("/topapi/v2/user/create", userid="abroad", **(NEW | {"mobile": "+1-2025550143"})) == 0
    assert client.sandbox.company.users["abroad"].state_code == "1"


def test_fields_that_are_not_set_are_omitted(client: Client) -> None:
    made = client.result("/topapi/v2/user/create", **NEW, userid="zhangsan")
    read = client.result("/topapi/v2/user/get", userid=made["userid"])
    unset = {"avatar", "telephone", "title", "email", "remark", "extension", "hired_date", "role_list"}
    assert unset.isdisjoint(read)
    assert read["leader_in_dept"]
    assert client.result("/topapi/v2/user/get", userid="sunjing")["role_list"][1] == {
        "id": 911,
        "name": "技术专家",
        "group_name": "职务",
    }


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"name": None}, 40035),
        ({"name": "名" * 81}, 60112),
        ({"mobile": None}, 60113),
        ({"mobile": None, "email": "a@b.example"}, 40035),
        ({"mobile": "12"}, 60103),
        ({"mobile": "13900000001"}, 60104),
        ({"userid": "youna"}, 60102),
        ({"userid": "u" * 65}, 40003),
        ({"email": "youna@dingfeng.example"}, 60106),
        ({"telephone": "0571-1"}, 40100),
        ({"dept_id_list": None}, 40035),
        ({"dept_id_list": "研发"}, 40066),
        ({"dept_id_list": [110, 200]}, 40066),
        ({"dept_id_list": ",".join(map(str, range(1, 102)))}, 40066),
        ({"dept_id_list": "999"}, 60003),
        ({"title": "x" * 201}, 60119),
        ({"job_number": "x" * 51}, 60123),
        ({"extension": "[]"}, 60122),
        ({"extension": {"备注": "x" * 2000}}, 60122),
        ({"remark": "x" * 2001}, 40035),
        ({"org_email_type": "free"}, 40035),
        ({"manager_userid": "nobody"}, 33012),
        ({"exclusive_account": True, "exclusive_account_type": "dingtalk", "login_id": "x"}, 40035),
    ],
)
def test_user_create_refuses(client: Client, changes: dict[str, Any], errcode: int) -> None:
    client.sandbox.company.users["youna"].telephone = "0571-1"
    assert client.code("/topapi/v2/user/create", **(NEW | changes)) == errcode
    assert len(client.sandbox.company.users) == 27


def test_a_department_holds_a_thousand(client: Client) -> None:
    company = client.sandbox.company
    for number in range(998):
        company.add_user(f"员工{number}", [400])
    assert client.code("/topapi/v2/user/create", **(NEW | {"dept_id_list": "400"})) == 40023
    assert client.code("/topapi/v2/user/update", userid="youna", dept_id_list="400") == 40023
    assert client.code("/topapi/v2/user/update", userid="liuyang", dept_id_list="400,100") == 0


def test_company_accounts(client: Client) -> None:
    account = {
        "name": "外包一号",
        "dept_id_list": "500",
        "exclusive_account": True,
        "exclusive_mobile": "13600000001",
    }
    login = {"exclusive_account_type": "dingtalk", "login_id": "waibao1", "init_password": "pass1234"}
    made = client.result("/topapi/v2/user/create", **account, **login, nickname="外包")
    read = client.result("/topapi/v2/user/get", login_id="waibao1")
    assert read["userid"] == made["userid"]
    assert (read["exclusive_account"], read["exclusive_account_type"]) == (True, "dingtalk")
    assert (read["nickname"], "mobile" in read) == ("外包", False)
    assert client.code("/topapi/v2/user/create", **account, **login) == 60102
    sso = client.result("/topapi/v2/user/create", **account)["userid"]
    assert client.sandbox.company.users[sso].exclusive_account_type == "sso"
    assert client.code("/topapi/v2/user/delete", userid=sso) == 0
    weak = login | {"login_id": "other", "init_password": "12345678"}
    assert client.code("/topapi/v2/user/create", **account, **weak) == 40035
    invited = {"name": "客人", "dept_id_list": "500", "outer_exclusive_corpid": "dingother"}
    guest = client.result("/topapi/v2/user/create", **invited, outer_exclusive_userid="user01")["userid"]
    assert client.result("/topapi/v2/user/get", userid=guest)["exclusive_account_corp_id"] == "dingother"
    path = "/topapi/v2/user/getbymobile"
    assert client.code(path, mobile="13600000001") == 60121
    assert client.result(path, mobile="13600000001", support_exclusive_account_search=True) == {
        "exclusive_account_userid_list": [made["userid"]]
    }


def test_a_person_is_updated(client: Client) -> None:
    path, company = "/topapi/v2/user/update", client.sandbox.company
    assert client.code(path, userid="sunjing", title="首席架构师", dept_id_list="110,200") == 0
    user = company.users["sunjing"]
    assert (user.title, user.job_number, list(user.departments)) == ("首席架构师", "DF0003", [110, 200])
    orders = [{"dept_id": 110, "order": 7}, {"dept_id": 500, "order": 8}]
    assert client.code(path, userid="sunjing", dept_order_list=orders, senior_mode=True, title="") == 0
    assert (user.departments[110].order, user.senior, user.title) == (7, True, "")
    assert "title" not in client.result("/topapi/v2/user/get", userid="sunjing")

    assert client.code(path, userid="sunjing", name="Sun Jing", language="en_US") == 0
    assert client.result("/topapi/v2/user/get", userid="sunjing", language="en_US")["name"] == "Sun Jing"
    assert client.result("/topapi/v2/user/get", userid="sunjing")["name"] == "孙静"

    assert client.code(path, userid="sunjing", extension={"爱好": "旅游"}) == 0
    assert client.code(path, userid="sunjing", extension={"年龄": "24"}, ext_attrs_update_mode=1) == 0
    assert user.extension == {"爱好": "旅游", "年龄": "24"}
    assert client.code(path, userid="sunjing", extension='{"年龄":"25"}') == 0
    assert user.extension == {"年龄": "25"}

    assert client.code(path, userid="sunjing", manager_userid="") == 0
    assert client.result("/topapi/v2/user/get", userid="sunjing")["manager_userid"] == "zhaolei"
    assert client.code(path, userid="sunjing", force_update_fields="manager_userid") == 0
    assert "manager_userid" not in client.result("/topapi/v2/user/get", userid="sunjing")

    assert client.code(path, userid="sunjing", mobile="13900000003", email="sunjing@dingfeng.example") == 0
    assert client.post(path, userid="sunjing", mobile="13800000009")["errmsg"].startswith("暂时无法更换手机号")
    assert client.code(path, userid="sunjing", email="youna@dingfeng.example") == 60106
    assert client.code(path, userid="sunjing", manager_userid="nobody") == 33012
    assert client.code(path, userid="sunjing", manager_userid="qianwei") == 0
    assert client.code(path, userid="nobody", title="x") == 60121


def test_who_leaves_a_department_no_longer_leads_it(client: Client) -> None:
    assert client.code("/topapi/v2/user/update", userid="wufang", dept_id_list="200") == 0
    assert client.result("/topapi/v2/department/get", dept_id=130)["dept_manager_userid_list"] == []
    assert client.code("/topapi/v2/user/delete", userid="zhaolei") == 0
    assert client.result("/topapi/v2/department/get", dept_id=100)["dept_manager_userid_list"] == []
    assert "zhaolei" not in [each["userid"] for each in client.result("/topapi/user/listadmin")]
    assert "zhaolei" not in client.sandbox.company.roles[911].members
    assert client.post("/topapi/v2/user/get", userid="zhaolei")["errmsg"] == "找不到该用户"
    assert client.code("/topapi/v2/user/delete", userid="zhaolei") == 33012


def test_people_of_a_department_by_page(client: Client) -> None:
    path, page = "/topapi/v2/user/list", {"dept_id": 110, "size": 3}
    first = client.result(path, cursor=0, **page)
    assert (first["has_more"], first["next_cursor"], len(first["list"])) == (True, 3, 3)
    last = client.result(path, cursor=first["next_cursor"], **page)
    assert (last["has_more"], "next_cursor" in last) == (False, False)
    people = {each["userid"]: each for each in first["list"] + last["list"]}
    assert people.keys() == {"sunjing", "yangfan", "zhuling", "qinhao"}
    assert (people["sunjing"]["leader"], people["yangfan"]["leader"]) == (True, False)
    assert people["sunjing"]["dept_id_list"] == [110, 100, 130]
    assert {"role_list", "leader_in_dept", "manager_userid"}.isdisjoint(people["sunjing"])
    for other in (100, 130):
        assert "sunjing" in client.post("/topapi/user/listid", dept_id=other)["result"]["userid_list"]
    assert client.result(path, cursor=50, **page) == {"has_more": False, "list": []}
    simple = client.result("/topapi/user/listsimple", cursor=1, **page)
    assert simple == {
        "has_more": False,
        "list": [{"userid": each, "name": people[each]["name"]} for each in ("yangfan", "zhuling", "qinhao")],
    }


@pytest.mark.parametrize("path", ["/topapi/v2/user/list", "/topapi/user/listsimple"])
def test_paging_limits(client: Client, path: str) -> None:
    assert client.code(path, dept_id=110, cursor=0, size=100) == 0
    assert client.post(path, dept_id=110, cursor=0, size=101)["errmsg"] == "不合法的分页大小"
    assert client.code(path, dept_id=110, cursor=0, size=0) == 40069
    assert client.code(path, dept_id=110, cursor=-1, size=10) == 40068
    assert client.code(path, cursor=0, size=10) == 400002
    assert client.code(path, dept_id=110, cursor=0, size=10, order_field="random") == 400002
    assert client.code(path, dept_id=999, cursor=0, size=10) == (60019 if "v2" in path else 60003)


def test_orders_of_a_department(client: Client) -> None:
    def order(field: str) -> list[str]:
        page = {"dept_id": 110, "cursor": 0, "size": 100, "order_field": field}
        return [each["userid"] for each in client.result("/topapi/user/listsimple", **page)["list"]]

    entered = ["sunjing", "yangfan", "zhuling", "qinhao"]
    assert order("entry_asc") == entered
    assert order("entry_desc") == entered[::-1]
    client.post("/topapi/v2/user/update", userid="zhuling", title="组长")
    assert order("modify_desc")[0] == order("modify_asc")[-1] == "zhuling"
    for userid, number in (("qinhao", 20), ("yangfan", 10)):
        orders = [{"dept_id": 110, "order": number}]
        client.post("/topapi/v2/user/update", userid=userid, dept_order_list=orders)
    assert order("custom") == ["qinhao", "yangfan", "sunjing", "zhuling"]
    page = client.result("/topapi/v2/user/list", dept_id=110, cursor=0, size=1)
    assert page["list"][0]["dept_order"] == 20


def test_counts_and_inactive_people(client: Client) -> None:
    assert client.result("/topapi/user/count", only_active=False) == {"count": 27}
    assert client.form("/topapi/user/count", only_active="true")["result"] == {"count": 25}
    assert client.code("/topapi/user/count") == 400002
    assert client.code("/topapi/user/count", only_active="perhaps") == 40035
    path, asked = "/topapi/inactive/user/v2/get", {"is_active": False, "query_date": "20260801"}
    assert client.result(path, offset=0, size=1, **asked) == {
        "has_more": True,
        "next_cursor": 1,
        "list": ["huaxia"],
    }
    assert client.result(path, offset=1, size=1, **asked) == {"has_more": False, "list": ["taoran"]}
    assert client.result(path, offset=0, size=9, dept_ids="500,110", **asked)["list"] == ["taoran"]
    assert client.code(path, offset=0, size=101, **asked) == 40069
    assert client.code(path, offset=-1, size=10, **asked) == 40068
    assert client.code(path, offset=0, size=10, is_active=False, query_date="2026-08-01") == 400002


def test_look_ups(client: Client) -> None:
    company = client.sandbox.company
    assert client.result("/topapi/v2/user/getbymobile", mobile="13900000003") == {"userid": "sunjing"}
    assert client.code("/topapi/v2/user/getbymobile", mobile="13811112222") == 60121
    assert client.code("/topapi/v2/user/getbymobile", mobile="Sun Jing") == 40104
    assert client.code("/topapi/v2/user/getbymobile") == 400002
    unionid = company.users["sunjing"].unionid
    found = client.result("/topapi/user/getbyunionid", unionid=unionid)
    assert found == {"contact_type": 0, "userid": "sunjing"}
    assert client.code("/topapi/user/getbyunionid", unionid="nobody") == 60121
    assert client.result("/topapi/user/listadmin") == [
        {"userid": "manager4220", "sys_level": 1},
        {"userid": "liuyang", "sys_level": 2},
        {"userid": "zhaolei", "sys_level": 2},
    ]
    assert client.post("/topapi/user/get_admin_scope", userid="zhaolei")["dept_ids"] == [100]
    assert client.post("/topapi/user/get_admin_scope", userid="youna")["dept_ids"] == []
    assert client.code("/topapi/user/get_admin_scope", userid="nobody") == 60121
    assert client.code("/topapi/user/get_admin_scope") == 40036
    assert client.code("/topapi/v2/user/get") == 400002


def test_people_are_searched_by_page_number(client: Client) -> None:
    path = "/v1.0/contact/users/search"
    company = client.sandbox.company
    for number in range(5):
        company.add_user(f"孙静{number}", userid=f"sun{number}")
    first = client.api(path, queryWord="孙静", offset=0, size=4).json()
    assert first == {"hasMore": True, "totalCount": 6, "list": ["sunjing", "sun0", "sun1", "sun2"]}
    assert client.api(path, queryWord="孙静", offset=1, size=4).json()["list"] == ["sun3", "sun4"]
    exact = client.api(path, queryWord="孙静", offset=0, size=4, fullMatchField=1).json()
    assert exact == {"hasMore": False, "totalCount": 1, "list": ["sunjing"]}
    assert client.api(path, queryWord="孙静", offset=0, size=0).json()["code"] == "parameter.error"


# roles


def test_role_groups_and_roles(client: Client) -> None:
    listed = client.result("/topapi/role/list")
    assert listed["hasMore"] is False
    default, custom = listed["list"]
    assert (default["name"], [each["name"] for each in default["roles"]]) == (
        "默认",
        ["负责人", "主管", "主管理员", "子管理员"],
    )
    assert client.post("/topapi/role/getrolegroup", group_id=custom["groupId"])["role_group"] == {
        "group_name": "职务",
        "roles": [{"role_id": each["id"], "role_name": each["name"]} for each in custom["roles"]],
    }
    assert client.code("/topapi/role/getrolegroup", group_id=1) == 400002
    assert client.result("/topapi/role/list", size=1)["hasMore"] is True
    assert [each["name"] for each in client.result("/topapi/role/list", size=1, offset=1)["list"]] == ["职务"]
    assert client.code("/topapi/role/list", size=200) == 0
    assert client.code("/topapi/role/list", size=201) == 40069
    assert client.code("/topapi/role/list", offset=-1) == 40068


def test_a_role_lives(client: Client) -> None:
    group = client.post("/role/add_role_group", name="项目")["groupId"]
    made = client.post("/role/add_role", roleName="架构委员", groupId=group)
    assert made.keys() == {"errcode", "errmsg", "roleId"}
    role = made["roleId"]
    assert client.post("/topapi/role/getrole", roleId=role)["role"] == {"name": "架构委员", "groupId": group}
    assert client.code("/role/update_role", roleId=role, roleName="技术委员") == 0
    assert client.post("/topapi/role/getrole", roleId=str(role))["role"]["name"] == "技术委员"
    give = {"roleIds": f"{role},914", "userIds": "sunjing,zhoubin"}
    assert client.form("/topapi/role/addrolesforemps", **give)["errcode"] == 0
    assert client.code("/topapi/role/deleterole", role_id=role) == 23004
    scope = {"userid": "sunjing", "role_id": role}
    assert client.code("/topapi/role/scope/update", dept_ids="110,130", **scope) == 0
    page = client.result("/topapi/role/simplelist", role_id=role, size=1)
    assert (page["hasMore"], page["nextCursor"]) == (True, 1)
    assert page["list"] == [
        {
            "userid": "sunjing",
            "name": "孙静",
            "manageScopes": [{"dept_id": 110, "name": "平台研发部"}, {"dept_id": 130, "name": "质量保障部"}],
        }
    ]
    assert client.result("/topapi/role/simplelist", role_id=role, offset=1) == {
        "hasMore": False,
        "list": [{"userid": "zhoubin", "name": "周斌"}],
    }
    assert client.code("/topapi/role/scope/update", **scope) == 0
    assert "manageScopes" not in client.result("/topapi/role/simplelist", role_id=role)["list"][0]
    assert client.code("/topapi/role/removerolesforemps", **give) == 0
    assert client.code("/topapi/role/deleterole", role_id=role) == 0
    assert client.code("/topapi/role/getrole", roleId=role) == 33011


MANY = ",".join(["youna"] * 21)


@pytest.mark.parametrize(
    ("path", "body", "errcode"),
    [
        ("/role/add_role", {"groupId": 910}, 34018),
        ("/role/add_role", {"roleName": "新", "groupId": 1}, 34020),
        ("/role/add_role", {"roleName": "新"}, 34020),
        ("/role/add_role", {"roleName": "面试官", "groupId": 910}, 34021),
        ("/role/update_role", {"roleId": 911}, 660000),
        ("/role/update_role", {"roleId": 1, "roleName": "新"}, 33011),
        ("/role/update_role", {"roleId": 901, "roleName": "新"}, 23004),
        ("/role/update_role", {"roleId": 911, "roleName": "面试官"}, 34021),
        ("/topapi/role/deleterole", {"role_id": 901}, 23004),
        ("/topapi/role/deleterole", {"role_id": 1}, 33011),
        ("/topapi/role/simplelist", {"role_id": 1}, 33011),
        ("/topapi/role/simplelist", {"role_id": 911, "size": 101}, 40069),
        ("/topapi/role/simplelist", {"role_id": 911, "offset": "x"}, 40068),
        ("/topapi/role/addrolesforemps", {"roleIds": "901", "userIds": "youna"}, 23004),
        ("/topapi/role/addrolesforemps", {"roleIds": "1", "userIds": "youna"}, 33011),
        ("/topapi/role/addrolesforemps", {"roleIds": ",".join(["911"] * 21), "userIds": "youna"}, 33011),
        ("/topapi/role/addrolesforemps", {"roleIds": "911", "userIds": "nobody"}, 33012),
        ("/topapi/role/addrolesforemps", {"roleIds": "911", "userIds": MANY}, 33012),
        ("/topapi/role/removerolesforemps", {"roleIds": "911", "userIds": MANY}, 0),
        ("/topapi/role/removerolesforemps", {"roleIds": "911", "userIds": ",".join(["youna"] * 101)}, 33012),
        ("/topapi/role/scope/update", {"userid": "sunjing"}, 34018),
        ("/topapi/role/scope/update", {"userid": "", "role_id": 911}, 40003),
        ("/topapi/role/scope/update", {"userid": "nobody", "role_id": 911}, 46004),
        ("/topapi/role/scope/update", {"userid": "sunjing", "role_id": 1}, 60301),
        ("/topapi/role/scope/update", {"userid": "sunjing", "role_id": 911, "dept_ids": "999"}, 60003),
        ("/topapi/role/scope/update", {"userid": "youna", "role_id": 911}, 400002),
        ("/topapi/role/scope/update", {"userid": "sunjing", "role_id": 911, "dept_ids": "1," * 51}, 400002),
    ],
)
def test_roles_refuse(client: Client, path: str, body: dict[str, Any], errcode: int) -> None:
    assert client.code(path, **body) == errcode


# the company


def test_an_empty_company(empty: Client) -> None:
    company = empty.sandbox.company
    assert (list(company.departments), company.users) == ([1], {})
    assert [each.name for each in company.role_groups.values()] == ["默认"]
    made = empty.result("/topapi/v2/user/create", **(NEW | {"dept_id_list": "1"}))
    assert company.users[made["userid"]].name == "张三"


def test_thousands_are_prepared_quickly(empty: Client) -> None:
    started = time.monotonic()
    company = empty.sandbox.company
    branches = [company.add_department(f"分部{number}") for number in range(50)]
    for number in range(5000):
        company.add_user(f"员工{number}", [branches[number % 50].dept_id], mobile=f"150{number:08d}")
    assert time.monotonic() - started < 2
    assert empty.result("/topapi/v2/department/get", dept_id=1)["member_count"] == 5000


def test_the_seed_is_the_same_every_time() -> None:
    one, other = Sandbox().company, Sandbox().company
    assert (one.users, one.departments, one.roles) == (other.users, other.departments, other.roles)
