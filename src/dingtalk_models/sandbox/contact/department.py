"""`/topapi/v2/department/*`, `/v1.0/contact/departments/search`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Unpack

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.endpoints import Code, Ids, Language, Names, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import ROOT, Department
from dingtalk_models.sandbox.state.ids import opaque

READ: Final = "qyapi_get_department_list"
MANAGE: Final = "qyapi_manage_addresslist"
SEARCH: Final = "qyapi_addresslist_search"

_SHOWN: Final = (
    *("order", "create_dept_group", "auto_add_user", "auto_approve_apply", "from_union_org", "hide_dept"),
    *("outer_dept", "group_contain_sub_dept", "dept_manager_userid_list", "dept_permits", "user_permits"),
    *("outer_permit_depts", "outer_permit_users"),
)
_SHOWN_IF_SET: Final = ("source_identifier", "tags", "code", "org_dept_owner")


class DepartmentSettings(TypedDict, total=False):
    """The fields that create and update write."""

    hide_dept: bool
    dept_permits: Ids
    user_permits: Names
    outer_dept: bool
    outer_dept_only_self: bool
    outer_permit_users: Names
    outer_permit_depts: Ids
    create_dept_group: bool
    auto_approve_apply: bool
    order: Annotated[int, Code(40011)]
    source_identifier: str


class SearchParameters(TypedDict):
    """The parameters of a search, of departments or of people."""

    query_word: Annotated[str, Field(alias="queryWord", min_length=1)]
    offset: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=1)]


class LaterSettings(TypedDict, total=False):
    """The fields that only update and the admin console write."""

    auto_add_user: bool
    group_contain_sub_dept: bool
    group_contain_outer_dept: bool
    group_contain_hidden_dept: bool
    org_dept_owner: str
    code: Annotated[str, Field(max_length=30)]


class MoreSettings(DepartmentSettings, LaterSettings, total=False):
    """The fields that update writes."""


def check_name(company: Company, name: str, parent_id: int, own_id: int | None = None) -> None:
    """Refuse a malformed name, or the name of another department with the same parent."""
    if not 1 <= len(name) <= 64:
        raise Refused(60001)
    if any(forbidden in name for forbidden in "-,，"):
        raise Refused(60009)
    if any(each.name == name and each.dept_id != own_id for each in company.children(parent_id)):
        raise Refused(60021)


MOST_PERMITS: Final = 50


def check_permits(company: Company, settings: DepartmentSettings, code: int, most: int = MOST_PERMITS) -> None:
    """Refuse visibility lists of a department that are too long or have an unknown id."""
    dept_lists = settings.get("dept_permits", []), settings.get("outer_permit_depts", [])
    user_lists = settings.get("user_permits", []), settings.get("outer_permit_users", [])
    known = all(company.departments.keys() >= set(each) for each in dept_lists) and all(
        company.users.keys() >= set(each) for each in user_lists
    )
    if not known or any(len(each) > most for each in (*dept_lists, *user_lists)):
        raise Refused(code)


def check_move(company: Company, department: Department, parent_id: int) -> None:
    """Refuse a parent that does not exist, or that is the department itself or below it."""
    if parent_id not in company.departments:
        raise Refused(60004)
    if department.dept_id in company.path_up(parent_id):
        raise Refused(60010)


def write(department: Department, settings: DepartmentSettings) -> None:
    """Set these fields."""
    for name, value in settings.items():
        setattr(department, name, value)


def add(
    company: Company, name: str, parent_id: int, settings: DepartmentSettings, most: int = MOST_PERMITS
) -> Department:
    """Add a department if the rules allow it."""
    if parent_id not in company.departments:
        raise Refused(60004)
    check_name(company, name, parent_id)
    check_permits(company, settings, 600109, most)
    department = company.add_department(name, parent_id)
    write(department, settings)
    return department


def change(
    company: Company,
    department: Department,
    settings: MoreSettings,
    *,
    name: str | None,
    parent_id: int | None,
    language: Language,
    managers: list[str],
    most: int = MOST_PERMITS,
) -> None:
    """Change a department if the rules allow it. Its managers must be members."""
    dept_id = department.dept_id
    if dept_id == ROOT:
        raise Refused(60018)
    above = parent_id or department.parent_id or ROOT
    check_move(company, department, above)
    renamed = name if name is not None and language == "zh_CN" else department.name
    check_name(company, renamed, above, dept_id)
    check_permits(company, settings, 60109, most)
    if len(settings.get("dept_permits", [])) + len(settings.get("user_permits", [])) > most:
        raise Refused(60109)
    if not {user.userid for user in company.members(dept_id)} >= set(managers):
        raise Refused(40031)
    if settings.get("org_dept_owner") not in (None, "", *company.users):
        raise Refused(40093)

    department.parent_id, department.name = above, renamed
    if language == "en_US":
        department.name_en = name or department.name_en
    department.dept_manager_userid_list = managers or department.dept_manager_userid_list
    write(department, settings)


@endpoint("POST", "/topapi/v2/department/create", scope=MANAGE, invalid=40035)
def create_department(company: Company, *, name: str, parent_id: int, **settings: Unpack[DepartmentSettings]) -> Result:
    """创建部门."""
    return {"result": {"dept_id": add(company, name, parent_id, settings).dept_id}}


@endpoint("POST", "/topapi/v2/department/update", scope=MANAGE, invalid=40035)
def update_department(
    company: Company,
    *,
    dept_id: Annotated[int, Code(40009)],
    name: Annotated[str | None, Code(60001)] = None,
    parent_id: Annotated[int | None, Code(60004)] = None,
    language: Language = "zh_CN",
    dept_manager_userid_list: Annotated[Names | None, Code(40031)] = None,
    force_update_fields: Names | None = None,
    **settings: Unpack[MoreSettings],
) -> Result:
    """更新部门."""
    department, managers = company.department(dept_id), dept_manager_userid_list or []
    change(company, department, settings, name=name, parent_id=parent_id, language=language, managers=managers)
    if not managers and "dept_manager_userid_list" in (force_update_fields or ()):
        department.dept_manager_userid_list = []
    return {}


@endpoint("POST", "/topapi/v2/department/delete", scope=MANAGE)
def delete_department(company: Company, *, dept_id: int) -> Result:
    """删除部门: only an empty one."""
    if dept_id == ROOT:
        raise Refused(60007)
    department = company.department(dept_id)
    if company.children(dept_id):
        raise Refused(60006)
    if company.members(dept_id):
        raise Refused(60005)
    company.remove_department(department)
    return {}


def name_of(department: Department, language: Language) -> str:
    """Return the department's name in a language, or in Chinese if it has none."""
    return (department.name_en if language == "en_US" else None) or department.name


