"""The directory (通讯录): the whole organisation at one moment, kept in a file, and compared with another moment."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dingtalk_models.contact.department import ROOT, Department, DepartmentManager
from dingtalk_models.contact.user import LeaderInDept, User, UserManager
from dingtalk_models.contact.user_fields import DeptOrder
from dingtalk_models.core.errors import UnusableFile
from dingtalk_models.core.json_values import is_array
from dingtalk_models.core.model import Manager, Model
from dingtalk_models.core.operation import operation
from dingtalk_models.core.parallel import MAX_PARALLEL, Window
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import BEIJING, Language

M = TypeVar("M", bound=Model)

VERSION = 1
"""The version of the files that `save` writes."""


class DirectoryManager(Manager):
    """The directory (通讯录)."""

    @operation
    def snapshot(
        self,
        *,
        language: Language = "zh_CN",
        workers: Annotated[int, Field(ge=1, le=MAX_PARALLEL)] = 4,
        progress: Callable[[int, int], None] | None = None,
    ) -> Flow[Directory]:
        """Load every department in full, and every user as lists show them, each once with all their departments.

        It takes three calls a department, and another for each further hundred members.

        Args:
            language: the language of texts.
            workers: how many calls at once.
            progress: told how many people have been met, and of how many.
        """
        departments, users = DepartmentManager(), UserManager()

        def visit(dept_id: int) -> Flow[_Visit]:
            department = yield from departments.get.call(dept_id, language=language)
            below = yield from departments.list_ids.call(dept_id)
            members = yield from users.list.call(dept_id, language=language).collect()
            return _Visit(department, below, members)

        total = yield from users.count.call()
        taken, met = datetime.now(BEIJING), _Met()
        found: dict[int, Department] = {}
        with Window(visit, lambda visited: visited.below, [ROOT], workers=workers) as window:
            while window:
                department, _, members = yield from window.take()
                found[department.dept_id] = department
                for user in members:
                    met.add(user, department.dept_id)
                if progress:
                    # the company may have grown since it was counted, and the app may see but a part of it
                    progress(len(met), max(total, len(met)) if window else len(met))
        return Directory(taken, found, met.users())


class _Visit(NamedTuple):
    """What is known of a department."""

    department: Department
    below: list[int]
    members: list[User]


class _Met:
    """The people met so far, with what each department says of them."""

    def __init__(self) -> None:
        self._people: dict[str, User] = {}
        self._in: defaultdict[str, dict[int, User]] = defaultdict(dict)

    def add(self, user: User, dept_id: int) -> None:
        self._people.setdefault(user.userid, user)
        self._in[user.userid][dept_id] = user

    def __len__(self) -> int:
        return len(self._people)

    def users(self) -> dict[str, User]:
        return {userid: self._whole(user) for userid, user in self._people.items()}

    def _whole(self, user: User) -> User:
        """A user who does not depend on the department that was listed."""
        found = self._in[user.userid]
        lists = {
            "dept_id_list": list(dict.fromkeys([*user.dept_id_list, *found])),
            "dept_order_list": [
                DeptOrder(dept_id=dept_id, order=each.dept_order)
                for dept_id, each in found.items()
                if each.dept_order is not None
            ],
            "leader_in_dept": [
                LeaderInDept(dept_id=dept_id, leader=each.leader)
                for dept_id, each in found.items()
                if each.leader is not None
            ],
        }
        return user.model_copy(update={"dept_order": None, "leader": None, **lists}).using(user.app)


@dataclass(frozen=True, repr=False)
class Directory:
    """The whole organisation at one moment.

    Attributes:
        taken: when it was loaded.
        departments: the departments by id, the root first, breadth first.
        users: the people by id. What depends on the department stands in `dept_id_list`, `dept_order_list` and
            `leader_in_dept`.
    """

    objects: ClassVar[DirectoryManager] = DirectoryManager()
    snapshot = objects.snapshot

    taken: datetime
    departments: Mapping[int, Department]
    users: Mapping[str, User]

    def __repr__(self) -> str:
        """Two lines: whose it is and of when, and how much is in it."""
        name = self.departments[ROOT].name if ROOT in self.departments else None
        whose = f"Directory of {name}" if name else "Directory"
        counts = f"{len(self.departments)} departments, {len(self.users)} users"
        return f"{whose}, taken {self.taken.isoformat(timespec='seconds')}\n{counts}"

    def save(self, path: str | os.PathLike[str], /) -> None:
        """Write it to a file as JSON Lines: a header, then a department or a user a line, as the platform writes them.

        The file appears when it is complete, in place of an older one, and only its owner may read it: it holds
        people's data.
        """
        path = Path(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(self._lines())
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _lines(self) -> Iterator[str]:
        header = _Header(version=VERSION, taken=self.taken, departments=len(self.departments), users=len(self.users))
        yield f"{header.model_dump_json()}\n"
        for kind, items in (("department", self.departments), ("user", self.users)):
            for item in items.values():
                yield f'{{"{kind}":{item.model_dump_json(by_alias=True, exclude_unset=True)}}}\n'

    @classmethod
    def load(cls, path: str | os.PathLike[str], /) -> Directory:
        """Read a file that `save` wrote.

        Raises:
            UnusableFile: it is another kind of file, of a later version, cut short or damaged; says where.
        """
        with Path(path).open("rb") as file:
            header = _header(path, file.readline())
            departments: dict[int, Department] = {}
            users: dict[str, User] = {}
            for number, text in enumerate(file, 2):
                line = _line(path, number, text)
                if line.department is not None:
                    departments[line.department.dept_id] = line.department
                if line.user is not None:
                    users[line.user.userid] = line.user
        if (len(departments), len(users)) != (header.departments, header.users):
            held = f"{len(departments)} departments and {len(users)} users"
            raise UnusableFile(path, f"has {held}, and not {header.departments} and {header.users}: it is damaged")
        return cls(header.taken, departments, users)

    @staticmethod
    def diff(old: Directory, new: Directory) -> DirectoryChanges:
        """What has changed between two moments.

        The order in which the platform lists ids does not count, nor do the numbers of members, which follow from
        the people.
        """
        changes = DirectoryChanges(
            joined=[user for userid, user in new.users.items() if userid not in old.users],
            left=[user for userid, user in old.users.items() if userid not in new.users],
            created=[each for dept_id, each in new.departments.items() if dept_id not in old.departments],
            removed=[each for dept_id, each in old.departments.items() if dept_id not in new.departments],
        )
        for userid, user in new.users.items():
            if userid in old.users:
                changes.add_user(old.users[userid], user)
        for dept_id, department in new.departments.items():
            if dept_id in old.departments:
                changes.add_department(old.departments[dept_id], department)
        return changes


class _Header(BaseModel):
    """The first line of a file."""

    format: Literal["dingtalk-models directory"] = "dingtalk-models directory"
    version: int
    taken: datetime
    departments: int
    users: int


class _Line(BaseModel):
    """Any other line."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    department: Department | None = None
    user: User | None = None


