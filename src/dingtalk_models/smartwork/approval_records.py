"""The tasks and the history of an approval."""

from __future__ import annotations

from typing import Annotated

from dingtalk_models.core.wire import IsoTime, camel, wire
from dingtalk_models.resource.model import Record
from dingtalk_models.smartwork.form_values import AttachedFile


class OperationRecord(Record, alias_generator=camel):
    """An entry in the history of an approval."""

    userid: Annotated[str | None, wire("userId")]
    date: IsoTime | None
    type: str | None
    """`START_PROCESS_INSTANCE`, `EXECUTE_TASK_NORMAL`, `REDIRECT_TASK`, `ADD_REMARK`, ….

    Also `EXECUTE_TASK_AGENT`, `APPEND_TASK_BEFORE`, `APPEND_TASK_AFTER`, `TERMINATE_PROCESS_INSTANCE`,
    `FINISH_PROCESS_INSTANCE`, `REDIRECT_PROCESS`, `PROCESS_CC`.
    """
    result: str | None
    """`AGREE`, `REFUSE` or `NONE`."""
    remark: str | None
    show_name: str | None
    activity_id: str | None
    attachments: list[AttachedFile] = []
    images: list[str] = []
    cc_userids: Annotated[list[str], wire("ccUserIds")] = []


class ApprovalTask(Record, alias_generator=camel):
    """A task: the decision of one user."""

    task_id: int
    userid: Annotated[str | None, wire("userId")]
    status: str | None
    """`NEW`, `RUNNING`, `PAUSED`, `CANCELED`, `COMPLETED` or `TERMINATED`."""
    result: str | None
    """`AGREE`, `REFUSE` or `REDIRECTED`."""
    create_time: IsoTime | None
    finish_time: IsoTime | None
    mobile_url: str | None
    pc_url: str | None
    process_instance_id: str | None
    activity_id: str | None
    task_group_name: str | None
