"""From the operations of a product to its interface: which objects are one thing, and what it is called."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from generators import facts
from generators.platform.annotations import Annotations
from generators.platform.class_names import name_things
from generators.platform.corrections import CORRECTIONS
from generators.platform.endpoints import default_at, merged, older_names
from generators.platform.interface import Argument, Class, Field, Interface, Method
from generators.platform.joining import Thing, join, living, unify
from generators.platform.meaning import described, label, of_reply
from generators.platform.naming import python_name
from generators.platform.operations import Api, arguments_of
from generators.platform.shapes import Keyed, Many, Shape, object_in, shapes_in

LONGEST_TITLE = 24
"""How long a label may be to be the title of a class."""


class Inference:
    """What the facts say of a product.

    Args:
        product: its name.
        apis: its operations, by the name of their method.
        known: what is published of it.
        reserved: the names that its module has for something else.

    Attributes:
        interface: its interface.
        titles: by class, what the platform calls it.
        meanings: by class and wire name, what the platform says of a field.
    """

    def __init__(self, product: str, apis: dict[str, Api], known: Interface, reserved: Collection[str]) -> None:
        self._annotations = Annotations(product)
        self._product = product
        self._apis = apis
        things = self._things(known)
        self._join_identical(things, known.places())
        things = living(things)
        name_things(things, product, reserved, known.places(), CORRECTIONS.classes.get(product, {}))
        classes = {each.name: each for each in things if each.objects}
        self.interface = Interface(
            {name: self._class(each) for name, each in sorted(classes.items())},
            {api.name: self._method(method, api) for method, api in apis.items()},
        )
        self.titles = _titles(apis.values(), things)
        self.meanings = {(name, wire): _meaning(each, wire) for name, each in classes.items() for wire in each.uses}

    def _things(self, known: Interface) -> list[Thing]:
        shapes: list[Shape] = []
        for api in self._apis.values():
            kinds = [each.kind for each in api.parameters]
            shapes += shapes_in([*kinds, *([api.kind] if api.kind is not None else [])])
            if (whole := arguments_of(api)) is not None:
                shapes.append(whole)
        return join(shapes, self._product, known.places())

    def _join_identical(self, things: list[Thing], published: dict[str, str]) -> None:
        """Join what would be the same class twice, whatever it is called."""
        while True:
            groups: dict[tuple[tuple[str, str], ...], list[Thing]] = defaultdict(list)
            with_class = [each for each in living(things) if each.objects]
            for number, each in enumerate(with_class):
                each.name = f"Thing{number}"
            for each in with_class:
                fields = sorted((wire, self._annotations.field(each, wire).text) for wire in each.uses)
                groups[tuple(fields)].append(each)
            pairs = [
                (group[0], other)
                for group in groups.values()
                for other in group[1:]
                if len({published.get(shape.place) for one in (group[0], other) for shape in one.shapes} - {None}) <= 1
            ]
            if not pairs:
                break
            unify(*pairs[0])
        for each in living(things):
            each.name = ""

    def _class(self, thing: Thing) -> Class:
        fields: dict[str, Field] = {}
        taken: set[str] = set()
        for wire in thing.uses:
            name = python_name(wire, taken)
            taken.add(name)
            hint = self._annotations.field(thing, wire)
            fields[wire] = Field(name, wire, hint.text, hint.default)
        return Class(thing.sent, thing.received, fields, tuple(sorted({shape.place for shape in thing.objects})))

    def _method(self, name: str, api: Api) -> Method:
        arguments = {
            each.wire: Argument(each.name, each.wire, self._annotations.argument(each), each.default, each.by_position)
            for each in api.parameters
        }
        returns, made = self._result(api)
        also = () if name == (platform := python_name(api.method)) else (platform,)
        return Method(name, api.endpoint, arguments, returns, made, also, options(api), api.evidence)

    def _result(self, api: Api) -> tuple[str, str]:
        """The type that a method returns, and what it returns."""
        if api.kind is None:
            return "Call[None]", "Call(None)"
        kind = self._annotations.result(api.kind)
        if api.listed is not None:
            item = kind.removeprefix("list[").removesuffix("]")
            at = ".".join(api.listed.way)
            place = "" if at == default_at(api.pages[0]) else f', "{at}"'
            made = f'Listing({item}, {api.listed.paging}{place}, items="{api.listed.path}")'
            return f"Query[{item}]", made
        by_default = ["result"] if api.host == "oapi" else []
        at = "" if api.way == by_default else f", {json.dumps('.'.join(api.way))}"
        made = f"Call({kind}{at})"
        if api.way and isinstance(api.kind, Many | Keyed):
            return f"Call[{kind}]", f"{made}.or_empty()"
        if api.way and not api.reads and not api.shows_its_result:
            return f"Call[{kind} | None]", f"{made}.or_none()"
        return f"Call[{kind}]", made


def _titles(apis: Iterable[Api], things: Iterable[Thing]) -> dict[str, str]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    rows = [(each.row, each.kind) for api in apis for each in api.parameters]
    rows += [(use.row, use.kind) for each in things for uses in each.uses.values() for use in uses]
    for row, kind in rows:
        shape, title = object_in(kind), label(row)
        if shape is not None and title and len(title) <= LONGEST_TITLE:
            found[shape.thing.name][title] += 1
    return {name: min(titles, key=lambda each: (-titles[each], each)) for name, titles in found.items()}


def _meaning(thing: Thing, wire: str) -> str:
    """What the platform says of a field: of one that is sent, with its limits."""
    uses = thing.uses[wire]
    sent = [use for use in uses if use.sent and thing.sent]
    texts = [described(use.row, use.samples) for use in sent] or [of_reply(use.row) for use in uses]
    return max(texts, key=len, default="")


def options(api: Api) -> tuple[str, ...]:
    """What else its decorator says: older names, whether it needs a token, whether it only reads, what is a header."""
    found = [*older_names(api.pages[0], merged(api.pages))]
    if facts.needs_no_token(api.pages):
        found.append("authenticated=False")
    if api.pages[0]["http"] != "GET" and api.reads:
        found.append("idempotent=True")
    if headers := [each.wire for each in api.parameters if each.row.get("in") == "header"]:
        found.append(f"headers=({', '.join(map(json.dumps, headers))},)")
    return tuple(found)
