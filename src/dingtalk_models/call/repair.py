"""Repairs replies that do not match their documentation.

Some replies have a list as JSON text, an object instead of a list of one, or null instead of a list. Where the meaning
is clear, the value is converted. A value that still cannot be read is removed from its list, map or object, so that
everything else can be read. Its record keeps the whole field in `unparsed`, as it came. A row that cannot be read is
left out of its page.

This module does not look at the types of a reply: pydantic reports where a value does not fit, and that value is
removed. If the value was required, pydantic reports its parent in the next round, and the parent is removed. When the
rest can be read, the result shows which objects became records.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, cast, get_args

from pydantic import BaseModel, ValidationError, create_model

from dingtalk_models.core.hints import fields_in, holds, names_of_fields
from dingtalk_models.core.json_values import is_array, is_object, is_tuple
from dingtalk_models.core.secret import Secret, concealed, is_secret

logger = logging.getLogger("dingtalk_models")

UNPARSED = "unparsed__"
"""The name under which a model keeps the fields that could not be read."""

T = TypeVar("T")

_DEEPEST = 150
"""How many levels a reply may have. Pydantic reads 200 of them."""

_LONGEST_NUMBER = 4000
"""How many digits of a number Python may parse: a little below its own limit."""


class Rows(list[T]):
    """A list without the rows that could not be read.

    Attributes:
        unparsed: these rows, as they came.
    """

    def __init__(self, rows: Iterable[T] = (), unparsed: Iterable[Any] = ()) -> None:
        super().__init__(rows)
        self.unparsed = list(unparsed)


class ResultPlace(NamedTuple):
    """Where the result is in a reply, in steps from the top, and which part must not be removed.

    Attributes:
        fixed: how many steps at the start of a path must stay.
        rows: the step to a row, if the result is a list or a page.
        items: the path to the rows in a page.
    """

    fixed: int
    rows: int | None = None
    items: tuple[str, ...] = ()


class _JsonText:
    """JSON text in a reply of which a part was repaired."""

    def __init__(self, value: Any, came: Any) -> None:
        self.value = value
        self.came = came


class _Step(NamedTuple):
    """A container, a key in it, and the value there."""

    holder: Any
    key: Any
    value: Any


class _Touched(NamedTuple):
    """A repaired list or object, a copy from before the repair, and the removed keys."""

    holder: Any
    before: Any
    removed: set[Any]


class Mending:
    """The repair of one reply.

    The path of a pydantic error has keys and indexes, but also names of validators and union members, which are not in
    the data. So each path is followed through the data as far as possible, and only the last value on it is repaired.
    A union reports an error for each of its members; the one with the deepest path is repaired.

    Args:
        data: the reply; it is changed.
        place: where the result is in it.

    Attributes:
        complete: whether no row was left out.
        filled: whether the rows of a page were missing and replaced by an empty list.
        odd: the names of the fields that could not be read.
    """

    def __init__(self, data: Any, place: ResultPlace) -> None:
        self.data = data
        self._place = place
        self.complete = True
        self.filled = False
        self.odd: set[str] = set()
        self._numbers: list[int] = []
        self._left_out: dict[int, Any] = {}
        self._wrapped = False
        self._touched: dict[int, _Touched] = {}
        self._tried: set[tuple[int, Any, str]] = set()

    def left_out(self, original: Any) -> list[Any]:
        """The rows that could not be read.

        Args:
            original: the rows before they were repaired.
        """
        whole = is_array(original) and len(original) == len(self._numbers) + len(self._left_out)
        return [original[number] if whole else row for number, row in sorted(self._left_out.items())]

    def pointless(self, rows: list[Any]) -> bool:
        """Whether no row could be read, so that the whole reply differs from its documentation."""
        odd = sum(row is not None for row in self._left_out.values())
        return not rows and (odd > 1 or (odd == 1 and self._wrapped))

    def came(self, value: Any) -> Any:
        """Return a list or object from before its repair. Its parts may be repaired."""
        return self._touched[id(value)].before if id(value) in self._touched else value

    def written(self) -> bytes:
        """Return the reply as JSON, with all repairs so far."""
        # Python's parser accepts what pydantic's rejects, such as half an emoji
        return json.dumps(self.data, ensure_ascii=False, default=_written).encode(errors="replace")

    def mend(self, problem: ValidationError, *, thoroughly: bool = False) -> list[tuple[int | str, ...]]:
        """Repair the values that cause these errors.

        A repair may uncover further errors, so the caller validates again and repeats.

        Args:
            problem: the errors.
            thoroughly: remove as much as possible at once, because small repairs did not finish.

        Returns:
            The paths of the errors that cannot be repaired.
        """
        found: dict[tuple[tuple[int, Any], ...], tuple[Any, list[_Step]]] = {}
        for error in problem.errors(include_url=False, include_context=False, include_input=False):
            if error["type"] == "json_invalid" and not error["loc"]:
                self._cut(self.data, _DEEPEST)
            else:
                steps = self._follow(error["loc"])
                found.setdefault(tuple((id(step.holder), step.key) for step in steps), (error, steps))
        # Of the errors of a union, repair only the deepest: the member that fits best got furthest into the data.
        # Repairing a parent too would discard what could be read.
        beginnings = {way[:length] for way in found for length in range(len(way))}
        # from the end, since removing an item from a list shifts the items after it
        return [
            error["loc"]
            for way, (error, steps) in reversed(found.items())
            if way not in beginnings and not self._mend_one(error, steps, thoroughly=thoroughly)
        ]

    def _follow(self, loc: Iterable[int | str]) -> list[_Step]:
        """Return the steps to a value, or to the object that lacks it."""
        steps: list[_Step] = []
        at = self.data
        for key in loc:
            inside = _parsed(at) if isinstance(at, str) else at
            try:
                value = inside[key]
            except (LookupError, TypeError):
                continue  # the name of a validator or of a union member
            if isinstance(at, str):
                steps[-1].holder[steps[-1].key] = _JsonText(inside, at)
            steps.append(_Step(inside, key, value))
            at = value.value if isinstance(value, _JsonText) else value
        return steps

    def _mend_one(self, error: Any, steps: list[_Step], *, thoroughly: bool) -> bool:
        loc, wanted = error["loc"], error["type"]
        place = self._place
        if wanted == "missing" and place.items and len(loc) == place.rows and loc[-len(place.items) :] == place.items:
            self._fill(loc)
            return True
        if not steps:
            return False
        holder, key, value = steps[-1]
        # Convert a value only once for each kind of error: if pydantic reports it again, the guess was wrong, and the
        # value is removed. Otherwise two conversions could undo each other forever.
        meant = None if thoroughly or (id(holder), key, wanted) in self._tried else _meant(wanted, value)
        if meant is not None:
            self._tried.add((id(holder), key, wanted))
            self._wrapped |= len(steps) == place.rows and meant == [value]
            self._touch(holder)
            holder[key] = meant
            return True
        return self._set_aside(steps, thoroughly=thoroughly)

    def _fill(self, way: tuple[int | str, ...]) -> None:
        """Put an empty list in the place of missing rows."""
        holder: dict[int | str, Any] = self.data
        for name in way[:-1]:
            inside: Any = holder.get(name)
            inside = inside.value if isinstance(inside, _JsonText) else inside
            if not is_object(inside):
                inside = holder[name] = {}
            holder = cast("dict[int | str, Any]", inside)
        holder[way[-1]] = []
        self.filled = True

    def _set_aside(self, steps: list[_Step], *, thoroughly: bool) -> bool:
        """Remove the innermost value that can be removed, or leave out its row."""
        numbers = range(self._place.fixed, len(steps))
        for number in numbers if thoroughly else reversed(numbers):
            holder, key, _ = steps[number]
            if number == self._place.rows and is_array(holder):
                self._leave_out(holder, key)
                return True
            if number + 1 == self._place.rows and key in self._place.items:
                continue  # the rows themselves
            if is_array(holder) and number and is_array(steps[number - 1].holder):
                continue  # without it, a table would have rows of different length
            self._remove(holder, key)
            return True
        return False

    def _remove(self, holder: Any, key: Any) -> None:
        touched = self._touch(holder)
        if holder.pop(key) is not None:  # null has nothing to keep in `unparsed`
            touched.removed.add(key)

    def _touch(self, holder: Any) -> _Touched:
        if id(holder) not in self._touched:
            self._touched[id(holder)] = _Touched(holder, holder.copy(), set())
        return self._touched[id(holder)]

    def _leave_out(self, rows: list[Any], at: int) -> None:
        if self.complete:
            self.complete = False
            self._numbers = list(range(len(rows)))
        self._left_out[self._numbers.pop(at)] = self._as_it_came(rows.pop(at))

    def _cut(self, value: Any, levels: int) -> None:
        """Remove lists and objects that are nested too deeply."""
        value = value.value if isinstance(value, _JsonText) else value
        parts: list[tuple[Any, Any]] = []
        if is_object(value):
            parts = [*value.items()]
        elif is_array(value):
            parts = [*enumerate(value)]
        for key, part in reversed(parts):
            if levels:
                self._cut(part, levels - 1)
            elif is_object(part) or is_array(part):
                self._remove(value, key)

    def _as_it_came(self, value: Any, levels: int = _DEEPEST) -> Any:
        """Return a value from before its repair."""
        if isinstance(value, _JsonText):
            return value.came
        if not levels or not (is_object(value) or is_array(value)):
            return value
        came = self.came(value)
        if is_object(came):
            return {name: self._as_it_came(part, levels - 1) for name, part in came.items()}
        return [self._as_it_came(part, levels - 1) for part in came]

    def keep(self, data: Any, part: Any) -> bool:
        """Store removed values in `unparsed` of the innermost record around them.

        Args:
            data: a part of the repaired reply.
            part: what was read from it.

        Returns:
            Whether a value was removed that no record around it could keep.
        """
        if isinstance(data, _JsonText):
            data = data.value
        if isinstance(part, BaseModel) and part.model_extra is not None and is_object(data):
            self._keep_in(part, part.model_extra, data)
            return False
        odd = id(data) in self._touched and bool(self._touched[id(data)].removed)
        if is_array(data):
            parts: list[Any] = [*part] if is_array(part) or is_tuple(part) else []
            pairs = [*zip(data, parts if len(parts) == len(data) else [None] * len(data), strict=True)]
        elif is_object(data):
            pairs = [(value, part.get(name) if is_object(part) else None) for name, value in data.items()]
        else:
            return odd
        within = [self.keep(*pair) for pair in pairs]  # a list: `any` would stop at the first
        return odd or any(within)

    def _keep_in(self, record: BaseModel, extra: dict[str, Any], data: dict[str, Any]) -> None:
        fields = names_of_fields(type(record))
        values = vars(record)
        touched = self._touched.get(id(data))
        odd = {name: self._as_it_came(touched.before[name]) for name in touched.removed} if touched else {}
        for name, value in data.items():
            if self.keep(value, values.get(fields.get(name, name), extra.get(name))):
                odd[name] = self._as_it_came(value)
        if odd:
            secret = _secret_fields(type(record))
            extra[UNPARSED] = {
                name: concealed(value) if name in secret or is_secret(name) else value for name, value in odd.items()
            }
            self.odd |= odd.keys()


def parsed(content: bytes) -> Any:
    """The JSON of a reply.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested deeper than Python can read.
    """
    return json.loads(content, parse_int=_whole_number)


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) < _LONGEST_NUMBER else digits


def _written(text: object) -> str:
    return json.dumps(cast("_JsonText", text).value, ensure_ascii=False, default=_written)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_whole_number)
    except (ValueError, RecursionError):
        return None


def _meant(wanted: str, value: Any) -> Any:
    """Convert a value of the wrong type if its meaning is clear; otherwise return `None`."""
    if wanted == "list_type" and value is None:
        return []
    if wanted == "list_type" and is_object(value):
        return [value]
    if wanted == "json_type" and (is_object(value) or is_array(value)):
        return _JsonText(value, value)
    if wanted in {"list_type", "dict_type", "model_type"} and isinstance(value, str) and value[:1] in {"[", "{"}:
        return _parsed(value)
    return None


@cache
def _secret_fields(model: type[BaseModel]) -> frozenset[str]:
    hints = fields_in(model)
    return frozenset(name for name, field in names_of_fields(model).items() if holds(hints[field], Secret))


M = TypeVar("M", bound=BaseModel)

_ABSENT: Any = object()


@cache
def partial(model: type[BaseModel]) -> type[BaseModel]:
    """Return a variant of a class in which no field is required, to read a reply with."""
    needed: dict[str, Any] = {
        name: (Annotated[field.annotation, field], _ABSENT)
        for name, field in model.model_fields.items()
        if field.is_required() and type(None) not in get_args(field.annotation)
    }
    return create_model(model.__name__, __base__=model, **needed)


def completed(model: type[M], part: BaseModel) -> M:
    """Make an object of the class itself from an object of its `partial` variant."""
    values = {name: value for name, value in vars(part).items() if value is not _ABSENT}
    return model.model_construct(part.model_fields_set, **(part.model_extra or {}), **values)


def assembled(model: type[M], values: Mapping[str, Any], reply: BaseModel) -> M:
    """Make an object from the sent values and the reply.

    Args:
        model: its class.
        values: what was sent, by the names of its fields.
        reply: the reply; its fields replace sent values of the same name. The object lacks fields that neither has.
    """
    said = {name: value for name, value in reply if name in model.model_fields}
    return completed(model, partial(model).model_validate({**values, **said}, by_name=True))
