"""The departments that are there: their paths, and which of them a plan may change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from dingtalk_models.contact.department import ROOT, Department


class Tree:
    """The departments of the company.

    Args:
        departments: the departments by id.
        within: the departments that the tables own, with everything below them.

    Attributes:
        scope: the ids of what the tables own. The contacts of parents and pupils (家校通讯录) and departments of
            associated companies are never among them.
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
        """The department above; the root has none."""
        if dept_id == ROOT:
            return None
        above = self.departments[dept_id].parent_id
        return above if above in self.departments else ROOT

    def children(self, dept_id: int) -> list[int]:
        """The departments directly below."""
        return self._children[dept_id]

    def child(self, dept_id: int, name: str) -> int | None:
        """The department directly below that has this name."""
        return next((each for each in self._children[dept_id] if self.departments[each].name == name), None)

    def below(self, dept_id: int) -> Iterator[int]:
        """The department and everything below it."""
        yield dept_id
        for child in self._children[dept_id]:
            yield from self.below(child)

    def above(self, dept_id: int) -> Iterator[int]:
        """The department and everything above it."""
        here: int | None = dept_id
        while here is not None:
            yield here
            here = self.parent(here)

    def path(self, dept_id: int) -> str:
        """The names from below the root down to the department; the root's path is its own name."""
        return self._paths.get(dept_id) or self.departments[dept_id].name

    def from_root(self, path: str) -> str:
        """A path without the company's own name, which some tables put in front."""
        company = self.departments[ROOT].name
        first, _, rest = path.partition("/")
        return rest if rest and first == company and self.child(ROOT, company) is None else path
