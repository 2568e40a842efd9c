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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from dingtalk_models.resource.entity import Entity
from dingtalk_models.resource.model import Changed, Refreshed, Savable
from generators.platform.interface import Interface, Method
from generators.platform.operations import Api
from generators.platform.words import words_of
from generators.platform.writing import BRACKETS, Methods, definition, in_order, in_quotes, told

TABLE = Path(__file__).with_name("entities.json")
ROLES = ("get", "list", "create", "update", "delete")
"""What a manager may have, in the order in which it does."""
OF_AN_OBJECT = ("get", "update", "delete")
"""What is done with one object."""


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
        return {
            *dir(Entity),
            *dir(self.base or Entity),
            "objects",
            *self.lists,
            *({"update", "delete"} & self.roles.keys()),
        }

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
        yield from _problems(each, interface, by_name, {*taken})
        if each.manager in {*methods}:
            yield f"{each.where}: the product has a method of that name"


def _problems(row: Row, interface: Interface, by_name: Mapping[str, Method], taken: set[str]) -> Iterator[str]:
    unknown = [f"operation {name!r}" for name in row.named if name not in by_name]
    unknown += [f"class {name!r}" for name in row.classes if name not in interface.classes]
    if unknown:
        yield from (f"{row.where}: the product has no {what}" for what in unknown)
        return
    if row.manager_class in {*interface.classes, *taken}:
        yield f"{row.where}: the product has a class {row.manager_class!r}"
    for role in ("get", "list"):
        if role in row.roles and _result(by_name[row.roles[role]]) not in row.classes:
            yield f"{row.where}: {row.roles[role]} returns no {' or '.join(row.classes)}"
    arguments = {name: {each.name for each in by_name[name].arguments.values()} for name in row.named}
    for name in row.filled_in:
        if not any(name in given for given in arguments.values()):
            yield f"{row.where}: no operation takes {name!r}"
    for name in (*(row.roles[role] for role in OF_AN_OBJECT if role in row.roles), *row.lists):
        if not arguments[name] & row.id.keys():
            yield f"{row.where}: {name} does not take {' or '.join(row.id)}"
    for name in row.classes:
        yield from _problems_of_class(row, name, {each.name for each in interface.classes[name].fields.values()})


def _problems_of_class(row: Row, name: str, own: set[str]) -> Iterator[str]:
    methods, remembered = row.of_objects, {*row.remembers}
    for argument, each in row.id.items():
        if each not in own:
            yield f"{row.where}: {argument} is {name}.{each}, which is no field"
    for each in sorted(own & methods):
        yield f"{row.where}: {name}.{each} is a field, and what every such object has"
    for each in sorted(remembered & (own | methods)):
        yield f"{row.where}: {name}.{each} is remembered, and a field or a method too"


def _result(method: Method) -> str:
    """The class of what an operation returns, or of one of it."""
    inside = method.returns.partition("[")[2].removesuffix("]").removeprefix("list[").removesuffix("]")
    return inside.removesuffix(" | None")


class Source:
    """The source text of an entity.

    Args:
        row: its row.
        apis: the methods of its product by their names, and what the pages say of each.
        product: the class of its product.
    """

    def __init__(self, row: Row, apis: Mapping[str, tuple[Method, Api | None]], product: str) -> None:
        self.row = row
        self._apis = apis
        self._product = product
        self._words = " ".join(words_of(row.classes[0]))

    @property
    def accessor(self) -> str:
        """The attribute of the product that is its manager."""
        names = ", ".join(f"`{role}`" for role in self.row.roles)
        return "\n".join(
            [
                "    @property",
                f"    def {self.row.manager}(self) -> {self.row.manager_class}:",
                f'        """{_words(self.row.manager)} ({self.row.title}): {names}."""',
                f"        return {self.row.manager_class}(self.app)",
                "",
            ]
        )

    @property
    def manager(self) -> str:
        """Its manager."""
        return "\n".join(
            [
                f"class {self.row.manager_class}(Manager):",
                f'    """{_words(self.row.manager)} ({self.row.title})."""',
                "",
                *(f"    {role} = alias({self._product}.{name})" for role, name in self.row.roles.items()),
                "",
            ]
        )

    def methods(self, name: str) -> Methods:
        """What the objects of one of its classes have.

        Args:
            name: the class.
        """
        row = self.row
        bases = ["Entity", *([f'{row.base.__name__}["{name}"]'] if row.base else [])]
        key = ", ".join(f"{json.dumps(argument)}: {json.dumps(each)}" for argument, each in row.filled_in.items())
        head = [
            f"    objects: ClassVar[{row.manager_class}] = {row.manager_class}()",
            f"    key: ClassVar = {{{key}}}",
            *(f"    {each}: ClassVar = Remembered({self._remembered(each)})" for each in row.remembers),
            "",
        ]
        body: list[str] = []
        if update := row.roles.get("update"):
            body.append(self._method("update", update, f"Flow[{name}]", "Change"))
        if delete := row.roles.get("delete"):
            body.append(self._method("delete", delete, self._apis[delete][0].returns, "Delete"))
        body += [self._method(each, each, self._apis[each][0].returns, "") for each in row.lists]
        return Methods(bases, head, body)

    def _remembered(self, name: str) -> str:
        """The type of a remembered argument, and its wire names."""
        named = [self._apis[each][0] for each in self.row.named]
        given = [each for method in named for each in method.arguments.values() if each.name == name]
        return ", ".join([given[0].hint, *(json.dumps(wire) for wire in dict.fromkeys(each.wire for each in given))])

    def _method(self, name: str, operation: str, returns: str, verb: str) -> str:
        method, api = self._apis[operation]
        asked = [each for each in method.arguments.values() if each.name not in self.row.filled_in]
        texts = told(method, api)
        said = [
            f"    {each.name}: {texts[each.name]}" for each in in_order(method) if each in asked and each.name in texts
        ]
        does = f"{verb} this {self._words}" if verb else f"{_words(operation)} of this {self._words}"
        title = f"{does} ({api.pages[0]['title'].translate(BRACKETS)})." if api else f"{does}."
        given = "".join(f", {each.name}={each.name}" for each in asked)
        bound = f"self.objects.{name}" if verb else f"{self._product}().{operation}"
        return "\n".join(
            [
                "    @operation",
                definition(name, method, asked, returns),
                *in_quotes([title, *(["", "Args:", *said] if said else [])]),
                f"        return self.{'_updated' if name == 'update' else '_with_ids'}({bound}{given})",
                "",
            ]
        )


def _words(name: str) -> str:
    return " ".join(name.strip("_").split("_")).capitalize()
