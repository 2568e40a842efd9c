"""Writes the modules of `dingtalk_models.platform`."""

from __future__ import annotations

import json
import re
import textwrap
from collections import defaultdict
from collections.abc import Container, Iterator
from functools import cache
from typing import Any

from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.wire import camel_name
from dingtalk_models.first_generation.retired import retired
from dingtalk_models.resource.registry import OperationInfo
from generators import facts
from generators.facts import Page
from generators.platform.lists import Listed, NotAList, recognise
from generators.platform.meaning import described
from generators.platform.naming import api_name, class_name, manager_of, method_of, product_of, python_name
from generators.platform.rows import Row
from generators.platform.types import Types, as_shown, values_at
from generators.uses import by_hand

TOKENS = {"access_token", "x-acs-dingtalk-access-token"}
ENVELOPE = {"errcode", "errmsg", "request_id", "sub_code", "sub_msg"}
READS = re.compile(r"(Query|List|Search|Get|BatchGet|BatchQuery|Count|Check|Is)")
"""The first word of the name of an API that only reads, so that it can be sent again."""

OF_A_REFUSAL = {"requestId", "errorCode", "errorMsg", "errMsg"}
"""The fields beside a flag of success that say something when it is false."""

CODES = {"code", "cause", "message"}
"""The fields of a reply that, where there is nothing else, say only that the call succeeded."""

MANAGER, PAGING = "dingtalk_models.resource.manager", "dingtalk_models.call.paging"
SECRET, WIRE = "dingtalk_models.core.secret", "dingtalk_models.core.wire"
IMPORTS = {
    "Annotated": "typing", "Literal": "typing",
    "Field": "pydantic", "JsonValue": "pydantic", "SecretStr": "pydantic",
    "Required": "typing", "TypedDict": "typing_extensions",
    "Call": "dingtalk_models.call.call",
    "Upload": "dingtalk_models.core.files",
    "Secret": SECRET, "Hidden": SECRET, "Hiding": SECRET,
    "Record": "dingtalk_models.resource.model",
    "Manager": MANAGER, "alias": MANAGER,
    "api": "dingtalk_models.call.operation", "Old": "dingtalk_models.call.operation",
    "CURSOR": PAGING, "OFFSET": PAGING,
    "Paging": PAGING, "TOKEN": PAGING,
    "TOKEN_FROM_ZERO": PAGING,
    "Listing": "dingtalk_models.resource.query", "Query": "dingtalk_models.resource.query",
    "BeijingTime": WIRE, "Millis": WIRE,
    "CommaStrs": WIRE, "at_most_bytes": WIRE,
    "camel": WIRE, "empty_list": WIRE, "wire": WIRE,
}  # fmt: skip
"""By name: where a generated module has it from."""

BRACKETS = str.maketrans("()", "（）")
"""A title stands in brackets itself."""

WIDTH = 112
"""How many characters of a docstring are on a line."""

Endpoints = dict[tuple[str, str], list[Page]]


@cache
def documented() -> Endpoints:
    """Every current endpoint with its pages: a few have two."""
    found: Endpoints = defaultdict(list)
    for page in facts.endpoints():
        if not page["archived"]:
            found[page["http"], page["path"]].append(page)
    return found


@cache
def known() -> Endpoints:
    """Every endpoint with its pages: those that are documented, and then those that only the official SDK knows."""
    return documented() | {(page["http"], page["path"]): [page] for page in facts.only_in_sdk()}


def products() -> dict[str, Product]:
    """Each product, by the name of its module."""
    written = {(info.http, info.path): info for info in by_hand()}
    found: dict[str, list[list[Page]]] = defaultdict(list)
    for pages in known().values():
        found[product_of(pages[0])].append(pages)
    return {name: Product(name, endpoints, written) for name, endpoints in sorted(found.items())}


