"""Decides who leaves and who is protected from removal. Nothing else decides this."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Literal

from dingtalk_models.contact.user import User
from dingtalk_models.hr.directory_changes import FieldChange
from dingtalk_models.hr.plan.changes import Problems, UserChange
from dingtalk_models.hr.plan.departments import DepartmentPlan, outside
from dingtalk_models.hr.plan.identity import Identities, Meant
from dingtalk_models.hr.plan.rows import PlanRow

Missing = Literal["keep", "remove", "disable"]

_SCOPES = {
    "mobile": (
        "企业员工手机号信息, beside qyapi_get_department_member",
        "“企业员工手机号信息”权限（以及 qyapi_get_department_member）",
    ),
    "job_number": (
        "qyapi_get_department_member, or give them one in DingTalk",
        " qyapi_get_department_member 权限，或在钉钉中为他们填写工号",
    ),
}
"""The permission that shows the key. Without it, the platform leaves the field out, as it does for an empty one."""

_LABELS = {"mobile": "手机号", "job_number": "工号"}
_MOST_SHOWN = 10


class Leaving:
    """Decides who leaves the departments that the tables own.

    A person is protected if an unmatched row may mean them, or if the app cannot see their key: a mistake in a table
    must not remove anybody. For the same reason, a row that may mean a protected person creates nobody.

    Args:
        identities: the people whom the rows mean.
        departments: the plan of the departments.
        missing: what to do with people who are in no row.
        problems: collects the people whom the plan leaves alone, and the reasons.

    Attributes:
        held: the userids of the people who must not be removed.
        left_out: the rows that create nobody.
        looked_at: the userids of the people whom the tables own.
    """

    def __init__(
        self, identities: Identities, departments: DepartmentPlan, missing: Missing, problems: Problems
    ) -> None:
        self._identities = identities
        self._departments = departments
        self._missing: Missing = missing
        self._problems = problems
        scope = departments.tree.scope
        self._inside = {each.userid: scope.intersection(each.dept_id_list) for each in identities.users.values()}
        self.looked_at = {userid for userid, inside in self._inside.items() if inside}
        self.held = {userid for userid in self.looked_at if identities.users[userid].boss}
        self.left_out: set[PlanRow] = set()
        self._hidden_rows: list[PlanRow] = []
        self._vague_rows: list[PlanRow] = []
        for row in identities.table.left_out:
            self._look_at_wrong(row)
        for row in identities.table.rows:
            if user := identities.matched.get(row) or identities.leaving.get(row):
                self._look_at_matched(row, user)
            else:
                self._look_at_unmatched(row)

    # -- who is held ---------------------------------------------------------------------------------------------

    def _look_at_wrong(self, row: PlanRow) -> None:
        """Protect the people whom a left-out row may mean, or everybody if that is unclear."""
        if row.state == "leaves":
            return
        meant = self._identities.may_mean(row, wrong=True)
        self.held |= meant.seen
        if row.state != "awaited" and not (row.key and meant and self._identities.tells_more(row)):
            self._vague_rows.append(row)

    def _look_at_unmatched(self, row: PlanRow) -> None:
        """Treat a row whose key nobody has as a new person, unless it may mean somebody who would be removed."""
        unclear = row in self._identities.unclear
        whole = not unclear and _is_whole(row)
        meant = self._identities.may_mean(row, wrong=not whole)
        if row.state == "leaves" and not unclear:
            self._look_at_gone(row, meant)
            return
        self.held |= meant.seen
        missing = {each for each in meant.seen if each in self.looked_at} if self._missing != "keep" else set[str]()
        if unclear:
            self.left_out.add(row)
        elif meant.hidden:
            self.left_out.add(row)
            self._hidden_rows.append(row)
        elif missing:
            self.left_out.add(row)
            who = self._names(missing)
            key = self._identities.table.key
            self._problem(row, key, f"nobody has it, and the row may mean {who} / 没有人是这个值，这一行可能指 {who}")
        elif not meant and not whole and row.state != "awaited":
            self._vague_rows.append(row)

    def _look_at_gone(self, row: PlanRow, meant: Meant) -> None:
        """Take a leaver whose key nobody has as already gone, but report it if the other cells fit somebody."""
        user = self._identities.by_other_means(row)
        if meant.hidden:
            self._hidden_rows.append(row)
        elif user is not None and user.userid in meant.seen and self._missing == "keep":
            who = self._names([user.userid])
            self._problem(row, self._identities.table.key, f"{who} has another, and stays / {who} 的与此不同，不移除")

    def _look_at_matched(self, row: PlanRow, user: User) -> None:
        """Protect people if a row has the key of one person and the name of another: it may mean either."""
        otherwise = self._identities.contradicts(row, user)
        names = [sign for sign in otherwise if sign[0] == "name"]
        if row in self._identities.leaving:
            if names or (otherwise and "name" not in row.values):
                self.held.add(user.userid)
                who = self._names([user.userid])
                self._problem(
                    row, (names or otherwise)[0][0], f"is not that of {who}, who stays / 与 {who} 不符，不移除"
                )
            return
        if self._missing == "keep":
            return
        self.held |= self._identities.named_by(otherwise)
        for name, value in otherwise:
            if name in row.values and (same := self._identities.named_by([(name, value)]) & self.looked_at):
                del row.values[name]
                who = self._names(same)
                self._problem(row, name, f"is that of {who}, whom no row names / 属于 {who}，而没有一行指该员工")

    def _problem(self, row: PlanRow, field: str, reason: str) -> None:
        self._problems.add("people", row.number, row.key, field, reason)

    def _names(self, userids: Iterable[str]) -> str:
        users = self._identities.users
        return ", ".join(f"{users[each].name} ({each})" for each in sorted(userids)[:_MOST_SHOWN])

    # -- who leaves ----------------------------------------------------------------------------------------------

    def plan(self) -> dict[str, UserChange]:
        """Return the changes of those who leave, by userid: those whose row says so, and those who are missing."""
        leaving: dict[str, UserChange] = {}
        for row, user in self._identities.leaving.items():
            if user.userid not in self.held and self._may_leave(row, user):
                why = f"row {row.number}: leaves / 第 {row.number} 行：离职"
                self._add(leaving, user, UserChange("remove", user.name, row.key, row.number, why))
        unnamed = self.looked_at - {user.userid for user in self._identities.matched.values()} - leaving.keys()
        kept = self.kept(unnamed)
        for user in self._identities.users.values():
            if user.userid in unnamed and user.userid not in kept:
                change = UserChange("remove", user.name, user.userid, None, "not in the table / 不在表格中")
                self._add(leaving, user, change)
        return leaving

    def kept(self, unnamed: AbstractSet[str]) -> AbstractSet[str]:
        """Return the people whom the plan keeps although no row names them, and report them as problems.

        Args:
            unnamed: the people in the tables' departments whom no row names.
        """
        if self._missing == "keep":
            self._tell_hidden(set())
            return unnamed
        if self._vague_rows:
            self._tell_vague()
            self._tell_hidden(set())
            return unnamed
        unseen = (unnamed & self._identities.hidden) - self.held
        self._tell_hidden(unseen)
        return self.held | unseen

    def _may_leave(self, row: PlanRow, user: User) -> bool:
        if user.userid not in self.looked_at:
            self._problem(row, "state", outside(user.name))
        return user.userid in self.looked_at

    def _add(self, leaving: dict[str, UserChange], user: User, change: UserChange) -> None:
        """Let a person leave the departments that the tables own. Other departments keep them in the company."""
        change.userid, change.leaves = user.userid, True
        inside = self._inside[user.userid]
        if self._missing == "disable":
            change.kind = "disable"
            if not user.exclusive_account or user.disable_status:
                return
        elif stays := tuple(each for each in user.dept_id_list if each not in inside and each > 0):
            change.kind, change.places = "change", stays
            paths = [[self._departments.shown(each) for each in ids] for ids in (user.dept_id_list, stays)]
            change.fields = (FieldChange("department", *paths),)
        leaving[user.userid] = change

    def _tell_vague(self) -> None:
        rows = _numbers(self._vague_rows)
        reason = f"nobody can tell whom row {rows} means, so nobody is taken to be missing"
        chinese = f"第 {rows} 行无法确定指谁，因此不移除任何人"
        numbers = [row.number for row in self._vague_rows]
        self._problems.add_of_rows("people", numbers, "missing", f"{reason} / {chinese}")

    def _tell_hidden(self, unseen: AbstractSet[str]) -> None:
        """Report, in one problem, the people whose key the app cannot see, and the permission that would help."""
        rows, key = self._hidden_rows, self._identities.table.key
        meant = {each for row in rows for each in self._identities.may_mean(row, wrong=False).hidden}
        if not (people := meant.union(unseen)):
            return
        many, scope = len(people), _SCOPES[key]
        english = f"the app cannot see that of {many} {'person' if many == 1 else 'people'}: left alone"
        chinese = f"应用看不到 {many} 人的{_LABELS[key]}，不会改动他们"
        if rows:
            numbers = _numbers(rows)
            english += f", with {len(rows)} row{'s'[: len(rows) > 1]} that may mean them (row {numbers})"
            chinese += f"；可能指他们的 {len(rows)} 行未执行（第 {numbers} 行）"
        reason = f"{english}; grant it {scope[0]} / {chinese}。请为应用开通{scope[1]}"
        self._problems.add_of_rows("people", [row.number for row in rows], key, reason)


def _is_whole(row: PlanRow) -> bool:
    """Whether a row has all that a new person needs."""
    return "name" in row.values and ("mobile" in row.values or bool(row.values.get("exclusive_account")))


def _numbers(rows: list[PlanRow]) -> str:
    """List the numbers of rows; of many, only the first."""
    shown = ", ".join(str(row.number) for row in rows[:_MOST_SHOWN])
    return f"{shown} …" if len(rows) > _MOST_SHOWN else shown
