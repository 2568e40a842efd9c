"""The platform's facts, read from facts/ once, when they are first needed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dingtalk_models.core.json_values import is_array, is_object

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "facts"
WIDTH = 120

Page = dict[str, Any]
"""One documentation page: of an endpoint, or of an event."""


@cache
def endpoints() -> list[Page]:
    """The page of every documented endpoint, archived pages too."""
    return [page for path in sorted((HOME / "endpoints").glob("*/*.json")) for page in _read(path)]


@cache
def _by_endpoint() -> dict[tuple[str, str], list[Page]]:
    found: defaultdict[tuple[str, str], list[Page]] = defaultdict(list)
    for page in endpoints():
        found[page["http"], page["path"]].append(page)
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
