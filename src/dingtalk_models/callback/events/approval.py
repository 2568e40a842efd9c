"""Events of approvals."""

from __future__ import annotations

from typing import Annotated

from dingtalk_models.callback.events.event import Event, Strs
from dingtalk_models.core.wire import Millis, wire


class _ApprovalEvent(Event):
    process_instance_id: str | None
    process_code: str | None
    business_id: str | None
    category_id: Annotated[str | None, wire("bizCategoryId")]
    subject: Annotated[str | None, wire("title")]
    staff_id: str | None
    create_time: Millis | None
    finish_time: Millis | None


class BpmsInstanceChange(_ApprovalEvent):
    """An approval was started or has ended (审批实例开始、结束、终止、删除).

    Attributes:
        change: `start`, `finish`, `terminate` or `delete`.
        result: `agree` or `refuse`, once it has finished.
        staff_id: who started it.
    """

    change: Annotated[str | None, wire("type")]
    result: str | None
    business_type: str | None
    url: str | None


class BpmsTaskChange(_ApprovalEvent):
    """An approval task was started, ended or handed over (审批任务开始，结束，转交).

    Attributes:
        change: `start`, `finish` or `cancel`.
        result: `agree`, `refuse` or `redirect`, once it has finished.
        staff_id: who.
    """

    change: Annotated[str | None, wire("type")]
    result: str | None
    task_id: int | None
    remark: str | None


class WorkflowFormChange(Event):
    """A form was changed (审批模板状态变更)."""

    change: Annotated[str | None, wire("type")]
    process_code: Annotated[str | None, wire("formCode")]
    name: str | None
    category_id: Annotated[str | None, wire("bizCategoryId")]
    resource: str | None
    app_uuid: str | None
    app_type: str | None
    app_ids: Strs = []
    creator: Annotated[str | None, wire("creatorUserId")]
    modifier: Annotated[str | None, wire("modifierUserId")]
    create_time: Millis | None
    modify_time: Millis | None
