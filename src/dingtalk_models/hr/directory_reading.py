"""Reads the whole organisation: departments with all their fields, and users with all their departments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from dingtalk_models.contact.department import ROOT, Department, DepartmentManager
from dingtalk_models.contact.user import LeaderInDept, User, UserManager
from dingtalk_models.contact.user_fields import DeptOrder
from dingtalk_models.core.errors import DingTalkError, InvalidRequest, NotFound, PermissionDenied
from dingtalk_models.core.steps import Flow, Progress, Window
from dingtalk_models.core.wire import BEIJING, Language


class Organisation(NamedTuple):
    """The organisation as it was read.

    Attributes:
        taken: when it was read.
        departments: the departments by id, the root first, breadth first.
        users: the people by id.
        unread: departments that the app may not read, and the reasons. Their people may be missing.
        above: the parents of those departments.
    """

    taken: datetime
    departments: Mapping[int, Department]
    users: Mapping[str, User]
    unread: Mapping[int, DingTalkError]
    above: Mapping[int, int]


class _KnownDepartment(NamedTuple):
    """A department with its members and the ids of those below it."""

    dept_id: int
    department: Department | None
    below: list[int]
    members: list[User]
    error: DingTalkError | None = None


def read_company(
    *, language: Language, workers: int, progress: Progress | None, tolerant: bool = False
) -> Flow[Organisation]:
    """Read departments and people: three calls per department, and one more for each further hundred members.

    Args:
        language: the language of the texts.
        workers: how many calls at once.
        progress: called with the number of people found so far, and their total.
        tolerant: whether to skip departments that the app may not read; the root is never skipped.
    """
    departments, users = DepartmentManager(), UserManager()

    def visit(dept_id: int) -> Flow[_KnownDepartment]:
        department = yield from departments.get.call(dept_id, language=language)
        below = yield from departments.list_ids.call(dept_id)
        members = yield from users.list.call(dept_id, language=language).collect()
        # the contacts of parents and pupils (家校通讯录) may be listed as -7, which is not a real department
        return _KnownDepartment(dept_id, department, [each for each in below if each > 0], members)

    def try_to_visit(dept_id: int) -> Flow[_KnownDepartment]:
        try:
            return (yield from visit(dept_id))
        except (NotFound, PermissionDenied, InvalidRequest) as error:
            if dept_id == ROOT:
                raise
            return _KnownDepartment(dept_id, None, [], [], error)

    total = yield from users.count.call()
    taken, met = datetime.now(BEIJING), _PeopleMet()
    found: dict[int, Department] = {}
    unread: dict[int, DingTalkError] = {}
    above: dict[int, int] = {}
    ask = try_to_visit if tolerant else visit
    with Window(ask, lambda visited: visited.below, [ROOT], workers=workers) as window:
        while window:
            visited = yield from window.take()
            above.update(dict.fromkeys(visited.below, visited.dept_id))
            if visited.error:
                unread[visited.dept_id] = visited.error
            if visited.department:
                found[visited.dept_id] = visited.department
            for user in visited.members:
                met.add(user, visited.dept_id)
            if progress:
                # the company may have grown since it was counted, and the app may see only a part of it
                progress(len(met), max(total, len(met)) if window else len(met))
    return Organisation(taken, found, met.users(), unread, {each: above[each] for each in unread})


class _PeopleMet:
    """Collects the people found so far, with their values in each department."""

    def __init__(self) -> None:
        self._people: dict[str, User] = {}
        self._in: defaultdict[str, dict[int, User]] = defaultdict(dict)

    def add(self, user: User, dept_id: int) -> None:
        self._people.setdefault(user.userid, user)
        self._in[user.userid][dept_id] = user

    def __len__(self) -> int:
        return len(self._people)

    def users(self) -> dict[str, User]:
        return {userid: self._whole(user) for userid, user in self._people.items()}

    def _whole(self, user: User) -> User:
        """Return a user without the values that depend on the department whose list they came from.

        The orders come from replies that were checked: checking each again would take longer than all the rest.
        """
        found = self._in[user.userid]
        lists = {
            "dept_id_list": list(dict.fromkeys([*user.dept_id_list, *found])),
            "dept_order_list": [
                DeptOrder.model_construct(dept_id=dept_id, order=each.dept_order)
                for dept_id, each in found.items()
                if each.dept_order is not None
            ],
            "leader_in_dept": [
                LeaderInDept(dept_id=dept_id, leader=each.leader)
                for dept_id, each in found.items()
                if each.leader is not None
            ],
        }
        return user.model_copy(update={"dept_order": None, "leader": None, **lists}).using(user.app)
