"""Reading replies: whatever arrives becomes a result, a documented refusal, or an error that describes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from soaking import tries

from dingtalk_models import (
    Call,
    Department,
    DingTalkApp,
    DingTalkError,
    HttpResponse,
    InvalidRequest,
    Model,
    NotFound,
    Page,
    PermissionDenied,
    PlatformBusy,
    Query,
    RateLimited,
    TransportError,
    User,
    api,
)
from dingtalk_models.call.call import read_reply
from dingtalk_models.call.paging import OFFSET
from dingtalk_models.core.codes import LONGEST_WAIT
from dingtalk_models.core.http import Endpoint
from dingtalk_models.core.json_values import jsonable
from dingtalk_models.core.wire import BeijingTime, JsonText, Millis, wire
from dingtalk_models.resource.model import Record
from dingtalk_models.resource.query import Listing

HTML = b"<html><head><title>502</title></head><body>Bad Gateway</body></html>"


def respond(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, {"content-type": "application/json", **(headers or {})}, content)


class Inner(Record):
    number: int
    note: str = ""


Kind = Literal["a", "b"]


class Thing(Model):
    thing_id: Annotated[int, wire("thingId", "thing_id")]
    name: str = ""
    count: int | None = None
    level: int = 7
    kind: Kind | str = "a"
    tags: list[str] = []
    inners: list[Inner] = []
    inner: Inner | None = None
    moment: Millis | None = None
    day: BeijingTime | None = None
    extras: JsonText[dict[str, JsonValue]] | None = None


class Things:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.thing.get", "POST /topapi/thing/get", idempotent=True)
    def get(self) -> Call[Thing]:
        """One."""
        return Call(Thing)

    @api("test.thing.bare", "GET /thing/get")
    def bare(self) -> Call[Thing]:
        """One, which is the whole reply of the older host."""
        return Call(Thing, "")

    @api("test.thing.list", "POST /topapi/thing/list")
    def list(self) -> Query[Thing]:
        """Many."""
        return Listing(Thing, OFFSET, items="list")

    @api("test.thing.ids", "POST /topapi/thing/ids")
    def ids(self) -> Call[dict[str, Any]]:
        """Something without a model."""
        return Call(dict[str, Any], "")

    @api("test.thing.drop", "POST /topapi/thing/drop")
    def drop(self) -> Call[None]:
        """Nothing but success."""
        return Call(None)

    @api("test.thing.new", "GET /v1.0/things")
    def new(self) -> Call[Thing]:
        """One of the newer host."""
        return Call(Thing)

    @api("test.thing.pages", "GET /v1.0/things/pages")
    def pages(self) -> Query[Thing]:
        """Many of the newer host."""
        return Listing(Thing, OFFSET, items="list")

    @api("test.thing.undo", "DELETE /v1.0/things")
    def undo(self) -> Call[None]:
        """Nothing but success, of the newer host."""
        return Call(None)

    @api("test.thing.deep", "POST /topapi/thing/deep")
    def deep(self) -> Call[int]:
        """A number two levels down."""
        return Call(int, "result.thing.number")


things = Things()


def pages_call(query: Query[Thing]) -> Call[Page[Thing]]:
    assert isinstance(query, Listing)
    return query.page(0)


OLD: list[Call[Any]] = [
    things.get.call(), things.bare.call(), pages_call(things.list.call()), things.ids.call(), things.drop.call(),
    things.deep.call(),
]  # fmt: skip
NEW: list[Call[Any]] = [things.new.call(), pages_call(things.pages.call()), things.undo.call()]
EVERY = OLD + NEW


def read_thing(fields: dict[str, Any]) -> Thing:
    return things.get.call().read(respond({"errcode": 0, "errmsg": "ok", "result": {"thing_id": 1, **fields}}))


# -- answers -------------------------------------------------------------------------------------------------------


def test_an_answer_of_each_host() -> None:
    assert read_thing({"name": "x"}) == Thing(thing_id=1, name="x")
    assert things.bare.call().read(respond({"errcode": 0, "thing_id": 1})).thing_id == 1
    assert things.new.call().read(respond({"thingId": 1})).thing_id == 1
    assert things.deep.call().read(respond({"errcode": 0, "result": {"thing": {"number": "3"}}})) == 3
    assert things.drop.call().read(respond({"errcode": 0, "errmsg": "ok"})) is None
    assert things.undo.call().read(respond({})) is None
    assert things.undo.call().read(respond(b"", 204)) is None


def test_a_code_of_zero_in_any_form_is_success() -> None:
    for zero in (0, "0"):
        assert things.get.call().read(respond({"errcode": zero, "result": {"thing_id": 1}})).thing_id == 1
        assert things.bare.call().read(respond({"errcode": zero, "thing_id": 1})).thing_id == 1
        assert things.drop.call().read(respond({"errcode": zero})) is None
        assert things.bare.call().read(respond({"errcode": zero, "thing_id": 1, "tags": None})).thing_id == 1


def test_unknown_fields_and_values_are_kept() -> None:
    thing = read_thing({"brand_new": {"x": [1]}, "kind": "never heard of"})
    assert thing.model_extra == {"brand_new": {"x": [1]}}
    assert thing.kind == "never heard of"
    assert thing.model_dump(mode="json", by_alias=True)["brand_new"] == {"x": [1]}


def test_numbers_and_texts_in_each_others_place() -> None:
    assert read_thing({"count": "12", "name": 34}).count == 12
    assert read_thing({"count": "12", "name": 34}).name == "34"
    assert read_thing({"moment": "1700000000000"}).moment == read_thing({"moment": 1700000000000}).moment


@pytest.mark.parametrize("field", ["name", "count", "level", "kind", "tags", "inners", "inner", "moment", "extras"])
def test_a_null_stands_for_the_default(field: str) -> None:
    thing = read_thing({field: None})
    assert getattr(thing, field) == getattr(Thing(thing_id=1), field)
    assert thing.unparsed == {}


def test_what_is_plainly_meant_is_mended() -> None:
    assert read_thing({"inners": '[{"number": 1}, {"number": 2}]'}).inners == [Inner(number=1), Inner(number=2)]
    assert read_thing({"inners": {"number": 1}}).inners == [Inner(number=1)]
    assert read_thing({"inner": '{"number": 1}'}).inner == Inner(number=1)
    assert read_thing({"tags": ["a", None, "b"]}).tags == ["a", "b"]
    assert read_thing({"inners": None, "tags": None, "inner": {"number": 1, "note": None}}).inner == Inner(number=1)
    user = respond({"errcode": 0, "result": {"userid": "a", "extension": {"爱好": "旅游"}}})
    assert User.objects.get.call("a").read(user).extension == {"爱好": "旅游"}
    reply = respond({"errcode": 0, "result": '{"thing_id": 1}'})
    assert things.get.call().read(reply).thing_id == 1


def test_an_unreadable_optional_field_is_set_aside_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "dingtalk_models"):
        thing = read_thing({"count": "many", "day": "someday", "name": "x", "inner": {"note": "no number"}})
    assert (thing.name, thing.count, thing.day) == ("x", None, None)
    assert thing.unparsed["count"] == "many"
    assert thing.unparsed["day"] == "someday"
    assert thing.unparsed["inner"] == {"note": "no number"}
    assert "'count'" in caplog.text
    assert "many" not in caplog.text


def test_one_odd_person_does_not_cost_a_page() -> None:
    users = [{"userid": "a", "name": "甲"}, {"userid": "b", "name": "乙", "hired_date": "soon", "dept_id_list": "[1]"}]
    call: Any = User.objects.list.call(1)
    page = call.page(0).read(respond({"errcode": 0, "result": {"has_more": False, "list": users}}))
    assert [(user.userid, user.hired_date) for user in page.items] == [("a", None), ("b", None)]
    assert page.items[1].dept_id_list == [1]
    assert page.items[1].unparsed == {"hired_date": "soon"}


def test_what_a_page_stands_on_is_never_set_aside() -> None:
    """An answer that looks complete although it is not would be worse than an error."""
    page = pages_call(things.list.call())
    for rows in ("garbage", ["garbage", "garbage"], {"a": {"name": "without its id"}}):
        with pytest.raises(TransportError, match=r"wrong shape at result|none of which"):
            page.read(respond({"errcode": 0, "result": {"list": rows}}))
    assert page.read(respond({"errcode": 0, "result": {"list": None, "has_more": None}})).items == []


def test_mending_a_list_keeps_each_item_in_its_place() -> None:
    inners = [None, '{"number": 1}', None, {"number": 2}, '{"number": 3}']
    assert [inner.number for inner in read_thing({"inners": inners}).inners] == [1, 2, 3]
    thing = read_thing({"inners": [{"number": 1}, {"note": "no number"}, {"number": 2}]})
    assert thing.inners == [Inner(number=1), Inner(number=2)]
    assert thing.unparsed == {"inners": [{"number": 1}, {"note": "no number"}, {"number": 2}]}


def test_half_an_emoji_does_not_cost_a_reply() -> None:
    assert read_thing({"name": "\ud83d", "tags": None}).name == "?"
    content = '{"errcode":0,"result":{"thing_id":1,"name":"小\\ud83d明"}}'.encode()
    assert things.get.call().read(respond(content)).name == "小?明"
    assert things.get.call().read(respond(b"\xef\xbb\xbf" + content)).thing_id == 1


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", OLD, ids=repr)
def test_the_older_host_refuses(call: Call[Any]) -> None:
    body = {"errcode": 60003, "errmsg": "部门不存在", "request_id": "abc1"}
    with pytest.raises(NotFound) as caught:
        call.read(respond(body))
    error = caught.value
    assert (error.code, error.sub_code, error.message, error.request_id) == (60003, None, "部门不存在", "abc1")
    assert (error.status, error.request) == (200, call.request)
    for code, kind in ((60003, int), ("60003", int), ("isp.-1", str), ([1], str), (10**20, str)):
        with pytest.raises(DingTalkError) as other:
            call.read(respond({"errcode": code}))
        assert type(getattr(other.value, "code", None)) is kind


@pytest.mark.parametrize("call", EVERY, ids=repr)
def test_an_error_body_is_never_data(call: Call[Any]) -> None:
    """Not even where every field of the answer has a default, or the HTTP status says success."""
    for body in (
        {"errcode": 404, "errmsg": "请求的URI地址不存在"},
        {"errcode": 88, "sub_code": "90018", "sub_msg": "…", "errmsg": "ding talk error[…]"},
        {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "…"},
        {"status": "1111"},
    ):
        with pytest.raises((NotFound, RateLimited)):
            call.read(respond(body))
    for content in (HTML, b"[]", b"null", b'"ok"', b'{"errcode":0,"resu', b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(TransportError):
            call.read(respond(content))


@pytest.mark.parametrize("call", NEW, ids=repr)
def test_the_newer_host_refuses(call: Call[Any]) -> None:
    body = {"code": "invalidParameter.x", "requestid": "ABC-1", "message": "不合法"}
    with pytest.raises(InvalidRequest) as caught:
        call.read(respond(body, 400))
    error = caught.value
    assert (error.code, error.message, error.request_id, error.status) == ("invalidParameter.x", "不合法", "ABC-1", 400)
    with pytest.raises(InvalidRequest) as caught:
        call.read(respond({"code": "invalidParameter"}, 400, {"x-acs-request-id": "H-1"}))
    assert caught.value.request_id == "H-1"
    with pytest.raises(PlatformBusy):
        call.read(respond({"code": "neverHeardOf"}, 503))
    for content in (HTML, b"", b"[]", b"{}"):
        with pytest.raises(TransportError) as unusable:
            call.read(respond(content, 500))
        assert unusable.value.status == 500


def test_a_gateway_in_front_of_the_older_host_may_answer_like_the_newer() -> None:
    with pytest.raises(PlatformBusy) as caught:
        things.get.call().read(respond({"code": "ServiceUnavailable", "message": "later"}, 503))
    assert caught.value.status == 503


def test_scopes_come_from_the_detail_or_the_text() -> None:
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    details: list[tuple[object, tuple[str, ...]]] = [
        ({"requiredScopes": ["A.Read", "B"]}, ("A.Read", "B")),
        ({"requiredScopes": 1}, ()),
        ([], ()),
    ]
    for detail, scopes in details:
        with pytest.raises(PermissionDenied) as caught:
            things.new.call().read(respond({"code": code, "accessdenieddetail": detail}, 403))
        assert caught.value.scopes == scopes


def test_success_that_lacks_its_answer() -> None:
    for call in (things.get.call(), things.deep.call()):
        with pytest.raises(TransportError, match="wrong shape"):
            call.read(respond({"errcode": 0, "errmsg": "ok"}))
    with pytest.raises(TransportError, match="wrong shape"):
        things.drop.call().read(respond({"thanks": True}))
    with pytest.raises(TransportError, match=r"wrong shape at result\.thingId"):
        things.get.call().read(respond({"errcode": 0, "result": {"name": "x"}}))
    with pytest.raises(TransportError, match="wrong shape"):
        things.get.call().read(respond({"errcode": 0, "result": "nonsense"}))
    with pytest.raises(TransportError, match="wrong shape"):
        things.get.call().read(respond({"errcode": 0, "result": '{"thing_id": '}))


class Nest(Record):
    """Something that may hold its like."""

    inner: Nest | None = None


def nested(depth: int) -> str:
    """JSON in a text in JSON in a text, and so on."""
    return json.dumps({"inner": nested(depth - 1)}) if depth else '{"inner": null}'


def test_mending_has_an_end() -> None:
    call = Call(Nest)
    call.endpoint = OLD[0].endpoint
    innermost = call.read(respond({"errcode": 0, "result": nested(6)}))
    for _ in range(6):
        assert innermost.inner is not None
        innermost = innermost.inner
    outermost = call.read(respond({"errcode": 0, "result": nested(14)}))
    assert (outermost.inner, outermost.unparsed) == (None, {"inner": nested(13)})


def test_an_unusable_reply_is_described() -> None:
    with pytest.raises(TransportError) as caught:
        things.get.call().read(HttpResponse(502, {"content-type": "text/html"}, HTML * 10))
    error = caught.value
    assert (error.status, error.sent) == (502, True)
    assert "HTTP 502, text/html" in str(error)
    assert f"{len(HTML) * 10} bytes" in str(error)
    assert repr(HTML[:60])[2:-1] in str(error)
    assert len(str(error)) < 300
    with pytest.raises(TransportError, match="no content type"):
        things.get.call().read(HttpResponse(200, {}, b"x"))


@pytest.mark.parametrize(
    "content",
    [
        b'{"expireIn":7200,"accessToken":"t0psecret',
        b'{"accessToken" : "t0psecret","expireIn":"x"}',
        b'{"errcode":0,"ticket":"t0psecret"',
        b'["access_token","x"]{"access_token":"t0psecret"}',
    ],
)
def test_a_spoilt_reply_shows_no_token(content: bytes) -> None:
    with pytest.raises(TransportError) as caught:
        things.new.call().read(respond(content))
    assert "t0psecret" not in str(caught.value) + repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# -- what the reply asks to wait -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("59", 59.0),
        ("61", LONGEST_WAIT),
        ("599", LONGEST_WAIT),
        ("86400", LONGEST_WAIT),
        ("9" * 5000, LONGEST_WAIT),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Thu, 22 Oct 2026 07:28:00 GMT", LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1.0),
        ("Wed, 21 Oct 2026 07:28:30 -0000", 1.0),
        ("-1", 1.0),
        ("1e9", 1.0),
        ("nan", 1.0),
        ("inf", 1.0),
        ("soon", 1.0),
        ("٣", 1.0),
        ("", 1.0),
    ],
)
def test_retry_after(said: str, seconds: float) -> None:
    headers = {"retry-after": said, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    for call, body, status in (
        (OLD[0], {"errcode": 88, "sub_code": "90018"}, 200),
        (NEW[0], {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}, 403),
        (NEW[0], HTML, 429),
    ):
        with pytest.raises(RateLimited) as caught:
            call.read(respond(body, status, headers))
        assert caught.value.retry_after == seconds


def test_a_date_to_wait_for_needs_the_date_of_the_reply() -> None:
    with pytest.raises(RateLimited) as caught:
        NEW[0].read(respond(HTML, 429, {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}))
    assert caught.value.retry_after == 1.0


def test_trouble_may_ask_to_wait_too() -> None:
    with pytest.raises(PlatformBusy) as busy:
        NEW[0].read(respond({"code": "system.busy"}, 500, {"retry-after": "3"}))
    assert busy.value.retry_after == 3
    with pytest.raises(TransportError) as unusable:
        OLD[0].read(respond(HTML, 503, {"retry-after": "3"}))
    assert unusable.value.retry_after == 3
    with pytest.raises(TransportError) as unusable:
        OLD[0].read(respond(HTML, 503))
    assert unusable.value.retry_after is None


def test_a_banned_address_waits_for_minutes() -> None:
    with pytest.raises(RateLimited) as caught:
        OLD[0].read(respond({"status": 1111, "wait": 5}))
    assert (caught.value.code, caught.value.retry_after) == (1111, 300.0)


# -- anything ------------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["[1]", "{}", "²", "--5"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["number", "note", "thing_id", "list", "code"]) | st.text(max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
envelope_keys = st.sampled_from(
    ("errcode", "errmsg", "sub_code", "sub_msg", "request_id", "requestid", "result", "status", "code", "message")
)
field_keys = st.sampled_from(
    ("thing_id", "thingId", "name", "count", "level", "tags", "inners", "inner", "moment", "day", "extras", "list")
)
odd_keys = st.sampled_from(("has_more", "hasMore", "next_cursor", "accessdenieddetail"))
keys = envelope_keys | field_keys | odd_keys
objects = st.dictionaries(keys, json_values, max_size=6)
successes = st.fixed_dictionaries({"errcode": st.just(0), "result": objects | json_values})
bodies: st.SearchStrategy[Any] = objects | successes | json_values


@settings(max_examples=tries(100))
@given(bodies, st.sampled_from([200, 204, 400, 403, 429, 500]), st.sampled_from(EVERY))
@example({"errcode": "²"}, 200, OLD[0])
@example({"errcode": "--5"}, 200, OLD[0])
@example({"errcode": {}, "sub_code": []}, 200, OLD[0])
@example({"code": {}, "accessdenieddetail": {"requiredScopes": 3}}, 403, NEW[0])
@example({"errcode": 0, "result": {"next_cursor": {}, "list": [[]]}}, 200, OLD[2])
def test_any_json_is_an_answer_or_an_error_of_ours(body: object, status: int, call: Call[Any]) -> None:
    try:
        answer = call.read(respond(body, status))
    except DingTalkError:
        return
    assert call.into is None or isinstance(answer, Thing | Page | dict | int)


@given(st.binary(max_size=40), st.sampled_from(EVERY))
def test_any_bytes_are_an_answer_or_an_error_of_ours(content: bytes, call: Call[Any]) -> None:
    assume(content.strip() != b"{}")  # an answer that says no more
    if call is NEW[-1] and not content.strip():
        assert call.read(respond(content)) is None  # success says no more there
        return
    with pytest.raises(DingTalkError):
        call.read(respond(content))


def test_a_reply_is_read_in_one_step_where_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second, slower look is for what does not fit."""
    monkeypatch.setattr("dingtalk_models.call.call._mended", None)
    monkeypatch.setattr("dingtalk_models.call.call._parsed", None)
    page: Any = Department.objects.list.call(1)
    rows = [{"dept_id": number, "name": "n", "parent_id": 1} for number in range(100)]
    assert len(page.page(0).read(respond({"errcode": 0, "result": rows})).items) == 100


class Leaf(Record):
    name: str


class Branch(Record):
    leaf: Leaf


def test_parts_of_a_reply_are_json_though_their_class_was_only_compiled_in_another() -> None:
    """pydantic does it from 2.14 on."""
    content = b'{"errcode":0,"result":{"leaf":{"name":"n"}}}'
    branch: Branch = read_reply(respond(content), Endpoint("POST", "/topapi/x"), Branch)
    assert jsonable([{"leaf": branch.leaf}, (branch.leaf,)]) == [{"leaf": {"name": "n"}}, [{"name": "n"}]]
    with pytest.raises(TypeError):
        jsonable({"a": 1}, unknown_option=True)
