"""The company of a sandbox as a whole."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Container, Iterable, Iterator
from typing import Any, Final, TypeVar

from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.state.approval import Instance, Workflow
from dingtalk_models.sandbox.state.attendance import Timesheets
from dingtalk_models.sandbox.state.auth import Credentials, Logins
from dingtalk_models.sandbox.state.callback import Callbacks
from dingtalk_models.sandbox.state.contact import ROOT, UNIQUE, Admin, Department, Membership, Role, RoleGroup, User
from dingtalk_models.sandbox.state.customer import Clientele
from dingtalk_models.sandbox.state.file import Drive
from dingtalk_models.sandbox.state.ids import opaque
from dingtalk_models.sandbox.state.leaving import Leaver, StatePart, without
from dingtalk_models.sandbox.state.seeding import Known, SeedError, check_free
from dingtalk_models.sandbox.state.stream import Streams
from dingtalk_models.sandbox.state.talk.message import Outbox

T = TypeVar("T")


class Company:
    """The whole state, shared by all endpoints.

    Attributes:
        changing: the lock for changes that events report. A call holds it on the sandbox's thread, and the actions of
            people in a test hold it on the test's thread.
    """

    UNSAVED: Final = ("caller", "changing")

    def __init__(self, name: str = "沙箱公司", credentials: Credentials | None = None) -> None:
        self.changing = threading.RLock()
        self.credentials = credentials or Credentials()
        self.departments: dict[int, Department] = {ROOT: Department(ROOT, name, None)}
        self.users: dict[str, User] = {}
        self.admins: dict[str, Admin] = {}
        self.role_groups: dict[int, RoleGroup] = {}
        self.roles: dict[int, Role] = {}
        self.known = Known(self.users, self.departments)
        self.attendance = Timesheets(self.known)
        self.outbox = Outbox(self.credentials.clock, self.known)
        self.conversations = self.outbox.conversations
        self.workflow = Workflow(self.known)
        self.clientele = Clientele(self.known)
        self.drive = Drive(self.credentials.clock)
        self.callbacks = Callbacks(self.credentials.clock, self.credentials.corp_id)
        self.stream = Streams(self.credentials)
        self.logins = Logins(self.credentials.clock, self.credentials.corp_id)
        self.scopes: frozenset[str] | None = None
        """The permission scopes granted to the app; None for all."""
        self.caller: User | None = None
        """The owner of the current call's user token; None for the app's token."""
        self._kept: dict[type, Any] = {}
        self._holders: dict[tuple[str, str], str] = {}
        self._ids = itertools.count(1001)
        self._ticks = itertools.count(1)
        self.default_group = self.add_role_group("默认", group_id=900)
        for role_id, role in enumerate(("负责人", "主管", "主管理员", "子管理员"), start=901):
            self.add_role(role, self.default_group.group_id, role_id=role_id)

    def keep(self, kind: type[T]) -> T:
        """Return the private state of one module, an instance of its own class, made at first use."""
        kept: T = self._kept.setdefault(kind, kind())
        return kept

    # departments

    def add_department(self, name: str, parent_id: int = ROOT, dept_id: int | None = None, **fields: Any) -> Department:
        """Add a department below another one.

        Raises:
            SeedError: the id is taken, or a person or department that it refers to does not exist.
        """
        check_free("dept_id", dept_id, self.departments)
        self.known.check_departments("parent_id", [parent_id])
        department = Department(dept_id or self._free_id(self.departments), name, parent_id, **fields)
        self.check_named(department)
        self.departments[department.dept_id] = department
        return department

    def check_named(self, department: Department) -> None:
        """Check that the people and departments that a department refers to exist.

        Raises:
            SeedError: one does not exist.
        """
        for field in ("dept_manager_userid_list", "user_permits", "outer_permit_users"):
            self.known.check_users(field, getattr(department, field))
        self.known.check_users("org_dept_owner", [department.org_dept_owner or None])
        for field in ("dept_permits", "outer_permit_depts"):
            self.known.check_departments(field, getattr(department, field))

    def department(self, dept_id: int, code: int = 60003) -> Department:
        """Return the department with this id, or refuse. Ids such as -7 exist only in DingTalk's own clients."""
        if dept_id not in self.departments or dept_id < 1:
            raise Refused(code if dept_id > 0 else 40009)
        return self.departments[dept_id]

    def children(self, dept_id: int) -> list[Department]:
        """Return the departments directly below, in ascending `order`."""
        below = (each for each in self.departments.values() if each.parent_id == dept_id)
        return sorted(below, key=lambda each: (each.order, each.dept_id))

    def path_up(self, dept_id: int) -> list[int]:
        """Return the department and all above it, up to the root."""
        path = [dept_id]
        while (parent := self.departments[path[-1]].parent_id) is not None:
            path.append(parent)
        return path

    def subtree(self, dept_id: int) -> set[int]:
        """Return the department and all below it."""
        return {each for each in self.departments if dept_id in self.path_up(each)}

    # people

    def add_user(
        self,
        name: str,
        dept_ids: Iterable[int] = (ROOT,),
        *,
        userid: str | None = None,
        mobile: str | None = None,
        **fields: Any,
    ) -> User:
        """Add a person to departments. Without a userid, one is generated.

        Raises:
            SeedError: the userid or another unique value is taken, or a department or the manager does not exist.
        """
        dept_ids = [*dept_ids]
        check_free("userid", userid, self.users)
        self.known.check_departments("dept_id_list", dept_ids)
        self.known.check_users("manager_userid", [fields.get("manager_userid")])
        for field, value in {**fields, "mobile": mobile}.items():
            if field in UNIQUE and value and (holder := self._holder(field, value)):
                raise SeedError(
                    field, f"{holder.userid} has {value!r}: choose another / {value!r} 已属于 {holder.userid}，请换一个"
                )
        userid = userid or f"{14224562537 + next(self._ids):012d}"
        unionid = opaque(self.credentials.corp_id, userid)
        user = User(userid, name, unionid, mobile=mobile, **fields)
        if mobile:
            user.state_code = mobile[1:].partition("-")[0] if mobile.startswith("+") else "86"
        self.users[userid] = user
        self.place(user, dept_ids)
        return user

    def user(self, userid: str, code: int | str = 60121) -> User:
        """Return the person with this id, or refuse."""
        if userid not in self.users:
            raise Refused(code)
        return self.users[userid]

    def person(self, userid: str, code: int | str = 60121) -> User:
        """Return a person of this or another company, or refuse."""
        return self.logins.strangers.get(userid) or self.user(userid, code)

    def find_user(self, **fields: object) -> User | None:
        """Return the first person whose fields have these values."""
        matches = (
            user for user in self.users.values() if all(getattr(user, name) == value for name, value in fields.items())
        )
        return next(matches, None)

    def members(self, dept_id: int) -> list[User]:
        """Return the people directly in a department, in the order in which they joined it."""
        inside = (user for user in self.users.values() if dept_id in user.departments)
        return sorted(inside, key=lambda user: user.departments[dept_id].entered)

    def place(self, user: User, dept_ids: Iterable[int]) -> None:
        """Put a person into exactly these departments. They no longer lead departments that they leave."""
        held = user.departments
        user.departments = {each: held.get(each) or Membership(next(self._ticks)) for each in dept_ids}
        for dept_id in held.keys() - user.departments.keys():
            managers = self.departments[dept_id].dept_manager_userid_list
            managers[:] = [each for each in managers if each != user.userid]
        self.touch(user)

    def touch(self, user: User) -> None:
        """Set the time of a person's last change to now."""
        user.modified = next(self._ticks)
        for field in UNIQUE:
            if value := getattr(user, field):
                self._holders[field, value] = user.userid

    def _holder(self, field: str, value: str) -> User | None:
        """Return the person who has this value of a unique field."""
        user = self.users.get(self._holders.get((field, value), ""))
        return user if user and getattr(user, field) == value else None

    # leaving

    def remove_user(self, user: User) -> None:
        """Remove a person and all references to them. Their successor takes over open tasks."""
        gone, heir = user.userid, self._heir_of(user)
        self.place(user, ())
        del self.users[gone]
        self.admins.pop(gone, None)
        for role in self.roles.values():
            role.members.pop(gone, None)
        for other in self.users.values():
            if other.manager_userid == gone:
                other.manager_userid = None
        for department in self.departments.values():
            if department.org_dept_owner == gone:
                department.org_dept_owner = None
            for name in ("dept_manager_userid_list", "user_permits", "outer_permit_users"):
                setattr(department, name, without(getattr(department, name), gone))
        leaver = Leaver(gone, user.unionid, heir, self.credentials.clock.now())
        for part in self._parts():
            part.person_left(leaver)

    @property
    def main_admin(self) -> str | None:
        """Return the main administrator, if there is one."""
        return next(self._main_admins(), None)

    def _main_admins(self) -> Iterator[str]:
        return (userid for userid, admin in self.admins.items() if admin.sys_level == 1)

    def _heir_of(self, user: User) -> str | None:
        others = (
            each for each in (user.manager_userid, *self._main_admins()) if each in self.users and each != user.userid
        )
        return next(others, None)

    def remove_department(self, department: Department) -> None:
        """Remove an empty department and all references to it. Its managers get the parent if they have no other."""
        gone, above = department.dept_id, department.parent_id or ROOT
        del self.departments[gone]
        for other in self.departments.values():
            for name in ("dept_permits", "outer_permit_depts"):
                setattr(other, name, without(getattr(other, name), gone))
        for admin in self.admins.values():
            admin.dept_ids = self._still_managed(admin.dept_ids, gone, above)
        for role in self.roles.values():
            role.members = {
                userid: self._still_managed(managed, gone, above) for userid, managed in role.members.items()
            }
        for part in self._parts():
            part.department_left(gone, above)

    def _still_managed(self, managed: list[int], gone: int, above: int) -> list[int]:
        # never an empty list, which would mean the whole company
        return without(managed, gone) or without(managed, gone, above)

    def _parts(self) -> list[StatePart]:
        return [each for each in (*vars(self).values(), *self._kept.values()) if isinstance(each, StatePart)]

    def add_admin(self, userid: str, sys_level: int = 2, dept_ids: Iterable[int] = (ROOT,)) -> Admin:
        """Make a person an administrator: the main one (1) or a sub-administrator (2) of these departments.

        Raises:
            SeedError: there is no such person or department.
        """
        admin = Admin(sys_level, [*dept_ids])
        self.known.check_users("userid", [userid])
        self.known.check_departments("dept_ids", admin.dept_ids)
        self.admins[userid] = admin
        return admin

    # roles

    def add_role_group(self, name: str, group_id: int | None = None) -> RoleGroup:
        """Add a group of roles.

        Raises:
            SeedError: the id is taken.
        """
        check_free("group_id", group_id, self.role_groups)
        group = RoleGroup(group_id or self._free_id(self.role_groups), name)
        self.role_groups[group.group_id] = group
        return group

    def add_role(self, name: str, group_id: int, *, role_id: int | None = None, userids: Iterable[str] = ()) -> Role:
        """Add a role to a group, and give it to these people.

        Raises:
            SeedError: the id is taken, or the group or a person does not exist.
        """
        userids = [*userids]
        check_free("role_id", role_id, self.roles)
        if group_id not in self.role_groups:
            raise SeedError(
                "group_id", f"there is no group of roles {group_id}: add it first / 没有角色组 {group_id}，请先添加"
            )
        self.known.check_users("userids", userids)
        role = Role(role_id or self._free_id(self.roles), name, group_id, {each: [] for each in userids})
        self.roles[role.role_id] = role
        return role

    def role(self, role_id: int, code: int = 33011) -> Role:
        """Return the role with this id, or refuse."""
        if role_id not in self.roles:
            raise Refused(code)
        return self.roles[role_id]

    def roles_of(self, userid: str) -> list[Role]:
        """Return the roles of a person."""
        return [role for role in self.roles.values() if userid in role.members]

    # approvals

    def title_of(self, instance: Instance) -> str:
        """Return the title of an approval."""
        originator = self.users.get(instance.originator)
        return f"{originator.name if originator else instance.originator}提交的{instance.form.name}"

    def _free_id(self, taken: Container[int]) -> int:
        return next(each for each in self._ids if each not in taken)
