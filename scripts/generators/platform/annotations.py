"""Annotations as source text: the type of a field, of a parameter, of a result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from generators.platform import moments
from generators.platform.comma_lists import is_comma_list
from generators.platform.enumerations import closed_values
from generators.platform.joining import Thing
from generators.platform.naming import python_name
from generators.platform.operations import Parameter
from generators.platform.promises import Promise, promise
from generators.platform.rows import Row, is_secret
from generators.platform.shapes import Json, Keyed, Kind, Many, Plain, Shape, Use

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "file": "Upload"}
JSON = "JsonValue"
EMPTY_LIST, EMPTY_DICT, PROMISED = "empty_list()", "empty_dict()", "promised()"


class Hint(NamedTuple):
    """The annotation of a field, and its default as source text."""

    text: str
    default: str | None = None


class Annotations:
    """The annotations of one product.

    Args:
        product: its name.
    """

    def __init__(self, product: str) -> None:
        self._product = product

    def field(self, thing: Thing, name: str) -> Hint:
        """The annotation of a field of a thing."""
        uses = thing.uses[name]
        text = self._of_uses([use.kind for use in uses], uses, thing)
        required = is_required(thing, name)
        if text.startswith(("list[", "Annotated[list[", "Annotated[CommaStrs")) or text == "CommaStrs":
            return Hint(text) if required and not thing.received else Hint(text, EMPTY_LIST)
        if text.startswith("dict["):
            return Hint(text) if required and not thing.received else Hint(text, EMPTY_DICT)
        if not thing.received:
            return Hint(text) if required else Hint(f"{text} | None", "None")
        match promise(thing, name):
            case Promise.THERE:
                return Hint(text, PROMISED if thing.sent and not required else None)
            case Promise.EMPTY if text == "str":
                return Hint(text, '""')
            case _:
                return Hint(f"{text} | None", "None" if thing.sent else None)

    def argument(self, parameter: Parameter) -> str:
        """The annotation of a parameter, with its limits."""
        return self._given(parameter.kind, parameter.row, parameter.samples, outermost=True)

    def result(self, kind: Kind) -> str:
        """The type of a result, or of a part of one."""
        match kind:
            case Shape():
                return kind.thing.name
            case Many():
                return f"list[{self.result(kind.of)}]"
            case Keyed():
                return f"dict[str, {self.result(kind.of)}]"
            case Plain():
                return SCALARS[kind.type]
            case Json():
                return JSON

    # Fields

    def _of_uses(self, kinds: list[Kind], uses: list[Use], thing: Thing) -> str:
        known = [kind for kind in kinds if not isinstance(kind, Json)]
        kind = next((each for each in known if isinstance(each, Shape)), known[0] if known else Json())
        match kind:
            case Shape():
                return kind.thing.name
            case Many():
                items = self._of_uses([each.of for each in known if isinstance(each, Many)], [], thing)
                limits = [use.row.get("constraints", {}) for use in self._sent(thing, uses)]
                return self._many(items, kind.of, limits, uses, thing)
            case Keyed():
                return f"dict[str, {self._of_uses([each.of for each in known if isinstance(each, Keyed)], [], thing)}]"
            case Json():
                return JSON
            case Plain():
                return self._scalar_field([each.type for each in known if isinstance(each, Plain)], uses, thing)

    def _many(self, items: str, kind: Kind, limits: list[dict[str, Any]], uses: list[Use], thing: Thing) -> str:
        if isinstance(kind, Plain) and thing.sent and (values := self._values(self._sent(thing, uses), items)):
            listed = ", ".join(values)
            items = f"Annotated[{items}, OneOf({listed})]" if thing.received else f"Literal[{listed}]"
        return _with_limits(f"list[{items}]", _loosest(limits, (("max_items", "max_length", max),)))

    def _scalar_field(self, types: list[str], uses: list[Use], thing: Thing) -> str:
        plain = _one_type({*types}, {use.kind.type for use in uses if use.sent and isinstance(use.kind, Plain)})
        if not uses:
            return plain
        if any(is_secret(use.row) for use in uses) and plain == "str":
            # one that is sent inside an object is hidden by its name: see `Arguments.encode`
            return plain if thing.sent else "Secret"
        sent = self._sent(thing, uses)
        if sent and plain == "str" and all(is_comma_list(self._product, use.row, use.samples) for use in sent):
            return _with_limits(
                "CommaStrs",
                _loosest([use.row.get("constraints", {}) for use in sent], (("max_items", "max_length", max),)),
            )
        if form := _form(uses):
            return form
        if values := self._values(sent, plain):
            listed = ", ".join(values)
            return f"Annotated[{plain}, OneOf({listed})]" if thing.received else f"Literal[{listed}]"
        return _limited(plain, [use.row.get("constraints", {}) for use in sent])

    def _values(self, sent: list[Use], plain: str) -> list[str]:
        """The only values of a field that is sent, if every use of it lists them."""
        lists = [closed_values(self._product, use.row) for use in sent]
        known = [*dict.fromkeys(value for values in lists for value in values)]
        shown = {str(value) for use in sent for value in _shown(use)}
        is_whole = plain in {"str", "int"} and known and shown <= {str(value) for value in known}
        return [literal(value) for value in known] if is_whole else []

    @staticmethod
    def _sent(thing: Thing, uses: list[Use]) -> list[Use]:
        """The uses of a field in objects that are sent; arguments of an operation say their limits themselves."""
        return [use for use in uses if thing.sent and use.sent and not use.of_arguments]

    # Arguments

    def _given(self, kind: Kind, row: Row, samples: list[Any], *, outermost: bool) -> str:
        match kind:
            case Shape():
                needs = ", ".join(json.dumps(name) for name in sorted(_needs(kind, "", ())))
                given = f"OrDict[{kind.thing.name}]"
                return f"Annotated[{given}, Needs({needs})]" if needs else given
            case Many():
                items = self._items(kind.of, row, samples)
                limit = row.get("constraints", {}).get("max_items") if outermost else None
                return _with_limits(items, [f"max_length={limit}"] if limit else [])
            case Keyed(of=Shape()):
                return f"Mapping[str, {self._given(kind.of, row, [], outermost=False)}]"
            case Keyed():
                return f"dict[str, {self._given(kind.of, row, [], outermost=False)}]"
            case Json():
                return JSON
            case Plain():
                return self._scalar_argument(row if outermost else {**row, "constraints": {}}, kind, samples)

    def _items(self, item: Kind, row: Row, samples: list[Any]) -> str:
        if values := closed_values(self._product, row) if isinstance(item, Plain) else []:
            return f"list[Literal[{', '.join(map(literal, values))}]]"
        inside = self._given(item, row, samples, outermost=False)
        return f"Sequence[{inside}]" if isinstance(item, Shape) else f"list[{inside}]"

    def _scalar_argument(self, row: Row, kind: Plain, samples: list[Any]) -> str:
        plain, limits = SCALARS[kind.type], row.get("constraints", {})
        if row["type"] != kind.type or plain in {"bool", "Upload"}:
            return plain
        if form := moments.read(row, samples, sent=True).form:
            return form
        if values := closed_values(self._product, row):
            return f"Literal[{', '.join(map(literal, values))}]"
        if is_secret(row):
            lengths = _lengths(limits)
            return f"Annotated[str | SecretStr, Hidden({', '.join(lengths)})]" if lengths else "Hiding"
        if plain == "str" and is_comma_list(self._product, row, samples):
            most = limits.get("max_items")
            return _with_limits("CommaStrs", [f"max_length={most}"] if most else [])
        return _limited(plain, [limits])


def is_required(thing: Thing, name: str) -> bool:
    """Whether every operation that sends an object requires a field of it."""
    sent = [shape for shape in thing.objects if shape.sent]
    return bool(sent) and all(name in shape.uses and shape.uses[name].required for shape in sent)


def _needs(shape: Shape, before: str, above: tuple[Thing, ...]) -> Iterator[str]:
    """What this use of an object requires, beyond what every use does."""
    thing = shape.thing
    for name, use in shape.uses.items():
        attribute = before + python_name(name)
        many = isinstance(use.kind, Many | Keyed)
        by_class = is_required(thing, name) and (
            not thing.received or (not many and promise(thing, name) is Promise.THERE)
        )
        if use.required and not by_class:
            yield attribute
        kind = use.kind.of if isinstance(use.kind, Many) else use.kind
        if isinstance(kind, Shape) and kind.thing not in (*above, thing):
            yield from _needs(kind, f"{attribute}.", (*above, thing))


def _one_type(types: set[str], sent: set[str]) -> str:
    """The Python type of a scalar that tables call by several: what is sent decides."""
    if types == {"integer", "number"}:
        return "float"
    if len(types) == 1:
        return SCALARS[next(iter(types))]
    wanted = sent & types or {"string"}
    return "str" if "string" in wanted else "float" if "number" in wanted else "int"


def _form(uses: list[Use]) -> str | None:
    """The wire type of a time, a span or money, if no use of the field contradicts it."""
    readings = [(moments.read(use.row, use.samples, sent=use.sent).form, use) for use in uses]
    forms = {form for form, _ in readings if form}
    silent = all(form or (not _shown(use) and use.row["type"] == uses[0].row["type"]) for form, use in readings)
    # digits as text may be anything where no sample shows them
    unsure = uses[0].row["type"] == "string" and forms & moments.NUMBERS and not all(form for form, _ in readings)
    return forms.pop() if len(forms) == 1 and silent and not unsure else None


def _shown(use: Use) -> list[Any]:
    return [value for value in (*use.samples, use.row.get("example")) if value not in (None, "")]


def _limited(plain: str, limits: list[dict[str, Any]]) -> str:
    """A text or number with the loosest of the limits that its uses say."""
    if not limits:
        return plain
    if plain != "str":
        between = _loosest(limits, (("min", "ge", min), ("max", "le", max))) if plain in {"int", "float"} else []
        return _with_limits(plain, between)
    if any(limit.get("length_unit") == "byte" for limit in limits):
        return f"Annotated[str, at_most_bytes({max(limit.get('max_length', 0) for limit in limits)})]"
    return _with_limits(plain, _loosest(limits, (("min_length", "min_length", min), ("max_length", "max_length", max))))


def _lengths(limits: dict[str, Any]) -> list[str]:
    return _loosest([limits], (("min_length", "min_length", min), ("max_length", "max_length", max)))


def _loosest(limits: list[dict[str, Any]], of: Iterable[tuple[str, str, Any]]) -> list[str]:
    return [
        f"{said}={choose(limit[key] for limit in limits if key in limit)}"
        for key, said, choose in of
        if any(key in limit for limit in limits)
    ]


def _with_limits(hint: str, limits: list[str]) -> str:
    return f"Annotated[{hint}, Field({', '.join(limits)})]" if limits else hint


def literal(value: Any) -> str:
    """A value as source text."""
    return repr(value) if isinstance(value, bool | int) else json.dumps(value, ensure_ascii=False)
