"""The order in which departments are created, renamed and moved, and which of these cannot be done at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dingtalk_models.hr.plan.changes import DepartmentChange, DepartmentRef
from dingtalk_models.hr.plan.tree import Tree

Slot = tuple[DepartmentRef | None, str]
"""A place among siblings: the parent and the name."""

NO_PARENT = "its parent cannot be created / 上级部门无法创建"


class Moves:
    """Carries changes out on a picture of the tree, one after the other, as far as the platform would let it.

    Args:
        tree: the departments that are there.
        changes: the changes; those that create parents come before those that create children.

    Attributes:
        order: the changes that can be carried out, in an order that works.
        stuck: the others, each with the reason.
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
            # one that waits for another that is stuck may go on once that one is left out
            if blocker not in waiting or not self.stuck:
                self.stuck[change] = reason

    def _now(self, dept_id: int) -> Slot:
        return self._tree.parent(dept_id), self._tree.departments[dept_id].name

    def _target(self, change: DepartmentChange) -> Slot:
        parent, name = self._slots.get(change.dept_id or 0, (None, ""))
        return parent if change.parent is None else change.parent, change.sent.get("name", name)

    def _blocked(self, change: DepartmentChange) -> tuple[DepartmentRef | None, str]:
        """What keeps a change from being carried out now; an empty reason if nothing does."""
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
        """Let each change wait for those that have to come before it, and for no other."""
        changing = {each.dept_id: each for each in self.order if each.dept_id is not None}
        moving = {each.dept_id for each in self.order if each.dept_id is not None and each.parent is not None}
        entangled: set[DepartmentChange] = set()
        for change in self.order:
            parent, name = self._slots[change if change.dept_id is None else change.dept_id]
            holder = self._tree.child(parent, name) if isinstance(parent, int) else None
            if holder is not None and holder != change.dept_id:
                change.after.append(changing[holder])  # it has the name, and gives it up
            if change.parent is not None and change.dept_id is not None:
                movers = moving.intersection(self._above_now(change.parent))
                entangled |= {change, *(changing[each] for each in movers)} if movers else set()
        # a move is safe at any time if nothing above its new parent moves; the others go one after the other
        line = [each for each in self.order if each in entangled]
        for earlier, later in pairwise(line):
            if earlier not in later.after:
                later.after.append(earlier)

    def _above_now(self, ref: DepartmentRef) -> Iterator[int]:
        """The departments that are above a place before anything is moved."""
        here: DepartmentRef | None = ref
        while isinstance(here, DepartmentChange):
            here = here.parent
        return self._tree.above(here) if here is not None else iter(())
