"""Events of the contacts and of roles."""

from __future__ import annotations

from typing import Annotated, ClassVar

from dingtalk_models.callback.event import Event, Ints, Strs
from dingtalk_models.core.model import Record
from dingtalk_models.core.wire import JsonText, Millis, wire


class _UserEvent(Event):
    user_ids: Annotated[Strs, wire("userId", "userid")] = []
    timestamp: Annotated[Millis | None, wire("timeStamp")] = None


class UserAddOrg(_UserEvent):
    """Users have joined the company (企业增加员工事件)."""

    TYPE: ClassVar = "user_add_org"


class UserProfile(Record):
    """The fields of a user in an event about a change."""

    name: str | None = None
    telephone: str | None = None
    email: str | None = None
    job_number: Annotated[str | None, wire("jobNumber")] = None
    work_place: Annotated[str | None, wire("workPlace")] = None
    hired_date: Annotated[str | None, wire("hiredDate")] = None
    manager_userid: Annotated[str | None, wire("managerUserid")] = None


class UserDiff(Record):
    """The changes of a user."""

    userid: str = ""
    prev: UserProfile = UserProfile()
    curr: UserProfile = UserProfile()


class UserModifyOrg(_UserEvent):
    """Users were changed (通讯录用户更改)."""

    TYPE: ClassVar = "user_modify_org"

    diff: Annotated[UserDiff | None, wire("diffInfo")] = None


class UserLeaveOrg(_UserEvent):
    """Users have left the company (通讯录用户离职)."""

    TYPE: ClassVar = "user_leave_org"


class UserActiveOrg(_UserEvent):
    """Users have activated their accounts (加入企业后用户激活)."""

    TYPE: ClassVar = "user_active_org"


class OrgAdminAdd(_UserEvent):
    """Users have become administrators (通讯录用户被设为管理员)."""

    TYPE: ClassVar = "org_admin_add"


class OrgAdminRemove(_UserEvent):
    """Users are no longer administrators (通讯录用户被取消设置管理员)."""

    TYPE: ClassVar = "org_admin_remove"


class _DepartmentEvent(Event):
    dept_ids: Annotated[Ints, wire("deptId")] = []
    timestamp: Annotated[Millis | None, wire("timeStamp")] = None


class OrgDeptCreate(_DepartmentEvent):
    """Departments were created (通讯录企业部门创建)."""

    TYPE: ClassVar = "org_dept_create"


class OrgDeptModify(_DepartmentEvent):
    """Departments have changed (通讯录企业部门修改)."""

    TYPE: ClassVar = "org_dept_modify"


class OrgDeptRemove(_DepartmentEvent):
    """Departments were deleted (通讯录企业部门删除)."""

    TYPE: ClassVar = "org_dept_remove"


class OrgChange(Event):
    """The company's own data has changed (企业信息发生变更)."""

    TYPE: ClassVar = "org_change"


class OrgRemove(Event):
    """The company was dissolved (企业删除)."""

    TYPE: ClassVar = "org_remove"


class LabelUserChange(Event):
    """Roles were assigned to users, or revoked (员工角色信息发生变更).

    Attributes:
        action: `add` or `remove`.
    """

    TYPE: ClassVar = "label_user_change"

    action: str = ""
    user_id_list: Annotated[Strs, wire("userIdList")] = []
    role_ids: Annotated[Ints, wire("labelIdList")] = []
    timestamp: Annotated[Millis | None, wire("timeStamp")] = None


class Label(Record):
    """A role or role group."""

    id: int | None = None
    name: str | None = None
    parent_id: Annotated[int | None, wire("parentId")] = None
    level: int | None = None
    scope: str | None = None
    color: int | None = None
    hidden: bool | None = None
    deleted: bool | None = None


class _LabelEvent(Event):
    role_ids: Annotated[Ints, wire("labelIdList")] = []
    scope: str | None = None
    timestamp: Annotated[Millis | None, wire("timeStamp")] = None


class LabelConfAdd(_LabelEvent):
    """Roles or role groups were created (增加角色或者角色组)."""

    TYPE: ClassVar = "label_conf_add"


class LabelConfModify(_LabelEvent):
    """Roles or role groups have changed (修改角色或者角色组)."""

    TYPE: ClassVar = "label_conf_modify"

    before: Annotated[list[JsonText[Label]], wire("preLabelList")] = []
    after: Annotated[list[JsonText[Label]], wire("postLabelList")] = []


class LabelConfDel(_LabelEvent):
    """Roles or role groups were deleted (删除角色或者角色组)."""

    TYPE: ClassVar = "label_conf_del"
