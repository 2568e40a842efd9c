"""Plans the departments: finds those that rows refer to, and creates, renames and moves the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dingtalk_models.contact.department import ROOT, DepartmentManager
from dingtalk_models.core.errors import InvalidArgument
from dingtalk_models.core.language import followed
from dingtalk_models.hr.directory_changes import FieldChange
from dingtalk_models.hr.plan.cells import as_path
from dingtalk_models.hr.plan.changes import (
    DepartmentChange,
    DepartmentRef,
    Problems,
    created,
)
from dingtalk_models.hr.plan.department_order import NO_PARENT, Moves, Tree
from dingtalk_models.hr.plan.keys import as_key, name_form, without_zeros
from dingtalk_models.hr.plan.rows import PlanRow, ReadTable

_SENT = ("order", "hide_dept", "create_dept_group", "auto_approve_apply", "outer_dept", "source_identifier")
"""The fields that are compared and sent unchanged."""


class NoDepartment(Exception):
    """A reference to a department that cannot be found or used."""


class DepartmentPlan:
    """Plans the departments.

    Args:
        tree: the existing departments.
        table: the table of departments, if there is one.
        problems: collects the rows and cells that cannot be carried out.

    Attributes:
        changes: the departments to create, rename, move and change, parents first; without managers and removals.
        of_row: the department of each row that could be planned.
        wanted: the existing departments that a row or path refers to.
        vague: rows that cannot be carried out, and that may mean any department.
    """

    def __init__(self, tree: Tree, table: ReadTable | None, problems: Problems) -> None:
        self.tree = tree
        self.table = table
        self.problems = problems
        self.changes: list[DepartmentChange] = []
        self.of_row: dict[PlanRow, DepartmentRef] = {}
        self.wanted: set[int] = set()
        self.vague: list[PlanRow] = []
        self._by_key: dict[str, PlanRow] = {}
        self._by_path: dict[str, PlanRow] = {}
        self._made: dict[str, DepartmentChange] = {}
        self._under_way: set[PlanRow] = set()
        self._names: dict[int, tuple[DepartmentRef, str]] = {}
        """The new parents and names of departments that move or are renamed."""
        self._by_source = _unique({each: as_key(it.source_identifier) for each, it in tree.departments.items()})
        self._by_zeros = _unique({each: without_zeros(key) for key, each in self._by_source.items() if each})
        self._paths = _unique({each: tree.path(each) for each in tree.departments})
        if table:
            self._by_key = {row.key: row for row in table.rows}
            paths = {row: row.values["department"] for row in table.rows if "department" in row.values}
            self._by_path = {tree.from_root(path): row for row, path in paths.items()}
            for row in table.rows:
                self._try(row)
            self._order()
            for row in table.left_out + [row for row in table.rows if row not in self.of_row]:
                self._keep(row)

    # -- references ----------------------------------------------------------------------------------------------

    def by_id(self, dept_id: int) -> int:
        """Return the department with an id. The tables have to own it."""
        if dept_id not in self.tree.departments:
            raise NoDepartment(f"there is no department {dept_id} / 没有部门 {dept_id}")
        if dept_id not in self.tree.scope:
            raise NoDepartment(outside(self.tree.path(dept_id)))
        self.wanted.add(dept_id)
        return dept_id

    def by_source(self, identifier: str) -> DepartmentRef:
        """Return the department with a source identifier."""
        if self.table and self.table.key == "source_identifier" and identifier in self._by_key:
            return self._resolved(self._by_key[identifier])
        found = self._by_source.get(identifier) or self._by_zeros.get(without_zeros(identifier))
        if found is None:
            raise NoDepartment(_not_one("source identifier", "部门编码", identifier, self._by_source))
        return self.by_id(found)

    def by_path(self, path: str, row: int | None, *, may_create: bool) -> DepartmentRef:
        """Return the department that is at a path after the plan, or create it."""
        path = self.tree.from_root(path)
        if path in self._by_path:
            return self._resolved(self._by_path[path])
        if path in self._made:
            return self._made[path]
        if path in self._paths:
            found = self._paths[path]
            if found is None:
                raise NoDepartment(_not_one("path", "路径", path, self._paths))
            if self.path_of(found) == path:  # it is neither moved nor renamed
                return self.by_id(found)
        if (renamed := self._at_last(path)) is not None:
            return renamed
        if not may_create:
            raise NoDepartment(_not_one("path", "路径", path, self._paths))
        above = path.rpartition("/")[0]
        parent = self.by_path(above, row, may_create=True) if above else self._top()
        return self._create(path, parent, row, {}, _named(row))

    def paths_in(self, text: str, marks: str = ";；、") -> list[str]:
        """Return the paths in a cell. Names may contain separators too, so a text that is a known path is not split."""
        path = self.tree.from_root(as_path(text))
        if not marks or path in self._paths or path in self._by_path or path in self._made:
            return [path] if path else []
        return [each for part in text.split(marks[0]) for each in self.paths_in(part, marks[1:])]

    def shown(self, ref: DepartmentRef) -> str:
        """Return the path of a department, or its id if the app cannot see it."""
        known = not isinstance(ref, int) or ref in self.tree.departments
        return self.path_of(ref) if known else str(ref)

    def _at_last(self, path: str) -> DepartmentRef | None:
        """Return the department that the plan moves or renames to this path."""
        return next((each for each in self._names if self.path_of(each) == path), None)

    def path_of(self, ref: DepartmentRef) -> str:
        """Return the path of a department after the plan."""
        names: list[str] = []
        here: DepartmentRef | None = ref
        most = len(self.tree.departments) + len(self.changes)
        while here is not None and len(names) <= most:  # rows may describe a loop
            if isinstance(here, DepartmentChange):
                parent, name = here.parent, here.sent["name"]
            else:
                parent, name = self._names.get(here, (self.tree.parent(here), self.tree.departments[here].name))
            names.append(name)
            here = parent
        return "/".join(reversed(names[:-1])) or names[-1]

    def above(self, dept_id: int) -> Iterator[int]:
        """Return a department and those above it after the plan, up to the first one that the plan creates."""
        here: DepartmentRef | None = dept_id
        while isinstance(here, int):
            yield here
            here = self._names[here][0] if here in self._names else self.tree.parent(here)

    def _joined(self, parent: DepartmentRef, name: str) -> str:
        is_company = not isinstance(parent, DepartmentChange) and self.tree.parent(parent) is None
        return name if is_company else f"{self.path_of(parent)}/{name}"

    def _top(self) -> DepartmentRef:
        return self.by_id(next(iter(self.tree.departments)))

    # -- rows ----------------------------------------------------------------------------------------------------

    def _try(self, row: PlanRow) -> DepartmentRef | None:
        try:
            return self._resolved(row)
        except NoDepartment:
            return None  # `_resolved` has added the problem

    def _resolved(self, row: PlanRow) -> DepartmentRef:
        if row in self.of_row:
            return self.of_row[row]
        if row in self._under_way:
            raise NoDepartment(_left_out(row.number))
        self._under_way.add(row)  # never removed: a row that failed once is not tried again
        try:
            ref = self.of_row[row] = self._plan(row)
        except NoDepartment as reason:
            self.problems.add("departments", row.number, row.key, "", str(reason))
            raise NoDepartment(_left_out(row.number)) from None
        return ref

    def _plan(self, row: PlanRow) -> DepartmentRef:
        assert self.table is not None  # noqa: S101 - a row is of the table
        values, key = row.values, self.table.key
        if key == "department":
            return self._plan_path(row)
        name = values["department"].rpartition("/")[2] if "department" in values else values.get("name")
        found = self.by_id(values["dept_id"]) if key == "dept_id" else self._with_code(row)
        if row.refused.keys() & {"name", "department"}:
            raise NoDepartment("its name cannot be used / 名称不可用")
        parent = self._parent(row, found)
        if found is None:
            if name is None:
                raise NoDepartment("a new department needs a name / 新部门须有名称")
            found = self._adopted(parent, name)
        if found is not None:
            return self._change(row, found, parent, name or self.tree.departments[found].name)
        name = name or ""
        fields = {field: values[field] for field in _SENT if field in values}
        reason = _not_one("source identifier", "部门编码", row.key, {})
        why = followed(_row(row), reason)
        return self._create(self._joined(parent, name), parent, row.number, fields, why)

    def _plan_path(self, row: PlanRow) -> DepartmentRef:
        path = self.tree.from_root(row.key)
        if path in self._made:
            raise NoDepartment("another row has the same path / 另一行的路径相同")
        fields = {field: row.values[field] for field in _SENT if field in row.values}
        if (found := self._paths.get(path)) is not None:
            self.by_id(found)
            return self._change(row, found, self.tree.parent(found) or found, self.tree.departments[found].name)
        if path in self._paths:
            raise NoDepartment(_not_one("path", "路径", path, self._paths))
        above = path.rpartition("/")[0]
        parent = self.by_path(above, row.number, may_create=True) if above else self._top()
        return self._create(
            path, parent, row.number, fields, followed(_row(row), "no department has this path / 没有此路径")
        )

    def _with_code(self, row: PlanRow) -> int | None:
        found = self._by_source.get(row.key)
        if found is None and row.key in self._by_source:
            raise NoDepartment(_not_one("source identifier", "部门编码", row.key, self._by_source))
        if found is None and (found := self._by_zeros.get(without_zeros(row.key))) is not None:
            self._with_other_zeros(row, found)
        if found is not None:
            self.by_id(found)
        return found

    def _with_other_zeros(self, row: PlanRow, found: int) -> None:
        """Match a row to the department whose code differs only in leading zeros. The department keeps its code."""
        own = self.tree.departments[found].source_identifier
        if own in self._by_key or sum(without_zeros(key) == without_zeros(row.key) for key in self._by_key) > 1:
            raise NoDepartment(f"differs in zeros at the front from {own} / 与 {own} 只差开头的零")
        row.values["source_identifier"] = own
        reason = f"is taken to be {own}: only zeros at the front differ / 视为 {own}：只差开头的零"
        self.problems.add("departments", row.number, row.key, "source_identifier", reason)

    def _keep(self, row: PlanRow) -> None:
        """Keep every department that a row without a result may mean, so that a typing error removes nothing."""
        names = {
            name_form(row.values[field].rpartition("/")[2]) for field in ("name", "department") if field in row.values
        }
        meant = {
            dept_id
            for dept_id, it in self.tree.departments.items()
            if row.key in {str(dept_id), as_key(it.source_identifier), self.tree.path(dept_id)}
            or name_form(it.name) in names
        }
        taken = {ref for ref in self.of_row.values() if isinstance(ref, int)}
        self.wanted |= meant
        if not row.key or not meant - taken:
            self.vague.append(row)

    def _parent(self, row: PlanRow, found: int | None) -> DepartmentRef:
        """Return the parent in a row; by default the present parent, or the first department that the tables own."""
        values = row.values
        assert self.table is not None  # noqa: S101 - a row is of the table
        if "department" in values:
            up = self.tree.from_root(values["department"]).rpartition("/")[0]
            return self.by_path(up, row.number, may_create=False) if up else self._top()
        if "parent_source_identifier" in values:
            return self.by_source(values["parent_source_identifier"])
        if "parent_id" in values:
            above = self._by_key.get(str(values["parent_id"])) if self.table.key == "dept_id" else None
            return self._resolved(above) if above else self.by_id(values["parent_id"])
        if found is not None and "parent_source_identifier" not in self.table.fields:
            return self.tree.parent(found) or found
        return self.by_id(self.tree.within[0])

    def _adopted(self, parent: DepartmentRef, name: str) -> int | None:
        """Return the department that is already at this place and has no source identifier yet."""
        if isinstance(parent, DepartmentChange) or (found := self.tree.child(parent, name)) is None:
            return None
        if self.tree.departments[found].source_identifier or found in self.of_row.values():
            return None
        return found if found in self.tree.scope else None

    def _create(
        self, path: str, parent: DepartmentRef, row: int | None, fields: dict[str, Any], why: str
    ) -> DepartmentChange:
        name = path.rpartition("/")[2]
        if not isinstance(parent, DepartmentChange) and parent not in self.tree.scope:
            raise NoDepartment(outside(path))
        try:
            DepartmentManager.create.arguments.check((name,), {})
        except InvalidArgument as error:
            reason = followed(f"{name!r} cannot be a name / {name!r} 不能用作部门名称", error.problems[0].message)
            raise NoDepartment(reason) from None
        shown = (FieldChange("name", None, name), *(FieldChange(each, None, fields[each]) for each in fields))
        change = DepartmentChange("create", path, path, row, why, shown, {"name": name, **fields}, parent=parent)
        change.after += created([parent])
        self.changes.append(change)
        self._made[path] = change
        return change

    def _change(self, row: PlanRow, found: int, parent: DepartmentRef, name: str) -> DepartmentRef:
        """Plan the differences of an existing department."""
        now = self.tree.departments[found]
        self.wanted.add(found)
        shown: list[FieldChange] = []
        path, why = self.tree.path(found), _row(row)
        change = DepartmentChange("change", path, row.key, row.number, why, dept_id=found)
        moved, renamed = parent not in (found, self.tree.parent(found)), name != now.name
        if moved or renamed:
            if self.tree.parent(found) is None:
                raise NoDepartment("the company itself can neither be renamed nor moved / 根部门不能改名或移动")
            self._names[found] = (parent, name)
        if renamed:
            shown.append(FieldChange("name", now.name, name))
            change.sent["name"] = name
        if moved:
            change.parent = parent
            change.after += created([parent])
        for field in _SENT:
            if field in row.values and row.values[field] != (old := getattr(now, field)) and (old or row.values[field]):
                shown.append(FieldChange(field, old, row.values[field]))
                change.sent[field] = row.values[field]
        if (shown or moved) and self.tree.parent(found) is not None:
            change.fields = tuple(shown)
            self.changes.append(change)
        return found

    # -- order ---------------------------------------------------------------------------------------------------

    def _order(self) -> None:
        """Leave out impossible changes, put the rest in order, and show the final paths and parents."""
        while (moves := Moves(self.tree, self.changes)).stuck:
            for change, reason in moves.stuck.items():
                self._drop(change, reason)
        moves.let_wait()
        self.changes = moves.order
        self._made = {}
        for change in self.changes:
            if change.dept_id is None and change.parent is not None:
                change.name = self._joined(change.parent, change.sent["name"])
                self._made[change.name] = change
            elif change.dept_id is not None and change.parent is not None:
                before = self.tree.parent(change.dept_id)
                above = [None if each is None else self.path_of(each) for each in (before, change.parent)]
                change.fields = (FieldChange("parent", *above), *change.fields)

    def _drop(self, change: DepartmentChange, reason: str) -> None:
        """Leave out a change, and those that create or move something below it."""
        if change not in self.changes:
            return
        self.changes.remove(change)
        self.problems.add("departments", change.row, change.key, "", reason)
        place = change.parent or self.tree.parent(change.dept_id or ROOT)
        holder = self.tree.child(place, change.sent.get("name", "")) if isinstance(place, int) else None
        if holder is not None:  # kept, so that the row has the same problem in the next plan
            self.wanted.add(holder)
        if change.dept_id is not None:
            self._names.pop(change.dept_id, None)
        for row in [row for row, ref in self.of_row.items() if ref is change]:
            del self.of_row[row]
        for other in [other for other in self.changes if change in other.after]:
            self._drop(other, NO_PARENT)


def _unique(values: dict[int, str | None]) -> dict[str, int | None]:
    """Return the ids by value; `None` for a value that several have."""
    times = Counter(values.values())
    return {value: each if times[value] == 1 else None for each, value in values.items() if value}


def _not_one(what: str, chinese: str, value: str, known: Mapping[str, int | None]) -> str:
    if value in known:
        return f"several departments have the {what} {value} / 多个部门的{chinese}为 {value}"
    return f"no department has the {what} {value} / 没有{chinese}为 {value} 的部门"


def _row(row: PlanRow) -> str:
    return f"row {row.number} / 第 {row.number} 行"


def _named(row: int | None) -> str:
    return f"row {row} names it / 第 {row} 行写有此部门" if row else "a row names it / 有一行写有此部门"


def _left_out(row: int) -> str:
    return f"row {row} of departments cannot be carried out / 部门表第 {row} 行无法执行"


def outside(path: str) -> str:
    """Make the message for a department or person that the tables do not own."""
    return f"{path} is not within what the table owns / 不在表格管理的范围内"
