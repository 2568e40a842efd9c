"""The company: its users, departments, roles, administrators, forms and groups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from dingtalk_models.sandbox import Admin, Department, Role, RoleGroup, Sandbox, User
from dingtalk_models.sandbox.console.departments import ChangedDepartment, NewDepartment
from dingtalk_models.sandbox.console.forms import ChangedForm, NewForm
from dingtalk_models.sandbox.console.groups import ChangedGroup, NewGroup
from dingtalk_models.sandbox.console.roles import Named, NewRole
from dingtalk_models.sandbox.console.users import ChangedUser, NewUser
from dingtalk_models.sandbox.handle.operations import Body, QueryString, operation
from dingtalk_models.sandbox.handle.problems import found
from dingtalk_models.sandbox.state.approval import ApprovalForm
from dingtalk_models.sandbox.state.talk.group import Group


class People(QueryString):
    """The filters for users."""

    dept_id: int | None = Field(None, description="only direct members of this department / 仅该部门的直属成员")
    name: str | None = Field(None, description="only names that contain this / 姓名包含")


class Managed(Body):
    """The kind of administrator (1 main, 2 sub) and the departments to manage."""

    sys_level: Literal[1, 2] = 2
    dept_ids: list[int] = [1]


class Given(Body):
    """The users that get a role, and the departments that they manage in it; an empty list means the whole company."""

    userids: Annotated[list[str], Field(min_length=1, max_length=20)]
    dept_ids: Annotated[list[int], Field(max_length=50)] | None = None


class Taken(Body):
    """The users who lose a role."""

    userids: Annotated[list[str], Field(min_length=1, max_length=100)]


class Ending(QueryString):
    """The option for the approvals of a removed form."""

    running: bool = Field(default=False, description="also end running approvals / 同时结束进行中的审批")


class GroupView(BaseModel, from_attributes=True):
    """A group, without its messages."""

    open_conversation_id: str
    chat_id: str
    name: str
    owner: str | None
    members: list[str]
    externals: list[str]
    sub_admins: list[str]
    nicks: dict[str, str]
    options: dict[str, int]
    template_id: str | None
    dissolved: bool


class Stranger(Body):
    """A person of another company who can log in."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    userid: Annotated[str, Field(min_length=1, max_length=64)]
    mobile: str | None = None
    email: str | None = None


# users


@operation("GET", "/users", "company.users")
def list_users(sandbox: Sandbox, query: People) -> list[User]:
    """List the users. / 列出员工。"""
    inside = sandbox.company.users.values() if query.dept_id is None else sandbox.company.members(query.dept_id)
    return [each for each in inside if query.name is None or query.name in each.name]


@operation("POST", "/users", "console.users.add")
def add_user(sandbox: Sandbox, body: NewUser) -> User:
    """Add a user. / 添加员工。"""
    return sandbox.console.users.add(**body)


@operation("GET", "/users/{userid:path}", "company.users")
def get_user(sandbox: Sandbox, userid: str) -> User:
    """Get a user. / 查询员工。"""
    return found(sandbox.company.users, userid, "user")


@operation("PATCH", "/users/{userid:path}", "console.users.change")
def change_user(sandbox: Sandbox, userid: str, body: ChangedUser) -> User:
    """Change a user; absent fields stay. / 修改员工，未给出的字段不变。"""
    found(sandbox.company.users, userid, "user")
    return sandbox.console.users.change(userid, **body)


@operation("DELETE", "/users/{userid:path}", "console.users.remove")
def remove_user(sandbox: Sandbox, userid: str) -> None:
    """Remove a user. / 删除员工。"""
    found(sandbox.company.users, userid, "user")
    sandbox.console.users.remove(userid)


@operation("GET", "/strangers", "company.logins.strangers")
def list_strangers(sandbox: Sandbox) -> list[User]:
    """List the people of other companies who can log in. / 列出可登录的企业外人员。"""
    return list(sandbox.company.logins.strangers.values())


@operation("POST", "/strangers", "company.logins.add_stranger")
def add_stranger(sandbox: Sandbox, body: Stranger) -> User:
    """Add a person of another company. / 添加企业外人员。"""
    if body.userid in sandbox.company.users or body.userid in sandbox.company.logins.strangers:
        raise PermissionError(f"the userid {body.userid} is taken")
    return sandbox.company.logins.add_stranger(body.name, userid=body.userid, mobile=body.mobile, email=body.email)


