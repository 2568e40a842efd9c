"""Who leaves, and who is held: only here somebody is found to be missing, and only here somebody is kept."""

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
"""What lets an app see the key. The platform leaves out a field for want of permission as it does one that is empty."""

_LABELS = {"mobile": "手机号", "job_number": "工号"}
_MOST_SHOWN = 10


class Leaving:
    """Decides who leaves what the tables own.

    A person who is held is not removed, whatever else speaks for it: a row may mean them, or the app cannot see their
    key. A row that may mean somebody who is held creates nobody.

    Args:
        identities: who the rows mean.
        departments: the plan of the departments.
        missing: what is done with people who are in no row.
        problems: collects whom the plan leaves alone, and why.

    Attributes:
        held: the userids of the people who are not to be removed.
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
        """A row that is left out keeps whomever it may mean; one that tells nobody keeps everybody."""
        if row.state == "leaves":
            return
        meant = self._identities.may_mean(row, wrong=True)
        self.held |= meant.seen
        if row.state != "awaited" and not (row.key and meant and self._identities.tells_more(row)):
            self._vague_rows.append(row)

    def _look_at_unmatched(self, row: PlanRow) -> None:
        """A row whose key nobody has is somebody new, unless it may mean somebody who would be missing."""
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
        """Whoever leaves and has not the key of the row is gone already, unless all else says that they are there."""
        user = self._identities.by_other_means(row)
        if meant.hidden:
            self._hidden_rows.append(row)
        elif user is not None and user.userid in meant.seen and self._missing == "keep":
            who = self._names([user.userid])
            self._problem(row, self._identities.table.key, f"{who} has another, and stays / {who} 的与此不同，不移除")

    def _look_at_matched(self, row: PlanRow, user: User) -> None:
        """A row that has the key of one and the name of another may mean the other."""
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
        """Those who leave: whom a row says to leave, and who is missing. By userid."""
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
        """Tell whom a plan keeps although no row names them, and return them.

        Args:
            unnamed: the people within whom no row names.
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
        """Let a person leave, as far as the tables own them."""
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
        """Say once whose key the app cannot see, and what would help."""
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
    """Whether a row says all that is needed of somebody new."""
    return "name" in row.values and ("mobile" in row.values or bool(row.values.get("exclusive_account")))


def _numbers(rows: list[PlanRow]) -> str:
    """The numbers of rows; only the first of many."""
    shown = ", ".join(str(row.number) for row in rows[:_MOST_SHOWN])
    return f"{shown} …" if len(rows) > _MOST_SHOWN else shown
