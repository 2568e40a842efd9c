"""Plans the people: who joins, moves, changes or leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from dingtalk_models.contact.user import User
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.wire import BEIJING
from dingtalk_models.hr.directory_changes import FieldChange
from dingtalk_models.hr.plan.changes import DepartmentRef, Problems, UserChange, UserRef, created
from dingtalk_models.hr.plan.departments import DepartmentPlan, NoDepartment
from dingtalk_models.hr.plan.identity import Identities
from dingtalk_models.hr.plan.keys import as_key, as_number, number_of, without_zeros
from dingtalk_models.hr.plan.leaving import Leaving, Missing
from dingtalk_models.hr.plan.owners import UNIQUE, Owners, belongs
from dingtalk_models.hr.plan.rows import PlanRow, ReadTable

IN_LISTS = (
    *("name", "job_number", "title", "email", "org_email", "telephone", "work_place", "remark", "hired_date"),
    *("hide_mobile", "nickname", "extension", "login_id"),
)
"""The fields that can be compared with member lists."""

IN_DETAIL = ("manager_userid", "senior_mode")
"""The fields that can be compared only with `get`."""

_WHEN_CREATED = (
    *("exclusive_account", "exclusive_account_type", "exclusive_mobile", "login_email", "init_password"),
    *("send_password_to_user", "org_email_type"),
)
"""The fields that cannot be compared, so they are sent only when a person is created."""

_OF_NEW = tuple(dict.fromkeys(("userid", "name", "mobile", *IN_LISTS, *IN_DETAIL, *_WHEN_CREATED)))
"""The fields that are sent when a person is created."""

_FIXED_NUMBER = (
    "cannot be changed by the API: the person changes it in DingTalk / 接口不能修改手机号，由员工本人在钉钉中更换"
)
_UNSHOWN = frozenset({"init_password"})


class PeoplePlan:
    """Plans the people.

    Args:
        users: the existing people, by userid.
        table: the table of people.
        departments: the plan of the departments.
        missing: what to do with people who are not in the table.
        problems: collects the rows and cells that cannot be carried out.

    Attributes:
        matched: for each row, the existing person, who stays.
        leaving: decides who leaves and who is protected.
        changes: the changes; people who leave come last.
        of_user: the change of each existing person.
    """

    def __init__(
        self,
        users: Mapping[str, User],
        table: ReadTable,
        departments: DepartmentPlan,
        missing: Missing,
        problems: Problems,
    ) -> None:
        self.users = users
        self.table = table
        self.departments = departments
        self.missing: Missing = missing
        self.problems = problems
        self.changes: list[UserChange] = []
        self.of_user: dict[str, UserChange] = {}
        self._rows_by_key = {row.key: row for row in table.rows}
        self._of_row: dict[PlanRow, UserRef] = {}
        self._leavers: Collection[str] = ()
        self._identities = Identities(users, table)
        self.matched = self._identities.matched
        self.leaving = Leaving(self._identities, departments, missing, problems)
        self._note_likeness()

    # -- who is who ----------------------------------------------------------------------------------------------

    def _note_likeness(self) -> None:
        """Report rows whose key does not exactly match the person's."""
        for row, users in self._identities.unclear.items():
            who = ", ".join(f"{user.name} ({user.userid})" for user in users)
            reason = f"several people have it / 多人相同: {who}"
            if row.key not in {self._identities.key_of(user) for user in users}:
                reason = f"differs in zeros at the front from that of {who} / 与 {who} 的只差开头的零"
            self._problem(row, self.table.key, reason)
        for row, user in {**self.matched, **self._identities.leaving}.items():
            if row in self._identities.by_zeros:
                self._problem(row, self.table.key, _zeros(self._identities.key_of(user)))

    def reference(self, key: str) -> UserRef | None:
        """Return the person with a key, from the table or the company; `None` for people who leave."""
        key = as_number(key) if self.table.key == "mobile" else key
        if (row := self._rows_by_key.get(key)) is not None:
            if row in self.matched:
                return self.matched[row].userid
            return self._of_row.get(row)
        user = self._identities.person(key)
        return None if user is None or user.userid in self._leavers else user.userid

    def nobody(self, key: str) -> str:
        """Make the message for a key that nobody has."""
        return f"nobody has the {self.table.key} {key} / 没有 {self.table.key} 为 {key} 的员工"

    def _problem(self, row: PlanRow, field: str, reason: str) -> None:
        self.problems.add("people", row.number, row.key, field, reason)

    # -- rows ----------------------------------------------------------------------------------------------------

    def plan(self, details: Mapping[str, User]) -> None:
        """Plan every row, then who leaves.

        Args:
            details: the people who were loaded with `get`, by userid.
        """
        leaving = self.leaving.plan()
        self.of_user.update(leaving)
        self._leavers = leaving.keys()
        unique = {field: Owners(field, self.users, self.matched, self.of_user, self.problems) for field in UNIQUE}
        rows = [row for row in self.table.rows if row in self.matched or self._is_new(row)]
        for row in rows:
            for owners in unique.values():
                owners.count(row)
        for row in rows:
            if row in self.matched:
                self._plan_change(row, self.matched[row], details.get(self.matched[row].userid), unique)
            else:
                self._plan_new(row, unique)
        for owners in unique.values():
            owners.let_wait()
        for row in rows:
            self._plan_manager(row, details)
        self.changes = [each for each in self.changes if each.kind != "change" or each.fields]
        self.changes += leaving.values()

    def _is_new(self, row: PlanRow) -> bool:
        """Whether a row creates a new person."""
        return row.state == "stays" and row not in self.leaving.left_out

    def _plan_new(self, row: PlanRow, unique: Mapping[str, Owners]) -> None:
        values = dict(row.values)
        sent = {field: values[field] for field in _OF_NEW if field in values}
        needed = ("name",) if values.get("exclusive_account") else ("name", "mobile")
        if missing := [field for field in needed if field not in values]:
            if missing[0] not in row.refused:
                self._problem(row, missing[0], "is needed for a person who is not there yet / 新员工必填")
            return
        if "userid" in sent and sent["userid"] in self.users:
            self._problem(row, "userid", belongs(self.users[sent["userid"]]))
            return
        why = (
            f"row {row.number}: nobody has the {self.table.key} {row.key} / "
            f"第 {row.number} 行：没有 {self.table.key} 为 {row.key} 的员工"
        )
        change = UserChange("create", values["name"], row.key, row.number, why, sent={"mobile": None, **sent})
        change.userid = sent.get("userid")
        # departments come last, because looking them up may create them, and a row that is left out must not
        if not all(owners.admit(row, change, None) for owners in unique.values()):
            return
        if (places := self._places(row, None)) is None:
            return
        shown = [FieldChange(each, None, value) for each, value in sent.items() if each not in _UNSHOWN]
        shown.append(FieldChange("department", None, [self.departments.path_of(each) for each in places]))
        change.fields, change.places = tuple(shown), places
        change.after += created(places)
        self.changes.append(change)
        self._of_row[row] = change

    def _plan_change(self, row: PlanRow, user: User, detail: User | None, unique: Mapping[str, Owners]) -> None:
        change = UserChange("change", user.name or user.userid, row.key, row.number, _row(row))
        change.userid = user.userid
        self._note_fixed(row, user)
        shown = self._differing(row, user, detail)
        shown = [each for each in shown if each.field not in UNIQUE or unique[each.field].admit(row, change, user)]
        change.sent = {each.field: each.new for each in shown}
        if "extension" in change.sent:
            change.sent["ext_attrs_update_mode"] = 1
        places = self._places(row, user)
        if places is not None and set(places) != set(user.dept_id_list):
            paths = [self.departments.shown(each) for each in user.dept_id_list]
            shown.append(FieldChange("department", paths, [self.departments.shown(each) for each in places]))
            change.places = places
            change.after += created(places)
        if shown:
            change.fields = tuple(shown)
            self.changes.append(change)
            self.of_user[user.userid] = change
        if self.missing == "disable" and user.disable_status:
            why = f"row {row.number}: it is disabled / 第 {row.number} 行：账号已停用"
            self.changes.append(UserChange("enable", user.name, row.key, row.number, why, userid=user.userid))

    def _note_fixed(self, row: PlanRow, user: User) -> None:
        """Report cells that differ from values which cannot be changed."""
        number = number_of(user.mobile, user.state_code)
        if number and row.values.get("mobile", number) != number:
            self._problem(row, "mobile", _FIXED_NUMBER)
        userid = row.values.get("userid", user.userid)
        if without_zeros(userid) != without_zeros(as_key(user.userid)):
            self._problem(row, "userid", f"is {user.userid}, and never changes / 为 {user.userid}，不能修改")

    def _differing(self, row: PlanRow, user: User, detail: User | None) -> list[FieldChange]:
        known = IN_LISTS if detail is None else (*IN_LISTS, *IN_DETAIL)
        pairs = [(field, self._now(user, detail, field), row.values[field]) for field in known if field in row.values]
        return [FieldChange(*pair) for pair in pairs if not _same(*pair) and not self._lost_zeros(row, *pair)]

    def _lost_zeros(self, row: PlanRow, field: str, old: Any, new: Any) -> bool:
        """Whether a job number differs only in leading zeros, which a spreadsheet has dropped."""
        lost = field == "job_number" and bool(old) and without_zeros(as_key(old)) == without_zeros(new)
        if lost and row not in self._identities.by_zeros:
            self._problem(row, field, _zeros(old))
        return lost

    @staticmethod
    def _now(user: User, detail: User | None, field: str) -> Any:
        if field in IN_DETAIL:
            return getattr(detail, "senior" if field == "senior_mode" else field)
        return getattr(user, field)

    def _places(self, row: PlanRow, user: User | None) -> tuple[DepartmentRef, ...] | None:
        """Return the departments in a row, plus the person's departments outside the table; `None` if not given."""
        tree, find, values = self.departments.tree, self.departments, row.values
        may_create = find.table is None or find.table.key == "department"
        refs: list[DepartmentRef] = []
        try:
            for text in values.get("department", ()):
                for path in find.paths_in(text):
                    refs.append(find.by_path(path, row.number, may_create=may_create))  # noqa: PERF401 - may raise halfway
            refs += [find.by_id(each) for each in values.get("dept_id_list", ())]
            refs += [find.by_source(each) for each in values.get("source_identifier", ())]
            if not refs and user is None:
                refs.append(self._usual_place())
        except NoDepartment as reason:
            self._problem(row, "department", str(reason))
            return None
        if not refs:
            return None
        outside = [each for each in user.dept_id_list if each > 0 and each not in tree.scope] if user else []
        return tuple(dict.fromkeys([*outside, *refs]))

    def _usual_place(self) -> int:
        """Return the department for new people if the table names none: the first one that the tables own."""
        if self.table.fields & {"department", "dept_id_list", "source_identifier"}:
            raise NoDepartment("a new person needs a department / 新员工须有部门")
        return self.departments.by_id(self.departments.tree.within[0])

    def _plan_manager(self, row: PlanRow, details: Mapping[str, User]) -> None:
        """Plan a person's manager. If the manager is new too, it is set after both are created."""
        key, own = row.values.get("manager"), self.reference(row.key)
        if key is None or own is None:
            return
        manager = self.reference(key)
        if manager is None:
            self._problem(row, "manager", self.nobody(key))
            return
        now = details[own].manager_userid if isinstance(own, str) and own in details else None
        if manager == now or (isinstance(own, str) and own not in details):
            return
        change = own if isinstance(own, UserChange) else self.of_user.get(own)
        if isinstance(manager, UserChange) or change is None:
            name = self.matched[row].name if row in self.matched else row.values["name"]
            change = UserChange("change", name, row.key, row.number, _row(row))
            change.userid = own if isinstance(own, str) else None
            change.made_by = own if isinstance(own, UserChange) else None
            change.after += created([own, manager])
            self.changes.append(change)
        change.manager = manager
        change.fields += (FieldChange("manager", now, key),)


def _row(row: PlanRow) -> str:
    return f"row {row.number} / 第 {row.number} 行"


def _zeros(held: str | None) -> str:
    return f"is taken to be {held}, and stays so: only zeros at the front differ / 视为 {held}，保持不变：只差开头的零"


def _same(field: str, old: Any, new: Any) -> bool:
    if field == "hired_date" and isinstance(old, datetime):
        return bool(old.astimezone(BEIJING).date() == new.astimezone(BEIJING).date())
    if field == "extension":
        held = old if is_object(old) else {}
        return all(str(held.get(name, "")) == str(value) for name, value in new.items())
    if field == "job_number":
        return bool(as_key(old) == new)
    return bool(old == new or (not old and not new))
