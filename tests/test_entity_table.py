"""The table of entities: what it is checked for before anything is generated of it."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from generators.facts import ROOT
from generators.platform import entities
from generators.platform.entities import BadTable, Row
from generators.platform.entity_writing import Source
from generators.platform.interface import Class, Interface
from generators.platform.published import published

ROWS = entities.rows()


@cache
def calendar() -> Interface:
    return published("calendar_1_0")


def row_with(**changes: Any) -> Row:
    """The row of events, with changes."""
    (events,) = [row for row in ROWS if (row.product, row.manager) == ("calendar_1_0", "events")]
    return Row(**{**vars(events), **changes})


def problems_of(rows: Iterable[Row], interface: Interface | None = None, taken: Iterable[str] = ()) -> list[str]:
    interface = interface or calendar()
    methods = [each.name for each in interface.methods.values()]
    return [*entities.problems(rows, interface, taken, methods)]


def test_the_table_holds() -> None:
    assert problems_of([row_with()]) == []


BOTH = ("Event", "EventDetail")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"roles": {"get": "get_evnt"}}, ["the product has no operation 'get_evnt'"]),
        ({"lists": ("list_guests",)}, ["the product has no operation 'list_guests'"]),
        ({"classes": ("Evnt",)}, ["the product has no class 'Evnt'"]),
        (
            {"id": {"event_id": "event_id", "id": "id"}},
            [f"event_id is {name}.event_id, which is no field" for name in BOTH],
        ),
        (
            {"id": {"id": "id"}, "lists": ("list_attendees",)},
            [f"{name} does not take id" for name in ("get_event", "delete_event", "list_attendees")],
        ),
        ({"remembers": ("user_id", "calendar_id", "corp_id")}, ["no operation that loads objects takes 'corp_id'"]),
        (
            {"remembers": ("user_id", "calendar_id", "summary")},
            [f"{name}.summary is remembered, and a field or a method too" for name in BOTH],
        ),
        (
            {"roles": {"list": "list_acls"}, "lists": ("list_attendees",), "id": {"event_id": "id"}},
            ["list_acls returns no Event or EventDetail"],
        ),
        (
            {"remembers": ("user_id", "calendar_id", "push_notification")},
            ["no operation that loads objects takes 'push_notification'"],
        ),
        ({"lists": ("get_event",)}, ["get_event lists nothing"]),
        ({"manager": "create_event"}, ["the product has a method of that name"]),
        ({"manager": "using"}, ["the product has a method of that name"]),
    ],
)
def test_a_row_that_does_not_fit_is_named(changes: dict[str, Any], said: list[str]) -> None:
    row = row_with(**changes)
    assert problems_of([row]) == [f"entities.json: calendar_1_0.{row.manager}: {each}" for each in said]


def test_a_class_that_is_called_like_a_manager_is_named() -> None:
    assert problems_of([row_with()], taken={"EventManager"}) == [
        "entities.json: calendar_1_0.events: the product has a class 'EventManager'"
    ]


@pytest.mark.parametrize("name", ["update", "refresh", "list_attendees", "knowing"])
def test_a_field_that_is_called_like_a_method_is_named(name: str) -> None:
    known = calendar()
    event = known.classes["Event"]
    odd = Class(event.sent, event.received, {**event.fields, "x": type(event.fields["id"])(name, "x", "str", None)}, ())
    interface = Interface({**known.classes, "Event": odd}, known.methods)
    assert problems_of([row_with()], interface) == [
        f"entities.json: calendar_1_0.events: Event.{name} is a field, and what every such object has"
    ]


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "entities.json"
    path.write_text(json.dumps(rows), "utf-8")
    return path


def test_columns_are_checked(tmp_path: Path) -> None:
    path = written(
        tmp_path, {"product": "a", "manager": "b", "title": "甲", "classes": ["B"], "ids": {}}, {"id": {"a": "b"}}
    )
    with pytest.raises(BadTable) as bad:
        entities.rows(path)
    assert bad.value.args == (
        "entities.json: row 1: there is no column 'ids'",
        "entities.json: row 1: 'id' is missing",
        *(f"entities.json: row 2: {name!r} is missing" for name in ("product", "manager", "title", "classes")),
    )


def test_what_is_there_twice_is_named() -> None:
    one, two = row_with(), row_with(manager="meetings", classes=("Event",))
    with pytest.raises(BadTable) as bad:
        entities.of_products([one, one, two, row_with(product="calender_1_0")], ["calendar_1_0"])
    assert bad.value.args == (
        "entities.json: calender_1_0.events: there is no product 'calender_1_0'",
        *(f"entities.json: calendar_1_0.{name} is there twice" for name in ("events", "Event", "EventDetail")),
    )


def test_a_secret_is_not_remembered() -> None:
    known = published("yida_1_0")
    row = Row(
        "yida_1_0",
        "instances",
        "流程实例",
        ("Instance",),
        {"get": "get_instance_by_id"},
        {"id": "process_instance_id"},
        ("app_type", "system_token"),
    )
    assert problems_of([row], known) == [
        "entities.json: yida_1_0.instances: system_token is secret, and would be in each copy of an object"
    ]


def test_a_title_may_have_quotes() -> None:
    made = Source(row_with(title='"日程"\\'), {}, "CalendarV1")
    scope: dict[str, object] = {"Manager": object, "CalendarV1": SimpleNamespace(**dict.fromkeys(row_with().named))}
    exec(made.manager, scope)
    assert getattr(scope["EventManager"], "__doc__", "") == 'Events ("日程"\\).'


def test_nothing_is_written_of_a_table_that_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = json.loads(entities.TABLE.read_text("utf-8"))
    table[0]["get"], table[-1]["id"] = "get_evnt", {"node_id": "nodeId", "parent_node_id": "node_id"}
    bad = entities.rows(written(tmp_path, *table))
    monkeypatch.setattr(entities, "rows", {entities.TABLE: bad}.get)
    monkeypatch.setattr("sys.argv", ["generate"])

    def refused(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Path, "write_text", refused)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "scripts" / "generate"), run_name="__main__")
    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        "entities.json: calendar_1_0.events: the product has no operation 'get_evnt'",
        "entities.json: wiki_2_0.nodes: node_id is WikiNode.nodeId, which is no field",
    ]
