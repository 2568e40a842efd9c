"""Archived endpoints that older clients still call, over the same state as those that took their place.

`/user/*`, `/department/*`, `/topapi/inactive/user/get`, `/topapi/processinstance/*`. On the bare paths replies are
flat, names are in camel case, what only reads or deletes is a GET, lists of ids are joined by vertical bars; and two
texts of a person look like JSON, and are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Final, Literal, Unpack, cast

from pydantic import BaseModel, BeforeValidator, Field
from typing_extensions import TypedDict

from . import approvals, auth, departments, users
from .company import ROOT, Company, Department, User
from .credentials import opaque
from .departments import MANAGE, READ, MoreSettings
from .endpoints import Code, FromJson, Language, Names, Result, endpoint
from .errors import Refused
from .users import MEMBER, OF_DEPARTMENT, Cursor, Extension, InDepartment, Order, Size
from .workflow import Instance

BEIJING: Final = timezone(timedelta(hours=8))
MOST_PERMITS: Final = 200

Lang = Annotated[Language, Field(alias="lang")]


def _result(reply: Result) -> dict[str, Any]:
    """What a current endpoint answers."""
    return cast("dict[str, Any]", reply["result"])


def _split(value: object) -> list[str]:
    return [part for part in str(value).split("|") if part]


def _joined(parts: Iterable[object]) -> str:
    return "|".join(map(str, parts))


# people


def _pairs(value: object) -> object:
    """A map of departments, as JSON or nearly so: `{"1":"组长"}`, `{1:组长}`."""
    if not isinstance(value, str):
        return value
    return dict(re.findall(r"\"?(\d+)\"?\s*:\s*\"?([^,\"}]*)", value))


DepartmentIds = Annotated[list[int], FromJson, Field(alias="department", min_length=1, max_length=100), Code(40066)]
Orders = Annotated[dict[int, int], BeforeValidator(_pairs), Field(alias="orderInDepts")]
Positions = Annotated[dict[int, str], BeforeValidator(_pairs), Field(alias="positionInDepts")]
Manager = Annotated[str, Field(alias="managerUserid")]
OldExtension = Annotated[Extension, Field(alias="extattr")]
Name = Annotated[str, Field(min_length=1, max_length=64), Code(60112, missing=40035)]


class Profile(TypedDict, total=False):
    """What both create and update write as it is."""

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
    shown |= {"name": users.name_of(user, language), "extattr": user.extension or None}
    shown |= {"department": list(user.departments), "isAdmin": user.userid in company.admins}
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _leads(company: Company, user: User, dept_id: int) -> bool:
    return user.userid in company.departments[dept_id].dept_manager_userid_list


def _nearly_json(values: Mapping[int, object]) -> str:
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
        "orderInDepts": _nearly_json({dept_id: place.order for dept_id, place in user.departments.items()}),
        "isLeaderInDepts": _nearly_json({dept_id: _leads(company, user, dept_id) for dept_id in user.departments}),
    }


def _places(orders: Mapping[int, int] | None, positions: Mapping[int, str] | None) -> list[InDepartment]:
    in_order: list[InDepartment] = [{"dept_id": each, "order": order} for each, order in (orders or {}).items()]
    return in_order + [{"dept_id": each, "title": title} for each, title in (positions or {}).items()]


@endpoint("POST", "/user/create", scope=MANAGE, invalid=40035)
def create_user(
    company: Company,
    *,
    name: Name,
    mobile: Annotated[str, Field(pattern=r"^(\d{11}|\+\d{1,4}-\d{4,15})$"), Code(60103)],
    department: DepartmentIds,
    userid: Annotated[str | None, Field(min_length=1, max_length=64), Code(40003)] = None,
    orders: Orders | None = None,
    positions: Positions | None = None,
    extension: OldExtension | None = None,
    manager_userid: Manager | None = None,
    **profile: Unpack[Profile],
) -> Result:
    """创建用户."""
    reply = users.create_user(
        company,
        name=name,
        mobile=mobile,
        dept_id_list=department,
        userid=userid,
        dept_order_list=_places(orders, positions),
        extension=extension,
        manager_userid=manager_userid,
        **profile,
    )
    return _result(reply)


@endpoint("POST", "/user/update", scope=MANAGE, invalid=40035)
def update_user(
    company: Company,
    *,
    userid: str,
    name: Name | None = None,
    mobile: str | None = None,
    department: DepartmentIds | None = None,
    orders: Orders | None = None,
    positions: Positions | None = None,
    extension: OldExtension | None = None,
    manager_userid: Manager | None = None,
    language: Lang = "zh_CN",
    **profile: Unpack[Profile],
) -> Result:
    """更新用户信息: what is absent stays as it is."""
    return users.update_user(
        company,
        userid=userid,
        name=name,
        mobile=mobile,
        dept_id_list=department,
        dept_order_list=_places(orders, positions),
        extension=extension,
        manager_userid=manager_userid,
        language=language,
        **profile,
    )


@endpoint("GET", "/user/delete", scope=MANAGE)
def delete_user(company: Company, *, userid: str) -> Result:
    """删除用户."""
    return users.delete_user(company, userid=userid)


def _page(
    company: Company, dept_id: int, offset: int, size: int, order: Order
) -> tuple[Iterator[User], dict[str, object]]:
    reply = users.list_simple(company, dept_id=dept_id, cursor=offset, size=size, order_field=order)
    page = _result(reply)
    return (company.users[each["userid"]] for each in page["list"]), {"hasMore": page["has_more"]}


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
    return {"userlist": [{"userid": user.userid, "name": users.name_of(user, language)} for user in page], **more}


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
    """获取部门用户详情: who is directly in the department."""
    page, more = _page(company, department_id, offset, size, order)
    found = [
        _shown(company, user, _SHOWN, language)
        | {"order": user.departments[department_id].order, "isLeader": _leads(company, user, department_id)}
        for user in page
    ]
    return {"userlist": found, **more}


@endpoint("GET", "/user/getDeptMember", scope=MEMBER)
def list_id(company: Company, *, dept_id: Annotated[int, Field(alias="deptId")]) -> Result:
    """获取部门用户userid列表."""
    return {"userIds": _result(users.list_id(company, dept_id=dept_id))["userid_list"]}


@endpoint("GET", "/user/get_org_user_count", scope=MEMBER, missing=400002, invalid=40035)
def count_users(company: Company, *, only_active: Annotated[Literal["0", "1"], Field(alias="onlyActive")]) -> Result:
    """获取员工人数."""
    return _result(users.count_users(company, only_active=only_active == "1"))


@endpoint("GET", "/user/get_by_mobile", scope="qyapi_get_member_by_mobile")
def get_by_mobile(company: Company, *, mobile: str) -> Result:
    """根据手机号查询用户."""
    return _result(users.get_by_mobile(company, mobile=mobile))


@endpoint("GET", "/user/getUseridByUnionid", scope=MEMBER)
def get_by_unionid(company: Company, *, unionid: str) -> Result:
    """根据unionid获取用户userid."""
    found = _result(users.get_by_unionid(company, unionid=unionid))
    return {"userid": found["userid"], "contactType": found["contact_type"]}


@endpoint("GET", "/user/get_admin", scope=MEMBER)
def list_admin(company: Company) -> Result:
    """获取管理员列表."""
    return {"adminList": _result(users.list_admin(company))}


@endpoint("GET", "/user/getuserinfo", scope="qyapi_base", invalid=41007)
def get_user_info(company: Company, *, code: Annotated[str, Field(min_length=1)]) -> Result:
    """通过免登码获取用户信息."""
    who = _result(auth.get_user_info(company, code=code))
    shown = {name: who[name] for name in ("userid", "name", "sys_level")}
    return {**shown, "deviceId": who["device_id"], "is_sys": who["sys"]}


@endpoint("POST", "/topapi/inactive/user/get", scope="qyapi_liveness_base")
def list_inactive(
    company: Company, *, query_date: Annotated[str, BeforeValidator(users.checked_day)], offset: Cursor, size: Size
) -> Result:
    """获取未登录钉钉的员工列表."""
    page = _result(users.list_inactive(company, is_active=False, offset=offset, size=size, query_date=query_date))
    return {"result": {"has_more": page["has_more"], "list": page["list"]}}


# departments


BarredIds = Annotated[list[int], BeforeValidator(_split)]
BarredNames = Annotated[list[str], BeforeValidator(_split)]
Id = Annotated[int, Code(40009)]


class NewSettings(TypedDict, total=False):
    """What both create and update write."""

    hide_dept: Annotated[bool, Field(alias="deptHiding")]
    dept_permits: Annotated[BarredIds, Field(alias="deptPermits")]
    user_permits: Annotated[BarredNames, Field(alias="userPermits")]
    outer_dept: Annotated[bool, Field(alias="outerDept")]
    outer_dept_only_self: Annotated[bool, Field(alias="outerDeptOnlySelf")]
    outer_permit_users: Annotated[BarredNames, Field(alias="outerPermitUsers")]
    outer_permit_depts: Annotated[BarredIds, Field(alias="outerPermitDepts")]
    create_dept_group: Annotated[bool, Field(alias="createDeptGroup")]
    auto_approve_apply: Annotated[bool, Field(alias="autoApproveApply")]
    order: Annotated[int, Code(40011)]
    source_identifier: Annotated[str, Field(alias="sourceIdentifier")]


class Settings(NewSettings, total=False):
    """What only update writes."""

    auto_add_user: Annotated[bool, Field(alias="autoAddUser")]
    group_contain_sub_dept: Annotated[bool, Field(alias="groupContainSubDept")]
    group_contain_outer_dept: Annotated[bool, Field(alias="groupContainOuterDept")]
    group_contain_hidden_dept: Annotated[bool, Field(alias="groupContainHiddenDept")]
    org_dept_owner: Annotated[str, Field(alias="orgDeptOwner")]


@endpoint("POST", "/department/create", scope=MANAGE, invalid=40035)
def create_department(
    company: Company,
    *,
    name: str,
    parent_id: Annotated[int, Field(alias="parentid"), Code(60004, missing=40035)],
    **settings: Unpack[NewSettings],
) -> Result:
    """创建部门."""
    return {"id": departments.add(company, name, parent_id, cast("MoreSettings", settings), MOST_PERMITS).dept_id}


@endpoint("POST", "/department/update", scope=MANAGE, invalid=40035)
def update_department(
    company: Company,
    *,
    id: Id,
    name: Annotated[str | None, Code(60001)] = None,
    parent_id: Annotated[int | None, Field(alias="parentid"), Code(60004)] = None,
    language: Lang = "zh_CN",
    managers: Annotated[BarredNames | None, Field(alias="deptManagerUseridList"), Code(40031)] = None,
    **settings: Unpack[Settings],
) -> Result:
    """更新部门."""
    departments.change(
        company,
        company.department(id),
        cast("MoreSettings", settings),
        name=name,
        parent_id=parent_id,
        language=language,
        managers=managers or [],
        most=MOST_PERMITS,
    )
    return {"id": id}


@endpoint("GET", "/department/delete", scope=MANAGE)
def delete_department(company: Company, *, id: Id) -> Result:
    """删除部门: an empty one."""
    return departments.delete_department(company, dept_id=id)


@endpoint("GET", "/department/get", scope=READ)
def get_department(company: Company, *, id: Id, language: Lang = "zh_CN") -> Result:
    """获取部门详情."""
    department = company.department(id)
    shown: dict[str, object] = {
        "id": id,
        "name": departments.name_of(department, language),
        "parentid": department.parent_id,
        "order": department.order,
        "sourceIdentifier": department.source_identifier,
        "createDeptGroup": department.create_dept_group,
        "autoAddUser": department.auto_add_user,
        "autoApproveApply": department.auto_approve_apply,
        "groupContainSubDept": department.group_contain_sub_dept,
        "orgDeptOwner": department.org_dept_owner,
        "deptManagerUseridList": _joined(department.dept_manager_userid_list),
        "outerDept": department.outer_dept,
        "outerPermitUsers": _joined(department.outer_permit_users),
        "outerPermitDepts": _joined(department.outer_permit_depts),
        "deptHiding": department.hide_dept,
        "deptPermits": _joined(department.dept_permits),
        "userPermits": _joined(department.user_permits),
    }
    if department.create_dept_group:
        shown["deptGroupChatId"] = "chat" + opaque(company.credentials.corp_id, str(id))
    return {name: value for name, value in shown.items() if value is not None}


def _below(company: Company, dept_id: int) -> Iterator[Department]:
    for child in company.children(dept_id):
        yield child
        yield from _below(company, child.dept_id)


@endpoint("GET", "/department/list", scope=READ)
def list_departments(company: Company, *, id: Id = ROOT, fetch_child: bool = False, language: Lang = "zh_CN") -> Result:
    """获取部门列表: the direct children, or everything below."""
    company.department(id)
    found = [
        {
            "id": each.dept_id,
            "name": departments.name_of(each, language),
            "parentid": each.parent_id,
            "createDeptGroup": each.create_dept_group,
            "autoAddUser": each.auto_add_user,
        }
        for each in (_below(company, id) if fetch_child else company.children(id))
    ]
    return {"department": found}


@endpoint("GET", "/department/list_ids", scope=READ)
def list_department_ids(company: Company, *, id: Id) -> Result:
    """获取子部门ID列表."""
    return {"sub_dept_id_list": _result(departments.list_sub_id(company, dept_id=id))["dept_id_list"]}


@endpoint("GET", "/department/list_parent_depts_by_dept", scope=READ)
def list_parents_of_department(company: Company, *, id: Id) -> Result:
    """获取指定部门的所有父部门列表."""
    return {"parentIds": _result(departments.list_parent_by_dept(company, dept_id=id))["parent_id_list"]}


@endpoint("GET", "/department/list_parent_depts", scope=READ)
def list_parents_of_user(company: Company, *, userid: Annotated[str, Field(alias="userId")]) -> Result:
    """获取指定用户的所有父部门列表: the ways up from each of the person's departments, one after the other."""
    user = company.user(userid, 33012)
    return {"department": [each for dept_id in user.departments for each in company.path_up(dept_id)]}


