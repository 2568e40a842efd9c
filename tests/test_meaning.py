"""What each parameter and field is called: in docstrings, below fields, in the reference, in refusals, in an editor."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from conventions import definition
from generators import reference_pages, samples
from generators.places import place
from generators.platform import meaning
from generators.platform.endpoints import documented, known, merged
from generators.platform.operations import by_wire

from dingtalk_models import DingTalkApp, InvalidArgument, operations
from dingtalk_models.core.documentation.labels import label, of_fields, of_module, of_parameters
from dingtalk_models.platform import calendar_1_0

KIND_ONLY = re.compile(r"(text|a number|yes or no|a list|an object|a file)\.?")
WITHOUT_MEANING = 31
"""Parameters of which the documentation says nothing but their type: no name, no limit, no default, no sample."""


def generated() -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Each operation that is documented and not written by hand: its documentation by parameter, and its parameters."""
    for info in operations():
        if info.manager.__module__.startswith("dingtalk_models.platform.") and info.evidence == "documentation":
            made = definition(info)
            yield info.name, of_parameters(made.__doc__), [*inspect.signature(made.__wrapped__).parameters][1:]


def test_no_line_says_only_the_type() -> None:
    said = [(name, each, text) for name, found, _ in generated() for each, text in found.items()]
    assert [each for each in said if KIND_ONLY.fullmatch(each[2])] == []


def test_each_line_says_what_the_platform_calls_it() -> None:
    lost: list[tuple[str, str]] = []
    for info in operations():
        if info.manager.__module__.startswith("dingtalk_models.platform."):
            made = definition(info)
            rows, said = by_wire(merged(known()[info.http, info.path])), of_parameters(made.__doc__)
            for name in made.arguments.fields:
                row = rows[made.arguments.wire_names(name)[0]]
                lost += [(info.name, name)] if meaning.label(row) not in said.get(name, "") else []
    assert lost == []


def test_few_parameters_have_no_meaning() -> None:
    bare = [(name, each) for name, said, parameters in generated() for each in parameters if each not in said]
    assert len(bare) == WITHOUT_MEANING


@pytest.mark.parametrize(
    "text",
    ['the "last"', 'a """quoted""" one', "C:\\new", "two\nlines", '"', "\\", '"""', "标题 (≤ 64 字符 characters)"],
)
def test_any_text_can_stand_in_the_source(text: str) -> None:
    assert ast.literal_eval(meaning.quoted(text)) == text


TITLE = {"name": "title", "type": "string"}
START = {"name": "startTime", "type": "string", "label": "开始时间"}
ZONE = {"name": "timeZone", "type": "string", "label": "时区"}
COUNT = {"name": "count", "type": "integer", "label": "次数"}
LONG = {"constraints": {"max_length": 64}}


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (TITLE, ""),
        ({**TITLE, "label": "\b日程\n标题"}, "日程 标题"),
        ({**TITLE, "label": "标题 (可选)", **LONG}, "标题(可选) (≤ 64 字符 characters)"),
        ({**TITLE, "example": "x"}, "(例 e.g. `x`)"),
        ({**TITLE, "label": '["开始时间"]', "example": "x"}, "(例 e.g. `x`)"),
        ({**COUNT, "unit": "秒", "default": 3}, "次数 (单位 unit 秒; 默认 default `3`)"),
        ({**COUNT, "example": "often"}, "次数"),
        ({**START, "example": "Asia/Shanghai"}, "开始时间"),
        ({**START, "example": "yyyy-MM-dd"}, "开始时间 (例 e.g. `yyyy-MM-dd`)"),
        ({**ZONE, "example": "2026-01-31 09:00:00"}, "时区"),
        ({**ZONE, "example": "Asia/Shanghai"}, "时区 (例 e.g. `Asia/Shanghai`)"),
    ],
)
def test_what_is_said_of_a_parameter(row: dict[str, Any], text: str) -> None:
    assert meaning.described(row, []) == text
    assert label(text) == (text.partition(" (")[0] if text[:1] != "(" else "")


def test_samples_are_of_the_kind_of_their_field() -> None:
    made = {name: samples.sample_of({"name": name, "type": "string"}) for name in ("timeZone", "endDate", "updater")}
    assert made == {"timeZone": "Asia/Shanghai", "endDate": "2026-01-31T01:00:00Z", "updater": "1"}


def test_fields_say_what_they_are() -> None:
    kinds = [each for each in vars(calendar_1_0).values() if getattr(each, "__module__", "") == calendar_1_0.__name__]
    said = [text for kind in kinds for text in of_fields(kind).values()]
    assert len(said) > 100
    assert all(label(text) for text in said if "日" in text)


def refused(call: Any, /, *args: Any, **arguments: Any) -> str:
    with pytest.raises(InvalidArgument) as caught:
        call(*args, **arguments)
    return str(caught.value)


def test_a_refusal_says_what_the_platform_calls_the_field(app: DingTalkApp) -> None:
    create = app.platform.calendar_1_0.create_event
    told = refused(create.call, "u", "primary", start={"date_time": "?"}, attendees=[{"id": []}], end={"no": 1})
    for part in ("summary (日程标题", "start.date_time (", "attendees.0.id (", "end.no: unknown"):
        assert part in told


def test_a_refusal_does_without_the_source(app: DingTalkApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: object) -> str:
        raise OSError

    monkeypatch.setattr(inspect, "getsource", lost)
    of_module.cache_clear()
    told = refused(app.platform.todo_1_0.create_todo_task.call, "u", subject=5, detail_url={"app_url": []})
    of_module.cache_clear()
    assert "subject (" in told
    assert "detail_url.app_url: " in told


def test_the_reference_says_it_too() -> None:
    at = place("POST /v1.0/calendar/users/{userId}/calendars/{calendarId}/events")
    pages = documented()[at.info.http, at.info.path]
    notes = {name: said for name, _, _, said in reference_pages.parameters(at, pages)}
    assert "日程标题" in notes["`summary`"]
    assert "必填 required" in notes["`summary`"]
