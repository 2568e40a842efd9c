"""Names that stay: what was published of a product is kept, and what the facts say beyond that is added.

`names/<product>.json` is only ever extended. It is read before anything is inferred: a class keeps its name, its fields
and their types, a method its name, its parameters with their order, and its result. Where the facts say something else,
the published stays, and the report has a line. What they say is adopted by hand: `scripts/generate --adopt NAME`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from generators.platform.interface import Argument, Class, Field, Interface, Method

HOME = Path(__file__).parent / "names"


def path_of(product: str) -> Path:
    """The file with the names of a product."""
    return HOME / f"{product}.json"


def published(product: str, adopted: Collection[str] = ()) -> Interface:
    """What is published of a product.

    Args:
        product: its name.
        adopted: what is to be as the facts say: the product, `product.Class`, `product.Class.field`, or an API.
    """
    path = path_of(product)
    if not path.exists() or product in adopted:
        return Interface()
    found = _read(json.loads(path.read_text(encoding="utf-8")))
    for name in [*found.classes]:
        kept = {
            wire: each for wire, each in found.classes[name].fields.items() if f"{product}.{name}.{wire}" not in adopted
        }
        found.classes[name] = replace(found.classes[name], fields=kept)
        if f"{product}.{name}" in adopted:
            del found.classes[name]
    found.methods = {api: each for api, each in found.methods.items() if api not in adopted}
    return found


def _read(data: dict[str, Any]) -> Interface:
    return Interface(
        {
            name: Class(
                "in" in each["ways"],
                "out" in each["ways"],
                {wire: Field(own, wire, hint, default) for wire, (own, hint, default) in each["fields"].items()},
                tuple(each["places"]),
            )
            for name, each in data["classes"].items()
        },
        {
            api: Method(
                each["name"],
                each["endpoint"],
                {
                    wire: Argument(own, wire, hint, default, how == "positional")
                    for wire, (own, hint, default, how) in each["parameters"].items()
                },
                each["returns"],
                each["made"],
                tuple(each["also"]),
                tuple(each["options"]),
                each["evidence"],
            )
            for api, each in data["operations"].items()
        },
    )


def written(interface: Interface) -> str:
    """The names of a product, a class or an operation on a line."""
    classes = {
        name: {
            "ways": [*(["in"] if each.sent else []), *(["out"] if each.received else [])],
            "fields": {wire: [field.name, field.hint, field.default] for wire, field in each.fields.items()},
            "places": sorted(each.places),
        }
        for name, each in sorted(interface.classes.items())
    }
    methods = {
        api: {
            "name": each.name,
            "endpoint": each.endpoint,
            "parameters": {
                wire: [given.name, given.hint, given.default, "positional" if given.by_position else "keyword"]
                for wire, given in each.arguments.items()
            },
            "returns": each.returns,
            "made": each.made,
            "also": each.also,
            "options": each.options,
            "evidence": each.evidence,
        }
        for api, each in sorted(interface.methods.items())
    }
    return f'{{\n"classes": {_block(classes)},\n"operations": {_block(methods)}\n}}\n'


def _block(rows: dict[str, Any]) -> str:
    lines = [f"{json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in rows.items()]
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"


class Merging:
    """What is published of a product, with what the facts add.

    Args:
        product: its name.
        before: what is published.
        now: what the facts say.

    Attributes:
        interface: both.
        report: where the facts say something else than what is published, a line each.
    """

    def __init__(self, product: str, before: Interface, now: Interface) -> None:
        self._product = product
        self.report: list[str] = []
        renamed = _renamed(before, now)
        self.interface = Interface(
            {
                name: self._class(name, before.classes.get(name), now.classes.get(name))
                for name in sorted(before.classes.keys() | now.classes.keys())
            },
            {
                renamed.get(api, api): self._method(each, now.methods.get(renamed.get(api, api)))
                for api, each in before.methods.items()
            }
            | {api: each for api, each in now.methods.items() if api not in {*before.methods, *renamed.values()}},
        )
        self._drop_unused(before)

    def _say(self, what: str, text: str) -> None:
        self.report.append(f"{self._product}.{what}: {text}")

    def _class(self, name: str, before: Class | None, now: Class | None) -> Class:
        if before is None or now is None:
            if now is None:
                self._say(name, "the facts do not have it any more; it stays")
            found = before or now
            assert found is not None
            return found
        for wire, each in before.fields.items():
            then = now.fields.get(wire)
            if then is None:
                self._say(f"{name}.{wire}", "the facts do not have this field any more; it stays")
            elif (then.hint, then.default) != (each.hint, each.default):
                self._say(f"{name}.{wire}", f"published as {_told(each)}, the facts say {_told(then)}")
        taken = {each.name for each in before.fields.values()}
        added = {
            wire: replace(each, name=_free(each.name, taken))
            for wire, each in now.fields.items()
            if wire not in before.fields
        }
        return Class(
            before.sent or now.sent,
            before.received or now.received,
            # what is sent may be made by hand already: a new field is not required there
            before.fields | {wire: _optional(each) if before.sent else each for wire, each in added.items()},
            (*before.places, *(place for place in now.places if place not in before.places)),
        )

    def _method(self, before: Method, now: Method | None) -> Method:
        if now is None:
            self._say(before.name, "the facts do not have it any more; it stays")
            return before
        if now.name not in {before.name, *before.also}:
            self._say(before.name, f"also called {now.name} now")
        arguments = dict(before.arguments)
        for wire, each in before.arguments.items():
            then = now.arguments.get(wire)
            if then is None:
                self._say(f"{before.name}({each.name})", "the facts do not have this parameter any more; it stays")
            elif (then.hint, then.default) != (each.hint, each.default):
                self._say(f"{before.name}({each.name})", f"published as {_said(each)}, the facts say {_said(then)}")
        taken = {each.name for each in arguments.values()}
        for wire, each in now.arguments.items():
            if wire not in arguments:
                in_path = f"{{{wire}}}" in now.endpoint
                if each.required:
                    self._say(
                        f"{before.name}({each.name})",
                        "required since: it is a keyword, and the platform refuses without it",
                    )
                arguments[wire] = replace(
                    each,
                    name=_free(each.name, taken),
                    default=None if in_path else each.default or "None",
                    by_position=False,
                )
        if now.returns != before.returns:
            self._say(before.name, f"published as {before.returns}, the facts say {now.returns}")
        made = now.made if now.returns == before.returns else before.made
        also = tuple(name for name in dict.fromkeys([*before.also, now.name, *now.also]) if name != before.name)
        return replace(
            before,
            endpoint=now.endpoint,
            arguments=arguments,
            made=made,
            also=also,
            options=now.options,
            evidence=now.evidence,
        )

    def _drop_unused(self, before: Interface) -> None:
        """Take out new classes that nothing uses, since what would have used them is published with another type."""
        used = {*before.classes}
        todo = [text for each in self.interface.methods.values() for text in _texts(each)]
        todo += [field.hint for name in before.classes for field in self.interface.classes[name].fields.values()]
        while todo:
            for name in _names_in(todo.pop()):
                if name in self.interface.classes and name not in used:
                    used.add(name)
                    todo += [field.hint for field in self.interface.classes[name].fields.values()]
        self.interface.classes = {name: each for name, each in self.interface.classes.items() if name in used}


def _renamed(before: Interface, now: Interface) -> dict[str, str]:
    """Today's names of the APIs that the facts have under another name: those at the same verb and path."""
    new = {_place(each): api for api, each in now.methods.items() if api not in before.methods}
    gone = {api: each for api, each in before.methods.items() if api not in now.methods}
    return {api: new[_place(each)] for api, each in gone.items() if _place(each) in new}


def _place(method: Method) -> str:
    return method.endpoint.partition("?")[0]


def _texts(method: Method) -> Iterator[str]:
    yield method.returns
    yield from (each.hint for each in method.arguments.values())


def _names_in(hint: str) -> Iterator[str]:
    yield from re.findall(r"\w+", hint)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _optional(field: Field) -> Field:
    if field.default is not None:
        return field
    return replace(field, default="None", hint=field.hint if field.hint.endswith("| None") else f"{field.hint} | None")


def _told(field: Field) -> str:
    return field.hint if field.default is None else f"{field.hint} = {field.default}"


def _said(argument: Argument) -> str:
    return argument.hint if argument.default is None else f"{argument.hint} = {argument.default}"
