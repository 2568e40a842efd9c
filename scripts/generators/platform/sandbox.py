"""Writes what the sandbox knows of the documented endpoints: their parameters, and a sample of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dingtalk_models.core.json_values import is_array, is_object
from generators.facts import Page
from generators.platform.lists import NotAList, recognise
from generators.platform.naming import api_name, product_of
from generators.platform.source import ENVELOPE, documented, examples, merged, replies, returned
from generators.platform.types import Row, enforced, is_map, values_at

KEPT = ("name", "in", "type", "items", "required")
OF_TYPE: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
PAGING = ("parameter", "first", "at", "items", "more", "next", "total")


def files() -> dict[str, str]:
    """The endpoints of each product, one on a line, by the name of the product."""
    found: dict[str, list[str]] = {}
    for pages in documented().values():
        line = json.dumps(_endpoint(pages), ensure_ascii=False, separators=(",", ":"))
        found.setdefault(product_of(pages[0]), []).append(line)
    return {product: "[\n" + ",\n".join(sorted(lines)) + "\n]\n" for product, lines in found.items()}


def _endpoint(pages: list[Page]) -> dict[str, Any]:
    page, params = pages[0], merged(pages)
    token = page["auth"] in {"header:x-acs-dingtalk-access-token", "query:access_token"}
    described = {
        "name": api_name(page),
        "verb": page["http"],
        "path": page["path"],
        "scope": next(iter(page["permissions"]), None),
        "open": not token,
        "invalid": _invalid(pages),
        "params": [_param(row, list(_examples(pages, row))) for row in params],
        "sample": sample(pages),
        "echo": list(_echoed(pages)),
        "paging": _paging(pages, params),
    }
    return {name: value for name, value in described.items() if value not in (None, False, [], {})}


def _examples(pages: list[Page], row: Row) -> Iterator[Any]:
    return (value for page in pages for value in examples(page, row))


def _invalid(pages: list[Page]) -> str | None:
    """The documented code for a wrong parameter, if there is one for any parameter."""
    for page in pages:
        for error in page["errors"]:
            code, text = str(error["code"]), str(error["message"])
            if code.lower() in {"invalidparameter", "paramerror", "param.error", "parameter.error", "40035", "400002"}:
                return code
            if text in {"参数错误", "参数不合法", "非法参数", "参数非法"}:
                return code
    return None


def _param(row: Row, shown: list[Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in KEPT if row.get(name)}
    limits = dict(row.get("constraints", {}))
    inside = [item for each in shown for item in (each if is_array(each) else [each])]
    if "enum" in limits and not enforced(row, inside):
        del limits["enum"]
    if limits:
        kept["limits"] = limits
    if row.get("children"):
        if is_map(row, shown):
            kept["map"] = True
            inside = [value for each in inside if is_object(each) for value in each.values()]
        kept["children"] = [_param(child, list(values_at(inside, child["name"]))) for child in row["children"]]
    return kept


def sample(pages: list[Page]) -> Any:
    """The documented answer; where there is none, one with a value of each field's type."""
    shown = next(replies(pages), None)
    if shown is None:
        rows = returned(pages)
        shown = _value(rows[0]) if rows and not rows[0]["name"] else _of(rows)
    if is_object(shown) and pages[0]["host"] == "oapi":
        return {name: value for name, value in shown.items() if name not in ENVELOPE}
    return shown


def _of(rows: list[Row]) -> dict[str, Any]:
    return {row["name"]: _value(row) for row in rows}


def _value(row: Row) -> Any:
    if row.get("children"):
        inside = _of(row["children"])
        return [inside] if row["type"] == "array" else inside
    example = row.get("example")
    fits = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
    kind: Any = fits.get(row["type"], object)
    return example if example is not None and isinstance(example, kind) else OF_TYPE.get(row["type"], "text")


def _echoed(pages: list[Page]) -> Iterator[list[str]]:
    """The ways to fields of the answer that repeat a parameter, as the page's two samples show it."""
    for page in pages:
        given: dict[str, Any] = {}
        for part in ("request_query_example", "request_example"):
            given |= page[part] if is_object(page.get(part)) else {}
        yield from _repeated(next(replies([page]), None), given, [])


def _repeated(shown: Any, given: dict[str, Any], way: list[str]) -> Iterator[list[str]]:
    if is_object(shown):
        for name, value in shown.items():
            if isinstance(value, str) and value and given.get(name) == value:
                yield [*way, name]
            else:
                yield from _repeated(value, given, [*way, name])


def _paging(pages: list[Page], params: list[Row]) -> dict[str, Any] | None:
    """How a list pages, with the names in the answer."""
    try:
        listed = recognise(params, returned(pages), pages[0]["host"])
    except NotAList:
        return None
    if listed is None:
        return None
    at = "result" if listed.at is None and pages[0]["host"] == "oapi" else listed.at or ""
    found = {
        "parameter": listed.parameter,
        "first": listed.first,
        "at": at,
        "items": listed.items["name"],
        "more": listed.more,
        "next": listed.following,
        "total": listed.total,
    }
    return {name: found[name] for name in PAGING if found[name] not in (None, "")}
