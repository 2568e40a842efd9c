"""What the platform promises of a reply, and what happens where it does not keep that."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from helpers import english
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from dingtalk_models import BEIJING, Call, DingTalkApp, DingTalkError, FieldMissing, HttpResponse, InvalidArgument, api
from dingtalk_models.core.wire import CommaStrs, IsoTime, Millis, camel, empty_dict, empty_list, wire
from dingtalk_models.resource.model import OrDict, Record, Shape
from dingtalk_models.resource.needs import OneOf
from dingtalk_models.resource.reply import Reply, promised

MOMENT = datetime(2026, 1, 31, 9, tzinfo=BEIJING)


class When(Reply, Shape, alias_generator=camel):
    date_time: IsoTime
    time_zone: str = promised()
    kind: Annotated[str, OneOf("one", "two")] | None = None


class Person(Reply, Shape, alias_generator=camel):
    id: Annotated[str, Field(min_length=1, max_length=5)] = promised()
    display_name: str = ""
    times: list[When] = empty_list()


class Happening(Reply, alias_generator=camel):
    id: str
    count: int
    flag: bool
    summary: str = ""
    start: When
    created: Millis
    edited: Annotated[Millis, wire("editedAt")]
    moments: list[IsoTime]
    ids: Annotated[CommaStrs, wire("idList")] = empty_list()
    people: list[Person] = empty_list()
    extra: dict[str, JsonValue] = empty_dict()
    tries: int = 3
    end: When | None
    note: str | None


class AsRecord(Record, alias_generator=camel):
    """The same fields."""

    id: str
    count: int
    flag: bool
    summary: str = ""
    start: When
    created: Millis
    edited: Annotated[Millis, wire("editedAt")]
    moments: list[IsoTime]
    ids: Annotated[CommaStrs, wire("idList")] = empty_list()
    people: list[Person] = empty_list()
    extra: dict[str, JsonValue] = empty_dict()
    tries: int = 3
    end: When | None
    note: str | None


WHOLE: dict[str, Any] = {
    "id": "a", "count": 1, "flag": False, "summary": "会议",
    "start": {"dateTime": "2026-01-31T01:00Z", "timeZone": "c"},
    "created": 1769821200000, "editedAt": 1769821200000, "moments": ["2026-01-31T01:00Z"], "idList": "a,b",
    "people": [{"id": "p", "displayName": "甲"}], "extra": {"k": [1]}, "tries": 1, "end": None, "note": "n",
}  # fmt: skip
PROMISED = {"id": "id", "count": "count", "flag": "flag", "start": "start", "created": "created", "editedAt": "edited",
            "moments": "moments"}  # fmt: skip
EMPTY: dict[str, Any] = {"summary": "", "idList": [], "people": [], "extra": {}, "tries": 3}


class Calendar:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.promises.get", "GET /v1.0/happenings")
    def get(self) -> Call[Happening]:
        """Read one."""
        return Call(Happening)

    @api("test.promises.list", "GET /v1.0/happenings/all")
    def list(self) -> Call[list[Happening]]:
        """Read some."""
        return Call(list[Happening], "rows")

    @api("test.promises.send", "POST /v1.0/happenings")
    def send(self, people: Sequence[OrDict[Person]] | None = None, start: OrDict[When] | None = None) -> Call[None]:
        """Send."""
        return Call(None)


def respond(data: object) -> HttpResponse:
    return HttpResponse(200, {}, json.dumps(data, ensure_ascii=False).encode())


def read(**fields: Any) -> Happening:
    return Calendar().get.call().read(respond(WHOLE | fields))


def without(*names: str) -> Happening:
    return Calendar().get.call().read(respond({name: value for name, value in WHOLE.items() if name not in names}))


def body(**given: Any) -> Any:
    return Calendar().send.call(**given).request.body


def field_of(name: str) -> str:
    return {"editedAt": "edited", "idList": "ids"}.get(name, name)


def ways(name: str) -> list[Happening]:
    return [without(name), read(**{name: None})]


def test_a_whole_reply_is_read_as_ever() -> None:
    whole = read()
    assert (whole.id, whole.count, whole.flag, whole.start.date_time, whole.created) == ("a", 1, False, MOMENT, MOMENT)
    assert whole.moments == [MOMENT]
    assert whole.ids == ["a", "b"]
    assert whole.unparsed == {}
    assert whole.model_dump(mode="json", by_alias=True, exclude_unset=True) == json.loads(
        whole.model_dump_json(by_alias=True, exclude_unset=True)
    )
    assert whole.model_dump(mode="json", by_alias=True, exclude_unset=True) == WHOLE
    assert whole.model_dump()["start"] == {"date_time": MOMENT, "time_zone": "c"} | {"kind": None}


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_and_missing_is_told_when_it_is_read(name: str) -> None:
    for happening in ways(name):
        field = field_of(name)
        with pytest.raises(FieldMissing) as missing:
            getattr(happening, field)
        assert isinstance(missing.value, DingTalkError | AttributeError)
        assert isinstance(missing.value, DingTalkError)
        assert missing.value.field == f"Happening.{field}"
        assert str(missing.value).startswith(f"Happening.{field}: was not in the reply")
        assert " / 返回中没有该字段" in str(missing.value)
        assert not hasattr(happening, field)
        assert getattr(happening, field, None) is None
        assert happening.note == "n"
        assert happening.unparsed == {}
        assert field not in happening.model_fields_set
        assert field not in happening.model_dump()
        assert name not in json.loads(happening.model_dump_json(by_alias=True))
        assert not re.search(rf"\b{field}=", repr(happening).replace("(id='p'", ""))


@pytest.mark.parametrize("name", EMPTY)
def test_text_for_people_lists_and_maps_are_empty(name: str) -> None:
    for happening in ways(name):
        assert getattr(happening, field_of(name)) == EMPTY[name]
        assert happening.unparsed == {}
    first, second = ways("people")
    first.people.append(Person(id="x"))
    assert second.people == without("people").people == []


def test_nothing_at_all_is_still_an_object() -> None:
    happening = Calendar().get.call().read(respond({}))
    assert (happening.summary, happening.end) == ("", None)
    rows = Calendar().list.call().read(respond({"rows": [{}, WHOLE, {"id": None}]}))
    assert [hasattr(row, "id") for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    ("fields", "odd"),
    [
        ({"id": ["x"]}, {"id": ["x"]}),
        ({"count": "many"}, {"count": "many"}),
        ({"created": "yesterday"}, {"created": "yesterday"}),
        ({"editedAt": {}}, {"editedAt": {}}),
        ({"summary": {}}, {"summary": {}}),
        ({"extra": "x"}, {"extra": "x"}),
        ({"moments": 7}, {"moments": 7}),
        ({"end": 7}, {"end": 7}),
        ({"tries": []}, {"tries": []}),
    ],
)
def test_an_odd_value_sets_aside_its_field_alone(
    fields: dict[str, Any], odd: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        happening = read(**fields)
    assert happening.unparsed == odd
    (name,) = odd
    assert f"a field {name!r} cannot be read as documented" in caplog.text
    for other, field in PROMISED.items():
        if other != name:
            assert hasattr(happening, field), other
    assert happening.people[0].id == "p"
    if name in PROMISED:
        with pytest.raises(
            FieldMissing, match=rf"Happening\.{field_of(name)}: could not be read: .*\.unparsed / 返回值"
        ):
            getattr(happening, field_of(name))
    else:
        assert getattr(happening, field_of(name)) == {"end": None, **EMPTY}[name]


def test_an_odd_value_deep_inside_costs_no_more_than_itself() -> None:
    happening = read(
        start={"dateTime": "soon", "timeZone": 8}, people=[{"id": "p", "times": [{"dateTime": {}}, {"timeZone": "x"}]}]
    )
    assert happening.unparsed == {}
    assert (happening.start.unparsed, happening.start.time_zone) == ({"dateTime": "soon"}, "8")
    first, second = happening.people[0].times
    assert first.unparsed == {"dateTime": {}}
    assert (second.unparsed, second.time_zone) == ({}, "x")
    with pytest.raises(FieldMissing, match=r"When\.date_time"):
        _ = happening.start.date_time
    odd = read(moments=["2026-01-31T01:00Z", "never"])
    assert odd.unparsed == {"moments": ["2026-01-31T01:00Z", "never"]}
    assert odd.moments == [MOMENT]


def test_copies_pickles_and_equality() -> None:
    whole, missing = read(), without("id")
    assert missing != whole
    assert missing == without("id") == read(id=None)
    for twin in (pickle.loads(pickle.dumps(missing)), copy.copy(missing), copy.deepcopy(missing), missing.model_copy()):
        assert twin == missing
        assert type(twin) is Happening
        with pytest.raises(FieldMissing):
            _ = twin.id
    missing.id = "b"
    assert (missing.id, missing.model_dump()["id"]) == ("b", "b")
    assert pickle.loads(pickle.dumps(FieldMissing("A.b", "c"))).field == "A.b"


def test_python_and_json_dumps_have_the_wire_form() -> None:
    missing = without("created", "start")
    dumped = missing.model_dump(mode="json", by_alias=True)
    assert dumped == json.loads(missing.model_dump_json(by_alias=True))
    assert dumped["moments"] == ["2026-01-31T01:00Z"]
    assert dumped["editedAt"] == 1769821200000
    assert missing.model_dump()["moments"] == [MOMENT]
    adapter: TypeAdapter[Any] = TypeAdapter(dict[str, list[Happening] | None])
    assert adapter.dump_python({"a": [missing]}, mode="json", by_alias=True) == {"a": [dumped]}
    assert json.loads(adapter.dump_json({"a": [missing]}, by_alias=True)) == {"a": [dumped]}


def test_limits_and_values_count_for_arguments_only() -> None:
    happening = read(
        people=[{"id": "much too long"}, {"id": ""}], end={"dateTime": "2026-01-31T01:00Z", "kind": "three"}
    )
    assert [person.id for person in happening.people] == ["much too long", ""]
    assert happening.end
    assert happening.end.kind == "three"
    assert happening.unparsed == {}
    with pytest.raises(InvalidArgument, match=r"people\.0\.id: .*at most 5"):
        body(people=happening.people)
    with pytest.raises(InvalidArgument, match=r"start\.kind: .*'one' or 'two' / 须为"):
        body(start=happening.end)


def problems(refused: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as caught:
        refused()
    return {problem.field: english(problem.message) for problem in caught.value.problems}


def test_an_argument_needs_what_its_class_requires() -> None:
    """A reply may leave it out, but what is sent has it."""
    nothing: dict[str, Any] = {}
    assert problems(lambda: When(**nothing)) == {"date_time": "required"}
    assert problems(lambda: When(date_time=None)) == {"date_time": "required"}  # type: ignore[arg-type]
    assert problems(lambda: body(start={"timeZone": "x"})) == {"start.date_time": "required"}
    assert problems(lambda: body(start={"date_time": None})) == {"start.date_time": "required"}
    assert problems(lambda: body(people=[{"times": [{}]}])) == {"people.0.times.0.date_time": "required"}
    assert problems(lambda: Person(display_name=None)) == {"display_name": "should be a valid string"}  # type: ignore[arg-type]
    assert body(start=When(date_time=MOMENT)) == {"start": {"dateTime": "2026-01-31T01:00Z"}}
    assert body(people=[Person(), {"id": "a", "display_name": ""}, {"id": None}]) == {
        "people": [{}, {"id": "a", "displayName": ""}, {}]
    }
    assert not hasattr(Person(), "id")


def test_what_only_comes_can_be_made_by_hand_in_part() -> None:
    """For tests of applications: nothing is sent that could lack a field."""
    happening = Happening.model_validate({"id": "a", "note": None})
    assert (happening.id, happening.summary) == ("a", "")
    with pytest.raises(FieldMissing, match=r"Happening\.count: was not in the reply, or was not given"):
        _ = happening.count
    with pytest.raises(ValidationError):
        Happening.model_validate({"id": ["a"]})


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_a_class_has_a_schema(mode: Literal["validation", "serialization"]) -> None:
    """For frameworks that describe what they return."""
    schema = Happening.model_json_schema(mode=mode)
    plain = AsRecord.model_json_schema(mode=mode)
    assert schema["properties"] == plain["properties"]
    assert schema["required"] == plain["required"]
    assert schema["$defs"].keys() == plain["$defs"].keys()
    person = schema["$defs"]["Person"]["properties"]
    assert person["id"] == {"title": "Id", "type": "string"}
    assert person["times"]["type"] == "array"


def test_what_came_can_be_sent_again() -> None:
    came = read(people=[{"displayName": None, "times": None, "new": 1}, {"id": "q", "displayName": "乙"}]).people
    assert body(people=came) == {
        "people": [{"new": 1, "displayName": "", "times": []}, {"id": "q", "displayName": "乙"}]
    }
    start = read(start={"timeZone": "x"}).start
    assert problems(lambda: body(start=start)) == {"start.date_time": "required"}
    start.date_time = MOMENT
    assert body(start=start) == {"start": {"dateTime": "2026-01-31T01:00Z", "timeZone": "x"}}


def test_a_class_is_read_alike_wherever_it_is_used() -> None:
    """Pydantic keeps the schema of a class for other classes that have it as a field."""

    class Inner(Reply):
        id: str
        note: str = ""
        end: str | None

    TypeAdapter(Inner).validate_json("{}")

    class Outer(Reply):
        inner: Inner
        also: list[Inner] = empty_list()

    class More(Record):
        inner: Inner
        outer: Outer | None = None

    kinds: list[Any] = [Outer, More, Outer]
    for kind in kinds:
        inner = TypeAdapter(kind).validate_json('{"inner": {"id": null, "note": null, "end": null}}').inner
        assert (inner.note, inner.end, hasattr(inner, "id")) == ("", None, False)
    assert not hasattr(TypeAdapter(Outer).validate_json("{}"), "inner")


class Node(Reply):
    id: str
    parent: Node
    children: list[Node] = empty_list()


def test_a_class_that_refers_to_itself() -> None:
    node = TypeAdapter(Node).validate_json('{"id": "a", "parent": {"parent": null}, "children": [{"id": null}]}')
    assert not hasattr(node.parent, "parent")
    assert not hasattr(node.children[0], "id")
    assert node.model_dump() == {"id": "a", "parent": {"children": []}, "children": [{"children": []}]}


values = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.lists(st.integers(), max_size=2)


@given(
    st.dictionaries(st.sampled_from(sorted(WHOLE)), values | st.dictionaries(st.text(max_size=2), values, max_size=2))
)
def test_no_reply_fails(fields: dict[str, Any]) -> None:
    happening = read(**fields)
    came = {field_of(name) for name in happening.unparsed}
    assert {name for name in PROMISED.values() if not hasattr(happening, name)} <= came | {
        field_of(name) for name, value in fields.items() if value is None
    }
    json.loads(happening.model_dump_json(by_alias=True))


class Strict(Record, alias_generator=camel):
    id: str
    name: str
    count: int
    made: int
    edited: int
    kind: str
    owner: str
    group: str
    state: str
    size: int


class Tolerant(Reply, alias_generator=camel):
    id: str
    name: str
    count: int
    made: int
    edited: int
    kind: str
    owner: str
    group: str
    state: str
    size: int


ROW = {name: "x" if field.annotation is str else 1 for name, field in Strict.model_fields.items()}


def test_a_page_is_read_without_python_code_for_a_field() -> None:
    """Then null would cost a repair, which takes many times as long as the page."""

    def best(kind: Any, row: dict[str, Any]) -> float:
        rows: Any = list
        adapter: TypeAdapter[Any] = TypeAdapter(rows[kind])
        content = json.dumps([row] * 100)
        taken: list[float] = []
        for _ in range(30):
            began = time.perf_counter()
            adapter.validate_json(content)
            taken.append(time.perf_counter() - began)
        return min(taken)

    floor = best(Strict, ROW)
    assert best(Tolerant, ROW) < 4 * floor
    assert best(Tolerant, dict.fromkeys(ROW)) < 4 * floor
    assert best(Tolerant, {}) < 4 * floor
