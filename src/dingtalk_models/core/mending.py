"""Repairs replies that do not match their documentation.

Some replies have a list as JSON text, an object instead of a list of one, or null instead of a list. Where the meaning
is clear, the value is replaced by what is meant. An optional field that still cannot be read is moved to its model's
`unparsed`, and a row that cannot be read is left out of its page, so that one odd field does not cost a whole page.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from dingtalk_models.core.json_values import is_array, is_object

logger = logging.getLogger("dingtalk_models")

UNPARSED = "unparsed__"
"""The name under which a model keeps the fields that could not be read."""

T = TypeVar("T")

_Step = tuple[Any, Any, Any]
"""A container, a key in it, and the value there."""


class Rows(list[T]):
    """A list without the rows that could not be read.

    Attributes:
        unparsed: these rows, as they came.
    """

    def __init__(self, rows: Iterable[T] = (), unparsed: Iterable[Any] = ()) -> None:
        super().__init__(rows)
        self.unparsed = list(unparsed)


class Place(NamedTuple):
    """Where a result is in a reply, counted in steps from the top, and what of it must stay in place.

    Attributes:
        fixed: how many steps at the start of a path must stay.
        rows: the step to a row, if the result is a list or a page.
        items: the name of the rows of a page.
    """

    fixed: int
    rows: int | None = None
    items: str | None = None


class Mending:
    """The repair of one reply.

    An error names its place as a path: keys and indexes, but also names of validators and of union members, which are
    not in the data. So each path is followed through the data as far as it goes, and only its last step there is
    repaired. A union reports an error for each of its members at the same place; one repair for that place is enough.

    Args:
        data: the reply; it is changed.
        place: where the result is in it.

    Attributes:
        complete: whether no row was left out.
    """

    def __init__(self, data: Any, place: Place) -> None:
        self.data = data
        self._place = place
        self.complete = True
        self._numbers: list[int] = []
        self._left_out: dict[int, Any] = {}
        self._wrapped = False

    def left_out(self, original: Any) -> list[Any]:
        """The rows that could not be read.

        Args:
            original: the rows before they were repaired.
        """
        whole = is_array(original) and len(original) == len(self._numbers) + len(self._left_out)
        return [original[number] if whole else row for number, row in sorted(self._left_out.items())]

    def pointless(self, rows: list[Any]) -> bool:
        """Whether no row could be read: then it is not one odd row, the reply is not what is documented."""
        odd = sum(row is not None for row in self._left_out.values())
        return not rows and (odd > 1 or (odd == 1 and self._wrapped))

    def mend(self, problem: ValidationError) -> list[tuple[int | str, ...]]:
        """Change the reply so that these errors go away.

        A repair may uncover further errors, so the caller validates again and repeats.

        Returns:
            The paths of the errors that cannot be repaired.
        """
        ways: dict[Any, tuple[Any, list[_Step]]] = {}
        for error in problem.errors(include_url=False):
            if error["type"] != "json_invalid":
                steps = list(_follow(self.data, error["loc"]))
                ways.setdefault((id(steps[-1][0]), steps[-1][1]) if steps else None, (error, steps))
        # from the end: removing an item from a list shifts the items after it
        return [error["loc"] for error, steps in reversed(ways.values()) if not self._mend_one(error["type"], steps)]

    def _mend_one(self, wanted: str, steps: list[_Step]) -> bool:
        if not steps:
            return False
        holder, key, value = steps[-1]
        meant = _meant(wanted, value)
        if meant is not None:
            self._wrapped |= len(steps) == self._place.rows and meant == [value]
            holder[key] = meant
            return True
        if value is None and is_array(holder) and len(steps) - 1 != self._place.rows:
            del holder[key]
            return True
        return self._set_aside(steps)

    def _set_aside(self, steps: list[_Step]) -> bool:
        """Move the innermost field to its model's `unparsed`, or leave out the row that it is missing from."""
        for number in reversed(range(self._place.fixed, len(steps))):
            holder, key, value = steps[number]
            if number == self._place.rows:
                self._leave_out(holder, key)
                logger.warning("a row of a reply cannot be read as documented; it is left out, and kept in .unparsed")
                return True
            if self._place.rows == number + 1 and key == self._place.items:
                return False  # the rows themselves
            if is_object(holder):
                if holder.pop(key, None) is not None:
                    logger.warning("a reply's field %r cannot be read as documented; it is kept in .unparsed", key)
                    holder[UNPARSED] = {**_moved(holder), key: _as_it_came(value)}
                return True
        return False

    def _leave_out(self, rows: list[Any], at: int) -> None:
        if self.complete:
            self.complete = False
            self._numbers = list(range(len(rows)))
        self._left_out[self._numbers.pop(at)] = _as_it_came(rows.pop(at))


def _meant(wanted: str, value: Any) -> Any:
    """What a value of the wrong type clearly means; `None` if that is not clear."""
    if wanted == "list_type" and value is None:
        return []
    if wanted == "list_type" and is_object(value):
        return [value]
    if wanted == "json_type" and (is_object(value) or is_array(value)):
        return json.dumps(value, ensure_ascii=False)
    if wanted in {"list_type", "dict_type", "model_type"} and isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return None


def _follow(data: Any, loc: Iterable[int | str]) -> Iterator[_Step]:
    """The steps to a value, or to the object that it is missing from."""
    for key in loc:
        if isinstance(data, str):
            return  # the rest is inside of JSON text
        try:
            value = data[key]
        except (LookupError, TypeError):
            continue  # the name of a validator or of a union member
        yield data, key, value
        data = value


def _as_it_came(value: Any) -> Any:
    """A value, with the fields back in place that were moved out of it."""
    if is_array(value):
        return [_as_it_came(part) for part in value]
    if not is_object(value):
        return value
    return {name: _as_it_came(part) for name, part in value.items() if name != UNPARSED} | _moved(value)


def _moved(holder: dict[str, Any]) -> dict[str, Any]:
    """The fields that were moved out of an object."""
    moved: Any = holder.get(UNPARSED)
    return moved if is_object(moved) else {}
