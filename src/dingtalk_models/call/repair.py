"""Repairs replies that do not match their documentation.

Some replies have a list as JSON text, an object instead of a list of one, or null instead of a list. Where the meaning
is clear, the value is replaced by what is meant. A value that still cannot be read is taken out of its list, map or
object, so that it costs nothing else: the record that it was in keeps the whole field in `unparsed`, as it came. A row
that cannot be read is left out of its page.

The types of a reply are not looked at here: pydantic says where a value does not fit, and that value is removed. If
something around it cannot be without it, pydantic says so in the next round, and that is removed. When all that is left
can be read, the result shows which objects became records.
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
"""How many digits Python makes a number of: a little fewer than the most."""


class Rows(list[T]):
    """A list without the rows that could not be read.

    Attributes:
        unparsed: these rows, as they came.
    """

    def __init__(self, rows: Iterable[T] = (), unparsed: Iterable[Any] = ()) -> None:
        super().__init__(rows)
        self.unparsed = list(unparsed)


class ResultPlace(NamedTuple):
    """Where a result is in a reply, counted in steps from the top, and what of it must stay in place.

    Attributes:
        fixed: how many steps at the start of a path must stay.
        rows: the step to a row, if the result is a list or a page.
        items: the name of the rows of a page.
    """

    fixed: int
    rows: int | None = None
    items: str | None = None


class _JsonText:
    """JSON in a text, of which a part was repaired."""

    def __init__(self, value: Any, came: Any) -> None:
        self.value = value
        self.came = came


class _Step(NamedTuple):
    """A container, a key in it, and the value there."""

    holder: Any
    key: Any
    value: Any


class _Touched(NamedTuple):
    """A list or object that was repaired, a copy of it as it came, and the keys of what was taken out of it."""

    holder: Any
    before: Any
    removed: set[Any]


class Mending:
    """The repair of one reply.

    An error names its place as a path: keys and indexes, but also names of validators and of union members, which are
    not in the data. So each path is followed through the data as far as it goes, and only its last step there is
    repaired. A union reports an error for each of its members; the one that leads deepest is taken.

    Args:
        data: the reply; it is changed.
        place: where the result is in it.

    Attributes:
        complete: whether no row was left out.
        filled: whether the rows of a page were missing, and an empty list is in their place.
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
        """Whether no row could be read: then it is not one odd row, the reply is not what is documented."""
        odd = sum(row is not None for row in self._left_out.values())
        return not rows and (odd > 1 or (odd == 1 and self._wrapped))

    def came(self, value: Any) -> Any:
        """A list or object as it came, without what is repaired within it."""
        return self._touched[id(value)].before if id(value) in self._touched else value

    def written(self) -> bytes:
        """The reply as valid JSON, as far as it is repaired."""
        # Python's parser accepts what pydantic's refuses, such as half of an emoji
        return json.dumps(self.data, ensure_ascii=False, default=_written).encode(errors="replace")

    def mend(self, problem: ValidationError, *, thoroughly: bool = False) -> list[tuple[int | str, ...]]:
        """Change the reply so that these errors go away.

        A repair may uncover further errors, so the caller validates again and repeats.

        Args:
            problem: the errors.
            thoroughly: take out as much as possible at once: repairs by small steps do not come to an end.

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
        beginnings = {way[:length] for way in found for length in range(len(way))}  # of a union, the deepest
        # from the end: removing an item from a list shifts the items after it
        return [
            error["loc"]
            for way, (error, steps) in reversed(found.items())
            if way not in beginnings and not self._mend_one(error, steps, thoroughly=thoroughly)
        ]

    def _follow(self, loc: Iterable[int | str]) -> list[_Step]:
        """The steps to a value, or to the object that it is missing from."""
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
        if wanted == "missing" and len(loc) == place.rows and loc[-1] == place.items:
            page = steps[-1].value if steps else self.data
            (page.value if isinstance(page, _JsonText) else page)[place.items] = []
            self.filled = True
            return True
        if not steps:
            return False
        holder, key, value = steps[-1]
        meant = None if thoroughly or (id(holder), key, wanted) in self._tried else _meant(wanted, value)
        if meant is not None:
            self._tried.add((id(holder), key, wanted))
            self._wrapped |= len(steps) == place.rows and meant == [value]
            self._touch(holder)
            holder[key] = meant
            return True
        return self._set_aside(steps, thoroughly=thoroughly)

    def _set_aside(self, steps: list[_Step], *, thoroughly: bool) -> bool:
        """Take the innermost value out of what it is in, or leave out the row that it is in."""
        numbers = range(self._place.fixed, len(steps))
        for number in numbers if thoroughly else reversed(numbers):
            holder, key, _ = steps[number]
            if number == self._place.rows:
                self._leave_out(holder, key)
                return True
            if number + 1 == self._place.rows and key == self._place.items:
                continue  # the rows themselves
            if is_array(holder) and number and is_array(steps[number - 1].holder):
                continue  # a row of a table would be shorter than the others
            self._remove(holder, key)
            return True
        return False

    def _remove(self, holder: Any, key: Any) -> None:
        touched = self._touch(holder)
        if holder.pop(key) is not None:  # null stands for nothing
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
        """Take out what is nested too deeply."""
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
        """A value before it was repaired."""
        if isinstance(value, _JsonText):
            return value.came
        if not levels or not (is_object(value) or is_array(value)):
            return value
        came = self.came(value)
        if is_object(came):
            return {name: self._as_it_came(part, levels - 1) for name, part in came.items()}
        return [self._as_it_came(part, levels - 1) for part in came]

    def keep(self, data: Any, part: Any) -> bool:
        """Keep what was taken out, in `unparsed` of the innermost record that it was in.

        Args:
            data: a part of the repaired reply.
            part: what was read from it.

        Returns:
            Whether something was taken out that none of its records could keep.
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
        within = [self.keep(*pair) for pair in pairs]  # of each, also if the first is odd already
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
    """What a value of the wrong type clearly means; `None` if that is not clear."""
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
    """The class with no field that its objects cannot be without, to read a reply with."""
    needed: dict[str, Any] = {
        name: (Annotated[field.annotation, field], _ABSENT)
        for name, field in model.model_fields.items()
        if field.is_required() and type(None) not in get_args(field.annotation)
    }
    return create_model(model.__name__, __base__=model, **needed)


def completed(model: type[M], part: BaseModel) -> M:
    """The object of the class itself, from what was read with `partial`."""
    values = {name: value for name, value in vars(part).items() if value is not _ABSENT}
    return model.model_construct(part.model_fields_set, **(part.model_extra or {}), **values)


def assembled(model: type[M], values: Mapping[str, Any], reply: BaseModel) -> M:
    """An object of what was sent and of what the reply says.

    Args:
        model: its class.
        values: what was sent, by the names of its fields.
        reply: the reply, of which fields with the same names are taken. What it lacks, the object lacks.
    """
    said = {name: value for name, value in reply if name in model.model_fields}
    return completed(model, partial(model).model_validate({**values, **said}, by_name=True))
