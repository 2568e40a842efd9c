"""Resources that know more than their fields say: what the call that loaded them was given."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Self, TypeGuard, TypeVar, get_args, overload

from pydantic import ValidationError

from dingtalk_models.call.call import Call
from dingtalk_models.call.loaded import set_hidden
from dingtalk_models.call.operation import Bound
from dingtalk_models.core.errors import FieldMissing, InvalidArgument, Problem
from dingtalk_models.core.problems import unknown
from dingtalk_models.core.steps import Flow
from dingtalk_models.resource.model import Model, with_ids
from dingtalk_models.resource.reply import Reply

T = TypeVar("T")
R = TypeVar("R")


class Remembered(Generic[T]):
    """What an object remembers of the call that loaded it: `calendar_id: ClassVar = Remembered(str, "calendarId")`.

    It is no field: it is in no dump and no `repr`, and does not count when objects are compared.

    Args:
        kind: its type.
        sent_as: the wire names of the parameter in the calls that load such objects.
    """

    def __init__(self, kind: type[T], *sent_as: str) -> None:
        self.kind = kind
        self.sent_as = sent_as

    def __set_name__(self, owner: type[Entity], name: str) -> None:
        self._name = name
        owner.remembers = (*owner.remembers, *self.sent_as)

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, obj: Entity, owner: type[Any]) -> T: ...
    def __get__(self, obj: Entity | None, owner: type[Any]) -> Any:
        if obj is None:
            return self
        known = known_to(obj)
        for name in self.sent_as:
            if name in known:
                return known[name]
        raise FieldMissing(
            f"{owner.__name__}.{self._name}",
            "is only known if the call that loaded the object was given it: load the object from the platform, or say "
            f"it, with .knowing({self._name}=…) / 只有加载该对象的调用带有此参数时才知道：请从平台加载对象，"
            f"或用 .knowing({self._name}=…) 指定",
        )


class Entity(Model, Reply):
    """A resource whose methods also need what is in none of its fields, such as the calendar of an event."""

    def knowing(self, **known: object) -> Self:
        """Tell an object that was made by hand what its methods need: `Event(id="…").knowing(calendar_id="primary")`.

        Raises:
            InvalidArgument: it remembers no such thing.
        """
        remembered = _remembered_by(type(self))
        if wrong := known.keys() - remembered.keys():
            wrongly = [Problem(name, unknown(name, remembered)) for name in sorted(wrong)]
            raise InvalidArgument(f"{type(self).__name__}.knowing", wrongly)
        said = {sent: value for name, value in known.items() for sent in remembered[name].sent_as}
        set_hidden(self, "_sent", {**known_to(self), **said})
        return self

    if not TYPE_CHECKING:  # as in `Model`

        def __setattr__(self, name: str, value: Any) -> None:
            """Assign a field. What the platform promises cannot be taken away."""
            field = type(self).model_fields.get(name)
            if value is None and field and type(None) not in get_args(field.annotation):
                raise InvalidArgument(type(self).__name__, [Problem(name, "required / 必填")])
            super().__setattr__(name, value)

    def replace(self, other: Model) -> None:
        """Copy every field from another object of this resource."""
        super().replace(other)
        set_hidden(self, "_sent", {**known_to(self), **known_to(other)})

    def _loading(self) -> Any:
        """Return the call that loads this object again: of its own class, since a list may have another than `get`."""
        this: Any = self
        return with_ids(self, this.objects.get).into_class(type(self))

    def _with_ids(self, bound: Bound[R, ...], /, **arguments: Any) -> R:
        """Return an unsent operation of the manager for this object: the ids that it knows are filled in."""
        unsent: R = with_ids(self, bound, **arguments)
        return unsent

    def _updated(self, bound: Bound[Call[Any], ...], /, **fields: Any) -> Flow[Self]:
        """Send changes with an operation of the manager, then set them on this object: `update` returns this flow."""
        changes = {name: value for name, value in fields.items() if value is not None}
        told: object = yield from self._with_ids(bound, **changes)
        said: dict[str, Any] = {}
        if isinstance(told, type(self)):
            said = {name: value for name, value in vars(told).items() if name in told.model_fields_set}
        this: Any = self
        ids = this.key.values()  # they say which object it is, whatever a reply has there
        for name, value in {**changes, **said}.items():
            if name not in ids:
                with suppress(ValidationError):  # the argument has another type than the field, which stays as it is
                    self.hold({name: value})
        return self

    def __copy__(self) -> Self:
        return self._like(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self._like(super().__deepcopy__(memo))

    def _like(self, twin: Self) -> Self:
        set_hidden(twin, "_sent", known_to(self))
        return twin

    def __getstate__(self) -> dict[Any, Any]:
        return {**super().__getstate__(), "_sent": known_to(self)}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        set_hidden(self, "_sent", state["_sent"])
        super().__setstate__(state)


def _remembered_by(kind: type[Entity]) -> dict[str, Remembered[Any]]:
    attributes = {name: value for base in kind.__mro__ for name, value in vars(base).items()}
    return {name: value for name, value in attributes.items() if _is_remembered(value)}


def _is_remembered(value: object) -> TypeGuard[Remembered[Any]]:
    return isinstance(value, Remembered)


def known_to(entity: object) -> Mapping[str, Any]:
    """What an object remembers, by its names on the wire."""
    known: Mapping[str, Any] = getattr(entity, "_sent", {})
    return known
