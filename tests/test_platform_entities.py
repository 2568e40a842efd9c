"""The generated objects that have methods: each row of the table, five of them in use."""

from __future__ import annotations

import inspect
import re
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest
from generators.pages import REFERENCE
from generators.platform import entities
from generators.platform.entities import Row
from helpers import english

from dingtalk_models import BEIJING, DingTalkApp, FieldMissing, InvalidArgument
from dingtalk_models.call.operation import is_operation, operation
from dingtalk_models.core.documentation.labels import of_parameters
from dingtalk_models.platform.calendar_1_0 import Event
from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.resource.entity import Entity, Remembered
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Refreshed, Savable
from dingtalk_models.sandbox import Sandbox

ROWS = entities.rows()
IDS = [f"{row.product}.{row.manager}" for row in ROWS]
each_row = pytest.mark.parametrize("row", ROWS, ids=IDS)


def module_of(row: Row) -> ModuleType:
    return import_module(f"dingtalk_models.platform.{row.product}")


def product_class(row: Row) -> type[Any]:
    kind: type[Any] = getattr(module_of(row), PRODUCTS[row.product])
    return kind


def classes_of(row: Row) -> list[Any]:
    return [getattr(module_of(row), name) for name in row.classes]


def flat(row: Row, name: str) -> operation[Any, ...]:
    """An operation of the product, as it is beside the managers."""
    found: operation[Any, ...] = vars(product_class(row))[name]
    return found


def returned(of: operation[Any, ...], module: ModuleType) -> Any:
    return get_type_hints(of.__wrapped__, vars(module))["return"]


def manager_of(app: DingTalkApp, row: Row) -> Any:
    return getattr(getattr(app.platform, row.product), row.manager)


def required(of: operation[Any, ...]) -> dict[str, Any]:
    """Arguments for an operation: a text or a number for each id that it wants."""
    wanted = {name: hint for name, hint in of.arguments.fields.items() if name not in of.arguments.defaults}
    return {name: 7 if hint is int else f"the-{name}" for name, hint in wanted.items()}


def test_the_table_has_many() -> None:
    assert len(ROWS) >= 20
    assert len({row.product for row in ROWS}) >= 12
    assert "DeviceProperty" not in {name for row in ROWS for name in row.classes}


@each_row
def test_a_manager_has_the_documented_operations(row: Row, app: DingTalkApp) -> None:
    manager = manager_of(app, row)
    assert isinstance(manager, Manager)
    assert type(manager).__name__ == row.manager_class
    assert manager.app is app
    names = {name for name in vars(type(manager)) if not name.startswith("_")}
    assert names == row.roles.keys()
    for role, name in row.roles.items():
        assert getattr(type(manager), role) is flat(row, name)
        assert getattr(manager, role).app is app
    assert row.title in (type(manager).__doc__ or "")
    assert row.title in (getattr(product_class(row), row.manager).__doc__ or "")


@each_row
def test_objects_have_the_methods_that_the_table_says(row: Row) -> None:
    module = module_of(row)
    for kind in classes_of(row):
        assert type(kind.objects).__name__ == row.manager_class
        assert kind.key == row.filled_in
        bases = [issubclass(kind, each) for each in (Entity, Refreshed, Savable)]
        assert bases == [True, "get" in row.roles, "update" in row.roles]
        own: dict[str, object] = {**vars(kind)}
        made = {name: value for name, value in own.items() if is_operation(value)}
        expected = {role: row.roles[role] for role in ("update", "delete") if role in row.roles}
        expected |= {name: name for name in row.lists}
        assert made.keys() == expected.keys()
        for name, of in made.items():
            sent = flat(row, expected[name])
            asked = [each for each in sent.arguments.fields if each not in row.filled_in]
            assert sorted(of.arguments.fields) == sorted(asked)
            ours, theirs = of.__wrapped__.__annotations__, sent.__wrapped__.__annotations__
            assert {each: ours[each] for each in asked} == {each: theirs[each] for each in asked}
            defaults = sent.arguments.defaults
            assert of.arguments.defaults == {each: defaults[each] for each in asked if each in defaults}
            said, known = of_parameters(of.__doc__), of_parameters(sent.__doc__)
            assert said == {each: known[each] for each in asked if each in known}
            assert of.title == sent.title != ""
            result = returned(of, module)
            if name == "update":
                assert get_args(result)[2] is kind
            else:
                assert result == returned(sent, module)
        for name in row.remembers:
            remembered = inspect.getattr_static(kind, name)
            assert isinstance(remembered, Remembered)
            assert {*remembered.sent_as} <= {*kind.remembers}
            loading = [flat(row, row.roles[role]) for role in ("get", "list", "create") if role in row.roles]
            sent_as = {wire for of in loading if name in of.arguments.fields for wire in of.arguments.wire_names(name)}
            assert sent_as
            assert sent_as <= {*remembered.sent_as}


