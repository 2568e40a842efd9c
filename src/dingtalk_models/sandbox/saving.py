"""Saves the objects of a sandbox's state as lines of text, and loads them again.

The first line is a header. Each further line is one object: a dict, list, set or deque, or an instance with its
attributes. Objects refer to each other by line, so shared objects stay shared. Loading only reads data: a file can name
classes of the sandbox, but it cannot choose any code to run.

A state class needs no code for this. Its `UNSAVED` names the attributes that belong to the running process. Classes
that are not dataclasses are created without arguments, except those whose only instance every company has.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from abc import ABCMeta
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from pydantic import PositiveInt, TypeAdapter
from typing_extensions import TypedDict

from dingtalk_models.process.atomic_file import write_whole
from dingtalk_models.sandbox.platform.documented import named
from dingtalk_models.sandbox.server.json_values import is_array, is_object

VERSION: Final = 2
"""The version of the files that `write` makes."""

_FORMAT: Final = "dingtalk-models sandbox"
_PACKAGE: Final = f"{__name__.rpartition('.')[0]}."
_REFERENCE: Final = "is"
_PARAMS: Final = "__dataclass_params__"
_CONTAINERS: Final[dict[type, str]] = {list: "list", set: "set", deque: "deque", dict: "dict", defaultdict: "dict"}
_PLAIN: Final[tuple[type, ...]] = (str, int, float, bool, type(None))

Node = dict[str, Any]


class UnusableState(ValueError):
    """A file is not a saved sandbox, or is from a later version, incomplete or damaged."""


class Unsavable(TypeError):
    """The state contains an object that cannot be saved."""


def write(nodes: list[Node], path: str | os.PathLike[str]) -> None:
    """Write the result of `dump` to a file. It replaces an older one only when complete; only its owner may read it."""
    lines = "".join(f"{json.dumps(node, ensure_ascii=False, separators=(',', ':'))}\n" for node in nodes)
    header = {"format": _FORMAT, "version": VERSION, "sha256": _digest(lines.encode("utf-8", "surrogatepass"))}
    write_whole(path, (f"{json.dumps(header)}\n", lines))


def read(path: str | os.PathLike[str]) -> list[Node]:
    """Read the objects in a file that `write` wrote.

    Raises:
        UnusableState: it is another kind of file, or from a later version, or incomplete or damaged.
    """
    try:
        # not by splitlines, because texts may contain Unicode's other line endings
        head, *lines = Path(path).read_bytes().split(b"\n")
        header = json.loads(head)
    except (ValueError, RecursionError):
        header, lines = None, list[bytes]()
    if not is_object(header) or header.get("format") != _FORMAT:
        raise UnusableState(f"{path} is not a saved sandbox / 不是模拟服务器保存的文件")
    version = header.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise UnusableState(
            f"{path} was saved by a later version of this package ({version}): update it / 由更新的版本保存，请升级本包"
        )
    if header.get("sha256") != _digest(b"\n".join(lines)):
        raise UnusableState(f"{path} is damaged, or cut short: save it again / 文件已损坏或不完整，请重新保存")
    try:
        return [json.loads(line.decode("utf-8", "surrogatepass")) for line in lines[:-1]]
    except (ValueError, RecursionError) as error:
        raise _unfit(error) from None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# from objects to lines


def dump(root: dict[str, Any]) -> list[Node]:
    """Return the objects below `root`, which comes first.

    Raises:
        Unsavable: one of them cannot be saved.
    """
    return [*_Dump(root)]


class _Dump(Iterator[Node]):
    """Yields the objects, each once, in the order in which they are found."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._places: dict[int, int] = {}
        self._left: deque[Any] = deque()
        self._held: list[Any] = []
        """Keeps the objects alive, because Python may give the id of a deleted one to another."""
        self._value(root)

    def __next__(self) -> Node:
        if not self._left:
            raise StopIteration
        return self._node(self._left.popleft())

    def _node(self, item: Any) -> Node:
        kind = _kind(item)
        if kind is deque:
            return {"deque": self._values(item), "most": item.maxlen}
        if kind in _CONTAINERS:
            # sets have no order; sorting them gives the same file for the same state
            items = sorted(item, key=repr) if kind is set else item
            return {_CONTAINERS[kind]: self._pairs(item) if issubclass(kind, dict) else self._values(items)}
        has = {name: self._value(each) for name, each in tuple(_attributes(item).items()) if name not in _unsaved(kind)}
        return {"of": _name(kind), "has": has, **({"dict": self._pairs(item)} if issubclass(kind, dict) else {})}

    def _pairs(self, items: dict[Any, Any]) -> list[Any]:
        return [[self._value(key), self._value(value)] for key, value in tuple(items.items())]

    def _values(self, items: Any) -> list[Any]:
        return [self._value(each) for each in tuple(items)]

    def _value(self, item: Any) -> Any:  # noqa: PLR0911 -- a table of kinds
        kind = _kind(item)
        if kind in _PLAIN:
            return item
        if kind in (tuple, frozenset):
            return {kind.__name__: self._values(sorted(item, key=repr) if kind is frozenset else item)}
        if kind is bytes:
            return {"bytes": base64.b64encode(item).decode()}
        if isinstance(item, date):  # not by its exact class, because freezegun replaces it
            return {"datetime" if isinstance(item, datetime) else "date": item.isoformat()}
        if kind is count:
            # read its number without advancing it; pickling a counter is deprecated
            return {"count": int(repr(item).removeprefix("count(").removesuffix(")"))}
        if kind in (type, ABCMeta):
            return {"class": _name(item)}
        if kind not in _CONTAINERS and not _is_ours(kind):
            raise Unsavable(f"a {kind.__module__}.{kind.__qualname__} cannot be saved")
        if id(item) not in self._places:
            self._places[id(item)] = len(self._held)
            self._held.append(item)
            self._left.append(item)
        return {_REFERENCE: self._places[id(item)]}


