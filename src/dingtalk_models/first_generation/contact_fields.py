"""The first generation's names for the fields of users and departments, and their translation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Required

from typing_extensions import TypedDict

from dingtalk_models.core.json_values import from_text
from dingtalk_models.core.wire import Language
from dingtalk_models.first_generation.joined import split_at


def _per_department(text: str | dict[str, Any], what: str) -> list[dict[str, Any]]:
    """Convert the older APIs' map by department to today's list."""
    return [{"dept_id": int(dept_id), what: value} for dept_id, value in from_text(text).items()]


OLD_USER_FIELDS: dict[str, str | Callable[[Any], dict[str, Any]]] = {
    "department": lambda ids: {"dept_id_list": from_text(ids)},
    "position": "title",
    "positionInDepts": lambda titles: {"dept_title_list": _per_department(titles, "title")},
    "orderInDepts": lambda orders: {"dept_order_list": _per_department(orders, "order")},
    "tel": "telephone",
    "workPlace": "work_place",
    "orgEmail": "org_email",
    "jobnumber": "job_number",
    "extattr": "extension",
    "isHide": "hide_mobile",
    "isSenior": "senior_mode",
    "managerUserid": "manager_userid",
    "hiredDate": "hired_date",
}
"""The older APIs' names for the fields of a user."""

OLD_USER_LISTING = {"department_id": "dept_id", "offset": "cursor", "order": "order_field", "lang": "language"}
"""The older APIs' names for the options of a list of users."""


class _OldUserFields(TypedDict, total=False):
    """The fields of a user in the older APIs."""

    position: str
    tel: str
    workPlace: str
    remark: str
    email: str
    orgEmail: str
    jobnumber: str
    isHide: bool
    isSenior: bool
    extattr: str | Mapping[str, Any]
    orderInDepts: str | Mapping[int, int]
    positionInDepts: str | Mapping[int, str]
    managerUserid: str
    hiredDate: int


class OldNewUserFields(_OldUserFields, total=False):
    """The fields for the first generation's `create_user`."""

    name: Required[str]
    mobile: Required[str]
    department: Required[str | Sequence[int]]
    userid: str


class OldUserChanges(_OldUserFields, total=False):
    """The fields for the first generation's `update_user`, except `mobile`, which can no longer be changed."""

    userid: Required[str]
    name: str
    department: str | Sequence[int]
    lang: Language


OLD_DEPARTMENT_FIELDS: dict[str, str | Callable[[Any], dict[str, Any]]] = {
    "parentid": "parent_id",
    "deptHiding": "hide_dept",
    "deptPermits": split_at("|", "dept_permits"),
    "userPermits": split_at("|", "user_permits"),
    "deptPerimits": split_at("|", "dept_permits"),  # the older SDKs have both spellings
    "userPerimits": split_at("|", "user_permits"),
    "outerDept": "outer_dept",
    "outerDeptOnlySelf": "outer_dept_only_self",
    "outerPermitDepts": split_at("|", "outer_permit_depts"),
    "outerPermitUsers": split_at("|", "outer_permit_users"),
    "createDeptGroup": "create_dept_group",
    "autoApproveApply": "auto_approve_apply",
    "autoAddUser": "auto_add_user",
    "deptManagerUseridList": split_at("|", "dept_manager_userids"),
    "groupContainSubDept": "group_contain_sub_dept",
    "groupContainOuterDept": "group_contain_outer_dept",
    "groupContainHiddenDept": "group_contain_hidden_dept",
    "orgDeptOwner": "org_dept_owner",
    "sourceIdentifier": "source_identifier",
}
"""The older APIs' names for the fields of a department."""


class _OldDepartmentFields(TypedDict, total=False):
    """The fields of a department in the older APIs."""

    parentid: int | str
    order: int | str
    createDeptGroup: bool
    deptHiding: bool
    deptPermits: str
    userPermits: str
    deptPerimits: str
    userPerimits: str
    outerDept: bool
    outerDeptOnlySelf: bool
    outerPermitDepts: str
    outerPermitUsers: str
    autoApproveApply: bool
    sourceIdentifier: str


class OldNewDepartmentFields(_OldDepartmentFields):
    """The fields for the first generation's `create_department`."""

    name: Required[str]


class OldDepartmentChanges(_OldDepartmentFields, total=False):
    """The fields for the first generation's `update_department`."""

    id: Required[int | str]
    name: str
    lang: Language
    autoAddUser: bool
    deptManagerUseridList: str
    groupContainSubDept: bool
    groupContainOuterDept: bool
    groupContainHiddenDept: bool
    orgDeptOwner: str
