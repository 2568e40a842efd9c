"""A plan (同步计划): the changes that bring the company in line with the tables of an HR system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from dingtalk_models.call.operation import operation
from dingtalk_models.contact.department import ROOT
from dingtalk_models.contact.user import User, UserManager
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import DingTalkError, InvalidArgument, Problem
from dingtalk_models.core.language import either, followed
from dingtalk_models.core.steps import MAX_PARALLEL, Flow, Progress, result_or_error, together
from dingtalk_models.hr.directory_changes import FieldChange
from dingtalk_models.hr.directory_reading import Organisation, read_company
from dingtalk_models.hr.plan.apply import carry_out
from dingtalk_models.hr.plan.cells import State, state_words
from dingtalk_models.hr.plan.changes import (
    DepartmentChange,
    PlannedChange,
    PlanProblem,
    Problems,
    UserChange,
    UserRef,
    counted,
    created,
)
from dingtalk_models.hr.plan.department_order import Tree
from dingtalk_models.hr.plan.departments import DepartmentPlan
from dingtalk_models.hr.plan.leaving import Missing
from dingtalk_models.hr.plan.outcome import DEPARTMENTS_BRAKE, PEOPLE_BRAKE, Brake, ChangeResult, Outcome
from dingtalk_models.hr.plan.people import IN_DETAIL, PeoplePlan
from dingtalk_models.hr.plan.removals import removals
from dingtalk_models.hr.plan.rows import DEPARTMENTS_READER, PEOPLE_READER, Columns, ReadTable, Table


class Plan:
    """The changes that bring the company in line with the tables. `print` shows each with its reason.

    Attributes:
        taken: when the company was read.
        changes: the changes: departments first, then people, then the removal of departments.
        problems: the rows and cells that cannot be carried out, and the people whom the plan leaves alone.
        people: the number of people in the departments that the tables own.
        departments: the number of these departments.
    """

    def __init__(
        self,
        taken: datetime,
        changes: Sequence[PlannedChange],
        problems: Sequence[PlanProblem],
        brakes: tuple[Brake, Brake],
        app: AppLike | None = None,
    ) -> None:
        self.taken = taken
        self.changes = tuple(changes)
        self.problems = tuple(problems)
        self._brakes = brakes
        self.people, self.departments = (each.among for each in brakes)
        self.app = app

    @operation
    def apply(
        self,
        *,
        workers: Annotated[int, Field(ge=1, le=MAX_PARALLEL)] = MAX_PARALLEL,
        allow: Annotated[int, Field(ge=0)] | None = None,
        allow_departments: Annotated[int, Field(ge=0)] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Flow[Outcome]:
        """Carry the plan out: parents first, people before departments that are removed.

        If a change fails, those that depend on it are skipped, and the others go on. If the run ends early, plan and
        apply again: changes that were made are not planned again.

        Args:
            workers: how many calls at once.
            allow: how many people may be removed, disabled or moved out of the tables' departments; by default a tenth
                of them, and none if the table is empty or ends in the middle of a row.
            allow_departments: how many departments may be removed; the default follows the same rule.
            progress: called with the number of changes done and their total.

        Raises:
            InvalidArgument: the plan removes more than `allow` or `allow_departments`. Nothing was sent.
        """
        people, departments = self._brakes
        people.check(len(self.leaving), allow)
        departments.check(sum(each.noun == "department" and each.kind == "remove" for each in self), allow_departments)
        return self._apply(workers, progress)

    def _apply(self, workers: int, progress: Progress | None) -> Flow[Outcome]:
        run = yield from carry_out(self.changes, workers, progress)
        results = [run.results.get(each, ChangeResult(each, "skipped")) for each in self.changes]
        return Outcome(results, self.problems, run.stopped)

    @property
    def leaving(self) -> list[UserChange]:
        """The people who are removed or disabled, or who stay only in departments outside the tables."""
        return [each for each in self.changes if isinstance(each, UserChange) and each.leaves]

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[PlannedChange]:
        return iter(self.changes)

    def __str__(self) -> str:
        return "\n".join([self.summary, *map(str, self.changes), *map(str, self.problems)])

    def __repr__(self) -> str:
        return f"<Plan: {self.summary}>"

    @property
    def summary(self) -> str:
        """The numbers of changes, in one line."""
        kinds = Counter((each.noun, each.verb) for each in self)
        done = either(", ", "，").join(counted(*kind, times) for kind, times in kinds.items())
        times = len(self.problems)
        left_out = either(f"; {times} problem{'s'[: times > 1]}", f"；{times} 个问题") if times else ""
        return (done or either("nothing to do", "无需改动")) + left_out


def make_plan(
    wanted: Table,
    departments: Table | None,
    *,
    key: str | None,
    columns: Columns,
    department_columns: Columns,
    within: Sequence[int],
    missing: Missing,
    states: Mapping[str, State] | None,
    workers: int,
    progress: Progress | None,
) -> Flow[Plan]:
    """Read the tables, then the company, and compare them; see `Directory.plan`."""
    comparison = Comparison.of(
        wanted, departments, key=key, columns=columns, department_columns=department_columns, within=within,
        missing=missing, states=states,
    )  # fmt: skip

    def plan() -> Flow[Plan]:
        company = yield from read_company(language="zh_CN", workers=workers, progress=progress, tolerant=True)
        return (yield from comparison.plan(company, workers))

    return plan()


@dataclass(frozen=True)
class Comparison:
    """The tables and options of a comparison."""

    people: ReadTable
    departments: ReadTable | None
    within: Sequence[int]
    missing: Missing
    problems: Problems

    @classmethod
    def of(
        cls,
        wanted: Table,
        departments: Table | None = None,
        *,
        key: str | None = None,
        columns: Columns = None,
        department_columns: Columns = None,
        within: Sequence[int] = (ROOT,),
        missing: Missing = "keep",
        states: Mapping[str, State] | None = None,
    ) -> Comparison:
        """Read the tables; see `Directory.plan`."""
        problems = Problems()
        people = PEOPLE_READER.read(wanted, columns, key, problems, state_words(states))
        tree_table = None
        if departments is not None:
            tree_table = DEPARTMENTS_READER.read(departments, department_columns, None, problems)
        return cls(people, tree_table, within, missing, problems)

    def plan(self, company: Organisation, workers: int) -> Flow[Plan]:
        """Compare the company with the tables."""
        if unknown := [each for each in self.within if each not in company.departments]:
            raise InvalidArgument(
                "Directory.plan", [Problem("within", f"there is no department {unknown[0]} / 没有部门 {unknown[0]}")]
            )
        for dept_id, error in company.unread.items():
            reason = followed("could not be read, and is left alone / 无法读取，保持不变", str(error))
            self.problems.add("departments", None, str(dept_id), "", reason)
        tree = DepartmentPlan(Tree(company.departments, self.within), self.departments, self.problems)
        people = PeoplePlan(company.users, self.people, tree, self.missing, self.problems)
        detailed = self.people.fields & {"manager", *IN_DETAIL}
        people.plan((yield from _details(people, workers)) if detailed else {})
        managing = list(_managers(tree, people, self.problems))
        removed: list[DepartmentChange] = []
        if self.missing == "remove" and self.departments:
            removed = removals(tree, people, company.above.values())
        changes = [*tree.changes, *people.changes, *managing, *removed]
        problems = sorted(self.problems.found, key=lambda each: (each.table, each.row or 0))
        brakes = (
            Brake(PEOPLE_BRAKE, len(people.leaving.looked_at), self.people.doubt),
            Brake(DEPARTMENTS_BRAKE, len(tree.tree.scope), self.departments.doubt if self.departments else ""),
        )
        return Plan(company.taken, changes, problems, brakes, company.departments[ROOT].app)


def _details(people: PeoplePlan, workers: int) -> Flow[dict[str, User]]:
    """Load people with `get`, one call each, for the fields that lists do not show."""
    rows = list(people.matched.items())
    asked = [result_or_error(UserManager().get.call(user.userid)) for _, user in rows]
    found: dict[str, User] = {}
    for (row, user), detail in zip(rows, (yield from together(asked, workers=workers)), strict=True):
        if isinstance(detail, DingTalkError):
            people.problems.add(
                "people", row.number, row.key, "manager", followed("cannot be compared / 无法比对", str(detail))
            )
        else:
            found[user.userid] = detail
    return found


def _managers(tree: DepartmentPlan, people: PeoplePlan, problems: Problems) -> Iterator[DepartmentChange]:
    """Return the changes of managers, which come after the people have joined the department."""
    changing = {each.dept_id: each for each in tree.changes if each.dept_id is not None}
    for row, ref in tree.of_row.items():
        managers: list[UserRef] = []
        for key in row.values.get("managers", ()):
            if (manager := people.reference(key)) is not None:
                managers.append(manager)
            else:
                problems.add("departments", row.number, row.key, "managers", people.nobody(key))
        now = [] if isinstance(ref, DepartmentChange) else tree.tree.departments[ref].dept_manager_userids
        if not managers or set(managers) == set(now):
            continue
        shown = FieldChange("managers", now, row.values["managers"])
        path, why = tree.path_of(ref), f"row {row.number} / 第 {row.number} 行"
        change = DepartmentChange("change", path, row.key, row.number, why, (shown,), managers=tuple(managers))
        change.after += created([ref, *managers])
        change.after += [people.of_user[each] for each in managers if isinstance(each, str) and each in people.of_user]
        if isinstance(ref, DepartmentChange):
            change.made_by = ref
        else:
            change.dept_id = ref
            change.after += [changing[ref]] if ref in changing else []
        yield change
