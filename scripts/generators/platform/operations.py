"""The operations of a product as the pages describe them: their parameters, and what they return."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dingtalk_models.core.json_values import is_object
from generators import facts
from generators.facts import Page
from generators.platform.endpoints import READS, data, examples, listed_of, merged, replies
from generators.platform.lists import Listed, NotAList
from generators.platform.naming import api_name, method_of, python_name
from generators.platform.promises import is_id
from generators.platform.rows import Row, is_map, values_at
from generators.platform.shapes import Json, Kind, Many, Plain, Reader, Shape, Use
from generators.platform.words import Meaning, meaning

ABOUT_THE_CALL = {
    *("requestId", "request_id", "vendorRequestId", "vendorType", "arguments", "traceId", "logId", "dingOpenErrcode"),
    *("errorMsg", "errorCode", "errMsg", "errCode", "code", "message", "msg", "cause", "success", "errcode", "errmsg"),
    *("sub_code", "sub_msg", "successful", "isSuccess", "httpCode", "hostIp", "serverIp", "costTime"),
}
"""The fields of a reply that tell how the call went, beside its result."""


@dataclass(eq=False)
class Parameter:
    """A parameter of an operation.

    Attributes:
        row: its row.
        name: its name in Python.
        wire: its name on the wire; `create_request.title` if it is a part of an object.
        kind: its type.
        samples: the values that the pages show for it.
        default: its default as source text; `None` if it has to be given.
    """

    row: Row
    name: str
    wire: str
    kind: Kind
    samples: list[Any]
    default: str | None

    @property
    def by_position(self) -> bool:
        """Whether it may be given without its name: the ids of what is meant."""
        scalar = isinstance(self.kind, Plain) and self.kind.type in {"string", "integer"}
        return self.row.get("in") == "path" or (self.default is None and scalar and is_id(self.row["name"]))


NO_MEANING = Meaning(None, ())


@dataclass(eq=False)
class Api:
    """An operation.

    Attributes:
        pages: the pages that document it.
        product: the name of its module.
        parameters: in the order of the table.
        listed: how it pages, if it is a lazy list.
        single: why it is none, if it takes a parameter of paging.
        way: where its result is in the reply.
        kind: the type of its result; of a lazy list, that of a page's items.
        meaning: what it does, and to what.
    """

    pages: list[Page]
    product: str
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    listed: Listed | None = None
    single: str = ""
    way: list[str] = field(default_factory=list[str])
    kind: Kind | None = None
    meaning: Meaning = NO_MEANING

    @property
    def name(self) -> str:
        """The platform's name of it."""
        return api_name(self.pages[0])

    @property
    def method(self) -> str:
        """Its name in snake case."""
        return method_of(self.pages[0])

    @property
    def evidence(self) -> str:
        """What says that it exists."""
        return "sdk" if facts.from_sdk(self.pages) else "documented"

    @property
    def host(self) -> str:
        """The host, whose rule of names holds."""
        return str(self.pages[0]["host"])

    @property
    def endpoint(self) -> str:
        """Verb and path; with a body, also the parameters that are in the query string."""
        page = self.pages[0]
        in_query = [each.wire for each in self.parameters if each.row.get("in") == "query"]
        # a page that shows a GET or DELETE with a body means its query string; the SDK sends one
        sends_body = facts.from_sdk(self.pages) and any(each.row.get("in") == "body" for each in self.parameters)
        with_query = sends_body if page["http"] in {"GET", "DELETE"} else bool(in_query)
        query = f"?{'&'.join(in_query)}" if with_query else ""
        return f"{page['http']} {page['path']}{query}"

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return bool(self.pages[0]["http"] == "GET" or self.listed or READS.match(self.name.rpartition(".")[2]))

    @property
    def shows_its_result(self) -> bool:
        """Whether a sample has its result."""
        return any(value is not None for value in replies(self.pages, *self.way))


def read(pages: list[Page], product: str) -> Api:
    """The operation that these pages document."""
    api = Api(pages, product)
    try:
        api.listed = listed_of(pages)
    except NotAList as reason:
        api.single = str(reason)
    api.parameters = list(_parameters(api, merged(pages)))
    if api.listed:
        _read_items(api, api.listed)
    else:
        _read_result(api)
    api.meaning = meaning(api.method, many=api.listed is not None or isinstance(api.kind, Many))
    return api