def _kind(item: object) -> type:
    return type(item)


def _attributes(item: object) -> dict[str, Any]:
    return vars(item)


def _is_record(kind: Any) -> bool:
    return is_dataclass(kind)


def _fields(kind: Any) -> dict[str, Field[Any]]:
    return {each.name: each for each in fields(kind)}


def _name(kind: type) -> str:
    return f"{kind.__module__.removeprefix(_PACKAGE)}:{kind.__qualname__}"


def _unsaved(kind: type) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(kind, "UNSAVED", ())
    return names


def _is_ours(kind: type) -> bool:
    """Whether it is one of the sandbox's classes for state."""
    name = kind.__module__
    holds = _is_record(kind) or name.startswith(f"{_PACKAGE}state.") or hasattr(kind, "UNSAVED")
    return name.startswith(_PACKAGE) and holds


# from lines to objects


def restore(root: dict[str, Any], nodes: list[Node]) -> dict[str, Any]:
    """Put the saved state into the objects below `root`, either all of it or nothing.

    Objects that the root's attributes lead to stay the same, with new contents, because users hold references to
    them. All others are created anew.

    Returns:
        The saved root.

    Raises:
        UnusableState: the lines are from another version of the package, or contradict each other.
    """
    try:
        return _Restore(nodes).into(root)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise _unfit(error) from error


def _unfit(error: Exception) -> UnusableState:
    told = "what was saved does not fit this version of the package / 保存的内容与本包当前版本不符"
    return UnusableState(f"{told}: {error!r}")


def check_settings(root: Mapping[str, Any]) -> None:
    """Check the settings in a root, which are everything but the company.

    Raises:
        UnusableState: they are wrong.
    """
    try:
        faults = [_attributes(each) for each in root["faults"]]
        _settings().validate_python({**root, "faults": faults}, strict=True)
        for name, _ in root["answers"]:
            named(name)
    except (KeyError, TypeError, ValueError):
        raise UnusableState("its settings are not of this version of the package / 设置与本包当前版本不符") from None


class _Fault(TypedDict):
    path: str
    remaining: int
    how: dict[str, Any]


class _SandboxSettings(TypedDict):
    qps: PositiveInt | None
    faults: list[_Fault]
    answers: list[tuple[str, dict[str, Any]]]


@cache
def _settings() -> TypeAdapter[_SandboxSettings]:
    return TypeAdapter(_SandboxSettings)


