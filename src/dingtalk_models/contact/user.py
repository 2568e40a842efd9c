"""Users (用户): the people of a company."""

from __future__ import annotations

import builtins
from collections.abc import Container, Iterable
from contextlib import closing
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field
from typing_extensions import Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, Refusal, api, operation
from dingtalk_models.call.paging import CURSOR, OFFSET, OFFSET_IN_PAGES, PageFlow, next_page, page_of
from dingtalk_models.call.repair import assembled
from dingtalk_models.contact.department import ROOT, Department, DepartmentManager
from dingtalk_models.contact.user_fields import (
    DeptOrder,
    DeptPosition,
    From,
    NewUserFields,
    PageSize,
    UserChanges,
    UserListing,
    UserName,
)
from dingtalk_models.core.steps import MAX_PARALLEL, Flow, Window, together
from dingtalk_models.core.wire import CommaInts, CompactDate, JsonObject, Language, Millis, empty_list, wire
from dingtalk_models.first_generation.contact_fields import OLD_USER_FIELDS, OLD_USER_LISTING
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record, Saved
from dingtalk_models.resource.query import Listing, Query

_DEFAULTS: UserListing = {"cursor": 0, "size": 100, "language": "zh_CN"}


class UserManager(Manager):
    """Users (用户)."""

    @api(
        "dingtalk.oapi.v2.user.get",
        "POST /topapi/v2/user/get",
        Old("dingtalk.oapi.user.get", lang="language"),
        idempotent=True,
    )
    def get(self, userid: str, *, language: Language = "zh_CN", login_id: str | None = None) -> Call[User]:
        """Get a user (查询用户详情).

        Args:
            userid: the user.
            language: the language of the texts.
            login_id: the login name of a company account. `userid` is then ignored, so pass the same text.

        Returns:
            The user with all fields that the app may see.

        Raises:
            NotFound: there is no such user, or the invitation is still open.

        Source: query-user-details
        """
        return Call(User)

    @api(
        "dingtalk.oapi.v2.user.create",
        "POST /topapi/v2/user/create",
        Old("dingtalk.oapi.user.create", **OLD_USER_FIELDS),
    )
    def create(
        self,
        name: UserName,
        mobile: str | None,
        dept_id_list: Annotated[CommaInts, Field(min_length=1, max_length=100)],
        **fields: Unpack[NewUserFields],
    ) -> Call[User]:
        """Add a user (创建用户).

        Args:
            name: at most 80 characters.
            mobile: unique in the company, foreign numbers as `+xx-xxxxxx`; `None` for company accounts only.
            dept_id_list: the departments, at most 100.
            fields: `userid`, `title`, `job_number`, `email`, `hired_date` and the others of `NewUserFields`.

        Returns:
            The user, with id, union id and the given fields.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            AlreadyExists: somebody else has this id, mobile, e-mail or telephone.

        Source: user-information-creation
        """
        if mobile is None and not fields.get("exclusive_account") and not fields.get("outer_exclusive_corpid"):
            raise Refusal("mobile", "required, except for a company account (exclusive_account) / 必填，企业账号除外")
        given = {"name": name, "mobile": mobile, "dept_id_list": dept_id_list, **fields}
        return Call(_NewUser).then(lambda made: assembled(User, {**given, "unionid": made.union_id}, made))

    @api(
        "dingtalk.oapi.v2.user.update",
        "POST /topapi/v2/user/update",
        Old("dingtalk.oapi.user.update", **OLD_USER_FIELDS, lang="language"),
    )
    def update(self, userid: str, **fields: Unpack[UserChanges]) -> Call[None]:
        """Change a user (更新用户信息).

        Args:
            userid: the user.
            fields: `name`, `title`, `dept_id_list` and the others of `UserChanges`. Absent fields stay.

        Raises:
            InvalidArgument: a field exceeds its limit; nothing was sent.
            NotFound: there is no such user.
            AlreadyExists: somebody else has this e-mail or telephone.

        Source: user-information-update
        """
        return Call(None)

    @api("dingtalk.oapi.v2.user.delete", "POST /topapi/v2/user/delete", "dingtalk.oapi.user.delete")
    def delete(self, userid: str) -> Call[None]:
        """Remove a user from the company (删除用户).

        Args:
            userid: the user, who is also removed from attendance groups and the roster.

        Raises:
            NotFound: there is no such user.

        Source: delete-a-user
        """
        return Call(None)

    @api("contact_1_0.SetDisable", "POST /v1.0/contact/orgAccounts/disable")
    def disable(
        self, userid: Annotated[str, wire("userId")], *, reason: str | None = None, permission_code: str | None = None
    ) -> Call[None]:
        """Disable a company account (停用企业账号).

        Nobody can log in with it until it is enabled.

        Args:
            userid: the user, who must have a company account (企业账号) of this company.
            reason: the reason.
            permission_code: known from the official SDK only.

        Raises:
            NotFound: there is no such user.
            InvalidRequest: it is not a company account of this company.

        Source: disable-an-exclusive-account
        """
        return Call(None)

    @api("contact_1_0.SetEnable", "POST /v1.0/contact/orgAccounts/enable")
    def enable(self, userid: Annotated[str, wire("userId")], *, permission_code: str | None = None) -> Call[None]:
        """Enable a disabled company account (启用企业账号).

        Args:
            userid: the account's user.
            permission_code: known from the official SDK only.

        Raises:
            NotFound: there is no such user.
            InvalidRequest: it is not a company account of this company.

        Source: enable-a-dedicated-account
        """
        return Call(None)

    @api(
        "dingtalk.oapi.v2.user.list",
        "POST /topapi/v2/user/list",
        Old("dingtalk.oapi.user.listbypage", **OLD_USER_LISTING),
        idempotent=True,
    )
    def list(self, dept_id: int = ROOT, **options: Unpack[UserListing]) -> Query[User]:
        """List the direct members of a department with all fields (获取部门用户详情).

        Args:
            dept_id: the department; by default the root.
            options: see `UserListing`.

        Raises:
            InvalidRequest: there is no such department.
            PermissionDenied: the department is outside the app's contact scope.

        Source: queries-the-complete-information-of-a-department-user
        """
        return Listing(User, CURSOR, items="list", dept_id=dept_id, **_DEFAULTS | options)

    @api(
        "dingtalk.oapi.user.listsimple",
        "POST /topapi/user/listsimple",
        Old("dingtalk.oapi.user.simplelist", **OLD_USER_LISTING),
        idempotent=True,
    )
    def list_simple(self, dept_id: int = ROOT, **options: Unpack[UserListing]) -> Query[SimpleUser]:
        """List the direct members of a department with id and name (获取部门用户基础信息).

        Args:
            dept_id: the department; by default the root.
            options: see `UserListing`.

        Raises:
            NotFound: there is no such department.

        Source: queries-the-simple-information-of-a-department-user
        """
        return Listing(SimpleUser, CURSOR, items="list", dept_id=dept_id, **_DEFAULTS | options)

    @api(
        "dingtalk.oapi.user.listid",
        "POST /topapi/user/listid",
        Old("dingtalk.oapi.user.getDeptMember", deptId="dept_id"),
        idempotent=True,
    )
    def list_ids(self, dept_id: int = ROOT) -> Call[builtins.list[str]]:
        """List the ids of the direct members of a department (获取部门用户userid列表).

        Args:
            dept_id: the department; by default the root. The app's contact scope does not limit this call.

        Raises:
            NotFound: there is no such department.

        Source: query-the-list-of-department-userids
        """
        return Call(list[str], "result.userid_list")

    @api(
        "dingtalk.oapi.user.count",
        "POST /topapi/user/count",
        Old("dingtalk.oapi.user.get_org_user_count", onlyActive="only_active"),
        idempotent=True,
    )
    def count(self, *, only_active: bool = False) -> Call[int]:
        """Count the people of the company (获取员工人数).

        Args:
            only_active: whether to count only people who have logged in.

        Source: user-management-acquires-number-employees
        """
        return Call(int, "result.count")

    @api(
        "dingtalk.oapi.v2.user.getbymobile",
        "POST /topapi/v2/user/getbymobile",
        "dingtalk.oapi.user.get_by_mobile",
        idempotent=True,
    )
    def by_mobile(self, mobile: str, *, support_exclusive_account_search: bool | None = None) -> Call[UserMatch]:
        """Find a user by mobile number (根据手机号查询用户).

        Args:
            mobile: the number.
            support_exclusive_account_search: whether to search company accounts, too.

        Raises:
            NotFound: nobody in the company has this number.

        Source: query-users-by-phone-number
        """
        return Call(UserMatch)

    @api(
        "dingtalk.oapi.user.getbyunionid",
        "POST /topapi/user/getbyunionid",
        "dingtalk.oapi.user.getUseridByUnionid",
        idempotent=True,
    )
    def by_unionid(self, unionid: str) -> Call[UserMatch]:
        """Find a user by union id (根据unionid获取用户userid).

        Args:
            unionid: the union id for your own company as the developer.

        Raises:
            NotFound: nobody in the company has this union id.

        Source: query-a-user-by-the-union-id
        """
        return Call(UserMatch)

    @api("dingtalk.oapi.v2.user.getuserinfo", "POST /topapi/v2/user/getuserinfo", "dingtalk.oapi.user.getuserinfo")
    def by_code(self, code: str) -> Call[LoginIdentity]:
        """Find out who is logged in, by the code of a page inside DingTalk (通过免登码获取用户信息).

        Args:
            code: the login code; it works once, for 5 minutes.

        Raises:
            AuthenticationError: the code is unknown, used up or too old.

        Source: obtain-the-userid-of-a-user-by-using-the-log-free
        """
        return Call(LoginIdentity)

    @api("dingtalk.oapi.user.listadmin", "POST /topapi/user/listadmin", "dingtalk.oapi.user.get_admin", idempotent=True)
    def admins(self) -> Call[builtins.list[Admin]]:
        """List the company's administrators (获取管理员列表).

        Source: query-the-administrator-list
        """
        return Call(list[Admin])

    @api("dingtalk.oapi.user.get_admin_scope", "POST /topapi/user/get_admin_scope", idempotent=True)
    def admin_scope(self, userid: str) -> Call[builtins.list[int]]:
        """List the departments whose contacts an administrator manages (获取管理员通讯录权限范围).

        Args:
            userid: the administrator.

        Raises:
            NotFound: there is no such user.

        Source: query-permissions-of-the-administrator-address-book
        """
        return Call(list[int], "dept_ids")

    @api(
        "dingtalk.oapi.inactive.user.v2.get",
        "POST /topapi/inactive/user/v2/get",
        "dingtalk.oapi.inactive.user.get",
        idempotent=True,
    )
    def inactive(
        self,
        query_date: CompactDate,
        *,
        is_active: bool = False,
        dept_ids: CommaInts | None = None,
        offset: From = 0,
        size: PageSize = 100,
    ) -> Query[str]:
        """List the people who did not log in on a day (获取未登录钉钉的员工列表).

        Args:
            query_date: the day.
            is_active: whether to list the people who did log in instead.
            dept_ids: only these departments.
            offset: the start of the list.
            size: the page size, at most 100.

        Returns:
            User ids.

        Source: queries-the-inactive-users-or-active-users-under-an-enterprise
        """
        return Listing(str, OFFSET, items="list")

    @api(
        "contact_1_0.SearchUser",
        "POST /v1.0/contact/users/search",
        Old("dingtalk.corp.emp.search", keyword="query_word"),
        Old("dingtalk.corp.search.corpcontact.baseinfo", query="query_word"),
        idempotent=True,
    )
    def search(
        self,
        query_word: Annotated[str, Field(min_length=1)],
        *,
        offset: From = 0,
        size: Annotated[int, Field(ge=1)] = 20,
        full_match_field: Literal[1] | None = None,
    ) -> Query[str]:
        """Search users by name (搜索用户userId).

        Args:
            query_word: a name, its pinyin, or a part of it.
            offset: the number of the first page.
            size: the page size.
            full_match_field: 1 to match whole names only.

        Returns:
            User ids.

        Source: address-book-search-user-id
        """
        return Listing(str, OFFSET_IN_PAGES, items="list")

    @operation
    def all(
        self,
        dept_id: int = ROOT,
        *,
        size: PageSize = 100,
        language: Language = "zh_CN",
        workers: Annotated[int, Field(ge=1, le=MAX_PARALLEL)] = 4,
    ) -> Query[User]:
        """List every user of a department and everything below it, each once, breadth first.

        A user who is moved to another department while the list is read may be listed twice or not at all.

        Args:
            dept_id: the department to begin with; by default the root, which means the whole company.
            size: the page size, at most 100.
            language: the language of the texts.
            workers: how many calls to make at once.
        """

        def visit(here: int) -> Flow[_Visit]:
            below = yield from DepartmentManager().list_ids.call(here)
            rest = self.list.call(here, size=size, language=language).page_flow()
            members: builtins.list[User] = []
            for _ in range(_PAGES_A_VISIT):
                if (page := (yield from next_page(rest))) is None:
                    break
                members += page.items
            return _Visit(here, below, members, rest)

        def pages(at_once: int = workers) -> PageFlow[User]:
            met = _Met()
            with Window(visit, lambda visited: visited.below, [dept_id], workers=at_once) as window:
                while window:
                    here, _, members, rest = yield from window.take()
                    with closing(rest):
                        yield page_of(met.new(members, here))
                        while (page := (yield from next_page(rest))) is not None:
                            fresh = met.new(page.items, here, {user.userid for user in members})
                            yield page_of(fresh, unparsed=page.unparsed)
                            members = page.items

        return Query(pages, at_once=lambda calls: pages(max(calls, workers)))


