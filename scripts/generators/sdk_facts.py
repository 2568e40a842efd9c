"""The operations of the official SDK in the form of documentation pages: what a page says and the SDK knows too.

The SDK has no limits, values, codes, scopes or samples, so that such a page has none.
"""

from __future__ import annotations

import re
from typing import Any

from dingtalk_models.core.json_values import is_object
from generators.platform.rows import SCALARS, Row

LONGEST_LABEL = 24
"""A note that is longer, or not in Chinese, is no name of a field."""


def operation(entry: dict[str, Any]) -> dict[str, Any]:
    """An operation as it is kept in facts/: what every operation has in the same way is left out."""
    path: str = re.sub(r"{(\w+)}", lambda found: f"{{{_camel(found[1])}}}", entry["path"].strip())
    params = [{"name": name, "in": "path", "type": "string", "required": True} for name in re.findall(r"{(\w+)}", path)]
    params += [row(each, place="query") for each in entry["query"]]
    params += [row(each, place="body") for each in _body(entry["body"])]
    reply: Row = entry.get("reply") or {"type": "object"}
    if reply.get("type") == "any":
        reply = {"type": "object"}  # of which nothing is known: only that it succeeds
    whole = reply.get("type") != "object"
    kept = {
        "operation": entry["operation"],
        "title": " ".join(entry["title"].split()) or entry["operation"],
        "http": entry["http"],
        "path": path,
        "params": params,
        "returns": [row({**reply, "name": ""})] if whole else [row(each) for each in reply.get("fields", [])],
    }
    return {name: value for name, value in kept.items() if value != []}


def _body(body: Any) -> list[Row]:
    """The fields of a body. One that is an array or a map has no fields: it is a parameter without a name."""
    if not is_object(body):
        fields: list[Row] = body
        return fields
    return body.get("fields", []) if body.get("type") == "object" else [{**body, "name": ""}]


def row(field: Row, place: str | None = None) -> Row:
    """A parameter or field as a row of a table. One that refers to itself is an object of which no more is said."""
    kind = field.get("type", "any")
    made: Row = {"name": field["name"], **({"in": place} if place else {})}
    if kind == "array":
        made |= _array(field.get("items"))
    elif kind == "map":
        made |= _map(field.get("values"))
    else:
        made |= {"type": kind if kind in SCALARS | {"object"} else "any"} | _children(field)
    if field.get("required"):
        made["required"] = True
    if note := " ".join(field.get("note", "").split()):
        made["label" if len(note) <= LONGEST_LABEL and re.search(r"[\u4e00-\u9fff]", note) else "note"] = note
    return made


def _array(item: Any) -> Row:
    """An array; of one in another, the table says only what is innermost."""
    inner: Row = item if is_object(item) else {"type": "any"}
    kind = {"map": "object"}.get(inner["type"], inner["type"])
    made: Row = {"type": "array", "items": kind if kind in SCALARS | {"object", "array"} else "any"}
    while inner["type"] == "array":
        deeper = inner.get("items")
        inner = deeper if is_object(deeper) else {"type": "any"}
    return made | _children(inner)


def _map(value: Any) -> Row:
    """An object with free keys; `children` are the fields of each value, if these are objects."""
    inner: Row = value if is_object(value) else {"type": "any"}
    kind = inner["type"]
    if kind == "object" and inner.get("fields"):
        return {"type": "object", "values": "object"} | _children(inner)
    return {"type": "object", **({"values": kind} if kind in SCALARS else {})}


def _children(field: Row) -> Row:
    found: Row = {"children": [row(each) for each in field["fields"]]} if field.get("fields") else {}
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