@endpoint("POST", "/topapi/v2/department/get", scope=READ)
def get_department(company: Company, *, dept_id: int, language: Language = "zh_CN") -> Result:
    """获取部门详情."""
    department = company.department(dept_id)
    below = company.subtree(dept_id)
    result: dict[str, object] = {"dept_id": dept_id, "name": name_of(department, language)}
    if department.parent_id is not None:
        result["parent_id"] = department.parent_id
    result |= {name: getattr(department, name) for name in _SHOWN}
    result |= {name: value for name in _SHOWN_IF_SET if (value := getattr(department, name))}
    if department.create_dept_group:
        made = "chat" + opaque(company.credentials.corp_id, str(dept_id))
        result["dept_group_chat_id"] = department.dept_group_chat_id or made
    result["member_count"] = sum(not below.isdisjoint(user.departments) for user in company.users.values())
    result["owning_member_count"] = len(company.members(dept_id))
    return {"result": result}


@endpoint("POST", "/topapi/v2/department/listsub", scope=READ)
def list_sub(company: Company, *, dept_id: int = ROOT, language: Language = "zh_CN") -> Result:
    """获取部门列表: the direct children."""
    company.department(dept_id)
    shown = ("dept_id", "parent_id", "create_dept_group", "auto_add_user")
    result = [
        {"name": name_of(each, language)} | {name: getattr(each, name) for name in shown}
        for each in company.children(dept_id)
    ]
    return {"result": result}


@endpoint("POST", "/topapi/v2/department/listsubid", scope=READ)
def list_sub_id(company: Company, *, dept_id: int) -> Result:
    """获取子部门ID列表."""
    company.department(dept_id)
    return {"result": {"dept_id_list": [each.dept_id for each in company.children(dept_id)]}}


@endpoint("POST", "/topapi/v2/department/listparentbydept", scope=READ)
def list_parent_by_dept(company: Company, *, dept_id: int) -> Result:
    """获取指定部门的所有父部门列表."""
    company.department(dept_id)
    return {"result": {"parent_id_list": company.path_up(dept_id)}}


@endpoint("POST", "/topapi/v2/department/listparentbyuser", scope=READ)
def list_parent_by_user(company: Company, *, userid: str) -> Result:
    """获取指定用户的所有父部门列表: one chain for each department of the person."""
    user = company.user(userid, 33012)
    chains = [{"parent_dept_id_list": company.path_up(dept_id)} for dept_id in user.departments]
    return {"result": {"parent_list": chains}}


@endpoint("POST", "/v1.0/contact/departments/search", scope=SEARCH, invalid="parameter.error")
def search_departments(company: Company, **search: Unpack[SearchParameters]) -> Result:
    """搜索部门ID: `offset` counts records."""
    found = [each.dept_id for each in company.departments.values() if search["query_word"] in each.name]
    return found_page(found, search["offset"], search["size"])


def found_page(found: Sequence[str | int], start: int, size: int) -> Result:
    """Return a page of the results of a search."""
    page, following = page_of(found, start, size)
    return {"hasMore": following is not None, "totalCount": len(found), "list": page}
