"""Conversations: what people and the app's robot say to each other, alone or in groups."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.state.leaving import Leaver, StatePart, without
from dingtalk_models.sandbox.state.talk.conversation import Conversation, Entry, PrivateChat, SingleChat, Via
from dingtalk_models.sandbox.state.talk.group import Groups

SESSION_LIFE: Final = 5400.0
"""Seconds that a session webhook works."""

FILE_LIFE: Final = 7200.0
"""Seconds that a download code works; the platform only says that it expires."""


@dataclass(frozen=True)
class KeptFile:
    """A file that someone sent to the robot: the key of its bytes in the object store, and until when it is there."""

    key: str
    expires: float


class Conversations(StatePart):
    """Every conversation of a company with its app's robot.

    Attributes:
        groups: the groups by their ids.
        private_chats: the conversations of two people, by their ids.
        robot_url: the URL that messages to the robot are posted to; None: they go by Stream.
        quota_exhausted: whether the month's quota of pushes is used up: then messages have no text, and code 20001.
        session_life, file_life: the seconds that session webhooks and download codes work.
        files: the files that were sent to the robot, by their download codes.
        sessions: the conversation of each session webhook, and until when it works.
        changed: notified when something is said.
    """

    UNSAVED: Final = ("changed",)

    def __init__(self, clock: Clock, groups: Groups) -> None:
        self.groups = groups
        self.private_chats: dict[str, PrivateChat] = {}
        self.robot_url: str | None = None
        self.quota_exhausted = False
        self.session_life = SESSION_LIFE
        self.file_life = FILE_LIFE
        self.files: dict[str, KeptFile] = {}
        self.sessions: dict[str, tuple[Conversation, float]] = {}
        self.changed = threading.Condition()
        self._clock = clock
        self._alone: dict[str, SingleChat] = {}

    def alone(self, userid: str) -> SingleChat:
        """The conversation of a person with the robot."""
        with self.changed:
            if userid not in self._alone:
                self._alone[userid] = SingleChat(_new_id(), [userid])
            return self._alone[userid]

    def person_left(self, leaver: Leaver) -> None:
        """End the conversation of a person with the robot, and let them leave the others."""
        with self.changed:
            self._alone.pop(leaver.userid, None)
        for chat in self.private_chats.values():
            chat.members[:] = without(chat.members, leaver.userid)

    def add_private_chat(self, one: str, other: str, cool_app_code: str) -> PrivateChat:
        """Let two people talk, and add a cool app to their conversation.

        Raises:
            SeedError: there is no such person.
        """
        self.groups.known.check_users("members", [one, other])
        chat = PrivateChat(_new_id(), [one, other], cool_app_code=cool_app_code)
        self.private_chats[chat.open_conversation_id] = chat
        return chat

    def __iter__(self) -> Iterator[Conversation]:
        """Every conversation."""
        return iter((*self.groups.values(), *self.private_chats.values(), *self._alone.values()))

    def find(self, conversation: str) -> Conversation:
        """The conversation of an id.

        Raises:
            LookupError: there is none.
        """
        single = (each for each in tuple(self._alone.values()) if each.open_conversation_id == conversation)
        chat = self.groups.get(conversation) or self.private_chats.get(conversation) or next(single, None)
        if chat is None:
            raise LookupError(f"there is no conversation {conversation}")
        return chat

    def of(self, entry: Entry) -> Conversation:
        """The conversation that an entry is in.

        Raises:
            LookupError: there is none any more.
        """
        for each in self:
            if entry in each.transcript:
                return each
        raise LookupError("this is in no conversation any more")

    def open_session(self, conversation: Conversation, expires: float) -> str:
        """A new session webhook, which works until a time; returns its session."""
        session = secrets.token_hex(16)
        self.sessions[session] = conversation, expires
        return session

    def session(self, session: str) -> Conversation | None:
        """The conversation of a session webhook; None if it is unknown or has expired."""
        conversation, expires = self.sessions.get(session, (None, 0.0))
        return conversation if self._clock.now() < expires else None

    def add(self, conversation: Conversation, entry: Entry) -> Entry:
        """Add something to a conversation."""
        with self.changed:
            conversation.transcript.append(entry)
            self.changed.notify_all()
        return entry

    def robot_says(
        self,
        conversation: Conversation,
        msgtype: str,
        content: dict[str, Any],
        via: Via,
        mentions: Iterable[str] = (),
    ) -> Entry:
        """Let the robot say something."""
        return self.add(conversation, Entry(self._clock.now(), None, msgtype, content, via, list(mentions)))

    def wait(self, until: Callable[[], bool], timeout: float) -> None:
        """Wait until something is as it shall be.

        Raises:
            TimeoutError: it does not come.
        """
        with self.changed:
            if not self.changed.wait_for(until, timeout):
                raise TimeoutError("nobody said what was waited for")


def _new_id() -> str:
    """An unused `openConversationId`."""
    return f"cid{secrets.token_urlsafe(16)}=="
