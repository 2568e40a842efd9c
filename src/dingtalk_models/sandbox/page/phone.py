"""The section of a person's phone: work notifications, chats, cards and approvals."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from dingtalk_models.sandbox.page.looks import Look, Missing, clock_time, date_time
from dingtalk_models.sandbox.page.messages import Shown, card_shown, shown
from dingtalk_models.sandbox.page.texts import TEXTS
from dingtalk_models.sandbox.state.approval import Instance, OperationRecord
from dingtalk_models.sandbox.state.talk.conversation import Conversation, Entry

SHOWN: Final = 100
"""How many of the latest messages of a chat, notifications or approvals are shown."""


@dataclass(frozen=True)
class Chat:
    """A line in the list of chats: `notices`, `approvals`, the robot or a group."""

    id: str
    kind: str
    name: str
    last: str
    at: str
    count: int


@dataclass(frozen=True)
class Said:
    """A message in a chat, or a notification."""

    id: str
    sender: str
    mine: bool
    robot: bool
    at: str
    message: Shown
    recalled: bool
    delivery: str
    problem: str


@dataclass(frozen=True)
class Approval:
    """An approval that a person started, decides, or gets a copy of."""

    id: str
    title: str
    number: str
    at: str
    state: str
    fields: tuple[tuple[str, str], ...]
    history: tuple[tuple[str, str, str, str], ...]
    waiting: tuple[str, ...]
    task: int | None


@dataclass(frozen=True)
class PhoneView:
    """The section of the phone."""

    people: tuple[tuple[str, str, str], ...]
    who: str
    name: str
    chats: tuple[Chat, ...]
    opened: Chat | None
    to: str
    said: tuple[Said, ...]
    approvals: tuple[Approval, ...]
    deaf: bool


def view(look: Look) -> PhoneView:
    """Return the phone of the chosen person, by default of the company's first one."""
    company = look.sandbox.company
    users = tuple(company.users.values())
    who: str = look.asked.get("who") or (users[0].userid if users else "")
    if who and who not in company.users:
        raise Missing(who)
    approvals = _approvals(look, who)
    notices = _notices(look, who)
    chats = [
        _line("notices", "notices", "", notices),
        Chat(
            "approvals",
            "approvals",
            "",
            approvals[-1].title if approvals else "",
            approvals[-1].at[11:16] if approvals else "",
            sum(each.task is not None for each in approvals),
        ),
    ]
    talks: dict[str, Conversation] = {}
    if who:
        talks = {"robot": company.conversations.alone(who), **_groups(look, who)}
    for place, talk in talks.items():
        kind = "robot" if place == "robot" else "group"
        chats.append(_line(place, kind, talk.name, _said(look, who, talk, last=1), len(talk.transcript)))
    asked = look.asked.get("chat", "")
    opened = next((each for each in chats if each.id == asked), None)
    if asked and opened is None:
        raise Missing(asked)
    said = notices if asked == "notices" else _said(look, who, talks[asked]) if asked in talks else ()
    to = talks[asked].open_conversation_id if asked in talks else ""
    return PhoneView(
        tuple((user.userid, user.name, user.title or "") for user in users),
        who,
        look.name(who),
        tuple(chats),
        opened,
        to,
        said,
        tuple(reversed(approvals)) if asked == "approvals" else (),
        company.conversations.robot_url is None and not look.sandbox.stream.clients,
    )


def _line(place: str, kind: str, name: str, said: tuple[Said, ...], count: int | None = None) -> Chat:
    last = said[-1] if said else None
    text = (last.message.title or last.message.text or last.message.kind)[:60] if last else ""
    return Chat(place, kind, name, text, last.at[:5] if last else "", len(said) if count is None else count)


def _groups(look: Look, who: str) -> dict[str, Conversation]:
    groups = tuple(look.sandbox.company.outbox.groups.values())
    private = tuple(look.sandbox.company.conversations.private_chats.values())
    inside = (each for each in (*groups, *private) if who in each.members and not getattr(each, "dissolved", False))
    return {each.open_conversation_id: each for each in inside}


