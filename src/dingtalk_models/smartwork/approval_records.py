"""What an approval tells of itself: its tasks, and what was done."""

from __future__ import annotations

from typing import Annotated

from dingtalk_models.core.model import Record
from dingtalk_models.core.wire import IsoTime, wire
from dingtalk_models.smartwork.form_values import AttachedFile


class OperationRecord(Record):
    """Something that was done in an approval."""

    user_id: Annotated[str | None, wire("userId")] = None
    date: IsoTime | None = None
    type: str | None = None
    """`START_PROCESS_INSTANCE`, `EXECUTE_TASK_NORMAL`, `REDIRECT_TASK`, `ADD_REMARK`, ….

    Also `EXECUTE_TASK_AGENT`, `APPEND_TASK_BEFORE`, `APPEND_TASK_AFTER`, `TERMINATE_PROCESS_INSTANCE`,
    `FINISH_PROCESS_INSTANCE`, `REDIRECT_PROCESS`, `PROCESS_CC`.
    """
    result: str | None = None
    """`AGREE`, `REFUSE` or `NONE`."""
    remark: str | None = None
    show_name: Annotated[str | None, wire("showName")] = None
    activity_id: Annotated[str | None, wire("activityId")] = None
    attachments: list[AttachedFile] = []
    images: list[str] = []
    cc_user_ids: Annotated[list[str], wire("ccUserIds")] = []


class ApprovalTask(Record):
    """What one user has to decide."""

    task_id: Annotated[int, wire("taskId")]
    user_id: Annotated[str | None, wire("userId")] = None
    status: str | None = None
    """`NEW`, `RUNNING`, `PAUSED`, `CANCELED`, `COMPLETED` or `TERMINATED`."""
    result: str | None = None
    """`AGREE`, `REFUSE` or `REDIRECTED`."""
    create_time: Annotated[IsoTime | None, wire("createTime")] = None
    finish_time: Annotated[IsoTime | None, wire("finishTime")] = None
    mobile_url: Annotated[str | None, wire("mobileUrl")] = None
    pc_url: Annotated[str | None, wire("pcUrl")] = None
    process_instance_id: Annotated[str | None, wire("processInstanceId")] = None
    activity_id: Annotated[str | None, wire("activityId")] = None
    task_group_name: Annotated[str | None, wire("taskGroupName")] = None
