"""`/robot/send`, the webhooks of groups; `/v1.0/robot/*`, the app's own robot."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Annotated, Any, Final, cast

from pydantic import Field

from .company import Company
from .endpoints import Code, Result, endpoint
from .errors import Refused
from .outbox import RobotMail, Webhook

A_MINUTE: Final = 20
SILENCE: Final = 600
HOUR: Final = 3600
DAY: Final = 24 * HOUR
MAX_WEBHOOK_BYTES: Final = 20_000
MAX_PARAM_BYTES: Final = 15_000

_WEBHOOK_NEEDS: Final = {
    "text": ("content",),
    "link": ("title", "text", "messageUrl"),
    "markdown": ("title", "text"),
    "actionCard": ("title", "text"),
    "feedCard": ("links",),
}


def check_security(company: Company, webhook: Webhook, said: str, timestamp: str | None, sign: str | None) -> None:
    """Refuse a message that the robot's security settings do not let through."""
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
    """20 messages in a minute, then 10 minutes of silence."""
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


@endpoint("POST", "/robot/send?access_token&timestamp&sign", invalid=40035, open=True)
def send_by_webhook(
    company: Company,
    *,
    access_token: str | None = None,
    timestamp: str | None = None,
    sign: str | None = None,
    msgtype: str | None = None,
    text: dict[str, Any] | None = None,
    link: dict[str, Any] | None = None,
    markdown: dict[str, Any] | None = None,
    action_card: Annotated[dict[str, Any] | None, Field(alias="actionCard")] = None,
    feed_card: Annotated[dict[str, Any] | None, Field(alias="feedCard")] = None,
    at: dict[str, Any] | None = None,
    msg_uuid: Annotated[str | None, Field(alias="msgUuid")] = None,
) -> Result:
    """自定义机器人发送群消息."""
    if not access_token:
        raise Refused(40035, "缺少参数 access_token")
    webhook = company.outbox.webhooks.get(access_token)
    if webhook is None:
        raise Refused(300005)
    if msgtype is None:
        raise Refused(40035, "缺少参数 json")
    contents = {"text": text, "link": link, "markdown": markdown, "actionCard": action_card, "feedCard": feed_card}
    if msgtype not in contents:
        raise Refused(400105)
    content = contents[msgtype] or {}
    if not all(content.get(name) for name in _WEBHOOK_NEEDS[msgtype]) or len((at or {}).get("atUserIds") or ()) > 50:
        raise Refused(40035)
    single = bool(content.get("singleURL") and content.get("singleTitle"))
    if msgtype == "actionCard" and single == bool(content.get("btns")):
        raise Refused(40035)
    said = json.dumps(content, ensure_ascii=False)
    if len(said.encode()) > MAX_WEBHOOK_BYTES:
        raise Refused(460101)
    check_security(company, webhook, said, timestamp, sign)
    if msg_uuid and any(message.get("msgUuid") == msg_uuid for message in webhook.messages):
        return {}
    check_rate(company, webhook)
    webhook.messages.append({"msgtype": msgtype, msgtype: content, "at": at, "msgUuid": msg_uuid})
    return {}


SCOPE: Final = "qyapi_robot_sendmsg"

