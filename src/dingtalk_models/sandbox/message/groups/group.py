"""`/v1.0/im/group/*` and the rest of `/chat/*`: ordinary groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AliasGenerator, ConfigDict, Field, with_config
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.group import OPTIONS, Group

MANAGE: Final = "qyapi_chat_manage"
READ: Final = "qyapi_chat_read"

Bit = Literal[0, 1]
ADMIN: Final = 2


@with_config(ConfigDict(alias_generator=AliasGenerator(to_camel)))
class Options(TypedDict, total=False):
    """The settings of a group."""

    show_history_type: Bit
    searchable: Bit
    validation_type: Bit
    mention_all_authority: Bit
    management_type: Bit
    chat_banned_type: Bit


Name = Annotated[str, Field(min_length=1, max_length=20)]
ChatId = Annotated[str, Field(alias="chatid", min_length=1)]


def check_name(company: Company, name: str, code: int | str) -> None:
    """Refuse a name that contains a forbidden word."""
    if any(word in name for word in company.outbox.groups.forbidden_words):
        raise Refused(code)


def check_owner(company: Company, userid: str) -> None:
    """Refuse an owner who is not visible to the app."""
    company.user(userid, "permession.checkFailed")


def check_known(company: Company, userids: Sequence[str], code: str = "parameter.invalid") -> None:
    """Refuse people who are not users."""
    for userid in userids:
        company.user(userid, code)


def check_room(company: Company, group: Group, coming: Sequence[str], code: int | str = "parameter.invalid") -> None:
    """Refuse more members than a group may have."""
    if len({*group.members, *coming}) + len(group.externals) > company.outbox.groups.most_members:
        raise Refused(code)


def group_of(company: Company, chat_id: str, code: int | str) -> Group:
    """Return the group with a chatid, or refuse."""
    group = company.outbox.groups.by_chat_id(chat_id)
    if group is None:
        raise Refused(code)
    return group


def member_of(company: Company, group: Group, userid: str) -> None:
    """Refuse a person who is not in a group."""
    company.user(userid, 40003)
    if userid not in group.members:
        raise Refused(60124)


@endpoint("POST", "/v1.0/im/group/create", scope=MANAGE, invalid="parameter.invalid")
def create_group(
    company: Company,
    *,
    name: Name,
    owner: Annotated[str, Field(min_length=1)],
    userids: Annotated[list[str], Field(alias="useridlist", min_length=1)],
    conversation_tag: Literal[0, 2] = 2,
    externals: Annotated[Sequence[str], Field(alias="extidlist")] = (),
    icon: str = "",
    management_options: Options | None = None,
) -> Result:
    """创建群会话: the owner becomes a member, even if the list of members does not name them."""
    check_owner(company, owner)
    check_known(company, userids)
    check_name(company, name, "parameter.invalid")
    if len({owner, *userids}) + len(externals) > company.outbox.groups.most_members:
        raise Refused("parameter.invalid")
    group = company.outbox.groups.make(
        userids, name=name, owner=owner, icon=icon, conversation_tag=conversation_tag, externals=[*externals]
    )
    set_options(group, management_options or {})
    return {
        "conversationTag": group.conversation_tag,
        "openConversationId": group.open_conversation_id,
        "chatid": group.chat_id,
    }


@endpoint("POST", "/v1.0/im/group/update", scope=MANAGE, invalid="parameter.invalid")
def update_group(
    company: Company,
    *,
    chat_id: ChatId,
    name: Name | None = None,
    owner: str | None = None,
    added: Annotated[Sequence[str], Field(alias="add_useridlist")] = (),
    removed: Annotated[Sequence[str], Field(alias="del_useridlist")] = (),
    added_externals: Annotated[Sequence[str], Field(alias="add_extidlist")] = (),
    removed_externals: Annotated[Sequence[str], Field(alias="del_extidlist")] = (),
    icon: str | None = None,
    management_options: Options | None = None,
) -> Result:
    """更新群会话: the owner stays in it."""
    group = group_of(company, chat_id, "parameter.invalid")
    if owner is not None:
        check_owner(company, owner)
    check_known(company, added)
    check_name(company, name or "", "parameter.invalid")
    check_room(company, group, added)
    stays = owner or group.owner
    both = {*added} & {*removed} or {*added_externals} & {*removed_externals}
    if group.dissolved or both or stays in removed:
        raise Refused("parameter.invalid")
    group.name = name or group.name
    group.icon = icon or group.icon
    group.owner = stays
    group.add([*added, *([owner] if owner else [])])
    group.remove(removed)
    kept = [each for each in group.externals if each not in removed_externals]
    group.externals = list(dict.fromkeys([*kept, *added_externals]))
    set_options(group, management_options or {})
    return {"success": True}


def set_options(group: Group, options: Options) -> None:
    """Change the given settings."""
    group.options.update({name: value for name, value in dict(options).items() if isinstance(value, int)})


@endpoint("GET", "/chat/get", scope=READ, invalid=49000)
def get_chat(company: Company, *, chat_id: ChatId) -> Result:
    """查询群信息."""
    group = group_of(company, chat_id, 40016)
    return {
        "chat_info": {
            "chatid": group.chat_id,
            "name": group.name,
            "owner": group.owner,
            "useridlist": group.members,
            "conversationTag": group.conversation_tag,
            "icon": group.icon,
            "status": 2 if group.dissolved else 1,
            **{to_camel(name): group.options[name] for name in OPTIONS},
        }
    }


@endpoint("POST", "/v1.0/im/chat/{chatId}/convertToOpenConversationId", scope=READ, invalid="invalideChatId")
def to_open_conversation_id(company: Company, *, chat_id: str) -> Result:
    """获取群会话的OpenConversationId."""
    return {"openConversationId": group_of(company, chat_id, "invalideChatId").open_conversation_id}


@endpoint("POST", "/v1.0/im/subAdministrators", scope=MANAGE, invalid="invalidParameter.openConversationId.invalid")
def update_sub_admins(
    company: Company,
    *,
    open_conversation_id: str,
    user_ids: Annotated[list[str], Field(min_length=1), Code("invalid.staffid")],
    role: Annotated[Literal[2, 3], Code("invalidParamter.role")],
) -> Result:
    """批量设置企业群管理员: 2 makes an administrator, 3 a member."""
    group = undissolved(company, open_conversation_id, "invalidParameter.openConversationId.invalid", "group.diaband")
    check_known(company, user_ids, "staff.not.found")
    if any(each not in group.members or each == group.owner for each in user_ids):
        raise Refused("invalid.staffid")
    set_sub_admins(company, group, user_ids, role, "subadmin.exceed")
    return {"success": "true"}


def undissolved(
    company: Company, open_conversation_id: str, unknown: int | str, dissolved: int | str | None = None
) -> Group:
    """Return a group by its openConversationId, unless it was dissolved.

    Args:
        company: the company.
        open_conversation_id: the group.
        unknown: the code for an unknown group.
        dissolved: the code for a dissolved group; by default the same.
    """
    group = company.outbox.groups.get(open_conversation_id)
    if group is None:
        raise Refused(unknown)
    if group.dissolved:
        raise Refused(unknown if dissolved is None else dissolved)
    return group


def set_sub_admins(company: Company, group: Group, userids: Sequence[str], role: int, exceeding: str) -> None:
    """Make members administrators, or ordinary members again."""
    kept = [each for each in group.sub_admins if each not in userids]
    now = [*kept, *dict.fromkeys(userids)] if role == ADMIN else kept
    if len(now) > company.outbox.groups.most_sub_admins:
        raise Refused(exceeding)
    group.sub_admins = now


@endpoint("POST", "/topapi/chat/updategroupnick", scope=MANAGE)
def update_group_nick(
    company: Company,
    *,
    userid: Annotated[str, Code(40003)],
    chatid: Annotated[str, Code(34001)],
    group_nick: Annotated[str, Field(min_length=1)],
) -> Result:
    """更新群成员的群昵称."""
    group = group_of(company, chatid, 34001)
    member_of(company, group, userid)
    check_name(company, group_nick, 41049)
    group.nicks[userid] = group_nick
    return {"success": True}


@endpoint("POST", "/topapi/chat/member/friendswitch/update", scope=MANAGE, invalid=40036)
def update_friend_switch(company: Company, *, chatid: str, is_prohibit: bool) -> Result:
    """设置禁止群成员私聊."""
    group_of(company, chatid, 34001).private_chat = not is_prohibit
    return {"success": True}


@endpoint("POST", "/topapi/chat/qrcode/get", scope="qyapi_chat_base_read", invalid=34001)
def get_qr_code(company: Company, *, chatid: str, userid: Annotated[str, Code(40003)]) -> Result:
    """获取入群二维码链接."""
    group = group_of(company, chatid, 34001)
    member_of(company, group, userid)
    code = f"v1,{group.chat_id},{userid}"
    return {
        "result": f"https://qr.dingtalk.com/action/joingroup?code={code}&_dt_no_comment=1&origin=11",
        "success": True,
    }


def options_of(group: Group) -> dict[str, Any]:
    """Return the settings for replies of the older host, as texts."""
    return {name: str(group.options[name]) for name in OPTIONS}
