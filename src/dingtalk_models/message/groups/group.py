"""Groups (群), identified by their chatid."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import Field
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, Refusal, api, operation
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import Bit, camel, empty_list, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.first_generation.message_fields import OLD_GROUP_FIELDS
from dingtalk_models.message.conversation import ADMIN, MEMBER, Conversation, ConversationId, SubAdminRole
from dingtalk_models.message.received.chatbot_message import ChatbotMessage
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Changed

GroupName = Annotated[str, Field(min_length=1, max_length=20)]
"""1 to 20 characters."""

ChatId = Annotated[str, Field(min_length=1)]
Userid = Annotated[str, Field(min_length=1)]


class GroupFields(TypedDict, total=False):
    """The fields of a group that can be set when it is created or changed."""

    owner_type: Annotated[Literal["emp", "ext"], wire("ownerType")]
    """Whether the owner is a user (`emp`) or an external contact (`ext`)."""
    icon: str
    """Its picture, as a media id."""
    show_history_type: Annotated[Bit, wire("managementOptions.showHistoryType")]
    """Let new members see earlier messages."""
    searchable: Annotated[Bit, wire("managementOptions.searchable")]
    """Let people find it by search."""
    validation_type: Annotated[Bit, wire("managementOptions.validationType")]
    """Review people before they join."""
    mention_all_authority: Annotated[Bit, wire("managementOptions.mentionAllAuthority")]
    """Let only the owner mention everyone."""
    management_type: Annotated[Bit, wire("managementOptions.managementType")]
    """Let only the owner manage it."""
    chat_banned_type: Annotated[Bit, wire("managementOptions.chatBannedType")]
    """Mute the whole group."""


class NewGroupFields(GroupFields, total=False):
    """The fields for creating a group."""

    conversation_tag: Literal[0, 2]
    """2 for a group of the company."""
    extidlist: list[str]
    """Members who are external contacts, by their union ids."""


class GroupChanges(GroupFields, total=False):
    """The fields of a group that can be changed."""

    name: GroupName
    """1 to 20 characters."""
    owner: Userid
    """The new owner."""
    add_userids: Annotated[list[str], wire("add_useridlist")]
    """Users to add."""
    del_userids: Annotated[list[str], wire("del_useridlist")]
    """Users to remove."""
    add_extidlist: Annotated[list[str], wire("add_extidlist")]
    """External contacts to add, by their union ids."""
    del_extidlist: Annotated[list[str], wire("del_extidlist")]
    """External contacts to remove, by their union ids."""


class GroupManager(Manager):
    """Groups (群)."""

    @also_takes(older_ids.create_group)
    @api(
        "im_1_0.CreateGroup",
        "POST /v1.0/im/group/create",
        Old("dingtalk.oapi.chat.create", conversationTag="conversation_tag", **OLD_GROUP_FIELDS),
    )
    def create(
        self,
        name: GroupName,
        owner: Userid,
        userids: Annotated[list[str], Field(min_length=1), wire("useridlist")],
        **fields: Unpack[NewGroupFields],
    ) -> Call[Group]:
        """Create a group (创建群会话).

        Args:
            name: 1 to 20 characters.
            owner: its owner, who has to be visible to the app.
            userids: its members.
            fields: `icon`, `show_history_type` and the others of `NewGroupFields`.

        Returns:
            The group, with its chatid, its openConversationId and the given fields.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            PermissionDenied: the owner is not visible to the app.

        Source: create-common-group-new-version-v2
        """
        given = {"name": name, "owner": owner, "userids": userids, **fields}
        return Call(Group).then(lambda made: _given(made, given))

    @api("dingtalk.oapi.chat.get", "GET /chat/get")
    def get(self, chatid: ChatId) -> Call[Group]:
        """Get a group (查询群信息).

        Args:
            chatid: its chatid.

        Returns:
            The group with its members. The reply has no openConversationId; `conversation_id` requests it.

        Raises:
            NotFound: there is no such group.

        Source: obtain-a-group-session
        """
        return Call(Group, "chat_info").then(lambda found: _given(found, {"chatid": chatid}))

    @api(
        "im_1_0.UpdateGroup",
        "POST /v1.0/im/group/update",
        Old("dingtalk.oapi.chat.update", **OLD_GROUP_FIELDS),
    )
    def update(self, chatid: Annotated[ChatId, wire("chatid")], **fields: Unpack[GroupChanges]) -> Call[None]:
        """Change a group, its owner or its members (更新群会话).

        Args:
            chatid: the group.
            fields: `name`, `owner`, `add_userids` and the others of `GroupChanges`. Absent fields stay.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            InvalidRequest: there is no such group, or no such user.
            PermissionDenied: the new owner is not visible to the app.

        Source: api-updategroup
        """
        return Call(None)

    @api("im_1_0.ChatSubAdminUpdate", "POST /v1.0/im/subAdministrators")
    def update_sub_admins(
        self,
        open_conversation_id: ConversationId,
        userids: Annotated[list[str], Field(min_length=1), wire("userIds")],
        role: SubAdminRole,
    ) -> Call[None]:
        """Make members of a group administrators, or ordinary members again (批量设置企业群管理员).

        Args:
            open_conversation_id: the group.
            userids: the members.
            role: 2 for administrators, 3 for members.

        Raises:
            NotFound: there is no such user, or the group was dissolved.
            InvalidRequest: one is not in the group, or it would have too many administrators.

        Source: batch-setup-group-administrator
        """
        return Call(None)

    @api(
        "im_1_0.ChatIdToOpenConversationId",
        "POST /v1.0/im/chat/{chatId}/convertToOpenConversationId",
        idempotent=True,
    )
    def to_open_conversation_id(self, chat_id: ChatId) -> Call[str]:
        """Get the openConversationId of a group (获取群会话的OpenConversationId).

        Args:
            chat_id: its chatid.

        Raises:
            NotFound: there is no such group.

        Source: obtain-group-openconversationid
        """
        return Call(str, "openConversationId", chat_id=chat_id)

    @api("dingtalk.oapi.chat.updategroupnick", "POST /topapi/chat/updategroupnick")
    def set_nick(self, userid: Userid, chatid: ChatId, group_nick: Annotated[str, Field(min_length=1)]) -> Call[None]:
        """Change the nickname of a member in a group (更新群成员的群昵称).

        Args:
            userid: the member.
            chatid: the group.
            group_nick: the nickname.

        Raises:
            NotFound: there is no such group or user, or the user is not in it.
            InvalidRequest: the nickname has forbidden words.

        Source: set-a-group-nickname
        """
        return Call(None)

    @api("dingtalk.oapi.chat.member.friendswitch.update", "POST /topapi/chat/member/friendswitch/update")
    def prohibit_private_chat(self, chatid: ChatId, is_prohibit: bool) -> Call[None]:
        """Forbid or allow private chats between members of a group (设置禁止群成员私聊).

        Args:
            chatid: the group.
            is_prohibit: whether to forbid them.

        Raises:
            NotFound: there is no such group.

        Source: set-private-chat
        """
        return Call(None)

    @api("dingtalk.oapi.chat.qrcode.get", "POST /topapi/chat/qrcode/get", idempotent=True)
    def join_url(self, chatid: ChatId, userid: Userid) -> Call[str]:
        """Get the address for the QR code with which people can join a group (获取入群二维码链接).

        Args:
            chatid: the group.
            userid: the member who invites.

        Raises:
            NotFound: there is no such group or user, or the user is not in it.

        Source: obtain-a-qr-code-link
        """
        return Call(str)


class GroupArrival(Protocol):
    """An event of a group."""

    @property
    def app(self) -> AppLike: ...
    @property
    def chat_id(self) -> str | None: ...
    @property
    def open_conversation_id(self) -> str | None: ...


class Group(Conversation, Changed["Group"], alias_generator=camel):
    """A group (群).

    Attributes:
        chatid: its id for these operations; empty only in the group of a `ChatbotMessage`.
        open_conversation_id: its id for robots and cards; `None` if the reply had none.
        status: 1, or 2 if it was dissolved.
    """

    objects: ClassVar[GroupManager] = GroupManager()
    get = objects.get
    create = objects.create
    key: ClassVar = ("chatid",)
    kept: ClassVar = ("open_conversation_id",)

    chatid: str = ""
    open_conversation_id: str | None = None
    name: str = ""
    owner: str | None = None
    userids: Annotated[list[str], wire("useridlist")] = empty_list()
    icon: str | None = None
    conversation_tag: int | None = None
    status: int | None = None
    show_history_type: Bit | None = None
    searchable: Bit | None = None
    validation_type: Bit | None = None
    mention_all_authority: Bit | None = None
    management_type: Bit | None = None
    chat_banned_type: Bit | None = None

    @classmethod
    def of(cls, arrival: GroupArrival | ChatbotMessage) -> Group:
        """Make the group of an event or message, with its ids, so that messages can be sent to it.

        Only events have the chatid. With it, `refresh` loads the other fields.

        Args:
            arrival: a `ChatAddMember` or another event of a group, or a `ChatbotMessage` from a group.
        """
        if isinstance(arrival, ChatbotMessage):
            return Group(open_conversation_id=arrival.conversation_id).using(arrival.app)
        return Group(chatid=arrival.chat_id or "", open_conversation_id=arrival.open_conversation_id).using(arrival.app)

    @operation
    def conversation_id(self) -> Flow[str]:
        """Get the openConversationId of this group. It is requested only once."""
        if self.open_conversation_id is None:
            found = yield from self.objects.to_open_conversation_id.call(self.chatid)
            self.hold({"open_conversation_id": found})
            return found
        return self.open_conversation_id

    @operation
    def update(self, **fields: Unpack[GroupChanges]) -> Flow[Group]:
        """Change this group, and update this object.

        Args:
            fields: `name`, `owner`, `add_userids` and the others of `GroupChanges`.
        """
        known = "userids" in self.model_fields_set
        return self.updated(fields, {**fields, **({"userids": self._members_after(fields)} if known else {})})

    @operation
    def add_members(self, userids: list[str]) -> Flow[Group]:
        """Add users to this group.

        Args:
            userids: the users.
        """
        return self.update.call(add_userids=userids)

    @operation
    def remove_members(self, userids: list[str]) -> Flow[Group]:
        """Remove users from this group.

        Args:
            userids: the users.
        """
        return self.update.call(del_userids=userids)

    @operation
    def mute(self) -> Flow[Group]:
        """Mute this group. Its owner and administrators may still speak."""
        return self.update.call(chat_banned_type=True)

    @operation
    def unmute(self) -> Flow[Group]:
        """Unmute this group."""
        return self.update.call(chat_banned_type=False)

    @operation
    def add_sub_admins(self, userids: list[str]) -> Flow[None]:
        """Make members of this group its administrators.

        Args:
            userids: the members.
        """
        conversation = yield from self.conversation_id.call()
        yield self.objects.update_sub_admins.call(conversation, userids, ADMIN)

    @operation
    def remove_sub_admins(self, userids: list[str]) -> Flow[None]:
        """Make administrators of this group ordinary members again.

        Args:
            userids: the administrators.
        """
        conversation = yield from self.conversation_id.call()
        yield self.objects.update_sub_admins.call(conversation, userids, MEMBER)

    @operation
    def set_nick(self, userid: str, group_nick: str) -> Call[None]:
        """Change the nickname of a member in this group.

        Args:
            userid: the member.
            group_nick: the nickname.
        """
        return self.objects.set_nick.call(userid, self.chatid, group_nick)

    @operation
    def prohibit_private_chat(self, is_prohibit: bool = True) -> Call[None]:
        """Forbid or allow private chats between members of this group.

        Args:
            is_prohibit: whether to forbid them.
        """
        return self.objects.prohibit_private_chat.call(self.chatid, is_prohibit)

    @operation
    def join_url(self, userid: str | None = None) -> Call[str]:
        """Get the address for the QR code with which people can join this group.

        Args:
            userid: the member who invites; by default the owner.
        """
        if (inviting := userid or self.owner) is None:
            raise Refusal("userid", "who invites? the owner of this group is not known here / 群主未知，请指定邀请人")
        return self.objects.join_url.call(self.chatid, inviting)

    def _members_after(self, changes: GroupChanges) -> list[str]:
        removed = {*changes.get("del_userids", ())}
        owner = [changes["owner"]] if "owner" in changes else []
        kept = [each for each in self.userids if each not in removed]
        return list(dict.fromkeys([*kept, *changes.get("add_userids", ()), *owner]))


def _given(group: Group, fields: dict[str, Any]) -> Group:
    """Fill fields that the reply lacks with the given ones."""
    group.hold({name: value for name, value in fields.items() if name not in group.model_fields_set})
    return group
