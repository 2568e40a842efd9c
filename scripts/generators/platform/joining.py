"""Finds out which shapes of a product are the same thing.

Shapes are joined by unification: joining two joins the objects in their common fields too, and nothing is joined unless
all of it fits. Two fields fit if what is sent keeps its form: what is received may be read in more forms than one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from generators.platform import moments
from generators.platform.enumerations import closed_values
from generators.platform.rows import is_secret
from generators.platform.shapes import Json, Keyed, Kind, Many, Plain, Shape, Use, inner, object_in
from generators.platform.words import GENERIC, noun_of

FEW = 3
"""With fewer fields than this, the same names alone do not make two shapes one thing."""

ALIKE, SIMILAR, PARTS = 0.8, 5, 0.5
"""How much two things share that are one; of how many fields, whatever they are called; how much their parts share."""

LIMITS = ("min_length", "max_length", "length_unit", "min", "max", "max_items")

COMMON = 4
"""How many fields two things share at least, if neither is all of the other."""


@dataclass(eq=False)
class Thing:
    """Shapes that are the same thing, and so one class."""

    shapes: list[Shape]
    uses: dict[str, list[Use]] = field(default_factory=dict[str, list[Use]])
    name: str = ""

    def __post_init__(self) -> None:
        for shape in self.shapes:
            self._take(shape)

    def _take(self, shape: Shape) -> None:
        shape.thing = self
        for name, use in shape.uses.items():
            self.uses.setdefault(name, []).append(use)

    def absorb(self, other: Thing) -> None:
        """Make the shapes of another thing ones of this."""
        for shape in other.shapes:
            self._take(shape)
        self.shapes += other.shapes

    @property
    def objects(self) -> list[Shape]:
        """The places that need a class."""
        return [shape for shape in self.shapes if not shape.of_arguments]

    @property
    def sent(self) -> bool:
        """Whether it is sent as an object."""
        return any(shape.sent for shape in self.objects)

    @property
    def received(self) -> bool:
        """Whether it comes in a reply."""
        return any(not shape.sent for shape in self.objects)


def join(shapes: Iterable[Shape], of_product: str, published: Mapping[str, str]) -> list[Thing]:
    """The things that these shapes of a product are.

    Args:
        shapes: all of them.
        of_product: its name.
        published: by place, the name of its class that is published. Places of one such class are one thing, and
            those of two never are.
    """
    return _Joining(shapes, of_product, published).things()


class _Joining:
    def __init__(self, shapes: Iterable[Shape], of_product: str, published: Mapping[str, str]) -> None:
        self._things = [Thing([shape]) for shape in shapes]
        self._product = of_product
        self._published = published

    def things(self) -> list[Thing]:
        self._by_key(lambda shape: self._published.get(shape.place), lambda _one, _other: True)
        self._identical()
        self._by_key(_key, _alike_by_key)
        self._by_key(_entity, _alike)
        self._by_key(lambda _: "any", _similar)
        self._identical()
        return self._things

    def _identical(self) -> None:
        """The same names of fields are one thing, wherever it is. One or two, such as id and name, need more."""
        groups: dict[Hashable, list[Thing]] = defaultdict(list)
        for each in self._things:
            keys: set[Hashable] = {()} if len(each.uses) >= FEW else {*_what(each)}
            for key in keys:
                groups[key, tuple(sorted(each.uses))].append(each)
        self._each_pair(groups, lambda _one, _other: True)

    def _by_key(self, key_of: Callable[[Shape], Hashable], alike: Callable[[Thing, Thing], bool]) -> None:
        groups: dict[Hashable, list[Thing]] = defaultdict(list)
        for each in self._things:
            for key in {key_of(shape) for shape in each.shapes} - {None}:
                groups[key].append(each)
        self._each_pair(groups, alike)

    def _each_pair(self, groups: dict[Hashable, list[Thing]], alike: Callable[[Thing, Thing], bool]) -> None:
        for _, group in sorted(groups.items(), key=lambda each: str(each[0])):
            group.sort(key=_largest_first)
            for place, first in enumerate(group):
                for second in group[place + 1 :]:
                    one, other = first.shapes[0].thing, second.shapes[0].thing
                    if one is not other and alike(one, other) and self._fit(one, other):
                        unify(one, other)
        self._things = living(self._things)

    def _fit(self, one: Thing, other: Thing) -> bool:
        """Whether two things can be one. Their parts would be one too, and what is joined so has to fit all of it."""
        groups: dict[int, list[Thing]] = {}
        todo = [(one, other)]
        while todo:
            left, right = (groups.get(id(each), [each]) for each in todo.pop())
            if left[0] is right[0]:
                continue
            for pair in product(left, right):
                parts = self._parts(*pair)
                if parts is None:
                    return False
                todo += parts
            together = left + right
            groups |= {id(each): together for each in together}
        return True

    def _parts(self, one: Thing, other: Thing) -> list[tuple[Thing, Thing]] | None:
        """The objects in the common fields of two things, which would be one too; `None` if a field does not fit."""
        if len({self._published.get(shape.place) for each in (one, other) for shape in each.shapes} - {None}) > 1:
            return None
        found: list[tuple[Thing, Thing]] = []
        for name in sorted(one.uses.keys() & other.uses.keys()):
            left, right = one.uses[name], other.uses[name]
            parts = self._of_kinds(left[0].kind, right[0].kind, left, right)
            if parts is None or not self._limits_fit(left, right):
                return None
            found += parts
        return found

    def _of_kinds(self, one: Kind, other: Kind, left: list[Use], right: list[Use]) -> list[tuple[Thing, Thing]] | None:
        match one, other:
            case (Json(), _) | (_, Json()):
                free = left if isinstance(one, Json) else right
                # what is sent as it is may not become stricter
                return [] if one == other or not any(use.sent for use in free) else None
            case Shape(thing=first), Shape(thing=second):
                return [(first, second)] if first is second or _overlap(first, second) >= PARTS else None
            case (Shape(), Keyed(of=Json())) | (Keyed(of=Json()), Shape()):
                free = left if isinstance(one, Keyed) else right
                return None if any(use.sent for use in free) else []
            case (Many(of=a), Many(of=b)) | (Keyed(of=a), Keyed(of=b)):
                return self._of_kinds(a, b, left, right)
            case Plain(), Plain():
                return [] if _scalars_fit(left, right) else None
            case _:
                return None

    def _limits_fit(self, left: list[Use], right: list[Use]) -> bool:
        """Whether no object that is sent loses a documented limit, or gets one that its table does not have."""
        sent = [use for use in (*left, *right) if use.sent and not use.of_arguments]
        limits = [use.row.get("constraints", {}) for use in sent]
        differ = any(len({limit[key] for limit in limits if key in limit}) > 1 for key in LIMITS)
        return not differ and len({bool(closed_values(self._product, use.row)) for use in sent}) <= 1


def unify(one: Thing, other: Thing) -> None:
    """Make two things one, and the objects in their common fields too."""
    if one is other:
        return
    common = sorted(one.uses.keys() & other.uses.keys())
    parts = [(object_in(one.uses[name][0].kind), object_in(other.uses[name][0].kind)) for name in common]
    one.absorb(other)
    for first, second in parts:
        if first is not None and second is not None:
            unify(first.thing, second.thing)


def living(things: Iterable[Thing]) -> list[Thing]:
    """What these things are by now: a thing that another absorbed is no more."""
    found = {id(shape.thing): shape.thing for each in things for shape in each.shapes}
    return sorted(found.values(), key=lambda each: min(shape.place for shape in each.shapes))


def _largest_first(each: Thing) -> tuple[int, str]:
    return -len(each.uses), min(shape.place for shape in each.shapes)


def _what(each: Thing) -> Iterator[Hashable]:
    """What a small object may be: what it is called, what it is beside."""
    for shape in each.shapes:
        yield shape.noun[-1:] if not shape.is_result else shape.noun
        if shape.way:  # two parts of one object, such as its author and who changed it last
            yield ("beside", shape.api.name, shape.sent, *shape.way[:-1])


def _key(shape: Shape) -> Hashable:
    return None if shape.of_arguments or not shape.key else tuple(noun_of(shape.key))


def _entity(shape: Shape) -> Hashable:
    """The entity that a reply, its items, or the arguments of a write are."""
    if shape.way and not shape.is_result and not shape.of_arguments:
        return None
    meaning = shape.api.meaning
    return meaning.noun if meaning.role and meaning.noun else None


def _share(one: Thing, other: Thing) -> float:
    return len(one.uses.keys() & other.uses.keys()) / len(one.uses.keys() | other.uses.keys())


def _overlap(one: Thing, other: Thing) -> float:
    least = min(len(one.uses), len(other.uses))
    return len(one.uses.keys() & other.uses.keys()) / least if least else 0.0


def _alike(one: Thing, other: Thing) -> bool:
    """Whether one is part of the other, or they share four fifths."""
    common = len(one.uses.keys() & other.uses.keys())
    if not common:
        return False
    if _overlap(one, other) == 1:
        return common > 1
    return _share(one, other) >= ALIKE or (_overlap(one, other) >= ALIKE and common >= COMMON)


def _alike_by_key(one: Thing, other: Thing) -> bool:
    keys = {word for each in (one, other) for shape in each.shapes for word in noun_of(shape.key)[-1:]}
    if keys & GENERIC and _share(one, other) < ALIKE:
        return _overlap(one, other) == 1 and min(len(one.uses), len(other.uses)) >= COMMON
    return _alike(one, other) or _overlap(one, other) == 1


def _similar(one: Thing, other: Thing) -> bool:
    return min(len(one.uses), len(other.uses)) >= SIMILAR and _share(one, other) >= ALIKE


def _scalars_fit(left: list[Use], right: list[Use]) -> bool:
    both = [*left, *right]
    forms = {moments.read(use.row, use.samples, sent=use.sent).form for use in both} - {None}
    # a secret that is sent may be plain, and one that is received is hidden
    secret = any(is_secret(use.row) for use in both) and len({use.sent for use in both}) > 1
    of_forms = {use.row["type"] for use in both if moments.read(use.row, use.samples, sent=use.sent).form}
    of_one_type = not forms or {use.row["type"] for use in both} == of_forms
    return len(forms) <= 1 and of_one_type and not secret and _types_fit(both)


def _types_fit(both: list[Use]) -> bool:
    """Whether what is sent keeps its documented type, and what is received can be read as it."""
    types = {each.type for use in both if isinstance(each := inner(use.kind), Plain)}
    if len(types) <= 1:
        return True
    if not types <= {"string", "integer", "number"}:
        return False
    sent = {each.type for use in both if use.sent and isinstance(each := inner(use.kind), Plain)}
    if len(sent) > 1 or (sent and types == {"integer", "number"}):
        return False
    if sent and "string" not in sent:
        texts = [value for use in both if not use.sent for value in use.samples if isinstance(value, str) and value]
        return bool(texts) and all(re.fullmatch(r"-?\d+", text) for text in texts)
    return True
