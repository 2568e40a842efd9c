"""The contents of a company file. The names are those in the platform's replies."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, WithJsonSchema

BEIJING: Final = timezone(timedelta(hours=8))
ROOT: Final = 1
TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
DIGITS: Final = "^[0-9]+$"


def _millis(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        day = datetime.combine(date.fromisoformat(value), datetime.min.time(), BEIJING)
    except ValueError:
        raise ValueError("is not a day such as 2020-01-31 / 应为 2020-01-31 这样的日期") from None
    return int(day.timestamp() * 1000)


def _time(value: str) -> str:
    if not re.fullmatch(TIME, value):
        raise ValueError("is not a time such as 09:00 / 应为 09:00 这样的时间")
    return value


def _digits(value: str) -> str:
    if not re.fullmatch(DIGITS, value):
        raise ValueError("should have digits only / 只能有数字")
    return value


Text: TypeAlias = Annotated[str, Field(min_length=1)]
DeptId: TypeAlias = Annotated[int, Field(ge=1)]
UserId: TypeAlias = Annotated[str, Field(min_length=1, max_length=64)]
TimeOfDay: TypeAlias = Annotated[str, AfterValidator(_time), WithJsonSchema({"type": "string", "pattern": TIME})]
Digits: TypeAlias = Annotated[str, AfterValidator(_digits), WithJsonSchema({"type": "string", "pattern": DIGITS})]
Millis: TypeAlias = Annotated[
    int,
    BeforeValidator(_millis),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "integer"}]}),
]
"""Milliseconds since the epoch, or a day such as `2020-01-31`, which means its beginning in Beijing."""


class Row(BaseModel):
    """A mapping in the file. Unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self, *without: str) -> dict[str, Any]:
        """Return the fields that are in the file and not null."""
        held = self.model_fields_set.difference(without)
        return {name: value for name, value in vars(self).items() if name in held and value is not None}


class DepartmentRow(Row):
    """A department (部门). A row with id 1 changes the fields of the root."""

    dept_id: DeptId
    """Its id / 部门 ID"""
    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Its name; optional for the root, which then has the company's name / 名称；根部门可省略，默认为公司名称"""
    parent_id: DeptId | None = None
    """The department above it; by default the root / 上级部门，默认为根部门"""
    dept_manager_userid_list: list[UserId] = []
    """Its managers / 主管"""
    name_en: Text | None = None
    order: int = 0
    """Its order among its siblings, ascending / 在同级部门中的排序，小的在前"""
    code: Text | None = None
    source_identifier: Text | None = None
    tags: Text | None = None
    org_dept_owner: UserId | None = None
    """The owner of its group chat / 部门群群主"""
    create_dept_group: bool = False
    dept_group_chat_id: Text | None = None
    auto_add_user: bool = False
    auto_approve_apply: bool = False
    group_contain_sub_dept: bool = False
    group_contain_outer_dept: bool = False
    group_contain_hidden_dept: bool = False
    from_union_org: bool = False
    hide_dept: bool = False
    outer_dept: bool = False
    outer_dept_only_self: bool = False
    dept_permits: list[DeptId] = []
    user_permits: list[UserId] = []
    outer_permit_depts: list[DeptId] = []
    outer_permit_users: list[UserId] = []


class OrderRow(Row):
    """A person's place in one of their departments."""

    dept_id: DeptId
    order: int


class TitleRow(Row):
    """A person's title in one of their departments."""

    dept_id: DeptId
    title: Text


