"""Sent messages: work notifications, robot messages and DINGs, with their conversations and webhooks."""

from __future__ import annotations

import itertools
import json
import secrets
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from dingtalk_models.sandbox.server.clock import Clock
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.keeping import oldest
from dingtalk_models.sandbox.state.leaving import Leaver, StatePart, without
from dingtalk_models.sandbox.state.seeding import Known, check_free
from dingtalk_models.sandbox.state.talk.conversation import Entry
from dingtalk_models.sandbox.state.talk.conversations import Conversations
from dingtalk_models.sandbox.state.talk.group import Groups

DAY: Final = 24 * 3600
MINUTE: Final = 60

MOST_SENT: Final = 100_000
"""The largest number of work notifications, robot messages and DINGs kept, of each kind."""


@dataclass
class NotificationTask:
    """A work notification, sent by one call.

    Attributes:
        task_id: its number.
        msg: the message.
        sent: the time, in seconds since the epoch.
        named: the number of people it was meant for.
        receivers: the people who get it.
        forbidden: the people for whom it was dropped, with the code for the reason.
        invalid_users, invalid_departments: the ids that do not exist.
        read: the people who have read it. Tests may add to it.
        recalled: whether it was recalled.
    """

    task_id: int
    msg: dict[str, Any]
    sent: float
    named: int
    receivers: list[str]
    forbidden: dict[str, int]
    invalid_users: list[str]
    invalid_departments: list[int]
    to_all: bool = False
    read: set[str] = field(default_factory=set[str])
    recalled: bool = False

    @property
    def people(self) -> Iterable[str]:
        """The people it was sent to."""
        return (*self.receivers, *self.forbidden)

    def forget(self, userid: str) -> None:
        """Remove a person who left."""
        self.receivers[:] = without(self.receivers, userid)
        self.forbidden.pop(userid, None)
        self.read.discard(userid)

    @property
    def entry(self) -> Entry:
        """Convert it to a transcript entry. A notification from a template has the template's data."""
        msgtype = str(self.msg.get("msgtype", "template"))
        content = self.msg["data"] if msgtype == "template" else self.msg[msgtype]
        return Entry(self.sent, None, msgtype, content, "notification", recalled=self.recalled)


@dataclass
class Ding:
    """A DING. `remind_type` is 1 for the app, 2 for SMS, 3 for a phone call."""

    content: str
    remind_type: int
    receivers: list[str]
    sent: float
    call_voice: str | None = None
    recalled: bool = False

    @property
    def people(self) -> Iterable[str]:
        """The people it was sent to."""
        return self.receivers

    def forget(self, userid: str) -> None:
        """Remove a person who left."""
        self.receivers[:] = without(self.receivers, userid)

    @property
    def entry(self) -> Entry:
        """Convert it to a transcript entry."""
        return Entry(self.sent, None, "ding", {"content": self.content}, "ding", recalled=self.recalled)


@dataclass
class Dings:
    """The DINGs of a company.

    Attributes:
        sent: the DINGs by id.
        left: the remaining quota of the company by `remind_type`.
    """

    sent: dict[str, Ding] = field(default_factory=dict[str, Ding])
    left: dict[int, int] = field(default_factory=lambda: {1: 1000, 2: 1000, 3: 1000})


@dataclass
class RobotMail:
    """A message from the app's robot to people or a group. Tests may add to `read`."""

    key: str
    msg_key: str
    msg_param: dict[str, Any]
    sent: float
    receivers: list[str]
    conversation: str | None = None
    read: list[str] = field(default_factory=list[str])
    recalled: bool = False
    entries: list[Entry] = field(default_factory=list[Entry])

    @property
    def people(self) -> Iterable[str]:
        """The people it was sent to."""
        return self.receivers

    def forget(self, userid: str) -> None:
        """Remove a person who left."""
        self.receivers = without(self.receivers, userid)
        self.read[:] = without(self.read, userid)

    def recall(self) -> None:
        """Recall it in each conversation."""
        self.recalled = True
        for entry in self.entries:
            entry.recalled = True


@dataclass
class Webhook:
    """A custom robot of one group: its settings and its messages."""

    token: str
    secret: str | None = None
    keywords: Sequence[str] = ()
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    recent: deque[float] = field(default_factory=deque[float])
    silent_until: float = 0.0


Sent: TypeAlias = NotificationTask | RobotMail | Ding
S = TypeVar("S", NotificationTask, RobotMail, Ding)
K = TypeVar("K", int, str)


