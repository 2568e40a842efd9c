"""Events of approvals."""

from __future__ import annotations

from typing import Annotated, ClassVar

from dingtalk_models.callback.event import Event, Strs
from dingtalk_models.core.wire import Millis, wire


class _ApprovalEvent(Event):
    process_instance_id: Annotated[str | None, wire("processInstanceId")] = None
    process_code: Annotated[str | None, wire("processCode")] = None
    business_id: Annotated[str | None, wire("businessId")] = None
    category_id: Annotated[str | None, wire("bizCategoryId")] = None
    subject: Annotated[str | None, wire("title")] = None
    staff_id: Annotated[str | None, wire("staffId")] = None
    create_time: Annotated[Millis | None, wire("createTime")] = None
    finish_time: Annotated[Millis | None, wire("finishTime")] = None


class BpmsInstanceChange(_ApprovalEvent):
    """An approval was started or has ended (审批实例开始、结束、终止、删除).

    Attributes:
        change: `start`, `finish`, `terminate` or `delete`.
        result: `agree` or `refuse`, once it has finished.
        staff_id: who started it.
    """

    TYPE: ClassVar = "bpms_instance_change"

    change: Annotated[str | None, wire("type")] = None
    result: str | None = None
    business_type: Annotated[str | None, wire("businessType")] = None
    url: str | None = None


class BpmsTaskChange(_ApprovalEvent):
    """An approval task was started, ended or handed over (审批任务开始，结束，转交).

    Attributes:
        change: `start`, `finish` or `cancel`.
        result: `agree`, `refuse` or `redirect`, once it has finished.
        staff_id: who.
    """

    TYPE: ClassVar = "bpms_task_change"

    change: Annotated[str | None, wire("type")] = None
    result: str | None = None
    task_id: Annotated[int | None, wire("taskId")] = None
    remark: str | None = None


class WorkflowFormChange(Event):
    """A form was changed (审批模板状态变更)."""

    TYPE: ClassVar = "workflow_form_change"

    change: Annotated[str | None, wire("type")] = None
    process_code: Annotated[str | None, wire("formCode")] = None
    name: str | None = None
    category_id: Annotated[str | None, wire("bizCategoryId")] = None
    resource: str | None = None
    app_uuid: Annotated[str | None, wire("appUuid")] = None
    app_type: Annotated[str | None, wire("appType")] = None
    app_ids: Annotated[Strs, wire("appIds")] = []
    creator: Annotated[str | None, wire("creatorUserId")] = None
    modifier: Annotated[str | None, wire("modifierUserId")] = None
    create_time: Annotated[Millis | None, wire("createTime")] = None
    modify_time: Annotated[Millis | None, wire("modifyTime")] = None
