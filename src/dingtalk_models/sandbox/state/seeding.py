"""Checks that new items fit into a company: references exist, and unique values are free."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass


class SeedError(ValueError):
    """A new item does not fit into the company.

    Attributes:
        field: the field that is wrong.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Known:
    """The people and departments that can be referred to."""

    users: Mapping[str, object]
    departments: Mapping[int, object]

    def check_users(self, field: str, userids: Iterable[str | None]) -> None:
        """Refuse a userid that nobody has. None is allowed."""
        for userid in userids:
            if userid is not None and userid not in self.users:
                raise SeedError(
                    field,
                    f"nobody has the userid {userid!r}: add the person first, or correct it / "
                    f"没有 userid 为 {userid!r} 的人，请先添加此人或改正",
                )

    def check_departments(self, field: str, dept_ids: Iterable[int]) -> None:
        """Refuse the id of a department that does not exist."""
        for dept_id in dept_ids:
            if dept_id not in self.departments:
                raise SeedError(
                    field,
                    f"there is no department {dept_id}: add it first, or correct it / "
                    f"没有部门 {dept_id}，请先添加该部门或改正",
                )


def check_free(field: str, value: object, taken: Container[object]) -> None:
    """Refuse an id that is taken. None is allowed."""
    if value is not None and value in taken:
        raise SeedError(field, f"{value!r} is taken: choose another / {value!r} 已被占用，请换一个")
