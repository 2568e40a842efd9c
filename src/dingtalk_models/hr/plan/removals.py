"""The departments that a plan removes: those in no table, once they are empty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dingtalk_models.hr.plan.changes import DepartmentChange, UserChange
from dingtalk_models.hr.plan.departments import DepartmentPlan
from dingtalk_models.hr.plan.people import PeoplePlan


def removals(departments: DepartmentPlan, people: PeoplePlan, unread: Iterable[int]) -> list[DepartmentChange]:
    """Return the removals, the lowest department first.

    Args:
        departments: the plan of the departments.
        people: the plan of the people.
        unread: departments with contents that the app may not read, so they are kept.
    """
    if departments.vague:
        numbers = [row.number for row in departments.vague]
        rows = ", ".join(map(str, numbers))
        reason = f"nobody can tell what row {rows} means, so no department is removed"
        chinese = f"第 {rows} 行无法确定指哪个部门，因此不删除任何部门"
        departments.problems.add_of_rows("departments", numbers, "missing", f"{reason} / {chinese}")
        return []
    tree = departments.tree
    kept = set(unread)
    for dept_id in (*departments.wanted, *_given_children(departments)):
        kept.update(departments.above(dept_id))
    members: defaultdict[int, list[UserChange]] = defaultdict(list)
    for user in people.users.values():
        leaves = people.of_user.get(user.userid)
        for dept_id in user.dept_id_list:
            if leaves is None or not _leaves(leaves, dept_id):
                kept.add(dept_id)
            else:
                members[dept_id].append(leaves)
    found: dict[int, DepartmentChange] = {}
    candidates = tree.scope - kept - {*tree.within}
    moves = {each.dept_id: each for each in departments.changes if each.parent is not None and each.dept_id}
    for dept_id in sorted(candidates, key=lambda each: -len([*tree.above(each)])):
        children = tree.children(dept_id)
        if not all(child in found or child in moves for child in children):
            continue
        path = tree.path(dept_id)
        change = DepartmentChange(
            "remove", path, path, None, "in no table, and empty / 不在表格中，且已无成员", dept_id=dept_id
        )
        change.after += [found.get(child) or moves[child] for child in children]
        change.after += members[dept_id]
        found[dept_id] = change
    return list(found.values())


def _given_children(departments: DepartmentPlan) -> Iterable[int]:
    """Return the departments in which new ones are created."""
    return [each.parent for each in departments.changes if isinstance(each.parent, int)]


def _leaves(change: UserChange, dept_id: int) -> bool:
    return change.kind == "remove" or (change.places is not None and dept_id not in change.places)
