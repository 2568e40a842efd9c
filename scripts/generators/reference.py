"""Copies the platform's facts into facts/.

They are kept as the reference has them, apart from two things:

- Where the documentation masks digits of a sample (`37xxxx95`) although the type is a number, they are digits here
  (`37111195`), so that the sample can be held to its type.
- How a fact was found is left out: the file it was read from, what was mended in it, what is guessed.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from dingtalk_models.core.json_values import is_array, is_object
from generators import facts, sdk_facts
from generators.facts import Page

ABOUT_THE_SOURCE = {
    *("source_file", "tab", "doc_host", "doc_path", "sdk_http", "successor_basis"),
    *("request_example_source", "repaired", "request_repaired"),
    *("call_type", "class", "basis", "via", "source", "path_guess", "successor_path_guess"),
    *("from_doc", "source_docs"),
}
SAMPLES = {
    "request_example": "params",
    "request_query_example": "params",
    "response_example": "returns",
    "response_examples_more": "returns",
}
"""The samples of a page, and the table that each belongs to."""
MASKED = re.compile(r"\d*[xX*]+\d*")
MASKED_LIST = re.compile(r"\[\d*x+\d*\]")


def copy(reference: Path) -> None:
    """Write facts/ again."""
    written: dict[Path, Any] = {}
    for each in _read(reference / "endpoints.json"):
        written.setdefault(facts.home(each), []).append(page(each))
    for each in _read(reference / "sdk.json"):
        written.setdefault(facts.HOME / "sdk" / f"{each['product']}.json", []).append(sdk_facts.operation(each))
    for name, file in (("methods", "methods"), ("events", "events"), ("errcodes", "errors"), ("limits", "limits")):
        written[facts.HOME / f"{file}.json"] = _without_source(_read(reference / f"{name}.json"))
    for folder in ("endpoints", "sdk"):
        shutil.rmtree(facts.HOME / folder, ignore_errors=True)
    for path, value in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{facts.laid_out(value)}\n", encoding="utf-8")


def page(entry: Page) -> Page:
    """The page of an endpoint, its masked numbers as digits."""
    kept: Page = _without_source(entry)
    for sample, table in SAMPLES.items():
        if sample in kept:
            kept[sample] = unmasked(kept[sample], entry[table])
    for table in ("params", "returns"):
        kept[table] = [_row(row) for row in entry[table]]
    return kept


def unmasked(value: Any, rows: list[dict[str, Any]]) -> Any:
    """A sample, its masked numbers as digits."""
    if is_array(value):
        return [unmasked(item, rows) for item in value]
    if not is_object(value):
        return value
    known = {row["name"]: row for row in rows}
    return {name: _unmasked_field(part, known[name]) if name in known else part for name, part in value.items()}


def _unmasked_field(value: Any, row: dict[str, Any]) -> Any:
    if {row["type"], row.get("items")} & {"integer", "number"}:
        if is_array(value):
            return [_unmasked_field(item, row) for item in value]
        if isinstance(value, str) and MASKED.fullmatch(value):
            return int(re.sub(r"\D", "1", value))
    if isinstance(value, str) and MASKED_LIST.fullmatch(value):
        return value.replace("x", "1")
    return unmasked(value, row.get("children", []))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    changed = {name: value for name, value in row.items() if name != "source"}
    if "example" in row:
        changed["example"] = _unmasked_field(row["example"], row)
    if "children" in row:
        changed["children"] = [_row(child) for child in row["children"]]
    return changed


def _without_source(fact: Any) -> Any:
    """A fact without the notes on how it was found."""
    if is_array(fact):
        return [_without_source(each) for each in fact]
    return {name: value for name, value in fact.items() if name not in ABOUT_THE_SOURCE}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
