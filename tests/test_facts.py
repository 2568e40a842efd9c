"""The platform's facts: complete, laid out for reading, masked numbers as digits."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from generators import facts, reference

PAGE: dict[str, Any] = {
    "doc": "get-thing", "title": "获取物品", "archived": False, "http": "POST", "host": "oapi",
    "path": "/topapi/v2/thing/get",
    "params": [{"name": "id", "in": "body", "type": "integer", "example": "37xxxx95", "source": "example"}],
    "returns": [{"name": "part", "type": "object", "children": [{"name": "ids", "type": "array", "items": "integer"}]}],
    "request_example": {"id": "37xxxx95", "name": "xx"},
    "response_example": {"part": {"ids": ["1**", 2]}},
    "source_file": "0015.md", "repaired": True,
}  # fmt: skip
IN_SDK: dict[str, Any] = {
    "product": "thing_1_0", "operation": "GetThing", "title": "获取物品", "http": "GET",
    "path": "/v1.0/things/{thing_id} ",
    "query": [{"name": "lang", "type": "string"}], "headers": [], "body": [], "documented": False,
    "reply": {"type": "object", "class": "GetThingResponseBody", "fields": [{"name": "parts", "type": "array"}]},
}  # fmt: skip
IN_FACTS: dict[str, Any] = {
    "operation": "GetThing", "title": "获取物品", "http": "GET", "path": "/v1.0/things/{thingId}",
    "params": [
        {"name": "thingId", "in": "path", "type": "string", "required": True},
        {"name": "lang", "in": "query", "type": "string"},
    ],
    "returns": [{"name": "parts", "type": "array", "items": "any"}],
}  # fmt: skip
COPIED: dict[str, Any] = {
    **{name: value for name, value in PAGE.items() if name not in {"source_file", "repaired"}},
    "params": [{"name": "id", "in": "body", "type": "integer", "example": 37111195}],
    "request_example": {"id": 37111195, "name": "xx"},
    "response_example": {"part": {"ids": [111, 2]}},
}


def test_every_documented_endpoint_is_there() -> None:
    assert Counter(page["archived"] for page in facts.endpoints()) == {False: 1171, True: 405}
    assert len(facts.methods()) == 1178
    assert len({page["event_type"] for page in facts.events()}) == 241


def test_a_page_lies_where_its_path_says() -> None:
    for path in (facts.HOME / "endpoints").glob("*/*.json"):
        assert {facts.home(page) for page in json.loads(path.read_text(encoding="utf-8"))} == {path}
    titles = [page["title"] for page in facts.pages("POST", "/topapi/v2/department/listsubid")]
    assert titles == ["获取子部门ID列表"]
    assert facts.pages("GET", "/none") == []


def test_what_is_archived_counts_where_nothing_else_does() -> None:
    assert [page["archived"] for page in facts.pages("GET", "/user/get")] == [True]
    assert facts.current("GET", "/user/get") == facts.pages("GET", "/user/get")
    assert {page["archived"] for page in facts.current("POST", "/topapi/v2/user/get")} == {False}


def test_every_file_is_laid_out_line_by_line() -> None:
    for path in facts.HOME.glob("**/*.json"):
        text = path.read_text(encoding="utf-8")
        assert text == f"{facts.laid_out(json.loads(text))}\n", path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, {"a": "中"}, list[Any]()], '[1,{"a":"中"},[]]'),
        (["a" * 60, "b" * 60], f'[\n "{"a" * 60}",\n "{"b" * 60}"\n]'),
        ({"a": {"b": "c" * 115, "d": 1}}, f'{{\n "a":{{\n  "b":"{"c" * 115}",\n  "d":1\n }}\n}}'),
        ("d" * 130, f'"{"d" * 130}"'),
    ],
)
def test_what_fits_on_a_line_is_on_one(value: Any, text: str) -> None:
    assert facts.laid_out(value) == text


def test_a_reference_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "HOME", tmp_path / "facts")
    files: dict[str, Any] = {
        "endpoints": [PAGE], "methods": [{"method": "x", "class": "X"}], "events": [{"fields": [{"class": "Y"}]}],
        "errcodes": [{"code": 1, "from_doc": "z"}], "limits": {"source_docs": [], "per_ip": {"calls": 1}},
        "sdk": [IN_SDK],
    }  # fmt: skip
    for name, value in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    gone = tmp_path / "facts" / "endpoints" / "oapi" / "gone.json"
    gone.parent.mkdir(parents=True)
    gone.write_text("[]")
    reference.copy(tmp_path)
    written = {path.name: json.loads(path.read_text()) for path in (tmp_path / "facts").glob("**/*.json")}
    assert written == {
        "thing.json": [COPIED], "methods.json": [{"method": "x"}], "events.json": [{"fields": [{"class": "Y"}]}],
        "errors.json": [{"code": 1}], "limits.json": {"per_ip": {"calls": 1}}, "thing_1_0.json": [IN_FACTS],
    }  # fmt: skip
