"""Conversations (会话): what groups of each kind have in common."""

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
"""2 for administrators, 3 for mere members."""
ADMIN: Literal[2] = 2
MEMBER: Literal[3] = 3

_MILLISECOND = timedelta(milliseconds=1)


class ConversationManager(Manager):
    """Who may speak in a group (群禁言). The platform documents this for scene groups."""

    @api("im_1_0.UpdateMemberBanWords", "POST /v1.0/im/sceneGroups/muteMembers/set")
    def mute_members(
        self,
        open_conversation_id: ConversationId,
        userids: Annotated[list[str], Field(min_length=1, max_length=999), wire("userIdList")],
        mute_status: Literal[0, 1],
        mute_duration: Annotated[int, Field(ge=0)],
    ) -> Call[None]:
        """Mute members of a group, or let them speak again (设置场景群成员禁言状态).

        Args:
            open_conversation_id: the group.
            userids: at most 999 members.
            mute_status: 1 to mute them, 0 to let them speak again.
            mute_duration: for how long, in milliseconds.

        Raises:
            NotFound: there is no such group, or no such member.
            InvalidRequest: the owner is among them, who cannot be muted.

        Source: set-group-members-access-control
        """
        return Call(None)

    @api("im_1_0.QueryGroupMuteStatus", "GET /v1.0/im/sceneGroups/muteSettings")
    def mute_settings(
        self, userid: Annotated[str, Field(min_length=1), wire("userId")], open_conversation_id: ConversationId
    ) -> Call[MuteSettings]:
        """Whether a group is muted, and one of its members (查询场景群禁言状态).

        Args:
            userid: the member.
            open_conversation_id: the group.

        Raises:
            InvalidRequest: there is no such group.
            PermissionDenied: it belongs to another company.

        Source: query-group-silence-status
        """
        return Call(MuteSettings)


class MemberMute(Record, alias_generator=camel):
    """Whether a member is muted, from when until when."""

    user_mute_mode: bool | None = None
    mute_start_time: Millis | None = None
    mute_end_time: Millis | None = None


class MuteSettings(Record, alias_generator=camel):
    """Whether a group is muted, and one of its members."""

    group_mute_mode: bool | None
    user_mute_result: MemberMute = MemberMute()


class Conversation(Model):
    """A group of any kind: what a message can be sent to."""

    conversations: ClassVar[ConversationManager] = ConversationManager()

    @operation
    def conversation_id(self) -> Flow[str]:
        """The openConversationId of this group, by which robots and cards know it."""
        raise NotImplementedError

    @operation
    def mute_members(self, userids: list[str], duration: timedelta) -> Flow[None]:
        """Mute members of this group for some time.

        Args:
            userids: at most 999 members.
            duration: for how long.

        Raises:
            InvalidRequest: the owner is among them, who cannot be muted.
        """
        conversation = yield from self.conversation_id.call()
        yield self.conversations.mute_members.call(conversation, userids, 1, duration // _MILLISECOND)

    @operation
    def unmute_members(self, userids: list[str]) -> Flow[None]:
        """Let members of this group speak again.

        Args:
            userids: at most 999 members.
        """
        conversation = yield from self.conversation_id.call()
        yield self.conversations.mute_members.call(conversation, userids, 0, 0)

    @operation
    def mute_settings(self, userid: str) -> Flow[MuteSettings]:
        """Whether this group is muted, and one of its members.

        Args:
            userid: the member.
        """
        conversation = yield from self.conversation_id.call()
        return (yield from self.conversations.mute_settings.call(userid, conversation))


ToGroup = ConversationId | InstanceOf[Conversation]
"""A group to write to: a `Group`, a `SceneGroup`, or an openConversationId."""


def conversation_id_of(group: ToGroup) -> Flow[str]:
    """The openConversationId of a group to write to; asks the platform only where it is not known."""
    return (yield from group.conversation_id.call()) if isinstance(group, Conversation) else group
