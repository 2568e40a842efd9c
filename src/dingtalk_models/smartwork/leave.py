"""Leave (请假)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api
from dingtalk_models.core.wire import BeijingTime, wire
from dingtalk_models.resource.manager import Manager


class LeaveManager(Manager):
    """Leave (请假)."""

    @api(
        "dingtalk.oapi.attendance.getleaveapproveduration",
        "POST /topapi/attendance/getleaveapproveduration",
        "dingtalk.smartwork.attends.getleaveapproveduration",
        idempotent=True,
    )
    def approve_duration(
        self,
        userid: str,
        start: Annotated[BeijingTime, wire("from_date")],
        end: Annotated[BeijingTime, wire("to_date")],
    ) -> Call[int]:
        """Compute the working time of a leave by the user's schedules (计算请假时长).

        Args:
            userid: the user.
            start: the start of the leave, to the second.
            end: the end of the leave.

        Returns:
            The number of minutes.

        Raises:
            InvalidArgument: it ends before it begins; nothing was sent.
            NotFound: there is no such user.

        Source: calculate-leave-duration
        """
        if end < start:
            raise Refusal("end", "is before start / 早于 start")
        return Call(int, "result.duration_in_minutes")


class Leave:
    """Calculations about leave."""

    objects: ClassVar[LeaveManager] = LeaveManager()
    approve_duration = objects.approve_duration
