"""The section of events: pushes, where they went, and the answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dingtalk_models.sandbox.callback.samples import event_samples
from dingtalk_models.sandbox.page.looks import Look, Missing, clock_time, date_time, pretty
from dingtalk_models.sandbox.state.callback import Push
from dingtalk_models.sandbox.state.stream import StreamMessage

SHOWN: Final = 200


@dataclass(frozen=True)
class Sent:
    """A push to the app."""

    id: str
    name: str
    title: str
    way: str
    at: str
    state: str
    tries: int


@dataclass(frozen=True)
class Try:
    """One delivery."""

    at: str
    status: str
    problem: str
    accepted: bool


@dataclass(frozen=True)
class PushDetail:
    """A push with all details."""

    sent: Sent
    where: str
    payload: str
    tries: tuple[Try, ...]
    due: str
    event: str


@dataclass(frozen=True)
class EventsView:
    """The section of events."""

    registered: str
    tags: int
    clients: tuple[str, ...]
    sent: tuple[Sent, ...]
    opened: PushDetail | None
    composing: bool
    types: tuple[tuple[str, str], ...]
    type: str
    sample: str


def view(look: Look) -> EventsView:
    """Return the pushes, newest first, and the opened push or the sample of an event to send."""
    registration = look.sandbox.company.callbacks.registration
    latest = [*_latest("p", look.sandbox.pushes), *_latest("s", look.sandbox.stream.messages)]
    latest.sort(key=lambda each: _moment(each[1]), reverse=True)
    chosen = look.asked.get("type", "")
    composing = "type" in look.asked or "push" not in look.asked
    if chosen and chosen not in event_samples():
        raise Missing(chosen)
    return EventsView(
        str(look.hide(registration.url)) if registration else "",
        len(registration.tags) if registration else 0,
        tuple(client.ua for client in tuple(look.sandbox.stream.clients)),
        tuple(_sent(place, each) for place, each in latest),
        _opened(look),
        composing,
        tuple((each.name, each.title) for each in event_samples().values()) if composing else (),
        chosen,
        pretty(dict(event_samples()[chosen].fields)) if chosen else "{}",
    )


def _latest(way: str, everything: Sequence[Push | StreamMessage]) -> list[tuple[str, Push | StreamMessage]]:
    """Return the latest pushes of one way, each with its place."""
    latest = everything[-SHOWN:]
    return [(f"{way}{number}", each) for number, each in enumerate(latest, len(everything) - len(latest))]


def _opened(look: Look) -> PushDetail | None:
    place = look.asked.get("push")
    if place is None:
        return None
    way, number = place[:1], place[1:]
    everything: Sequence[Push | StreamMessage] = look.sandbox.pushes if way == "p" else look.sandbox.stream.messages
    if way not in {"p", "s"} or not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Missing(place)
    if int(number) >= len(everything):
        raise Missing(place)
    each = everything[int(number)]
    if isinstance(each, Push):
        registration = look.sandbox.company.callbacks.registration
        where = str(look.hide(registration.url)) if registration else ""
        tries = tuple(
            Try(date_time(one.at), str(one.status or ""), one.problem or "", one.accepted)
            for one in tuple(each.attempts)
        )
        due = date_time(each.due) if each.due is not None else ""
        payload, event = each.payload, each.event_id
    else:
        where, due, event = f"Stream · {each.topic}", "", each.headers.get("eventId", "")
        tries = tuple(
            Try("", str(one.code), "" if one.code == 200 else _short(one.data), one.code == 200)
            for one in tuple(each.answers)
        )
        payload = {"headers": each.headers, "data": each.data} if each.headers else dict(each.data)
    return PushDetail(_sent(place, each), where, pretty(look.hide(payload)), tries, due, event)


def _sent(place: str, each: Push | StreamMessage) -> Sent:
    if isinstance(each, Push):
        state = "ok" if each.accepted else "waiting" if each.due is not None else "failed"
        return Sent(place, each.event_type, _title(each.event_type), "HTTP", _clock(each), state, len(each.attempts))
    name = each.headers.get("eventType", each.topic)
    state = "ok" if each.accepted else "failed" if each.lost else "waiting"
    return Sent(place, name, _title(name), "Stream", _clock(each), state, len(each.sent_to))


def _title(name: str) -> str:
    known = {"/v1.0/im/bot/messages/get": "机器人收到的消息", "/v1.0/card/instances/callback": "卡片回调"}
    sample = event_samples().get(name)
    return sample.title if sample else known.get(name, "")


def _moment(each: Push | StreamMessage) -> float:
    """Return the time when it was first sent, in milliseconds."""
    if isinstance(each, Push):
        return float(each.payload.get("EventTime") or 0)
    stamp: Any = each.headers.get("eventBornTime") or each.data.get("createAt") or 0
    return float(stamp)


def _clock(each: Push | StreamMessage) -> str:
    moment = _moment(each)
    return clock_time(moment / 1000) if moment else ""


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)[:200]
