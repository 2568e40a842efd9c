"""What the pages of one endpoint say together: its parameters, the fields of its reply, its samples."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

from dingtalk_models.first_generation.retired import retired
from generators import facts
from generators.facts import Page
from generators.platform.lists import Listed, recognise
from generators.platform.naming import api_name, python_name
from generators.platform.rows import Row, as_shown, values_at

TOKENS = {"access_token", "x-acs-dingtalk-access-token"}
ENVELOPE = {"errcode", "errmsg", "request_id", "sub_code", "sub_msg"}
READS = re.compile(r"(Query|List|Search|Get|BatchGet|BatchQuery|Count|Check|Is)")
"""The first word of the name of an API that only reads, so that it can be sent again."""

OF_A_REFUSAL = {"requestId", "errorCode", "errorMsg", "errMsg"}
"""The fields beside a flag of success that say something when it is false."""

CODES = {"code", "cause", "message"}
"""The fields of a reply that, where there is nothing else, say only that the call succeeded."""

Endpoints = dict[tuple[str, str], list[Page]]


@cache
def documented() -> Endpoints:
    """Every current endpoint with its pages: a few have two."""
    found: Endpoints = defaultdict(list)
    for page in facts.endpoints():
        if not page["archived"]:
            found[page["http"], page["path"]].append(page)
    return {**found}


@cache
def known() -> Endpoints:
    """Every endpoint with its pages: those that are documented, and then those that only the official SDK knows."""
    return documented() | {(page["http"], page["path"]): [page] for page in facts.only_in_sdk()}


def merged(pages: list[Page]) -> list[Row]:
    """The parameters of an endpoint; of one with two pages, those of both. A token is not among them."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for page in pages:
        for row in page["params"]:
            if row["name"] not in TOKENS:
                found[row["in"], row["name"]].append(row)
    rows = [_both(same, len(pages)) for same in found.values()]
    in_path = set(re.findall(r"{(\w+)}", pages[0]["path"]))
    return [row for row in rows if row["in"] != "path" or row["name"] in in_path]


def listed_of(pages: list[Page]) -> Listed | None:
    """How an API pages; `None` if it does not.

    Raises:
        NotAList: it takes a parameter of paging, but cannot be read page by page.
    """
    params = [
        {"example": next((value for page in pages for value in examples(page, row)), None), **row}
        for row in merged(pages)
    ]
    return recognise(f"{pages[0]['http']} {pages[0]['path']}", params, returned(pages))


def returned(pages: list[Page]) -> list[Row]:
    """The fields of a reply: many, where the table says one and the samples show many."""
    return as_shown(fields_of([page["returns"] for page in pages]), list(replies(pages)))


def data(pages: list[Page]) -> list[Row]:
    """The fields of a reply that are no word of its success. That a call failed is an error, and never data."""
    rows = returned(pages)
    flags: set[str] = {row["name"] for row in rows if _is_flag(row)}
    beside = flags | OF_A_REFUSAL if flags else flags
    rest = [row for row in rows if row["name"] not in ENVELOPE | beside]
    if not rest and "result" in flags and READS.match(api_name(pages[0]).rpartition(".")[2]):
        return [row for row in rows if row["name"] == "result"]
    return [] if {row["name"] for row in rest} <= CODES else rest


def _is_flag(row: Row) -> bool:
    return (row["name"], row["type"]) in {("success", "boolean"), ("success", "string"), ("result", "boolean")}


def fields_of(tables: list[list[Row]]) -> list[Row]:
    """The fields of a reply as all pages together document it."""
    found: dict[str, list[Row]] = defaultdict(list)
    for table in tables:
        for row in table:
            found[row["name"]].append(row)
    return [
        {**same[0], "children": fields_of([row["children"] for row in same if "children" in row])}
        if "children" in same[0]
        else same[0]
        for same in found.values()
    ]


def _both(same: list[Row], pages: int) -> Row:
    """A parameter as all pages together document it."""
    limits = {key: value for row in same for key, value in row.get("constraints", {}).items()}
    if any("enum" in row.get("constraints", {}) for row in same):
        limits["enum"] = [*dict.fromkeys(value for row in same for value in row.get("constraints", {}).get("enum", []))]
    required = len(same) == pages and all(row.get("required") for row in same)
    said: Row = {key: row[key] for row in reversed(same) for key in ("label", "unit") if key in row}
    return {**same[0], **said, "required": required, "constraints": limits}


def named_params(params: list[Row]) -> Iterator[tuple[Row, str]]:
    """The parameters with their Python names; the body itself has one too."""
    taken: set[str] = set()
    for row in params:
        name = python_name(row["name"], taken)
        taken.add(name)
        yield row, name


def examples(page: Page, row: Row) -> Iterator[Any]:
    """The values that a page shows for a parameter."""
    samples = [page.get("request_query_example"), page.get("request_example")]
    if row["name"]:
        yield from values_at([sample for sample in samples if sample], row["name"])
    elif samples[1] is not None:
        yield samples[1]


def replies(pages: list[Page], *way: str) -> Iterator[Any]:
    """What the sample replies of an API show at a place."""
    found = [sample for page in pages for sample in facts.sample_replies(page)]
    for name in way:
        if name:
            found = list(values_at(found, name))
    yield from found


def default_at(page: Page) -> str:
    """Where the result is if nothing says so."""
    return "result" if page["host"] == "oapi" else ""


def older_names(page: Page, params: list[Row]) -> Iterator[str]:
    """The older names of an API, each with the parameters that have another name today."""
    today = {_bare(row["name"]): (row, name) for row, name in named_params(params)}
    for old in olds(page):
        if carried(old, params):
            names = {each["name"]: today[_bare(each["name"])][1] for each in old["params"]}
            changed = [f'{name}="{now}"' for name, now in names.items() if name != now]
            text = json.dumps(old["method"])
            yield f"Old({', '.join([text, *changed])})" if changed else text


def olds(page: Page) -> Iterator[dict[str, Any]]:
    """The older names of an API that the client does not call retired."""
    for old in facts.methods():
        leads = old["maps_to"] == page["path"] and old.get("maps_to_http") in {None, page["http"]}
        if leads and old["method"] != page.get("legacy_method") and retired(old["method"]) is None:
            yield old


def carried(old: dict[str, Any], params: list[Row]) -> bool:
    """Whether each parameter of an older name is one of today's, of the same type, and none that is required lacks."""
    today = {_bare(row["name"]): row for row in params}
    given = {_bare(each["name"]): each for each in old["params"]}
    required = {name for name, row in today.items() if row.get("required") or row["in"] == "path"}
    return (
        required <= given.keys() <= today.keys()
        and all(each["name"].isidentifier() for each in old["params"])
        and all(each["type"] == today[name]["type"] for name, each in given.items())
    )


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
