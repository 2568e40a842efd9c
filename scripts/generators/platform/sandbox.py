"""Writes what the sandbox knows of the documented endpoints: their parameters, and a sample of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.resource.registry import OperationInfo
from generators import facts
from generators.facts import Page
from generators.platform.endpoints import (
    ENVELOPE,
    documented,
    examples,
    known,
    listed_of,
    merged,
    olds,
    replies,
    returned,
)
from generators.platform.enumerations import closed_values
from generators.platform.lists import Listed, NotAList
from generators.platform.naming import api_name, product_of
from generators.platform.rows import SCALARS, Row, is_map, values_at
from generators.uses import by_hand

ARCHIVED = "archived"
"""The file of those that nothing but older clients calls: they have no names, because `run()` does not know them."""

OF_TYPE: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
INVALID = {"invalidparameter", "paramerror", "param.error", "parameter.error", "40035", "400002"}
INVALID_TEXTS = {"参数错误", "参数不合法", "非法参数", "参数非法"}
LIMITS = {
    "string": {"min_length", "max_length", "length_unit", "max_items", "enum"},
    "integer": {"min", "max", "enum"},
    "number": {"min", "max", "enum"},
    "array": {"max_items", "enum"},
}
"""By type: the limits that mean something for it."""


def files() -> dict[str, str]:
    """The endpoints of each product, one on a line, by the name of the product."""
    written = {(info.http, info.path): info for info in by_hand()}
    # one that is archived has a function in the sandbox if the client has it, and can be given another answer too
    endpoints = {place: facts.current(*place) for place in written}
    endpoints = endpoints | {place: pages for place, pages in known().items() if place not in endpoints} | documented()
    own = {place: _own_names(pages, written.get(place)) for place, pages in endpoints.items()}
    taken = {name for names in own.values() for name in names}
    found: dict[str, list[str]] = {}
    for place, pages in endpoints.items():
        older = [] if place in written else [name for name in _older_names(pages) if name not in taken]
        found.setdefault(product_of(pages[0]), []).append(_line(pages, own[place] + older))
    found[ARCHIVED] = [_line(pages, []) for place, pages in facts.archived().items() if place not in endpoints]
    return {product: "[\n" + ",\n".join(sorted(lines)) + "\n]\n" for product, lines in found.items()}


def _line(pages: list[Page], names: list[str]) -> str:
    return json.dumps(_endpoint(pages, names), ensure_ascii=False, separators=(",", ":"))


def _own_names(pages: list[Page], info: OperationInfo | None) -> list[str]:
    """The names by which `run()` finds it, and nothing else."""
    return [*dict.fromkeys([*map(api_name, pages), *(info.names if info else ())])]


def _older_names(pages: list[Page]) -> list[str]:
    return [*dict.fromkeys(old["method"] for page in pages for old in olds(page))]


def _endpoint(pages: list[Page], names: list[str]) -> dict[str, Any]:
    page, params = pages[0], merged(pages)
    product = "" if page["archived"] else product_of(page)
    listed = _listed(pages)
    answer = sample(pages, listed)
    place, sdk = f"{page['http']} {page['path']}", facts.official_sdk()
    echoed = _echoed_by_name(returned(pages), params) if facts.from_sdk(pages) else _echoed(pages, params)
    described = {
        "names": names,
        "verb": page["http"],
        "path": page["path"],
        "title": page["title"],
        "doc": page["doc"],
        "scope": next(iter(page["permissions"]), None),
        "open": facts.needs_no_token(pages) or place in sdk["without_token"],
        "invalid": _invalid(pages),
        "params": [_param(row, list(_examples(pages, row)), product) for row in params],
        "sample": answer,
        "empty": bool(page.get("response_empty")) and place in sdk["without_reply"],
        "echo": [way for way in echoed if _leads(answer, way) and not _of_paging(listed, way)],
        "paging": listed and _paging(listed),
        "sdk": facts.from_sdk(pages),
    }
    return {name: value for name, value in described.items() if value not in (None, False, [], {})}


def _examples(pages: list[Page], row: Row) -> Iterator[Any]:
    return (value for page in pages for value in examples(page, row))


def _invalid(pages: list[Page]) -> str | None:
    """The documented code for a wrong parameter, if there is one for any parameter."""
    for page in pages:
        for error in page["errors"]:
            code = str(error["code"])
            if code.lower() in INVALID or (error["message"] in INVALID_TEXTS and _fits(code, page["host"])):
                return code
    return None


def _fits(code: str, host: str) -> bool:
    return host == "api" or code.isdecimal()


def _param(row: Row, shown: list[Any], product: str) -> dict[str, Any]:
    kept = {name: row[name] for name in ("name", "type", "required") if row.get(name)}
    if "in" in row:
        kept["place"] = row["in"]
        kept["required"] = bool(row.get("required")) or row["in"] == "path"
    inside = [item for each in shown for item in (each if is_array(each) else [each])]
    known = LIMITS.get(row["type"], set())
    limits = {name: value for name, value in row.get("constraints", {}).items() if name in known}
    limits.pop("enum", None)
    if values := closed_values(product, row):
        limits["enum"] = values
    if row["type"] == "array":
        kept["items"] = row.get("items")
    if row.get("children") and row["type"] in {"object", "array"}:
        if is_map(row, shown):
            kept["map"] = True
            inside = [value for each in inside if is_object(each) for value in each.values()]
        kept["children"] = [_param(child, list(values_at(inside, child["name"])), product) for child in row["children"]]
    elif row["type"] == "object":
        kept["values"] = row.get("values")
    return {name: value for name, value in {**kept, "limits": limits}.items() if value}


def _listed(pages: list[Page]) -> Listed | None:
    try:
        return listed_of(pages)
    except NotAList:
        return None


def sample(pages: list[Page], listed: Listed | None) -> Any:
    """The documented answer; where there is none, one with a value of each field's type."""
    way = _items_way(listed) if listed else []
    fitting = (reply for reply in replies(pages) if not _refuses(reply) and (not way or _has_items(reply, way)))
    rows = returned(pages)
    shown = next(fitting, None)
    if shown is None:
        shown = _value(rows[0]) if rows and not rows[0]["name"] else _of(rows)
    if is_object(shown) and pages[0]["host"] == "oapi":
        return {name: value for name, value in shown.items() if name not in ENVELOPE}
    return shown


