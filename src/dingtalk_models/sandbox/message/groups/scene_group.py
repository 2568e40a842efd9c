"""`/v1.0/im/sceneGroup*`, `/topapi/im/chat/scenegroup/*`: groups from a template of the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.message.groups.group import (
    MANAGE,
    READ,
    Bit,
    check_known,
    check_name,
    check_owner,
    check_room,
    options_of,
    set_sub_admins,
    undissolved,
)
from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.group import Group

NO_GROUP: Final = "parameter.invalid"


class SceneOptions(TypedDict, total=False):
    """The settings of a scene group."""

    show_history_type: Bit
    searchable: Bit
    validation_type: Bit
    mention_all_authority: Bit
    management_type: Bit
    chat_banned_type: Bit
    only_admin_can_ding: Bit
    all_members_can_create_mcs_conf: Bit
    all_members_can_create_calendar: Bit
    group_email_disabled: Bit
    only_admin_can_set_msg_top: Bit
    add_friend_forbidden: Bit
    group_live_switch: Bit
    members_to_admin_chat: Bit
    plugin_customize_verify: Bit
    not_quit_when_emp_leave: Bit
    only_admin_can_add_mem: Bit


Title = Annotated[str, Field(min_length=1, max_length=30)]
Conversation = Annotated[str, Field(min_length=1)]
People = Sequence[str]


def check_template(company: Company, group: Group) -> None:
    """Refuse a group in which no template of the app is enabled."""
    if not group.templates:
        raise Refused("groupPermissionDenied")
    if not group.templates & company.outbox.groups.templates.keys():
        raise Refused("groupTemplatePermissionDenied")


def _userid_of(company: Company, union_id: str | None) -> str | None:
    user = company.find_user(unionid=union_id) if union_id else None
    return user.userid if user else None


def _users_of(company: Company, user_ids: Sequence[str], union_ids: Sequence[str]) -> list[str]:
    """Return the userids of users given by userid or union id. People of other companies have none."""
    return [*user_ids, *(userid for each in union_ids if (userid := _userid_of(company, each)))]


@endpoint("POST", "/v1.0/im/sceneGroup/create", scope=MANAGE, invalid="parameter.invalid", camel=False)
def create_scene_group(
    company: Company,
    *,
    title: Title,
    template_id: Annotated[str, Field(min_length=1)],
    owner_user_id: Annotated[str, Field(min_length=1)],
    icon: str = "",
    user_ids: People = (),
    subadmin_ids: People = (),
    uuid: str | None = None,
    management_options: SceneOptions | None = None,
) -> Result:
    """创建场景群: the same `uuid` does not create a second group."""
    groups = company.outbox.groups
    if template_id not in groups.templates:
        raise Refused("groupTemplate.notFound")
    check_owner(company, owner_user_id)
    check_known(company, [*user_ids, *subadmin_ids], "member.notFound")
    check_name(company, title, "parameter.invalid")
    if len({owner_user_id, *user_ids, *subadmin_ids}) > groups.most_members:
        raise Refused("member.exceed")
    group = next((each for each in groups.values() if uuid and each.uuid == uuid and not each.dissolved), None)
    if group is None:
        group = groups.make(
            [*user_ids, *subadmin_ids],
            name=title,
            owner=owner_user_id,
            icon=icon,
            template_id=template_id,
            templates={template_id},
            uuid=uuid,
        )
        group.options.update(_given(management_options or {}))
        set_sub_admins(company, group, subadmin_ids, 2, "parameter.invalid")
    return {"open_conversation_id": group.open_conversation_id, "chat_id": group.chat_id}


def _given(options: SceneOptions) -> dict[str, int]:
    return {name: value for name, value in dict(options).items() if isinstance(value, int)}


@endpoint("POST", "/v1.0/im/sceneGroup/update", scope=MANAGE, invalid=NO_GROUP, camel=False)
def update_scene_group(
    company: Company,
    *,
    open_conversation_id: Conversation,
    title: Title | None = None,
    icon: str | None = None,
    owner_user_id: str | None = None,
    owner_union_id: str | None = None,
    management_options: SceneOptions | None = None,
) -> Result:
    """更新场景群."""
    group = undissolved(company, open_conversation_id, NO_GROUP)
    owner = owner_user_id or (owner_union_id and (_userid_of(company, owner_union_id) or owner_union_id))
    if owner:
        check_owner(company, owner)
        group.owner = owner
        group.add([owner])
    check_name(company, title or "", "parameter.invalid")
    group.name = title or group.name
    group.icon = icon or group.icon
    group.options.update(_given(management_options or {}))
    return {"success": True}


@endpoint("POST", "/v1.0/im/chat/scenegroup/disband", scope=MANAGE, invalid="paramIllegal")
def disband(company: Company, *, open_conversation_id: Conversation) -> Result:
    """解散场景群."""
    undissolved(company, open_conversation_id, "paramIllegal").dissolved = True
    return {"success": True}


@endpoint("POST", "/v1.0/im/sceneGroup/member/add", scope=MANAGE, invalid=NO_GROUP, camel=False)
def add_members(
    company: Company,
    *,
    open_conversation_id: Conversation,
    user_ids: People = (),
    union_ids: People = (),
) -> Result:
    """添加场景群成员: by union id, people of other companies can be added, too."""
    group = undissolved(company, open_conversation_id, NO_GROUP)
    if not user_ids and not union_ids:
        raise Refused("parameter.invalid")
    check_known(company, user_ids)
    users = _users_of(company, user_ids, union_ids)
    check_room(company, group, users)
    group.add(users)
    strangers = [each for each in union_ids if _userid_of(company, each) is None]
    group.externals = list(dict.fromkeys([*group.externals, *strangers]))
    return {"success": True}


@endpoint("POST", "/v1.0/im/sceneGroup/member/delete", scope=MANAGE, invalid=NO_GROUP, camel=False)
def delete_members(
    company: Company,
    *,
    open_conversation_id: Conversation,
    user_ids: People = (),
    union_ids: People = (),
) -> Result:
    """删除场景群成员: the owner stays."""
    group = undissolved(company, open_conversation_id, NO_GROUP)
    users = _users_of(company, user_ids, union_ids)
    if (not user_ids and not union_ids) or group.owner in users:
        raise Refused("parameter.invalid")
    group.remove(users)
    group.externals = [each for each in group.externals if each not in union_ids]
    return {"success": True}


@endpoint("POST", "/v1.0/im/sceneGroups/members/batchQuery", scope=MANAGE, invalid="paramIllegal", missing="paramBlank")
def query_members(
    company: Company,
    *,
    open_conversation_id: Conversation,
    max_results: Annotated[int, Field(ge=1, le=1000)],
    next_token: Annotated[str, Field(pattern=r"^\d+$")] = "0",
) -> Result:
    """查询场景群成员."""
    group = undissolved(company, open_conversation_id, "cidEncryptError")
    check_template(company, group)
    everyone = [*((each, True) for each in group.members), *((each, False) for each in group.externals)]
    page, following = page_of(everyone, int(next_token), max_results)
    users = [each for each, known in page if known]
    return {
        "success": True,
        "memberUserIds": users,
        "unionIdList": [each for each, known in page if not known],
        "staffIdNickMap": {each: group.nicks[each] for each in users if each in group.nicks},
        "unionIdNickMap": {},
        "hasMore": following is not None,
        **present({"nextToken": None if following is None else str(following)}),
    }


@endpoint("PUT", "/v1.0/im/sceneGroups/subAdmins", scope=MANAGE, invalid="invalidParams")
def update_sub_admins(
    company: Company,
    *,
    open_conversation_id: Annotated[str, Code("invalidOpenConversationId")],
    role: Literal[2, 3],
    user_ids: Annotated[People, Field(max_length=12), Code("invalidUserIds")] = (),
    union_ids: People = (),
) -> Result:
    """更新场景群管理员."""
    group = undissolved(company, open_conversation_id, "openConversationIdDecriptFailed", "groupDisbang")
    check_known(company, user_ids, "userNotExists")
    userids = [*user_ids, *(_userid_of(company, each) or each for each in union_ids)]
    if not userids or group.owner in userids:
        raise Refused("invalidUserIds")
    if any(each not in group.members for each in userids):
        raise Refused("userNotInGroup")
    set_sub_admins(company, group, userids, role, "subAdminNumberExcessive")
    return {"success": True}


@endpoint(
    "PUT",
    "/v1.0/im/sceneGroups/members/groupNicks",
    scope=MANAGE,
    invalid="paramIllegal",
    missing="paramBlank",
)
def update_nick(
    company: Company,
    *,
    open_conversation_id: str,
    user_id: Annotated[str, Field(min_length=1)],
    group_nick: Annotated[str, Field(min_length=1, max_length=30)],
) -> Result:
    """更新场景群成员的群昵称."""
    group = undissolved(company, open_conversation_id, "openConversationIdDecriptFailed")
    if user_id not in group.members:
        raise Refused("userNotInGroup" if user_id in company.users else "invalidUserId")
    check_name(company, group_nick, "groupNickForbid")
    group.nicks[user_id] = group_nick
    return {"success": True}


@endpoint(
    "POST",
    "/v1.0/im/sceneGroups/query",
    scope=MANAGE,
    invalid="paramIllegal",
    missing="paramBlank",
)
def query_group(company: Company, *, open_conversation_id: Conversation) -> Result:
    """查询场景群简要信息: a dissolved group is still found."""
    group = company.outbox.groups.get(open_conversation_id)
    if group is None:
        raise Refused("cidEncryptError")
    check_template(company, group)
    return {
        "success": True,
        "openConversationId": group.open_conversation_id,
        "templateId": group.template_id,
        "title": group.name,
        "ownerUserId": group.owner,
        "icon": group.icon,
        "groupUrl": _url(group),
        "status": 2 if group.dissolved else 1,
    }


def _url(group: Group) -> str:
    return f"https://qr.dingtalk.com/action/joingroup?code=v1,{group.chat_id}"


@endpoint("GET", "/v1.0/im/sceneGroups/templates/robots", scope=MANAGE, invalid="invalidParam")
def template_robot(
    company: Company,
    *,
    robot_code: Annotated[str, Code("invalidParam.robotCodeEmpry")],
    open_conversation_id: Annotated[str, Code("invalidParam.openConversationIdEmpry")],
) -> Result:
    """查询场景群内群模板机器人."""
    group = company.outbox.groups.get(open_conversation_id)
    if group is None or not group.templates:
        raise Refused("invalidParam.sceneGroupPermissionDenied")
    robot = next((company.outbox.groups.templates.get(each) for each in group.templates), None)
    if robot is None or robot_code != company.credentials.appkey:
        raise Refused("robotNotFound")
    return {"success": True, "result": {"userId": robot, "unionId": f"{robot}iE"}}


@endpoint("POST", "/topapi/im/chat/scenegroup/get", scope=READ, invalid=40035)
def get_scene_group(company: Company, *, open_conversation_id: Conversation) -> Result:
    """查询场景群基本信息."""
    group = undissolved(company, open_conversation_id, 40035)
    if not group.templates & company.outbox.groups.templates.keys():
        raise Refused(400020)
    found: dict[str, Any] = {
        "open_conversation_id": group.open_conversation_id,
        "template_id": group.template_id,
        "title": group.name,
        "owner_staff_id": group.owner,
        "sub_admin_staff_ids": group.sub_admins,
        "icon": group.icon,
        "group_url": _url(group),
        "management_options": options_of(group),
    }
    return {"result": found, "success": True}


def _with_template(company: Company, conversation: str, template_id: str, owner: str) -> Group:
    group = undissolved(company, conversation, 660023)
    if template_id not in company.outbox.groups.templates:
        raise Refused(665036)
    if owner != group.owner:
        raise Refused(500, "系统异常")
    return group


@endpoint("POST", "/topapi/im/chat/scenegroup/template/apply", scope=MANAGE, invalid=665036)
def apply_template(
    company: Company, *, owner_user_id: str, template_id: str, open_conversation_id: Annotated[str, Code(660023)]
) -> Result:
    """启用群模板."""
    _with_template(company, open_conversation_id, template_id, owner_user_id).templates.add(template_id)
    return {"success": True}


@endpoint("POST", "/topapi/im/chat/scenegroup/template/close", scope=MANAGE, invalid=665036)
def close_template(
    company: Company, *, owner_user_id: str, template_id: str, open_conversation_id: Annotated[str, Code(660023)]
) -> Result:
    """停用群模板."""
    group = _with_template(company, open_conversation_id, template_id, owner_user_id)
    if template_id not in group.templates:
        raise Refused(665036)
    group.templates.discard(template_id)
    return {"success": True}
