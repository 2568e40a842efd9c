"""Types of parameters and of fields in replies, as source text, and the classes that they need."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from dingtalk_models.core.json_values import is_array, is_object
from dingtalk_models.core.wire import camel_name
from generators.platform.meaning import below, described, of_reply
from generators.platform.naming import class_name, python_name
from generators.platform.rows import Row, enforced, items_of

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
JSON = "JsonValue"


class Types:
    """The classes of one product.

    Args:
        host: whose rule of names holds.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.classes: list[str] = []
        self._names: set[str] = set()

    def unique(self, name: str) -> str:
        """A name that no other class has."""
        while name in self._names:
            name += "_"
        self._names.add(name)
        return name

    def argument(self, row: Row, where: str, examples: list[Any]) -> str:
        """The type of a parameter, with its limits.

        Args:
            row: the parameter.
            where: the name of the class, if it needs one.
            examples: the values that the page shows for it.
        """
        kind, children = row["type"], row.get("children", [])
        if kind == "array":
            return _limited(f"list[{self._item(row, where, examples)}]", _lengths(row, "max_items", "max_items"))
        if children and kind == "object":
            if is_map(row, examples):
                return f"dict[str, {self._fields(children, where, values_of(examples))}]"
            return self._fields(children, where, examples)
        if kind == "object":
            return f"dict[str, {SCALARS.get(row.get('values', ''), JSON)}]"
        return "Upload" if kind == "file" else _scalar(row, examples)

    def _item(self, row: Row, where: str, examples: list[Any]) -> str:
        inside = items_of(examples)
        if row.get("children"):
            item = self._fields(row["children"], where, inside)
            return f"list[{item}]" if row["items"] == "array" else item
        if row.get("items") == "array":
            return f"list[{JSON}]"
        if enforced(row, inside) and row.get("items") in {"string", "integer"}:
            return f"Literal[{', '.join(_literal(value) for value in row['constraints']['enum'])}]"
        return SCALARS.get(row.get("items", ""), JSON)

    def _fields(self, rows: list[Row], where: str, examples: list[Any]) -> str:
        """The class of an object in an argument."""
        name = self.unique(where)
        lines: list[str] = []
        for row, field in named(rows):
            inside = list(values_at(examples, row["name"]))
            # a secret inside is hidden by its name when it is sent: see `Arguments.encode`
            kind = {**row, "name": ""} if is_secret(row) else row
            hint = self.argument(kind, where + class_name(row["name"]), inside)
            expected = field if self.host == "oapi" else camel_name(field)
            if expected != row["name"]:
                hint = f"Annotated[{hint}, wire({json.dumps(row['name'])})]"
            lines.append(f"    {field}: {f'Required[{hint}]' if row.get('required') else hint}")
            lines += below(described(row, inside))
        self.classes.append("\n".join([f"class {name}(TypedDict, total=False):", *lines, ""]))
        return name

    def reply(self, row: Row, where: str, examples: list[Any]) -> str:
        """The type of a field in a reply."""
        kind, children = row["type"], row.get("children", [])
        if kind == "array":
            return f"list[{self.item(row, where, examples)}]"
        if children and kind == "object":
            if is_map(row, examples):
                return f"dict[str, {self.record(children, where, values_of(examples))}]"
            return self.record(children, where, examples)
        if kind == "object":
            return f"dict[str, {SCALARS.get(row.get('values', ''), JSON)}]"
        if is_secret(row):
            return "Secret"
        return moment_of(row, examples) or SCALARS.get(kind, JSON)

    def item(self, row: Row, where: str, examples: list[Any]) -> str:
        """The type of one item of an array in a reply."""
        inside = items_of(examples)
        if row.get("children"):
            made = self.record(row["children"], where, inside)
            return f"list[{made}]" if row.get("items") == "array" else made
        inner = row.get("items")
        return (
            f"list[{JSON}]"
            if inner == "array"
            else SCALARS.get(inner or "", f"dict[str, {JSON}]" if inner == "object" else JSON)
        )

    def record(self, rows: list[Row], where: str, examples: list[Any]) -> str:
        """The class of an object in a reply."""
        name = self.unique(where)
        lines: list[str] = []
        for row, field in named(rows):
            hint = self.reply(row, where + class_name(row["name"]), list(values_at(examples, row["name"])))
            many = hint.startswith("list[")
            if not many:
                hint += " | None"
            if (field if self.host == "oapi" else camel_name(field)) != row["name"]:
                hint = f"Annotated[{hint}, wire({json.dumps(row['name'])})]"
            lines.append(f"    {field}: {hint}{' = empty_list()' if many else ''}")
            lines += below(of_reply(row))
        base = "Record" if self.host == "oapi" else "Record, alias_generator=camel"
        self.classes.append("\n".join([f"class {name}({base}):", *(lines or ["    pass"]), ""]))
        return name


