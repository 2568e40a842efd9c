"""The platform's facts, read from facts/ once, when they are first needed."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dingtalk_models.core.json_values import is_array, is_object

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "facts"
WIDTH = 120
SDK = "仅见于官方 SDK"
"""The category of the operations that no page documents."""
OF_SUCCESS = {"code", "errcode", "errorCode", "errCode"}
"""The fields of a reply that say that it is a refusal, unless they are 0."""
IN_PATH = re.compile(r"{(\w+)}")

Row = dict[str, Any]
"""A parameter or field, as a table documents it."""

Page = dict[str, Any]
"""One documentation page: of an endpoint, or of an event."""


@cache
def endpoints() -> list[Page]:
    """The page of every documented endpoint, archived pages too. Current ones have what only the SDK knows of them."""
    pages = [page for path in sorted((HOME / "endpoints").glob("*/*.json")) for page in _read(path)]
    current: defaultdict[tuple[str, str], list[Page]] = defaultdict(list)
    for page in pages:
        if not page["archived"]:
            current[place_of(page)].append(page)
    known = {(entry["http"], place_of(entry)[1]): entry for _, entry in _sdk()}
    return [
        page if page["archived"] else _completed(page, current[place_of(page)], known.get(place_of(page), {}))
        for page in pages
    ]


def _completed(page: Page, same: list[Page], entry: dict[str, Any]) -> Page:
    """A page with the parameters and fields that the SDK has, and no page of the endpoint."""
    tables = {part: [row for each in same for row in each[part]] for part in ("params", "returns")}
    # a field that only tells of success would hide that a reply is a refusal
    more = {part: [row for row in entry.get(part, []) if row["name"] not in OF_SUCCESS] for part in tables}
    return page | {part: _with_more(page[part], tables[part], more[part]) for part in tables if page[part]}


def _with_more(rows: list[Row], same: list[Row], more: list[Row]) -> list[Row]:
    """Rows, and those that only the SDK has. What it requires there is optional: documented calls do without.

    An object of which a page has all fields under another name is not taken for another one.

    Args:
        rows: a table of a page.
        same: this table of all pages of the endpoint.
        more: the SDK's.
    """
    known, inside = {row["name"] for row in same}, {row["name"]: row.get("children", []) for row in more}
    made = [
        {**row, "children": _with_more(row["children"], _children(same, row["name"]), inside.get(row["name"], []))}
        if row.get("children")
        else row
        for row in rows
    ]
    if "" in known:
        return made  # the table is about the whole body
    inner = [_names(row) for row in same if row.get("children")]
    renamed = {row["name"] for row in more if row.get("children") and any(_names(row) <= names for names in inner)}
    new = (row for row in more if row["name"] not in known | renamed and row.get("in") != "path")
    return [*made, *({**row, "required": False, "evidence": "sdk"} for row in new)]


def _names(row: Row) -> set[str]:
    return {child["name"] for child in row.get("children", [])}


def _children(rows: list[Row], name: str) -> list[Row]:
    return [child for row in rows if row["name"] == name for child in row.get("children", [])]


@cache
def _sdk() -> list[tuple[str, dict[str, Any]]]:
    """Each operation of the official SDK as it is kept here, with its product."""
    return [(path.stem, entry) for path in sorted((HOME / "sdk").glob("*.json")) for entry in _read(path)]


@cache
def _by_endpoint() -> dict[tuple[str, str], list[Page]]:
    found: defaultdict[tuple[str, str], list[Page]] = defaultdict(list)
    for page in endpoints():
        found[page["http"], page["path"]].append(page)
    return found


@cache
def sdk() -> list[Page]:
    """Every operation of the official SDK, in the form of a page."""
    return [_sdk_page(product, entry) for product, entry in _sdk()]


@cache
def only_in_sdk() -> list[Page]:
    """The operations of the official SDK that no current page documents: neither their address nor their name."""
    current = [page for page in endpoints() if not page["archived"]]
    known = {place_of(page) for page in current} | {page.get("sdk_operation") for page in current}
    return [page for page in sdk() if not {place_of(page), page["sdk_operation"]} & known]


def from_sdk(pages: list[Page]) -> bool:
    """Whether only the official SDK knows an endpoint."""
    return pages[0].get("evidence") == "sdk"


def place_of(page: Page) -> tuple[str, str]:
    """Verb and path of an endpoint, whatever the names of the parameters in the path."""
    return page["http"], re.sub(r"{\w+}", "{}", page["path"])


def _sdk_page(product: str, entry: dict[str, Any]) -> Page:
    """An operation of the SDK as a page. Archived pages lend it their labels, and their names in the path."""
    page: Page = {
        "doc": "",
        "category": [SDK],
        "archived": False,
        "host": "api",
        "sdk_operation": f"{product}.{entry['operation']}",
        "auth": "header:x-acs-dingtalk-access-token",
        "params": [],
        "returns": [],
        "errors": [],
        "permissions": [],
        "app_types": [],
        "limits": [],
        "evidence": "sdk",
        **entry,
    }
    page["returns"] = [
        {**row, "example": 0 if row["type"] == "integer" else "0"} if row["name"] in OF_SUCCESS else row
        for row in page["returns"]
    ]
    for known in _archived_at().get(place_of(page), []):
        names = dict(zip(IN_PATH.findall(page["path"]), IN_PATH.findall(known["path"]), strict=True))
        page["path"] = known["path"]
        renamed = [{**row, "name": names[row["name"]]} if row["in"] == "path" else row for row in page["params"]]
        page["params"] = _labelled(renamed, known["params"])
        page["returns"] = _labelled(page["returns"], known["returns"])
    return page


def _labelled(rows: list[Row], known: list[Row]) -> list[Row]:
    """Rows with the names that a table has for them, and its units."""
    by_name = {row["name"]: row for row in known}
    made: list[Row] = []
    for row in rows:
        same = by_name.get(row["name"], {})
        said: Page = {key: same[key] for key in ("label", "unit") if key in same}
        inside = {"children": _labelled(row["children"], same.get("children", []))} if "children" in row else {}
        made.append({**row, **said, **inside})
    return made


@cache
def _archived_at() -> dict[tuple[str, str], list[Page]]:
    found: defaultdict[tuple[str, str], list[Page]] = defaultdict(list)
    for page in endpoints():
        if page["archived"]:
            found[place_of(page)].append(page)
    return found


def pages(http: str, path: str) -> list[Page]:
    """The pages that document an endpoint, archived pages too."""
    return _by_endpoint().get((http, path), [])


def current(http: str, path: str) -> list[Page]:
    """The pages that document an endpoint. Archived pages are used only if there are no others."""
    found = pages(http, path)
    return [page for page in found if not page["archived"]] or found


@cache
def archived() -> dict[tuple[str, str], list[Page]]:
    """The endpoints, with their pages, that are documented in archived pages only."""
    return {place: found for place, found in _by_endpoint().items() if all(page["archived"] for page in found)}


@cache
def methods() -> list[dict[str, Any]]:
    """Every older name of an API, and the endpoint that replaced it."""
    return _read(HOME / "methods.json")


@cache
def events() -> list[Page]:
    """The page of every event, with its fields and samples."""
    return _read(HOME / "events.json")


@cache
def official_sdk() -> dict[str, Any]:
    """What the official SDK does and no page says: which endpoints it calls without a token, which reply it ignores."""
    found: dict[str, Any] = json.loads((HOME / "official_sdk.json").read_text(encoding="utf-8"))
    return found


def needs_no_token(pages: list[Page]) -> bool:
    """Whether an endpoint is documented as one that takes no access token. Of two pages, one may not know."""
    return any(page["auth"] not in {"header:x-acs-dingtalk-access-token", "query:access_token"} for page in pages)


def sample_replies(page: Page) -> Iterator[Any]:
    """The replies that a page shows, without those that belong to another API."""
    if page.get("response_example") and not page.get("response_example_suspect"):
        yield page["response_example"]
    yield from page.get("response_examples_more", [])


def home(page: Page) -> Path:
    """The file that holds the page of an endpoint: one for each host and product."""
    host: str = page["host"]
    return HOME / "endpoints" / host / f"{product(page['path'])}.json"


def product(path: str) -> str:
    """The product in a path: `contact` of /v1.0/contact/users, `user` of /topapi/v2/user/get and of /user/get."""
    return next(part for part in path.split("/") if part not in {"", "topapi"} and not part.startswith(("v1", "v2")))


def laid_out(value: Any, indent: int = 0, before: int = 0) -> str:
    """Facts as JSON with readable diffs: a value is on one line if it fits, else each part has a line."""
    flat = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if indent + before + len(flat) <= WIDTH or not value:
        return flat
    margin = " " * (indent + 1)
    if is_object(value):
        names = [(f"{json.dumps(name, ensure_ascii=False)}:", part) for name, part in value.items()]
        return _block("{}", [name + laid_out(part, indent + 1, len(name)) for name, part in names], margin)
    if is_array(value):
        return _block("[]", [laid_out(part, indent + 1) for part in value], margin)
    return flat


def _block(brackets: str, lines: list[str], margin: str) -> str:
    body = ",\n".join(margin + line for line in lines)
    return f"{brackets[0]}\n{body}\n{margin[1:]}{brackets[1]}"


def _read(path: Path) -> list[Any]:
    found: list[Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
