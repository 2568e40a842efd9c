"""`app.smartwork`: attendance, approvals."""

from __future__ import annotations

from functools import cached_property

from dingtalk_models.core.model import Module
from dingtalk_models.smartwork.approval_form import ApprovalFormManager
from dingtalk_models.smartwork.approval_instance import ApprovalInstanceManager
from dingtalk_models.smartwork.attendance_group import AttendanceGroupManager
from dingtalk_models.smartwork.attendance_record import AttendanceRecordManager
from dingtalk_models.smartwork.leave import LeaveManager
from dingtalk_models.smartwork.schedule import ScheduleManager


class Smartwork(Module):
    """The managers of attendance, approvals, bound to an app."""

    @cached_property
    def approvals(self) -> ApprovalInstanceManager:
        """Approvals."""
        return ApprovalInstanceManager(self.app)

    @cached_property
    def approval_forms(self) -> ApprovalFormManager:
        """Approval forms."""
        return ApprovalFormManager(self.app)

    @cached_property
    def schedules(self) -> ScheduleManager:
        """Schedules."""
        return ScheduleManager(self.app)

    @cached_property
    def attendance_groups(self) -> AttendanceGroupManager:
        """Attendance groups."""
        return AttendanceGroupManager(self.app)

    @cached_property
    def attendance_records(self) -> AttendanceRecordManager:
        """Punches."""
        return AttendanceRecordManager(self.app)

    @cached_property
    def leaves(self) -> LeaveManager:
        """Leave."""
        return LeaveManager(self.app)