def _header(path: str | os.PathLike[str], text: bytes) -> _Header:
    try:
        header = _Header.model_validate_json(text)
    except ValidationError:
        raise UnusableFile(path, "is not a saved directory") from None
    if header.version > VERSION:
        raise UnusableFile(path, f"was written by a later version of this package ({header.version})")
    return header


def _line(path: str | os.PathLike[str], number: int, text: bytes) -> _Line:
    try:
        if text.endswith(b"\n"):
            return _Line.model_validate_json(text)
    except ValidationError:
        pass  # its text would quote people's data
    raise UnusableFile(path, f"is damaged, or cut short, at line {number}")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field, with the value that it had and the value that it has."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Changed(Generic[M]):
    """A user or a department before and after, and the fields that differ."""

    old: M
    new: M
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class UserMoved:
    """A user before and after, with the departments that were left and those that were entered."""

    old: User
    new: User
    left: tuple[int, ...]
    entered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DepartmentMoved:
    """A department before and after; `parent_id` differs."""

    old: Department
    new: Department


@dataclass(frozen=True, slots=True)
class DirectoryChanges:
    """What has changed between two moments. Who was moved and has also changed is in both lists.

    Attributes:
        joined: people who are new.
        left: people who are gone, as they were.
        moved: people who are in other departments.
        changed: people of whom something else differs.
        created: departments that are new.
        removed: departments that are gone, as they were.
        relocated: departments that have another parent.
        altered: departments of which something else differs, such as the name.
    """

    joined: list[User]
    left: list[User]
    moved: list[UserMoved] = field(default_factory=list[UserMoved])
    changed: list[Changed[User]] = field(default_factory=list[Changed[User]])
    created: list[Department] = field(default_factory=list[Department])
    removed: list[Department] = field(default_factory=list[Department])
    relocated: list[DepartmentMoved] = field(default_factory=list[DepartmentMoved])
    altered: list[Changed[Department]] = field(default_factory=list[Changed[Department]])

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def add_user(self, old: User, new: User) -> None:
        """Compare a user with the same one later."""
        before, after = set(old.dept_id_list), set(new.dept_id_list)
        if before != after:
            self.moved.append(UserMoved(old, new, tuple(sorted(before - after)), tuple(sorted(after - before))))
        # what a department says of those who left it or entered it is not another change
        stayed = before & after
        if fields := _differing(_apart_from_places(old, stayed), _apart_from_places(new, stayed)):
            self.changed.append(Changed(old, new, fields))

    def add_department(self, old: Department, new: Department) -> None:
        """Compare a department with the same one later."""
        if old.parent_id != new.parent_id:
            self.relocated.append(DepartmentMoved(old, new))
        if fields := _differing(_values(old, *_OF_ITS_PLACE), _values(new, *_OF_ITS_PLACE)):
            self.altered.append(Changed(old, new, fields))


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
