"""Objects with methods of their own: entities.json, a table that a person reads, held to the facts.

A row is an entity. It names the operations of its product, by the names of their methods:

- `product`, `manager`: where its manager is: `app.platform.calendar_1_0.events`
- `title`: what it is called in Chinese
- `classes`: those of its objects; a list may return another class than a single object has
- `create`, `get`, `list`, `update`, `delete`: the operations of the manager, each only if there is one
- `id`: the arguments that say which object is meant, and the field of each
- `remembers`: the other arguments that are filled in: those of the call that loaded the object
- `lists`: the operations that list what belongs to an object, which are its methods too
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from dingtalk_models.resource.entity import Entity
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Changed, Refreshed, Savable
from generators.platform.interface import Class, Interface, Method

TABLE = Path(__file__).with_name("entities.json")
ROLES = ("get", "list", "create", "update", "delete")
"""What a manager may have, in the order in which it does."""
OF_AN_OBJECT = ("get", "update", "delete")
"""What is done with one object."""
LOADING = ("get", "list", "create")
"""What loads objects."""
SECRET = re.compile(r"Hiding|Hidden\(|\bSecret")
"""The types of secret arguments, which no object may keep."""


class BadTable(Exception):
    """The table of entities does not hold: each argument says why."""


@dataclass(frozen=True)
class Row:
    """An entity: see the module. `roles` has the operations of its manager, by what they do."""

    product: str
    manager: str
    title: str
    classes: tuple[str, ...]
    roles: Mapping[str, str]
    id: Mapping[str, str]
    remembers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Its name in messages."""
        return f"entities.json: {self.product}.{self.manager}"

    @property
    def manager_class(self) -> str:
        """The class of its manager."""
        return f"{self.classes[0]}Manager"

    @property
    def named(self) -> list[str]:
        """Every operation that it names."""
        return [*self.roles.values(), *self.lists]

    @property
    def base(self) -> type | None:
        """The class that gives its objects `refresh` and `save`, as far as they can have them."""
        return {(True, True): Changed, (True, False): Refreshed, (False, True): Savable}.get(
            ("get" in self.roles, "update" in self.roles)
        )

    @property
    def gained(self) -> list[str]:
        """The methods that `base` gives."""
        return [*(["refresh"] if "get" in self.roles else []), *(["save"] if "update" in self.roles else [])]

    @property
    def of_objects(self) -> set[str]:
        """The names that its objects have, whatever their fields are."""
        changes = {"update", "delete"} & self.roles.keys()
        return {*dir(Entity), *dir(self.base or Entity), "objects", *changes, *self.lists}

    @property
    def filled_in(self) -> dict[str, str]:
        """The attributes of an object that are arguments of its operations, by the names of these."""
        return {**self.id, **{name: name for name in self.remembers}}


COLUMNS = {each.name for each in fields(Row)} - {"roles"} | {*ROLES}
NEEDED = ("product", "manager", "title", "classes", "id")


def rows(path: Path = TABLE) -> list[Row]:
    """The table, as it is written.

    Raises:
        BadTable: a row has a column that is none, or lacks one.
    """
    table = json.loads(path.read_text("utf-8"))
    problems = [
        f"entities.json: row {number}: {problem}"
        for number, given in enumerate(table, 1)
        for problem in (
            *(f"there is no column {name!r}" for name in given if name not in COLUMNS),
            *(f"{name!r} is missing" for name in NEEDED if not given.get(name)),
        )
    ]
    if problems:
        raise BadTable(*problems)
    return [
        Row(
            each["product"],
            each["manager"],
            each["title"],
            tuple(each["classes"]),
            {role: each[role] for role in ROLES if role in each},
            each["id"],
            tuple(each.get("remembers", ())),
            tuple(each.get("lists", ())),
        )
        for each in table
    ]


def of_products(table: Iterable[Row], products: Iterable[str]) -> dict[str, list[Row]]:
    """The rows of each product.

    Raises:
        BadTable: a row names a product that does not exist, or what another row has.
    """
    found: dict[str, list[Row]] = {name: [] for name in products}
    table = [*table]
    problems = [f"{each.where}: there is no product {each.product!r}" for each in table if each.product not in found]
    names = Counter(f"{each.product}.{name}" for each in table for name in (each.manager, *each.classes))
    problems += [f"entities.json: {name} is there twice" for name, times in names.items() if times > 1]
    if problems:
        raise BadTable(*problems)
    for each in table:
        found[each.product].append(each)
    return found


def problems(table: Iterable[Row], interface: Interface, taken: Iterable[str], methods: Iterable[str]) -> Iterator[str]:
    """What in the rows of a product does not fit it.

    Args:
        table: the rows.
        interface: what the product has.
        taken: the names that its module has for something else.
        methods: the names that its manager has.
    """
    by_name = {each.name: each for each in interface.methods.values()}
    for each in table:
        named = {name: by_name[name] for name in each.named if name in by_name}
        found = [f"the product has no operation {name!r}" for name in each.named if name not in named]
        found += [f"the product has no class {name!r}" for name in each.classes if name not in interface.classes]
        if each.manager in {*methods, *dir(Manager())}:
            found.append("the product has a method of that name")
        if each.manager_class in {*interface.classes, *taken}:
            found.append(f"the product has a class {each.manager_class!r}")
        if not found:
            found += [*_of_operations(each, named), *_of_memory(each, named)]
            found += [problem for name in each.classes for problem in _of_class(each, name, interface.classes[name])]
        yield from (f"{each.where}: {problem}" for problem in found)


def _of_operations(row: Row, named: Mapping[str, Method]) -> Iterator[str]:
    for role in ("get", "list"):
        if role in row.roles and _result(named[row.roles[role]]) not in row.classes:
            yield f"{row.roles[role]} returns no {' or '.join(row.classes)}"
    for name in row.lists:
        if not named[name].returns.startswith(("Query[", "Call[list[")):
            yield f"{name} lists nothing"
    for name in (*(row.roles[role] for role in OF_AN_OBJECT if role in row.roles), *row.lists):
        if not row.id.keys() & {each.name for each in named[name].arguments.values()}:
            yield f"{name} does not take {' or '.join(row.id)}"


def _of_memory(row: Row, named: Mapping[str, Method]) -> Iterator[str]:
    given = {each.name for method in named.values() for each in method.arguments.values()}
    yield from (f"no operation takes {name!r}" for name in row.id if name not in given)
    loading = [named[row.roles[role]] for role in LOADING if role in row.roles]
    for name in row.remembers:
        hints = [each.hint for method in loading for each in method.arguments.values() if each.name == name]
        if not hints:
            yield f"no operation that loads objects takes {name!r}"
        elif any(SECRET.search(hint) for hint in hints):
            yield f"{name} is secret, and would be in each copy of an object"


def _of_class(row: Row, name: str, kind: Class) -> Iterator[str]:
    own = {each.name for each in kind.fields.values()}
    for argument, each in row.id.items():
        if each not in own:
            yield f"{argument} is {name}.{each}, which is no field"
    for each in sorted(own & row.of_objects):
        yield f"{name}.{each} is a field, and what every such object has"
    for each in sorted({*row.remembers} & (own | row.of_objects)):
        yield f"{name}.{each} is remembered, and a field or a method too"


def _result(method: Method) -> str:
    """The class of what an operation returns, or of one of it."""
    inside = method.returns.partition("[")[2].removesuffix("]").removeprefix("list[").removesuffix("]")
    return inside.removesuffix(" | None")
