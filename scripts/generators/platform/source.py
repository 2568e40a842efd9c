"""The products: for each, the module of `dingtalk_models.platform` and the names that it publishes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Container, Iterator
from pathlib import Path
from typing import Any

from dingtalk_models.first_generation.retired import retired
from dingtalk_models.resource.registry import OperationInfo
from generators import facts
from generators.facts import Page
from generators.platform import entities
from generators.platform.corrections import CORRECTIONS
from generators.platform.endpoints import carried, known, merged, olds
from generators.platform.entities import Row
from generators.platform.entity_writing import Source
from generators.platform.inference import Inference
from generators.platform.interface import Interface, Method
from generators.platform.naming import api_name, manager_of, method_of, product_of, python_name
from generators.platform.operations import Api, read
from generators.platform.published import Merging, published
from generators.platform.writing import (
    BRACKETS,
    IMPORTS,
    OF_ENTITIES,
    Methods,
    class_source,
    docstring,
    method_source,
    module,
    told,
)
from generators.uses import by_hand


def products(adopted: Collection[str] = (), table: Path = entities.TABLE) -> dict[str, Product]:
    """Each product, by the name of its module.

    Args:
        adopted: what is to be as the facts say, whatever is published; see `published`.
        table: the file with the entities.

    Raises:
        BadTable: the table of entities does not hold.
    """
    written = {(info.http, info.path): info for info in by_hand()}
    found: dict[str, list[list[Page]]] = defaultdict(list)
    for pages in known().values():
        found[product_of(pages[0])].append(pages)
    rows = entities.of_products(entities.rows(table), found)
    made = {
        name: Product(name, endpoints, written, published(name, adopted)) for name, endpoints in sorted(found.items())
    }
    problems = [problem for name, each in made.items() for problem in each.take(rows[name])]
    if problems:
        raise entities.BadTable(*problems)
    return made


class Product:
    """The source text of one product.

    Args:
        name: of the module.
        endpoints: the pages of each endpoint.
        by_hand: the operations that are written by hand, by verb and path.
        before: what is published of it.

    Attributes:
        names: the names by which `run()` finds its operations, those that are documented first.
        only_in_sdk: those that no page documents.
        methods: the source of each method, by its name.
        single: the APIs that page and are no lazy list, and why.
        interface: its classes and methods: what is published, and what is new.
        report: where the facts say something else than what is published.
        entities: the rows of its objects that have methods.
    """

    def __init__(
        self,
        name: str,
        endpoints: list[list[Page]],
        by_hand: dict[tuple[str, str], OperationInfo],
        before: Interface,
    ) -> None:
        self.name = name
        self.manager = manager_of(name)
        categories = [pages[0]["category"][0] for pages in endpoints if pages[0]["category"]]
        self.category = "、".join(dict.fromkeys(each for each in categories if each != facts.SDK)) or facts.SDK
        self._host: str = endpoints[0][0]["host"]
        self._imports: dict[str, str] = {}
        self.entities: list[Row] = []
        self.methods: dict[str, str] = {}
        self._apis: dict[str, Api] = {}
        taken: dict[str, OperationInfo | None] = {}
        for pages in sorted(endpoints, key=lambda pages: (facts.from_sdk(pages), method_of(pages[0]))):
            method = python_name(method_of(pages[0]), taken)
            taken[method] = info = by_hand.get((pages[0]["http"], pages[0]["path"]))
            good = CORRECTIONS.methods.get(f"{name}.{method}", method)
            if info is None:
                self._apis[good] = read(pages, name)
            else:
                self.methods[good] = self._alias(good, method, info)
        self.single = {each.name: each.single for each in self._apis.values() if each.single}
        before.methods = {
            api: each
            for api, each in before.methods.items()
            if tuple(each.endpoint.partition("?")[0].split()) not in by_hand
        }
        said = Inference(name, self._apis, before, {*IMPORTS, *self._imports, self.manager})
        merging = Merging(name, before, said.interface)
        self.interface, self.report = merging.interface, merging.report
        self._said = said
        self._by_api = {each.name: each for each in self._apis.values()}
        for api, each in self.interface.methods.items():
            self.methods[each.name] = method_source(api, each, _docstring(each, self._by_api.get(api)))
        self.names: list[str] = []
        self.only_in_sdk: set[str] = set()
        for api, each in self.interface.methods.items():
            older = (text.split('"')[1] for text in each.options if text.startswith(('"', "Old(")))
            names = [api, *older]
            self.names += names
            self.only_in_sdk.update(names if each.evidence == "sdk" else ())

    def take(self, rows: list[Row]) -> Iterator[str]:
        """Give objects the methods that a table says; what is wrong with it.

        Args:
            rows: those of this product.
        """
        taken = {*IMPORTS, *OF_ENTITIES, *self._imports, self.manager}
        yield from entities.problems(rows, self.interface, taken, self.methods)
        self.entities = rows

    @property
    def text(self) -> str:
        """The whole module."""
        title = self.category if self._host == "api" else f"{self.category}, on the older host"
        title = f"`app.platform.{self.name}`: {title}; generated by scripts/generate."
        apis = {each.name: (each, self._by_api.get(api)) for api, each in self.interface.methods.items()}
        made = [Source(row, apis, self.manager) for row in self.entities]
        objects = {name: (each.row, each.methods(name)) for each in made for name in each.row.classes}
        plain = [self._class(name) for name in sorted(self.interface.classes.keys() - objects.keys())]
        methods = [*(each.accessor for each in made), *(self.methods[name] for name in sorted(self.methods))]
        last = [
            *(each.manager for each in made),
            *(self._class(name, row.title, methods) for name, (row, methods) in sorted(objects.items())),
        ]
        imports = self._imports | (OF_ENTITIES if made else {})
        return module(title, plain, self.manager, methods, imports=imports, entities=last)

    def _class(self, name: str, title: str = "", methods: Methods | None = None) -> str:
        said = self._said
        title = said.titles.get(name, title)
        return class_source(name, self.interface.classes[name], self._host, title, said.meanings, methods=methods)

    def _alias(self, good: str, method: str, info: OperationInfo) -> str:
        self._imports[info.manager.__name__] = info.manager.__module__
        lines = [f"    {good} = alias({info.manager.__name__}.{info.method})\n"]
        return "\n".join([*lines, *([f"    {method} = {good}\n"] if method != good else [])])


def _docstring(method: Method, api: Api | None) -> Iterator[str]:
    words = " ".join(method.name.strip("_").split("_")).capitalize()
    if api is None:
        return docstring(f"{words}.", [], [])
    arguments = [f"    {name}: {text}" for name, text in told(method, api).items()]
    return docstring(f"{words} ({api.pages[0]['title'].translate(BRACKETS)}).", arguments, api.pages)


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