def _items_way(listed: Listed) -> list[str]:
    """Where the items of a list are in a reply."""
    return [*listed.way, *listed.inside, listed.items["name"]]


def _has_items(reply: Any, way: list[str]) -> bool:
    for name in way:
        reply = reply.get(name) if is_object(reply) else None
    return is_array(reply) and bool(reply)


def _refuses(reply: Any) -> bool:
    """Whether a sample shows a refusal."""
    if not is_object(reply):
        return False
    flags = {name: reply.get(name) for name in ("success", "result")}
    return any(value in (False, "false") for value in flags.values()) or reply.get("errcode") not in (None, 0, "0")


def _leads(reply: Any, way: list[str]) -> bool:
    """Whether a path leads to something in a reply."""
    for name in way:
        if not is_object(reply) or name not in reply:
            return False
        reply = reply[name]
    return True


def _of(rows: list[Row]) -> dict[str, Any]:
    return {row["name"]: _value(row) for row in rows}


def _value(row: Row) -> Any:
    if row.get("children") and row["type"] in {"object", "array"}:
        inside = _of(row["children"])
        if row["type"] == "array":
            return [[inside]] if row.get("items") == "array" else [inside]
        return {"key": inside} if is_map(row, []) else inside
    example = row.get("example")
    fits: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "array": list,
        "object": dict,
    }
    if example is not None and isinstance(example, fits.get(row["type"], object)):
        return example
    return [_any(row["items"])] if row["type"] == "array" and row.get("items") else _any(row["type"])


def _any(kind: str) -> Any:
    """Any value of a type."""
    return OF_TYPE.get(kind, "text")


def _echoed(pages: list[Page], params: list[Row]) -> Iterator[list[str]]:
    """The ways to fields of the answer that repeat a parameter, as the page's samples show it."""
    found: dict[tuple[str, ...], None] = {}
    for page in pages:
        given = {row["name"]: row["example"] for row in params if row.get("example")}
        for part in ("request_query_example", "request_example"):
            given |= page[part] if is_object(page.get(part)) else {}
        found |= dict.fromkeys(_repeated(next(replies([page]), None), given, ()))
    names = {row["name"] for row in params}
    return (list(way) for way in found if way[-1] in names)


def _echoed_by_name(rows: list[Row], params: list[Row], way: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """The ways to fields of the answer that are called like a parameter of the same type."""
    given = {(row["name"], row["type"]) for row in params if row["type"] in SCALARS}
    for row in rows:
        if (row["name"], row["type"]) in given:
            yield [*way, row["name"]]
        elif row["type"] == "object" and row.get("children") and not is_map(row, []):
            yield from _echoed_by_name(row["children"], params, (*way, row["name"]))


def _repeated(shown: Any, given: dict[str, Any], way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if is_object(shown):
        for name, value in shown.items():
            if isinstance(value, str) and value and given.get(name) == value:
                yield (*way, name)
            else:
                yield from _repeated(value, given, (*way, name))


def _of_paging(listed: Listed | None, way: list[str]) -> bool:
    return listed is not None and way[-1] in {listed.more, listed.following, listed.total, listed.parameter}


def _paging(listed: Listed) -> dict[str, Any]:
    """How a list pages, with the names in the answer."""
    described = {
        "parameter": listed.parameter,
        "first": listed.first if isinstance(listed.first, int) else None,
        "pages": listed.in_pages,
        "size": listed.size,
        "at": [*listed.way],
        "way": _items_way(listed),
        "more": listed.more,
        "next": listed.following,
        "last": listed.last,
        "total": listed.total,
        "page_count": listed.page_count,
    }
    return {name: value for name, value in described.items() if value is not None and value is not False}
