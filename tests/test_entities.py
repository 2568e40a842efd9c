"""Resources whose methods need what is in none of their fields: it is remembered from the call that loaded them.

The operations are those of the documented calendar, against the sandbox, as they could be generated.
"""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, assert_type

import pytest
from helpers import english

from dingtalk_models import (
    BEIJING,
    Call,
    DingTalkApp,
    FieldMissing,
    Flow,
    HttpResponse,
    InvalidArgument,
    api,
    operation,
)
from dingtalk_models.call.paging import TOKEN
from dingtalk_models.core.wire import OffsetTime, camel, empty_list
from dingtalk_models.resource.entity import Entity, Remembered
from dingtalk_models.resource.manager import Manager, alias
from dingtalk_models.resource.model import Changed, OrDict, Shape
from dingtalk_models.resource.query import Listing, Query
from dingtalk_models.resource.reply import Reply, promised
from dingtalk_models.sandbox import Sandbox

EVENTS = "/v1.0/calendar/users/{userId}/calendars/{calendarId}/events"
EVENT = f"{EVENTS}/{{eventId}}"


class Calendar:
    """Not a `Manager`, which would be registered for good."""

    def __init__(self, app: Any = None) -> None:
        self.app = app

    @api("test.entities.CreateEvent", f"POST {EVENTS}")
    def create_event(self, user_id: str, calendar_id: str, *, summary: str, start: OrDict[EventTime]) -> Call[Event]:
        """Create."""
        return Call(Event)

    @api("test.entities.GetEvent", f"GET {EVENT}")
    def get_event(
        self, user_id: str, calendar_id: str, event_id: str, *, max_attendees: int | None = None
    ) -> Call[Event]:
        """Get."""
        return Call(Event)

    @api("test.entities.ListEvents", f"GET {EVENTS}")
    def list_events(self, user_id: str, calendar_id: str) -> Query[Event]:
        """List."""
        return Listing(Event, TOKEN, items="events")

    @api("test.entities.ListEventsView", f"GET {EVENTS}view")
    def view(self, user_id: str, calendar_id: str) -> Call[View]:
        """List, beside other fields."""
        return Call(View)

    @api("test.entities.PatchEvent", f"PUT {EVENT}")
    def patch_event(
        self,
        user_id: str,
        calendar_id: str,
        event_id: str,
        id: str,
        *,
        summary: str | None = None,
        start: OrDict[EventTime] | None = None,
        attendees: list[OrDict[Attendee]] | None = None,
    ) -> Call[Event]:
        """Change."""
        return Call(Event)

    @api("test.entities.DeleteEvent", f"DELETE {EVENT}")
    def delete_event(
        self, user_id: str, calendar_id: str, event_id: str, *, push_notification: bool | None = None
    ) -> Call[None]:
        """Delete."""
        return Call(None)

    @api("test.entities.ListAttendees", f"GET {EVENT}/attendees")
    def list_attendees(
        self, user_id: str, calendar_id: str, event_id: str, *, max_results: int | None = None
    ) -> Query[Attendee]:
        """List."""
        return Listing(Attendee, TOKEN, items="attendees")


class EventManager(Manager):
    """Events (日程)."""

    create = alias(Calendar.create_event)
    get = alias(Calendar.get_event)
    list = alias(Calendar.list_events)
    update = alias(Calendar.patch_event)
    delete = alias(Calendar.delete_event)


class EventTime(Reply, Shape, alias_generator=camel):
    date_time: OffsetTime | None = None
    time_zone: str = ""


class Attendee(Reply, Shape, alias_generator=camel):
    id: str = promised()
    display_name: str = ""
    is_optional: bool | None = None


class Event(Entity, Changed["Event"], alias_generator=camel):
    """An event (日程)."""

    objects: ClassVar[EventManager] = EventManager()
    key: ClassVar = {"user_id": "user_id", "calendar_id": "calendar_id", "event_id": "id", "id": "id"}
    user_id: ClassVar = Remembered(str, "userId")
    calendar_id: ClassVar = Remembered(str, "calendarId")

    id: str
    summary: str = ""
    start: EventTime = promised()
    attendees: list[Attendee] = empty_list()

    @operation
    def update(
        self,
        *,
        summary: str | None = None,
        start: OrDict[EventTime] | None = None,
        attendees: list[OrDict[Attendee]] | None = None,
    ) -> Flow[Event]:
        """Change."""
        return self._updated(self.objects.update, summary=summary, start=start, attendees=attendees)

    @operation
    def delete(self, *, push_notification: bool | None = None) -> Call[None]:
        """Delete."""
        return self._with_ids(self.objects.delete, push_notification=push_notification)

    @operation
    def list_attendees(self, *, max_results: int | None = None) -> Query[Attendee]:
        """List."""
        return self._with_ids(Calendar().list_attendees, max_results=max_results)


