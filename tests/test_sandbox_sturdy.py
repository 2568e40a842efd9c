"""The sandbox under what it does not expect: its memory stays bounded, and it always answers."""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from Crypto.Cipher import AES
from plain_client import Client
from pushing import KEY, TOKEN

from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox import calls as kept_calls
from dingtalk_models.sandbox.calls import Calls
from dingtalk_models.sandbox.server import pushing
from dingtalk_models.sandbox.server.endpoints import ENDPOINTS, Result
from dingtalk_models.sandbox.server.envelopes import ReceivedRequest
from dingtalk_models.sandbox.server.pushing import BadReply, Registration


def test_a_call_has_what_a_page_shows_of_it(client: Client, sandbox: Sandbox) -> None:
    sandbox.calls.clear()
    client.form("/topapi/v2/user/get", userid="youna")
    client.send("POST", "/topapi/v2/user/get", json={"userid": "youna"})
    client.api("/v1.0/contact/users/search", queryWord="孙", offset=0, size=5)
    got, refused, searched = sandbox.calls
    assert (got.name, got.title) == ("dingtalk.oapi.v2.user.get", "查询用户详情")
    assert (searched.name, refused.names) == ("contact_1_0.SearchUser", got.names)
    assert (got.caller, refused.caller) == (sandbox.appkey, None)
    assert [got.number + 1, got.number + 2] == [refused.number, searched.number]
    assert 0 < got.seconds < 10
    assert isinstance(got.reply_body, dict)
    assert got.reply_body["result"]["name"] == "尤娜"
    assert got.reply_size == len(got.reply) > 100


def test_a_call_with_a_users_token_names_them(client: Client, sandbox: Sandbox) -> None:
    code = sandbox.authorise("zhaolei")
    body = {
        "clientId": sandbox.appkey,
        "clientSecret": sandbox.appsecret,
        "code": code,
        "grantType": "authorization_code",
    }
    token = client.send("POST", "/v1.0/oauth2/userAccessToken", json=body).json()["accessToken"]
    client.send("GET", "/v1.0/contact/users/me", headers={"x-acs-dingtalk-access-token": token})
    exchanged, asked = sandbox.calls[-2:]
    assert (exchanged.caller, asked.caller, asked.name) == (None, "zhaolei", "contact_1_0.GetUser")
    assert token not in repr(sandbox.calls)


def test_only_the_latest_calls_are_kept() -> None:
    with Sandbox(calls_kept=3) as sandbox:
        client = Client(sandbox)
        for _ in range(5):
            client.code("/topapi/v2/user/get", userid="youna")
        assert (len(sandbox.calls), sandbox.calls.total, [call.number for call in sandbox.calls]) == (3, 6, [4, 5, 6])
        assert sandbox.calls[-2:] == sandbox.calls.since(4) == list(sandbox.calls)[1:]
        assert sandbox.calls.since(0) == sandbox.calls != []
        sandbox.calls.clear()
        client.code("/topapi/v2/user/get", userid="youna")
        assert [call.number for call in sandbox.calls.since(2)] == [7]
    with pytest.raises(ValueError, match="calls_kept"):
        Sandbox(calls_kept=-1)


def test_each_new_call_is_seen_once() -> None:
    calls = Calls(50_000)
    call, over = ReceivedRequest("GET", "/gettoken", {}, {}), threading.Event()

    def arrive() -> None:
        for _ in range(20_000):
            calls.add(call, None, 0.0, 0.0)
        over.set()

    seen = [0]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threading.Thread(target=arrive).start()
        while not over.is_set():
            seen += [each.number for each in calls.since(seen[-1])]
    finally:
        sys.setswitchinterval(interval)
    seen += [each.number for each in calls.since(seen[-1])]
    assert seen == [*range(20_001)]


def test_long_bodies_are_not_kept(client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_calls, "LONGEST", 500)
    assert client.code("/topapi/v2/user/get", userid="x" * 600) != 0
    assert client.code("/topapi/v2/user/get", userid="youna") == 0
    long, short = sandbox.calls[-2:]
    assert (long.body, long.content) == (f"<{long.size} bytes>", b"")
    assert (short.body, short.reply_body) == ({"userid": "youna"}, f"<{short.reply_size} bytes>")


def test_all_calls_together_are_bounded(client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_calls, "MOST_BYTES", 20_000)
    for _ in range(100):
        client.code("/topapi/v2/user/get", userid="x" * 1000)
    assert 5 < len(sandbox.calls) < 20
    assert sandbox.calls[-1].body == {"userid": "x" * 1000}


PATHS = ("/topapi/v2/user/get", "/role/getrole", "/v1.0/contact/users/search", "/media/upload")
DEEP = b'{"userid":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
TOO_DEEP = b'{"userid":' + b"[" * 500 + b"]" * 500 + b"}"
NO_TEXT = b'--y\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--y--\r\n'


