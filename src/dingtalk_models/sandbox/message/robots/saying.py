"""Messages of people to the app's robot, which reach the app by HTTP or in Stream mode."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dingtalk_models.clocks import wall
from dingtalk_models.sandbox.server.posting import Unanswered, post_json
from dingtalk_models.sandbox.state.callback import Attempt
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.talk.conversation import Conversation, Entry
from dingtalk_models.sandbox.state.talk.conversations import KeptFile

TOPIC: Final = "/v1.0/im/bot/messages/get"
DEADLINE: Final = 10.0
"""The time limit for the robot's URL, in seconds. The platform's limit is not documented."""

QUOTA_EXHAUSTED: Final = "20001"


@dataclass(frozen=True)
class Picture:
    """A picture that someone sends."""

    content: bytes = b"\x89PNG sandbox"


@dataclass(frozen=True)
class Audio:
    """A recording.

    Attributes:
        content: its bytes.
        recognition: the text that the platform recognises in it.
        duration: its length in milliseconds.
    """

    content: bytes = b"#!AMR sandbox"
    recognition: str = ""
    duration: int = 1000


@dataclass(frozen=True)
class Video:
    """A video.

    Attributes:
        content: its bytes.
        duration: its length in milliseconds.
        video_type: its extension.
    """

    content: bytes = b"sandbox mp4"
    duration: int = 1000
    video_type: str = "mp4"


@dataclass(frozen=True)
class File:
    """A file with a name."""

    name: str
    content: bytes


@dataclass(frozen=True)
class RichText:
    """Texts and pictures in one message."""

    parts: Sequence[str | Picture]


Sayable = str | Picture | Audio | Video | File | RichText | Mapping[str, Any]
"""The kinds of messages. A mapping is a message of any other type: `{"msgtype": "…", "content": {…}}`."""

_ALONE: Final = frozenset({"audio", "video", "file"})
"""The types that a robot gets only in single chats: in a group, they cannot be sent together with a mention."""


def say(
    company: Company,
    who: str,
    what: Sayable,
    conversation: Conversation,
    mentions: Sequence[str],
    *,
    at_robot: bool,
) -> Entry:
    """Let a person send a message. The app's robot gets it in a single chat, or if it is mentioned.

    Raises:
        LookupError: nobody in the conversation has this userid.
        PermissionError: they may not speak in this group.
    """
    if who not in conversation.members or who not in company.users:
        raise LookupError(f"{who} is not in this conversation")
    if not conversation.may_speak(who, company.credentials.clock.now()):
        raise PermissionError(f"{who} may not speak in this group")
    msgtype, head, content = _said(company, what)
    group = conversation.kind == "2"
    heard = not group or (at_robot and msgtype not in _ALONE)
    payload = _payload(company, who, conversation, mentions, {"msgtype": msgtype} | head) if heard else None
    talks = company.conversations
    entry = Entry(company.credentials.clock.now(), who, msgtype, content, "person", list(mentions), payload)
    talks.add(conversation, entry)
    deliver(company, entry)
    return entry


def deliver(company: Company, entry: Entry) -> None:
    """Deliver a message to the app, by HTTP if the robot has a URL, else in Stream mode."""
    talks = company.conversations
    if entry.payload is None:
        return
    if talks.robot_url is not None:
        entry.attempts.append(_post(company, talks.robot_url, entry.payload))
    else:
        entry.pushes.append(company.stream.push_callback(TOPIC, entry.payload, timeout=0))


def signature(secret: str, timestamp: str) -> str:
    """Return the signature that proves to the app that a message comes from the platform."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def encrypted_id(userid: str) -> str:
    """Return the encrypted id of a person or robot, which messages contain in addition to the userid."""
    return f"$:LWCP_v1:${opaque('lwcp', userid)}"


