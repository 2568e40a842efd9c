"""What was sent: work notifications, messages of robots, DINGs; and the conversations and webhooks for them."""

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
"""How many work notifications, messages of the robot and DINGs are kept."""


@dataclass
class NotificationTask:
    """A work notification that one call sent.

    Attributes:
        task_id: its number.
        msg: the message.
        sent: when, in seconds since the epoch.
        named: how many people it was meant for.
        receivers: the people who get it.
        forbidden: the people for whom it was dropped, and the code that says why.
        invalid_users, invalid_departments: the ids that do not exist.
        read: the people who have read it; a test may add to them.
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
        """Whom it was for."""
        return (*self.receivers, *self.forbidden)

    def forget(self, userid: str) -> None:
        """Let go of a person who left."""
        self.receivers[:] = without(self.receivers, userid)
        self.forbidden.pop(userid, None)
        self.read.discard(userid)

    @property
    def entry(self) -> Entry:
        """The same, as something that was said. A notification from a template has the data for it."""
        msgtype = str(self.msg.get("msgtype", "template"))
        content = self.msg["data"] if msgtype == "template" else self.msg[msgtype]
        return Entry(self.sent, None, msgtype, content, "notification", recalled=self.recalled)


@dataclass
class Ding:
    """A DING: `remind_type` is how it reaches people, 1 in the app, 2 by SMS, 3 by a call."""

    content: str
    remind_type: int
    receivers: list[str]
    sent: float
    call_voice: str | None = None
    recalled: bool = False

    @property
    def people(self) -> Iterable[str]:
        """Whom it was for."""
        return self.receivers

    def forget(self, userid: str) -> None:
        """Let go of a person who left."""
        self.receivers[:] = without(self.receivers, userid)

    @property
    def entry(self) -> Entry:
        """The same, as something that was said."""
        return Entry(self.sent, None, "ding", {"content": self.content}, "ding", recalled=self.recalled)


@dataclass
class Dings:
    """The DINGs of a company.

    Attributes:
        sent: the DINGs by their ids.
        left: how many the company has left, by the way in which they reach people.
    """

    sent: dict[str, Ding] = field(default_factory=dict[str, Ding])
    left: dict[int, int] = field(default_factory=lambda: {1: 1000, 2: 1000, 3: 1000})


@dataclass
class RobotMail:
    """A message of the app's robot, to people or to a group; a test may add to `read`."""

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
        """Whom it was for."""
        return self.receivers

    def forget(self, userid: str) -> None:
        """Let go of a person who left."""
        self.receivers = without(self.receivers, userid)
        self.read[:] = without(self.read, userid)

    def recall(self) -> None:
        """Take it back, in each conversation."""
        self.recalled = True
        for entry in self.entries:
            entry.recalled = True


@dataclass
class Webhook:
    """The robot of one group: its settings, and the messages that it sent there."""

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
    """What counts for the limits of work notifications: of a day in Beijing, and of the last minute.

    Attributes:
        day: the day.
        to_all: how many were for everybody that day.
        to_one: how many each person got that day.
        same: who got each message that day.
        minute: when how many people got one, in the last minute.
        in_minute: how many that are.
    """

    day: int = 0
    to_all: int = 0
    to_one: dict[str, int] = field(default_factory=dict[str, int])
    same: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    minute: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    in_minute: int = 0

    def at(self, now: float) -> NotificationQuota:
        """The same at this moment, without what no longer counts."""
        today = int(now + 8 * 3600) // DAY
        if today != self.day:
            self.day, self.to_all, self.to_one, self.same = today, 0, {}, {}
        while self.minute and now - self.minute[0][0] >= MINUTE:
            self.in_minute -= self.minute.popleft()[1]
        return self

    def got_same(self, msg: Mapping[str, Any]) -> set[str]:
        """Who got this message that day."""
        return self.same.get(_digest(msg), set())

    def count(self, task: NotificationTask) -> None:
        """Count one that was sent."""
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
    """Everything that was sent: of each kind the latest 100,000.

    Attributes:
        tasks: work notifications by their task ids.
        templates: the templates of work notifications, and whether each may be used.
        seconds: how long a work notification takes to reach everyone.
        robot_mail: messages of the app's robot by their keys.
        dings: DINGs.
        conversations: every conversation with the app's robot.
        groups: the groups of the company, by openConversationId; the robot is in each.
        flow_controlled: the people who get no more messages from the robot for now.
        webhooks: robots of groups by their tokens.
        throttled: the code for too many messages to a webhook: 410100, or as the platform really answers, 130101 or
            660026.
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
        """Take a person out of the groups, and off the lists of those who were sent something."""
        self.groups.person_left(leaver)
        self.flow_controlled.discard(leaver.userid)
        for sent in self._sent_to.pop(leaver.userid, {}).values():
            sent.forget(leaver.userid)

    def add_task(self, task: NotificationTask) -> None:
        """Keep a work notification, and count it."""
        self.quota.at(task.sent).count(task)
        self._keep(self.tasks, task.task_id, task)

    def add_mail(self, mail: RobotMail) -> None:
        """Keep a message of the robot."""
        self._keep(self.robot_mail, mail.key, mail)

    def add_ding(self, open_ding_id: str, ding: Ding) -> None:
        """Keep a DING."""
        self._keep(self.dings.sent, open_ding_id, ding)

    def _keep(self, table: dict[K, S], key: K, sent: S) -> None:
        table[key] = sent
        for userid in sent.people:
            self._sent_to.setdefault(userid, {})[key] = sent
        for old in oldest(table, MOST_SENT):
            for userid in table.pop(old).people:
                self._sent_to[userid].pop(old, None)

    def add_webhook(self, secret: str | None = None, keywords: Sequence[str] = (), token: str | None = None) -> Webhook:
        """Put a robot into a group; without a token it gets one.

        Raises:
            SeedError: the token is taken.
        """
        check_free("token", token, self.webhooks)
        webhook = Webhook(token or secrets.token_hex(32), secret, keywords)
        self.webhooks[webhook.token] = webhook
        return webhook

    def add_group(self, userids: Iterable[str], name: str = "", owner: str | None = None) -> str:
        """Make a group that the app's robot is in; returns its openConversationId."""
        return self.groups.make(userids, name=name, owner=owner).open_conversation_id

    def received(self, userid: str) -> list[dict[str, Any]]:
        """The work notifications that a person has, oldest first."""
        sent = (each for each in self._sent_to.get(userid, {}).values() if isinstance(each, NotificationTask))
        return [task.msg for task in sent if userid not in task.forbidden and not task.recalled]

    def of(self, userid: str) -> list[Entry]:
        """What was sent to a person, oldest first, without what was recalled.

        That is: work notifications, DINGs, and what the robot said to them alone. What it said in a group is in the
        transcript of the group.
        """
        sent = (each for each in self._sent_to.get(userid, {}).values() if not isinstance(each, RobotMail))
        entries = [each.entry for each in sent if not (isinstance(each, NotificationTask) and userid in each.forbidden)]
        entries += self.conversations.alone(userid).replies
        return sorted((each for each in entries if not each.recalled), key=lambda each: each.at)