@each_row
def test_loaded_objects_remember_and_send_their_ids(row: Row, sandbox: Sandbox, app: DingTalkApp) -> None:
    manager = manager_of(app, row)
    seen = 0
    for role in ("get", "list"):
        if role not in row.roles:
            continue
        given = required(flat(row, row.roles[role]))
        answer = getattr(manager, role)(**given)
        loaded: list[Any] = [answer] if role == "get" else [*answer[:1]]
        assert loaded, f"the sandbox lists none with {row.roles[role]}"
        for each in loaded:
            seen += 1
            assert type(each).__name__ in row.classes
            assert each.app is app
            for name in row.remembers:
                assert getattr(each, name) == given.get(name, f"the-{name}")
                assert f"the-{name}" not in repr(each)
            if "delete" in row.roles:
                of = flat(row, row.roles["delete"])
                ids = {name: getattr(each, row.filled_in[name]) for name in required(of) if name in row.filled_in}
                assert sent(sandbox, each.delete) == as_sent(manager.delete.call(**ids))
            if "get" in row.roles:
                of = flat(row, row.roles["get"])
                ids = {name: getattr(each, row.filled_in[name]) for name in required(of)}
                assert sent(sandbox, each.refresh) == as_sent(manager.get.call(**ids))
    assert seen


def sent(sandbox: Sandbox, use: Any) -> tuple[Any, ...]:
    """What a method has sent."""
    sandbox.calls.clear()
    use()
    (call,) = sandbox.calls
    query = {name: value for name, value in call.query.items() if name != "access_token"}
    return call.method, call.path, query, call.body or {}


def as_sent(call: Any) -> tuple[Any, ...]:
    request = call.request
    query = {name: str(value) for name, value in request.query_params.items()}
    return request.verb, request.path, query, request.body or {}


def test_an_event(sandbox: Sandbox, app: DingTalkApp) -> None:
    events = app.platform.calendar_1_0.events
    sandbox.answer("calendar_1_0.GetEvent", {"id": "e1", "summary": "周会", "start": {"date": "2026-01-05"}})
    event = events.get("u1", "primary", "e1")
    home = "/v1.0/calendar/users/u1/calendars/primary/events/e1"
    sandbox.calls.clear()
    start = datetime(2026, 1, 6, 9, tzinfo=BEIJING)
    assert event.update(summary="改期", start={"date_time": start}) is event
    assert (event.summary, event.start.date_time) == ("改期", start)
    event.summary = "又改"
    event.save()
    event.refresh()
    assert event.summary == "周会"
    assert event.list_attendees().first() is not None
    event.delete(push_notification=False)
    assert [(call.method, call.path) for call in sandbox.calls] == [
        ("PUT", home), ("PUT", home), ("GET", home), ("GET", f"{home}/attendees"), ("DELETE", home),
    ]  # fmt: skip
    assert sandbox.calls[1].body == {"id": "e1", "summary": "又改"}
    assert sandbox.calls[-1].query == {"pushNotification": "false"}


def test_events_of_a_list_stay_what_they_are(sandbox: Sandbox, app: DingTalkApp) -> None:
    (event,) = app.platform.calendar_1_0.events.list("u1", "primary")[:1]
    sandbox.answer(
        "calendar_1_0.GetEvent", {"id": event.id, "summary": "neu", "recurrence": {"range": {"type": "noEnd"}}}
    )
    assert event.refresh() is event
    assert event.recurrence is not None
    assert type(event.recurrence).__name__ == "EventDetailRecurrence"
    assert (event.summary, event.user_id) == ("neu", "u1")