# departments


@operation("GET", "/departments", "company.departments")
def list_departments(sandbox: Sandbox) -> list[Department]:
    """List the departments; 1 is the root. / 列出部门，1 为根部门。"""
    return list(sandbox.company.departments.values())


@operation("POST", "/departments", "console.departments.add")
def add_department(sandbox: Sandbox, body: NewDepartment) -> Department:
    """Add a department. / 添加部门。"""
    return sandbox.console.departments.add(**body)


@operation("GET", "/departments/{dept_id}", "company.departments")
def get_department(sandbox: Sandbox, dept_id: int) -> Department:
    """Get a department. / 查询部门。"""
    return found(sandbox.company.departments, dept_id, "department")


@operation("PATCH", "/departments/{dept_id}", "console.departments.change")
def change_department(sandbox: Sandbox, dept_id: int, body: ChangedDepartment) -> Department:
    """Change a department; absent fields stay. / 修改部门，未给出的字段不变。"""
    found(sandbox.company.departments, dept_id, "department")
    return sandbox.console.departments.change(dept_id, **body)


@operation("DELETE", "/departments/{dept_id}", "console.departments.remove")
def remove_department(sandbox: Sandbox, dept_id: int) -> None:
    """Remove an empty department. / 删除空部门。"""
    found(sandbox.company.departments, dept_id, "department")
    sandbox.console.departments.remove(dept_id)


# roles


@operation("GET", "/role-groups", "company.role_groups")
def list_role_groups(sandbox: Sandbox) -> list[RoleGroup]:
    """List the groups of roles. / 列出角色组。"""
    return list(sandbox.company.role_groups.values())


@operation("POST", "/role-groups", "console.role_groups.add")
def add_role_group(sandbox: Sandbox, body: Named) -> RoleGroup:
    """Add a group of roles. / 添加角色组。"""
    return sandbox.console.role_groups.add(**body)


@operation("PATCH", "/role-groups/{group_id}", "console.role_groups.rename")
def rename_role_group(sandbox: Sandbox, group_id: int, body: Named) -> RoleGroup:
    """Rename a group of roles. / 重命名角色组。"""
    found(sandbox.company.role_groups, group_id, "group of roles")
    return sandbox.console.role_groups.rename(group_id, **body)


@operation("DELETE", "/role-groups/{group_id}", "console.role_groups.remove")
def remove_role_group(sandbox: Sandbox, group_id: int) -> None:
    """Remove a group without roles. / 删除没有角色的角色组。"""
    found(sandbox.company.role_groups, group_id, "group of roles")
    sandbox.console.role_groups.remove(group_id)


@operation("GET", "/roles", "company.roles")
def list_roles(sandbox: Sandbox) -> list[Role]:
    """List the roles and who has them. / 列出角色及其成员。"""
    return list(sandbox.company.roles.values())


@operation("POST", "/roles", "console.roles.add")
def add_role(sandbox: Sandbox, body: NewRole) -> Role:
    """Add a role. / 添加角色。"""
    return sandbox.console.roles.add(**body)


@operation("PATCH", "/roles/{role_id}", "console.roles.rename")
def rename_role(sandbox: Sandbox, role_id: int, body: Named) -> Role:
    """Rename a role. / 重命名角色。"""
    found(sandbox.company.roles, role_id, "role")
    return sandbox.console.roles.rename(role_id, **body)


@operation("DELETE", "/roles/{role_id}", "console.roles.remove")
def remove_role(sandbox: Sandbox, role_id: int) -> None:
    """Remove a role that nobody has. / 删除没有成员的角色。"""
    found(sandbox.company.roles, role_id, "role")
    sandbox.console.roles.remove(role_id)


@operation("POST", "/roles/{role_id}/give", "console.roles.give")
def give_role(sandbox: Sandbox, role_id: int, body: Given) -> Role:
    """Give a role to users. / 给员工添加角色。"""
    found(sandbox.company.roles, role_id, "role")
    return sandbox.console.roles.give(role_id, body.userids, body.dept_ids)


