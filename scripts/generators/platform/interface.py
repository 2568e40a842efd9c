"""The public interface of a product: its classes with their fields, its methods with their parameters.

It is plain data: made from the facts, merged with what was published, written as source and as names.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    """A field of a class.

    Attributes:
        name: its name in Python.
        wire: its name on the wire.
        hint: its annotation.
        default: its default as source text; `None` if it has none.
    """

    name: str
    wire: str
    hint: str
    default: str | None


@dataclass(frozen=True)
class Class:
    """A class of objects.

    Attributes:
        sent: whether they are arguments.
        received: whether they come in replies.
        fields: by their wire names.
        places: where its objects are, in words.
    """

    sent: bool
    received: bool
    fields: dict[str, Field]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Argument:
    """A parameter of a method.

    Attributes:
        name: its name in Python.
        wire: its name on the wire.
        hint: its annotation; without `None`, if that is its default.
        default: its default as source text; `None` if it has to be given.
        by_position: whether it may be given without its name.
    """

    name: str
    wire: str
    hint: str
    default: str | None
    by_position: bool

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is None


@dataclass(frozen=True)
class Method:
    """A method of a product.

    Attributes:
        name: its name in Python.
        endpoint: verb and path, with the parameters in the query string.
        arguments: by their wire names.
        returns: the type that it returns: `Call[Event]`.
        made: what it returns, as source text.
        also: its other names.
        options: what else its decorator says, as source text.
        evidence: what says that it exists: `documented` or `sdk`.
    """

    name: str
    endpoint: str
    arguments: dict[str, Argument]
    returns: str
    made: str
    also: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    evidence: str = "documented"


@dataclass
class Interface:
    """The public interface of a product.

    Attributes:
        classes: by name.
        methods: by the platform's names of the APIs.
    """

    classes: dict[str, Class] = field(default_factory=dict[str, Class])
    methods: dict[str, Method] = field(default_factory=dict[str, Method])

    def places(self) -> dict[str, str]:
        """The class of each place."""
        return {place: name for name, each in self.classes.items() for place in each.places}
