"""Events of the contacts and of roles."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dingtalk_models.callback.events.event import Event, Ints, Strs
from dingtalk_models.core.wire import JsonText, Millis, camel, wire
from dingtalk_models.resource.model import Record


class _UserEvent(Event):
    userids: Annotated[Strs, wire("userId", "userid")] = []
    timestamp: Annotated[Millis | None, wire("timeStamp")]


class UserAddOrg(_UserEvent):
    """Users have joined the company (企业增加员工事件)."""


class UserProfile(Record, alias_generator=camel):
    """The fields of a user in an event about a change."""

    name: str | None = None
    telephone: str | None = None
    email: str | None = None
    job_number: str | None = None
    work_place: str | None = None
    hired_date: str | None = None
    manager_userid: str | None = None


class UserDiff(Record):
    """The changes of a user."""

    # made by a factory: of an object as the default, pydantic makes a deep copy for each event, which takes longer than
    # all the rest
    userid: str = ""
    prev: UserProfile = Field(default_factory=UserProfile)
    curr: UserProfile = Field(default_factory=UserProfile)


class UserModifyOrg(_UserEvent):
    """Users were changed (通讯录用户更改)."""

    diff: Annotated[UserDiff, wire("diffInfo")] = Field(default_factory=UserDiff)
    """The changed fields; empty if the push does not have them."""


class UserLeaveOrg(_UserEvent):
    """Users have left the company (通讯录用户离职)."""


class UserActiveOrg(_UserEvent):
    """Users have activated their accounts (加入企业后用户激活)."""


class OrgAdminAdd(_UserEvent):
    """Users have become administrators (通讯录用户被设为管理员)."""


class OrgAdminRemove(_UserEvent):
    """Users are no longer administrators (通讯录用户被取消设置管理员)."""


class _DepartmentEvent(Event):
    dept_ids: Annotated[Ints, wire("deptId")] = []
    timestamp: Annotated[Millis | None, wire("timeStamp")]


class OrgDeptCreate(_DepartmentEvent):
    """Departments were created (通讯录企业部门创建)."""


class OrgDeptModify(_DepartmentEvent):
    """Departments have changed (通讯录企业部门修改)."""


class OrgDeptRemove(_DepartmentEvent):
    """Departments were deleted (通讯录企业部门删除)."""


class OrgChange(Event):
    """The company's own data has changed (企业信息发生变更)."""


class OrgRemove(Event):
    """The company was dissolved (企业删除)."""


class LabelUserChange(Event):
    """Roles were assigned to users, or revoked (员工角色信息发生变更).

    Attributes:
        action: `add` or `remove`.
    """

    action: str = ""
    userids: Annotated[Strs, wire("userIdList")] = []
    role_ids: Annotated[Ints, wire("labelIdList")] = []
    timestamp: Annotated[Millis | None, wire("timeStamp")]


class RoleLabel(Record, alias_generator=camel):
    """A role or role group."""

    id: int | None
    name: str | None
    parent_id: int | None
    level: int | None
    scope: str | None
    color: int | None
    hidden: bool | None
    deleted: bool | None


class _LabelEvent(Event):
    role_ids: Annotated[Ints, wire("labelIdList")] = []
    scope: str | None
    timestamp: Annotated[Millis | None, wire("timeStamp")]


class LabelConfAdd(_LabelEvent):
    """Roles or role groups were created (增加角色或者角色组)."""


class LabelConfModify(_LabelEvent):
    """Roles or role groups have changed (修改角色或者角色组)."""

    before: Annotated[list[JsonText[RoleLabel]], wire("preLabelList")] = []
    after: Annotated[list[JsonText[RoleLabel]], wire("postLabelList")] = []


class LabelConfDel(_LabelEvent):
    """Roles or role groups were deleted (删除角色或者角色组)."""
