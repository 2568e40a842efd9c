"""`/topapi/v2/user/*`, `/topapi/user/*`, `/topapi/inactive/user/v2/get`, `/v1.0/contact/users/search`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Required, Unpack

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.contact.department import MANAGE, SEARCH, SearchParameters, found_page
from dingtalk_models.sandbox.server.endpoints import Code, FromJson, Ids, Language, Names, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import UNIQUE, User
from dingtalk_models.sandbox.state.ids import opaque

MEMBER: Final = "qyapi_get_member"
OF_DEPARTMENT: Final = "qyapi_get_department_member"
ACCOUNTS: Final = "Contact.OrgAccountSecurity.ReadWrite"
DEPARTMENT_CAP: Final = 1000

_IN_LIST: Final = (
    *("userid", "unionid", "avatar", "state_code", "mobile", "hide_mobile", "telephone", "job_number"),
    *("title", "email", "org_email", "work_place", "remark", "hired_date", "active", "boss"),
    *("exclusive_account", "exclusive_account_type", "exclusive_account_corp_id", "login_id", "nickname"),
)
_IN_DETAIL: Final = (*_IN_LIST, "org_email_type", "manager_userid", "real_authed", "senior")


# reading


def name_of(user: User, language: Language) -> str:
    """Return the person's name in a language, or in Chinese if there is none."""
    return (user.name_en if language == "en_US" else None) or user.name


def _view(company: Company, user: User, fields: Iterable[str], language: Language) -> dict[str, Any]:
    """Return the fields that are set; the platform leaves out the others."""
    shown = {"name": name_of(user, language), **{field: getattr(user, field) for field in fields}}
    if user.extension:
        shown["extension"] = json.dumps(user.extension, ensure_ascii=False)
    shown |= {"dept_id_list": list(user.departments), "admin": user.userid in company.admins}
    if user.exclusive_account:
        shown["disable_status"] = user.disabled
    return {field: value for field, value in shown.items() if value not in (None, "")}


def leads(company: Company, user: User, dept_id: int) -> bool:
    return user.userid in company.departments[dept_id].dept_manager_userid_list


@endpoint("POST", "/topapi/v2/user/get", scope=MEMBER)
def get_user(
    company: Company, *, userid: str = "", login_id: str | None = None, language: Language = "zh_CN"
) -> Result:
    """查询用户详情: by userid, or a company account (企业账号) by login_id."""
    if not (userid or login_id):
        raise Refused(400002)
    user = company.find_user(login_id=login_id) if login_id else company.users.get(userid)
    if user is None:
        raise Refused(60121)
    result = _view(company, user, _IN_DETAIL, language)
    places = user.departments.items()
    result["dept_order_list"] = [{"dept_id": dept_id, "order": each.order} for dept_id, each in places]
    result["leader_in_dept"] = [{"dept_id": dept_id, "leader": leads(company, user, dept_id)} for dept_id, _ in places]
    result["role_list"] = [
        {"id": role.role_id, "name": role.name, "group_name": company.role_groups[role.group_id].name}
        for role in company.roles_of(user.userid)
    ]
    return {"result": {field: value for field, value in result.items() if value != []}}


# writing


def _extension(value: object) -> object:
    if len(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) > 2000:
        raise ValueError("too long")
    return value


class InDepartmentFields(TypedDict, total=False):
    """A person's order or title in one of their departments."""

    dept_id: int
    order: int
    title: str


class PlainUserFields(TypedDict, total=False):
    """The fields that create and update write unchanged."""

    hide_mobile: bool
    telephone: Annotated[str, Field(max_length=50)]
    job_number: Annotated[str, Field(max_length=50), Code(60123)]
    title: Annotated[str, Field(max_length=200), Code(60119)]
    email: Annotated[str, Field(max_length=50)]
    org_email: Annotated[str, Field(max_length=100)]
    org_email_type: Literal["profession", "base"]
    work_place: Annotated[str, Field(max_length=100)]
    remark: Annotated[str, Field(max_length=2000)]
    senior: Annotated[bool, Field(alias="senior_mode")]
    hired_date: int
    exclusive_mobile: str
    avatar: Annotated[str, Field(alias="avatarMediaId")]
    nickname: str


class AccountFields(PlainUserFields, total=False):
    """The fields that only create writes."""

    login_email: str
    login_id: str
    exclusive_account: bool
    exclusive_account_type: Literal["sso", "dingtalk"]
    exclusive_account_corp_id: Annotated[str, Field(alias="outer_exclusive_corpid")]