def _notices(look: Look, who: str) -> tuple[Said, ...]:
    outbox = look.sandbox.company.outbox
    latest = (task for task in reversed(tuple(outbox.tasks.values())) if who in task.receivers)
    mine = [*islice(latest, SHOWN)][::-1]
    return tuple(
        Said(
            f"notice-{task.task_id}",
            "",
            mine=False,
            robot=True,
            at=clock_time(task.sent),
            message=shown(str(task.msg.get("msgtype")), task.msg.get(str(task.msg.get("msgtype"))) or {}),
            recalled=task.recalled,
            delivery="",
            problem="",
        )
        for task in mine
    )


def _said(look: Look, who: str, talk: Conversation, last: int = SHOWN) -> tuple[Said, ...]:
    transcript = tuple(talk.transcript)
    begin = max(len(transcript) - last, 0)
    return tuple(_entry(look, who, entry, number) for number, entry in enumerate(transcript[begin:], begin))


def _entry(look: Look, who: str, entry: Entry, number: int) -> Said:
    cards = look.sandbox.cards
    card = cards.get(str(entry.content.get("outTrackId"))) if entry.via == "card" else None
    delivery, problem = _delivery(entry)
    return Said(
        f"said-{number}",
        look.name(entry.sender),
        mine=entry.sender == who,
        robot=entry.sender is None,
        at=clock_time(entry.at),
        message=card_shown(cards, card, who) if card else shown(entry.msgtype, entry.content),
        recalled=entry.recalled,
        delivery=delivery,
        problem=problem,
    )


def _delivery(entry: Entry) -> tuple[str, str]:
    """Return how a person's message reached the app, and the problem, if any."""
    if entry.sender is None or entry.payload is None:
        return "", ""
    if entry.attempts:
        return ("delivered" if entry.accepted else "failed"), entry.attempts[-1].problem or ""
    if entry.pushes and entry.pushes[-1].lost:
        return "lost", ""
    return ("delivered" if entry.accepted else "sent"), ""


def _approvals(look: Look, who: str) -> tuple[Approval, ...]:
    instances = tuple(look.sandbox.company.workflow.instances.values())
    mine = [each for each in instances if who in _concerned(each)]
    return tuple(_approval(look, who, each) for each in mine[-SHOWN:])


def _concerned(instance: Instance) -> Iterable[str]:
    return {instance.originator, *instance.cc, *(task.userid for task in instance.tasks)}


def _approval(look: Look, who: str, instance: Instance) -> Approval:
    running = instance.running()
    task = next((each.task_id for each in running if each.userid == who), None)
    state = instance.status if instance.status != "COMPLETED" else instance.result
    return Approval(
        instance.instance_id,
        look.sandbox.company.title_of(instance),
        instance.business_id,
        date_time(instance.created),
        state,
        tuple(
            (_plain(each.label), _plain(instance.values[each.id]))
            for each in instance.form.components
            if instance.values.get(each.id)
        ),
        tuple(
            (look.name(each.userid), clock_time(each.at), _did(each), each.remark or "") for each in instance.operations
        ),
        tuple(look.name(each.userid) for each in running),
        task,
    )


def _did(operation: OperationRecord) -> str:
    """Return the name of somebody's action: agree, refuse, or the name of the operation."""
    did = operation.result if operation.result in {"AGREE", "REFUSE"} else operation.type
    return did if f"phone.did.{did}" in TEXTS else "other"


def _plain(text: str) -> str:
    """Make a form's value or label readable: lists in it are JSON."""
    if not text.startswith("["):
        return text
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return text
    simple = all(isinstance(part, str) for part in parts)
    return " – ".join(parts) if simple else json.dumps(parts, ensure_ascii=False)
