"""Results without their wrapper, arguments without theirs, and bodies that are left out."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

import pytest
from pydantic import Field

from dingtalk_models import Call, DingTalkApp, HttpResponse, InvalidArgument, Secret, TransportError, api
from dingtalk_models.core.errors import ApiError
from dingtalk_models.core.wire import empty_list, wire
from dingtalk_models.resource.reply import Reply


class Thing(Reply):
    id: str
    parts: list[str] = empty_list()


class Things:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.unwrapped.create", "POST /v1.0/things")
    def create(self) -> Call[str | None]:
        """Create."""
        return Call(str, "result.data.id").or_none()

    @api("test.unwrapped.make", "POST /topapi/things")
    def make(self) -> Call[Thing | None]:
        """Create, on the older host."""
        return Call(Thing).or_none()

    @api("test.unwrapped.list", "GET /v1.0/things")
    def every(self) -> Call[list[Thing]]:
        """List."""
        return Call(list[Thing], "result.list").or_empty()

    @api("test.unwrapped.limited", "GET /v1.0/things/limited")
    def limited(self) -> Call[list[int]]:
        """Read a list of a type with a note."""
        kind = cast("type[list[int]]", Annotated[list[int], "a note"])
        return Call(kind, "result").or_empty()

    @api("test.unwrapped.map", "GET /v1.0/things/map")
    def map(self) -> Call[dict[str, int]]:
        """Read a map."""
        return Call(dict[str, int], "result").or_empty().then(lambda found: {**found, "read": 1})

    @api("test.unwrapped.replace", "PUT /v1.0/things/{kind}?how")
    def replace(
        self,
        kind: str,
        rows: Annotated[list[int] | None, wire("")] = None,
        how: str | None = None,
    ) -> Call[None]:
        """Send an array, or nothing."""
        return Call(None)

    @api("test.unwrapped.deep", "POST /topapi/things/deep")
    def deep(
        self,
        title: Annotated[Annotated[str, Field(max_length=3)], wire("request.title")],
        *,
        size: Annotated[int | None, wire("request.option.size")] = None,
        secret: Annotated[str | None, wire("request.option.app_secret")] = None,
        other: int | None = None,
    ) -> Call[None]:
        """Send what is in an object in an object."""
        return Call(None)


def respond(data: object) -> HttpResponse:
    return HttpResponse(200, {}, data if isinstance(data, bytes) else json.dumps(data).encode())


TOLD = {"result": {"data": {"id": "x"}}}
NOT_TOLD: list[Any] = [
    {}, {"result": None}, {"result": {}}, {"result": {"data": None}}, {"result": {"data": {"id": None}}}, b"", b" ",
]  # fmt: skip
ODD: list[Any] = [
    {"result": True}, {"result": "ok"}, {"result": []}, {"result": {"data": [7]}}, {"result": {"data": {"id": {}}}},
]  # fmt: skip


def test_a_write_that_does_not_tell_its_id_has_succeeded() -> None:
    create = Things().create.call()
    assert create.read(respond(TOLD)) == "x"
    assert [create.read(respond(reply)) for reply in NOT_TOLD + ODD] == [None] * 12
    for refusal in ({"code": "x", "message": "no"}, {"success": False}, {"errcode": 7, "errmsg": "no"}):
        with pytest.raises(ApiError):
            create.read(respond(refusal))
    with pytest.raises(TransportError):
        create.read(respond(b"not json"))
    make = Things().make.call()
    made = make.read(respond({"errcode": 0, "result": {"id": "x"}}))
    assert made
    assert made.id == "x"
    assert make.read(respond({"errcode": 0})) is None
    with pytest.raises(ApiError):
        make.read(respond({"errcode": 33, "errmsg": "no"}))
    with pytest.raises(TransportError):
        make.read(respond({}))  # the older host says that it succeeded


def test_without_or_none_the_result_has_to_be_there() -> None:
    call = Call(str, "result.data.id")
    assert call.or_none() is not call
    for reply in NOT_TOLD[:5] + ODD:
        with pytest.raises(TransportError):
            call.read(respond(reply))


def test_no_list_is_an_empty_one() -> None:
    listed = Things().every.call()
    assert [thing.id for thing in listed.read(respond({"result": {"list": [{"id": "a"}]}}))] == ["a"]
    none: list[Any] = [{}, {"result": None}, {"result": {}}, {"result": {"list": None}}, b""]
    for reply in none:
        found = listed.read(respond(reply))
        assert found == []
        found.append(Thing(id="mine"))
    for odd in ({"result": True}, {"result": {"list": True}}):
        with pytest.raises(TransportError):
            listed.read(respond(odd))
    rows: Any = listed.read(respond({"result": {"list": [{"id": "a"}, 7, {"id": "b", "parts": 1}]}}))
    assert [row.id for row in rows] == ["a", "b"]
    assert rows.unparsed == [7]
    assert [Things().limited.call().read(respond(reply)) for reply in ({}, {"result": [1]})] == [[], [1]]
    assert [Things().map.call().read(respond(reply)) for reply in ({}, {"result": {"a": 1}})] == [
        {"read": 1}, {"a": 1, "read": 1},
    ]  # fmt: skip


def test_an_array_that_is_left_out_is_no_body() -> None:
    replace = Things().replace
    assert replace.call("k").request.body is None
    assert replace.call("k", how="x").request.body is None
    assert replace.call("k", how="x").request.query_params == {"how": "x"}
    assert replace.call("k", [1]).request.body == [1]
    assert replace.call("k", []).request.body == []


def test_arguments_without_their_wrapper() -> None:
    deep: Any = Things().deep
    assert deep.call("a").request.body == {"request": {"title": "a"}}
    assert deep.call("a", size=1, other=2).request.body == {
        "request": {"title": "a", "option": {"size": 1}},
        "other": 2,
    }
    whole: Any = {"request": {"title": "a", "option": {"size": 1}}}
    assert deep.call(**whole).request.body == whole
    assert deep.call("a", size=1, other=2).request.body == {**whole, "other": 2}
    assert deep.call(request='{"title": "a"}').request.body == {"request": {"title": "a"}}
    with pytest.raises(InvalidArgument, match=r"request\.option\.sise|request.option"):
        deep.call(request={"title": "a", "option": {"sise": 1}})
    with pytest.raises(InvalidArgument, match=r"title.*at most 3"):
        deep.call("long title")
    sent = deep.call("a", secret="t0psecret").request
    assert "t0psecret" not in repr(sent)
    assert isinstance(sent.body["request"]["option"]["app_secret"], Secret)
