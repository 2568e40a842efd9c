"""`/user/*`, `/topapi/inactive/user/get`: the archived endpoints for people, which older clients still call.

On the bare paths replies are flat, names are in camel case, and reading and deleting use GET. Two fields of a person
look like JSON but are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Unpack

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.contact import user as current
from dingtalk_models.sandbox.contact.department import MANAGE
from dingtalk_models.sandbox.contact.user import (
    MEMBER,
    OF_DEPARTMENT,
    Cursor,
    Extension,
    Mobile,
    Order,
    Size,
    leads,
    name_of,
)
from dingtalk_models.sandbox.first_generation.archived_department import Lang
from dingtalk_models.sandbox.server.endpoints import Code, FromJson, Language, Result, endpoint
from dingtalk_models.sandbox.server.replies import page_of, result_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import User


def _pairs(value: object) -> object:
    """Read a value per department, from JSON or from the form that only looks like it: `{"1":"组长"}`, `{1:组长}`."""
    if not isinstance(value, str):
        return value
    return dict(re.findall(r"\"?(\d+)\"?\s*:\s*\"?([^,\"}]*)", value))


DepartmentIds = Annotated[list[int], FromJson, Field(alias="department", min_length=1, max_length=100), Code(40066)]
Name = Annotated[str, Field(min_length=1, max_length=64), Code(60112, missing=40035)]


class ArchivedUserFields(TypedDict, total=False):
    """The fields that create and update write unchanged."""

    title: Annotated[str, Field(alias="position", max_length=64), Code(60119)]
    telephone: Annotated[str, Field(alias="tel", max_length=50)]
    work_place: Annotated[str, Field(alias="workPlace", max_length=50)]
    remark: Annotated[str, Field(max_length=1000)]
    email: Annotated[str, Field(max_length=64)]
    org_email: Annotated[str, Field(alias="orgEmail")]
    job_number: Annotated[str, Field(alias="jobnumber", max_length=64), Code(60123)]
    hide_mobile: Annotated[bool, Field(alias="isHide")]
    senior: Annotated[bool, Field(alias="isSenior")]
    hired_date: Annotated[int, Field(alias="hiredDate")]


_SHOWN: Final = {
    "userid": "userid",
    "unionid": "unionid",
    "mobile": "mobile",
    "tel": "telephone",
    "workPlace": "work_place",
    "remark": "remark",
    "isBoss": "boss",
    "isHide": "hide_mobile",
    "active": "active",
    "position": "title",
    "email": "email",
    "orgEmail": "org_email",
    "avatar": "avatar",
    "jobnumber": "job_number",
    "hiredDate": "hired_date",
}
_SHOWN_ALONE: Final = {
    "stateCode": "state_code",
    "managerUserid": "manager_userid",
    "isSenior": "senior",
    "realAuthed": "real_authed",
}


def _shown(company: Company, user: User, fields: Mapping[str, str], language: Language) -> dict[str, Any]:
    shown = {old: getattr(user, name) for old, name in fields.items()}
    shown |= {"name": name_of(user, language), "extattr": user.extension or None}
    shown |= {"department": list(user.departments), "isAdmin": user.userid in company.admins}
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _like_json(values: Mapping[int, object]) -> str:
    return "{" + ",".join(f"{key}:{str(value).lower()}" for key, value in values.items()) + "}"


@endpoint("GET", "/user/get", scope=MEMBER)
def get_user(company: Company, *, userid: str, language: Lang = "zh_CN") -> Result:
    """查询用户详情."""
    user = company.user(userid)
    roles = [
        {"id": role.role_id, "name": role.name, "groupName": company.role_groups[role.group_id].name}
        for role in company.roles_of(userid)
    ]
    return {
        **_shown(company, user, _SHOWN | _SHOWN_ALONE, language),
        "roles": roles,
        "tags": {},
        "orderInDepts": _like_json({dept_id: place.order for dept_id, place in user.departments.items()}),
        "isLeaderInDepts": _like_json({dept_id: leads(company, user, dept_id) for dept_id in user.departments}),
    }


class ArchivedNewUser(ArchivedUserFields, total=False):
    """The optional fields of create."""

    orders: Annotated[dict[int, int], BeforeValidator(_pairs), Field(alias="orderInDepts")]
    positions: Annotated[dict[int, str], BeforeValidator(_pairs), Field(alias="positionInDepts")]
    extension: Annotated[Extension, Field(alias="extattr")]
    manager_userid: Annotated[str, Field(alias="managerUserid")]


class ArchivedChangedUser(ArchivedNewUser, total=False):
    """The optional fields of update."""

    name: Name
    mobile: str
    department: DepartmentIds
    language: Lang


def _current_form(given: ArchivedNewUser) -> dict[str, Any]:
    """Convert the fields to those of the current endpoints."""
    fields: dict[str, Any] = {**given}
    if "department" in fields:
        fields["dept_id_list"] = fields.pop("department")
    orders, positions = fields.pop("orders", {}), fields.pop("positions", {})
    fields["dept_order_list"] = [
        *({"dept_id": dept_id, "order": order} for dept_id, order in orders.items()),
        *({"dept_id": dept_id, "title": title} for dept_id, title in positions.items()),
    ]
    return fields


@endpoint("POST", "/user/create", scope=MANAGE, invalid=40035)
def create_user(
    company: Company,
    *,
    name: Name,
    mobile: Mobile,
    department: DepartmentIds,
    userid: Annotated[str | None, Field(min_length=1, max_length=64), Code(40003)] = None,
    **given: Unpack[ArchivedNewUser],
) -> Result:
    """创建用户."""
    reply = current.create_user(
        company, name=name, mobile=mobile, dept_id_list=department, userid=userid, **_current_form(given)
    )
    return result_of(reply)


@endpoint("POST", "/user/update", scope=MANAGE, invalid=40035)
def update_user(company: Company, *, userid: str, **given: Unpack[ArchivedChangedUser]) -> Result:
    """更新用户信息: absent fields stay."""
    return current.update_user(company, userid=userid, **_current_form(given))


@endpoint("GET", "/user/delete", scope=MANAGE)
def delete_user(company: Company, *, userid: str) -> Result:
    """删除用户."""
    return current.delete_user(company, userid=userid)


def _page(
    company: Company, dept_id: int, offset: int, size: int, order: Order
) -> tuple[Sequence[User], dict[str, object]]:
    company.department(dept_id)
    page, following = page_of(current.members(company, dept_id, order), offset, size)
    return page, {"hasMore": following is not None}


@endpoint("GET", "/user/simplelist", scope=OF_DEPARTMENT)
def list_simple(
    company: Company,
    *,
    department_id: int,
    offset: Cursor = 0,
    size: Size = 100,
    order: Order = "custom",
    language: Lang = "zh_CN",
) -> Result:
    """获取部门用户基础信息; `offset` counts people."""
    page, more = _page(company, department_id, offset, size, order)
    return {"userlist": [{"userid": user.userid, "name": name_of(user, language)} for user in page], **more}


@endpoint("GET", "/user/list", scope=OF_DEPARTMENT)
@endpoint("GET", "/user/listbypage", scope=OF_DEPARTMENT)
def list_by_page(
    company: Company,
    *,
    department_id: int,
    offset: Cursor,
    size: Size,
    order: Order = "custom",
    language: Lang = "zh_CN",
) -> Result:
    """获取部门用户详情: the people directly in the department."""
    page, more = _page(company, department_id, offset, size, order)
    found = [
        _shown(company, user, _SHOWN, language)
        | {"order": user.departments[department_id].order, "isLeader": leads(company, user, department_id)}
        for user in page
    ]
    return {"userlist": found, **more}


@endpoint("GET", "/user/getDeptMember", scope=MEMBER)
def list_id(company: Company, *, dept_id: Annotated[int, Field(alias="deptId")]) -> Result:
    """获取部门用户userid列表."""
    return {"userIds": result_of(current.list_id(company, dept_id=dept_id))["userid_list"]}


@endpoint("GET", "/user/get_org_user_count", scope=MEMBER, missing=400002, invalid=40035)
def count_users(company: Company, *, only_active: Annotated[Literal["0", "1"], Field(alias="onlyActive")]) -> Result:
    """获取员工人数."""
    return result_of(current.count_users(company, only_active=only_active == "1"))


@endpoint("GET", "/user/get_by_mobile", scope="qyapi_get_member_by_mobile")
def get_by_mobile(company: Company, *, mobile: str) -> Result:
    """根据手机号查询用户."""
    return result_of(current.get_by_mobile(company, mobile=mobile))


@endpoint("GET", "/user/getUseridByUnionid", scope=MEMBER)
def get_by_unionid(company: Company, *, unionid: str) -> Result:
    """根据unionid获取用户userid."""
    found = result_of(current.get_by_unionid(company, unionid=unionid))
    return {"userid": found["userid"], "contactType": found["contact_type"]}


@endpoint("GET", "/user/get_admin", scope=MEMBER)
def list_admin(company: Company) -> Result:
    """获取管理员列表."""
    return {"adminList": result_of(current.list_admin(company))}


@endpoint("GET", "/user/getuserinfo", scope="qyapi_base", invalid=41007)
def get_user_info(company: Company, *, code: Annotated[str, Field(min_length=1)]) -> Result:
    """通过免登码获取用户信息."""
    who = result_of(current.get_user_info(company, code=code))
    shown = {name: who[name] for name in ("userid", "name", "sys_level")}
    return {**shown, "deviceId": who["device_id"], "is_sys": who["sys"]}


@endpoint("POST", "/topapi/inactive/user/get", scope="qyapi_liveness_base")
def list_inactive(
    company: Company, *, query_date: Annotated[str, BeforeValidator(current.checked_day)], offset: Cursor, size: Size
) -> Result:
    """获取未登录钉钉的员工列表."""
    page = result_of(current.list_inactive(company, is_active=False, offset=offset, size=size, query_date=query_date))
    return {"result": {"has_more": page["has_more"], "list": page["list"]}}
