"""The part of a plan that is about people: who joins, moves, changes, leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from dingtalk_models.contact.directory_changes import FieldChange
from dingtalk_models.contact.plan_cells import number_of
from dingtalk_models.contact.plan_changes import DepartmentRef, Problems, UserChange, UserRef, created
from dingtalk_models.contact.plan_departments import DepartmentPlan, NoDepartment
from dingtalk_models.contact.plan_owners import UNIQUE, Owners, belongs
from dingtalk_models.contact.plan_rows import ReadTable, Row
from dingtalk_models.contact.user import User
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.wire import BEIJING

Missing = Literal["keep", "remove", "disable"]

IN_LISTS = (
    *("name", "job_number", "title", "email", "org_email", "telephone", "work_place", "remark", "hired_date"),
    *("hide_mobile", "nickname", "extension", "login_id"),
)
"""The fields that are compared with what lists show of people."""

IN_DETAIL = ("manager_userid", "senior_mode")
"""The fields that are compared with what only `get` shows."""

_WHEN_CREATED = (
    *("exclusive_account", "exclusive_account_type", "exclusive_mobile", "login_email", "init_password"),
    *("send_password_to_user", "org_email_type"),
)
"""The fields that cannot be compared: they are sent when a person is created."""

_OF_NEW = tuple(dict.fromkeys(("userid", "name", "mobile", *IN_LISTS, *IN_DETAIL, *_WHEN_CREATED)))
"""The fields that are sent when a person is created."""

_FIXED_NUMBER = (
    "cannot be changed by the API: the person changes it in DingTalk / 接口不能修改手机号，由员工本人在钉钉中更换"
)
_UNSHOWN = frozenset({"init_password"})


class PeoplePlan:
    """Plans the people.

    Args:
        users: the people who are there, by userid.
        table: the table of people.
        departments: the plan of the departments.
        missing: what is done with people who are not in the table.
        problems: collects what cannot be done.

    Attributes:
        matched: for each row, the person who is there already.
        changes: what is done, people who leave last.
        of_user: the change of each person who is there.
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
        self._numbers = {number: each for each in users.values() if (number := number_of(each.mobile, each.state_code))}
        self._with_key = _grouped(users.values(), self._key_of)
        self._with_job_number = _grouped(users.values(), lambda user: user.job_number)
        self._rows_by_key = {row.key: row for row in table.rows}
        self._of_row: dict[Row, UserRef] = {}
        self._perhaps: set[str] = set()
        """People of whom a row may mean one."""
        self.matched: dict[Row, User] = self._match()

    # -- who is who ----------------------------------------------------------------------------------------------

    def _match(self) -> dict[Row, User]:
        matched: dict[Row, User] = {}
        taken: dict[str, Row] = {}
        for row in self.table.rows:
            if found := self._with_key.get(row.key):
                if len(found) > 1:
                    who = ", ".join(user.userid for user in found)
                    self._problem(row, self.table.key, f"several people have it / 多人相同: {who}")
                    self._of_row[row] = found[0].userid
                    self._perhaps.update(user.userid for user in found)
                else:
                    matched[row], taken[found[0].userid] = found[0], row
        if self.table.key != "userid":  # a job number or mobile number may have changed; a userid never does
            for row in self.table.rows:
                other = None if row in matched or row in self._of_row else self._by_other_means(row)
                if other is not None and other.userid not in taken:
                    matched[row], taken[other.userid] = other, row
        return matched

    def _key_of(self, user: User) -> str | None:
        if self.table.key == "mobile":
            return number_of(user.mobile, user.state_code)
        return user.userid if self.table.key == "userid" else user.job_number

    def _by_other_means(self, row: Row) -> User | None:
        """A person who has none of the keys of the table, by userid, or by name and mobile number or job number."""
        values = row.values
        user = self.users.get(values.get("userid", ""))
        if user is None:
            user = self._numbers.get(values.get("mobile", ""))
            if user is None and self.table.key == "mobile":
                same = self._with_job_number.get(values.get("job_number"), [])
                user = same[0] if len(same) == 1 else None
            # a number may have gone over to somebody else
            if user is not None and values.get("name", user.name) != user.name:
                return None
        return None if user is None or self._key_of(user) in self._rows_by_key else user

    def reference(self, key: str) -> UserRef | None:
        """The person whom a key of the table names, in the table or in the company."""
        if (row := self._rows_by_key.get(key)) is not None:
            if row in self.matched:
                return self.matched[row].userid
            return self._of_row.get(row)
        found = self._with_key.get(key, [])
        return found[0].userid if len(found) == 1 else None

    def nobody(self, key: str) -> str:
        """What is said of a key that nobody has."""
        return f"nobody has the {self.table.key} {key} / 没有 {self.table.key} 为 {key} 的员工"

    def _problem(self, row: Row, field: str, reason: str) -> None:
        self.problems.add("people", row.number, row.key, field, reason)

    # -- rows ----------------------------------------------------------------------------------------------------

    def plan(self, details: Mapping[str, User]) -> None:
        """Plan every row, then who leaves.

        Args:
            details: the people of whom `get` was asked, by userid.
        """
        leaving = self._plan_leaving()
        unique = {field: Owners(field, self.users, self.matched, self.of_user, self.problems) for field in UNIQUE}
        for row in self.table.rows:
            for owners in unique.values():
                owners.count(row)
        for row in self.table.rows:
            if row in self.matched:
                self._plan_change(row, self.matched[row], details.get(self.matched[row].userid), unique)
            elif row not in self._of_row:
                self._plan_new(row, unique)
        for owners in unique.values():
            owners.let_wait()
        for row in self.table.rows:
            self._plan_manager(row, details)
        self.changes = [each for each in self.changes if each.kind != "change" or each.fields]
        self.changes += leaving.values()

    def _plan_new(self, row: Row, unique: Mapping[str, Owners]) -> None:
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
        why = f"row {row.number}: nobody has the {self.table.key} {row.key}"
        change = UserChange("create", values["name"], row.key, row.number, why, sent={"mobile": None, **sent})
        change.userid = sent.get("userid")
        # departments last: a row that is left out creates none
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

    def _plan_change(self, row: Row, user: User, detail: User | None, unique: Mapping[str, Owners]) -> None:
        change = UserChange("change", user.name or user.userid, row.key, row.number, f"row {row.number}")
        change.userid = user.userid
        self._note_fixed(row, user)
        shown = self._differing(row, user, detail)
        shown = [each for each in shown if each.field not in UNIQUE or unique[each.field].admit(row, change, user)]
        change.sent = {each.field: each.new for each in shown}
        if "extension" in change.sent:
            change.sent["ext_attrs_update_mode"] = 1
        places = self._places(row, user)
        if places is not None and set(places) != set(user.dept_id_list):
            paths = [self._path(each) for each in user.dept_id_list]
            shown.append(FieldChange("department", paths, [self._path(each) for each in places]))
            change.places = places
            change.after += created(places)
        if shown:
            change.fields = tuple(shown)
            self.changes.append(change)
            self.of_user[user.userid] = change
        if self.missing == "disable" and user.disable_status:
            why = f"row {row.number}: it is disabled"
            self.changes.append(UserChange("enable", user.name, row.key, row.number, why, userid=user.userid))

    def _note_fixed(self, row: Row, user: User) -> None:
        """Note what a row has otherwise, and what nothing can change."""
        number = number_of(user.mobile, user.state_code)
        if number and row.values.get("mobile", number) != number:
            self._problem(row, "mobile", _FIXED_NUMBER)
        if row.values.get("userid", user.userid) != user.userid:
            self._problem(row, "userid", f"is {user.userid}, and never changes / 为 {user.userid}，不能修改")

    def _differing(self, row: Row, user: User, detail: User | None) -> list[FieldChange]:
        known = IN_LISTS if detail is None else (*IN_LISTS, *IN_DETAIL)
        pairs = [(field, self._now(user, detail, field), row.values[field]) for field in known if field in row.values]
        return [FieldChange(*pair) for pair in pairs if not _same(*pair)]

    @staticmethod
    def _now(user: User, detail: User | None, field: str) -> Any:
        if field in IN_DETAIL:
            return getattr(detail, "senior" if field == "senior_mode" else field)
        return getattr(user, field)

    def _path(self, ref: DepartmentRef) -> str:
        known = not isinstance(ref, int) or ref in self.departments.tree.departments
        return self.departments.path_of(ref) if known else str(ref)

    def _places(self, row: Row, user: User | None) -> tuple[DepartmentRef, ...] | None:
        """The departments that a row asks for; those that the table does not own stay. `None` if it says nothing."""
        tree, find, values = self.departments.tree, self.departments, row.values
        may_create = find.table is None or find.table.key == "department"
        refs: list[DepartmentRef] = []
        try:
            for path in values.get("department", ()):
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
        """The department of new people in a table without departments: the top of what it owns."""
        if self.table.fields & {"department", "dept_id_list", "source_identifier"}:
            raise NoDepartment("a new person needs a department / 新员工须有部门")
        return self.departments.by_id(self.departments.tree.within[0])

    def _plan_manager(self, row: Row, details: Mapping[str, User]) -> None:
        """A manager by the key of the table. One who is created too is set after both are there."""
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
            change = UserChange("change", name, row.key, row.number, f"row {row.number}")
            change.userid = own if isinstance(own, str) else None
            change.made_by = own if isinstance(own, UserChange) else None
            change.after += created([own, manager])
            self.changes.append(change)
        change.manager = manager
        change.fields += (FieldChange("manager", now, key),)

    # -- who leaves ----------------------------------------------------------------------------------------------

    def _plan_leaving(self) -> dict[str, UserChange]:
        """The people within the scope whom no row names, by userid."""
        if self.missing == "keep":
            return {}
        if any(not row.key for row in self.table.left_out):
            reason = "a row names nobody, so nobody is taken to be missing / 有一行未写明是谁，因此不移除任何人"
            self.problems.add("people", None, "", "missing", reason)
            return {}
        scope, present = self.departments.tree.scope, {user.userid for user in self.matched.values()}
        present |= self._perhaps
        named = {str(value) for row in self.table.left_out for value in (row.key, *self._ids(row))}
        leaving: dict[str, UserChange] = {}
        for user in self.users.values():
            ids = {user.userid, user.job_number, number_of(user.mobile, user.state_code)}
            inside = scope.intersection(user.dept_id_list)
            if not inside or user.userid in present or user.boss or ids & named:
                continue
            if (change := self._leaves(user, inside)) is not None:
                leaving[user.userid] = self.of_user[user.userid] = change
        return leaving

    @staticmethod
    def _ids(row: Row) -> list[str]:
        return [row.values[field] for field in ("userid", "job_number", "mobile") if field in row.values]

    def _leaves(self, user: User, inside: set[int]) -> UserChange | None:
        change = UserChange("remove", user.name, user.userid, None, "not in the table", userid=user.userid)
        if self.missing == "disable":
            change.kind = "disable"
            return change if user.exclusive_account and not user.disable_status else None
        if stays := tuple(each for each in user.dept_id_list if each not in inside and each > 0):
            change.kind, change.places = "change", stays
            paths = [[self._path(each) for each in ids] for ids in (user.dept_id_list, stays)]
            change.fields = (FieldChange("department", *paths),)
        return change


def _grouped(users: Iterable[User], value: Callable[[User], str | None]) -> dict[str | None, list[User]]:
    """The people by a value that they have."""
    found: dict[str | None, list[User]] = {}
    for user in users:
        if (own := value(user)) is not None:
            found.setdefault(own, []).append(user)
    return found


def _same(field: str, old: Any, new: Any) -> bool:
    if field == "hired_date" and isinstance(old, datetime):
        return bool(old.astimezone(BEIJING).date() == new.astimezone(BEIJING).date())
    if field == "extension":
        held = old if is_object(old) else {}
        return all(str(held.get(name, "")) == str(value) for name, value in new.items())
    return bool(old == new or (not old and not new))