_PAGES_A_VISIT = 4
"""How many pages of a department to load ahead: nearly always all of them, but never those of a whole company."""


class _Visit(NamedTuple):
    """The loaded pages of a department."""

    dept_id: int
    below: list[int]
    members: list[User]
    rest: PageFlow[User]


class _Met:
    """Recognises users who were already listed. It only remembers people in several departments, to save memory."""

    def __init__(self) -> None:
        self._several: set[str] = set()

    def new(self, users: Iterable[User], dept_id: int, before: Container[str] = ()) -> list[User]:
        """Return the new users of a page. Pages overlap if people join or leave while the list is read."""
        known = {user.userid: user for user in users if user.userid not in before and user.userid not in self._several}
        self._several.update(userid for userid, user in known.items() if user.dept_id_list != [dept_id])
        return list(known.values())


class _NewUser(Record):
    userid: str
    union_id: Annotated[str, wire("unionId", "unionid")] = ""


class UserRef(Model):
    """A reference to a user, from calls that return little more than the id."""

    objects: ClassVar[UserManager] = UserManager()

    userid: str

    @operation
    def user(self) -> Call[User]:
        """Get the user with all fields that the app may see."""
        return self.objects.get.call(self.userid)


class SimpleUser(UserRef):
    """A user's id and name."""

    name: str = ""