@operation("POST", "/roles/{role_id}/take", "console.roles.take")
def take_role(sandbox: Sandbox, role_id: int, body: Taken) -> Role:
    """Take a role from users. / 移除员工的角色。"""
    found(sandbox.company.roles, role_id, "role")
    return sandbox.console.roles.take(role_id, body.userids)


# administrators


@operation("GET", "/admins", "company.admins")
def list_admins(sandbox: Sandbox) -> dict[str, Admin]:
    """List the administrators, by userid. / 列出管理员。"""
    return sandbox.company.admins


@operation("PUT", "/admins/{userid:path}", "console.admins.set")
def set_admin(sandbox: Sandbox, userid: str, body: Managed) -> Admin:
    """Make a user an administrator. / 设为管理员。"""
    found(sandbox.company.users, userid, "user")
    return sandbox.console.admins.set(userid, body.sys_level, body.dept_ids)


@operation("DELETE", "/admins/{userid:path}", "console.admins.remove")
def remove_admin(sandbox: Sandbox, userid: str) -> None:
    """Make an administrator an ordinary user. / 取消管理员。"""
    sandbox.console.admins.remove(userid)


# forms


@operation("GET", "/forms", "company.workflow.forms")
def list_forms(sandbox: Sandbox) -> list[ApprovalForm]:
    """List the approval forms. / 列出审批模板。"""
    return list(sandbox.company.workflow.forms.values())


@operation("POST", "/forms", "console.forms.add")
def add_form(sandbox: Sandbox, body: NewForm) -> ApprovalForm:
    """Add an approval form. / 添加审批模板。"""
    return sandbox.console.forms.add(**body)


@operation("PATCH", "/forms/{process_code}", "console.forms.change")
def change_form(sandbox: Sandbox, process_code: str, body: ChangedForm) -> ApprovalForm:
    """Change an approval form; absent fields stay. / 修改审批模板，未给出的字段不变。"""
    found(sandbox.company.workflow.forms, process_code, "form")
    return sandbox.console.forms.change(process_code, **body)


@operation("DELETE", "/forms/{process_code}", "console.forms.remove")
def remove_form(sandbox: Sandbox, process_code: str, query: Ending) -> None:
    """Remove an approval form. / 删除审批模板。"""
    found(sandbox.company.workflow.forms, process_code, "form")
    sandbox.console.forms.remove(process_code, running=query.running)


# groups


@operation("GET", "/groups", "company.outbox.groups")
def list_groups(sandbox: Sandbox) -> list[GroupView]:
    """List the groups that the app's robot is in. / 列出应用机器人所在的群。"""
    return [GroupView.model_validate(each) for each in sandbox.company.outbox.groups.values()]


@operation("POST", "/groups", "console.groups.add")
def add_group(sandbox: Sandbox, body: NewGroup) -> GroupView:
    """Create a group with users and the app's robot. / 创建包含应用机器人的群。"""
    return GroupView.model_validate(sandbox.console.groups.add(**body))


@operation("GET", "/groups/{open_conversation_id}", "company.outbox.groups")
def get_group(sandbox: Sandbox, open_conversation_id: str) -> GroupView:
    """Get a group. / 查询群。"""
    return GroupView.model_validate(_group(sandbox, open_conversation_id))


@operation("PATCH", "/groups/{open_conversation_id}", "console.groups.change")
def change_group(sandbox: Sandbox, open_conversation_id: str, body: ChangedGroup) -> GroupView:
    """Change a group: its name, owner, members. / 修改群名、群主、成员。"""
    _group(sandbox, open_conversation_id)
    return GroupView.model_validate(sandbox.console.groups.change(open_conversation_id, **body))


@operation("DELETE", "/groups/{open_conversation_id}", "console.groups.dissolve")
def dissolve_group(sandbox: Sandbox, open_conversation_id: str) -> None:
    """Dissolve a group. / 解散群。"""
    _group(sandbox, open_conversation_id)
    sandbox.console.groups.dissolve(open_conversation_id)


def _group(sandbox: Sandbox, open_conversation_id: str) -> Group:
    return found(sandbox.company.outbox.groups, open_conversation_id, "group")
