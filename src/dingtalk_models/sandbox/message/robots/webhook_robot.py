"""`/robot/send`: the webhooks of groups."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Annotated, Any, Final, TypedDict, Unpack

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.message import Webhook

A_MINUTE: Final = 20
SILENCE: Final = 600
HOUR: Final = 3600
MAX_BYTES: Final = 20_000

_NEEDED: Final = {
    "text": ("content",),
    "link": ("title", "text", "messageUrl"),
    "markdown": ("title", "text"),
    "actionCard": ("title", "text"),
    "feedCard": ("links",),
}


def check_security(company: Company, webhook: Webhook, said: str, timestamp: str | None, sign: str | None) -> None:
    """Refuse a message that the robot's security settings do not allow."""
    if webhook.secret is not None:
        now = company.credentials.clock.now()
        if timestamp is None or not timestamp.isdigit() or abs(now - int(timestamp) / 1000) > HOUR:
            raise Refused(310000, "invalid timestamp")
        key = webhook.secret.encode()
        right = base64.b64encode(hmac.new(key, f"{timestamp}\n".encode() + key, hashlib.sha256).digest()).decode()
        if sign is None or not hmac.compare_digest(sign, right):
            raise Refused(310000, "sign not match")
    if webhook.keywords and not any(word in said for word in webhook.keywords):
        raise Refused(310000, "keywords not in content")


def check_rate(company: Company, webhook: Webhook) -> None:
    """Refuse more than 20 messages a minute, and then every message for 10 minutes."""
    now = company.credentials.clock.now()
    texts = {
        410100: "发送速度太快而限流",
        130101: "send too fast, exceed 20 times per minute",
        660026: "sending too many messages per minute",
    }
    code = company.outbox.throttled
    if now < webhook.silent_until:
        raise Refused(code, texts[code])
    while webhook.recent and now - webhook.recent[0] >= 60:
        webhook.recent.popleft()
    if len(webhook.recent) >= A_MINUTE:
        webhook.silent_until = now + SILENCE
        raise Refused(code, texts[code])
    webhook.recent.append(now)


class WebhookContent(TypedDict, total=False):
    """The content of a webhook message: one of these, by its type."""

    msgtype: str
    text: dict[str, Any]
    link: dict[str, Any]
    markdown: dict[str, Any]
    action_card: Annotated[dict[str, Any], Field(alias="actionCard")]
    feed_card: Annotated[dict[str, Any], Field(alias="feedCard")]


def read_content(at: dict[str, Any] | None, **given: Unpack[WebhookContent]) -> tuple[str, dict[str, Any]]:
    """Return the type and content of a message, or refuse it."""
    msgtype = given.get("msgtype")
    if msgtype is None:
        raise Refused(40035, "缺少参数 json")
    contents = {
        "text": given.get("text"),
        "link": given.get("link"),
        "markdown": given.get("markdown"),
        "actionCard": given.get("action_card"),
        "feedCard": given.get("feed_card"),
    }
    if msgtype not in contents:
        raise Refused(400105)
    content = contents[msgtype] or {}
    if not all(content.get(name) for name in _NEEDED[msgtype]) or len((at or {}).get("atUserIds") or ()) > 50:
        raise Refused(40035)
    single = bool(content.get("singleURL") and content.get("singleTitle"))
    if msgtype == "actionCard" and single == bool(content.get("btns")):
        raise Refused(40035)
    if len(json.dumps(content, ensure_ascii=False).encode()) > MAX_BYTES:
        raise Refused(460101)
    return msgtype, content


@endpoint("POST", "/robot/send?access_token&timestamp&sign", invalid=40035, open=True)
def send_by_webhook(
    company: Company,
    *,
    access_token: str | None = None,
    timestamp: str | None = None,
    sign: str | None = None,
    at: dict[str, Any] | None = None,
    msg_uuid: Annotated[str | None, Field(alias="msgUuid")] = None,
    **given: Unpack[WebhookContent],
) -> Result:
    """自定义机器人发送群消息."""
    if not access_token:
        raise Refused(40035, "缺少参数 access_token")
    webhook = company.outbox.webhooks.get(access_token)
    if webhook is None:
        raise Refused(300005)
    msgtype, content = read_content(at, **given)
    check_security(company, webhook, json.dumps(content, ensure_ascii=False), timestamp, sign)
    if msg_uuid and any(message.get("msgUuid") == msg_uuid for message in webhook.messages):
        return {}
    check_rate(company, webhook)
    webhook.messages.append({"msgtype": msgtype, msgtype: content, "at": at, "msgUuid": msg_uuid})
    return {}
