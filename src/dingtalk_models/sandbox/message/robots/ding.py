"""`/v1.0/robot/ding/*`: DINGs."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.message import Ding

SCOPE: Final = "Premium.Ding.Write"
MOST: Final = 200

RobotCode = Annotated[str, Field(min_length=1), Code("invalid.chatbotId", "invalidParameter.param.invalid")]


@endpoint("POST", "/v1.0/robot/ding/send", scope=SCOPE, invalid="invalidParameter.param.invalid")
def send(
    company: Company,
    *,
    robot_code: RobotCode,
    remind_type: Literal[1, 2, 3],
    receivers: Annotated[list[str], Field(alias="receiverUserIdList", min_length=1), Code("miss.staffId")],
    content: Annotated[str, Field(min_length=1)],
    call_voice: str | None = None,
) -> Result:
    """发送DING消息."""
    if robot_code != company.credentials.appkey:
        raise Refused("invalid.chatbotId")
    if len(receivers) > MOST:
        raise Refused("ding.receivercount.limit")
    dings = company.outbox.dings
    known = [userid for userid in receivers if userid in company.users]
    if len(known) > dings.left[remind_type]:
        raise Refused("ding.serverquota.insufficient")
    dings.left[remind_type] -= len(known)
    open_ding_id = secrets.token_hex(8)
    ding = Ding(content, remind_type, known, company.credentials.clock.now(), call_voice)
    company.outbox.add_ding(open_ding_id, ding)
    unknown = [userid for userid in receivers if userid not in known]
    failed: dict[str, Any] = {"failedList": {"staffId.notExisted": unknown}} if unknown else {}
    return {"openDingId": open_ding_id, **failed}


@endpoint("POST", "/v1.0/robot/ding/recall", scope=SCOPE, invalid="invalidParameter.param.invalid")
def recall(company: Company, *, robot_code: RobotCode, open_ding_id: str) -> Result:
    """撤回已经发送的DING消息."""
    ding = company.outbox.dings.sent.get(open_ding_id)
    if ding is None or ding.recalled or robot_code != company.credentials.appkey:
        raise Refused("recall.ding.exception")
    ding.recalled = True
    return {"openDingId": open_ding_id}
