"""One odd field costs no object, and one odd row no page: it is kept in `unparsed`, and warned of."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from generators.samples import Row
from pydantic import BaseModel
from samples_of import Sample, Way, changed, every_sample, fields, respond

from dingtalk_models import (
    AttendanceGroup,
    Call,
    DingTalkApp,
    DingTalkError,
    Model,
    Page,
    Query,
    Role,
    TransportError,
    User,
    api,
)
from dingtalk_models.call.paging import CURSOR, OFFSET
from dingtalk_models.call.repair import Rows
from dingtalk_models.core.hints import fields_in, get_origin, is_model, wire_names
from dingtalk_models.core.wire import wire
from dingtalk_models.resource.query import Listing
from dingtalk_models.sandbox import Sandbox

READ = "/topapi/v2/user/list"

OTHER = {"string": {"odd": [1]}, "object": "odd"}
"""A value that no field of this type may have; "odd" for the others, too."""


# -- every documented field ----------------------------------------------------------------------------------------


def every_field() -> Iterator[tuple[Sample, Way, Row]]:
    for sample in every_sample():
        if sample.call.into is not None:
            for way, row in fields(sample.reply, sample.returns):
                if way[0] not in {"errcode", "errmsg", "success", "request_id"}:
                    yield sample, way, row


def vital(sample: Sample, way: Way) -> bool:
    """Whether there is nothing to return without a field.

    It leads to the result, or has the rows of a page; or the object cannot be without it, such as its id.
    """
    into, depth = sample.call.into, len(sample.way)
    if list(way) == sample.way[: len(way)]:
        return True
    if get_origin(into) is list or not is_model(into) or len(way) > depth + 1:
        return False
    if issubclass(into, Page):
        return way[-1] == into.model_fields["items"].serialization_alias
    return way[-1] in required(into)


def required(model: type[BaseModel]) -> set[str]:
    """The wire names of the fields that an object cannot be without."""
    hints = fields_in(model)
    needed = [
        name
        for name, field in model.model_fields.items()
        if field.is_required() and type(None) not in get_args(field.annotation)
    ]
    return {name for field in needed for name in (field, *wire_names(hints[field]))}


@pytest.mark.parametrize("how", ["missing", "null", "other"])
def test_no_documented_field_costs_more_than_itself(how: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    lost: list[str] = []
    tried = 0
    for sample, way, row in every_field():
        tried += 1
        value = {"missing": (), "null": (None,), "other": (OTHER.get(row["type"], "odd"),)}[how]
        try:
            sample.call.read(respond(changed(sample.reply, way, *value)))
        except DingTalkError as error:
            if not vital(sample, way):
                lost.append(f"{sample.info.name}: {'.'.join(map(str, way))}: {error}")
    assert not lost, "\n".join(lost)
    assert tried > 1000


# -- rows ----------------------------------------------------------------------------------------------------------


class Item(Model):
    item_id: Annotated[int, wire("id")]
    name: str = ""
    tags: list[int] = []


class Items:
    """Not a `Manager`, which would be registered for good."""

    app: DingTalkApp | None = None

    @api("test.item.paged", "POST /topapi/item/paged")
    def paged(self) -> Query[Item]:
        """Pages that are objects."""
        return Listing(Item, CURSOR, items="list")

    @api("test.item.counted", "POST /topapi/item/counted")
    def counted(self, *, offset: int = 0, size: int = 3) -> Query[Item]:
        """Pages that are the list itself: one that is not full is the last."""
        return Listing(Item, OFFSET)

    @api("test.item.all", "POST /topapi/item/all")
    def all(self) -> Call[list[Item]]:
        """A list in one reply."""
        return Call(list[Item])


items = Items()
GOOD = [{"id": 1, "name": "a"}, {"id": "2", "name": "b"}]
ODD_ROWS: list[Any] = [{"name": "without its id"}, {"id": "x", "name": "c", "tags": "none"}, "garbage", 7, [], None]


def page_of(query: Query[Item], result: object) -> Page[Item]:
    assert isinstance(query, Listing)
    return query.page(0).read(respond({"errcode": 0, "result": result}))


@pytest.mark.parametrize("odd", ODD_ROWS, ids=str)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_row_that_cannot_be_read_is_left_out_and_kept(odd: Any, at: int, caplog: pytest.LogCaptureFixture) -> None:
    rows = [*GOOD[:at], odd, *GOOD[at:]]
    page = page_of(items.paged.call(), {"list": rows, "has_more": True, "next_cursor": 9})
    assert [item.item_id for item in page.items] == [1, 2]
    assert page.unparsed == [odd]
    assert (page.has_more, page.next_cursor, page.length) == (True, 9, 3)
    assert "left out" in caplog.text
    assert "garbage" not in caplog.text
    listed = items.all.call().read(respond({"errcode": 0, "result": rows}))
    assert listed == page.items
    assert isinstance(listed, Rows)
    assert listed.unparsed == [odd]


def test_rows_that_cannot_be_read_are_kept_in_their_order() -> None:
    rows = [odd for pair in zip(ODD_ROWS, [*GOOD, {"id": 3, "tags": "x"}] * 2, strict=True) for odd in pair]
    page = page_of(items.paged.call(), {"list": rows})
    assert page.unparsed == ODD_ROWS
    assert [item.item_id for item in page.items] == [1, 2, 3] * 2
    assert page.items[2].unparsed == {"tags": "x"}


def test_a_page_without_a_readable_row_is_not_empty() -> None:
    """One odd row is left out, even of a page of one; several in a row are another reply than is documented."""
    assert page_of(items.paged.call(), {"list": ["garbage"]}).unparsed == ["garbage"]
    spoilt: list[object] = [["garbage", {}], {"u1": {"id": 1}, "u2": {"id": 2}}, "garbage"]
    for rows in spoilt:
        with pytest.raises(TransportError):
            page_of(items.paged.call(), {"list": rows})


def test_an_odd_row_does_not_shorten_a_list() -> None:
    """Where the length of a page says whether it is the last, and where the next begins."""
    page = page_of(items.counted.call(), [*GOOD, "garbage"])
    assert (page.has_more, len(page.items)) == (True, 2)
    assert OFFSET.after(page, 0) == 3
    assert page_of(items.counted.call(), GOOD).has_more is False


@pytest.mark.parametrize("field", ["has_more", "next_cursor"])
def test_a_list_does_not_end_where_its_end_cannot_be_read(field: str) -> None:
    page = page_of(items.paged.call(), {"list": GOOD, field: {"odd": 1}})
    assert [item.item_id for item in page.items] == [1, 2]
    with pytest.raises(TransportError, match="whether another page follows"):
        CURSOR.check_end(page)
    CURSOR.check_end(page_of(items.paged.call(), {"list": GOOD, "totalCount": "many"}))
    CURSOR.check_end(page_of(items.paged.call(), {"list": GOOD, "has_more": False, "next_cursor": []}))


def test_the_rest_of_a_company_is_read(sandbox: Sandbox, app: DingTalkApp, caplog: pytest.LogCaptureFixture) -> None:
    users = [{"userid": "a", "name": "甲"}, {"name": "no id"}, {"userid": "b", "name": "乙", "hired_date": "soon"}]
    body = json.dumps({"errcode": 0, "result": {"has_more": False, "list": users}})
    sandbox.fail(READ, status=200, body=body, content_type="application/json", times=2)
    (page,) = User.objects.list(1).pages()
    assert ([user.userid for user in page.items], page.unparsed) == (["a", "b"], [{"name": "no id"}])
    assert [user.userid for user in User.objects.list(1)] == ["a", "b"]
    assert "left out" in caplog.text


def test_the_pages_of_several_lists_tell_too(sandbox: Sandbox, app: DingTalkApp) -> None:
    body = json.dumps({"errcode": 0, "result": {"hasMore": False, "list": [{"name": "no id"}]}})
    sandbox.fail("/topapi/role/list", status=200, body=body, content_type="application/json")
    (page,) = Role.objects.list().pages()
    assert (page.items, page.unparsed) == ([], [{"name": "no id"}])


def test_a_reply_may_have_a_field_named_like_ours() -> None:
    rows: list[object] = [{"id": 1, "unparsed__": 5, "tags": "x"}, {"id": [], "unparsed__": 5}]
    page = page_of(items.paged.call(), {"list": rows})
    assert page.items[0].unparsed == {"tags": "x"}
    assert page.unparsed == [rows[1]]


def test_a_map_keeps_the_values_that_can_be_read(app: DingTalkApp, caplog: pytest.LogCaptureFixture) -> None:
    call = app.platform.attendance_1_0.check_write_permission.call(
        "manager4220", category="GROUP", resource_key="MANAGE", entity_ids=[1, 2, 3]
    )
    assert call.read(respond({"entityPermissionMap": {"1": True, "2": "garbage", "3": None}})) == {"1": True}
    assert "left out" in caplog.text
    assert "garbage" not in caplog.text


# -- one field -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("user456", ["user456"]),
        ("[user456]", ["user456"]),
        ("[user123, user456]", ["user123", "user456"]),
        ('["user123","user456"]', ["user123", "user456"]),
        ("[]", []),
        ("", []),
        (["user123"], ["user123"]),
        (None, []),
    ],
)
def test_the_managers_of_an_attendance_group(said: object, read: list[str]) -> None:
    call = AttendanceGroup.objects.get.call(1, op_userid="caohui")
    group = call.read(respond({"errcode": 0, "success": True, "result": {"id": 1, "manager_list": said}}))
    assert group.manager_list == read