class UserRow(Row):
    """A person (员工)."""

    userid: UserId
    """Their id / 员工 userid"""
    name: Annotated[str, Field(min_length=1, max_length=80)]
    dept_id_list: Annotated[list[DeptId], Field(min_length=1)] = [ROOT]
    """Their departments, the main one first; by default the root / 所在部门，第一个为主部门"""
    mobile: Text | None = None
    """In quotes; foreign numbers as "+1-5551234" / 手机号，需加引号；境外号码如 "+1-5551234"，同样需加引号"""
    title: Text | None = None
    """Their job title / 职位"""
    manager_userid: UserId | None = None
    """Their direct manager / 直属主管"""
    active: bool = True
    """Whether they have ever logged in / 是否已激活"""
    dept_order_list: list[OrderRow] = []
    dept_title_list: list[TitleRow] = []
    unionid: Text | None = None
    """Their union id; by default derived from the userid / 默认由 userid 生成"""
    name_en: Text | None = None
    state_code: Text | None = None
    hide_mobile: bool = False
    telephone: Text | None = None
    job_number: Text | None = None
    """Their job number, in quotes / 工号，需加引号"""
    email: Text | None = None
    org_email: Text | None = None
    org_email_type: Text | None = None
    login_email: Text | None = None
    work_place: Text | None = None
    remark: Text | None = None
    avatar: Text | None = None
    extension: dict[str, JsonValue] = {}
    hired_date: Millis | None = None
    """The day they were hired, as 2020-01-31 or in milliseconds / 入职日期"""
    real_authed: bool = True
    senior: bool = False
    boss: bool = False
    exclusive_account: bool = False
    exclusive_account_type: Text | None = None
    exclusive_account_corp_id: Text | None = None
    disabled: bool = False
    exclusive_mobile: Text | None = None
    login_id: Text | None = None
    nickname: Text | None = None


class AdminRow(Row):
    """An administrator (管理员)."""

    userid: UserId
    sys_level: Literal[1, 2] = 2
    """1: the main one, 2: a sub-administrator / 1 主管理员，2 子管理员"""
    dept_ids: list[DeptId] = [ROOT]
    """The departments they may manage; by default all / 管理范围，默认全公司"""


class RoleRow(Row):
    """A role (角色)."""

    name: Text
    """Its name; 负责人, 主管, 主管理员 and 子管理员 are the built-in roles / 名称；前述四个为内置角色"""
    role_id: DeptId | None = None
    """Its id; by default a free one / 默认自动分配"""
    userids: list[UserId] = []
    """The people who have it / 成员"""
    manages: dict[UserId, list[DeptId]] = {}
    """The departments that a person manages in this role / 成员的管理范围"""


class RoleGroupRow(Row):
    """A group of roles (角色组)."""

    name: Text
    """Its name; 默认 is the group that every company has / 名称；“默认”是每家公司都有的角色组"""
    group_id: DeptId | None = None
    roles: list[RoleRow] = []


class ComponentRow(Row):
    """A component (控件) of a form."""

    type: Text
    """Such as TextField / 控件类型"""
    label: Text
    id: Text | None = None
    """By default derived from the type and position / 默认由类型和位置生成"""
    required: bool = False
    options: list[Text] = []
    children: list[ComponentRow] = []
    """The columns of a table / 明细的列"""
    props: dict[str, JsonValue] = {}


class StepRow(Row):
    """A step of an approval (审批节点)."""

    users: list[UserId]
    """The approvers; `manager` is the originator's manager / 审批人；manager 表示直属主管"""
    action: Literal["NONE", "AND", "OR"] = "NONE"
    """AND: all of them must agree, OR: one is enough / AND 会签，OR 或签"""
    key: Text | None = None
    """With a key, the originator chooses the approver / 有 key 时由发起人自选"""
    name: Text = "审批人"


class FormRow(Row):
    """An approval form (审批模板)."""

    name: Text
    process_code: Text | None = None
    """By default derived from the name / 默认由名称生成"""
    description: str = ""
    enabled: bool = True
    modified: Millis | None = None
    components: list[ComponentRow]
    steps: list[StepRow] = [StepRow(users=["manager"])]
    """By default the originator's manager decides / 默认由直属主管审批"""
    cc: list[UserId] = []
    """The people who get a copy / 抄送人"""


class ShiftRow(Row):
    """A shift (班次)."""

    name: Text
    """Its name, which attendance groups refer to / 班次名称，供考勤组引用"""
    times: Annotated[list[TimeOfDay], Field(min_length=2)]
    """The times to check in and out, in order / 上下班打卡时间，依次列出"""
    rest: Annotated[list[TimeOfDay], Field(min_length=2, max_length=2)] | None = None
    """The beginning and end of a break / 休息时间"""
    permit_late_minutes: int = -1
    serious_late_minutes: int = -1
    absenteeism_late_minutes: int = -1


