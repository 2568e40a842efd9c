"""Writes the managers of entities, and what makes their classes ones of objects with methods."""

from __future__ import annotations

import json
from collections.abc import Mapping

from generators.platform.entities import Row
from generators.platform.interface import Method
from generators.platform.meaning import quoted
from generators.platform.operations import Api
from generators.platform.words import words_of
from generators.platform.writing import BRACKETS, Methods, definition, in_order, in_quotes, told


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
                "    @cached_property",
                f"    def {self.row.manager}(self) -> {self.row.manager_class}:",
                f"        {quoted(f'{_words(self.row.manager)} ({self.row.title}): {names}.')}",
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
                f"    {quoted(f'{_words(self.row.manager)} ({self.row.title}).')}",
                "",
                *(f"    {role} = {self._product}.{name}" for role, name in self.row.roles.items()),
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
