"""Names the classes of a product as a person would: by the thing that they are, in the singular.

In this order: what an operation is about, for what it returns (`get_event` returns an `Event`); the key of an object,
without `List`, `Model`, `VO`; a word that says nothing, with that of what it is part of (`RecurrencePattern`). A name
that is taken gets the word of its parent, of its operation, or of the product in front.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from generators.platform.joining import Thing
from generators.platform.promises import is_id
from generators.platform.shapes import Many, Shape, object_in
from generators.platform.words import GENERIC, LEADING, ROLES, as_class, is_verbal, noun_of, singular, words_of

NOTHING = {
    *("Result", "Results", "Data", "Items", "Item", "List", "Body", "Content", "Value", "Param", "Model", "Object"),
    *("Response", "Request", "Page", "Map", "Obj", "Row", "Vo", "Dto", "Node", "Open", "Info", "Detail", "Extra"),
    *("Element", "Any", "None", "True", "False", "Exception", "Warning", "Module", "Record", "Field", "Query", "Entry"),
}
"""Names that say nothing, or that mean something else."""

EMPTY_WORDS = {"result", "data", "item", "list", "body", "content", "row", "object"}
"""Keys that say only that there is something."""

PAGING = {
    *("hasmore", "nexttoken", "nextcursor", "totalcount", "total", "totalsize", "pagesize", "pagenumber", "cursor"),
    *("currentpage", "next", "pageno", "pageindex", "maxresults", "size", "totalpage", "requestid", "count", "hasnext"),
}
"""What says how a list goes on, without underscores."""

SHORTEST = 3
"""How many letters a name has at least."""

MOSTLY = 0.6
"""How many of the places of a thing call it by one word, if that is its name."""

_RANKS = {"get": 0, "list": 1, "create": 3, "update": 4}


def name_things(
    things: list[Thing],
    product: str,
    reserved: Collection[str],
    published: Mapping[str, str],
    chosen: Mapping[str, str],
) -> None:
    """Give each thing that needs a class its name.

    Args:
        things: those of a product.
        product: its name.
        reserved: the names that something else has in its module.
        published: by place, the names that classes have already.
        chosen: by place, the names that a person chose.
    """
    _Naming(things, product, reserved, published, chosen).run()


class _Naming:
    def __init__(
        self,
        things: list[Thing],
        product: str,
        reserved: Collection[str],
        published: Mapping[str, str],
        chosen: Mapping[str, str],
    ) -> None:
        self._topic = _topic(product)
        self._things = [each for each in things if each.objects]
        self._reserved = {name.lower() for name in (*reserved, *NOTHING)}
        self._taken: set[str] = set()
        self._known = {**chosen, **published}
        self._kept = {name.lower() for name in self._known.values()}
        self._above: dict[int, list[Thing]] = defaultdict(list)
        for each in self._things:
            for uses in each.uses.values():
                for part in {id(shape.thing): shape.thing for use in uses if (shape := object_in(use.kind))}.values():
                    self._above[id(part)].append(each)

    def run(self) -> None:
        for each in sorted(self._things, key=_weight):
            self._take_known(each)
        rest = [each for each in self._things if not each.name]
        results = [each for each in rest if any(shape.is_result for shape in each.objects)]
        for each in sorted(results, key=_weight):
            each.name = self._free(_of_result(each, self._topic))
        # those above first: a name may need that of what it is part of
        parts = [each for each in rest if not each.name]
        for each in sorted(parts, key=lambda each: (min(len(shape.way) for shape in each.objects), *_weight(each))):
            each.name = self._free(self._of_part(each))

    def _take_known(self, each: Thing) -> None:
        for place in sorted(shape.place for shape in each.objects):
            known = self._known.get(place)
            if known is not None and known.lower() not in self._taken:
                each.name = known
                self._taken.add(known.lower())
                return

    def _free(self, candidates: Iterator[list[str]]) -> str:
        first: list[str] = []
        for words in candidates:
            first = first or words
            if words and self._is_free(as_class(words)):
                return self._take(as_class(words))
        for words in self._variants(first or ["thing"]):
            if self._is_free(as_class(words)):
                return self._take(as_class(words))
        raise AssertionError(first)  # the variants do not end

    def _variants(self, words: list[str]) -> Iterator[list[str]]:
        yield from ([*self._topic, *words], [*words, "info"], [*words, "detail"])
        yield from ([*words, str(number)] for number in range(2, 1000))

    def _is_free(self, name: str) -> bool:
        lower = name.lower()
        return len(name) >= SHORTEST and lower not in self._reserved | self._taken | self._kept

    def _take(self, name: str) -> str:
        self._taken.add(name.lower())
        return name

    def _of_part(self, each: Thing) -> Iterator[list[str]]:
        """The names that an object inside another may have."""
        keys = Counter(tuple(noun_of(shape.key)) for shape in each.objects if shape.key)
        ranked = [list(key) for key, _ in sorted(keys.items(), key=lambda pair: (-pair[1], len(pair[0]), pair[0]))]
        above = self._shortest_above(each)
        yield from _of_several(each, keys, above)
        if not each.received:
            yield from _of_change(each, ranked)
        if {key[-1] for key in ranked} <= EMPTY_WORDS:  # what is in a page, or a body without a name
            page = any(map(_is_page, each.objects))
            nouns = Counter(shape.api.meaning.noun for shape in each.objects if shape.api.meaning.noun)
            yield from ([*noun, *(["page"] if page else [])] for noun, _ in nouns.most_common())
        for key in ranked:
            yield from _of_key(key, above)
        yield from _of_whole_ways(each, ranked or [["entry"]], above)

    def _shortest_above(self, each: Thing) -> list[str]:
        names = [words_of(parent.name) for parent in self._above[id(each)] if parent.name]
        nouns = [[*shape.api.meaning.noun] for shape in each.objects if shape.api.meaning.noun]
        return _shortest(names or nouns or [self._topic])


def _shortest(choices: Iterable[Collection[str]]) -> list[str]:
    """The name of the fewest words; no words if there is none."""
    return min(([*words] for words in choices), key=lambda words: (len(words), words), default=list[str]())


def _topic(product: str) -> list[str]:
    words = [word for word in words_of(product) if not word.isdigit()]
    return [*words[:-1], singular(words[-1])] if words else ["thing"]


def _weight(each: Thing) -> tuple[int, int, int, str]:
    """What is read comes first, then what is used most."""
    rank = min(_RANKS.get(shape.api.meaning.role or "", 5) for shape in each.objects)
    return rank, -len({shape.api.name for shape in each.objects}), -len(each.uses), min(s.place for s in each.shapes)


def _of_result(each: Thing, topic: list[str]) -> Iterator[list[str]]:
    """The names that what an operation returns may have."""
    shapes = [shape for shape in each.objects if shape.is_result]
    roles = {shape.api.meaning.role for shape in shapes}
    nouns = Counter(shape.api.meaning.noun for shape in shapes if shape.api.meaning.role and shape.api.meaning.noun)
    page = any(shape.api.kind is shape and _is_page(shape) for shape in shapes)
    only_written = roles <= {"create", "update", "delete"}
    for noun, _ in sorted(nouns.items(), key=lambda pair: (-pair[1], len(pair[0]), pair[0])):
        words = [*topic, *noun] if len(noun) == 1 and noun[0] in GENERIC else [*noun]
        if page:
            yield [*words, "page"]
        elif only_written and len(each.uses) <= 2 and all(map(is_id, each.uses)):  # noqa: PLR2004
            yield [*words, "ref"]
        elif only_written and len(each.shapes) == len(shapes):
            yield ["created" if "create" in roles else "updated" if "update" in roles else "deleted", *words]
        else:
            yield words
            if as_class(words) in NOTHING:
                yield [*topic, *words]
            key = next((noun_of(shape.key) for shape in shapes if shape.key), list[str]())
            if key and key[-1] not in GENERIC and not is_verbal(key):
                yield key
    for shape in shapes:
        yield from _of_method(shape, topic, page=page)


def _of_method(shape: Shape, topic: list[str], *, page: bool) -> Iterator[list[str]]:
    words = _without_lead(shape.api.method)
    if shape.api.meaning.role:
        words = [word for word in words if word not in ROLES]
        words = [*words[:-1], singular(words[-1])] if words else topic
        yield words
        yield [*words, "page" if page else "detail"]
        return
    key = noun_of(shape.key)
    if key and key[-1] not in GENERIC and not is_verbal(key):
        yield key
    noun, done = [*shape.api.meaning.noun], shape.api.meaning.done
    yield [*noun, "page"] if page else [done, *noun] if done else noun
    yield [*noun, "result"]


def _of_several(each: Thing, keys: Mapping[tuple[str, ...], int], above: list[str]) -> Iterator[list[str]]:
    """The names of what is called several things: by the word that these have in common, or by what it is."""
    heads = {key[-1] for key in keys}
    if len(keys) > 1:
        if len(heads) == 1 and not heads & GENERIC:
            yield [*heads]
        if {"datetime", "timezone"} & {name.lower() for name in each.uses}:
            yield [*above, "time"]
        if len(heads) > 1:
            yield _shortest({shape.api.meaning.noun for shape in each.objects} - {()})
    if len(heads) != 1 and _is_person(each):
        yield [*above, "user"]
    if len(heads) > 1 and max(keys.values()) < MOSTLY * sum(keys.values()):
        yield [*above, "entry"]


def _of_whole_ways(each: Thing, keys: list[list[str]], above: list[str]) -> Iterator[list[str]]:
    """The names that say all of where a thing is, if the shorter ones are taken."""
    yield from ([*above, *key] for key in keys)
    for shape in each.objects:
        yield [*(shape.api.meaning.noun or _without_lead(shape.api.method)), *keys[0]]
    for shape in each.objects:
        yield [*words_of(shape.api.method), *keys[0]]


def _of_change(each: Thing, ranked: list[list[str]]) -> Iterator[list[str]]:
    """The names of what is only sent: `NewEvent` beside an `Event`."""
    creates = any(shape.api.meaning.role == "create" for shape in each.objects)
    for key in ranked:
        if any(shape.api.meaning.noun[-1:] == (key[-1],) and len(shape.way) == 1 for shape in each.objects):
            yield key
            yield ["new", *key] if creates else [*key, "change"]


def _of_key(key: list[str], above: list[str]) -> Iterator[list[str]]:
    if key[-1] in GENERIC and len(key) == 1:
        yield [*above, "entry" if key[-1] in EMPTY_WORDS else key[-1]]
    elif key[0].isdigit() or len("".join(key)) < SHORTEST:
        yield [*above, *key]
    elif is_verbal(key):
        yield key[1:]
    else:
        yield key


def _without_lead(method: str) -> list[str]:
    return [word for word in words_of(method) if word not in LEADING]


def _is_page(shape: Shape) -> bool:
    """A list, and little else than how it goes on; or a list with a name that says nothing."""
    lists = [name for name, use in shape.uses.items() if isinstance(use.kind, Many)]
    rest = [name for name in shape.uses if name not in lists]
    unnamed = [name for name in lists if object_in(shape.uses[name].kind) and noun_of(name)[-1:][0] in EMPTY_WORDS]
    return len(unnamed) == len(lists) == 1 or (
        len(lists) in {1, 2} and bool(rest) and all(name.lower().replace("_", "") in PAGING for name in rest)
    )


def _is_person(each: Thing) -> bool:
    names = {name.lower().replace("_", "") for name in each.uses}
    return bool(names & {"userid", "unionid", "staffid"}) and any(name.endswith("name") for name in names)