Name = Annotated[str, Field(min_length=1, max_length=80), Code(60112, missing=40035)]
Mobile = Annotated[str, Field(pattern=r"^(\d{11}|\+\d{1,4}-\d{4,15})$"), Code(60103)]
Extension = Annotated[dict[str, Any], FromJson, BeforeValidator(_extension), Code(60122)]
DepartmentIds = Annotated[Ids, Field(min_length=1, max_length=100), Code(40066, missing=40035)]
PerDepartment = Annotated[list[InDepartmentFields], FromJson]


def check_unique(company: Company, fields: Mapping[str, object], own: User | None = None) -> None:
    """Refuse a number, address or login of somebody else in the company."""
    for field, code in UNIQUE.items():
        value = fields.get(field)
        if value and company.find_user(**{field: value}) not in (None, own):
            raise Refused(code)


def check_departments(company: Company, dept_ids: Iterable[int], own: User | None = None) -> None:
    """Refuse departments that do not exist or are full."""
    for dept_id in dept_ids:
        company.department(dept_id)
        inside = own is not None and dept_id in own.departments
        if not inside and len(company.members(dept_id)) >= DEPARTMENT_CAP:
            raise Refused(40023)


def check_account(account: AccountFields, password: str | None) -> None:
    """Refuse a company account without a login or with a weak initial password."""
    weak = password is None or len(password) < 8 or password.isalpha() or password.isdecimal()
    if account.get("exclusive_account_type") == "dingtalk" and (weak or not account.get("login_id")):
        raise Refused(40035)


def arrange(user: User, *lists: Iterable[InDepartmentFields] | None) -> None:
    """Set a person's order and title in their departments."""
    for each in (entry for entries in lists for entry in entries or ()):
        if place := user.departments.get(each.get("dept_id", 0)):
            place.order = each.get("order", place.order)
            place.title = each.get("title", place.title)


@endpoint("POST", "/topapi/v2/user/create", scope=MANAGE, invalid=40035)
def create_user(
    company: Company,
    *,
    name: Name,
    dept_id_list: DepartmentIds,
    userid: Annotated[str | None, Field(min_length=1, max_length=64), Code(40003)] = None,
    mobile: Mobile | None = None,
    dept_order_list: PerDepartment | None = None,
    dept_title_list: PerDepartment | None = None,
    extension: Extension | None = None,
    manager_userid: str | None = None,
    init_password: str | None = None,
    **account: Unpack[AccountFields],
) -> Result:
    """创建用户, also a company account (企业账号), which needs no mobile."""
    exclusive = bool(account.get("exclusive_account") or account.get("exclusive_account_corp_id"))
    if account.get("exclusive_account"):
        account.setdefault("exclusive_account_type", "sso")
    if not (mobile or exclusive):
        raise Refused(40035 if account.get("email") else 60113)
    if userid in company.users:
        raise Refused(60102)
    check_account(account, init_password)
    check_unique(company, {"mobile": mobile, **account})
    check_departments(company, dept_id_list)
    if manager_userid:
        company.user(manager_userid, 33012)
    fields = {**account, "exclusive_account": exclusive, "manager_userid": manager_userid or None}
    user = company.add_user(name, dept_id_list, userid=userid, mobile=mobile, extension=extension or {}, **fields)
    arrange(user, dept_order_list, dept_title_list)
    return {"result": {"userid": user.userid, "unionId": user.unionid}}


@endpoint("POST", "/topapi/v2/user/update", scope=MANAGE, invalid=40035)
def update_user(
    company: Company,
    *,
    userid: str,
    name: Name | None = None,
    mobile: str | None = None,
    dept_id_list: DepartmentIds | None = None,
    dept_order_list: PerDepartment | None = None,
    dept_title_list: PerDepartment | None = None,
    extension: Extension | None = None,
    ext_attrs_update_mode: int = 0,
    manager_userid: str | None = None,
    language: Language = "zh_CN",
    force_update_fields: Names | None = None,
    login_id: Annotated[str | None, Field(alias="loginId")] = None,
    **profile: Unpack[PlainUserFields],
) -> Result:
    """更新用户信息: absent fields stay."""
    user = company.user(userid)
    if mobile not in (None, user.mobile):
        raise Refused(41054)
    check_unique(company, {"login_id": login_id, **profile}, user)
    check_departments(company, dept_id_list or (), user)
    if manager_userid:
        company.user(manager_userid, 33012)

    for field in {"manager_userid", "org_email"} & set(force_update_fields or ()):
        setattr(user, field, None)
    for field, value in profile.items():
        setattr(user, field, value)
    user.manager_userid = manager_userid or user.manager_userid
    user.login_id = login_id or user.login_id
    if name is not None:
        setattr(user, "name_en" if language == "en_US" else "name", name)
    if extension is not None:
        user.extension = {**user.extension, **extension} if ext_attrs_update_mode == 1 else extension
    company.place(user, dept_id_list or user.departments)
    arrange(user, dept_order_list, dept_title_list)
    return {}