@pytest.mark.parametrize(
    "path", ["/topapi/v2/user/get", "/role/getrole", "/v1.0/contact/users/search", "/media/upload"]
)
@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", DEEP),
        ("application/json", TOO_DEEP),
        ("application/json", b'{"userid": NaN}'),
        ("application/json", b'{"userid": 1e999}'),
        ("multipart/form-data", b"--x\r\n\r\nx\r\n--x--"),
        ("multipart/form-data; boundary=", b"--x\r\n\r\nx\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nnothing\r\n\r\n\xff\xfe--x--\r\n--x"),
        ("multipart/form-data; boundary=y", NO_TEXT),
        ("", b"\xff\xfe"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    client: Client, sandbox: Sandbox, path: str, content: bytes, content_type: str
) -> None:
    headers = {"Content-Type": content_type, "x-acs-dingtalk-access-token": client.token}
    reply = client.send("POST", path, params={"access_token": client.token}, headers=headers, data=content)
    assert reply.status_code in (200, 400)
    assert reply.json().get("errcode") != 0
    assert (sandbox.calls[-1].mistake, sandbox.calls[-1].size) == (None, len(content))
    assert isinstance(sandbox.calls[-1].body, str | dict)


def test_half_a_character_is_replaced(client: Client) -> None:
    body = '{"name": "\\ud83d部", "parent_id": 1}'.encode()
    headers = {"Content-Type": "application/json"}
    token = {"access_token": client.token}
    made = client.json("POST", "/topapi/v2/department/create", params=token, headers=headers, data=body)
    assert client.result("/topapi/v2/department/get", dept_id=made["result"]["dept_id"])["name"] == "\ufffd部"


BUTTON = {"title": "好", "action_url": "https://example.com"}
CARD = {"title": "卡片", "markdown": "文字"}


NO_BUTTONS: tuple[object, ...] = (
    *("x", 7, {"title": "好"}),
    *([BUTTON, 5], [[BUTTON]], [{**BUTTON, "title": 5}], [{"title": "好"}]),
)
NO_DURATIONS: tuple[object, ...] = ("²", "60", [5], -1, 0)


def with_buttons(buttons: object) -> dict[str, Any]:
    return {"msgtype": "action_card", "action_card": {**CARD, "btn_json_list": buttons}}


def voice(duration: object) -> dict[str, Any]:
    return {"msgtype": "voice", "voice": {"media_id": "@1", "duration": duration}}


@pytest.mark.parametrize(
    ("message", "right"),
    [
        *((with_buttons([BUTTON]), True), (voice("59"), True), (voice(1), True)),
        *((with_buttons(each), False) for each in NO_BUTTONS),
        *((voice(each), False) for each in NO_DURATIONS),
        *(({"msgtype": "action_card"}, False), ({"msgtype": ["text"], "text": {"content": "x"}}, False)),
    ],
)
def test_messages_of_any_form(client: Client, sandbox: Sandbox, message: dict[str, Any], right: bool) -> None:
    send = "/topapi/message/corpconversation/asyncsend_v2"
    code = client.code(send, agent_id=sandbox.agent_id, userid_list="youna", msg=message)
    assert code == (0 if right else 40035)


@pytest.mark.parametrize(
    ("day", "code"), [(20260101, 0), ("20260101", 0), (2026.5, 400002), (True, 400002), ([], 400002)]
)
def test_a_day_may_be_a_number(client: Client, day: object, code: int) -> None:
    asked = {"is_active": False, "offset": 0, "size": 10}
    assert client.code("/topapi/inactive/user/v2/get", **asked, query_date=day) == code


NO_ROWS = ("[1]", "[[1]]", '["x"]', '[["x"]]', '[{"name": "项目"}]', '[[["x"]]]', '"x"', '[[{"name": {}}]]', "{")


@pytest.mark.parametrize("rows", NO_ROWS)
def test_rows_of_a_table_that_are_none(client: Client, rows: str) -> None:
    values = [{"name": "报销事由", "value": "出差"}, {"name": "明细", "value": rows}]
    chosen = [{"actionerKey": "manual_1f95_20aa_72c6_dd42", "actionerUserIds": ["zhaolei"]}]
    started = {"processCode": "PROC-EXPENSE", "originatorUserId": "youna", "formComponentValues": values, "deptId": 120}
    reply = client.api("/v1.0/workflow/processInstances", **started, targetSelectActioners=chosen)
    assert (reply.status_code, reply.json()["code"]) == (400, "formConverterError")


def test_null_counts_as_absent_at_any_depth(client: Client) -> None:
    orders = [{"dept_id": 120, "order": None, "title": None}]
    assert client.code("/topapi/v2/user/update", userid="youna", dept_order_list=orders, title=None) == 0
    form = {"userid": "youna", "dept_order_list": json.dumps(orders)}
    assert client.form("/topapi/v2/user/update", **form)["errcode"] == 0


