"""Base classes: models, which are read, changed and saved, and shapes, which can also be arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NotRequired, Self, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from dingtalk_models.call.call import Call
from dingtalk_models.call.loaded import Loaded, origin_of, place_of, read_again, set_hidden
from dingtalk_models.call.operation import Bound, is_operation, operation
from dingtalk_models.call.repair import UNPARSED
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import DingTalkError, InvalidArgument, Problem, TransportError
from dingtalk_models.core.hints import fields_in, get_origin, names_of_fields
from dingtalk_models.core.json_values import is_array, is_object, jsonable
from dingtalk_models.core.problems import problems, unknown, warn_of_older_name
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import limited_as_argument, userid_name

_DONE = "dingtalk_models"
"""Marks the schema of a field that is as a record reads it."""


class Record(BaseModel):
    """An object in a reply. Unknown fields are kept; a number may come as a string, and a string as a number.

    A field that may be `None` may be missing too. Classes that are made by hand have `= None` for type checkers.
    """

    model_config = ConfigDict(
        extra="allow",
        populate_by_name=True,
        coerce_numbers_to_str=True,
        protected_namespaces=(),
        ignored_types=(operation, Bound),
        defer_build=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let nullable fields be missing, and apply limits to arguments only, since a reply may exceed them."""
        reference = handler(source)
        fields: Any = handler.resolve_ref_schema(reference)
        while fields["type"] != "model-fields":
            fields = fields["schema"]
        for field in fields["fields"].values():
            done: dict[str, Any] = field.setdefault("metadata", {})
            if not done.get(_DONE):  # pydantic keeps the schema of a class, and asks again where the class is a field
                field["schema"], done[_DONE] = cls._as_read(field["schema"]), True
        return reference

    @classmethod
    def _as_read(cls, schema: Any) -> Any:
        """Return the schema of a field for replies and arguments."""
        return limited_as_argument(_may_be_missing(schema))

    @property
    def unparsed(self) -> dict[str, Any]:
        """Fields that do not have their documented form, as they came."""
        kept: object = (self.model_extra or {}).get(UNPARSED)
        return cast("dict[str, Any]", kept) if isinstance(kept, dict) else {}

    def _not_there(self, name: str) -> DingTalkError:
        """Return the error for reading a field that is not set."""
        kind = type(self).__name__
        return TransportError(f"{kind}.{name} could not be read from the reply: what came is in .unparsed")

    if not TYPE_CHECKING:  # with them, type checkers would let any name be read and assigned

        def __getattr__(self, name: str) -> Any:
            """Read a field by an older name of ids of users, or explain why it is not there."""
            if name in type(self).model_fields:
                raise self._not_there(name)
            today = userid_name(name)
            if today != name and today in type(self).model_fields and name not in (self.model_extra or {}):
                warn_of_older_name(type(self).__name__, name, today)
                return getattr(self, today)
            return super().__getattr__(name)

        def __setattr__(self, name: str, value: Any) -> None:
            """Assign a field."""
            kind = type(self)
            if not (name in kind.model_fields or name in (self.model_extra or {}) or name.startswith("_")):
                raise InvalidArgument(kind.__name__, [Problem(name, unknown(name, kind.model_fields))])
            super().__setattr__(name, value)
            if unparsed := self.unparsed:
                names = names_of_fields(kind)
                kept = {other: part for other, part in unparsed.items() if names.get(other, other) != name}
                self.__pydantic_extra__[UNPARSED] = kept

    def __repr_args__(self) -> Any:
        """Return only fields with a value, to keep log lines short. Times are ISO text."""
        return [(name, _readable(value)) for name, value in super().__repr_args__() if value not in (None, [], "")]