def test_a_created_event_remembers(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.answer("calendar_1_0.CreateEvent", {"id": "e2"})
    start = {"date": "2026-01-05"}
    created = app.platform.calendar_1_0.events.create("u1", "primary", summary="周会", start=start)
    created.delete()
    assert sandbox.calls[-1].path == "/v1.0/calendar/users/u1/calendars/primary/events/e2"


def test_a_to_do(sandbox: Sandbox, app: DingTalkApp) -> None:
    tasks = app.platform.todo_1_0.tasks
    sandbox.answer("todo_1_0.GetTodoTask", {"id": "t1", "subject": "写周报", "done": False})
    task = tasks.get("u1", "t1")
    assert task.update(done=True, subject="写完周报").done is True
    assert task.refresh().subject == "写周报"
    task.delete()
    assert [(call.method, call.path) for call in sandbox.calls if "todo" in call.path] == [
        (verb, "/v1.0/todo/users/u1/tasks/t1") for verb in ("GET", "PUT", "GET", "DELETE")
    ]
    created = tasks.create("u2", subject="写周报")
    assert (created.union_id, created.subject) == ("u2", "写周报")


def test_a_meeting_room(sandbox: Sandbox, app: DingTalkApp) -> None:
    rooms = app.platform.rooms_1_0.meeting_rooms
    (room,) = rooms.list("u1")[:1]
    room.update(room_name="一号", room_capacity=9)
    assert (room.room_name, room.room_capacity) == ("一号", 9)
    update = sandbox.calls[-1]
    assert (update.method, update.path) == ("PUT", "/v1.0/rooms/meetingRooms")
    assert update.body == {"unionId": "u1", "roomId": room.room_id, "roomName": "一号", "roomCapacity": 9}
    room.room_name = "二号"
    assert room.save().changes() == {}
    assert room.refresh().room_name != "二号"
    room.delete()
    assert (sandbox.calls[-1].path, sandbox.calls[-1].query) == (
        f"/v1.0/rooms/meetingRooms/{room.room_id}",
        {"unionId": "u1"},
    )
    if room.room_group is not None:
        assert room.room_group.union_id == "u1"


def test_a_table_of_records(sandbox: Sandbox, app: DingTalkApp) -> None:
    (sheet,) = app.platform.notable_1_0.sheets.list("b1", "u1")[:1]
    home = f"/v1.0/notable/bases/b1/sheets/{sheet.id}"
    assert sheet.update(name="新名").name
    (field,) = sheet.get_all_fields()[:1]
    assert (field.base_id, field.sheet_id_or_name, field.operator_id) == ("b1", sheet.id, "u1")
    sandbox.calls.clear()
    name = field.name
    field.property_ = {"formatter": "INT"}
    field.save()
    (call,) = sandbox.calls
    assert (call.method, call.path) == ("PUT", f"{home}/fields/{field.id}")
    assert call.body == {"name": name, "property": {"formatter": "INT"}}, "the name is required, so it goes along"
    record = sheet.list_records().first()
    assert record is not None
    record.refresh()
    assert sandbox.calls[-1].path.startswith(f"{home}/records/")
    field.delete()
    sheet.delete()
    assert [call.path for call in sandbox.calls[-2:]] == [f"{home}/fields/{field.id}", home]


def test_a_space(sandbox: Sandbox, app: DingTalkApp) -> None:
    spaces = app.platform.drive_1_0.spaces
    (space,) = spaces.list("u1", space_type="org")[:1]
    assert space.refresh().union_id == "u1"
    assert isinstance(spaces.create("u2", name="资料"), type(space))
    space.delete()
    assert (sandbox.calls[-1].method, sandbox.calls[-1].path) == ("DELETE", f"/v1.0/drive/spaces/{space.space_id}")


def test_one_that_was_made_by_hand_says_what_it_lacks(sandbox: Sandbox, app: DingTalkApp) -> None:
    event = Event.model_validate({"id": "e1"}).using(app)
    for use in (event.refresh, event.delete, event.list_attendees, lambda: event.update(summary="x")):
        with pytest.raises(FieldMissing) as missing:
            use()
        assert missing.value.field == "Event.user_id"
        assert ".knowing(user_id=…)" in str(missing.value)
    assert sandbox.calls == []
    event.knowing(user_id="u1", calendar_id="primary").delete()
    assert sandbox.calls[-1].path == "/v1.0/calendar/users/u1/calendars/primary/events/e1"
    with pytest.raises(InvalidArgument) as refused:
        event.knowing(calender_id="primary")
    (problem,) = refused.value.problems
    assert english(problem.message) == "unknown; did you mean 'calendar_id'?"


def test_what_update_does_not_send_cannot_be_assigned(app: DingTalkApp) -> None:
    event = app.platform.calendar_1_0.events.get("u1", "primary", "e1")
    with pytest.raises(InvalidArgument, match="status: cannot be changed"):
        event.status = "cancelled"


def test_the_page_of_entities_has_each() -> None:
    page = (REFERENCE / "entities.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)\.(\w+)` \|", page, re.MULTILINE)
    assert listed == [(row.product, row.manager) for row in ROWS]
    for row in ROWS:
        assert row.title in page
