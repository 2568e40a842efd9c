"""Finds an order in which departments can be created, renamed and moved, and the changes that cannot be made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from dingtalk_models.contact.department import ROOT, Department
from dingtalk_models.hr.plan.changes import DepartmentChange, DepartmentRef


class Tree:
    """The departments of the company.

    Args:
        departments: the departments by id.
        within: the departments that the tables own, with everything below them.

    Attributes:
        scope: the ids of the departments that the tables own. It never contains the contacts of parents and pupils
            (家校通讯录) or departments of associated companies.
    """

    def __init__(self, departments: Mapping[int, Department], within: Collection[int]) -> None:
        self.departments = departments
        self.within = tuple(within)
        self._children: defaultdict[int, list[int]] = defaultdict(list)
        self._paths: dict[int, str] = {ROOT: ""}
        for dept_id in departments:
            if (above := self.parent(dept_id)) is not None:
                self._children[above].append(dept_id)
        ahead = [ROOT]
        for dept_id in ahead:
            for child in self._children[dept_id]:
                name, path = departments[child].name, self._paths[dept_id]
                self._paths[child] = f"{path}/{name}" if path else name
                ahead.append(child)
        foreign = {each for top, it in departments.items() if it.tags or it.from_union_org for each in self.below(top)}
        self.scope = {each for top in self.within for each in self.below(top)} - foreign

    def parent(self, dept_id: int) -> int | None:
        """Return the parent; the root has none."""
        if dept_id == ROOT:
            return None
        above = self.departments[dept_id].parent_id
        return above if above in self.departments else ROOT

    def children(self, dept_id: int) -> list[int]:
        """Return the departments directly below."""
        return self._children[dept_id]

    def child(self, dept_id: int, name: str) -> int | None:
        """Return the department directly below that has this name."""
        return next((each for each in self._children[dept_id] if self.departments[each].name == name), None)

    def below(self, dept_id: int) -> Iterator[int]:
        """Return the department and everything below it."""
        yield dept_id
        for child in self._children[dept_id]:
            yield from self.below(child)

    def above(self, dept_id: int) -> Iterator[int]:
        """Return the department and everything above it."""
        here: int | None = dept_id
        while here is not None:
            yield here
            here = self.parent(here)

    def path(self, dept_id: int) -> str:
        """Return the names from below the root down to the department; the root's path is its own name."""
        return self._paths.get(dept_id) or self.departments[dept_id].name

    def from_root(self, path: str) -> str:
        """Return a path without the company's own name, which some tables put in front."""
        company = self.departments[ROOT].name
        first, _, rest = path.partition("/")
        return rest if rest and first == company and self.child(ROOT, company) is None else path


Slot = tuple[DepartmentRef | None, str]
"""A parent and a name; no two departments share both."""

NO_PARENT = "its parent cannot be created / 上级部门无法创建"


class Moves:
    """Tries the changes on a copy of the tree, one after the other, with the platform's rules.

    Args:
        tree: the existing departments.
        changes: the changes; new parents come before new children.

    Attributes:
        order: the changes that can be made, in an order that works.
        stuck: the changes that cannot be made, and the reasons.
    """

    def __init__(self, tree: Tree, changes: Sequence[DepartmentChange]) -> None:
        self._tree = tree
        self._slots: dict[DepartmentRef, Slot] = {each: self._now(each) for each in tree.departments}
        self._taken = {slot: each for each, slot in self._slots.items()}
        self.order: list[DepartmentChange] = []
        self.stuck: dict[DepartmentChange, str] = {}
        pending, before = list(changes), -1
        while pending and len(pending) != before:
            before = len(pending)
            pending = [change for change in pending if not self._make(change)]
        waiting = {change.dept_id for change in pending}
        for change in pending:
            blocker, reason = self._blocked(change)
            # a change that only waits for another stuck one may work once that one is left out, so it is not reported
            # yet; in a loop of changes that wait for each other, the first one is
            if blocker not in waiting or not self.stuck:
                self.stuck[change] = reason

    def _now(self, dept_id: int) -> Slot:
        return self._tree.parent(dept_id), self._tree.departments[dept_id].name

    def _target(self, change: DepartmentChange) -> Slot:
        parent, name = self._slots.get(change.dept_id or 0, (None, ""))
        return parent if change.parent is None else change.parent, change.sent.get("name", name)

    def _blocked(self, change: DepartmentChange) -> tuple[DepartmentRef | None, str]:
        """Return the department that blocks a change now, and the reason; the reason is empty if nothing blocks it."""
        me: DepartmentRef = change if change.dept_id is None else change.dept_id
        parent, name = self._target(change)
        if parent is not None and parent not in self._slots:
            return parent, NO_PARENT
        holder = self._taken.get((parent, name), me)
        if holder is not me and holder != me:
            return holder, f"another department has the name {name} there / 同级已有部门 {name}"
        if parent is not None and me in self._up(parent):
            inside = [each for each in self._up(parent) if each != me]
            return (inside[0] if inside else None), "it would be below itself / 不能移到自己下面"
        return None, ""

    def _up(self, ref: DepartmentRef) -> Iterator[DepartmentRef]:
        here: DepartmentRef | None = ref
        while here is not None:
            yield here
            here = self._slots[here][0]

    def _make(self, change: DepartmentChange) -> bool:
        if self._blocked(change)[1]:
            return False
        me: DepartmentRef = change if change.dept_id is None else change.dept_id
        target = self._target(change)
        if me in self._slots:
            del self._taken[self._slots[me]]
        self._slots[me] = target
        self._taken[target] = me
        self.order.append(change)
        return True

    def let_wait(self) -> None:
        """Let each change depend only on those that must come before it, so that the rest can run in parallel."""
        changing = {each.dept_id: each for each in self.order if each.dept_id is not None}
        moving = {each.dept_id for each in self.order if each.dept_id is not None and each.parent is not None}
        entangled: set[DepartmentChange] = set()
        for change in self.order:
            parent, name = self._slots[change if change.dept_id is None else change.dept_id]
            holder = self._tree.child(parent, name) if isinstance(parent, int) else None
            if holder is not None and holder != change.dept_id:
                change.after.append(changing[holder])  # this one has the name now, and gives it up
            if change.parent is not None and change.dept_id is not None:
                movers = moving.intersection(self._above_now(change.parent))
                entangled |= {change, *(changing[each] for each in movers)} if movers else set()
        # A move below a department that moves, too, or whose ancestor does, could form a loop halfway. These moves are
        # made one after the other; all others are safe at any time.
        line = [each for each in self.order if each in entangled]
        for earlier, later in pairwise(line):
            if earlier not in later.after:
                later.after.append(earlier)

    def _above_now(self, ref: DepartmentRef) -> Iterator[int]:
        """Return the departments above a place before anything is moved."""
        here: DepartmentRef | None = ref
        while isinstance(here, DepartmentChange):
            here = here.parent
        return self._tree.above(here) if here is not None else iter(())