# approvals


_CODES: Final[dict[int | str, int]] = {
    "formConverterError": 810003,
    "illegalComponent": 810003,
    "invalidAgentId": 40056,
    "invalidEndTime": 400002,
    "processCodeError": 830001,
    "processGetFailed": 810008,
    "processInstanceNotExist": 820004,
}
"""What the older host says for a code of the newer; for any other, that the approval could not be started."""


def _refused(refusal: Refused) -> Refused:
    return Refused(_CODES.get(refusal.code, 820001))


class Approver(BaseModel):
    """A step, given by whoever starts the approval."""

    task_action_type: Literal["AND", "OR", "NONE"]
    user_ids: list[str]


@endpoint("POST", "/topapi/processinstance/create", scope=approvals.WRITE)
def start_instance(
    company: Company,
    *,
    process_code: str,
    originator_user_id: str,
    dept_id: int,
    values: Annotated[list[approvals.Value], FromJson, Field(alias="form_component_values", max_length=200)],
    agent_id: str | None = None,
    approvers: Annotated[Names | None, Field(max_length=20)] = None,
    approvers_v2: Annotated[list[Approver] | None, FromJson, Field(max_length=20)] = None,
    cc_list: Annotated[Names | None, Field(max_length=20)] = None,
    cc_position: Literal["START", "FINISH", "START_FINISH"] = "START",
) -> Result:
    """发起审批实例: `approvers_v2` goes before `approvers`, and copies only go out along with either."""
    given = approvers_v2 or [Approver(task_action_type="NONE", user_ids=[each]) for each in approvers or ()]
    steps = [
        approvals.Approver.model_construct(action_type=each.task_action_type, user_ids=each.user_ids) for each in given
    ]
    try:
        reply = approvals.start_instance(
            company,
            process_code=process_code,
            originator_user_id=originator_user_id,
            values=values,
            dept_id=dept_id,
            approvers=steps or None,
            cc_list=cc_list if given else None,
            cc_position=cc_position,
            agent_id=agent_id,
        )
    except Refused as refusal:
        raise _refused(refusal) from None
    return {"process_instance_id": reply["instanceId"]}


