"""`/v1.0/im/sceneGroups/muteMembers/set`, `/v1.0/im/sceneGroups/muteSettings`: who may speak in a group."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dingtalk_models.sandbox.message.groups.group import MANAGE, READ, undissolved
from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company


@endpoint("POST", "/v1.0/im/sceneGroups/muteMembers/set", scope=MANAGE, invalid="invalidParameter.muteStatusError")
def mute_members(
    company: Company,
    *,
    user_id_list: Annotated[list[str], Field(min_length=1, max_length=999), Code("invalidParameter.userIdList")],
    open_conversation_id: Annotated[str, Code("invalidParameter.openConversationIdError")],
    mute_status: Literal[0, 1],
    mute_duration: Annotated[int, Field(ge=0)],
) -> Result:
    """设置场景群成员禁言状态: the duration is in milliseconds."""
    group = undissolved(company, open_conversation_id, "invalidParameter.openConversationIdError", "invalidGroupParams")
    if any(each not in group.members for each in user_id_list):
        raise Refused("cannot.find.user")
    if group.owner in user_id_list:
        raise Refused("cannot.ban.owner")
    now = company.credentials.clock.now()
    for userid in user_id_list:
        if mute_status:
            group.muted[userid] = now, now + mute_duration / 1000
        else:
            group.muted.pop(userid, None)
    return {}


@endpoint(
    "GET",
    "/v1.0/im/sceneGroups/muteSettings",
    scope=READ,
    invalid="invalidParam.openConversationIdEmpry",
)
def mute_settings(company: Company, *, user_id: str, open_conversation_id: str) -> Result:
    """查询场景群禁言状态."""
    group = company.outbox.groups.get(open_conversation_id)
    if group is None:
        raise Refused("invalidParam.openConversationIdDecryptFailed")
    until = group.muted_until(user_id, company.credentials.clock.now())
    member: dict[str, object] = {"userMuteMode": until is not None}
    if until is not None:
        start, end = group.muted[user_id]
        member |= {"muteStartTime": int(start * 1000), "muteEndTime": int(end * 1000)}
    return {"groupMuteMode": bool(group.options["chat_banned_type"]), "userMuteResult": member}