class Model(Loaded, Record):
    """A resource of the platform. It remembers the app that loaded it, and which fields were assigned since."""

    __slots__ = ("_before",)

    model_config = ConfigDict(validate_assignment=True)

    @property
    def app(self) -> AppLike | None:
        """The app that loaded this object; `None` for an object made by hand, copied or unpickled."""
        app, _ = getattr(self, "_origin", (None, None))
        return app

    def using(self, app: AppLike | None) -> Self:
        """Make this object use an app for its calls."""
        set_hidden(self, "_origin", (app, origin_of(self)[1]))
        return self

    if not TYPE_CHECKING:  # with it, type checkers would let any name be assigned

        def __setattr__(self, name: str, value: Any) -> None:
            """Assign a field. Its type and the limits of the resource's `update` are checked."""
            kind = type(self)
            before = self._values_before
            if name not in before:
                before = {**before, name: value_before(self, name, value)}
            if name in kind.model_fields and comparable(value) != before[name]:
                _check_with_update(kind, name, value)
            try:
                super().__setattr__(name, value)
            except ValidationError as error:
                raise InvalidArgument(kind.__name__, problems(error, fields_in(kind))) from None
            set_hidden(self, "_before", before)

    @property
    def _values_before(self) -> dict[str, Any]:
        """The platform's values of the fields that were assigned or saved, to compare with."""
        return getattr(self, "_before", {})

    def changes(self) -> dict[str, Any]:
        """The fields that `save()` sends, with their values: those that were assigned and differ from before."""
        before = self._values_before
        now = {name: getattr(self, name) for name in type(self).model_fields if name in before}
        return {name: value for name, value in now.items() if comparable(value) != before[name]}

    @property
    def assigned(self) -> frozenset[str]:
        """The names of the fields in `changes()`."""
        return frozenset(self.changes())

    def replace(self, other: Model) -> None:
        """Copy every field from another object of this resource."""
        vars(self).update(vars(other))
        for name in vars(self).keys() - vars(other).keys():
            del vars(self)[name]
        set_hidden(self, "__pydantic_extra__", other.__pydantic_extra__)
        set_hidden(self, "__pydantic_fields_set__", set(other.__pydantic_fields_set__))
        set_hidden(self, "_origin", (self.app, origin_of(other)[1]))
        set_hidden(self, "_place", place_of(other))
        set_hidden(self, "_before", {})

    def hold(self, fields: Mapping[str, Any]) -> None:
        """Set fields to values that the platform has accepted, so that `save` does not send them."""
        held = [name for name in fields if name in type(self).model_fields]
        for name in held:
            super().__setattr__(name, fields[name])
        before = {name: comparable(vars(self)[name]) for name in held}
        set_hidden(self, "_before", {**self._values_before, **before})


class _Time:
    """A time or a day, whose `repr` is its ISO text."""

    def __init__(self, value: date) -> None:
        self._text = value.isoformat()

    def __repr__(self) -> str:
        return self._text


def _readable(value: object) -> object:
    """Prepare a field value for the `repr`, including times in a list."""
    if is_array(value):
        return [_readable(each) for each in value]
    return _Time(value) if isinstance(value, date) else value


def _may_be_missing(schema: Any) -> Any:
    return core_schema.with_default_schema(schema, default=None) if schema["type"] == "nullable" else schema


def _check_with_update(kind: type[Model], name: str, value: Any) -> None:
    """Check a field against the resource's `update`, if any, since only fields that it sends can be changed."""
    update: object = getattr(kind, "update", None)
    if is_operation(update):
        if name not in update.arguments.fields:
            problem = Problem(name, "cannot be changed: update() has no such field / 不能修改：update() 没有该字段")
            raise InvalidArgument(kind.__name__, [problem])
        update.arguments.check_one(name, value)


if TYPE_CHECKING:
    _CheckedWhenMade = Record
else:

    class _Checking(type(BaseModel)):
        """Checks objects that are made by hand. Pydantic does not call the class to read a reply."""

        def __call__(cls, /, **fields: Any) -> Any:
            try:
                cls.model_validate(fields, extra="forbid", by_alias=True, by_name=True)
            except ValidationError as error:
                raise InvalidArgument(cls.__name__, problems(error, fields_in(cls))) from None
            return super().__call__(**fields)

    class _CheckedWhenMade(Record, metaclass=_Checking):
        """A record that is checked when it is made by hand."""


class Shape(_CheckedWhenMade):
    """A record that can also be an argument: strict when it is made by hand or sent, tolerant in a reply.

    A shape from a reply can be sent again: the fields that are set, and undocumented ones as they came. A field
    of which something could not be read is not sent, unless it is assigned.
    """


def _given(value: Any) -> Any:
    """Convert shapes to dicts of the fields that are set, at every depth."""
    if isinstance(value, Shape):
        fields = vars(value)  # a field of a reply may be missing
        # a field that was read only in part is not sent until it is assigned
        unread = {names_of_fields(type(value)).get(name) for name in value.unparsed}
        # a list that was never assigned may have been filled in place
        given = {
            name: part
            for name, part in fields.items()
            if name not in unread and (part or name in value.model_fields_set)
        }
        undocumented = {name: part for name, part in (value.model_extra or {}).items() if name != UNPARSED}
        return undocumented | {name: _given(part) for name, part in given.items()}
    return [_given(part) for part in value] if is_array(value) else value


def _checked_again(value: Any) -> Any:
    """Check every shape in a value again, since its fields may have changed."""
    if isinstance(value, Shape):
        return type(value).model_validate(_given(value), extra="allow")
    if is_object(value):
        return {name: _checked_again(part) for name, part in value.items()}
    return [_checked_again(part) for part in value] if is_array(value) else value


