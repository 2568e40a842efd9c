"""What a plan consists of: the changes, and the problems of rows that cannot be carried out."""

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
"""What is done, in Chinese: to one, and to several."""


def _none_yet() -> list[PlannedChange]:
    return []


@dataclass(eq=False)
class PlannedChange:
    """One thing that a plan does: a call, or nothing if what it depends on fails.

    Attributes:
        kind: what is done.
        name: a department's path, or a person's name.
        key: what its row names it by: a userid, job number, mobile number, path, department id or source identifier.
        row: the number of its row in the table; `None` if no row names it.
        fields: the fields that change, with the values that they have and get.
        why: what led to it, as "English / 中文".
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
    """The arguments of the call that are known before the plan is applied."""
    after: list[PlannedChange] = field(default_factory=_none_yet, repr=False)
    """The changes that it depends on."""
    made_by: PlannedChange | None = field(default=None, repr=False)
    """The change that creates what this one changes, if it is not there yet."""

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
        """What is done, in a word."""
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
    """The parent to have, where it changes."""
    managers: tuple[UserRef, ...] | None = field(default=None, repr=False)
    """The managers to have, where they change."""


@dataclass(eq=False)
class UserChange(PlannedChange):
    """A change of a person.

    Attributes:
        userid: the person's id; `None` if the platform is to make one.
        leaves: whether the person leaves what the tables own: is removed or disabled, or stays only in departments
            elsewhere.
    """

    noun: ClassVar = "user"
    table: ClassVar[TableName] = "people"

    userid: str | None = None
    leaves: bool = False
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
        row: the number of the row; `None` if it is about no single row.
        key: what the row names its department or person by.
        field: the field that is left out; `""` if the whole row is.
        reason: why, as "English / 中文".
        rows: the numbers of the rows, if it is about several.
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
        """Note a problem of a row, or of the table."""
        self.found.append(PlanProblem(table, row, key, field, reason))

    def add_of_rows(self, table: TableName, rows: Iterable[int], field: str, reason: str) -> None:
        """Note one problem of several rows."""
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
    """The changes among departments or users: those that the plan creates."""
    return (each for each in refs if isinstance(each, PlannedChange))


def counted(noun: str, verb: str, times: int) -> str:
    """How often something is done, in words."""
    return _CHINESE[noun, verb][1].format(times) if wants_chinese() else f"{verb} {times} {noun}{'s'[: times > 1]}"


_LABELS = {"departments": {**DEPARTMENTS, "parent": "上级部门"}, "people": PEOPLE}


def _label(table: TableName, field: str) -> str:
    """What a field is called."""
    chinese = _LABELS[table].get(field, "").split()
    return chinese[0] if chinese and wants_chinese() else field


def _text(value: Any) -> str:
    if value is None or value == []:
        return either("(none)", "（无）")
    return ", ".join(map(str, value)) if is_array(value) else str(value)
