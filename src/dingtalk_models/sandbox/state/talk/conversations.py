"""Conversations between people and the app's robot, in single chats and groups."""

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
"""The life of a session webhook in seconds."""

FILE_LIFE: Final = 7200.0
"""The life of a download code in seconds. The platform only documents that it expires."""


@dataclass(frozen=True)
class KeptFile:
    """A file that somebody sent to the robot: its key in the object store, and when it expires."""

    key: str
    expires: float


class Conversations(StatePart):
    """All conversations of a company with its app's robot.

    Attributes:
        groups: the groups by id.
        private_chats: the conversations between two people by id.
        robot_url: the URL for messages to the robot; None to use Stream mode.
        quota_exhausted: whether the month's quota of pushes is used up. Then messages have no text, but code 20001.
        session_life, file_life: the life of session webhooks and download codes in seconds.
        files: the files sent to the robot by download code.
        sessions: the conversation and expiry time of each session webhook.
        changed: notified when a message is added.
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
        """Return the single chat between a person and the robot."""
        with self.changed:
            if userid not in self._alone:
                self._alone[userid] = SingleChat(_new_id(), [userid])
            return self._alone[userid]

    def person_left(self, leaver: Leaver) -> None:
        """End the single chat of a person, and remove them from other conversations."""
        with self.changed:
            self._alone.pop(leaver.userid, None)
        for chat in self.private_chats.values():
            chat.members[:] = without(chat.members, leaver.userid)

    def add_private_chat(self, one: str, other: str, cool_app_code: str) -> PrivateChat:
        """Create a conversation between two people with a cool app.

        Raises:
            SeedError: there is no such person.
        """
        self.groups.known.check_users("members", [one, other])
        chat = PrivateChat(_new_id(), [one, other], cool_app_code=cool_app_code)
        self.private_chats[chat.open_conversation_id] = chat
        return chat

    def __iter__(self) -> Iterator[Conversation]:
        """Iterate over all conversations."""
        return iter((*self.groups.values(), *self.private_chats.values(), *self._alone.values()))

    def find(self, conversation: str) -> Conversation:
        """Return the conversation with an id.

        Raises:
            LookupError: there is none.
        """
        single = (each for each in tuple(self._alone.values()) if each.open_conversation_id == conversation)
        chat = self.groups.get(conversation) or self.private_chats.get(conversation) or next(single, None)
        if chat is None:
            raise LookupError(f"there is no conversation {conversation}")
        return chat

    def of(self, entry: Entry) -> Conversation:
        """Return the conversation that contains an entry.

        Raises:
            LookupError: it no longer exists.
        """
        for each in self:
            if entry in each.transcript:
                return each
        raise LookupError("the conversation of this entry no longer exists")

    def open_session(self, conversation: Conversation, expires: float) -> str:
        """Make a session webhook that works until some time, and return its session."""
        session = secrets.token_hex(16)
        self.sessions[session] = conversation, expires
        return session

    def session(self, session: str) -> Conversation | None:
        """Return the conversation of a session webhook; None if it is unknown or has expired."""
        conversation, expires = self.sessions.get(session, (None, 0.0))
        return conversation if self._clock.now() < expires else None

    def add(self, conversation: Conversation, entry: Entry) -> Entry:
        """Add a message to a conversation."""
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
        """Let the robot send a message."""
        return self.add(conversation, Entry(self._clock.now(), None, msgtype, content, via, list(mentions)))

    def wait(self, until: Callable[[], bool], timeout: float) -> None:
        """Wait until a condition is true.

        Raises:
            TimeoutError: it stays false.
        """
        with self.changed:
            if not self.changed.wait_for(until, timeout):
                raise TimeoutError("the awaited message did not come")


def _new_id() -> str:
    """Make a new `openConversationId`."""
    return f"cid{secrets.token_urlsafe(16)}=="