class _AsArgument:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        kind = get_args(source)[0]
        return core_schema.no_info_before_validator_function(_checked_again, handler.generate_schema(kind))


S = TypeVar("S", bound=Shape)

OrDict = Annotated[S | Mapping[str, object], _AsArgument()]
"""An argument that is a shape or a dict of its fields: `Sequence[OrDict[Component]]`."""


_IN_PLACE = (list, dict, BaseModel)
_UNKNOWN = object()


def comparable(value: Any) -> Any:
    """Copy a value to compare with later: a list, a dict or a record becomes JSON, which cannot change in place."""
    return jsonable(value, serialize_unknown=True) if isinstance(value, _IN_PLACE) else value


def value_before(record: BaseModel, name: str, value: Any) -> Any:
    """Return the old value of a field that is assigned for the first time."""
    now = vars(record).get(name)
    if now is not None and name not in record.model_fields_set:
        return _UNKNOWN  # the reply did not have this list, which does not mean that it is empty
    if not isinstance(now, _IN_PLACE):
        return now
    if again := origin_of(record)[1]:
        return comparable(read_again(again, place_of(record), name))
    # an object made by hand has no reply; the list may have been changed in place
    return _UNKNOWN if now is value else comparable(now)


M = TypeVar("M")


class Identified:
    """A resource that knows the arguments that say which object it is."""

    key: ClassVar[Sequence[str] | Mapping[str, str]] = ()
    """The fields that identify the object: the first arguments of the manager's `get`, `update` and `delete`.

    If they have other names or another order there, their names by those of the arguments.
    """


class Refreshed(Identified, Generic[M]):
    """Adds `refresh` to a resource: `class Role(Model, Refreshed["Role"])`."""

    kept: ClassVar[tuple[str, ...]] = ()
    """The fields that `refresh` keeps, because the reply does not have them."""

    @operation
    def refresh(self) -> Flow[M]:
        """Load every field of this object again."""
        this: Any = self
        kept = {name: getattr(this, name) for name in this.kept}
        this.replace((yield from self._loading()))
        this.hold(kept)
        return cast("M", self)

    def _loading(self) -> Any:
        """Return the unsent call that loads this object again."""
        this: Any = self
        return with_ids(this, this.objects.get)


class Savable(Identified, Generic[M]):
    """Adds `save` to a resource that has `update`, and no `get`: `class Column(Entity, Savable["Column"])`."""

    @operation
    def save(self) -> Flow[M]:
        """Send the fields that have changed since this object was loaded. If none has, nothing is sent."""
        this: Any = self
        if changes := this.changes():
            yield from this.update.call(**{**_required(this), **changes})
        return cast("M", self)


class Changed(Refreshed[M], Savable[M]):
    """Adds `refresh` and `save` to a resource that has `update`: `class Group(Model, Changed["Group"])`."""

    def updated(self, fields: Mapping[str, Any], held: Mapping[str, Any] | None = None) -> Flow[M]:
        """Send changes, then set them on this object: the `update` of a resource returns this flow.

        Args:
            fields: the arguments of the manager's `update`, without the key.
            held: the fields to set on this object afterwards; by default the same.
        """
        this: Any = self
        yield with_ids(this, this.objects.update, **fields)
        this.hold(fields if held is None else held)
        return cast("M", self)


class Saved(Changed[M]):
    """Adds `refresh`, `save` and `delete` to a resource that has `update`: `class User(Model, Saved["User"])`."""

    @operation
    def delete(self) -> Call[None]:
        """Delete this object on the platform. The manager's `delete` lists the errors."""
        this: Any = self
        return cast("Call[None]", with_ids(this, this.objects.delete))


def _required(this: Any) -> dict[str, Any]:
    """Return what `update` requires, as this object has it."""
    wanted: dict[str, Any] = this.update.definition.arguments.fields
    fields: Mapping[str, Any] = this.__class__.model_fields
    return {
        name: getattr(this, name)
        for name, hint in wanted.items()
        if name in fields and get_origin(hint) is not NotRequired
    }


def with_ids(resource: Any, bound: Any, **arguments: Any) -> Any:
    """Return an unsent operation of the manager, with the ids of an object filled in.

    Args:
        resource: the object.
        bound: the operation.
        arguments: its other arguments.
    """
    key: Sequence[str] | Mapping[str, str] = resource.key
    if not isinstance(key, Mapping):
        return bound.call(*[getattr(resource, name) for name in key], **arguments)
    wanted = bound.definition.arguments.fields
    ids = {argument: getattr(resource, name) for argument, name in key.items() if argument in wanted}
    return bound.call(**ids, **arguments)