@endpoint("POST", "/topapi/v2/user/delete", scope=MANAGE)
def delete_user(company: Company, *, userid: str) -> Result:
    """删除用户."""
    company.remove_user(company.user(userid, 33012))
    return {}


def _account(company: Company, userid: str) -> User:
    """Return a company account (企业账号) of this company."""
    user = company.user(userid, "user.not.exist")
    if not user.exclusive_account or user.exclusive_account_corp_id:
        raise Refused("exclusive.account.only")
    return user


@endpoint("POST", "/v1.0/contact/orgAccounts/disable", scope=ACCOUNTS, invalid="invalid.param")
def disable_account(
    company: Company, *, userid: Annotated[str, Field(alias="userId")], reason: str | None = None
) -> Result:
    """停用企业账号."""
    del reason
    _account(company, userid).disabled = True
    return {"result": True}


@endpoint("POST", "/v1.0/contact/orgAccounts/enable", scope=ACCOUNTS, invalid="invalid.param")
def enable_account(company: Company, *, userid: Annotated[str, Field(alias="userId")]) -> Result:
    """启用企业账号."""
    _account(company, userid).disabled = False
    return {"result": True}


# lists


Cursor = Annotated[int, Field(ge=0), Code(40068)]
Size = Annotated[int, Field(ge=1, le=100), Code(40069)]
Order = Literal["entry_asc", "entry_desc", "modify_asc", "modify_desc", "custom"]


class OrderedPage(TypedDict, total=False):
    """A page of the people of a department."""

    dept_id: Required[int]
    cursor: Required[Cursor]
    size: Required[Size]
    order_field: Order
    language: Language


_KEYS: Final[Mapping[Order, Callable[[User, int], int]]] = {
    "entry_asc": lambda user, dept_id: user.departments[dept_id].entered,
    "entry_desc": lambda user, dept_id: -user.departments[dept_id].entered,
    "modify_asc": lambda user, _: user.modified,
    "modify_desc": lambda user, _: -user.modified,
    "custom": lambda user, dept_id: -user.departments[dept_id].order,
}


def _page(items: Sequence[object], cursor: int, size: int) -> dict[str, Any]:
    page, following = page_of(items, cursor, size)
    return {"has_more": following is not None, "list": page, **present({"next_cursor": following})}


def members(company: Company, dept_id: int, order: Order) -> list[User]:
    """Return the people directly in a department, in the given order."""
    return sorted(company.members(dept_id), key=lambda user: _KEYS[order](user, dept_id))


def _page_of_members(company: Company, asked: OrderedPage) -> dict[str, Any]:
    people = members(company, asked["dept_id"], asked.get("order_field", "custom"))
    return _page(people, asked["cursor"], asked["size"])


@endpoint("POST", "/topapi/v2/user/list", scope=OF_DEPARTMENT)
def list_users(company: Company, **asked: Unpack[OrderedPage]) -> Result:
    """获取部门用户详情: the people directly in the department."""
    dept_id, language = asked["dept_id"], asked.get("language", "zh_CN")
    company.department(dept_id, 60019)
    page = _page_of_members(company, asked)
    page["list"] = [
        _view(company, user, _IN_LIST, language)
        | {"leader": leads(company, user, dept_id), "dept_order": user.departments[dept_id].order}
        for user in page["list"]
    ]
    return {"result": page}


@endpoint("POST", "/topapi/user/listsimple", scope=OF_DEPARTMENT)
def list_simple(company: Company, **asked: Unpack[OrderedPage]) -> Result:
    """获取部门用户基础信息."""
    company.department(asked["dept_id"])
    page, language = _page_of_members(company, asked), asked.get("language", "zh_CN")
    page["list"] = [{"userid": user.userid, "name": name_of(user, language)} for user in page["list"]]
    return {"result": page}