class View(Reply, alias_generator=camel):
    events: list[Event] = empty_list()
    next_token: str | None


class Column(Entity, Shape, alias_generator=camel):
    """One that is sent too, such as the columns of a new sheet."""

    key: ClassVar = {"column_id": "id", "sheet_id": "sheet_id"}
    sheet_id: ClassVar = Remembered(str, "sheetId")

    id: str = promised()
    name: str


class Sheets:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.entities.columns", "POST /v1.0/sheets/{sheetId}/columns")
    def columns(self, sheet_id: str, columns: Sequence[OrDict[Column]] = ()) -> Call[list[Column]]:
        """Send some, and read some."""
        return Call(list[Column], "columns")


HOME = "/v1.0/calendar/users/u1/calendars/primary/events"


@pytest.fixture
def event(sandbox: Sandbox, app: DingTalkApp) -> Event:
    """One that was loaded."""
    loaded = EventManager(app).get("u1", "primary", "e1")
    sandbox.calls.clear()
    return loaded


def made(sandbox: Sandbox) -> list[tuple[str, str]]:
    calls = [(call.method, call.path) for call in sandbox.calls if call.path.startswith(HOME)]
    sandbox.calls.clear()
    return calls


def test_an_object_remembers_how_it_was_loaded(sandbox: Sandbox, app: DingTalkApp, event: Event) -> None:
    start = EventTime(date_time=datetime(2026, 1, 31, 9, tzinfo=BEIJING))
    loaded = [
        event,
        EventManager(app).create("u1", "primary", summary="会议", start=start),
        *EventManager(app).list("u1", "primary"),
        *Calendar(app).view("u1", "primary").events,
    ]
    assert len(loaded) >= 4
    for each in loaded:
        assert (each.user_id, each.calendar_id, each.app) == ("u1", "primary", app)
        assert not {"user_id", "calendar_id", "userId", "calendarId"} & each.model_dump(by_alias=True).keys()
        assert "primary" not in repr(each)
        sandbox.calls.clear()
        each.delete()
        assert made(sandbox) == [("DELETE", f"{HOME}/{each.id}")]


def test_methods_of_an_object(sandbox: Sandbox, event: Event) -> None:
    assert event.refresh() is event
    assert made(sandbox) == [("GET", f"{HOME}/{event.id}")]
    assert isinstance(event.list_attendees(max_results=5).first(), Attendee)
    (call,) = sandbox.calls
    assert (call.path, call.query) == (f"{HOME}/{event.id}/attendees", {"maxResults": "5"})
    sandbox.calls.clear()
    event.delete(push_notification=True)
    (call,) = sandbox.calls
    assert call.query == {"pushNotification": "true"}


async def used_on_the_loop(event: Event) -> None:
    await event.refresh.aio()
    await event.update.aio(summary="neu")
    async for _ in event.list_attendees()[:1]:
        break
    await event.delete.aio()


def test_on_an_event_loop(sandbox: Sandbox, event: Event) -> None:
    asyncio.run(used_on_the_loop(event))
    assert [verb for verb, _ in made(sandbox)] == ["GET", "PUT", "GET", "DELETE"]


def test_update_changes_the_object_too(sandbox: Sandbox, event: Event) -> None:
    sandbox.answer("calendar_1_0.PatchEvent", lambda given: {"id": given["id"], "new": 1})
    changed = event.update(summary="neu", start={"timeZone": "x"}, attendees=[Attendee(id="a")])
    assert changed is event
    (call,) = sandbox.calls
    assert (call.method, call.path) == ("PUT", f"{HOME}/{event.id}")
    assert call.body == {"id": event.id, "summary": "neu", "start": {"timeZone": "x"}, "attendees": [{"id": "a"}]}
    assert (event.summary, event.start.time_zone, event.attendees[0].id) == ("neu", "x", "a")
    assert event.changes() == {}
    sandbox.answer("calendar_1_0.PatchEvent", {"id": event.id, "summary": "what the platform made of it"})
    assert event.update(summary="neuer").summary == "what the platform made of it"


def test_what_is_assigned_is_saved(sandbox: Sandbox, event: Event) -> None:
    event.summary = "anders"
    assert event.changes() == {"summary": "anders"}
    assert event.save() is event
    (call,) = sandbox.calls
    assert call.body == {"id": event.id, "summary": "anders"}
    assert event.save() is event
    assert len(sandbox.calls) == 1
    with pytest.raises(InvalidArgument, match=r"Event: id: cannot be changed: update\(\) has no such field"):
        event.id = "other"