@dataclass
class NotificationQuota:
    """The counters for the limits of work notifications: of a day in Beijing, and of the last minute.

    Attributes:
        day: the day.
        to_all: the number to everybody that day.
        to_one: the number to each person that day.
        same: the people who got each message that day.
        minute: the times in the last minute, with the number of people who got one.
        in_minute: the total of these numbers.
    """

    day: int = 0
    to_all: int = 0
    to_one: dict[str, int] = field(default_factory=dict[str, int])
    same: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    minute: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    in_minute: int = 0

    def at(self, now: float) -> NotificationQuota:
        """Drop what no longer counts at this time."""
        today = int(now + 8 * 3600) // DAY
        if today != self.day:
            self.day, self.to_all, self.to_one, self.same = today, 0, {}, {}
        while self.minute and now - self.minute[0][0] >= MINUTE:
            self.in_minute -= self.minute.popleft()[1]
        return self

    def got_same(self, msg: Mapping[str, Any]) -> set[str]:
        """Return the people who got this message that day."""
        return self.same.get(_digest(msg), set())

    def count(self, task: NotificationTask) -> None:
        """Count a sent notification."""
        self.to_all += task.to_all
        if task.receivers:
            for userid in task.receivers:
                self.to_one[userid] = self.to_one.get(userid, 0) + 1
            self.same.setdefault(_digest(task.msg), set()).update(task.receivers)
            self.minute.append((task.sent, len(task.receivers)))
            self.in_minute += len(task.receivers)


def _digest(msg: Mapping[str, Any]) -> str:
    return opaque(json.dumps(msg, sort_keys=True))


class Outbox(StatePart):
    """All sent messages: the latest 100,000 of each kind.

    Attributes:
        tasks: the work notifications by task id.
        templates: the templates of work notifications, and whether each may be used.
        seconds: how long a work notification takes to reach everyone.
        robot_mail: the messages of the app's robot by key.
        dings: the DINGs.
        conversations: the conversations with the app's robot.
        groups: the groups of the company by openConversationId. The robot is in each.
        flow_controlled: the people who currently get no more messages from the robot.
        webhooks: the custom robots by token.
        throttled: the code for too many messages to a webhook: 410100 as documented, or 130101 or 660026 as the
            platform really answers.
    """

    def __init__(self, clock: Clock, known: Known) -> None:
        self.tasks: dict[int, NotificationTask] = {}
        self.templates: dict[str, bool] = {}
        self.seconds = 0.0
        self.robot_mail: dict[str, RobotMail] = {}
        self.dings = Dings()
        self.groups = Groups(known)
        self.conversations = Conversations(clock, self.groups)
        self.flow_controlled: set[str] = set()
        self.webhooks: dict[str, Webhook] = {}
        self.throttled = 410100
        self.quota = NotificationQuota()
        self.task_ids = itertools.count(256_271_667_526)
        self._sent_to: dict[str, dict[int | str, Sent]] = {}

    def person_left(self, leaver: Leaver) -> None:
        """Remove a person from the groups, and from the receivers of messages."""
        self.groups.person_left(leaver)
        self.flow_controlled.discard(leaver.userid)
        for sent in self._sent_to.pop(leaver.userid, {}).values():
            sent.forget(leaver.userid)

    def add_task(self, task: NotificationTask) -> None:
        """Store a work notification, and count it."""
        self.quota.at(task.sent).count(task)
        self._keep(self.tasks, task.task_id, task)

    def add_mail(self, mail: RobotMail) -> None:
        """Store a robot message."""
        self._keep(self.robot_mail, mail.key, mail)

    def add_ding(self, open_ding_id: str, ding: Ding) -> None:
        """Store a DING."""
        self._keep(self.dings.sent, open_ding_id, ding)

    def _keep(self, table: dict[K, S], key: K, sent: S) -> None:
        table[key] = sent
        for userid in sent.people:
            self._sent_to.setdefault(userid, {})[key] = sent
        for old in oldest(table, MOST_SENT):
            for userid in table.pop(old).people:
                self._sent_to[userid].pop(old, None)

    def add_webhook(self, secret: str | None = None, keywords: Sequence[str] = (), token: str | None = None) -> Webhook:
        """Add a custom robot to a group. Without a token, one is generated.

        Raises:
            SeedError: the token is taken.
        """
        check_free("token", token, self.webhooks)
        webhook = Webhook(token or secrets.token_hex(32), secret, keywords)
        self.webhooks[webhook.token] = webhook
        return webhook

    def add_group(self, userids: Iterable[str], name: str = "", owner: str | None = None) -> str:
        """Create a group with the app's robot, and return its openConversationId."""
        return self.groups.make(userids, name=name, owner=owner).open_conversation_id

    def received(self, userid: str) -> list[dict[str, Any]]:
        """Return a person's work notifications, oldest first."""
        sent = (each for each in self._sent_to.get(userid, {}).values() if isinstance(each, NotificationTask))
        return [task.msg for task in sent if userid not in task.forbidden and not task.recalled]

    def of(self, userid: str) -> list[Entry]:
        """Return the messages to a person, oldest first, without recalled ones.

        These are work notifications, DINGs, and the robot's messages in the single chat. Messages in a group are in the
        transcript of the group.
        """
        sent = (each for each in self._sent_to.get(userid, {}).values() if not isinstance(each, RobotMail))
        entries = [each.entry for each in sent if not (isinstance(each, NotificationTask) and userid in each.forbidden)]
        entries += self.conversations.alone(userid).replies
        return sorted((each for each in entries if not each.recalled), key=lambda each: each.at)