@endpoint("POST", "/topapi/user/listid", scope=MEMBER)
def list_id(company: Company, *, dept_id: int) -> Result:
    """获取部门用户userid列表."""
    company.department(dept_id)
    return {"result": {"userid_list": [user.userid for user in company.members(dept_id)]}}


@endpoint("POST", "/topapi/user/count", scope=MEMBER, missing=400002, invalid=40035)
def count_users(company: Company, *, only_active: bool) -> Result:
    """获取员工人数."""
    return {"result": {"count": sum(user.active or not only_active for user in company.users.values())}}


def checked_day(value: object) -> str:
    """Refuse a value that is not a day. Numbers are accepted, too."""
    day = str(value)
    datetime.strptime(day, "%Y%m%d")  # noqa: DTZ007 -- a day, not a moment
    return day


@endpoint("POST", "/topapi/inactive/user/v2/get", scope="qyapi_liveness_base")
def list_inactive(
    company: Company,
    *,
    is_active: bool,
    offset: Cursor,
    size: Size,
    query_date: Annotated[str, BeforeValidator(checked_day)],
    dept_ids: Ids | None = None,
) -> Result:
    """获取未登录钉钉的员工列表: by the person's `active`, for any day."""
    del query_date
    found = [
        user.userid
        for user in company.users.values()
        if user.active == is_active and (dept_ids is None or not user.departments.keys().isdisjoint(dept_ids))
    ]
    return {"result": _page(found, offset, size)}


# look-ups


@endpoint("POST", "/topapi/v2/user/getbymobile", scope="qyapi_get_member_by_mobile")
def get_by_mobile(company: Company, *, mobile: str, support_exclusive_account_search: bool = False) -> Result:
    """根据手机号查询用户: on request, also the company accounts (企业账号) with this number."""
    if not re.fullmatch(r"\+?[\d-]{4,20}", mobile):
        raise Refused(40104)
    user = company.find_user(mobile=mobile)
    result: dict[str, object] = {"userid": user.userid} if user else {}
    if support_exclusive_account_search:
        accounts = [each.userid for each in company.users.values() if each.exclusive_mobile == mobile]
        result |= {"exclusive_account_userid_list": accounts} if accounts else {}
    if not result:
        raise Refused(60121)
    return {"result": result}


@endpoint("POST", "/topapi/user/getbyunionid", scope=MEMBER)
def get_by_unionid(company: Company, *, unionid: str) -> Result:
    """根据unionid获取用户userid."""
    user = company.find_user(unionid=unionid)
    if user is None:
        raise Refused(60121)
    return {"result": {"contact_type": 0, "userid": user.userid}}


@endpoint("POST", "/topapi/user/listadmin", scope=MEMBER)
def list_admin(company: Company) -> Result:
    """获取管理员列表."""
    admins = [{"userid": userid, "sys_level": each.sys_level} for userid, each in company.admins.items()]
    return {"result": admins}


@endpoint("POST", "/topapi/user/get_admin_scope", scope=MEMBER, invalid=40036)
def get_admin_scope(company: Company, *, userid: Annotated[str, Field(min_length=1)]) -> Result:
    """获取管理员通讯录权限范围."""
    company.user(userid)
    admin = company.admins.get(userid)
    return {"dept_ids": admin.dept_ids if admin else []}


@endpoint("POST", "/v1.0/contact/users/search", scope=SEARCH, invalid="parameter.error")
def search_users(
    company: Company,
    *,
    full_match_field: Annotated[Literal[1] | None, Field(alias="fullMatchField")] = None,
    **search: Unpack[SearchParameters],
) -> Result:
    """搜索用户userId: `offset` counts pages, the first is 0."""
    word, size = search["query_word"], search["size"]
    found = [
        user.userid
        for user in company.users.values()
        if word == user.name or (word in user.name and full_match_field is None)
    ]
    return found_page(found, search["offset"] * size, size)


@endpoint("POST", "/topapi/v2/user/getuserinfo", scope="qyapi_base", invalid=41007)
def get_user_info(company: Company, *, code: Annotated[str, Field(min_length=1)]) -> Result:
    """通过免登码获取用户信息."""
    userid = company.credentials.redeem(code)
    if userid is None:
        raise Refused(40078)
    user = company.user(userid)
    admin = company.admins.get(userid)
    level = 100 if user.boss else admin.sys_level if admin else 0
    result = {
        "userid": userid,
        "unionid": user.unionid,
        "associated_unionid": opaque("associated", userid),
        "device_id": opaque("device", userid),
        "name": user.name,
        "sys": level > 0,
        "sys_level": level,
    }
    return {"result": result}
