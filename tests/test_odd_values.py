"""An odd value costs itself: in a list, a map, a union, in JSON in a text, and where an object cannot do without it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import ConfigDict
from samples_of import respond

from dingtalk_models import Call, Page, Query, TransportError, User, api
from dingtalk_models.call.paging import CURSOR, TOKEN
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.wire import JsonText, wire
from dingtalk_models.resource.model import Record
from dingtalk_models.resource.query import Listing


class Colour(Enum):
    red = "red"


class Part(Record):
    number: int
    colour: Colour | None = None


class Whole(Record):
    key: Annotated[str, wire("theKey", "key")]
    fields: dict[str, str] = {}
    nested: dict[str, dict[str, int]] = {}
    table: list[list[int]] = []
    numbers: list[int] = []
    parts: list[Part] = []
    text: JsonText[list[Part]] | None = None
    either: Part | dict[str, int] | list[int] | None = None
    pair: tuple[str, int] | None = None
    token: Secret | None = None

    model_config = ConfigDict(extra="allow")


class Wholes:
    """Not a `Manager`, which would be registered for good."""

    app = None

    @api("test.whole.get", "POST /topapi/whole/get")
    def get(self) -> Call[Whole]:
        """One."""
        return Call(Whole)

    @api("test.whole.list", "POST /topapi/whole/list")
    def list(self) -> Query[Whole]:
        """Pages."""
        return Listing(Whole, CURSOR, items="list")

    @api("test.whole.tokens", "POST /v1.0/wholes")
    def tokens(self) -> Query[Whole]:
        """Pages with a token, at the top of the reply."""
        return Listing(Whole, TOKEN, items="list")


def read(**fields: Any) -> Whole:
    return Wholes().get.call().read(respond({"errcode": 0, "result": {"key": "k", **fields}}))


def page(result: object) -> Page[Whole]:
    query: Any = Wholes().list.call()
    found: Page[Whole] = query.page(0).read(respond({"errcode": 0, "result": result}))
    return found


def numbers(whole: Whole) -> list[int]:
    return [part.number for part in whole.parts]


ODD: list[tuple[str, Any, Any]] = [
    ("fields", {"a": "1", "b": True, "c": 2, "d": [1]}, {"a": "1", "c": "2"}),
    ("nested", {"x": {"a": 1, "b": "?"}, "y": {"c": 3}}, {"x": {"a": 1}, "y": {"c": 3}}),
    ("nested", {"x": 1, "y": {"c": 3}}, {"y": {"c": 3}}),
    ("numbers", [1, "x", 3, {}], [1, 3]),
    ("table", [[1, 2], [3, "x"], [5, 6]], [[1, 2], [5, 6]]),
    ("pair", ["a", "x"], None),
    ("pair", ["a"], None),
    ("either", {"int": {"a": "?"}}, {}),
    ("text", "", None),
    ("text", "not json", None),
    ("text", '{"a": ', None),
]


@pytest.mark.parametrize(("field", "came", "readable"), ODD)
def test_the_rest_is_read_and_the_field_is_kept_as_it_came(field: str, came: object, readable: object) -> None:
    whole = read(**{field: came})
    assert getattr(whole, field) == readable
    assert whole.unparsed == {field: came}
    assert whole.key == "k"


def test_an_object_in_a_list_in_json_in_a_text_keeps_its_own() -> None:
    rows = [{"number": 1, "colour": "blue"}, {"number": "x"}, {"number": 3, "colour": "red"}]
    whole = read(text=json.dumps(rows), parts=rows)
    for parts in (whole.text or [], whole.parts):
        assert [(part.number, part.colour, part.unparsed) for part in parts] == [
            (1, None, {"colour": "blue"}),
            (3, Colour.red, {}),
        ]
    assert whole.unparsed == {"text": json.dumps(rows), "parts": rows}


@pytest.mark.parametrize("came", ["", "[]", "not json", '{"爱好":"旅游","年龄":"24"}"}', "null", "7", '["x"]'])
def test_an_odd_extension_costs_no_user(came: str, caplog: pytest.LogCaptureFixture) -> None:
    user = User.objects.get.call("a").read(respond({"errcode": 0, "result": {"userid": "a", "extension": came}}))
    assert (user.userid, user.extension, user.unparsed) == ("a", None, {"extension": came})
    rows = [{"userid": "a", "extension": came}, {"userid": "b", "extension": '{"k": "v"}'}, {"userid": "c"}] * 30
    query: Any = User.objects.list.call(1)
    caplog.clear()
    users = query.page(0).read(respond({"errcode": 0, "result": {"has_more": False, "list": rows}})).items
    assert [user.userid for user in users] == ["a", "b", "c"] * 30
    assert users[1].extension == {"k": "v"}
    assert [record.getMessage() for record in caplog.records if "extension" in record.getMessage()] == [
        "/topapi/v2/user/list: a field 'extension' cannot be read as documented; it is kept in .unparsed"
    ]


def test_what_an_object_cannot_do_without_costs_itself() -> None:
    whole = read(key=["x"], numbers=[1])
    assert (whole.numbers, whole.unparsed) == ([1], {"key": ["x"]})
    assert type(whole) is Whole
    for twin in (whole, copy.deepcopy(whole), pickle.loads(pickle.dumps(whole)), whole.model_copy()):
        assert twin == whole
        assert "key=" not in repr(twin)
        with pytest.raises(TransportError, match=r"Whole\.key could not be read from the reply"):
            _ = twin.key
    assert "theKey" not in whole.model_dump(mode="json", by_alias=True)
    user = User.objects.get.call("a").read(respond({"errcode": 0, "result": {"userid": [1], "name": "甲"}}))
    assert (user.name, user.unparsed) == ("甲", {"userid": [1]})
    with pytest.raises(TransportError, match=r"User\.userid"):
        user.delete.call()
    with pytest.raises(TransportError, match=r"wrong shape at result\.userid"):
        User.objects.get.call("a").read(respond({"errcode": 0, "result": {"name": "甲"}}))


def test_a_secret_stays_one_if_it_is_odd(caplog: pytest.LogCaptureFixture) -> None:
    whole = read(token=["t0psecret"])
    assert whole.unparsed["token"][0].get_secret_value() == "t0psecret"
    assert "t0psecret" not in f"{whole!r} {whole.model_dump_json()} {caplog.text}"


def test_what_is_deeper_than_can_be_read_costs_itself() -> None:
    for depth in (250, 400, 900):
        whole = read(new=json.loads("[" * depth + "]" * depth), numbers=[1])
        assert whole.numbers == [1]
        assert "new" in whole.unparsed
    digits = "9" * 5000
    body = f'{{"errcode": 0, "result": {{"key": "k", "numbers": [1, {digits}], "new": {digits}}}}}'.encode()
    assert Wholes().get.call().read(respond(body)).numbers == [1]


@pytest.mark.parametrize("end", [{"has_more": False}, {"hasMore": False}, {"totalCount": 0}, {"next_cursor": ""}])
def test_a_list_that_is_not_there_is_empty_if_nothing_more_comes(end: dict[str, object]) -> None:
    assert page(end).items == []
    assert page({"list": None, **end}).items == []


@pytest.mark.parametrize("said", [{}, {"has_more": True}, {"has_more": True, "totalCount": 0}, {"totalCount": 3}])
def test_a_list_that_is_not_there_is_an_error_otherwise(said: dict[str, object]) -> None:
    with pytest.raises(TransportError, match=r"wrong shape at result\.list"):
        page(said)
    assert page({"list": None}).items == []


def test_a_list_at_the_top_of_a_reply() -> None:
    query: Any = Wholes().tokens.call()
    reading: Callable[[object], Page[Whole]] = query.page(None).read
    assert reading(respond({"nextToken": None})).items == reading(respond({"hasMore": False})).items == []
    with pytest.raises(TransportError, match="wrong shape at list"):
        reading(respond({"nextToken": "more"}))


def test_each_odd_field_is_told_once_a_reply(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    rows: list[Any] = [{"key": str(number), "numbers": ["x"], "fields": {"secret name": []}} for number in range(50)]
    rows += [{"key": []}] * 3
    assert len(page({"list": rows, "has_more": False}).items) == 50
    assert [record.getMessage() for record in caplog.records] == [
        "/topapi/whole/list: a field 'fields' cannot be read as documented; it is kept in .unparsed",
        "/topapi/whole/list: a field 'numbers' cannot be read as documented; it is kept in .unparsed",
        "/topapi/whole/list: 3 rows cannot be read as documented; left out, and kept in .unparsed",
    ]
