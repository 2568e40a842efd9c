"""`refresh`, `save` and `delete` of resources, written once. They use the operations of the resource's manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import operation
from dingtalk_models.core.steps import Flow

M = TypeVar("M")


class Loaded(Generic[M]):
    """Adds `refresh` to a resource: `class Role(Model, Loaded["Role"])`."""

    key: ClassVar[tuple[str, ...]] = ()
    """The fields that identify the object: the first arguments of the manager's `get`, `update` and `delete`."""
    kept: ClassVar[tuple[str, ...]] = ()
    """The fields that `refresh` keeps, because the reply does not have them."""

    @operation
    def refresh(self) -> Flow[M]:
        """Load every field of this object again."""
        this: Any = self
        kept = {name: getattr(this, name) for name in this.kept}
        this.replace((yield from this.objects.get.call(*_key(this))))
        this.hold(kept)
        return cast("M", self)


class Changed(Loaded[M]):
    """Adds `refresh` and `save` to a resource that has `update`: `class Group(Model, Changed["Group"])`."""

    @operation
    def save(self) -> Flow[M]:
        """Send the fields that have changed since this object was loaded. If none has, nothing is sent."""
        this: Any = self
        if changes := this.changes():
            yield from this.update.call(**changes)
        return cast("M", self)

    def updated(self, fields: Mapping[str, Any], held: Mapping[str, Any] | None = None) -> Flow[M]:
        """Send changes, then set them on this object: the `update` of a resource returns this flow.

        Args:
            fields: the arguments of the manager's `update`, without the key.
            held: the fields to set on this object afterwards; by default the same.
        """
        this: Any = self
        yield this.objects.update.call(*_key(this), **fields)
        this.hold(fields if held is None else held)
        return cast("M", self)


class Saved(Changed[M]):
    """Adds `refresh`, `save` and `delete` to a resource that has `update`: `class User(Model, Saved["User"])`."""

    @operation
    def delete(self) -> Call[None]:
        """Delete this object on the platform. The manager's `delete` lists the errors."""
        this: Any = self
        return cast("Call[None]", this.objects.delete.call(*_key(this)))


def _key(resource: Any) -> list[Any]:
    return [getattr(resource, name) for name in resource.key]
