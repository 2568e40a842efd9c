"""What clients in other languages send: they were not made for this sandbox, and read what the platform answers."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from documented import Api, Raw, apis
from generators import facts
from generators.platform.endpoints import merged
from plain_client import Client

from dingtalk_models import ApiError, DingTalkApp
from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.sandbox import Sandbox

BLANK = "AuthenticationFailed.MissingParameter"


NOT_READ = {"POST /v1.0/storage/spaces/{spaceId}/dentries/{dentryId}/query"}
"""Where nothing has to be in the body, and the sandbox reads nothing there."""


def newer() -> Iterator[Api]:
    """Every documented API of the newer host."""
    return (api for product in PRODUCTS for api in apis(product) if api.pages[0]["host"] == "api")


def place_of(api: Api) -> str:
    return f"{api.pages[0]['http']} {api.pages[0]['path']}"


@pytest.mark.parametrize("content", [{"json": {}}, {"data": {"type": "image"}}, {"data": "x"}, {}])
@pytest.mark.parametrize("path", ["/media/upload", "/file/upload/single", "/file/upload/chunk"])
def test_a_file_comes_in_a_multipart_body(client: Client, path: str, content: dict[str, Any]) -> None:
    query = {"access_token": client.token, "type": "image"}
    assert client.json("POST", path, params=query, **content) == {"errcode": 43008, "errmsg": "参数需要multipart类型"}


def test_a_multipart_body_without_the_file(client: Client) -> None:
    query = {"access_token": client.token, "type": "image"}
    assert client.json("POST", "/media/upload", params=query, files={"x": b"1"})["errcode"] == 41005


def test_who_is_named_twice_leaves_once(client: Client, sandbox: Sandbox) -> None:
    group = sandbox.add_group(["zhaolei", "sunjing", "hanmei"], owner="zhaolei")
    place = {"open_conversation_id": group.open_conversation_id}
    reply = client.api("/v1.0/im/sceneGroup/member/delete", **place, user_ids=["sunjing", "sunjing"])
    assert (reply.status_code, reply.json()) == (200, {"success": True})
    assert group.members == ["zhaolei", "hanmei"]


OPENS_A_STREAM = "POST /v1.0/gateway/connections/open"
"""It takes the app's key in its body."""


def test_no_body_is_asked_for_where_none_is_documented(sandbox: Sandbox) -> None:
    asked: list[str] = []
    with Raw(sandbox) as raw:
        for api in newer():
            takes_one = any(row["in"] == "body" for row in api.rows) and place_of(api) not in NOT_READ
            reply = raw.send(api, api.only_required, body=False)
            if not takes_one and "body is mandatory" in reply.text:
                asked.append(place_of(api))
    assert asked == []


def test_a_token_is_asked_for_where_one_is_documented(sandbox: Sandbox) -> None:
    wrong: list[str] = []
    with Raw(sandbox) as raw:
        raw.token = ""
        for api in newer():
            needs_none = facts.needs_no_token(api.pages) or place_of(api) in facts.official_sdk()["without_token"]
            reply = raw.send(api, api.only_required)
            needs_none = needs_none or place_of(api) == OPENS_A_STREAM
            if (reply.status == 400 and reply.body["code"] == BLANK) is needs_none:
                wrong.append(place_of(api))
    assert wrong == []


def test_every_answer_that_the_official_sdk_reads_is_json(sandbox: Sandbox) -> None:
    empty: set[str] = set()
    with Raw(sandbox) as raw:
        empty = {place_of(api) for api in newer() if raw.send(api, api.only_required).body is None}
    assert empty <= {*facts.official_sdk()["without_reply"]}
    assert "DELETE /v1.0/drive/spaces/{spaceId}" in empty  # documented without a body, and nobody reads one


def test_every_archived_api_is_answered(sandbox: Sandbox) -> None:
    unknown: list[str] = []
    with Raw(sandbox) as raw:
        for (verb, path), pages in facts.archived().items():
            api = Api("", pages, merged(pages))
            reply = raw.send(api, api.only_required)
            if not reply.accepts and reply.body.get("errcode") in (404, 22):
                unknown.append(f"{verb} {path}")
    assert unknown == []
    assert not [call.path for call in sandbox.calls if call.mistake]


def test_groups_as_older_clients_make_them(client: Client, sandbox: Sandbox) -> None:
    made = client.post("/chat/create", name="项目群", owner="zhaolei", useridlist=["sunjing"], searchable=1)
    group = sandbox.company.outbox.groups[made["openConversationId"]]
    assert made == {
        "errcode": 0,
        "errmsg": "ok",
        "chatid": group.chat_id,
        "openConversationId": group.open_conversation_id,
        "conversationTag": 2,
    }
    chat = {"chatid": group.chat_id}
    changes = {"name": "平台群", "add_useridlist": ["hanmei"], "del_useridlist": ["sunjing"], "isBan": True}
    assert client.post("/chat/update", **chat, **changes) == {"errcode": 0, "errmsg": "ok"}
    shown = client.json("GET", "/chat/get", params={"access_token": client.token, **chat})["chat_info"]
    assert (shown["name"], shown["useridlist"]) == ("平台群", ["zhaolei", "hanmei"])
    assert (shown["searchable"], shown["chatBannedType"]) == (1, 1)
    sent = client.post("/chat/send", **chat, msg={"msgtype": "text", "text": {"content": "请提交日报。"}})
    assert sandbox.conversation(group.open_conversation_id).texts == [(None, "请提交日报。")]
    page = {"access_token": client.token, "messageId": sent["messageId"], "cursor": 0, "size": 100}
    assert client.json("GET", "/chat/getReadList", params=page)["readUserIdList"] == []
    sandbox.read(sent["messageId"], by="hanmei")
    assert client.json("GET", "/chat/getReadList", params=page)["readUserIdList"] == ["hanmei"]


