"""Requests to documented endpoints, made from the facts without the client: valid ones, and ones with one mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, NamedTuple, Self
from urllib.parse import quote, urlencode, urlsplit

from generators.facts import Page
from generators.platform import moments
from generators.platform.endpoints import examples, known, merged
from generators.platform.enumerations import closed_values
from generators.platform.naming import api_name, product_of
from generators.platform.rows import is_map
from generators.samples import Row, sample_of
from samples_of import Way, changed
from urllib3 import encode_multipart_formdata

from dingtalk_models.call.call import WHOLE_BODY
from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.sandbox import Sandbox

BODILESS = {"GET", "DELETE"}
WRONG: dict[str, Any] = {
    "string": {"a": 1},
    "integer": "abc",
    "number": "abc",
    "boolean": "perhaps",
    "array": 5,
    "object": "text",
}
"""By type: a value that is of no form of it."""


class Reply(NamedTuple):
    """A reply of the sandbox."""

    status: int
    kind: str | None
    body: Any

    @property
    def accepts(self) -> bool:
        """Whether it is no refusal."""
        return self.status == 200 and (not is_object(self.body) or self.body.get("errcode", 0) in (0, "0"))

    @property
    def text(self) -> str:
        """Why it refuses."""
        return str(self.body.get("errmsg") or self.body.get("message")) if is_object(self.body) else ""


class Api(NamedTuple):
    """A documented endpoint."""

    name: str
    pages: list[Page]
    rows: list[Row]

    @property
    def only_required(self) -> dict[str, Any]:
        """Arguments with nothing that may be left out."""
        return {row["name"]: _pruned(value, row) for row, value in self._values() if _required(row)}

    @property
    def complete(self) -> dict[str, Any]:
        """Arguments with every documented field."""
        return {row["name"]: value for row, value in self._values()}

    def fields(self) -> Iterator[tuple[Way, Row, list[Any]]]:
        """Every field of the complete arguments: its place, its row, and the values that the pages show for it."""
        for row, value in self._values():
            yield from _fields(value, row, (row["name"],), self._shown(row))

    def _shown(self, row: Row) -> list[Any]:
        return [value for page in self.pages for value in examples(page, row)]

    def _values(self) -> Iterator[tuple[Row, Any]]:
        for row in self.rows:
            shown = self._shown(row)
            free = bool(shown and row.get("children")) and is_map(row, shown)
            is_time = bool(shown) and moments.read(row, shown, sent=True).form is not None
            value = sample_of(row, shown[0] if free or is_time else None)
            limits = row.get("constraints", {})
            if row["type"] == "array" and "enum" in limits:
                value = limits["enum"][:1]
            yield row, max(value, limits["min"]) if "min" in limits else value


def apis(product: str) -> list[Api]:
    """The endpoints of a product, those that only the official SDK has too."""
    return [
        Api(api_name(pages[0]), pages, merged(pages)) for pages in known().values() if product_of(pages[0]) == product
    ]


def _required(row: Row) -> bool:
    return bool(row.get("required")) or row.get("in") == "path"


def _pruned(value: Any, row: Row) -> Any:
    """A value without the fields that may be left out."""
    if is_array(value):
        return [_pruned(item, row) for item in value]
    if not is_object(value) or not row.get("children"):
        return value
    if is_map(row, [value]):
        return {name: _pruned(part, {**row, "values": None}) for name, part in value.items()}
    return {
        child["name"]: _pruned(value[child["name"]], child)
        for child in row["children"]
        if child.get("required") and child["name"] in value
    }


def _fields(value: Any, row: Row, way: Way, shown: list[Any]) -> Iterator[tuple[Way, Row, list[Any]]]:
    inside = [item for each in shown for item in (each if is_array(each) else [each])]
    yield way, row, inside
    if is_array(value):
        value, way = value[0], (*way, 0)
    if row.get("children") and is_object(value) and is_map(row, [value]):
        name, value = next(iter(value.items()))
        way, inside = (*way, name), [part for each in inside if is_object(each) for part in each.values()]
    children: list[Row] = row.get("children", [])
    for child in children if is_object(value) else []:
        if child["name"] in value:
            parts = [each[child["name"]] for each in inside if is_object(each) and child["name"] in each]
            yield from _fields(value[child["name"]], child, (*way, child["name"]), parts)


def shown_way(way: Way) -> str:
    """The path of a field as a refusal names it: `attendees[0].id`, `body` for the body itself."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in way)
    return "".join(parts).removeprefix(".") or "body"