def _scalar(row: Row, examples: list[Any]) -> str:
    """The type of a text, a number, a yes or no, with its limits."""
    limits = row.get("constraints", {})
    if moment := moment_of(row, examples):
        return moment
    if enforced(row, examples):
        return f"Literal[{', '.join(_literal(value) for value in limits['enum'])}]"
    if row["type"] != "string":
        between = [f"{name}={limits[key]}" for name, key in (("ge", "min"), ("le", "max")) if key in limits]
        return _limited(SCALARS.get(row["type"], JSON), between)
    return _text(row, limits)


def _text(row: Row, limits: dict[str, Any]) -> str:
    """The type of a text, with its limits."""
    lengths = _lengths(row, "min_length", "max_length")
    if is_secret(row):
        return f"Annotated[str | SecretStr, Hidden({', '.join(lengths)})]" if lengths else "Hiding"
    if "max_items" in limits:
        return _limited("CommaStrs", _lengths(row, "max_items", "max_items"))
    if limits.get("length_unit") == "byte":
        return f"Annotated[str, at_most_bytes({limits['max_length']})]"
    return _limited("str", lengths)


def named(rows: list[Row]) -> Iterator[tuple[Row, str]]:
    """The rows with their Python names."""
    taken: set[str] = set()
    for row in rows:
        if row["name"]:
            name = python_name(row["name"], taken)
            taken.add(name)
            yield row, name


def as_shown(rows: list[Row], samples: list[Any]) -> list[Row]:
    """Fields of a reply, as arrays where the table says one scalar and every sample shows several."""
    return [_as_shown(row, list(values_at(samples, row["name"]))) for row in rows]


def _as_shown(row: Row, shown: list[Any]) -> Row:
    if row.get("children"):
        return {**row, "children": as_shown(row["children"], shown)}
    several = bool(shown) and all(is_array(value) and not any(map(_is_container, value)) for value in shown)
    return {**row, "type": "array", "items": row["type"]} if several and row["type"] in SCALARS else row


def _is_container(value: Any) -> bool:
    return isinstance(value, list | dict)


def is_map(row: Row, examples: list[Any]) -> bool:
    """Whether the fields of an object are those of its values, and its own keys are free."""
    if not row.get("values"):
        return False
    fields = {child["name"] for child in row["children"]}
    shown = [example for example in examples if is_object(example) and example]
    return not any(fields & example.keys() for example in shown) if shown else len(fields) == 1


def values_of(examples: list[Any]) -> list[Any]:
    """The values of the examples that are objects."""
    return [value for example in examples if is_object(example) for value in example.values()]


def values_at(examples: list[Any], name: str) -> Iterator[Any]:
    """What examples of an object, or of a list of objects, show for a field."""
    for example in examples:
        if is_array(example):
            yield from values_at(example, name)
        elif is_object(example) and name in example:
            yield example[name]


MOMENTS = {"integer": ("Millis", r"1\d{12}"), "string": ("BeijingTime", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")}
"""By documented type: the type of a time, and the form of its examples."""


def moment_of(row: Row, examples: list[Any]) -> str | None:
    """The type of a time, where the name and every example say that it is one."""
    hint, form = MOMENTS.get(row["type"], ("", ""))
    shown = [str(value) for value in (*examples, row.get("example")) if value not in (None, "")]
    is_time = bool(re.search(r"(?i)(time|date|gmt|timestamp|deadline|start|end)", row["name"]))
    return hint if is_time and hint and shown and all(re.fullmatch(form, value) for value in shown) else None


SECRET = re.compile(r"(?i)((access|refresh|system|sts|security)_?token|secret|password|jsapi_?ticket)")
"""The names of texts that are never shown in a log, a `repr` or a traceback."""


def is_secret(row: Row) -> bool:
    """Whether a text is secret."""
    return row["type"] == "string" and SECRET.search(row["name"]) is not None


def _literal(value: Any) -> str:
    return repr(value) if isinstance(value, bool | int) else json.dumps(value, ensure_ascii=False)


def _lengths(row: Row, least: str, most: str) -> list[str]:
    limits = row.get("constraints", {})
    named_limits = [("min_length", limits.get(least) if least != most else None), ("max_length", limits.get(most))]
    return [f"{name}={value}" for name, value in named_limits if value is not None]


def _limited(hint: str, limits: list[str]) -> str:
    return f"Annotated[{hint}, Field({', '.join(limits)})]" if limits else hint
