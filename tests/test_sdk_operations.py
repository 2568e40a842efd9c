"""The operations that only the official SDK has: each is here, says where it is from, and is answered by the sandbox.

What the documented ones are held to, they are held to as well: see test_platform.py and test_sandbox_documented.py.
"""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from documented import Api, Raw
from generators import facts, sdk_facts
from generators.platform.endpoints import merged
from generators.platform.naming import api_name

from dingtalk_models import DingTalkApp, operations
from dingtalk_models.platform.products import PRODUCTS
from dingtalk_models.resource.method_names import MethodName
from dingtalk_models.sandbox import Sandbox


def test_every_operation_of_the_sdk_is_here() -> None:
    names = {name for info in operations() for name in info.names}
    assert len(facts.sdk()) == 3268
    assert len(facts.only_in_sdk()) == 2387
    assert [page["sdk_operation"] for page in facts.only_in_sdk() if page["sdk_operation"] not in names] == []
    documented = {facts.place_of(page) for page in facts.endpoints() if not page["archived"]}
    known = {page.get("sdk_operation") for page in facts.endpoints()}
    rest = [
        page for page in facts.sdk() if facts.place_of(page) not in documented and page["sdk_operation"] not in known
    ]
    assert {page["sdk_operation"] for page in rest} <= names


def test_they_say_where_they_are_from() -> None:
    generated = [info for info in operations() if info.manager.__module__.startswith("dingtalk_models.platform.")]
    found = {info.name: info for info in generated if info.evidence == "sdk"}
    assert found.keys() <= {page["sdk_operation"] for page in facts.only_in_sdk()}
    assert len(found) > 2350
    assert {(info.source, info.scopes, info.app_types, *info.codes) for info in found.values()} == {("", (), ())}
    for info in found.values():
        doc = getattr(info.manager, info.method).__doc__ or ""
        assert "仅见于官方 SDK" in doc
        assert doc.rstrip().endswith("Evidence: sdk")


def test_they_are_completed_after_those_that_are_documented() -> None:
    evidence = {info.name: info.evidence for info in operations()}
    order = [evidence[name] for name in get_args(MethodName) if name in evidence]
    assert order == sorted(order)


def test_products_that_had_none_are_here() -> None:
    assert {"bizfinance_1_0", "contract_1_0", "okr_1_0", "mail_1_0", "notable_2_0"} <= PRODUCTS.keys()


ITSELF: dict[str, Any] = {"name": "space", "type": "object", "recursive": True}


@pytest.mark.parametrize(
    ("field", "row"),
    [
        (ITSELF, {"name": "space", "type": "object"}),
        ({"name": "a", "type": "array", "items": ITSELF}, {"name": "a", "type": "array", "items": "object"}),
        ({"name": "a", "type": "array"}, {"name": "a", "type": "array", "items": "any"}),
        (
            {"name": "a", "type": "array", "items": {"type": "array", "items": {"type": "object", "fields": [ITSELF]}}},
            {"name": "a", "type": "array", "items": "array", "children": [{"name": "space", "type": "object"}]},
        ),
        (
            {"name": "a", "type": "map", "values": {"type": "integer"}},
            {"name": "a", "type": "object", "values": "integer"},
        ),
        ({"name": "a", "type": "map"}, {"name": "a", "type": "object"}),
        ({"name": "a", "type": "BinaryIO"}, {"name": "a", "type": "any"}),
        ({"name": "a", "type": "string", "note": "Use\nit"}, {"name": "a", "type": "string", "note": "Use it"}),
        ({"name": "a", "type": "string", "note": "是否启用"}, {"name": "a", "type": "string", "label": "是否启用"}),
    ],
)  # fmt: skip
def test_a_field_of_the_sdk_as_a_row(field: dict[str, Any], row: dict[str, Any]) -> None:
    assert sdk_facts.row(field) == row


def test_the_sandbox_answers_with_values_of_the_right_kind(sandbox: Sandbox) -> None:
    page = next(page for page in facts.only_in_sdk() if page["sdk_operation"] == "activity_1_0.ListActivity")
    api = Api(api_name(page), [page], merged([page]))
    with Raw(sandbox) as raw:
        reply = raw.send(api, {"maxResults": 2})
    assert reply.kind == "sdk"
    assert len(reply.body["list"]) == 2
    assert {name: type(value) for name, value in reply.body["list"][0].items()} == {
        row["name"]: {"string": str, "integer": int}[row["type"]] for row in page["returns"][0]["children"]
    }


def test_the_sandbox_repeats_what_was_sent(sandbox: Sandbox, app: DingTalkApp) -> None:
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for page in facts.only_in_sdk():
        given = {(row["name"], row["type"]) for row in page["params"] if row["in"] == "body"}
        for row in page["returns"]:
            if row["type"] == "string" and (row["name"], "string") in given:
                found[page["sdk_operation"]] = (page, row["name"])
    page, name = found[min(found)]
    api = Api(api_name(page), [page], merged([page]))
    with Raw(sandbox) as raw:
        reply = raw.send(api, api.complete | {name: "mine"})
    assert reply.body[name] == "mine"


def test_the_facts_of_the_sdk_are_small() -> None:
    size = sum(path.stat().st_size for path in (facts.HOME / "sdk").iterdir())
    assert size < 4_000_000
    assert json.loads((facts.HOME / "sdk" / "activity_1_0.json").read_text("utf-8"))[0]["operation"] == "CreateActivity"


def rows_of_the_sdk(rows: list[dict[str, Any]]) -> list[str]:
    """The names of the rows of a documented table that only the SDK has."""
    found: list[str] = []
    for row in rows:
        found += [row["name"]] if row.get("evidence") == "sdk" else rows_of_the_sdk(row.get("children", []))
    return found


def test_what_only_the_sdk_has_of_a_documented_api_is_there(app: DingTalkApp) -> None:
    tables = {part: [rows_of_the_sdk(page[part]) for page in facts.endpoints()] for part in ("params", "returns")}
    assert {part: sum(map(len, found)) for part, found in tables.items()} == {"params": 96, "returns": 59}
    create = app.platform.calendar_1_0.create_event
    body = create.call(
        "u", "primary", summary="周会", start={"date": "2026-01-05"}, free_busy_status="busy"
    ).request.body
    assert body["freeBusyStatus"] == "busy"
    assert "仅见于官方 SDK" in (create.__doc__ or "")


def test_what_a_page_has_under_another_name_is_not_there_twice() -> None:
    (page,) = facts.pages("GET", "/v1.0/workflow/processCentres/todoTasks")
    assert [row["name"] for row in page["returns"]].count("result") == 0
