"""Scene groups (场景群): groups made from a template of the app, including its robots."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, Refusal, api, operation
from dingtalk_models.call.repair import UNPARSED, assembled
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import Bit, camel, empty_list, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.first_generation.joined import split_at
from dingtalk_models.message.conversation import ADMIN, MEMBER, Conversation, ConversationId, SubAdminRole
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Changed, Record
from dingtalk_models.resource.query import Query, by_token

Title = Annotated[str, Field(min_length=1, max_length=30)]
"""1 to 30 characters."""

_SnakeId = Annotated[ConversationId, wire("open_conversation_id")]
_Owner = Annotated[str, wire("owner_user_id")]
_UserIds = Annotated[list[str] | None, wire("user_ids")]
_UnionIds = Annotated[list[str] | None, wire("union_ids")]

MOST_MEMBERS_A_PAGE = 1000


class SceneGroupOptions(TypedDict, total=False):
    """The settings of a scene group."""

    show_history_type: Annotated[Bit, wire("management_options.show_history_type")]
    """Let new members see earlier messages."""
    searchable: Annotated[Bit, wire("management_options.searchable")]
    """Let people find it by search."""
    validation_type: Annotated[Bit, wire("management_options.validation_type")]
    """Review people before they join."""
    mention_all_authority: Annotated[Bit, wire("management_options.mention_all_authority")]
    """Let only the owner mention everyone."""
    management_type: Annotated[Bit, wire("management_options.management_type")]
    """Let only the owner manage it."""
    chat_banned_type: Annotated[Bit, wire("management_options.chat_banned_type")]
    """Mute the whole group."""
    only_admin_can_ding: Annotated[Bit, wire("management_options.only_admin_can_ding")]
    """Let only the owner and administrators send DINGs."""
    all_members_can_create_mcs_conf: Annotated[Bit, wire("management_options.all_members_can_create_mcs_conf")]
    """Let members start meetings."""
    all_members_can_create_calendar: Annotated[Bit, wire("management_options.all_members_can_create_calendar")]
    """Let members create events in its calendar."""
    group_email_disabled: Annotated[Bit, wire("management_options.group_email_disabled")]
    """Disable its e-mail."""
    only_admin_can_set_msg_top: Annotated[Bit, wire("management_options.only_admin_can_set_msg_top")]
    """Let only the owner and administrators pin messages."""
    add_friend_forbidden: Annotated[Bit, wire("management_options.add_friend_forbidden")]
    """Forbid members to add each other as friends."""
    group_live_switch: Annotated[Bit, wire("management_options.group_live_switch")]
    """Let members start live streams."""
    members_to_admin_chat: Annotated[Bit, wire("management_options.members_to_admin_chat")]
    """Forbid private chats between members and administrators."""
    not_quit_when_emp_leave: Annotated[Bit, wire("management_options.not_quit_when_emp_leave")]
    """Keep members who leave the company."""
    only_admin_can_add_mem: Annotated[Bit, wire("management_options.only_admin_can_add_mem")]
    """Let only the owner and administrators add members."""


class NewSceneGroupFields(SceneGroupOptions, total=False):
    """The fields for creating a scene group."""

    icon: str
    """Its picture, as a media id."""
    userids: Annotated[list[str], wire("user_ids")]
    """Its members."""
    subadmin_ids: Annotated[list[str], wire("subadmin_ids")]
    """Its administrators."""
    uuid: str
    """An id of your own. A second request with the same id does not create another group."""


class SceneGroupChanges(SceneGroupOptions, total=False):
    """The fields of a scene group that can be changed."""

    title: Title
    """1 to 30 characters."""
    icon: str
    """Its picture, as a media id."""
    owner_userid: _Owner
    """The new owner."""
    owner_union_id: Annotated[str, wire("owner_union_id")]
    """The new owner, by the union id."""
    plugin_customize_verify: Annotated[Bit, wire("management_options.plugin_customize_verify")]
    """Let the app decide who may join."""


class SceneGroupManager(Manager):
    """Scene groups (场景群)."""

    @api(
        "im_1_0.CreateSceneGroup",
        "POST /v1.0/im/sceneGroup/create",
        Old(
            "dingtalk.oapi.im.chat.scenegroup.create",
            user_ids=split_at(",", "userids"),
            subadmin_ids=split_at(",", "subadmin_ids"),
        ),
    )
    def create(
        self,
        title: Title,
        template_id: Annotated[str, Field(min_length=1), wire("template_id")],
        owner_userid: Annotated[_Owner, Field(min_length=1)],
        **fields: Unpack[NewSceneGroupFields],
    ) -> Call[SceneGroup]:
        """Create a scene group (创建场景群).

        Args:
            title: 1 to 30 characters.
            template_id: a template of the app, from the developer console.
            owner_userid: its owner, who has to be visible to the app.
            fields: `userids`, `subadmin_ids`, `uuid`, `searchable` and the others of `NewSceneGroupFields`.

        Returns:
            The group, with its ids and the given fields.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            NotFound: there is no such template, or no such user.
            PermissionDenied: the owner is not visible to the app, or the template belongs to another app.

        Source: create-a-scene-group
        """
        given: dict[str, Any] = {name: value for name, value in fields.items() if name in SceneGroup.model_fields}
        given |= {"title": title, "template_id": template_id, "owner_userid": owner_userid}
        given["sub_admin_userids"] = fields.get("subadmin_ids", [])
        return Call(_NewSceneGroup).then(lambda made: assembled(SceneGroup, given, made))

    @api(
        "dingtalk.oapi.im.chat.scenegroup.get",
        "POST /topapi/im/chat/scenegroup/get",
        idempotent=True,
    )
    def get(self, open_conversation_id: ConversationId) -> Call[SceneGroup]:
        """Get a scene group with its settings and administrators (查询场景群基本信息).

        Args:
            open_conversation_id: its id.

        Raises:
            InvalidRequest: there is no such group.
            PermissionDenied: it was not made from a template of this app.

        Source: queries-the-basic-information-of-a-scenario-group
        """
        return Call(_SceneGroupReply).then(_read)

    @api("im_1_0.GetSceneGroupInfo", "POST /v1.0/im/sceneGroups/query", idempotent=True)
    def brief(self, open_conversation_id: ConversationId, *, cool_app_code: str | None = None) -> Call[SceneGroupBrief]:
        """Get a scene group with its status (查询场景群简要信息).

        Args:
            open_conversation_id: its id.
            cool_app_code: the cool app (酷应用) in the group, if there is one.

        Raises:
            InvalidRequest: there is no such group.
            PermissionDenied: no template of this app is enabled in it.

        Source: query-group-information
        """
        return Call(SceneGroupBrief)

    @api("im_1_0.UpdateSceneGroup", "POST /v1.0/im/sceneGroup/update", "dingtalk.oapi.im.chat.scenegroup.update")
    def update(self, open_conversation_id: _SnakeId, **fields: Unpack[SceneGroupChanges]) -> Call[None]:
        """Change a scene group (更新场景群).

        Args:
            open_conversation_id: the group.
            fields: `title`, `owner_userid` and the others of `SceneGroupChanges`. Absent fields stay.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            InvalidRequest: there is no such group.
            PermissionDenied: the new owner is not visible to the app.

        Source: api-updatescenegroup
        """
        return Call(None)

    @api("im_1_0.DsbandOpenSceneGroup", "POST /v1.0/im/chat/scenegroup/disband")
    def disband(self, open_conversation_id: ConversationId) -> Call[None]:
        """Dissolve a scene group (解散场景群).

        Args:
            open_conversation_id: the group.

        Raises:
            InvalidRequest: there is no such group.

        Source: api-dsbandopenscenegroup
        """
        return Call(None)

    @also_takes(older_ids.change_members)
    @api(
        "im_1_0.AddSceneGroupMember",
        "POST /v1.0/im/sceneGroup/member/add",
        Old("dingtalk.oapi.im.chat.scenegroup.member.add", user_ids=split_at(",", "userids")),
    )
    def add_members(
        self, open_conversation_id: _SnakeId, userids: _UserIds = None, *, union_ids: _UnionIds = None
    ) -> Call[None]:
        """Add members to a scene group (添加场景群成员).

        Args:
            open_conversation_id: the group.
            userids: users.
            union_ids: people of other companies.

        Raises:
            InvalidRequest: there is no such group, or no such user.

        Source: api-addscenegroupmember
        """
        _check_named(userids, union_ids)
        return Call(None)

    @also_takes(older_ids.change_members)
    @api(
        "im_1_0.RemoveSceneGroupMember",
        "POST /v1.0/im/sceneGroup/member/delete",
        Old("dingtalk.oapi.im.chat.scenegroup.member.delete", user_ids=split_at(",", "userids")),
    )
    def remove_members(
        self, open_conversation_id: _SnakeId, userids: _UserIds = None, *, union_ids: _UnionIds = None
    ) -> Call[None]:
        """Remove members from a scene group (删除场景群成员).

        Args:
            open_conversation_id: the group.
            userids: users.
            union_ids: people of other companies.

        Raises:
            InvalidRequest: there is no such group, or the owner is among them.

        Source: api-removescenegroupmember
        """
        _check_named(userids, union_ids)
        return Call(None)

    @api("im_1_0.BatchQueryGroupMember", "POST /v1.0/im/sceneGroups/members/batchQuery", idempotent=True)
    def member_page(
        self,
        open_conversation_id: ConversationId,
        max_results: Annotated[int, Field(ge=1, le=MOST_MEMBERS_A_PAGE)] = MOST_MEMBERS_A_PAGE,
        *,
        next_token: str | None = None,
        cool_app_code: str | None = None,
    ) -> Call[SceneGroupMembers]:
        """Get one page of the members of a scene group (查询场景群成员).

        Args:
            open_conversation_id: the group.
            max_results: the page size, at most 1000.
            next_token: the start of the page.
            cool_app_code: the cool app (酷应用) in the group, if there is one.

        Raises:
            InvalidRequest: there is no such group.
            PermissionDenied: no template of this app is enabled in it.

        Source: query-group-members
        """
        return Call(SceneGroupMembers)

    @operation
    def members(
        self, open_conversation_id: ConversationId, *, cool_app_code: str | None = None
    ) -> Query[SceneGroupMember]:
        """List the members of a scene group.

        Args:
            open_conversation_id: the group.
            cool_app_code: the cool app (酷应用) in the group, if there is one.

        Raises:
            InvalidRequest: there is no such group.
            PermissionDenied: no template of this app is enabled in it.
        """
        return by_token(
            lambda token: self.member_page.call(open_conversation_id, next_token=token, cool_app_code=cool_app_code),
            lambda page: page.members,
        )

    @api("im_1_0.UpdateGroupSubAdmin", "PUT /v1.0/im/sceneGroups/subAdmins")
    def update_sub_admins(
        self,
        open_conversation_id: ConversationId,
        role: SubAdminRole,
        userids: Annotated[list[str] | None, Field(max_length=12), wire("userIds")] = None,
        *,
        union_ids: list[str] | None = None,
    ) -> Call[None]:
        """Make members of a scene group administrators, or ordinary members again (更新场景群管理员).

        Args:
            open_conversation_id: the group.
            role: 2 for administrators, 3 for members.
            userids: at most 12 users.
            union_ids: people of other companies.

        Raises:
            NotFound: there is no such user, one is not in the group, or it was dissolved.
            InvalidRequest: there is no such group, or it would have too many administrators.

        Source: update-group-administrators
        """
        _check_named(userids, union_ids)
        return Call(None)

    @api("im_1_0.UpdateMemberGroupNick", "PUT /v1.0/im/sceneGroups/members/groupNicks")
    def set_nick(
        self,
        open_conversation_id: ConversationId,
        userid: Annotated[str, Field(min_length=1), wire("userId")],
        group_nick: Annotated[str, Field(min_length=1, max_length=30)],
    ) -> Call[None]:
        """Change the nickname of a member in a scene group (更新场景群成员的群昵称).

        Args:
            open_conversation_id: the group.
            userid: the member.
            group_nick: the nickname, at most 30 characters.

        Raises:
            NotFound: the user is not in the group.
            InvalidRequest: the nickname has forbidden words.

        Source: update-group-nicknames
        """
        return Call(None)

    @api("im_1_0.QuerySceneGroupTemplateRobot", "GET /v1.0/im/sceneGroups/templates/robots")
    def template_robot(
        self, robot_code: str | None = None, open_conversation_id: str | None = None
    ) -> Call[TemplateRobot]:
        """Get the user id of a template's robot in a scene group (查询场景群内群模板机器人).

        Args:
            robot_code: the robot's code in the template.
            open_conversation_id: the group.

        Raises:
            NotFound: there is no such robot.
            InvalidRequest: there is no such group.

        Source: search-group-scene-template-robot
        """
        return Call(TemplateRobot, "result")

    @api("dingtalk.oapi.im.chat.scenegroup.template.apply", "POST /topapi/im/chat/scenegroup/template/apply")
    def apply_template(
        self,
        owner_userid: _Owner,
        template_id: str,
        open_conversation_id: ConversationId,
    ) -> Call[None]:
        """Enable a template in a group (启用群模板).

        Args:
            owner_userid: the owner of the group.
            template_id: a template of the app.
            open_conversation_id: the group.

        Raises:
            NotFound: there is no such template, or no such group.

        Source: enable-a-group-template
        """
        return Call(None)

    @api("dingtalk.oapi.im.chat.scenegroup.template.close", "POST /topapi/im/chat/scenegroup/template/close")
    def close_template(
        self,
        owner_userid: _Owner,
        template_id: str,
        open_conversation_id: ConversationId,
    ) -> Call[None]:
        """Disable a template in a group (停用群模板).

        Args:
            owner_userid: the owner of the group.
            template_id: a template of the app.
            open_conversation_id: the group.

        Raises:
            NotFound: there is no such template, or no such group.

        Source: disable-a-group-template
        """
        return Call(None)


class _NewSceneGroup(Record):
    open_conversation_id: str
    chat_id: str | None


class _ManagementOptions(Record):
    chat_banned_type: Bit | None
    searchable: Bit | None
    validation_type: Bit | None
    mention_all_authority: Bit | None
    management_type: Bit | None
    show_history_type: Bit | None


class _SceneGroupReply(Record):
    icon: str | None
    management_options: _ManagementOptions | None
    title: str = ""
    template_id: str | None
    open_conversation_id: str
    sub_admin_staff_ids: list[str] = []
    owner_staff_id: str | None
    group_url: str | None


class SceneGroupBrief(Record, alias_generator=camel):
    """A scene group in brief.

    Attributes:
        status: 1, or 2 if it was dissolved.
    """

    open_conversation_id: str | None
    template_id: str | None
    title: str | None
    owner_userid: Annotated[str | None, wire("ownerUserId")]
    icon: str | None
    group_url: str | None
    status: int | None


class SceneGroupMember(Record):
    """A member of a scene group, from this or another company.

    Attributes:
        userid: the user; `None` for people of other companies.
        union_id: the person of another company.
        nick: their nickname in the group.
    """

    userid: Annotated[str | None, wire("user_id")] = None
    union_id: str | None = None
    nick: str | None = None


class SceneGroupMembers(Record, alias_generator=camel):
    """One page of the members of a scene group."""

    member_userids: Annotated[list[str], wire("memberUserIds")] = empty_list()
    union_id_list: list[str] = empty_list()
    staff_id_nick_map: dict[str, str] = {}
    union_id_nick_map: dict[str, str] = {}
    has_more: bool | None
    next_token: str | None

    @property
    def members(self) -> list[SceneGroupMember]:
        """The members with their nicknames in the group."""
        users = [SceneGroupMember(userid=each, nick=self.staff_id_nick_map.get(each)) for each in self.member_userids]
        others = [SceneGroupMember(union_id=each, nick=self.union_id_nick_map.get(each)) for each in self.union_id_list]
        return users + others


class TemplateRobot(Record, alias_generator=camel):
    """A template's robot in a group."""

    userid: Annotated[str | None, wire("userId")]
    union_id: str | None