def test_what_is_promised_cannot_be_taken_away(event: Event) -> None:
    for name in ("id", "start", "summary"):
        with pytest.raises(InvalidArgument, match=rf"Event: {name}: required / 必填"):
            setattr(event, name, None)
    event.start = EventTime(time_zone="x")
    assert event.changes() == {"start": EventTime(time_zone="x")}


def test_a_type_checker_knows_what_comes(sandbox: Sandbox, app: DingTalkApp, event: Event) -> None:
    assert_type(EventManager(app).get("u1", "primary", "e1"), Event)
    assert_type(EventManager(app).list("u1", "primary"), Query[Event])
    assert_type(event.refresh(), Event)
    assert_type(event.save(), Event)
    assert_type(event.update(summary="x"), Event)
    assert_type(event.update.call(summary="x"), Flow[Event])
    assert_type(event.list_attendees(), Query[Attendee])
    assert_type(event.calendar_id, str)
    assert_type(event.start, EventTime)
    assert_type(event.attendees, list[Attendee])
    assert_type(event.delete.call(), Call[None])
    assert_type(Call(str, "id").or_none(), Call[str | None])
    assert_type(Call(list[Event], "events").or_empty(), Call[list[Event]])
    assert_type(event.knowing(calendar_id="x").using(app), Event)


def test_one_that_was_made_by_hand_says_what_it_lacks(sandbox: Sandbox, app: DingTalkApp) -> None:
    event = Event(id="e1").using(app)
    assert not hasattr(event, "calendar_id")
    for refused in (event.refresh, event.delete, event.list_attendees.call, lambda: event.update(summary="x")):
        with pytest.raises(FieldMissing) as missing:
            refused()
        assert missing.value.field == "Event.user_id"
        assert "or say it, with .knowing(user_id=…) / 只有加载该对象的调用带有此参数时才知道" in str(missing.value)
    with pytest.raises(FieldMissing, match=r"Event\.calendar_id: is only known if the call"):
        event.knowing(user_id="u1").delete()
    assert sandbox.calls == []
    assert event.knowing(calendar_id="primary") is event
    event.delete()
    assert made(sandbox) == [("DELETE", f"{HOME}/e1")]
    with pytest.raises(InvalidArgument) as refused_name:
        event.knowing(calender_id="x", summary="x")
    assert {problem.field: english(problem.message) for problem in refused_name.value.problems} == {
        "calender_id": "unknown; did you mean 'calendar_id'?", "summary": "unknown",
    }  # fmt: skip


def test_an_object_without_an_id_cannot_be_deleted(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.answer("calendar_1_0.GetEvent", {"summary": "no id"})
    event = EventManager(app).get("u1", "primary", "e1")
    sandbox.calls.clear()
    with pytest.raises(FieldMissing, match=r"Event\.id: was not in the reply"):
        event.delete()
    assert sandbox.calls == []
    assert event.summary == "no id"


def test_refresh_forgets_what_is_gone(sandbox: Sandbox, event: Event) -> None:
    assert hasattr(event, "start")
    sandbox.answer("calendar_1_0.GetEvent", {"id": "e1", "summary": "new"})
    event.refresh()
    assert event.summary == "new"
    assert not hasattr(event, "start")
    assert event.calendar_id == "primary"
    assert "start" not in event.model_dump()


def test_copies_and_pickles_remember_and_compare_by_value(event: Event) -> None:
    for twin in (copy.copy(event), copy.deepcopy(event), event.model_copy(), pickle.loads(pickle.dumps(event))):
        assert twin == event
        assert (twin.user_id, twin.calendar_id) == ("u1", "primary")
    assert event == Event.model_validate_json(event.model_dump_json(by_alias=True))


def test_a_class_knows_what_it_remembers() -> None:
    assert Event.remembers == ("userId", "calendarId")
    assert Entity.remembers == ()
    assert isinstance(Event.user_id, Remembered)
    assert Event.user_id.sent_as == ("userId",)


def test_an_object_may_be_an_argument_too() -> None:
    nothing: dict[str, Any] = {}
    with pytest.raises(InvalidArgument, match=r"Column: name: required / 必填"):
        Column(**nothing)
    call = Sheets().columns.call("s", [Column(name="a"), {"name": "b"}])
    assert call.request.body == {"columns": [{"name": "a"}, {"name": "b"}]}
    (first, second) = call.read(HttpResponse(200, {}, b'{"columns": [{"id": "1", "name": "a"}, {"id": "2"}]}'))
    assert Sheets().columns.call("s", [first]).request.body == {"columns": [{"id": "1", "name": "a"}]}
    with pytest.raises(InvalidArgument, match=r"columns\.0\.name: required"):
        Sheets().columns.call("s", [second])
    first.name = "c"
    assert first.changes() == {"name": "c"}
    assert first.knowing(sheet_id="s").sheet_id == "s"
