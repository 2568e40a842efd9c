"""The parts of a plan: changes, and the problems of rows that cannot be carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from dingtalk_models.core.json_values import is_array
from dingtalk_models.core.language import either, said, wants_chinese
from dingtalk_models.hr.directory_changes import FieldChange
from dingtalk_models.hr.plan.cells import DEPARTMENTS, PEOPLE

Kind = Literal["create", "change", "remove", "disable", "enable"]
TableName = Literal["people", "departments"]

_SIGNS: dict[Kind, str] = {"create": "+", "change": "~", "remove": "-", "disable": "-", "enable": "+"}

_CHINESE = {
    ("department", "create"): ("新建部门", "新建 {} 个部门"),
    ("department", "change"): ("修改部门", "修改 {} 个部门"),
    ("department", "remove"): ("删除部门", "删除 {} 个部门"),
    ("user", "create"): ("新建员工", "新建 {} 名员工"),
    ("user", "change"): ("修改员工", "修改 {} 名员工"),
    ("user", "move"): ("调整员工部门", "调整 {} 名员工的部门"),
    ("user", "remove"): ("移除员工", "移除 {} 名员工"),
    ("user", "disable"): ("停用员工", "停用 {} 名员工"),
    ("user", "enable"): ("启用员工", "启用 {} 名员工"),
}
"""Each kind of change in Chinese, for one item and for several."""


def _none_yet() -> list[PlannedChange]:
    return []


@dataclass(eq=False)
class PlannedChange:
    """One change of a plan: one call, which is skipped if a change that it depends on fails.

    Attributes:
        kind: the kind of change, such as `create`.
        name: a department's path, or a person's name.
        key: the key in its row: a userid, job number, mobile number, path, department id or source identifier.
        row: the number of its row in the table; `None` if it has no row.
        fields: the fields that change, with their old and new values.
        why: the reason, as "English / 中文".
    """

    noun: ClassVar = ""
    table: ClassVar[TableName]

    kind: Kind
    name: str
    key: str
    row: int | None
    why: str
    fields: tuple[FieldChange, ...] = ()
    sent: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """The arguments of the call that are known when the plan is made."""
    after: list[PlannedChange] = field(default_factory=_none_yet, repr=False)
    """The changes that it depends on."""
    made_by: PlannedChange | None = field(default=None, repr=False)
    """The change that creates the object of this one, if it does not exist yet."""

    def __str__(self) -> str:
        colon = either(": ", "：")
        shown = either("; ", "；").join(filter(None, map(self._shown, self.fields)))
        key = f" ({self.key})" if self.key != self.name else ""
        what = _CHINESE[self.noun, self.verb][0] if wants_chinese() else f"{self.verb} {self.noun}"
        return f"{_SIGNS[self.kind]} {what} {self.name}{key}{colon if shown else ''}{shown}  [{said(self.why)}]"

    def _shown(self, change: FieldChange) -> str:
        before = "" if self.kind == "create" else f"{_text(change.old)} -> "
        return f"{_label(self.table, change.field)} {before}{_text(change.new)}"

    @property
    def verb(self) -> str:
        """The kind of change in one word."""
        return self.kind


@dataclass(eq=False)
class DepartmentChange(PlannedChange):
    """A change of a department.

    Attributes:
        dept_id: its id; `None` if it is created.
    """

    noun: ClassVar = "department"
    table: ClassVar[TableName] = "departments"

    dept_id: int | None = None
    parent: DepartmentRef | None = field(default=None, repr=False)
    """The new parent, if it changes."""
    managers: tuple[UserRef, ...] | None = field(default=None, repr=False)
    """The new managers, if they change."""


@dataclass(eq=False)
class UserChange(PlannedChange):
    """A change of a person.

    Attributes:
        userid: the person's id; `None` if the platform will generate one.
        leaves: whether the person is removed or disabled, or stays only in departments that the tables do not own.
    """

    noun: ClassVar = "user"
    table: ClassVar[TableName] = "people"

    userid: str | None = None
    leaves: bool = False
    places: tuple[DepartmentRef, ...] | None = field(default=None, repr=False)
    """The new departments, if they change."""
    manager: UserRef | None = field(default=None, repr=False)
    """The new manager, if it changes."""

    @property
    def verb(self) -> str:
        """The kind of change in one word; `move` if an existing person gets other departments."""
        return "move" if self.moved else self.kind

    @property
    def moved(self) -> bool:
        """Whether an existing person gets other departments."""
        return self.kind == "change" and self.places is not None


DepartmentRef = int | DepartmentChange
"""A department: its id, or the change that will create it."""
UserRef = str | UserChange
"""A user: the id, or the change that will create the user."""


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """A row or cell that the plan leaves out. Other rows are not affected.

    Attributes:
        table: the table.
        row: the number of the row; `None` if it is not about one row.
        key: the row's key of its department or person.
        field: the field that is left out; `""` for the whole row.
        reason: the reason, as "English / 中文".
        rows: the numbers of the rows, if there are several.
    """

    table: TableName
    row: int | None
    key: str
    field: str
    reason: str
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        table = either(self.table, {"people": "员工表", "departments": "部门表"}[self.table])
        where = table + (either(f", row {self.row}", f"第 {self.row} 行") if self.row else "")
        key = f" ({self.key})" if self.key else ""
        colon = either(": ", "：")
        field = f"{_label(self.table, self.field)}{colon}" if self.field else ""
        return f"! {where}{key}{colon}{field}{said(self.reason)}"


class Problems:
    """Collects the problems of a plan."""

    def __init__(self) -> None:
        self.found: list[PlanProblem] = []

    def add(self, table: TableName, row: int | None, key: str, field: str, reason: str) -> None:
        """Add a problem of a row, or of the table."""
        self.found.append(PlanProblem(table, row, key, field, reason))

    def add_of_rows(self, table: TableName, rows: Iterable[int], field: str, reason: str) -> None:
        """Add one problem of several rows."""
        self.found.append(PlanProblem(table, None, "", field, reason, tuple(rows)))


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
    """Return those of these departments or users that the plan creates."""
    return (each for each in refs if isinstance(each, PlannedChange))


def counted(noun: str, verb: str, times: int) -> str:
    """Count changes in words, such as “create 2 users”."""
    return _CHINESE[noun, verb][1].format(times) if wants_chinese() else f"{verb} {times} {noun}{'s'[: times > 1]}"


_LABELS = {"departments": {**DEPARTMENTS, "parent": "上级部门"}, "people": PEOPLE}


def _label(table: TableName, field: str) -> str:
    """Return the name of a field for people to read."""
    chinese = _LABELS[table].get(field, "").split()
    return chinese[0] if chinese and wants_chinese() else field


def _text(value: Any) -> str:
    if value is None or value == []:
        return either("(none)", "（无）")
    return ", ".join(map(str, value)) if is_array(value) else str(value)