def mistakes(api: Api) -> Iterator[tuple[str, Way, dict[str, Any]]]:
    """Arguments with one mistake each: what it is, where it is, and the arguments.

    One value beyond each limit; and, at each depth, one missing field and one value of another type.
    """
    whole, seen = api.complete, set[tuple[str, int]]()
    for way, row, _ in api.fields():
        if row.get("required") and row.get("in") != "path" and ("missing", len(way)) not in seen:
            seen.add(("missing", len(way)))
            yield "missing", way, changed(whole, way)
        if ("type", len(way)) not in seen:
            for wrong in _of_another_type(api, way, row):
                seen.add(("type", len(way)))
                yield "type", way, changed(whole, way, wrong)
        for limit, beyond in _beyond_limits(row, product_of(api.pages[0])):
            yield limit, (*way, 0) if limit == "enum" and row["type"] == "array" else way, changed(whole, way, beyond)


def _of_another_type(api: Api, way: Way, row: Row) -> Iterator[Any]:
    in_text = len(way) == 1 and (row.get("in") != "body" or api.pages[0]["http"] in BODILESS)
    if row["type"] in WRONG and not (in_text and row["type"] in {"string", "array"}):
        yield WRONG[row["type"]]


def _beyond_limits(row: Row, product: str) -> Iterator[tuple[str, Any]]:
    """For each limit that holds, a value just beyond it."""
    limits, kind = row.get("constraints", {}), row["type"]
    if "max" in limits:
        yield "max", limits["max"] + 1
    if "min" in limits:
        yield "min", limits["min"] - 1
    if kind == "string" and "max_length" in limits:
        in_bytes = limits.get("length_unit") == "byte"
        yield "max_length", "字" * (limits["max_length"] // 3 + 1) if in_bytes else "1" * (limits["max_length"] + 1)
    if limits.get("min_length"):
        yield "min_length", "1" * (limits["min_length"] - 1)
    if "max_items" in limits:
        many = limits["max_items"] + 1
        yield "max_items", sample_of(row)[:1] * many if kind == "array" else ",".join("1" * many)
    if closed_values(product, row):
        other: Any = "none of them" if kind == "string" or row.get("items") == "string" else -12345
        yield "enum", [other] if kind == "array" else other


class Raw:
    """Sends requests to a sandbox by HTTP, without the client."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.connection = HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
        self.token, _ = sandbox.company.credentials.issue_token()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, api: Api, arguments: dict[str, Any], *, body: bool = True) -> Reply:
        """Send arguments, each where it is documented; without a `body`, those that are elsewhere."""
        page = api.pages[0]
        path, query = page["path"], dict[str, str]()
        headers, in_body = {"content-type": "application/json", "accept": "application/json"}, dict[str, Any]()
        for row in api.rows:
            name, place = row["name"], row["in"]
            if name not in arguments:
                continue
            if place == "path":
                path = path.replace(f"{{{name}}}", quote(_text(arguments[name]), safe=""))
            elif place == "query" or page["http"] in BODILESS:
                query[name] = _text(arguments[name])
            elif place == "header":
                headers[name] = _text(arguments[name])
            else:
                in_body[name] = arguments[name]
        if page["host"] == "oapi":
            query["access_token"] = self.token
        else:
            headers["x-acs-dingtalk-access-token"] = self.token
        whole = any(row["name"] == WHOLE_BODY for row in api.rows)
        content = json.dumps(in_body.get(WHOLE_BODY) if whole else in_body).encode()
        if files := {row["name"] for row in api.rows if row["type"] == "file"}:
            parts = {name: ("a.png", b"x") if name in files else _text(value) for name, value in in_body.items()}
            content, headers["content-type"] = encode_multipart_formdata(parts)
        has_body = body and page["http"] not in BODILESS and not (whole and not in_body)
        self.connection.request(page["http"], f"{path}?{urlencode(query)}", content if has_body else None, headers)
        reply = self.connection.getresponse()
        text = reply.read()
        return Reply(reply.status, reply.headers["x-sandbox"], json.loads(text) if text else None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
