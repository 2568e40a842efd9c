"""`app.smartwork`: attendance, approvals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import method, operation
from dingtalk_models.core.wire import BEIJING, BeijingTime, CommaStrs, Millis
from dingtalk_models.first_generation.formerly import formerly, formerly_too
from dingtalk_models.resource.manager import Module, managed
from dingtalk_models.resource.query import Query
from dingtalk_models.smartwork.approval_form import ApprovalFormManager
from dingtalk_models.smartwork.approval_instance import ApprovalInstance, ApprovalInstanceManager
from dingtalk_models.smartwork.attendance_group import AttendanceGroupManager
from dingtalk_models.smartwork.attendance_record import AttendanceRecord, AttendanceRecordManager
from dingtalk_models.smartwork.form_values import Form
from dingtalk_models.smartwork.leave import LeaveManager
from dingtalk_models.smartwork.schedule import ScheduleManager


def _in_beijing(value: Any) -> Any:
    return value.replace(tzinfo=BEIJING) if isinstance(value, datetime) and value.tzinfo is None else value


_InBeijing = BeforeValidator(_in_beijing)
"""Times without a time zone, which the first generation accepted, are in Beijing."""


def _attendance_record_list(
    _: Module, user_ids: str | Sequence[str], check_data_from: datetime | str, check_data_to: datetime | str
) -> None: ...
def _create_bpms_instance(  # noqa: PLR0917 - as it was
    _: Module,
    process_code: str,
    originator_user_id: str,
    dept_id: int,
    approvers: str | Sequence[str],
    form_component_values: Form,
    agent_id: int | None = None,
    cc_list: str | Sequence[str] | None = None,
    cc_position: Literal["START", "FINISH", "START_FINISH"] = "FINISH",
) -> None: ...


class Smartwork(Module):
    """The managers of attendance and approvals, bound to an app."""

    approvals = managed(ApprovalInstanceManager)
    """Approvals."""
    approval_forms = managed(ApprovalFormManager)
    """Approval forms."""
    schedules = managed(ScheduleManager)
    """Schedules."""
    attendance_groups = managed(AttendanceGroupManager)
    """Attendance groups."""
    attendance_records = managed(AttendanceRecordManager)
    """Punches."""
    leaves = managed(LeaveManager)
    """Leave."""

    # -- the first generation's names -----------------------------------------------------------------------------

    @formerly(ScheduleManager.list, work_date=lambda moment: {"work_date": _in_beijing(moment)})
    def get_schedule_list(self, work_date: date | str, offset: int = 0, size: int = 200) -> None: ...
    @formerly(AttendanceGroupManager.list)
    def get_simple_groups(self, offset: int = 0, size: int = 10) -> None: ...

    @formerly_too(_attendance_record_list, user_ids="userids")
    @operation
    def get_attendance_record_list(
        self,
        userids: CommaStrs,
        check_data_from: Annotated[BeijingTime, _InBeijing],
        check_data_to: Annotated[BeijingTime, _InBeijing],
    ) -> Query[AttendanceRecord]:
        """List all punches of users with place and method.

        Args:
            userids: any number of users.
            check_data_from: the start of the time range; without a time zone, in Beijing.
            check_data_to: the end of the time range.
        """
        return self.attendance_records.details.call(userids, check_data_from, check_data_to)

    @method("dingtalk.smartwork.bpms.processinstance.all")
    @operation
    def get_all_bpms_instance_list(
        self,
        process_code: str,
        start_time: Annotated[Millis, _InBeijing],
        end_time: Annotated[Millis | None, _InBeijing] = None,
    ) -> Query[ApprovalInstance]:
        """List all approvals of a form in a time range of any length, with one call per approval.

        Args:
            process_code: the form.
            start_time: the start of the range; without a time zone, in Beijing.
            end_time: the end of the range; by default now.
        """
        return self.approvals.all.call(process_code, start_time, end_time)

    @operation
    def get_bpms_instance_list(
        self,
        process_code: str,
        start_time: Annotated[Millis, _InBeijing],
        end_time: Annotated[Millis | None, _InBeijing] = None,
        size: Annotated[int, Field(ge=1, le=20)] = 20,
        cursor: Annotated[int, Field(ge=0)] = 0,
    ) -> Query[ApprovalInstance]:
        """List the approvals of a form like `get_all_bpms_instance_list`, or from a given page on.

        Args:
            process_code: the form.
            start_time: the start of the range; without a time zone, in Beijing.
            end_time: the end of the range; by default now.
            size: the page size, at most 20.
            cursor: the first page, for a range of at most 120 days.
        """
        if cursor:
            return self.approvals.list.call(process_code, start_time, end_time, next_token=cursor, max_results=size)
        return self.approvals.all.call(process_code, start_time, end_time, max_results=size)

    @formerly_too(_create_bpms_instance, originator_user_id="originator_userid")
    @operation
    def create_bpms_instance(  # noqa: PLR0917 - the order that it always had
        self,
        process_code: str,
        originator_userid: str,
        dept_id: int,
        approvers: CommaStrs,
        form_component_values: Form,
        agent_id: int | None = None,
        cc_list: CommaStrs | None = None,
        cc_position: Literal["START", "FINISH", "START_FINISH"] = "FINISH",
    ) -> Call[ApprovalInstance]:
        """Start an approval.

        Args:
            process_code: the form.
            originator_userid: the originator.
            dept_id: a department of the originator, -1 for the root.
            approvers: the approvers, one after another.
            form_component_values: the values of the form.
            agent_id: the agent id of the app.
            cc_list: the users who get a copy.
            cc_position: when they get the copy.
        """
        return self.approvals.create.call(
            process_code,
            originator_userid,
            form_component_values,
            dept_id=dept_id,
            approvers=approvers,
            cc_list=cc_list,
            cc_position=cc_position if cc_list else None,
            agent_id=agent_id,
        )
