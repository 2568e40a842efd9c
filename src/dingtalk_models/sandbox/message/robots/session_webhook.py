"""`/robot/sendBySession`, and the files that people send to the robot."""

from __future__ import annotations

from typing import Annotated, Any, Unpack

from pydantic import Field

from dingtalk_models.sandbox.message.robots.robot import SCOPE, RobotCode
from dingtalk_models.sandbox.message.robots.webhook_robot import WebhookContent, read_content
from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company


@endpoint("POST", "/robot/sendBySession?session", invalid=40035, open=True)
def send_by_session(
    company: Company,
    *,
    session: str | None = None,
    at: dict[str, Any] | None = None,
    **content: Unpack[WebhookContent],
) -> Result:
    """通过 sessionWebhook 回复消息."""
    conversation = company.conversations.session(session or "")
    if conversation is None:
        raise Refused(300001, "session 不存在")
    msgtype, said = read_content(at, **content)
    called = at or {}
    mentions = ["*"] if called.get("isAtAll") else [*(called.get("atUserIds") or ())]
    company.conversations.robot_says(conversation, msgtype, said, "session", mentions)
    return {}


@endpoint("POST", "/v1.0/robot/messageFiles/download", scope=SCOPE, invalid="invalidParameter.robotCode.downloadCode")
def download(
    company: Company,
    *,
    robot_code: RobotCode,
    download_code: Annotated[
        str,
        Field(alias="downloadCode", min_length=1),
        Code("invalidParameter.robotCode.downloadCode", "invalidParameter.robotCode.empty"),
    ],
) -> Result:
    """下载机器人接收消息的文件内容."""
    if robot_code != company.credentials.appkey:
        raise Refused("invalidParameter.robotCode.auth")
    file = company.conversations.files.get(download_code)
    if file is None or file.expires <= company.credentials.clock.now():
        raise Refused("invalidParameter.robotCode.downloadCode")
    return {"downloadUrl": company.drive.store.presign(file.key)}