def _time(at: float | None) -> str | None:
    return None if at is None else f"{datetime.fromtimestamp(at, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def _details(instance: Instance, today: dict[str, Any]) -> dict[str, object]:
    """An approval, of which the newer host says this much today."""
    pages = {str(task["taskId"]): task for task in today["tasks"]}
    return {
        "title": today["title"],
        "create_time": _time(instance.created),
        "finish_time": _time(instance.finished),
        "originator_userid": instance.originator,
        "originator_dept_id": str(instance.dept_id),
        "originator_dept_name": today["originatorDeptName"],
        "status": instance.status,
        "result": instance.result,
        "business_id": today["businessId"],
        "biz_action": today["bizAction"],
        "approver_userids": today["approverUserIds"],
        "cc_userids": instance.cc,
        "attached_process_instance_ids": today["attachedProcessInstanceIds"],
        "form_component_values": [
            {"id": each["id"], "name": each["name"], "value": each["value"], "component_type": each["componentType"]}
            for each in today["formComponentValues"]
        ],
        "operation_records": [
            _present(
                userid=each.userid,
                date=_time(each.at),
                operation_type=each.type,
                operation_result=each.result,
                remark=each.remark,
            )
            for each in instance.operations
        ],
        "tasks": [
            _present(
                taskid=str(each.task_id),
                userid=each.userid,
                task_status=each.status,
                task_result=each.result,
                create_time=_time(each.created),
                finish_time=_time(each.finished),
                url=pages[str(each.task_id)]["mobileUrl"],
                activity_id=pages[str(each.task_id)]["activityId"],
            )
            for each in instance.tasks
        ],
    }