@pytest.mark.parametrize("parent", [True, False, "true"])
def test_a_flag_is_no_number(client: Client, parent: object) -> None:
    assert client.code("/topapi/v2/department/create", name="新部门", parent_id=parent) == 40035
    entry = [{"dept_id": parent, "order": 1}]
    assert client.code("/topapi/v2/user/update", userid="youna", dept_order_list=entry) == 40035


@pytest.mark.parametrize("path", ["/topapi/v2/user/get", "/user/get", "/v1.0/contact/users/search"])
def test_a_mistake_of_the_sandbox_is_an_answer(
    client: Client, sandbox: Sandbox, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(company: object, *, userid: str = "") -> Result:
        raise KeyError(userid)

    verb = "GET" if path == "/user/get" else "POST"
    monkeypatch.setitem(ENDPOINTS[path], verb, replace(ENDPOINTS[path][verb], handler=broken))
    given: dict[str, Any] = {"userid": "youna", "queryWord": "尤", "offset": 0, "size": 1}
    headers = {"x-acs-dingtalk-access-token": client.token}
    sent = client.send(
        verb, path, params={"access_token": client.token, "userid": "youna"}, json=given, headers=headers
    )
    reply = sent.json()
    assert (reply.get("errcode"), reply.get("code")) in ((-1, None), (None, "systemError"))
    assert "a bug of the sandbox" in (reply.get("errmsg") or reply["message"])
    assert sent.headers["x-sandbox"] == "mistake"
    last = sandbox.calls[-1]
    assert (last.path, last.code) == (path, reply.get("errcode") or reply["code"])
    assert "in broken" in str(last.mistake)
    assert "in broken" in caplog.text
    assert client.code("/topapi/v2/department/get", dept_id=1) == 0


def test_registering_a_slow_address_blocks_nobody(client: Client, sandbox: Sandbox) -> None:
    keys = {"call_back_tag": ["user_add_org"], "token": TOKEN, "aes_key": KEY}
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        token, body = {"access_token": client.token}, {**keys, "url": url}
        path = "/call_back/register_call_back"
        registered = pool.submit(requests.post, sandbox.url + path, params=token, json=body, timeout=10)
        connection, _ = listener.accept()
        with connection:
            assert client.code("/topapi/v2/user/get", userid="youna") == 0
            assert not registered.done()
        assert registered.result().json()["errcode"] == 71012
    assert sandbox.calls[-1].path == path
    assert sandbox.calls[-1].seconds > sandbox.calls[-2].seconds


def test_an_answer_that_never_ends_holds_nobody_up(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "DEADLINE", 0.3)
    done = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not done.wait(0.02):
                connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        dripping = pool.submit(drip, listener)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        sandbox.company.callbacks.registration = Registration(("user_add_org",), TOKEN, KEY, url, sandbox.appkey)
        assert sandbox.push("user_add_org").attempts[0].problem in {"too late", "ReadTimeout"}
        sandbox.stop()
        done.set()
        dripping.result()


def test_faults_that_nobody_meets_any_more_cost_nothing(client: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    for _ in range(10):
        sandbox.fail("/topapi/v2/user/get", errcode=40035)
        assert client.code("/topapi/v2/user/get", userid="youna") == 40035
    sandbox.save(tmp_path / "state")
    assert b"server.faults:Fault" not in (tmp_path / "state").read_bytes()


def test_a_push_starts_with_a_text_as_the_published_ones_do() -> None:
    registration = Registration((), TOKEN, KEY, "", "corp")
    _, body = registration.wrap("text")
    key = base64.b64decode(f"{KEY}=")
    plain = AES.new(key, AES.MODE_CBC, iv=key[:16]).decrypt(base64.b64decode(body["encrypt"]))
    assert plain[:16].decode("ascii").isalnum()


def test_the_text_null_is_no_list(client: Client) -> None:
    given = {"process_code": "PROC-LEAVE", "originator_user_id": "youna", "dept_id": 120, "form_component_values": "[]"}
    assert client.form("/topapi/processinstance/create", **given, approvers_v2="null")["errcode"] == 400002


DEEP_TEXT = "[" * 7_000 + "]" * 7_000


def test_json_in_a_text_may_be_deep(client: Client, sandbox: Sandbox) -> None:
    sent = {"robotCode": sandbox.robot, "userIds": ["youna"], "msgKey": "sampleText", "msgParam": DEEP_TEXT}
    assert client.api("/v1.0/robot/oToMessages/batchSend", **sent).json()["code"] == "invalidParameter.msgParam.invalid"
    documented = "/topapi/smartwork/hrm/employee/v2/list"
    given = {"userid_list": DEEP_TEXT, "agentid": "1", "field_filter_list": DEEP_TEXT}
    client.form(documented, **given)
    assert sandbox.calls[-1].mistake is None
    with pytest.raises(BadReply):
        Registration((), TOKEN, KEY, "", "corp").check(DEEP_TEXT.encode())