class AttendanceGroupRow(Row):
    """An attendance group (考勤组)."""

    name: Text
    owner_user_id: UserId
    type: Literal["FIXED", "TURN", "NONE"] = "FIXED"
    """Fixed hours, a roster, or free hours / 固定班制、排班制、自由工时"""
    week: Annotated[list[Text | None], Field(min_length=7, max_length=7)] = [None] * 7
    """The names of the shifts from Sunday on, null for a day off / 从周日起每天的班次，null 为休息"""
    userids: list[UserId] = []
    dept_ids: list[DeptId] = []
    manager_list: list[UserId] = []
    is_default: bool = False
    """Whether people who are in no other group belong to it / 是否为默认考勤组"""
    wifis: list[Text] = []
    address_list: list[Text] = []


class AttendanceRow(Row):
    """Attendance (考勤)."""

    shifts: list[ShiftRow] = []
    groups: list[AttendanceGroupRow] = []


class LabelGroupRow(Row):
    """A group of labels (标签组) for external contacts."""

    name: Text
    labels: Annotated[list[Text], Field(min_length=1)]
    color: int = 0


class ContactRow(Row):
    """An external contact (外部联系人)."""

    name: Text
    mobile: Digits
    """In quotes / 手机号，需加引号"""
    follower_user_id: UserId
    """The user who follows them / 负责人"""
    labels: Annotated[list[Text], Field(min_length=1)]
    """The names of their labels / 标签名称"""
    userid: UserId | None = None
    state_code: Text = "86"
    title: Text | None = None
    company_name: Text | None = None
    address: Text | None = None
    remark: Text | None = None
    email: Text | None = None
    share_dept_ids: list[DeptId] = []
    share_user_ids: list[UserId] = []


class CustomersRow(Row):
    """Customers (外部联系人)."""

    label_groups: list[LabelGroupRow] | None = None
    """By default those that a new company has / 默认为企业初始的标签组"""
    contacts: list[ContactRow] = []


class GroupRow(Row):
    """A group chat (群) that the app's robot is in."""

    name: Text
    owner: UserId
    members: list[UserId] = []
    """Its other members / 其他成员"""
    sub_admins: list[UserId] = []
    open_conversation_id: Text | None = None
    chat_id: Text | None = None


class WebhookRow(Row):
    """A custom robot of one group, used through its webhook (自定义机器人)."""

    token: Text | None = None
    """By default derived from its position / 默认按位置生成"""
    secret: Text | None = None
    keywords: list[Text] = []


class StrangerRow(Row):
    """A person of another company, who may log in."""

    userid: UserId
    name: Text
    mobile: Text | None = None
    email: Text | None = None


class CompanyFile(Row):
    """A company of the DingTalk sandbox / 钉钉模拟服务器的公司文件."""

    name: Text = "沙箱公司"
    """The company's name / 公司名称"""
    departments: list[DepartmentRow] = []
    """In any order / 部门，顺序不限"""
    users: list[UserRow] = []
    """The people / 员工"""
    admins: list[AdminRow] = []
    """The administrators / 管理员"""
    role_groups: list[RoleGroupRow] = []
    """The roles, in groups / 角色组与角色"""
    forms: list[FormRow] = []
    """The approval forms / 审批模板"""
    attendance: AttendanceRow = AttendanceRow()
    """Shifts and attendance groups / 班次与考勤组"""
    customers: CustomersRow = CustomersRow()
    """External contacts and their labels / 外部联系人与标签"""
    groups: list[GroupRow] = []
    """Group chats / 群"""
    webhooks: list[WebhookRow] = []
    """Robots of groups / 群自定义机器人"""
    strangers: list[StrangerRow] = []
    """People of other companies, who may log in / 其他公司的人，可用于登录"""
    scopes: list[Text] | None = None
    """The permission scopes that the app was granted; by default all / 应用已获得的权限点，默认全部"""
    robot_url: Text | None = None
    """The URL for messages to the robot; by default Stream mode is used / 机器人消息的推送地址，默认使用 Stream 模式"""
