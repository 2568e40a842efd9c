"""Conversations (会话): the common part of all kinds of groups."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, InstanceOf

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api, operation
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import Millis, camel, wire
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record

ConversationId = Annotated[str, Field(min_length=1)]

SubAdminRole = Literal[2, 3]
"""2 for administrators, 3 for ordinary members."""
ADMIN: Literal[2] = 2
MEMBER: Literal[3] = 3

_MILLISECOND = timedelta(milliseconds=1)


class ConversationManager(Manager):
    """Muting in groups (群禁言). The platform documents it for scene groups."""

    @api("im_1_0.UpdateMemberBanWords", "POST /v1.0/im/sceneGroups/muteMembers/set")
    def mute_members(
        self,
        open_conversation_id: ConversationId,
        userids: Annotated[list[str], Field(min_length=1, max_length=999), wire("userIdList")],
        mute_status: Literal[0, 1],
        mute_duration: Annotated[int, Field(ge=0)],
        *,
        union_ids: list[str] | None = None,
    ) -> Call[None]:
        """Mute or unmute members of a group (设置场景群成员禁言状态).

        Args:
            open_conversation_id: the group.
            userids: at most 999 members.
            mute_status: 1 to mute them, 0 to unmute them.
            mute_duration: the duration in milliseconds.
            union_ids: known from the official SDK only.

        Raises:
            NotFound: there is no such group, or no such member.
            InvalidRequest: the owner, who cannot be muted, is among them.

        Source: set-group-members-access-control
        """
        return Call(None)

    @api("im_1_0.QueryGroupMuteStatus", "GET /v1.0/im/sceneGroups/muteSettings")
    def mute_settings(
        self,
        userid: Annotated[str, Field(min_length=1), wire("userId")],
        open_conversation_id: ConversationId,
        *,
        permission_code: str | None = None,
    ) -> Call[MuteSettings]:
        """Get whether a group and one of its members are muted (查询场景群禁言状态).

        Args:
            userid: the member.
            open_conversation_id: the group.
            permission_code: known from the official SDK only.

        Raises:
            InvalidRequest: there is no such group.
            PermissionDenied: it belongs to another company.

        Source: query-group-silence-status
        """
        return Call(MuteSettings)


class MemberMute(Record, alias_generator=camel):
    """Whether a member is muted, with start and end."""

    user_mute_mode: bool | None = None
    mute_start_time: Millis | None = None
    mute_end_time: Millis | None = None


class MuteSettings(Record, alias_generator=camel):
    """Whether a group and one of its members are muted."""

    group_mute_mode: bool | None
    user_mute_result: MemberMute = MemberMute()


class Conversation(Model):
    """A group of any kind, to which messages can be sent."""

    conversations: ClassVar[ConversationManager] = ConversationManager()

    @operation
    def conversation_id(self) -> Flow[str]:
        """Get the openConversationId of this group, which robots and cards need."""
        raise NotImplementedError

    @operation
    def mute_members(self, userids: list[str], duration: timedelta) -> Flow[None]:
        """Mute members of this group for some time.

        Args:
            userids: at most 999 members.
            duration: the duration.

        Raises:
            InvalidRequest: the owner, who cannot be muted, is among them.
        """
        conversation = yield from self.conversation_id.call()
        yield self.conversations.mute_members.call(conversation, userids, 1, duration // _MILLISECOND)

    @operation
    def unmute_members(self, userids: list[str]) -> Flow[None]:
        """Unmute members of this group.

        Args:
            userids: at most 999 members.
        """
        conversation = yield from self.conversation_id.call()
        yield self.conversations.mute_members.call(conversation, userids, 0, 0)

    @operation
    def mute_settings(self, userid: str) -> Flow[MuteSettings]:
        """Get whether this group and one of its members are muted.

        Args:
            userid: the member.
        """
        conversation = yield from self.conversation_id.call()
        return (yield from self.conversations.mute_settings.call(userid, conversation))


ToGroup = ConversationId | InstanceOf[Conversation]
"""A target group: a `Group`, a `SceneGroup`, or an openConversationId."""


def conversation_id_of(group: ToGroup) -> Flow[str]:
    """Return the openConversationId of a target group. It is requested only if it is unknown."""
    return (yield from group.conversation_id.call()) if isinstance(group, Conversation) else group
