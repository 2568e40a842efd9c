"""What is sent and received: each object of a table is a shape, each of its fields a use, with its samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from dingtalk_models.core.json_values import is_object
from generators.platform.rows import SCALARS, Row, is_map, items_of, values_at, values_of
from generators.platform.words import noun_of

if TYPE_CHECKING:
    from generators.platform.joining import Thing
    from generators.platform.operations import Api


@dataclass(frozen=True)
class Plain:
    """A text, a number, a yes or no, a file, as the table calls it."""

    type: str


@dataclass(frozen=True)
class Json:
    """Anything."""


@dataclass(frozen=True)
class Many:
    """A list."""

    of: Kind


@dataclass(frozen=True)
class Keyed:
    """An object with free keys."""

    of: Kind


@dataclass(eq=False)
class Shape:
    """One place where an object is sent or received.

    Attributes:
        api: the operation.
        sent: whether it is sent.
        way: where it is in the arguments or in the reply.
        uses: its fields.
        samples: the objects that pages show there.
        of_arguments: whether it is all arguments together, which need no class.
        thing: what it is.
    """

    api: Api
    sent: bool
    way: tuple[str, ...]
    uses: dict[str, Use]
    samples: list[dict[str, Any]]
    of_arguments: bool = False
    thing: Thing = field(init=False)

    @property
    def key(self) -> str:
        """The name of the field that holds it."""
        return next((name for name in reversed(self.way) if name), "")

    @property
    def place(self) -> str:
        """Where it is, in words: `calendar_1_0.GetEvent out attendees`."""
        return f"{self.api.name} {'in' if self.sent else 'out'} {'.'.join(self.way) or '-'}"

    @property
    def is_result(self) -> bool:
        """Whether it is what an operation returns, or one of what it returns."""
        return not self.sent and self.api.kind is not None and object_in(self.api.kind) is self

    @property
    def noun(self) -> tuple[str, ...]:
        """What it is called: what the operation is about if it is its result, else its key."""
        if self.is_result and self.api.meaning.noun:
            return self.api.meaning.noun
        return tuple(noun_of(self.key))


@dataclass(eq=False)
class Use:
    """One use of a field.

    Attributes:
        row: its row.
        kind: its type.
        sent: whether it is sent.
        samples: the values that pages show for it.
        of_arguments: whether it is an argument of an operation, and no field of an object.
    """

    row: Row
    kind: Kind
    sent: bool
    samples: list[Any]
    of_arguments: bool = False

    @property
    def name(self) -> str:
        """Its name on the wire."""
        return str(self.row["name"])

    @property
    def required(self) -> bool:
        """Whether the table says that it has to be there."""
        return bool(self.row.get("required"))


Kind: TypeAlias = Plain | Json | Many | Keyed | Shape


def inner(kind: Kind) -> Kind:
    """What is in a list or map, at any depth."""
    while isinstance(kind, Many | Keyed):
        kind = kind.of
    return kind


def object_in(kind: Kind | None) -> Shape | None:
    """The object in a type, if there is one."""
    found = inner(kind) if kind is not None else None
    return found if isinstance(found, Shape) else None


PLAIN = SCALARS | {"file"}
"""The documented types of what has no parts."""


class Reader:
    """Turns the rows of an operation's tables into types and shapes."""

    def __init__(self, api: Api, *, sent: bool) -> None:
        self._api = api
        self._sent = sent

    def kind(self, row: Row, way: tuple[str, ...], samples: list[Any]) -> Kind:
        """The type of a field, and the shapes in it."""
        children = row.get("children", [])
        if row["type"] == "array":
            return Many(self._item(row, way, samples))
        if row["type"] == "object" and children:
            if is_map(row, samples):
                return Keyed(self.shape(children, way, values_of(samples)))
            return self.shape(children, way, samples)
        if row["type"] == "object":
            values = row.get("values", "any")
            return Keyed(_bare(values) if values in PLAIN else Json())
        return _bare(row["type"])

    def _item(self, row: Row, way: tuple[str, ...], samples: list[Any]) -> Kind:
        if row.get("children"):
            item = self.shape(row["children"], way, items_of(samples))
            return Many(item) if row.get("items") == "array" else item
        return Many(Json()) if row.get("items") == "array" else _bare(row.get("items") or "any")

    def shape(self, rows: Iterable[Row], way: tuple[str, ...], samples: list[Any]) -> Kind:
        """An object with these fields; without a field that has a name, one with free keys."""
        uses: dict[str, Use] = {}
        for row in rows:
            if row["name"] and row["name"] not in uses:
                shown = list(values_at(samples, row["name"]))
                kind = self.kind(row, (*way, row["name"]), shown)
                uses[row["name"]] = Use(row, kind, self._sent, shown)
        objects = [each for each in items_of(samples) if is_object(each)]
        return Shape(self._api, self._sent, way, uses, objects) if uses else Keyed(Json())


def _bare(name: str) -> Kind:
    if name in PLAIN:
        return Plain(name)
    return Keyed(Json()) if name in {"object", "map"} else Json()


def shapes_in(kinds: Iterable[Kind]) -> Iterator[Shape]:
    """Every shape in these types, at any depth, once."""
    todo, seen = [*kinds], set[int]()
    while todo:
        shape = object_in(todo.pop(0))
        if shape is not None and id(shape) not in seen:
            seen.add(id(shape))
            yield shape
            todo += [use.kind for use in shape.uses.values()]
