"""Odd messages to the robot: no field that is missing, new or of another type fails a message."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingtalk_models import ChatbotMessage
from dingtalk_models.message import AudioContent, ReceivedContent, RichTextContent, TextContent

NAMES = [
    "msgId", "msgtype", "text", "content", "createAt", "conversationId", "conversationType", "conversationTitle",
    "senderId", "senderNick", "senderStaffId", "senderCorpId", "isAdmin", "robotCode", "chatbotUserId", "chatbotCorpId",
    "atUsers", "isInAtList", "sessionWebhook", "sessionWebhookExpiredTime", "errorCode", "unparsed__", "model_config",
]  # fmt: skip
TYPES = ["text", "richText", "picture", "audio", "video", "file", "", "markdown"]
PARTS = ["content", "richText", "text", "type", "downloadCode", "pictureDownloadCode", "recognition", "duration"]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(TYPES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS) | st.text(), inner, max_size=4),
    max_leaves=12,
)
payloads = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), values, max_size=12)


def checked(message: ChatbotMessage) -> None:
    """Whatever a message has, what handlers use has its type."""
    assert isinstance(message.text, str)
    assert message.text == message.text.strip()
    assert isinstance(message.sender_nick, str)
    assert isinstance(message.content, ReceivedContent)
    assert all(file.download_code for file in message.files)
    assert all(isinstance(userid, str) for userid in message.mentions)
    assert isinstance(message.in_group, bool)
    assert isinstance(message.quota_exhausted, bool)
    assert message.created is None or message.created.tzinfo is not None
    assert repr(message)
    assert message.answer(["anything"]) is None


@given(payloads)
def test_no_message_fails(payload: dict[str, Any]) -> None:
    checked(ChatbotMessage.read(payload))


@given(st.sampled_from(TYPES), values, values)
def test_no_content_fails(msgtype: str, content: Any, text: Any) -> None:
    checked(ChatbotMessage.read({"msgId": "1", "msgtype": msgtype, "content": content, "text": text}))


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(PARTS), values))
def test_a_dump_is_read_as_the_same_message(msgtype: str, content: dict[str, Any]) -> None:
    message = ChatbotMessage.read({"msgId": "1", "msgtype": msgtype, "content": content, "new": 1})
    again = ChatbotMessage.model_validate(message.model_dump())
    assert type(again.content) is type(message.content)
    assert (again.text, again.files, again.model_extra) == (message.text, message.files, message.model_extra)


ODD: list[tuple[str, dict[str, Any], str, type[ReceivedContent]]] = [
    ("a null text", {"msgtype": "text", "text": None}, "", TextContent),
    ("a bare text", {"msgtype": "text", "text": " 你好 "}, "你好", TextContent),
    ("a text in content", {"msgtype": "text", "content": {"content": "你好"}}, "你好", TextContent),
    ("content as JSON text", {"msgtype": "audio", "content": '{"recognition": "你好"}'}, "你好", AudioContent),
    (
        "a duration that is text",
        {"msgtype": "audio", "content": {"recognition": "好", "duration": {}}},
        "好",
        AudioContent,
    ),
    ("a number as text", {"msgtype": "text", "text": {"content": 5}}, "5", TextContent),
    (
        "one odd part",
        {"msgtype": "richText", "content": {"richText": [{"text": {}}, None, {"text": "好"}]}},
        "好",
        RichTextContent,
    ),
    ("parts as JSON text", {"msgtype": "richText", "content": {"richText": '[{"text": "好"}]'}}, "好", RichTextContent),
    ("no parts", {"msgtype": "richText", "content": {"richText": 5}}, "", RichTextContent),
    ("no type", {"text": {"content": "你好"}}, "", ReceivedContent),
]


@pytest.mark.parametrize(("payload", "text", "kind"), [each[1:] for each in ODD], ids=[each[0] for each in ODD])
def test_odd_contents(payload: dict[str, Any], text: str, kind: type[ReceivedContent]) -> None:
    message = ChatbotMessage.read(payload)
    assert (message.text, type(message.content)) == (text, kind)


def test_odd_fields_are_kept() -> None:
    message = ChatbotMessage.read({"msgId": 7, "createAt": "soon", "isAdmin": "who", "sceneGroupCode": "project"})
    assert (message.msg_id, message.created, message.is_admin) == ("7", None, None)
    assert message.unparsed == {"createAt": "soon", "isAdmin": "who"}
    assert (message.model_extra or {})["sceneGroupCode"] == "project"


def test_a_message_as_the_platform_sends_it() -> None:
    """A message of 2021, from a public test of another client."""
    payload = json.loads(
        '{"conversationId":"ciddz7nmHDaX/7Niz+Gb5VVrw==","sceneGroupCode":"project","atUsers":[{"dingtalkId":'
        '"$:LWCP_v1:$I3cyfTzrws4nCbY289cXbKCVcdd1wize"}],"chatbotUserId":"$:LWCP_v1:$I3cyfTzrws4nCbY289cXbKCVcdd1wize",'
        '"msgId":"msgaKcioIqERkELm2T8TlE9CA==","senderNick":"Jioby","isAdmin":false,"sessionWebhookExpiredTime":'
        '1612178396066,"createAt":1612172996026,"conversationType":"2","senderId":"$:LWCP_v1:$deZJcSfMzexC2YK+oLkk1g==",'
        '"conversationTitle":"xxx","isInAtList":true,"sessionWebhook":"https://oapi.dingtalk.com/robot/sendBySession?'
        'session=eb18","text":{"content":"  哈哈哈"},"msgtype":"text"}'
    )
    message = ChatbotMessage.read(payload)
    assert (message.text, message.in_group, message.is_in_at_list, message.mentions) == ("哈哈哈", True, True, [])
    assert message.created is not None
    assert math.isclose(message.created.timestamp(), 1612172996.026)
    assert (message.sender_staff_id, message.robot_code, message.unparsed) == (None, None, {})
