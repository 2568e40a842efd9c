"""What arrives goes to another process as JSON, and is the same there: every class of it, whatever is in it."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from generators import facts
from hypothesis import given, settings
from hypothesis import strategies as st
from replies import wire_fields
from soaking import tries

from dingtalk_models import ChatbotMessage, DingTalkApp, Event
from dingtalk_models.callback.arrival import Arrival, topics
from dingtalk_models.callback.events.table import classes, read_event
from dingtalk_models.message import CardAction

_NUMBERS = st.integers(-(1 << 53), 1 << 53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
EVENTS: dict[str, type[Event]] = {**classes(), "brand_new": Event}
OTHERS: dict[str, type[Arrival]] = {
    kind.TYPE: kind for kind in topics.values() if kind.__module__.startswith("dingtalk_models.")
}
a_few = settings(max_examples=tries(10))  # of each class, of which there are some two hundred
FORMS = [(page, form) for page in facts.events() for form in ("http", "stream") if form in page["samples"]]


def check_it_survives(arrival: Arrival) -> None:
    """Check that it is the same after each way to another process."""
    kind = type(arrival)
    copies = [
        kind.model_validate_json(arrival.model_dump_json()),
        kind.model_validate_json(arrival.model_dump_json(by_alias=True)),
        kind.model_validate_json(arrival.model_dump_json(exclude_unset=True)),
        kind.model_validate(json.loads(arrival.model_dump_json())),
        kind.model_validate(arrival.model_dump()),
    ]
    if isinstance(arrival, Event):  # pickle leaves out the secret address for a reply that others have
        copies.append(pickle.loads(pickle.dumps(arrival)))
    for copy in copies:
        assert type(copy) is kind
        assert copy == arrival
        assert (copy.key, copy.handled_as, copy.unparsed) == (arrival.key, arrival.handled_as, arrival.unparsed)
        assert copy.model_dump_json() == arrival.model_dump_json()


def test_messages_and_clicks_are_among_them() -> None:
    assert {CardAction, ChatbotMessage} <= {*OTHERS.values()}


@pytest.mark.parametrize(
    ("page", "form"), FORMS, ids=[f"{page['event_type']}-{page['doc']}-{form}" for page, form in FORMS]
)
def test_every_documented_event_survives(page: dict[str, Any], form: str) -> None:
    check_it_survives(read_event(page["samples"][form]))


@a_few
@given(st.data())
@pytest.mark.parametrize("name", EVENTS)
def test_every_class_of_event_survives(name: str, data: st.DataObject) -> None:
    own = st.sampled_from(list(wire_fields(EVENTS[name])))
    fields = data.draw(st.dictionaries(own | st.text(max_size=5), JSON, max_size=5))
    stream = data.draw(st.booleans())
    check_it_survives(read_event({"eventType": name, "data": fields} if stream else {**fields, "EventType": name}))


@pytest.mark.parametrize("stamp", [1.8125, "1.5", "2026-01-31T09:00:00.123456+00:00", 1663143335567.5, "1663143335567"])
def test_a_time_in_another_form_survives(stamp: float | str) -> None:
    event = read_event({"EventType": "chat_disband", "EventTime": stamp, "timeStamp": stamp})
    assert event.time is not None
    check_it_survives(event)


@a_few
@given(st.data())
@pytest.mark.parametrize("name", OTHERS)
def test_every_other_class_survives(name: str, data: st.DataObject) -> None:
    kind = OTHERS[name]
    own = st.sampled_from(list(wire_fields(kind)))
    check_it_survives(kind.read(data.draw(st.dictionaries(own | st.text(max_size=5), JSON, max_size=6))))


def test_the_copy_uses_the_app_of_its_own_process(app: DingTalkApp) -> None:
    event = read_event({"EventType": "user_add_org", "userId": ["u1"]})
    event.received_by(app)
    copy = type(event).model_validate_json(event.model_dump_json())
    with app:
        assert copy.app is app