CHAT_MISTAKES: list[tuple[str, dict[str, Any], int]] = [
    ("create", {"name": ""}, 40035),
    ("create", {"name": None}, 40035),
    ("create", {"name": "群" * 21}, 400002),
    ("create", {"owner": None}, 49013),
    ("create", {"owner": "nobody"}, 40031),
    ("create", {"useridlist": []}, 49010),
    ("create", {"useridlist": ["nobody"]}, 40031),
    ("create", {"useridlist": ["zhaolei"] * 41}, 49011),
    ("create", {"searchable": 2}, 40035),
    ("update", {"chatid": None}, 49000),
    ("update", {"chatid": "none"}, 40016),
    ("update", {"name": "群" * 21}, 49015),
    ("update", {"add_useridlist": ["nobody"]}, 40031),
    ("update", {"add_useridlist": ["hanmei"], "del_useridlist": ["hanmei"]}, 49004),
    ("update", {"add_extidlist": ["x"]}, 49009),
    ("update", {"del_useridlist": ["zhaolei"]}, 40031),
    ("send", {"chatid": "none"}, 34001),
    ("send", {"msg": {"msgtype": "none"}}, 34004),
    ("send", {"msg": {"msgtype": "text"}}, 34014),
    ("send", {"msg": {"msgtype": "text", "text": {"content": "长" * 700}}}, 34016),
]


@pytest.mark.parametrize(("name", "wrong", "code"), CHAT_MISTAKES)
def test_what_is_refused_of_older_clients(client: Client, sandbox: Sandbox, name: str, wrong: Any, code: int) -> None:
    group = sandbox.add_group(["zhaolei", "sunjing"], "群", "zhaolei")
    right: dict[str, dict[str, Any]] = {
        "create": {"name": "项目群", "owner": "zhaolei", "useridlist": ["sunjing"]},
        "update": {"chatid": group.chat_id},
        "send": {"chatid": group.chat_id, "msg": {"msgtype": "text", "text": {"content": "好"}}},
    }
    assert client.code(f"/chat/{name}", **right[name]) == 0
    assert client.code(f"/chat/{name}", **right[name] | wrong) == code


@pytest.mark.parametrize("path", ["/gettoken", "/v1.0/none", "/_sandbox/about", "/"])
def test_every_answer_has_the_date_of_the_sandboxs_clock(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.clock.advance(100_000)
    date = parsedate_to_datetime(client.send("GET", path).headers["Date"]).timestamp()
    assert date == pytest.approx(sandbox.clock.now(), abs=10)
    sandbox.fail("/gettoken", headers={"date": "Wed, 02 Dec 2026 14:00:00 GMT"})
    assert client.send("GET", "/gettoken").headers["Date"] == "Wed, 02 Dec 2026 14:00:00 GMT"


@pytest.mark.parametrize("accept", [None, "*/*", "application/xml"])
def test_a_connection_is_opened_in_xml_unless_json_is_accepted(client: Client, accept: str | None) -> None:
    path, bot = "/v1.0/gateway/connections/open", {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}
    body = {"clientId": client.sandbox.appkey, "clientSecret": client.sandbox.appsecret, "subscriptions": [bot]}
    opened = client.send("POST", path, json=body, headers={"Accept": "text/plain, application/json"})
    assert opened.json().keys() == {"endpoint", "ticket"}
    answer = client.send("POST", path, json=body, headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "application/xml;charset=utf-8"
    found = {each.tag: each.text for each in ET.fromstring(answer.content)}
    assert found.keys() == {"endpoint", "ticket"}
    assert found["endpoint"] == opened.json()["endpoint"]
    refused = client.send("POST", path, json={**body, "clientSecret": "guess"}, headers={"Accept": accept})
    assert (refused.status_code, b"<code>invalidClientIdOrSecret</code>" in refused.content) == (400, True)


@pytest.mark.parametrize("odd", ["a/b", "a%2Fb", "%", "杭州/研发?#&", "/"])
def test_an_id_in_a_path_arrives_whole(sandbox: Sandbox, app: DingTalkApp, odd: str) -> None:
    sandbox.answer("todo_1_0.CreateTodoTask", lambda arguments: {"id": arguments["unionId"]})
    assert app.platform.todo_1_0.create_todo_task(odd, subject="写周报").id == odd
    group = sandbox.add_group(["zhaolei"])
    group.chat_id = odd
    assert app.message.groups.to_open_conversation_id(odd) == group.open_conversation_id
    fault = sandbox.fail("/v1.0/im/chat/{chatId}/convertToOpenConversationId", code="parameterError")
    with pytest.raises(ApiError, match="parameterError"):
        app.message.groups.to_open_conversation_id(odd)
    assert not fault.remaining
    assert not [call for call in sandbox.calls if call.status == 404]