_BUTTONS: Final = "miss.param.actionCardTobtnsTotitle"
_CARD: Final = {"title": "miss.param.actionCardTotitle", "text": "miss.param.actionCardTotext"}
TEMPLATES: Final[dict[str, dict[str, str]]] = {
    "sampleText": {"content": "miss.param.contentOfText"},
    "sampleMarkdown": {"title": "miss.param.markdownTotitle", "text": "miss.param.markdownTotext"},
    "sampleImageMsg": {"photoURL": "miss.param.photoTophotoUrl"},
    "sampleLink": {
        "text": "miss.param.textOfLink",
        "title": "miss.param.titleOfLink",
        "messageUrl": "miss.param.messageUrlOfLink",
    },
    "sampleActionCard": {
        **_CARD,
        "singleTitle": "miss.param.actionCardTosingleTitle",
        "singleURL": "miss.param.actionCardTosingleUrl",
    },
    **{
        f"sampleActionCard{count}": {
            **_CARD,
            **{f"{part}{number}": _BUTTONS for number in range(1, count + 1) for part in ("actionTitle", "actionURL")},
        }
        for count in range(2, 6)
    },
    "sampleActionCard6": {
        **_CARD,
        **{f"{part}{number}": _BUTTONS for number in (1, 2) for part in ("buttonTitle", "buttonUrl")},
    },
    "sampleAudio": dict.fromkeys(("mediaId", "duration"), "miss.param.audio"),
    "sampleFile": dict.fromkeys(("mediaId", "fileName", "fileType"), "miss.param.file"),
    "sampleVideo": dict.fromkeys(("duration", "videoMediaId", "videoType", "picMediaId"), "miss.param.video"),
}
"""The platform's templates: the parameters each needs, and the code for a missing one."""

RobotCode = Annotated[
    str,
    Field(alias="robotCode", min_length=1),
    Code("invalidParameter.robotCode.invalid", "invalidParameter.robotCode.empty"),
]
MsgKey = Annotated[str, Field(alias="msgKey"), Code("invalidParameter.msgKey.invalid", "invalidParameter.msgKey.empty")]
MsgParam = Annotated[str, Field(alias="msgParam"), Code("invalidParameter.msgParam.invalid")]
Key = Annotated[
    str,
    Field(alias="processQueryKey"),
    Code("invalid.processQueryKey", "invalidParameter.processQueryKey.missing"),
]
Keys = Annotated[
    list[str],
    Field(alias="processQueryKeys", min_length=1, max_length=20),
    Code("invalidParameter.processQueryKeys.overMax", "invalidParameter.processQueryKey.missing"),
]
Conversation = Annotated[
    str, Field(alias="openConversationId"), Code("invalid.openConversationId", "miss.openConversationId")
]


def check_robot(company: Company, robot_code: str) -> None:
    """Refuse a robot that is not the app's."""
    if robot_code != company.credentials.appkey:
        raise Refused("invalidParameter.robotCode.notExsit")


def check_group(company: Company, conversation: str) -> list[str]:
    """The members of a group."""
    if conversation not in company.outbox.groups:
        raise Refused("invalid.openConversationId")
    return company.outbox.groups[conversation]


def _mail(
    company: Company, msg_key: str, msg_param: str, receivers: list[str], conversation: str | None = None
) -> RobotMail:
    if msg_key not in TEMPLATES:
        raise Refused("invalidParameter.msgKey.invalid")
    if len(msg_param.encode()) > MAX_PARAM_BYTES:
        raise Refused("invalidParameter.msgParam.tooLong")
    try:
        values: object = json.loads(msg_param)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise Refused("invalidParameter.msgParam.invalid")
    given = cast("dict[str, Any]", values)
    for name, code in TEMPLATES[msg_key].items():
        if not given.get(name):
            raise Refused(code)
    key = secrets.token_urlsafe(32) + "="
    mail = RobotMail(key, msg_key, given, company.credentials.clock.now(), receivers, conversation)
    company.outbox.robot_mail[key] = mail
    return mail


def _find(company: Company, key: str, conversation: str | None) -> RobotMail:
    mail = company.outbox.robot_mail.get(key)
    if mail is None or mail.conversation != conversation:
        raise Refused("invalid.processQueryKey")
    if company.credentials.clock.now() - mail.sent > DAY:
        raise Refused("processQueryKey.expireTime")
    return mail


def _recall(company: Company, keys: list[str], conversation: str | None) -> Result:
    recalled: list[str] = []
    failed: dict[str, str] = {}
    for key in keys:
        try:
            _find(company, key, conversation).recalled = True
        except Refused as refusal:
            failed[key] = str(refusal.code)
        else:
            recalled.append(key)
    return {"successResult": recalled, "failedResult": failed}