class Product:
    """The source text of one product.

    Args:
        name: of the module.
        endpoints: the pages of each endpoint.
        by_hand: the operations that are written by hand, by verb and path.
    """

    def __init__(self, name: str, endpoints: list[list[Page]], by_hand: dict[tuple[str, str], OperationInfo]) -> None:
        self.name = name
        self.manager = manager_of(name)
        self.types = Types(endpoints[0][0]["host"])
        self.imports: dict[str, str] = {}
        self.methods: dict[str, str] = {}
        self.names: list[str] = []
        """The names by which `run()` finds its operations, those that are documented first."""
        self.only_in_sdk: set[str] = set()
        """The names of those that no page documents."""
        categories = [pages[0]["category"][0] for pages in endpoints if pages[0]["category"]]
        self.category = "、".join(dict.fromkeys(each for each in categories if each != facts.SDK)) or facts.SDK
        self.single: dict[str, str] = {}
        """The APIs that page and are no lazy list, and why."""
        for pages in sorted(endpoints, key=lambda pages: (facts.from_sdk(pages), method_of(pages[0]))):
            method = python_name(method_of(pages[0]), self.methods)
            info = by_hand.get((pages[0]["http"], pages[0]["path"]))
            self.methods[method] = self._alias(method, info) if info else self._method(method, pages)

    @property
    def text(self) -> str:
        """The whole module."""
        title = self.category if self.types.host == "api" else f"{self.category}, on the older host"
        body = "\n\n".join([*self.types.classes, f"class {self.manager}(Manager):", *self.methods.values()])
        if re.search(r"^    def list\(", body, re.MULTILINE):
            head, _, methods = body.partition(f"class {self.manager}(Manager):")
            body = f"{head}class {self.manager}(Manager):" + re.sub(r"(?<![.\w])list\[", "builtins.list[", methods)
        homes = IMPORTS | self.imports
        used: dict[str, list[str]] = defaultdict(list)
        code = re.sub(r'"""(.|\n)*?"""', "", body)
        for word, home in homes.items():
            if re.search(rf"(?<![.\w]){word}\(" if word == "alias" else rf"(?<![.\w]){word}\b", code):
                used[home].append(word)
        lines: list[str] = ["import builtins"] if "builtins." in body else []
        for group in (("typing",), ("pydantic", "typing_extensions"), ("dingtalk_models",)):
            of_group = {home: words for home, words in used.items() if home.partition(".")[0] in group}
            lines += [f"from {home} import {', '.join(_sorted(words))}" for home, words in sorted(of_group.items())]
            lines += [""] if of_group else []
        return "\n".join(
            [
                f'"""`app.platform.{self.name}`: {title}; generated by scripts/generate."""',
                "",
                "from __future__ import annotations",
                "",
                *lines,
                "",
                body,
                "",
            ]
        )

    def _alias(self, method: str, info: OperationInfo) -> str:
        self.imports[info.manager.__name__] = info.manager.__module__
        return f"    {method} = alias({info.manager.__name__}.{info.method})"

    def _method(self, method: str, pages: list[Page]) -> str:
        page, host = pages[0], pages[0]["host"]
        params = merged(pages)
        listed = self._listed(pages)
        place = {row["name"]: row["in"] for row in params}
        in_query = [name for name, where in place.items() if where == "query"]
        # a page that shows a GET or DELETE with a body means its query string; the SDK sends one
        sends_body = facts.from_sdk(pages) and "body" in place.values()
        with_query = sends_body if page["http"] in {"GET", "DELETE"} else bool(in_query)
        in_header = [name for name, where in place.items() if where == "header"]
        operation = class_name(method)
        signature: dict[bool, list[str]] = {True: [], False: []}
        arguments: list[str] = []
        for row, name in named_params(params):
            shown = [value for each in pages for value in examples(each, row)]
            hint = self.types.argument(row, operation + class_name(name), shown)
            as_it_is = host == "oapi" or f"{{{name}}}" in page["path"] or (with_query and name in in_query)
            wired = (name if as_it_is else camel_name(name)) != row["name"]
            # a list begins at its beginning, even where the table says that one has to say so
            of_pages = listed.default(row) if listed else None
            needed = (bool(row.get("required")) or row["in"] == "path") and of_pages is None
            default = of_pages or "None"
            if not needed and default == "None":
                hint += " | None"
            if wired:
                hint = f"Annotated[{hint}, wire({json.dumps(row['name'])})]"
            signature[needed].append(f"{name}: {hint}{'' if needed else f' = {default}'}")
            told = row | {"default": default} if of_pages not in {None, "None"} else row
            if note := described(told, shown):
                arguments.append(f"    {name}: {note}")
        arguments.sort(
            key=lambda line: next(
                place
                for place, text in enumerate([*signature[True], *signature[False]])
                if text.startswith(line.strip().partition(":")[0] + ":")
            )
        )
        kind, made = self._result(operation, listed, pages)
        endpoint = f"{page['http']} {page['path']}"
        if with_query:
            endpoint += "?" + "&".join(in_query)
        older = list(older_names(page, params))
        names = [api_name(page), *(text.split('"')[1] for text in older)]
        self.names += names
        self.only_in_sdk.update(names if facts.from_sdk(pages) else ())
        decorator = [json.dumps(api_name(page)), json.dumps(endpoint), *older]
        if facts.needs_no_token(pages):
            decorator.append("authenticated=False")
        if page["http"] != "GET" and (kind.startswith("Query[") or READS.match(api_name(page).rpartition(".")[2])):
            decorator.append("idempotent=True")
        if in_header:
            decorator.append(f"headers={json.dumps(in_header)}".replace("[", "(").replace("]", ",)"))
        parts = ["self", *signature[True], *(["*", *signature[False]] if signature[False] else [])]
        inner = ",\n        ".join(parts)
        return "\n".join(
            [
                f"    @api({', '.join(decorator)})",
                f"    def {method}(\n        {inner},\n    ) -> {kind}:",
                *self._docstring(operation, pages, arguments),
                f"        return {made}",
                "",
            ]
        )

    def _listed(self, pages: list[Page]) -> Listed | None:
        try:
            return listed_of(pages)
        except NotAList as reason:
            self.single[api_name(pages[0])] = str(reason)
            return None

    def _result(self, operation: str, listed: Listed | None, pages: list[Page]) -> tuple[str, str]:
        """The type that a method returns, and what it returns."""
        page = pages[0]
        returns, host = data(pages), page["host"]
        if listed:
            shown = list(replies(pages, *listed.way, *listed.inside, listed.items["name"]))
            item = self.types.item(listed.items, operation + class_name(listed.items["name"]).removesuffix("s"), shown)
            at = ".".join(listed.way)
            place = "" if at == default_at(page) else f', "{at}"'
            return f"Query[{item}]", f'Listing({item}, {listed.paging}{place}, items="{listed.path}")'
        if host == "oapi":
            kind, way = self._older_result(operation, pages)
        elif not returns:
            kind, way = "None", []
        elif returns[0]["name"] == "":
            # the table documents the value; the sample shows under which name it is
            way = [name for reply in replies(pages) if is_object(reply) for name in reply]
            kind = self.types.reply(returns[0], f"{operation}Reply", list(replies(pages, *way)))
        else:
            kind, way = self.types.record(returns, f"{operation}Reply", list(replies(pages))), []
        return f"Call[{kind}]", f"Call({', '.join([kind, *map(json.dumps, way)])})"

    def _older_result(self, operation: str, pages: list[Page]) -> tuple[str, list[str]]:
        """On the older host: the type of the result, and where it is if not in `result`."""
        rest = data(pages)
        if [row["name"] for row in rest] == ["result"]:
            kind = self.types.reply(rest[0], f"{operation}Result", list(replies(pages, "result")))
            if kind != "JsonValue":
                return kind, []
        return (self.types.record(rest, f"{operation}Reply", list(replies(pages))), [""]) if rest else ("None", [])

    def _docstring(self, operation: str, pages: list[Page], arguments: list[str]) -> Iterator[str]:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", operation)
        title = pages[0]["title"].translate(BRACKETS)
        lines = [f"{words[0]}{words[1:].lower()} ({title})."]
        if facts.from_sdk(pages):
            lines += ["", "Known from the official SDK only (仅见于官方 SDK)."]
        if arguments:
            lines += ["", "Args:", *arguments]
        if codes := sorted({str(error["code"]) for page in pages for error in page["errors"]}):
            lines += ["", "Codes: " + ", ".join(codes) + "."]
        for label, key in (("Scopes", "permissions"), ("Apps", "app_types")):
            if found := sorted({each for page in pages for each in page[key]}):
                lines += ["", f"{label}: " + ", ".join(found) + "."]
        lines += [f"\nSee also: {page['doc']}" for page in pages[1:]]
        lines += ["", "Evidence: sdk" if facts.from_sdk(pages) else f"Source: {pages[0]['doc']}"]
        text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        first, *rest = text.splitlines()
        yield f'        """{first}'
        yield from (f"        {part}" if part else "" for line in rest for part in _wrapped(line))
        yield '        """'


