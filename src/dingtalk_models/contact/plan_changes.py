"""What a plan consists of: the changes, and the problems of rows that cannot be carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from dingtalk_models.contact.directory_changes import FieldChange
from dingtalk_models.core.json_values import is_array

Kind = Literal["create", "change", "remove", "disable", "enable"]
TableName = Literal["people", "departments"]

_SIGNS: dict[Kind, str] = {"create": "+", "change": "~", "remove": "-", "disable": "-", "enable": "+"}


def _none_yet() -> list[PlannedChange]:
    return []


@dataclass(eq=False)
class PlannedChange:
    """One thing that a plan does: a call, or nothing if what it depends on fails.

    Attributes:
        kind: what is done.
        name: a department's path, or a person's name.
        key: what its row names it by: a userid, job number, mobile number, path, department id or source identifier.
        row: the number of its row in the table, from 1; `None` if no row names it.
        fields: the fields that change, with the values that they have and get.
        why: what led to it.
    """

    noun: ClassVar = ""

    kind: Kind
    name: str
    key: str
    row: int | None
    why: str
    fields: tuple[FieldChange, ...] = ()
    sent: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """The arguments of the call that are known before the plan is applied."""
    after: list[PlannedChange] = field(default_factory=_none_yet, repr=False)
    """The changes that it depends on."""
    made_by: PlannedChange | None = field(default=None, repr=False)
    """The change that creates what this one changes, if it is not there yet."""

    def __str__(self) -> str:
        shown = "; ".join(f"{each.field} {_text(each.old)} -> {_text(each.new)}" for each in self.fields)
        if self.kind == "create":
            shown = "; ".join(f"{each.field} {_text(each.new)}" for each in self.fields)
        key = f" ({self.key})" if self.key != self.name else ""
        what = f"{_SIGNS[self.kind]} {self.verb} {self.noun} {self.name}{key}"
        return f"{what}{': ' if shown else ''}{shown}  [{self.why}]"

    @property
    def verb(self) -> str:
        """What is done, in a word."""
        return self.kind


@dataclass(eq=False)
class DepartmentChange(PlannedChange):
    """A change of a department.

    Attributes:
        dept_id: its id; `None` if it is created.
    """

    noun: ClassVar = "department"

    dept_id: int | None = None
    parent: DepartmentRef | None = field(default=None, repr=False)
    """The parent to have, where it changes."""
    managers: tuple[UserRef, ...] | None = field(default=None, repr=False)
    """The managers to have, where they change."""


@dataclass(eq=False)
class UserChange(PlannedChange):
    """A change of a person.

    Attributes:
        userid: the person's id; `None` if the platform is to make one.
    """

    noun: ClassVar = "user"

    userid: str | None = None
    places: tuple[DepartmentRef, ...] | None = field(default=None, repr=False)
    """The departments to be in, where they change."""
    manager: UserRef | None = field(default=None, repr=False)
    """The manager to have, where it changes."""

    @property
    def verb(self) -> str:
        """What is done, in a word: a person who gets other departments is moved."""
        return "move" if self.moved else self.kind

    @property
    def moved(self) -> bool:
        """Whether a person who is there already gets other departments."""
        return self.kind == "change" and self.places is not None


DepartmentRef = int | DepartmentChange
"""A department: its id, or the change that creates it."""
UserRef = str | UserChange
"""A user: the id, or the change that creates it."""


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Something in a table that the plan leaves out. Other rows are not affected.

    Attributes:
        table: the table.
        row: the number of the row, from 1; `None` if it is about no single row.
        key: what the row names its department or person by.
        field: the field that is left out; `""` if the whole row is.
        reason: why.
    """

    table: TableName
    row: int | None
    key: str
    field: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.table}, row {self.row}" if self.row else self.table
        key = f" ({self.key})" if self.key else ""
        return f"! {where}{key}: {self.field}{': ' if self.field else ''}{self.reason}"


class Problems:
    """Collects the problems of a plan."""

    def __init__(self) -> None:
        self.found: list[PlanProblem] = []

    def add(self, table: TableName, row: int | None, key: str, field: str, reason: str) -> None:
        """Note a problem."""
        self.found.append(PlanProblem(table, row, key, field, reason))


def depends_on(change: PlannedChange, other: PlannedChange) -> bool:
    """Whether a change waits for another, directly or not."""
    seen: set[PlannedChange] = set()
    ahead = [change]
    while ahead:
        if (each := ahead.pop()) is other:
            return True
        if each not in seen:
            seen.add(each)
            ahead += each.after
    return False


def created(refs: Iterable[DepartmentRef | UserRef]) -> Iterator[PlannedChange]:
    """The changes among departments or users: those that the plan creates."""
    return (each for each in refs if isinstance(each, PlannedChange))


def _text(value: Any) -> str:
    if value is None or value == []:
        return "(none)"
    return ", ".join(map(str, value)) if is_array(value) else str(value)