class Admin(UserRef):
    """An administrator: level 1 is the main one, 2 a sub-administrator."""

    sys_level: int | None


class UserMatch(UserRef):
    """A user found by mobile number or union id.

    Attributes:
        contact_type: 0 for a colleague, 1 for an external contact.
        exclusive_account_userids: the company accounts with the same number.
    """

    contact_type: int | None
    exclusive_account_userids: Annotated[list[str], wire("exclusive_account_userid_list")] = []


class LoginIdentity(UserRef):
    """The user who is logged in.

    Attributes:
        name: the user's name.
        unionid: the union id for the app's own company.
        associated_unionid: the union id for an associated company.
        device_id: the device.
        sys: whether the user is an administrator.
        sys_level: 1 for the main administrator, 2 for a sub-administrator, 100 for the owner, 0 for others.
    """

    name: str | None
    unionid: str = ""
    associated_unionid: str | None
    device_id: str | None
    sys: bool | None
    sys_level: int | None


class LeaderInDept(Record):
    """Whether a user leads one department."""

    dept_id: int
    leader: bool = False


class UserRole(Record):
    """A role of a user."""

    id: int
    name: str = ""
    group_name: str | None


class UnionUser(Record):
    """The user's counterpart in an associated company."""

    userid: str | None
    corp_id: str | None


