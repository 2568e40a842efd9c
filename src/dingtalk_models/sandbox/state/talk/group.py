"""Groups: members, administrators and settings."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from dingtalk_models.sandbox.state.leaving import Leaver, StatePart
from dingtalk_models.sandbox.state.seeding import Known, check_free
from dingtalk_models.sandbox.state.talk.conversation import Conversation, Entry

OPTIONS: Final = (
    "show_history_type",
    "searchable",
    "validation_type",
    "mention_all_authority",
    "management_type",
    "chat_banned_type",
)
"""The settings of each group, as 0 or 1."""


@dataclass(eq=False)
class Group(Conversation):
    """A group of people: an ordinary one, or a scene group made from a template.

    Attributes:
        open_conversation_id: its id for robots, cards and the newer APIs.
        chat_id: its id for the older APIs.
        name: its title.
        owner: the userid of its owner; None for a group without one, such as those that tests make.
        members: the userids of its members, including the owner, in the order in which they joined.
        externals: the union ids of members from other companies.
        sub_admins: the userids of its administrators.
        left: the userids of members who left by themselves.
        nicks: the nicknames of members in the group.
        muted: the muted members, with start and end in seconds since the epoch.
        options: its settings, as 0 or 1.
        template_id: the template of a scene group.
        templates: the templates that are enabled in it.
        uuid: the id from the request that created it, so that a repeated request creates no second group.
        dissolved: whether it was dissolved.
        private_chat: whether its members may chat in private.
        transcript: its messages.
    """

    kind: ClassVar[str] = "2"

    open_conversation_id: str
    chat_id: str
    name: str = ""
    owner: str | None = None
    members: list[str] = field(default_factory=list[str])
    externals: list[str] = field(default_factory=list[str])
    sub_admins: list[str] = field(default_factory=list[str])
    left: set[str] = field(default_factory=set[str])
    nicks: dict[str, str] = field(default_factory=dict[str, str])
    muted: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    options: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OPTIONS, 0))
    icon: str = ""
    conversation_tag: int = 2
    template_id: str | None = None
    templates: set[str] = field(default_factory=set[str])
    uuid: str | None = None
    dissolved: bool = False
    private_chat: bool = True
    transcript: list[Entry] = field(default_factory=list[Entry], repr=False)

    def add(self, userids: Iterable[str]) -> None:
        """Add members. Present ones stay."""
        for userid in userids:
            self.left.discard(userid)
            if userid not in self.members:
                self.members.append(userid)

    def remove(self, userids: Iterable[str]) -> None:
        """Remove members, with their roles, nicknames and so on. Duplicates count once."""
        for userid in dict.fromkeys(userids):
            if userid not in self.members:
                continue
            self.members.remove(userid)
            self.nicks.pop(userid, None)
            self.muted.pop(userid, None)
            self.sub_admins[:] = [each for each in self.sub_admins if each != userid]

    def person_left(self, leaver: Leaver) -> None:
        """Remove a person who left the company. If they were the owner, an administrator or member becomes it."""
        self.remove([leaver.userid])
        self.left.discard(leaver.userid)
        if self.owner == leaver.userid:
            self.owner = next(iter((*self.sub_admins, *self.members)), None)
            self.sub_admins[:] = [each for each in self.sub_admins if each != self.owner]

    def quit(self, userid: str) -> None:
        """Let a member leave the group."""
        self.left.add(userid)
        self.remove([userid])

    def muted_until(self, userid: str, now: float) -> float | None:
        """Return the time until which a member is muted; None if they may speak."""
        _, until = self.muted.get(userid, (0.0, 0.0))
        return until if until > now else None

    def may_speak(self, userid: str, now: float) -> bool:
        """Whether a member may speak. In a muted group, only the owner and administrators may."""
        leads = userid == self.owner or userid in self.sub_admins
        silent = self.options["chat_banned_type"] and not leads
        return userid in self.members and not silent and self.muted_until(userid, now) is None


class Groups(dict[str, Group], StatePart):
    """The groups of a company, by openConversationId.

    Attributes:
        templates: the app's templates for scene groups, with the userid of the robot of each.
            most_members: the largest number of members of a group.
        most_sub_admins: the largest number of administrators of a group.
        forbidden_words: the words that are forbidden in names.
    """

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.known = known
        self.templates: dict[str, str] = {}
        self.most_members = 1000
        self.most_sub_admins = 12
        self.forbidden_words: set[str] = set()

    def person_left(self, leaver: Leaver) -> None:
        """Remove a person from every group."""
        for group in self.values():
            group.person_left(leaver)

    def make(self, userids: Iterable[str] = (), **fields: Any) -> Group:
        """Create a group.

        Raises:
            SeedError: an id is taken, or the owner or a member does not exist.
        """
        check_free("open_conversation_id", fields.get("open_conversation_id"), self)
        if "chat_id" in fields:
            check_free("chat_id", fields["chat_id"], [each.chat_id for each in self.values()])
        fields.setdefault("open_conversation_id", f"cid{secrets.token_urlsafe(16)}==")
        fields.setdefault("chat_id", f"chat{secrets.token_hex(16)}")
        made = Group(**fields)
        made.add([*([made.owner] if made.owner else []), *userids])
        self.known.check_users("owner", [made.owner])
        self.known.check_users("members", made.members)
        self[made.open_conversation_id] = made
        return made

    def add_template(self, template_id: str) -> str:
        """Publish a template of scene groups, and return the userid of the robot that it adds to each group."""
        self.templates[template_id] = f"robot{secrets.token_hex(8)}"
        return self.templates[template_id]

    def by_chat_id(self, chat_id: str) -> Group | None:
        """Return the group with a chatid."""
        return next((each for each in self.values() if each.chat_id == chat_id), None)
