"""The changes between two snapshots of the directory (通讯录)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dingtalk_models.contact.department import Department
from dingtalk_models.contact.user import User
from dingtalk_models.core.json_values import is_array
from dingtalk_models.resource.model import Model

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A changed field, with its old and new value."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class ResourceChange(Generic[M]):
    """A user or a department before and after, and the fields that differ."""

    old: M
    new: M
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class UserMoved:
    """A user before and after, with the departments they left and those they joined."""

    old: User
    new: User
    left: tuple[int, ...]
    entered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DepartmentMoved:
    """A department before and after it got another parent."""

    old: Department
    new: Department


@dataclass(frozen=True, slots=True)
class DirectoryChanges:
    """The changes between two snapshots. A user who was moved and also changed is in both lists.

    Attributes:
        joined: new people.
        left: people who have left, as they were before.
        moved: people who are in other departments.
        changed: people with other changes, such as a new title.
        created: new departments.
        removed: deleted departments, as they were before.
        relocated: departments that have another parent.
        altered: departments with other changes, such as a new name.
    """

    joined: list[User]
    left: list[User]
    moved: list[UserMoved] = field(default_factory=list[UserMoved])
    changed: list[ResourceChange[User]] = field(default_factory=list[ResourceChange[User]])
    created: list[Department] = field(default_factory=list[Department])
    removed: list[Department] = field(default_factory=list[Department])
    relocated: list[DepartmentMoved] = field(default_factory=list[DepartmentMoved])
    altered: list[ResourceChange[Department]] = field(default_factory=list[ResourceChange[Department]])

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def add_user(self, old: User, new: User) -> None:
        """Add the changes of a user."""
        before, after = set(old.dept_id_list), set(new.dept_id_list)
        if before != after:
            self.moved.append(UserMoved(old, new, tuple(sorted(before - after)), tuple(sorted(after - before))))
        # values per department differ by themselves where a user joined or left, so only the common ones are compared
        stayed = before & after
        if fields := _differing(_apart_from_places(old, stayed), _apart_from_places(new, stayed)):
            self.changed.append(ResourceChange(old, new, fields))

    def add_department(self, old: Department, new: Department) -> None:
        """Add the changes of a department."""
        if old.parent_id != new.parent_id:
            self.relocated.append(DepartmentMoved(old, new))
        if fields := _differing(_values(old, *_OF_ITS_PLACE), _values(new, *_OF_ITS_PLACE)):
            self.altered.append(ResourceChange(old, new, fields))


_OF_ITS_PLACE = ("parent_id", "member_count", "owning_member_count")


def _values(item: Model, *without: str) -> dict[str, Any]:
    values = {**vars(item), **(item.model_extra or {})}
    return {name: value for name, value in values.items() if name not in without}


def _apart_from_places(user: User, stayed: set[int]) -> dict[str, Any]:
    return {
        **_values(user, "dept_id_list"),
        "dept_order_list": [each for each in user.dept_order_list if each.dept_id in stayed],
        "leader_in_dept": [each for each in user.leader_in_dept if each.dept_id in stayed],
    }


def _differing(old: dict[str, Any], new: dict[str, Any]) -> tuple[FieldChange, ...]:
    pairs = [(name, old.get(name), new.get(name)) for name in {**old, **new}]
    return tuple(FieldChange(*pair) for pair in pairs if not _same(*pair[1:]))


def _same(old: object, new: object) -> bool:
    if is_array(old) and is_array(new):
        return sorted(map(repr, old)) == sorted(map(repr, new))
    return old == new
