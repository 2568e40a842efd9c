"""`/department/*`: the archived endpoints for departments, which older clients still call.

Replies are flat, names are in camel case, reading and deleting use GET, and lists of ids are joined by vertical bars.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Unpack, cast

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.contact import department as current
from dingtalk_models.sandbox.contact.department import MANAGE, READ, MoreSettings, name_of
from dingtalk_models.sandbox.server.endpoints import Code, Language, Result, endpoint
from dingtalk_models.sandbox.server.replies import present, result_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import ROOT, Department
from dingtalk_models.sandbox.state.ids import opaque

MOST_PERMITS: Final = 200

Lang = Annotated[Language, Field(alias="lang")]


def _split(value: object) -> list[str]:
    return [part for part in str(value).split("|") if part]


def _joined(parts: Iterable[object]) -> str:
    return "|".join(map(str, parts))


BarJoinedIds = Annotated[list[int], BeforeValidator(_split)]
BarJoinedNames = Annotated[list[str], BeforeValidator(_split)]
Id = Annotated[int, Code(40009)]


class ArchivedNewSettings(TypedDict, total=False):
    """The fields that create and update write."""

    hide_dept: Annotated[bool, Field(alias="deptHiding")]
    dept_permits: BarJoinedIds
    user_permits: BarJoinedNames
    outer_dept: bool
    outer_dept_only_self: bool
    outer_permit_users: BarJoinedNames
    outer_permit_depts: BarJoinedIds
    create_dept_group: bool
    auto_approve_apply: bool
    order: Annotated[int, Code(40011)]
    source_identifier: str


class ArchivedSettings(ArchivedNewSettings, total=False):
    """The fields that only update writes."""

    auto_add_user: bool
    group_contain_sub_dept: bool
    group_contain_outer_dept: bool
    group_contain_hidden_dept: bool
    org_dept_owner: str


@endpoint("POST", "/department/create", scope=MANAGE, invalid=40035, camel=True)
def create_department(
    company: Company,
    *,
    name: str,
    parent_id: Annotated[int, Field(alias="parentid"), Code(60004, missing=40035)],
    **settings: Unpack[ArchivedNewSettings],
) -> Result:
    """创建部门."""
    return {"id": current.add(company, name, parent_id, cast("MoreSettings", settings), MOST_PERMITS).dept_id}


@endpoint("POST", "/department/update", scope=MANAGE, invalid=40035, camel=True)
def update_department(
    company: Company,
    *,
    id: Id,
    name: Annotated[str | None, Code(60001)] = None,
    parent_id: Annotated[int | None, Field(alias="parentid"), Code(60004)] = None,
    language: Lang = "zh_CN",
    managers: Annotated[BarJoinedNames | None, Field(alias="deptManagerUseridList"), Code(40031)] = None,
    **settings: Unpack[ArchivedSettings],
) -> Result:
    """更新部门."""
    current.change(
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
    """删除部门: only an empty one."""
    return current.delete_department(company, dept_id=id)


@endpoint("GET", "/department/get", scope=READ)
def get_department(company: Company, *, id: Id, language: Lang = "zh_CN") -> Result:
    """获取部门详情."""
    department = company.department(id)
    shown: dict[str, object] = {
        "id": id,
        "name": name_of(department, language),
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
    return present(shown)


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
            "name": name_of(each, language),
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
    return {"sub_dept_id_list": result_of(current.list_sub_id(company, dept_id=id))["dept_id_list"]}


@endpoint("GET", "/department/list_parent_depts_by_dept", scope=READ)
def list_parents_of_department(company: Company, *, id: Id) -> Result:
    """获取指定部门的所有父部门列表."""
    return {"parentIds": result_of(current.list_parent_by_dept(company, dept_id=id))["parent_id_list"]}


@endpoint("GET", "/department/list_parent_depts", scope=READ)
def list_parents_of_user(company: Company, *, userid: Annotated[str, Field(alias="userId")]) -> Result:
    """获取指定用户的所有父部门列表: the chains of all the person's departments, in one list."""
    user = company.user(userid, 33012)
    return {"department": [each for dept_id in user.departments for each in company.path_up(dept_id)]}
