"""Values that must be unique, such as mobile numbers: who has each, and which changes must wait for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from dingtalk_models.contact.user import User
from dingtalk_models.hr.plan.changes import Problems, UserChange, depends_on
from dingtalk_models.hr.plan.keys import number_of
from dingtalk_models.hr.plan.rows import PlanRow

UNIQUE = ("mobile", "email", "telephone")
"""The fields with unique values."""


class Owners:
    """Keeps track of who has and who gets each value of one field.

    Args:
        field: the field.
        users: the existing people.
        matched: the existing person of each row.
        of_user: the changes of existing people. Those of people who leave are in it from the start.
        problems: collects the values that cannot be given.
    """

    def __init__(
        self,
        field: str,
        users: Mapping[str, User],
        matched: Mapping[PlanRow, User],
        of_user: Mapping[str, UserChange],
        problems: Problems,
    ) -> None:
        self._field = field
        self._rows = {user.userid: row for row, user in matched.items()}
        self._of_user = of_user
        self._problems = problems
        self._wanted = Counter[str]()
        self._holders = {value: user for user in users.values() if (value := self._value(user))}
        self._waiting: list[tuple[PlanRow, UserChange, User]] = []

    def count(self, row: PlanRow) -> None:
        """Count the value that a row asks for."""
        self._wanted.update([row.values[self._field]] if self._field in row.values else [])

    def _value(self, user: User) -> str | None:
        if self._field == "mobile":
            return number_of(user.mobile, user.state_code)
        value: str | None = getattr(user, self._field)
        return value

    def admit(self, row: PlanRow, change: UserChange, user: User | None) -> bool:
        """Whether a person may get the value in a row. If not, a problem is added."""
        value = row.values.get(self._field)
        if value is None:
            return True
        holder = self._holders.get(value)
        other = None if holder is user else holder
        leaves = other and self._of_user.get(other.userid)
        leaves = leaves if leaves and leaves.kind == "remove" else None
        if other and not leaves and (self._field == "mobile" or not self._gives_up(other, value)):
            return self._refuse(row, belongs(other))
        if (times := self._wanted[value]) > 1:
            return self._refuse(row, f"{times} rows have the same / {times} 行相同")
        if leaves:
            change.after.append(leaves)
        elif other:
            self._waiting.append((row, change, other))
        return True

    def _refuse(self, row: PlanRow, reason: str) -> bool:
        self._problems.add("people", row.number, row.key, self._field, reason)
        return False

    def _gives_up(self, holder: User, value: str) -> bool:
        row = self._rows.get(holder.userid)
        return row is not None and row.values.get(self._field, value) != value

    def let_wait(self) -> None:
        """Let each change that gives a value wait for the change that frees it. People who swap values are refused.

        A refused change keeps its old value and may block others, so this repeats until nothing is stuck.
        """
        while True:
            stuck = [each for each in self._waiting if not self._waits(*each[1:])]
            if not stuck:
                return
            for row, change, holder in stuck:
                self._waiting.remove((row, change, holder))
                self._refuse(row, belongs(holder, ", who cannot give it up first", "，无法先让出"))
                change.sent.pop(self._field, None)
                change.fields = tuple(each for each in change.fields if each.field != self._field)

    def _waits(self, change: UserChange, holder: User) -> bool:
        other = self._of_user.get(holder.userid)
        if other is None or self._field not in other.sent:
            return False
        if other not in change.after:
            if depends_on(other, change):
                return False
            change.after.append(other)
        return True


def belongs(user: User, english: str = "", chinese: str = "") -> str:
    """Make the message for a value that somebody else has."""
    return f"belongs to {user.name} ({user.userid}){english} / 属于 {user.name}{chinese}"
