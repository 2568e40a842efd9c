"""The departments, people and roles of a company."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

ROOT: Final = 1

UNIQUE: Final = {"mobile": 60104, "email": 60106, "telephone": 40100, "login_id": 60102}
"""The unique fields of a person, and the platform's code for a taken value."""


@dataclass
class Department:
    """A department (部门), with the names of the platform's reply."""

    dept_id: int
    name: str
    parent_id: int | None
    name_en: str | None = None
    order: int = 0
    code: str | None = None
    source_identifier: str | None = None
    tags: str | None = None
    org_dept_owner: str | None = None
    create_dept_group: bool = False
    dept_group_chat_id: str | None = None
    auto_add_user: bool = False
    auto_approve_apply: bool = False
    group_contain_sub_dept: bool = False
    group_contain_outer_dept: bool = False
    group_contain_hidden_dept: bool = False
    from_union_org: bool = False
    hide_dept: bool = False
    outer_dept: bool = False
    outer_dept_only_self: bool = False
    dept_manager_userid_list: list[str] = field(default_factory=list[str])
    dept_permits: list[int] = field(default_factory=list[int])
    user_permits: list[str] = field(default_factory=list[str])
    outer_permit_depts: list[int] = field(default_factory=list[int])
    outer_permit_users: list[str] = field(default_factory=list[str])


@dataclass
class Membership:
    """A person's place in one department. `entered` grows with every entry, and gives the order."""

    entered: int
    order: int = 0
    title: str | None = None


@dataclass
class User:
    """A person (员工), with the names of the platform's reply."""

    userid: str
    name: str
    unionid: str
    departments: dict[int, Membership] = field(default_factory=dict[int, Membership])
    name_en: str | None = None
    mobile: str | None = None
    state_code: str | None = None
    hide_mobile: bool = False
    telephone: str | None = None
    job_number: str | None = None
    title: str | None = None
    email: str | None = None
    org_email: str | None = None
    org_email_type: str | None = None
    login_email: str | None = None
    work_place: str | None = None
    remark: str | None = None
    avatar: str | None = None
    extension: dict[str, Any] = field(default_factory=dict[str, Any])
    hired_date: int | None = None
    manager_userid: str | None = None
    active: bool = True
    real_authed: bool = True
    senior: bool = False
    boss: bool = False
    exclusive_account: bool = False
    exclusive_account_type: str | None = None
    exclusive_account_corp_id: str | None = None
    disabled: bool = False
    exclusive_mobile: str | None = None
    login_id: str | None = None
    nickname: str | None = None
    modified: int = 0


@dataclass
class Admin:
    """An administrator (1 main, 2 sub), and the departments to manage."""

    sys_level: int
    dept_ids: list[int] = field(default_factory=lambda: [ROOT])


@dataclass
class RoleGroup:
    """A group of roles (角色组)."""

    group_id: int
    name: str


@dataclass
class Role:
    """A role (角色), with its members by userid and the departments that each manages (none for the whole company)."""

    role_id: int
    name: str
    group_id: int
    members: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
