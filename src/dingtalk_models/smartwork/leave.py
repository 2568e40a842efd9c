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
        """How much working time a leave would take, by the user's schedules (计算请假时长).

        Args:
            userid: the user.
            start: when the leave begins, to the second.
            end: when it ends.

        Returns:
            Minutes.

        Raises:
            InvalidArgument: it ends before it begins; nothing was sent.
            NotFound: there is no such user.

        Source: calculate-leave-duration
        """
        if end < start:
            raise Refusal("end", "is before start / 早于 start")
        return Call(int, "result.duration_in_minutes")


class Leave:
    """What the platform computes about leave."""

    objects: ClassVar[LeaveManager] = LeaveManager()
    approve_duration = objects.approve_duration
