"""Events of group chats."""

from __future__ import annotations

from typing import Annotated

from dingtalk_models.callback.events.event import Event, Strs
from dingtalk_models.core.wire import Millis, wire


class _ChatEvent(Event):
    chat_id: str | None
    open_conversation_id: str | None
    operator: str | None
    operator_union_id: str | None
    timestamp: Annotated[Millis | None, wire("timeStamp")]


class _MemberEvent(_ChatEvent):
    userids: Annotated[Strs, wire("userId")] = []
    union_ids: Annotated[Strs, wire("unionId")] = []


class ChatAddMember(_MemberEvent):
    """Users were added to a chat (群会话添加人员)."""


class ChatRemoveMember(_MemberEvent):
    """Users were removed from a chat (群会话删除人员)."""


class ChatQuit(_ChatEvent):
    """A user has left a chat (群会话用户主动退群)."""


class ChatUpdateOwner(_ChatEvent):
    """A chat has another owner (群会话更换群主)."""

    owner: str | None


class ChatUpdateTitle(_ChatEvent):
    """A chat has another title (群会话更换群名称)."""

    chat_title: Annotated[str | None, wire("title")]


class ChatDisband(_ChatEvent):
    """A chat was dissolved (群会话解散群)."""


class ChatTemplateChange(_ChatEvent):
    """A template was switched on or off for a chat (群模板被启用或停用).

    Attributes:
        status: `on` or `off`.
    """

    template_id: str | None
    status: str | None
    changed: Annotated[Millis | None, wire("changedTimeStamp")]
