"""The data of each operation for the command `dingtalk-models`: names and documentation, without importing it."""

from __future__ import annotations

import json
from typing import Any, get_args

from dingtalk_models.by_name.run import operations
from dingtalk_models.core.hints import get_origin
from dingtalk_models.resource.registry import OperationInfo
from generators.coverage import module_of, resource
from generators.facts import Page
from generators.places import Place, places
from generators.platform.endpoints import known
from generators.reference_pages import example, kind_of, limits_of_a_call, parameters, returned
from generators.uses import accessors


def operations_json() -> str:
    """A line for each operation, in the order of their names."""
    lines = (json.dumps(_described(info), ensure_ascii=False, separators=(",", ":")) for info in operations())
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _described(info: OperationInfo) -> dict[str, Any]:
    at = (info.http, info.path)
    place, pages = places().get(at), known().get(at, [])
    definition = vars(info.manager)[info.method]
    told: dict[str, Any] = {
        "names": [*info.names],
        "endpoint": f"{info.http} {info.path}",
        "title": " / ".join(dict.fromkeys(filter(None, [info.title, *(page["title"] for page in pages)]))),
        "spellings": _spellings(info, place),
        "pages": [*filter(None, dict.fromkeys([page["doc"] for page in pages] or [info.source]))],
        "rows": [*_rows(place, pages)] if place else [[name, name, "", ""] for name in definition.arguments.fields],
        "reads": definition.endpoint.idempotent,
        "limits": [*dict.fromkeys(limit.replace("`", "") for limit in limits_of_a_call(pages))],
    }
    if place:
        hint = returned(place)
        told["returns"] = kind_of(get_args(hint)[0])
        told["list"] = get_origin(hint).__name__ == "Query"
        if pages:
            told["python"] = example(place, pages[0])
    return {name: value for name, value in told.items() if value}


def _spellings(info: OperationInfo, place: Place | None) -> list[str]:
    """How a user of Python writes it, the way that the pages show first."""
    by_hand = not info.manager.__module__.startswith("dingtalk_models.platform.")
    found: list[str] = []
    if by_hand:
        module = module_of(info)
        found += [f"{resource(info)}.objects.{info.method}"] if module != "auth" else []
        found += [f"app.{module}.{accessor}.{info.method}" for accessor in accessors(info.manager)]
        found += [f"app.{module}.{info.method}"] if module == "auth" else []
    return [*found, *([f"app.platform.{place.call}"] if place else [])]


def _rows(place: Place, pages: list[Page]) -> list[list[str]]:
    """The rows of the table of parameters, without the marks of Markdown."""
    rows = parameters(place, pages) if pages else ()
    return [[cell.replace("`", "").replace("\\|", "|") for cell in row] for row in rows]
