"""The sandbox's conversations: what people say to the robot, and what it answers, as the platform documents it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from plain_client import Client

from dingtalk_models.sandbox import Audio, File, Picture, RichText, Sandbox, Video

DOWNLOAD = "/v1.0/robot/messageFiles/download"


class Site:
    """An address for messages to the robot; it answers with `status`."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], Any]] = []
        self.status = 200
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                site.received.append((dict(self.headers), json.loads(body)))
                self.send_response(site.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/robot"


@pytest.fixture
def site(sandbox: Sandbox) -> Iterator[Site]:
    made = Site()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    sandbox.robot_url = made.url
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_what_a_person_says_reaches_the_robots_address_signed(sandbox: Sandbox, site: Site) -> None:
    said = sandbox.say("zhaolei", "你好", to=sandbox.robot)
    ((headers, body),) = site.received
    key = sandbox.appsecret.encode()
    expected = hmac.new(key, headers["timestamp"].encode() + b"\n" + key, hashlib.sha256).digest()
    assert headers["sign"] == base64.b64encode(expected).decode()
    assert said.payload == body
    assert (body["msgtype"], body["text"], body["conversationType"]) == ("text", {"content": "你好"}, "1")
    assert (body["senderStaffId"], body["senderNick"]) == ("zhaolei", sandbox.company.users["zhaolei"].name)
    assert (body["robotCode"], body["chatbotCorpId"]) == (sandbox.appkey, sandbox.corp_id)
    assert body["sessionWebhookExpiredTime"] - body["createAt"] == 5_400_000
    assert "conversationTitle" not in body
    assert said.accepted


def test_the_answer_of_the_address_is_kept(sandbox: Sandbox, site: Site) -> None:
    site.status = 500
    said = sandbox.say("zhaolei", "你好")
    assert [(each.status, each.problem) for each in said.attempts] == [(500, "HTTP 500")]
    site.status = 200
    assert sandbox.say_again(said).accepted
    assert [body["msgId"] for _, body in site.received] == [said.payload["msgId"]] * 2 if said.payload else False
    sandbox.robot_url = "http://127.0.0.1:9/nobody"
    assert [each.problem for each in sandbox.say("zhaolei", "喂").attempts] == ["ConnectionError"]


def test_a_robot_in_a_group_gets_what_mentions_it(sandbox: Sandbox) -> None:
    group = sandbox.add_group(["zhaolei", "sunjing"], "项目群")
    heard = sandbox.say("zhaolei", "看一下", to=group, at=["sunjing"])
    assert heard.payload is not None
    assert (heard.payload["conversationType"], heard.payload["conversationTitle"]) == ("2", "项目群")
    assert heard.payload["conversationId"] == group.open_conversation_id
    assert [each.get("staffId") for each in heard.payload["atUsers"]] == [None, "sunjing"]
    assert heard.payload["atUsers"][0]["dingtalkId"] == heard.payload["chatbotUserId"]
    assert heard.payload["isInAtList"] is True
    unheard = [
        sandbox.say("sunjing", "大家好", to=group.open_conversation_id, at_robot=False),
        sandbox.say("sunjing", Audio(recognition="大家好"), to=group),
        sandbox.say("sunjing", Video(), to=group),
        sandbox.say("sunjing", File("报告.pdf", b"%PDF"), to=group),
    ]
    assert [entry.payload for entry in unheard] == [None] * 4
    assert group.transcript == [heard, *unheard]
    assert sandbox.conversation("zhaolei").transcript == []


def test_who_is_not_there_says_nothing(sandbox: Sandbox) -> None:
    group = sandbox.add_group(["zhaolei"])
    for who, to in (("sunjing", group), ("nobody", None), ("zhaolei", "cid==")):
        with pytest.raises(LookupError):
            sandbox.say(who, "你好", to=to)


def test_who_is_muted_says_nothing(sandbox: Sandbox) -> None:
    group = sandbox.add_group(["zhaolei", "sunjing"], owner="zhaolei")
    group.options["chat_banned_type"] = 1
    with pytest.raises(PermissionError):
        sandbox.say("sunjing", "你好", to=group)
    sandbox.say("zhaolei", "安静", to=group)
    assert group.texts == [("zhaolei", "安静")]


def test_messages_with_files(sandbox: Sandbox, client: Client) -> None:
    said = {
        "picture": sandbox.say("zhaolei", Picture(b"png")),
        "audio": sandbox.say("zhaolei", Audio(b"amr", recognition="明天见", duration=1500)),
        "video": sandbox.say("zhaolei", Video(b"mp4")),
        "file": sandbox.say("zhaolei", File("报告.pdf", b"pdf")),
        "richText": sandbox.say("zhaolei", RichText(["看图", Picture(b"png"), "这张"])),
        "interactive": sandbox.say("zhaolei", {"msgtype": "interactive", "content": {"biz": 1}}),
    }
    payloads = {name: entry.payload or {} for name, entry in said.items()}
    assert {name: payload["msgtype"] for name, payload in payloads.items()} == {name: name for name in said}
    fields = {name: sorted(payload["content"]) for name, payload in payloads.items()}
    assert fields == {
        "picture": ["downloadCode", "pictureDownloadCode"],
        "audio": ["downloadCode", "duration", "recognition"],
        "video": ["downloadCode", "duration", "videoType"],
        "file": ["downloadCode", "fileId", "fileName", "spaceId"],
        "richText": ["richText"],
        "interactive": ["biz"],
    }
    assert [entry.text for entry in said.values()] == ["", "明天见", "", "", "看图这张", ""]
    for name in ("picture", "audio", "video"):
        code = payloads[name]["content"]["downloadCode"]
        reply = client.api(DOWNLOAD, downloadCode=code, robotCode=sandbox.robot).json()
        assert requests.get(reply["downloadUrl"], timeout=10).content in {b"png", b"amr", b"mp4"}


def test_refusals_of_a_download(sandbox: Sandbox, client: Client) -> None:
    sandbox.company.conversations.file_life = 600
    payload = sandbox.say("zhaolei", Picture()).payload or {}
    code, robot = payload["content"]["downloadCode"], sandbox.robot

    def refused(**given: str) -> str:
        return str(client.api(DOWNLOAD, **given).json()["code"])

    assert refused(downloadCode=code) == "invalidParameter.robotCode.empty"
    assert refused(robotCode=robot) == "invalidParameter.robotCode.empty"
    assert refused(downloadCode=code, robotCode="other") == "invalidParameter.robotCode.auth"
    assert refused(downloadCode="other", robotCode=robot) == "invalidParameter.robotCode.downloadCode"
    sandbox.clock.advance(601)
    assert refused(downloadCode=code, robotCode=robot) == "invalidParameter.robotCode.downloadCode"


def test_a_session_webhook_answers_until_it_expires(sandbox: Sandbox) -> None:
    said = sandbox.say("zhaolei", "你好")
    url = (said.payload or {})["sessionWebhook"]
    text = {"msgtype": "text", "text": {"content": "收到"}, "at": {"atUserIds": ["zhaolei"]}}
    assert requests.post(url, json=text, timeout=10).json() == {"errcode": 0, "errmsg": "ok"}
    talk = sandbox.conversation("zhaolei")
    assert talk.texts == [("zhaolei", "你好"), (None, "收到")]
    assert (talk.replies[0].via, talk.replies[0].mentions) == ("session", ["zhaolei"])
    assert sandbox.wait_for_reply(said) is talk.replies[0]
    everyone = {"msgtype": "text", "text": {"content": "大家"}, "at": {"isAtAll": True}}
    requests.post(url, json=everyone, timeout=10)
    assert talk.replies[1].mentions == ["*"]
    long = {"msgtype": "text", "text": {"content": "a" * 20_001}}
    wrong: list[dict[str, Any]] = [{}, {"msgtype": "image"}, {"msgtype": "text", "text": {}}, long]
    codes = [requests.post(url, json=body, timeout=10).json()["errcode"] for body in wrong]
    assert codes == [40035, 400105, 40035, 460101]
    gone = {"errcode": 300001, "errmsg": "session 不存在"}
    assert requests.post(url + "0", json=text, timeout=10).json() == gone
    sandbox.clock.advance(5_401)
    assert requests.post(url, json=text, timeout=10).json() == gone
    assert len(talk.transcript) == 3


def test_replies_of_the_robot_api_are_in_the_transcript(sandbox: Sandbox, client: Client) -> None:
    group = sandbox.add_group(["zhaolei"])
    sent = {"robotCode": sandbox.robot, "msgKey": "sampleText", "msgParam": '{"content": "你好"}'}
    key = client.api("/v1.0/robot/oToMessages/batchSend", userIds=["zhaolei", "sunjing"], **sent).json()[
        "processQueryKey"
    ]
    client.api("/v1.0/robot/groupMessages/send", openConversationId=group.open_conversation_id, **sent).json()
    talks = [sandbox.conversation("zhaolei"), sandbox.conversation("sunjing"), group]
    assert [talk.texts for talk in talks] == [[(None, "你好")]] * 3
    client.api("/v1.0/robot/otoMessages/batchRecall", robotCode=sandbox.robot, processQueryKeys=[key]).json()
    assert [talk.replies[0].recalled for talk in talks] == [True, True, False]


def test_a_used_up_quota(sandbox: Sandbox) -> None:
    sandbox.company.conversations.quota_exhausted = True
    payload = sandbox.say("zhaolei", "你好").payload or {}
    assert payload["errorCode"] == "20001"
    assert "text" not in payload


def test_without_an_address_messages_go_by_stream(sandbox: Sandbox) -> None:
    said = sandbox.say("zhaolei", "你好")
    assert [(push.topic, push.data) for push in said.pushes] == [("/v1.0/im/bot/messages/get", said.payload)]
    sandbox.settle()
    assert said.pushes[0].lost  # no client is connected
    assert not said.accepted
    with pytest.raises(TimeoutError):
        sandbox.wait_for_reply(said, timeout=0)