def _sorted(words: list[str]) -> list[str]:
    """Constants first, then classes, then functions, as ruff wants imports."""
    return sorted(words, key=lambda word: (not word.isupper(), word[0].islower(), word))


def _wrapped(line: str) -> list[str]:
    if len(line) <= WIDTH or line.startswith("Source:"):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


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


def products_module(products: dict[str, Product]) -> str:
    """The table of the products."""
    imports = [f"    from dingtalk_models.platform.{name} import {each.manager}" for name, each in products.items()]
    rows = [f'    {name}: {each.manager}\n    """{_title(each)}."""' for name, each in products.items()]
    older: dict[bool, set[str]] = {True: set(), False: set()}
    for pages in known().values():
        for old in olds(pages[0]):
            kept = carried(old, merged(pages))
            older[kept].add(f'    "{old["method"]}": "{product_of(pages[0]) if kept else api_name(pages[0])}",')
    return "\n".join(
        [
            '"""The products of the platform; generated by scripts/generate."""',
            "",
            "from __future__ import annotations",
            "",
            "from typing import TYPE_CHECKING",
            "",
            "from dingtalk_models.resource.manager import Module",
            "",
            "if TYPE_CHECKING:",
            *imports,
            "",
            "",
            "class Products(Module):",
            '    """The products, and the class of each."""',
            "",
            *rows,
            "",
            "",
            "PRODUCTS: dict[str, str] = dict(Products.__annotations__)",
            '"""The name of each product, and the name of its class."""',
            "",
            "OLDER_NAMES = {",
            *sorted(older[True]),
            "}",
            '"""The product of each older name of an API."""',
            "",
            "REPLACED = {",
            *sorted(older[False]),
            "}",
            '"""The API that took the place of an older name, and takes other parameters."""',
            "",
        ]
    )