def arguments_of(api: Api) -> Shape | None:
    """All that an operation sends in its body, as one shape: what creates a thing has the thing's fields."""
    uses = {
        each.row["name"]: Use(each.row, each.kind, sent=True, samples=each.samples, of_arguments=True)
        for each in api.parameters
        if each.row["name"] and each.row.get("in", "body") == "body"
    }
    return Shape(api, sent=True, way=(), uses=uses, samples=[], of_arguments=True) if uses else None


# Parameters


def wrapped(rows: list[Row]) -> Row | None:
    """The one object that is all of a body, and so only a wrapper of the arguments.

    One that is required, and of which nothing is, stays: it is sent even if it is empty.
    """
    body = [row for row in rows if row["in"] == "body"]
    only = body[0] if len(body) == 1 else None
    if only is None or not only["name"] or only["type"] != "object" or only.get("values"):
        return None
    children = [child for child in only.get("children", []) if child["name"]]
    has_to_be_sent = only.get("required") and not any(child.get("required") for child in children)
    return only if children and not has_to_be_sent else None


def by_wire(rows: list[Row]) -> dict[str, Row]:
    """The parameters by their wire names; those in the one object of a body, too: `create_request.title`."""
    found = {row["name"]: row for row in rows}
    if (wrapper := wrapped(rows)) is not None:
        found |= {f"{wrapper['name']}.{child['name']}": child for child in wrapper["children"]}
    return found


def _parameters(api: Api, rows: list[Row]) -> Iterator[Parameter]:
    reader, taken = Reader(api, sent=True), set[str]()
    wrapper = wrapped(rows)
    for row in rows:
        shown = [value for page in api.pages for value in examples(page, row)]
        parts = [row] if row is not wrapper else [child for child in row["children"] if child["name"]]
        for part in parts:
            inside = shown if part is row else list(values_at(shown, part["name"]))
            name = python_name(part["name"], taken)
            taken.add(name)
            way = (row["name"],) if part is row else (row["name"], part["name"])
            kind = reader.kind(part, way, inside)
            wire = ".".join(way)
            yield Parameter(part, name, wire, kind, inside, _default(api, wire, row, part))


def _default(api: Api, wire: str, row: Row, part: Row) -> str | None:
    """The source text of the default of a parameter; `None` if it has to be given."""
    of_pages = api.listed.default(wire, part) if api.listed else None
    needed = row["in"] == "path" or (bool(row.get("required")) and (part is row or bool(part.get("required"))))
    return None if needed and of_pages is None else of_pages or "None"


# Results


def _read_items(api: Api, listed: Listed) -> None:
    api.way = [*listed.way, *listed.inside, listed.items["name"]]
    kind = Reader(api, sent=False).kind(listed.items, tuple(api.way), list(replies(api.pages, *api.way)))
    api.kind = kind if isinstance(kind, Many) else Many(kind)


def _read_result(api: Api) -> None:
    rows = data(api.pages)
    reader = Reader(api, sent=False)
    if rows and rows[0]["name"] == "":
        # the table documents the value; the sample shows under which name it is
        api.way = [name for reply in replies(api.pages) if is_object(reply) for name in reply]
        api.kind = reader.kind(rows[0], ("",), list(replies(api.pages, *api.way)))
        return
    while rows:
        only = _only(rows)
        if only is None:
            api.kind = reader.shape(rows, tuple(api.way), list(replies(api.pages, *api.way)))
            return
        api.way.append(only["name"])
        shown = list(replies(api.pages, *api.way))
        if only["type"] != "object" or not only.get("children") or is_map(only, shown):
            api.kind = reader.kind(only, tuple(api.way), shown)
            if isinstance(api.kind, Json):  # it has no type: what holds it has
                api.way.pop()
                api.kind = reader.shape(rows, tuple(api.way), list(replies(api.pages, *api.way)))
            return
        rows = only["children"]


def _only(rows: list[Row]) -> Row | None:
    """The one field of an object that is more than a word on how the call went."""
    found = [row for row in rows if row["name"] not in ABOUT_THE_CALL]
    found = found or (rows if len(rows) == 1 else [])
    return found[0] if len(found) == 1 and found[0]["name"] else None