class SceneGroup(Conversation, Changed["SceneGroup"]):
    """A scene group (场景群)."""

    objects: ClassVar[SceneGroupManager] = SceneGroupManager()
    get = objects.get
    create = objects.create
    key: ClassVar = ("open_conversation_id",)
    kept: ClassVar = ("chat_id",)

    open_conversation_id: str
    chat_id: str | None = None
    title: str = ""
    template_id: str | None = None
    owner_userid: Annotated[str | None, wire("owner_user_id")] = None
    sub_admin_userids: Annotated[list[str], wire("sub_admin_user_ids")] = empty_list()
    icon: str | None = None
    group_url: str | None = None
    chat_banned_type: Bit | None = None
    searchable: Bit | None = None
    validation_type: Bit | None = None
    mention_all_authority: Bit | None = None
    management_type: Bit | None = None
    show_history_type: Bit | None = None

    @operation
    def conversation_id(self) -> Flow[str]:
        """Return the openConversationId of this group."""
        yield from ()
        return self.open_conversation_id

    @operation
    def update(self, **fields: Unpack[SceneGroupChanges]) -> Flow[SceneGroup]:
        """Change this group, and update this object.

        Args:
            fields: `title`, `owner_userid`, `searchable` and the others of `SceneGroupChanges`.
        """
        return self.updated(fields)

    @operation
    def disband(self) -> Call[None]:
        """Dissolve this group."""
        return self.objects.disband.call(self.open_conversation_id)

    @operation
    def members(self) -> Query[SceneGroupMember]:
        """List the members of this group with their nicknames."""
        return self.objects.members.call(self.open_conversation_id)

    @operation
    def add_members(self, userids: list[str]) -> Call[None]:
        """Add users to this group.

        Args:
            userids: the users.
        """
        return self.objects.add_members.call(self.open_conversation_id, userids)

    @operation
    def remove_members(self, userids: list[str]) -> Call[None]:
        """Remove users from this group.

        Args:
            userids: the users.
        """
        return self.objects.remove_members.call(self.open_conversation_id, userids)

    @operation
    def add_sub_admins(self, userids: list[str]) -> Call[None]:
        """Make members of this group its administrators.

        Args:
            userids: at most 12 members.
        """
        return self.objects.update_sub_admins.call(self.open_conversation_id, ADMIN, userids)

    @operation
    def remove_sub_admins(self, userids: list[str]) -> Call[None]:
        """Make administrators of this group ordinary members again.

        Args:
            userids: at most 12 administrators.
        """
        return self.objects.update_sub_admins.call(self.open_conversation_id, MEMBER, userids)

    @operation
    def mute(self) -> Flow[SceneGroup]:
        """Mute this group. Its owner and administrators may still speak."""
        return self.update.call(chat_banned_type=True)

    @operation
    def unmute(self) -> Flow[SceneGroup]:
        """Unmute this group."""
        return self.update.call(chat_banned_type=False)

    @operation
    def set_nick(self, userid: str, group_nick: str) -> Call[None]:
        """Change the nickname of a member in this group.

        Args:
            userid: the member.
            group_nick: the nickname, at most 30 characters.
        """
        return self.objects.set_nick.call(self.open_conversation_id, userid, group_nick)


def _read(reply: _SceneGroupReply) -> SceneGroup:
    options = reply.management_options
    fields = dict(options or {}) | dict(reply.model_extra or {})
    fields |= {"owner_userid": reply.owner_staff_id, "sub_admin_userids": reply.sub_admin_staff_ids}
    if options and options.unparsed:
        fields[UNPARSED] = options.unparsed | reply.unparsed
    return assembled(SceneGroup, fields, reply)


def _check_named(userids: list[str] | None, union_ids: list[str] | None) -> None:
    if not userids and not union_ids:
        raise Refusal("userids", "name somebody, here or in union_ids / 请在 userids 或 union_ids 中至少指定一人")