def _title(product: Product) -> str:
    return product.category


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


def documented_json() -> str:
    """What is known of each endpoint beside its parameters: scopes, kinds of apps, error codes, or where it is from."""
    lines = [
        f"{json.dumps(f'{verb} {path}')}: {json.dumps(_notes(pages), ensure_ascii=False)}"
        for (verb, path), pages in sorted(known().items())
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def undocumented(known: Container[str]) -> str:
    """The names of APIs that have no documentation: a line each, with what is known of them.

    Args:
        known: the names that `run()` knows.
    """
    shown = {page["path"] for page in facts.endpoints() if not page["archived"]}
    lines = {old["method"]: "" for old in facts.methods() if old["maps_to"] not in shown}
    archived = [page for pages in facts.archived().values() for page in pages]
    for kind, pages in (("sdk", facts.only_in_sdk()), ("archived", archived)):
        for page in pages:
            for name in filter(None, (page.get("sdk_operation"), page.get("legacy_method"))):
                lines[name] = f"\t{kind}\t{page['http']} {page['path']}\t{page['title'] or ''}"
    left = (name for name in sorted(lines) if name not in known and not retired(name))
    return "".join(f"{name}{lines[name]}\n" for name in left)


def _notes(pages: list[Page]) -> dict[str, Any]:
    if facts.from_sdk(pages):
        return {"evidence": "sdk"}
    return {
        "scopes": sorted({scope for page in pages for scope in page["permissions"]}),
        "app_types": sorted({kind for page in pages for kind in page["app_types"]}),
        "codes": {str(error["code"]): error["message"] for page in pages for error in page["errors"]},
    }