class UnionUsers(UnionUser):
    """The user's counterparts in associated companies."""

    union_emp_map_list: list[UnionUser] = []


class User(Model, Saved["User"]):
    """A user (用户). Fields that the app may not see or that a list does not return are `None`.

    Attributes:
        unionid: the id that is the same for all apps of one developer; empty if the reply had none.
    """

    objects: ClassVar[UserManager] = UserManager()
    get = objects.get
    create = objects.create
    key: ClassVar = ("userid",)

    userid: str
    unionid: str = ""
    name: str = ""
    avatar: str | None = None
    state_code: str | None = None
    mobile: str | None = None
    hide_mobile: bool | None = None
    telephone: str | None = None
    job_number: str | None = None
    title: str | None = None
    email: str | None = None
    org_email: str | None = None
    org_email_type: str | None = None
    work_place: str | None = None
    remark: str | None = None
    manager_userid: str | None = None
    dept_id_list: list[int] = empty_list()
    dept_order_list: list[DeptOrder] = empty_list()
    dept_position_list: list[DeptPosition] = empty_list()
    dept_order: int | None = None
    """The order in the listed department."""
    extension: JsonObject | None = None
    hired_date: Millis | None = None
    active: bool | None = None
    real_authed: bool | None = None
    senior: bool | None = None
    admin: bool | None = None
    boss: bool | None = None
    leader: bool | None = None
    """Whether the user leads the listed department."""
    leader_in_dept: list[LeaderInDept] = empty_list()
    role_list: list[UserRole] = empty_list()
    union_emp_ext: UnionUsers | None = None
    nickname: str | None = None
    login_id: str | None = None
    exclusive_account: bool | None = None
    exclusive_account_type: str | None = None
    exclusive_account_corp_id: str | None = None
    exclusive_account_corp_name: str | None = None
    disable_status: bool | None = None

    @operation
    def update(self, **fields: Unpack[UserChanges]) -> Flow[User]:
        """Change fields of this user, and update this object.

        Args:
            fields: `name`, `title`, `dept_id_list` and the others of `UserChanges`.
        """
        held: dict[str, Any] = {**fields}
        if fields.get("ext_attrs_update_mode") == 1:
            held["extension"] = {**(self.extension or {}), **fields.get("extension", {})}
        return self.updated(fields, held)

    @operation
    def departments(self) -> Flow[list[Department]]:
        """Get the departments of this user, in their order."""
        known = self if self.dept_id_list else (yield from self.objects.get.call(self.userid))
        return (yield from together([Department.objects.get.call(dept_id) for dept_id in known.dept_id_list]))

    @operation
    def manager(self) -> Flow[User | None]:
        """Get this user's direct manager. A user from a list is loaded first, because lists do not have the manager."""
        known = self if self.manager_userid is not None else (yield from self.objects.get.call(self.userid))
        return (yield from self.objects.get.call(known.manager_userid)) if known.manager_userid else None
