"""`/role/*`, `/topapi/role/*`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from dingtalk_models.sandbox.contact.department import MANAGE, READ
from dingtalk_models.sandbox.contact.user import OF_DEPARTMENT, Cursor
from dingtalk_models.sandbox.server.endpoints import Code, Ids, Names, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import Role

SYSTEM_LABEL: Final = 23004

RoleName = Annotated[str, Field(alias="roleName", min_length=1)]


def check_name(company: Company, name: str, own: Role | None = None) -> None:
    """Refuse the name of another role."""
    if any(each.name == name and each is not own for each in company.roles.values()):
        raise Refused(34021)


def check_editable(company: Company, role: Role) -> None:
    """Refuse a role of the default group."""
    if role.group_id == company.default_group.group_id:
        raise Refused(SYSTEM_LABEL)


@endpoint("POST", "/role/add_role", scope=MANAGE, invalid=34018)
def add_role(
    company: Company, *, name: RoleName, group_id: Annotated[int, Field(alias="groupId"), Code(34020)]
) -> Result:
    """创建角色."""
    if group_id not in company.role_groups:
        raise Refused(34020)
    check_name(company, name)
    return {"roleId": company.add_role(name, group_id).role_id}


@endpoint("POST", "/role/update_role", scope=MANAGE, invalid=660000)
def update_role(company: Company, *, role_id: Annotated[int, Field(alias="roleId")], name: RoleName) -> Result:
    """更新角色名称."""
    role = company.role(role_id)
    check_editable(company, role)
    check_name(company, name, role)
    role.name = name
    return {}


@endpoint("POST", "/topapi/role/deleterole", scope=MANAGE, invalid=33011)
def delete_role(company: Company, *, role_id: int) -> Result:
    """删除角色: only one that nobody has."""
    role = company.role(role_id)
    check_editable(company, role)
    if role.members:
        raise Refused(SYSTEM_LABEL)
    del company.roles[role_id]
    return {}


@endpoint("POST", "/role/add_role_group", scope=MANAGE, invalid=660000)
def add_role_group(company: Company, *, name: Annotated[str, Field(min_length=1)]) -> Result:
    """创建角色组."""
    return {"groupId": company.add_role_group(name).group_id}


def _roles_in(company: Company, group_id: int) -> list[Role]:
    return [role for role in company.roles.values() if role.group_id == group_id]


@endpoint("POST", "/topapi/role/getrolegroup", scope=READ)
def get_role_group(company: Company, *, group_id: int) -> Result:
    """获取角色组列表."""
    if group_id not in company.role_groups:
        raise Refused(400002)
    roles = [{"role_id": role.role_id, "role_name": role.name} for role in _roles_in(company, group_id)]
    return {"role_group": {"group_name": company.role_groups[group_id].name, "roles": roles}}


@endpoint("POST", "/topapi/role/list", scope=READ, invalid=40069)
def list_roles(company: Company, *, size: Annotated[int, Field(ge=1, le=200)] = 20, offset: Cursor = 0) -> Result:
    """获取角色列表: groups with their roles; `offset` counts groups."""
    groups, following = page_of(list(company.role_groups.values()), offset, size)
    page = [
        {
            "groupId": group.group_id,
            "name": group.name,
            "roles": [{"id": role.role_id, "name": role.name} for role in _roles_in(company, group.group_id)],
        }
        for group in groups
    ]
    return {"result": {"hasMore": following is not None, "list": page}}


@endpoint("POST", "/topapi/role/getrole", scope=OF_DEPARTMENT, invalid=33011)
def get_role(company: Company, *, role_id: Annotated[int, Field(alias="roleId")]) -> Result:
    """获取角色详情."""
    role = company.role(role_id)
    return {"role": {"name": role.name, "groupId": role.group_id}}


@endpoint("POST", "/topapi/role/simplelist", scope=OF_DEPARTMENT, invalid=40069)
def list_role_users(
    company: Company,
    *,
    role_id: Annotated[int, Code(33011)],
    size: Annotated[int, Field(ge=1, le=100)] = 20,
    offset: Cursor = 0,
) -> Result:
    """获取指定角色的员工列表."""
    members, following = page_of(list(company.role(role_id).members.items()), offset, size)
    page: list[dict[str, Any]] = []
    for userid, dept_ids in members:
        entry: dict[str, Any] = {"userid": userid, "name": company.users[userid].name}
        if dept_ids:
            entry["manageScopes"] = [
                {"dept_id": dept_id, "name": company.departments[dept_id].name} for dept_id in dept_ids
            ]
        page.append(entry)
    return {"result": {"hasMore": following is not None, "list": page, **present({"nextCursor": following})}}


RoleIds = Annotated[Ids, Field(alias="roleIds", min_length=1, max_length=20), Code(33011)]
People = Annotated[Names, Field(alias="userIds", min_length=1), Code(33012)]
TwentyPeople = Annotated[People, Field(max_length=20)]
HundredPeople = Annotated[People, Field(max_length=100)]


def _chosen(company: Company, role_ids: list[int], userids: list[str]) -> list[Role]:
    roles = [company.role(role_id) for role_id in role_ids]
    for userid in userids:
        company.user(userid, 33012)
    return roles


@endpoint("POST", "/topapi/role/addrolesforemps", scope=MANAGE)
def add_roles_for_emps(company: Company, *, role_ids: RoleIds, userids: TwentyPeople) -> Result:
    """批量增加员工角色: no roles of the default group."""
    roles = _chosen(company, role_ids, userids)
    for role in roles:
        check_editable(company, role)
    for role in roles:
        for userid in userids:
            role.members.setdefault(userid, [])
    return {}


@endpoint("POST", "/topapi/role/removerolesforemps", scope=MANAGE)
def remove_roles_for_emps(company: Company, *, role_ids: RoleIds, userids: HundredPeople) -> Result:
    """批量删除员工角色."""
    for role in _chosen(company, role_ids, userids):
        for userid in userids:
            role.members.pop(userid, None)
    return {}


@endpoint("POST", "/topapi/role/scope/update", scope=MANAGE)
def update_role_scope(
    company: Company,
    *,
    userid: Annotated[str, Field(min_length=1), Code(40003)],
    role_id: Annotated[int, Code(60301, missing=34018)],
    dept_ids: Annotated[Ids | None, Field(max_length=50)] = None,
) -> Result:
    """设定角色成员管理范围: without departments, the whole company."""
    role = company.role(role_id, 60301)
    company.user(userid, 46004)
    for dept_id in dept_ids or ():
        company.department(dept_id)
    if userid not in role.members:
        raise Refused(400002)
    role.members[userid] = dept_ids or []
    return {}
