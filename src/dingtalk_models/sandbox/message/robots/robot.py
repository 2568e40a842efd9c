"""`/v1.0/robot/*`: the app's own robot."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final, cast

from pydantic import Field

from dingtalk_models.sandbox.message.robots.template import TEMPLATES
from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.json_values import read_json
from dingtalk_models.sandbox.server.replies import page_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.group import Group
from dingtalk_models.sandbox.state.talk.message import RobotMail

SCOPE: Final = "qyapi_robot_sendmsg"

DAY: Final = 24 * 3600
MAX_PARAM_BYTES: Final = 15_000

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
    """Refuse any robot but the app's."""
    if robot_code != company.credentials.appkey:
        raise Refused("invalidParameter.robotCode.notExsit")


def check_group(company: Company, conversation: str) -> Group:
    """Return a group, or refuse."""
    if conversation not in company.outbox.groups:
        raise Refused("invalid.openConversationId")
    group = company.outbox.groups[conversation]
    if group.dissolved:
        raise Refused("group.disbanded")
    return group


def make_mail(
    company: Company, msg_key: str, msg_param: str, receivers: list[str], conversation: str | None = None
) -> RobotMail:
    if msg_key not in TEMPLATES:
        raise Refused("invalidParameter.msgKey.invalid")
    if len(msg_param.encode()) > MAX_PARAM_BYTES:
        raise Refused("invalidParameter.msgParam.tooLong")
    try:
        values: object = read_json(msg_param)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise Refused("invalidParameter.msgParam.invalid")
    given = cast("dict[str, Any]", values)
    for name, code in TEMPLATES[msg_key].items():
        if not given.get(name):
            raise Refused(code)
    key = secrets.token_urlsafe(32) + "="
    talks = company.conversations
    to = [talks.find(conversation)] if conversation else [talks.alone(userid) for userid in receivers]
    entries = [talks.robot_says(each, msg_key, given, "robot") for each in to]
    mail = RobotMail(key, msg_key, given, company.credentials.clock.now(), receivers, conversation, entries=entries)
    company.outbox.add_mail(mail)
    return mail


def find_mail(company: Company, key: str, conversation: str | None) -> RobotMail:
    mail = company.outbox.robot_mail.get(key)
    if mail is None or mail.conversation != conversation:
        raise Refused("invalid.processQueryKey")
    if company.credentials.clock.now() - mail.sent > DAY:
        raise Refused("processQueryKey.expireTime")
    return mail


def recall_mail(company: Company, keys: list[str], conversation: str | None) -> Result:
    recalled: list[str] = []
    failed: dict[str, str] = {}
    for key in keys:
        try:
            find_mail(company, key, conversation).recall()
        except Refused as refusal:
            failed[key] = str(refusal.code)
        else:
            recalled.append(key)
    return {"successResult": recalled, "failedResult": failed}


def mail_status(mail: RobotMail) -> str:
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
    mail = make_mail(company, msg_key, msg_param, [userid for userid in known if userid not in controlled])
    return {
        "processQueryKey": mail.key,
        "invalidStaffIdList": [userid for userid in user_ids if userid not in known],
        "flowControlledStaffIdList": controlled,
    }


@endpoint("GET", "/v1.0/robot/oToMessages/readStatus", scope=SCOPE, invalid="invalidParameter.param.invalid")
def read_status(company: Company, *, robot_code: RobotCode, key: Key) -> Result:
    """批量查询人与机器人会话机器人消息是否已读."""
    check_robot(company, robot_code)
    mail = find_mail(company, key, None)
    receivers = [
        {
            "name": company.users[userid].name,
            "userId": userid,
            "readStatus": "READ" if userid in mail.read else "UNREAD",
        }
        for userid in mail.receivers
    ]
    return {"sendStatus": mail_status(mail), "messageReadInfoList": receivers}


@endpoint("POST", "/v1.0/robot/otoMessages/batchRecall", scope=SCOPE, invalid="invalidParameter.param.invalid")
def batch_recall(company: Company, *, robot_code: RobotCode, keys: Keys) -> Result:
    """批量撤回人与机器人会话中机器人消息."""
    check_robot(company, robot_code)
    return recall_mail(company, keys, None)


@endpoint("POST", "/v1.0/robot/groupMessages/send", scope=SCOPE, invalid="invalidParameter.param.invalid")
def group_send(
    company: Company, *, conversation: Conversation, robot_code: RobotCode, msg_key: MsgKey, msg_param: MsgParam
) -> Result:
    """机器人发送群聊消息."""
    check_robot(company, robot_code)
    members = check_group(company, conversation).members
    return {"processQueryKey": make_mail(company, msg_key, msg_param, list(members), conversation).key}


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
    mail = find_mail(company, key, conversation)
    page, following = page_of(mail.read, int(next_token), max_results)
    more = {} if following is None else {"nextToken": str(following)}
    return {"sendStatus": mail_status(mail), "readUserIds": page, "hasMore": following is not None, **more}


@endpoint("POST", "/v1.0/robot/groupMessages/recall", scope=SCOPE, invalid="invalidParameter.param.invalid")
def group_recall(company: Company, *, conversation: Conversation, robot_code: RobotCode, keys: Keys) -> Result:
    """企业机器人撤回内部群消息."""
    check_robot(company, robot_code)
    check_group(company, conversation)
    return recall_mail(company, keys, conversation)


@endpoint("POST", "/v1.0/robot/groups/robots/query", scope="qyapi_chat_manage", invalid="illegal.openconevrsation.id")
def robots_of_group(company: Company, *, open_conversation_id: str) -> Result:
    """获取群内机器人列表."""
    if open_conversation_id not in company.outbox.groups:
        raise Refused("illegal.openconevrsation.id")
    robot = {"robotCode": company.credentials.appkey, "name": "沙箱机器人", "openRobotType": 1}
    robot |= {"downloadIconURL": "https://gw.alicdn.com/tfs/sandbox-200-200.png"}
    return {"chatbotInstanceVOList": [robot]}