def _status(mail: RobotMail) -> str:
    return "RECALLED" if mail.recalled else "SUCCESS"


@endpoint("POST", "/v1.0/robot/oToMessages/batchSend", scope=SCOPE, invalid="invalidParameter.param.invalid")
def batch_send(
    company: Company,
    *,
    robot_code: RobotCode,
    user_ids: Annotated[
        list[str],
        Field(alias="userIds", min_length=1, max_length=20),
        Code("invalidParameter.userIds.overMax", "invalidParameter.userIds.empty"),
    ],
    msg_key: MsgKey,
    msg_param: MsgParam,
) -> Result:
    """批量发送人与机器人会话中机器人消息."""
    check_robot(company, robot_code)
    known = [userid for userid in user_ids if userid in company.users]
    controlled = [userid for userid in known if userid in company.outbox.flow_controlled]
    mail = _mail(company, msg_key, msg_param, [userid for userid in known if userid not in controlled])
    return {
        "processQueryKey": mail.key,
        "invalidStaffIdList": [userid for userid in user_ids if userid not in known],
        "flowControlledStaffIdList": controlled,
    }


@endpoint("GET", "/v1.0/robot/oToMessages/readStatus", scope=SCOPE, invalid="invalidParameter.param.invalid")
def read_status(company: Company, *, robot_code: RobotCode, key: Key) -> Result:
    """批量查询人与机器人会话机器人消息是否已读."""
    check_robot(company, robot_code)
    mail = _find(company, key, None)
    receivers = [
        {
            "name": company.users[userid].name,
            "userId": userid,
            "readStatus": "READ" if userid in mail.read else "UNREAD",
        }
        for userid in mail.receivers
    ]
    return {"sendStatus": _status(mail), "messageReadInfoList": receivers}


@endpoint("POST", "/v1.0/robot/otoMessages/batchRecall", scope=SCOPE, invalid="invalidParameter.param.invalid")
def batch_recall(company: Company, *, robot_code: RobotCode, keys: Keys) -> Result:
    """批量撤回人与机器人会话中机器人消息."""
    check_robot(company, robot_code)
    return _recall(company, keys, None)


@endpoint("POST", "/v1.0/robot/groupMessages/send", scope=SCOPE, invalid="invalidParameter.param.invalid")
def group_send(
    company: Company, *, conversation: Conversation, robot_code: RobotCode, msg_key: MsgKey, msg_param: MsgParam
) -> Result:
    """机器人发送群聊消息."""
    check_robot(company, robot_code)
    members = check_group(company, conversation)
    return {"processQueryKey": _mail(company, msg_key, msg_param, members, conversation).key}


@endpoint("POST", "/v1.0/robot/groupMessages/query", scope=SCOPE, invalid="invalidParameter.param.invalid")
def group_query(
    company: Company,
    *,
    conversation: Conversation,
    robot_code: RobotCode,
    key: Key,
    max_results: Annotated[
        int, Field(alias="maxResults", ge=1, le=200), Code("invalidParameter.pageSize.invalid")
    ] = 200,
    next_token: Annotated[
        str, Field(alias="nextToken", pattern=r"^\d+$"), Code("invalidParameter.cursor.invalid")
    ] = "0",
) -> Result:
    """查询企业机器人群聊消息用户已读状态."""
    check_robot(company, robot_code)
    check_group(company, conversation)
    mail = _find(company, key, conversation)
    end = int(next_token) + max_results
    more = end < len(mail.read)
    page = {"sendStatus": _status(mail), "readUserIds": mail.read[int(next_token) : end], "hasMore": more}
    return {**page, "nextToken": str(end)} if more else page


@endpoint("POST", "/v1.0/robot/groupMessages/recall", scope=SCOPE, invalid="invalidParameter.param.invalid")
def group_recall(company: Company, *, conversation: Conversation, robot_code: RobotCode, keys: Keys) -> Result:
    """企业机器人撤回内部群消息."""
    check_robot(company, robot_code)
    check_group(company, conversation)
    return _recall(company, keys, conversation)