def _post(company: Company, url: str, payload: Mapping[str, Any]) -> Attempt:
    credentials = company.credentials
    now = credentials.clock.now()
    timestamp = str(int(wall() * 1000))  # the real time, because the app checks it by its own clock
    headers = {"timestamp": timestamp, "sign": signature(credentials.appsecret, timestamp)}
    try:
        reply = post_json(url, payload, deadline=DEADLINE, headers=headers)
    except Unanswered as problem:
        return Attempt(now, None, str(problem))
    return Attempt(now, reply.status_code, None if reply.ok else f"HTTP {reply.status_code}")


def _payload(
    company: Company, who: str, conversation: Conversation, mentions: Sequence[str], said: dict[str, Any]
) -> dict[str, Any]:
    credentials, talks = company.credentials, company.conversations
    now = int(credentials.clock.now() * 1000)
    expires = now + int(talks.session_life * 1000)
    session = talks.open_session(conversation, expires / 1000)
    robot = encrypted_id(credentials.appkey)
    payload: dict[str, Any] = {
        "msgId": f"msg{secrets.token_urlsafe(16)}==",
        "createAt": now,
        "conversationType": conversation.kind,
        "conversationId": conversation.open_conversation_id,
        "senderId": encrypted_id(who),
        "senderNick": company.users[who].name,
        "senderStaffId": who,
        "senderCorpId": credentials.corp_id,
        "isAdmin": who in company.admins,
        "chatbotUserId": robot,
        "chatbotCorpId": credentials.corp_id,
        "robotCode": credentials.appkey,
        "sessionWebhook": f"{company.drive.store.url}/robot/sendBySession?session={session}",
        "sessionWebhookExpiredTime": expires,
    }
    if conversation.kind == "2":
        called = [{"dingtalkId": encrypted_id(each), "staffId": each} for each in mentions]
        payload |= {
            "conversationTitle": conversation.name,
            "atUsers": [{"dingtalkId": robot}, *called],
            "isInAtList": True,
        }
    if talks.quota_exhausted:
        return payload | {"msgtype": said["msgtype"], "errorCode": QUOTA_EXHAUSTED}
    return payload | said


def _said(company: Company, what: Sayable) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the type of a message, its part of the payload, and its content."""
    if isinstance(what, str):
        content: dict[str, Any] = {"content": what}
        return "text", {"text": content}, content
    if isinstance(what, Mapping):
        content = dict(what.get("content") or {})
        return str(what["msgtype"]), dict(what), content
    msgtype, content = _filed(company, what)
    return msgtype, {"content": content}, content


def _filed(company: Company, what: Picture | Audio | Video | File | RichText) -> tuple[str, dict[str, Any]]:
    """Return the type and content of a message with files."""
    if isinstance(what, RichText):
        parts = [{"text": part} if isinstance(part, str) else _picture(company, part) for part in what.parts]
        return "richText", {"richText": parts}
    if isinstance(what, Picture):
        return "picture", {name: code for name, code in _picture(company, what).items() if name != "type"}
    code = _keep(company, what.content)
    if isinstance(what, Audio):
        return "audio", {"duration": what.duration, "downloadCode": code, "recognition": what.recognition}
    if isinstance(what, Video):
        return "video", {"duration": what.duration, "downloadCode": code, "videoType": what.video_type}
    place = {"spaceId": opaque("space", code)[:10], "fileId": opaque("file", code)[:10]}
    return "file", {**place, "fileName": what.name, "downloadCode": code}


def _picture(company: Company, picture: Picture) -> dict[str, Any]:
    code, smaller = _keep(company, picture.content), _keep(company, picture.content)
    return {"type": "picture", "downloadCode": code, "pictureDownloadCode": smaller}


def _keep(company: Company, content: bytes) -> str:
    """Keep a file until its download code expires."""
    code, talks = secrets.token_urlsafe(48), company.conversations
    key = f"robot/{company.drive.new_id()}"
    company.drive.store.objects[key] = content
    talks.files[code] = KeptFile(key, company.credentials.clock.now() + talks.file_life)
    return code
