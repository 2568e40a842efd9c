"""`/chat/*`: the archived endpoints for groups, which older clients still call. `/chat/get` is not archived."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Final, Unpack

from pydantic import Field

from dingtalk_models.sandbox.message.groups.group import (
    MANAGE,
    READ,
    Name,
    Options,
    check_name,
    check_room,
    set_options,
)
from dingtalk_models.sandbox.message.notifications.work_notification import check_message
from dingtalk_models.sandbox.server.endpoints import Code, FromJson, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.group import Group
from dingtalk_models.sandbox.state.talk.message import RobotMail

MOST_AT_ONCE: Final = 40
ENTERPRISE: Final = 2
"""The `conversationTag` of a group whose members are all in the company."""

People = Sequence[str]
ChatId = Annotated[str, Field(alias="chatid", min_length=1)]


def _check_people(company: Company, userids: People) -> None:
    if len(userids) > MOST_AT_ONCE:
        raise Refused(49011)
    for userid in userids:
        company.user(userid, 40031)


def _group(company: Company, chat_id: str, code: int) -> Group:
    """Return a group by its chatid. A dissolved one is not found."""
    group = company.outbox.groups.by_chat_id(chat_id)
    if group is None or group.dissolved:
        raise Refused(code)
    return group


@endpoint("POST", "/chat/create", scope=MANAGE, invalid=40035, camel=True)
def create_chat(
    company: Company,
    *,
    name: Annotated[str, Field(max_length=20), Code(400002, 40035)],
    owner: Annotated[str, Field(min_length=1), Code(49013)],
    userids: Annotated[list[str], Field(alias="useridlist", min_length=1), Code(49010)],
    **options: Unpack[Options],
) -> Result:
    """创建群: the owner becomes a member, even if the list of members does not name them."""
    if not name:
        raise Refused(40035)
    _check_people(company, userids)
    company.user(owner, 40031)
    check_name(company, name, 40035)
    group = company.outbox.groups.make(userids, name=name, owner=owner)
    set_options(group, options)
    return {
        "chatid": group.chat_id,
        "openConversationId": group.open_conversation_id,
        "conversationTag": group.conversation_tag,
    }


@endpoint("POST", "/chat/update", scope=MANAGE, invalid=40035, camel=True)
def update_chat(
    company: Company,
    *,
    chat_id: Annotated[ChatId, Code(49000)],
    name: Annotated[Name | None, Code(49015)] = None,
    owner: Annotated[str | None, Field(min_length=1), Code(40031)] = None,
    added: Annotated[People, Field(alias="add_useridlist"), Code(40031)] = (),
    removed: Annotated[People, Field(alias="del_useridlist"), Code(40031)] = (),
    added_externals: Annotated[People, Field(alias="add_extidlist"), Code(40031)] = (),
    removed_externals: Annotated[People, Field(alias="del_extidlist"), Code(40031)] = (),
    icon: str | None = None,
    is_ban: bool | None = None,
    **options: Unpack[Options],
) -> Result:
    """更新群: the owner stays in it."""
    group = _group(company, chat_id, 40016)
    _check_people(company, [*added, *([owner] if owner else [])])
    check_name(company, name or "", 49015)
    check_room(company, group, added, 49011)
    if group.conversation_tag == ENTERPRISE and (added_externals or removed_externals):
        raise Refused(49009)
    if {*added} & {*removed}:
        raise Refused(49004)
    if (owner or group.owner) in removed:
        raise Refused(40031)
    group.name = name or group.name
    group.icon = icon or group.icon
    group.owner = owner or group.owner
    group.add([*added, *([owner] if owner else [])])
    group.remove(removed)
    kept = [each for each in group.externals if each not in removed_externals]
    group.externals = list(dict.fromkeys([*kept, *added_externals]))
    if is_ban is not None:
        group.options["chat_banned_type"] = int(is_ban)
    set_options(group, options)
    return {}


@endpoint("POST", "/chat/send", scope=MANAGE, invalid=34014)
def send_to_chat(
    company: Company,
    *,
    chat_id: Annotated[ChatId, Code(34001)],
    msg: Annotated[dict[str, Any], FromJson],
) -> Result:
    """发送消息到企业群: the sender is the app's robot."""
    group = _group(company, chat_id, 34001)
    content = check_message(msg, kind_code=34004, code=34014, length_code=34016)
    kind = str(msg["msgtype"])
    entry = company.conversations.robot_says(group, kind, content, "robot")
    key, now = f"msg{secrets.token_urlsafe(24)}", company.credentials.clock.now()
    place = group.open_conversation_id
    company.outbox.add_mail(RobotMail(key, kind, content, now, list(group.members), place, entries=[entry]))
    return {"messageId": key}


@endpoint("GET", "/chat/getReadList", scope=READ, invalid=40035, camel=True)
def read_list(
    company: Company,
    *,
    message_id: str,
    cursor: Annotated[int, Field(ge=0), Code(40068)],
    size: Annotated[int, Field(ge=1, le=100), Code(40069)],
) -> Result:
    """查询群消息已读人员列表."""
    mail = company.outbox.robot_mail.get(message_id)
    if mail is None:
        raise Refused(40035)
    page, following = page_of(mail.read, cursor, size)
    return {"readUserIdList": page, **({} if following is None else {"next_cursor": following})}