def _present(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


@endpoint("POST", "/topapi/processinstance/get", scope=approvals.READ)
def get_instance(company: Company, *, instance_id: Annotated[str, Field(alias="process_instance_id")]) -> Result:
    """获取单个审批实例详情; times are to the second."""
    try:
        today = _result(approvals.get_instance(company, instance_id=instance_id))
    except Refused as refusal:
        raise _refused(refusal) from None
    return {"process_instance": _present(**_details(company.workflow.instances[instance_id], today))}


@endpoint("POST", "/topapi/processinstance/listids", scope=approvals.READ)
def list_instance_ids(
    company: Company,
    *,
    process_code: str,
    start_time: int,
    end_time: int | None = None,
    size: Annotated[int, Field(ge=1, le=20)] = 10,
    cursor: Annotated[int, Field(ge=0)] = 0,
    userids: Annotated[Names | None, Field(alias="userid_list", max_length=10)] = None,
) -> Result:
    """获取审批实例ID列表, by the time of creation."""
    try:
        reply = approvals.list_instance_ids(
            company,
            process_code=process_code,
            start_time=start_time,
            end_time=end_time,
            next_token=cursor,
            max_results=size,
            userids=userids,
        )
    except Refused as refusal:
        raise _refused(refusal) from None
    page = _result(reply)
    return {"result": {"list": page["list"], **_present(next_cursor=page.get("nextToken") and int(page["nextToken"]))}}
