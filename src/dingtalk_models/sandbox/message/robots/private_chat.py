"""`/v1.0/robot/privateChatMessages/*`: the robot in conversations between two people."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.sandbox.message.robots.robot import (
    SCOPE,
    Conversation,
    Key,
    MsgKey,
    MsgParam,
    RobotCode,
    check_robot,
    find_mail,
    mail_status,
    make_mail,
    recall_mail,
)
from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.conversation import PrivateChat

INVALID = "invalidParameter.param.invalid"


def _chat(company: Company, robot_code: str, conversation: str) -> PrivateChat:
    check_robot(company, robot_code)
    chat = company.conversations.private_chats.get(conversation)
    if chat is None:
        raise Refused("invalid.openConversationId")
    return chat


@endpoint("POST", "/v1.0/robot/privateChatMessages/send", scope=SCOPE, invalid=INVALID)
def send(
    company: Company,
    *,
    conversation: Conversation,
    robot_code: RobotCode,
    cool_app_code: Annotated[str, Code("invalidParameter.robotCode.coolApp")],
    msg_key: MsgKey,
    msg_param: MsgParam,
) -> Result:
    """人与人会话中机器人发送普通消息."""
    chat = _chat(company, robot_code, conversation)
    if cool_app_code != chat.cool_app_code:
        raise Refused("invalidParameter.robotCode.coolApp")
    return {"processQueryKey": make_mail(company, msg_key, msg_param, chat.members, conversation).key}


@endpoint("POST", "/v1.0/robot/privateChatMessages/query", scope=SCOPE, invalid=INVALID)
def query(
    company: Company,
    *,
    robot_code: RobotCode,
    key: Key,
    conversation: Conversation,
    max_results: Annotated[int, Field(ge=1), Code("invalidParameter.pageSize.invalid")] = 200,
    next_token: Annotated[str, Field(pattern=r"^\d+$"), Code("invalidParameter.cursor.invalid")] = "0",
) -> Result:
    """查询人与人会话中机器人消息已读列表."""
    _chat(company, robot_code, conversation)
    mail = find_mail(company, key, conversation)
    page, following = page_of(mail.read, int(next_token), max_results)
    more = {} if following is None else {"nextToken": str(following)}
    return {"sendStatus": mail_status(mail), "readUserIds": page, "hasMore": following is not None, **more}


@endpoint("POST", "/v1.0/robot/privateChatMessages/batchRecall", scope=SCOPE, invalid=INVALID)
def recall(
    company: Company,
    *,
    conversation: Conversation,
    robot_code: RobotCode,
    keys: Annotated[
        list[str],
        Field(alias="processQueryKeys", min_length=1),
        Code("invalidParameter.processQueryKey.missing"),
    ],
) -> Result:
    """批量撤回人与人会话中机器人消息."""
    _chat(company, robot_code, conversation)
    return recall_mail(company, keys, conversation)
