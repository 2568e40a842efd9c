"""The type of `app.callback.on`: which class of event each name stands for. Written by scripts/events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar, overload

from dingtalk_models.callback.approval_events import BpmsInstanceChange, BpmsTaskChange, WorkflowFormChange
from dingtalk_models.callback.attendance_events import (
    AttendanceApproveStatusChange,
    AttendanceCheckRecord,
    AttendanceOvertimeDuration,
    AttendanceReportColumnChange,
    AttendanceScheduleChange,
    AttendBossCheckChange,
    AttendGroupChange,
    AttendShiftChange,
    AttendUserDailySummaryRefresh,
    CheckIn,
    LeaveQuotaUpdate,
    LeaveRuleChange,
)
from dingtalk_models.callback.chat_events import (
    ChatAddMember,
    ChatDisband,
    ChatQuit,
    ChatRemoveMember,
    ChatTemplateChange,
    ChatUpdateOwner,
    ChatUpdateTitle,
)
from dingtalk_models.callback.contact_events import (
    LabelConfAdd,
    LabelConfDel,
    LabelConfModify,
    LabelUserChange,
    OrgAdminAdd,
    OrgAdminRemove,
    OrgChange,
    OrgDeptCreate,
    OrgDeptModify,
    OrgDeptRemove,
    OrgRemove,
    UserActiveOrg,
    UserAddOrg,
    UserLeaveOrg,
    UserModifyOrg,
)
from dingtalk_models.callback.event import Event
from dingtalk_models.callback.events import CheckUrl

E = TypeVar("E", bound=Event)
R = TypeVar("R")


class Decorator(Protocol[E]):
    """Takes the handler of a class of event."""

    def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]: ...


class On(Protocol):
    """`@app.callback.on(UserAddOrg)`, `@app.callback.on("user_add_org")`."""

    @overload
    def __call__(self, event: Literal["attend_bossCheck_change"], /) -> Decorator[AttendBossCheckChange]: ...
    @overload
    def __call__(self, event: Literal["attend_group_change"], /) -> Decorator[AttendGroupChange]: ...
    @overload
    def __call__(self, event: Literal["attend_shift_change"], /) -> Decorator[AttendShiftChange]: ...
    @overload
    def __call__(
        self, event: Literal["attend_user_daily_summary_refresh"], /
    ) -> Decorator[AttendUserDailySummaryRefresh]: ...
    @overload
    def __call__(
        self, event: Literal["attendance_approve_status_change"], /
    ) -> Decorator[AttendanceApproveStatusChange]: ...
    @overload
    def __call__(self, event: Literal["attendance_check_record"], /) -> Decorator[AttendanceCheckRecord]: ...
    @overload
    def __call__(self, event: Literal["attendance_overtime_duration"], /) -> Decorator[AttendanceOvertimeDuration]: ...
    @overload
    def __call__(
        self, event: Literal["attendance_report_column_change"], /
    ) -> Decorator[AttendanceReportColumnChange]: ...
    @overload
    def __call__(self, event: Literal["attendance_schedule_change"], /) -> Decorator[AttendanceScheduleChange]: ...
    @overload
    def __call__(self, event: Literal["bpms_instance_change"], /) -> Decorator[BpmsInstanceChange]: ...
    @overload
    def __call__(self, event: Literal["bpms_task_change"], /) -> Decorator[BpmsTaskChange]: ...
    @overload
    def __call__(self, event: Literal["chat_add_member"], /) -> Decorator[ChatAddMember]: ...
    @overload
    def __call__(self, event: Literal["chat_disband"], /) -> Decorator[ChatDisband]: ...
    @overload
    def __call__(self, event: Literal["chat_quit"], /) -> Decorator[ChatQuit]: ...
    @overload
    def __call__(self, event: Literal["chat_remove_member"], /) -> Decorator[ChatRemoveMember]: ...
    @overload
    def __call__(self, event: Literal["chat_template_change"], /) -> Decorator[ChatTemplateChange]: ...
    @overload
    def __call__(self, event: Literal["chat_update_owner"], /) -> Decorator[ChatUpdateOwner]: ...
    @overload
    def __call__(self, event: Literal["chat_update_title"], /) -> Decorator[ChatUpdateTitle]: ...
    @overload
    def __call__(self, event: Literal["check_in"], /) -> Decorator[CheckIn]: ...
    @overload
    def __call__(self, event: Literal["check_url"], /) -> Decorator[CheckUrl]: ...
    @overload
    def __call__(self, event: Literal["label_conf_add"], /) -> Decorator[LabelConfAdd]: ...
    @overload
    def __call__(self, event: Literal["label_conf_del"], /) -> Decorator[LabelConfDel]: ...
    @overload
    def __call__(self, event: Literal["label_conf_modify"], /) -> Decorator[LabelConfModify]: ...
    @overload
    def __call__(self, event: Literal["label_user_change"], /) -> Decorator[LabelUserChange]: ...
    @overload
    def __call__(self, event: Literal["leave_quota_update"], /) -> Decorator[LeaveQuotaUpdate]: ...
    @overload
    def __call__(self, event: Literal["leave_rule_change"], /) -> Decorator[LeaveRuleChange]: ...
    @overload
    def __call__(self, event: Literal["org_admin_add"], /) -> Decorator[OrgAdminAdd]: ...
    @overload
    def __call__(self, event: Literal["org_admin_remove"], /) -> Decorator[OrgAdminRemove]: ...
    @overload
    def __call__(self, event: Literal["org_change"], /) -> Decorator[OrgChange]: ...
    @overload
    def __call__(self, event: Literal["org_dept_create"], /) -> Decorator[OrgDeptCreate]: ...
    @overload
    def __call__(self, event: Literal["org_dept_modify"], /) -> Decorator[OrgDeptModify]: ...
    @overload
    def __call__(self, event: Literal["org_dept_remove"], /) -> Decorator[OrgDeptRemove]: ...
    @overload
    def __call__(self, event: Literal["org_remove"], /) -> Decorator[OrgRemove]: ...
    @overload
    def __call__(self, event: Literal["user_active_org"], /) -> Decorator[UserActiveOrg]: ...
    @overload
    def __call__(self, event: Literal["user_add_org"], /) -> Decorator[UserAddOrg]: ...
    @overload
    def __call__(self, event: Literal["user_leave_org"], /) -> Decorator[UserLeaveOrg]: ...
    @overload
    def __call__(self, event: Literal["user_modify_org"], /) -> Decorator[UserModifyOrg]: ...
    @overload
    def __call__(self, event: Literal["workflow_form_change"], /) -> Decorator[WorkflowFormChange]: ...
    @overload
    def __call__(self, event: type[E], /) -> Decorator[E]: ...
    @overload
    def __call__(self, event: str, /) -> Decorator[Any]: ...