class _Restore:
    """Makes the objects from the lines."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes
        self._objects: dict[int, Any] = {}
        self._bound: set[int] = set()

    def into(self, root: dict[str, Any]) -> dict[str, Any]:
        top: dict[str, Any] = {}
        self._objects[0] = top
        for name, value in self._nodes[0]["dict"]:
            if name in root:
                self._bind(value, root[name])
        for place, node in enumerate(self._nodes):
            if place not in self._objects:
                self._make(place, node)
        # all contents are built before the first object is changed, so that an error leaves everything as it was
        contents = [self._content(place, node) for place, node in enumerate(self._nodes)]
        for place, (items, has) in enumerate(contents):
            _fill(self._objects[place], items, has)
        return top

    def _bind(self, value: Any, live: Any) -> None:
        """Use a live object for the saved one that a value refers to, and do the same for its attributes."""
        kind = _kind(live)
        if kind not in _CONTAINERS and (not _is_ours(kind) or _is_frozen(kind)):
            return
        if not is_object(value) or _REFERENCE not in value:
            if not _is_record(kind):
                raise TypeError(f"{value!r} is no {kind.__name__}")
            return  # an optional part, such as a token
        place: int = value[_REFERENCE]
        if self._object(place) is not None or id(live) in self._bound:
            return
        node = self._nodes[place]
        if _kind_of(node) != _CONTAINERS.get(kind, _name(kind)):
            raise TypeError(f"object {place} is not a {kind.__name__}")
        self._objects[place] = live
        self._bound.add(id(live))
        for name, each in node.get("has", {}).items():
            self._bind(each, _attributes(live)[name])

    def _make(self, place: int, node: Node) -> None:
        kind = _class(node["of"]) if "of" in node else _MADE[_kind_of(node)]
        if kind is deque:
            self._objects[place] = deque[Any](maxlen=node["most"])
        elif _is_record(kind):
            self._objects[place] = object.__new__(kind)
        else:
            self._bind({_REFERENCE: place}, kind())

    def _content(self, place: int, node: Node) -> tuple[Any, dict[str, Any]]:
        """Return the items and the attributes of an object."""
        live = self._objects[place]
        kind = _kind(live)
        items: Any = None
        if "dict" in node:
            items = {self._value(key): self._value(value) for key, value in node["dict"]}
        elif "of" not in node:
            items = [self._value(each) for each in node[_kind_of(node)]]
            items = set(items) if kind is set else items
        has = {name: self._value(each) for name, each in node.get("has", {}).items()}
        known = _fields(kind) if _is_record(kind) else _attributes(live) if has else {}
        if unknown := [name for name in has if name not in known or name in _unsaved(kind)]:
            raise AttributeError(f"{kind.__name__} has no {unknown}")
        if _is_record(kind):
            kept = {*has, *(_unsaved(kind) if id(live) in self._bound else ())}
            has |= _defaults(kind, kept)
        return items, has

    def _object(self, place: int) -> Any:
        """Return the object at a place; None if it is not made yet. Nothing may refer to the first one, the root."""
        if not 0 < place < len(self._nodes):
            raise IndexError(f"there is no object {place}")
        return self._objects.get(place)

    def _value(self, value: Any) -> Any:
        if is_array(value):
            raise TypeError("a list is no value")
        if not is_object(value):
            return value
        ((kind, held),) = value.items()
        if kind == _REFERENCE:
            return self._object(held)
        return _SINGLE[kind](held) if kind in _SINGLE else _SEVERAL[kind](self._value(each) for each in held)


def _kind_of(node: Node) -> str:
    """Return the name of an object's class, or its kind of container."""
    if not node:
        raise ValueError("an object without content")
    return str(node.get("of", next(iter(node))))


def _class(name: str) -> type:
    """Find a class of the sandbox by name."""
    module, _, qualified = name.partition(":")
    kind: Any = vars(sys.modules[f"{_PACKAGE}{module}"])[qualified]
    if not isinstance(kind, type) or _name(kind) != name or not _is_ours(kind):
        raise TypeError(f"{name} is no class")
    return kind


_MADE: Final[dict[str, type]] = {"list": list, "set": set, "deque": deque, "dict": dict}
_SINGLE: Final[dict[str, Callable[[Any], Any]]] = {
    "bytes": base64.b64decode,
    # lambdas, because freezegun replaces these classes while a test has the time frozen
    "datetime": lambda text: datetime.fromisoformat(text),  # noqa: PLW0108
    "date": lambda text: date.fromisoformat(text),  # noqa: PLW0108
    "count": count,
    "class": _class,
}
_SEVERAL: Final[dict[str, Callable[[Iterable[Any]], Any]]] = {"tuple": tuple, "frozenset": frozenset}


def _is_frozen(kind: type) -> bool:
    return _is_record(kind) and bool(getattr(kind, _PARAMS).frozen)


def _defaults(kind: type, kept: Container[str]) -> dict[str, Any]:
    """Return the defaults of the fields that were not saved, because they were new or belong to the running process."""
    made: dict[str, Any] = {}
    for name, each in _fields(kind).items():
        if name in kept:
            continue
        if each.default is MISSING and each.default_factory is MISSING:
            raise AttributeError(f"{kind.__name__} lacks {name}")
        made[name] = each.default if each.default_factory is MISSING else each.default_factory()
    return made


def _fill(live: Any, items: Any, has: dict[str, Any]) -> None:
    if has:
        _attributes(live).update(has)
    if items is not None:
        live.clear()
        getattr(live, "extend" if type(live) in (list, deque) else "update")(items)
