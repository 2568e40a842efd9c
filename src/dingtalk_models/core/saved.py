"""What every resource has that can be changed: `refresh`, `save` and `delete`, by the operations of its manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

from dingtalk_models.core.call import Call
from dingtalk_models.core.operation import operation
from dingtalk_models.core.steps import Flow

M = TypeVar("M")


class Loaded(Generic[M]):
    """Gives a resource `refresh`: `class Role(Model, Loaded["Role"])`."""

    key: ClassVar[tuple[str, ...]] = ()
    """The fields that name the object: the first arguments of the manager's `get`, `update` and `delete`."""

    @operation
    def refresh(self) -> Flow[M]:
        """Load every field again, into this object."""
        this: Any = self
        this.replace((yield from this.objects.get.call(*_key(this))))
        return cast("M", self)


class Saved(Loaded[M]):
    """Gives a resource with an `update` `save` and `delete` as well: `class User(Model, Saved["User"])`."""

    @operation
    def save(self) -> Flow[M]:
        """Send the fields that were given another value since this object was loaded; nothing where there are none."""
        this: Any = self
        if changes := this.changes():
            yield from this.update.call(**changes)
        return cast("M", self)

    @operation
    def delete(self) -> Call[None]:
        """Delete it on the platform. What can stand in the way, the manager's `delete` tells."""
        this: Any = self
        return cast("Call[None]", this.objects.delete.call(*_key(this)))

    def updated(self, fields: Mapping[str, Any], held: Mapping[str, Any] | None = None) -> Flow[M]:
        """Send changes, and hold them afterwards: what the `update` of a resource returns.

        Args:
            fields: what the manager's `update` is given beside the key.
            held: what this object holds afterwards; by default the same.
        """
        this: Any = self
        yield from this.objects.update.call(*_key(this), **fields)
        this.hold(fields if held is None else held)
        return cast("M", self)


def _key(resource: Any) -> list[Any]:
    return [getattr(resource, name) for name in resource.key]
