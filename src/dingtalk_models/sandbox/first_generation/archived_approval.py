"""`/topapi/processinstance/*`: the archived endpoints for approvals, which older clients still call."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal, Required, Unpack

from pydantic import Field
from typing_extensions import TypedDict

from dingtalk_models.sandbox.server.clock import in_beijing
from dingtalk_models.sandbox.server.endpoints import FromJson, Names, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.parameters import Parameters
from dingtalk_models.sandbox.server.replies import present, result_of
from dingtalk_models.sandbox.smartwork import approval_instance as current
from dingtalk_models.sandbox.smartwork.approvals import READ, WRITE
from dingtalk_models.sandbox.smartwork.form_values import Value
from dingtalk_models.sandbox.state.approval import Instance
from dingtalk_models.sandbox.state.company import Company

_CODES: Final[dict[int | str, int]] = {
    "formConverterError": 810003,
    "illegalComponent": 810003,
    "invalidAgentId": 40056,
    "invalidEndTime": 400002,
    "processCodeError": 830001,
    "processGetFailed": 810008,
    "processInstanceNotExist": 820004,
}
"""The older host's code for each code of the newer host; others become 820001."""


@contextmanager
def _archived_codes() -> Generator[None]:
    """Refuse with the codes of the older host."""
    try:
        yield
    except Refused as refusal:
        raise Refused(_CODES.get(refusal.code, 820001)) from None


class ArchivedApprover(Parameters):
    """A step given by the originator."""

    task_action_type: Literal["AND", "OR", "NONE"]
    user_ids: list[str]


@endpoint("POST", "/topapi/processinstance/create", scope=WRITE)
def start_instance(
    company: Company,
    *,
    process_code: str,
    originator_user_id: str,
    dept_id: int,
    values: Annotated[list[Value], FromJson, Field(alias="form_component_values", max_length=200)],
    agent_id: str | None = None,
    approvers: Annotated[Names | None, Field(max_length=20)] = None,
    approvers_v2: Annotated[list[ArchivedApprover] | None, FromJson, Field(max_length=20)] = None,
    cc_list: Annotated[Names | None, Field(max_length=20)] = None,
    cc_position: Literal["START", "FINISH", "START_FINISH"] = "START",
) -> Result:
    """发起审批实例: `approvers_v2` wins over `approvers`; without either, `cc_list` is ignored."""
    given = approvers_v2 or [ArchivedApprover(task_action_type="NONE", user_ids=[each]) for each in approvers or ()]
    steps = [
        current.Approver.model_construct(action_type=each.task_action_type, user_ids=each.user_ids) for each in given
    ]
    with _archived_codes():
        reply = current.start_instance(
            company,
            process_code=process_code,
            originator_user_id=originator_user_id,
            values=values,
            dept_id=dept_id,
            approvers=steps or None,
            cc_list=cc_list if given else None,
            cc_position=cc_position,
            agent_id=agent_id,
        )
    return {"process_instance_id": reply["instanceId"]}


def _time(at: float | None) -> str | None:
    return None if at is None else f"{in_beijing(at):%Y-%m-%d %H:%M:%S}"


def _details(instance: Instance, today: dict[str, Any]) -> dict[str, object]:
    """Convert an approval from the newer form (`today`) to the older one."""
    pages = {str(task["taskId"]): task for task in today["tasks"]}
    return {
        "title": today["title"],
        "create_time": _time(instance.created),
        "finish_time": _time(instance.finished),
        "originator_userid": instance.originator,
        "originator_dept_id": str(instance.dept_id),
        "originator_dept_name": today["originatorDeptName"],
        "status": instance.status,
        "result": instance.result,
        "business_id": today["businessId"],
        "biz_action": today["bizAction"],
        "approver_userids": today["approverUserIds"],
        "cc_userids": instance.cc,
        "attached_process_instance_ids": today["attachedProcessInstanceIds"],
        "form_component_values": [
            {"id": each["id"], "name": each["name"], "value": each["value"], "component_type": each["componentType"]}
            for each in today["formComponentValues"]
        ],
        "operation_records": [
            present(
                {
                    "userid": each.userid,
                    "date": _time(each.at),
                    "operation_type": each.type,
                    "operation_result": each.result,
                    "remark": each.remark,
                }
            )
            for each in instance.operations
        ],
        "tasks": [
            present(
                {
                    "taskid": str(each.task_id),
                    "userid": each.userid,
                    "task_status": each.status,
                    "task_result": each.result,
                    "create_time": _time(each.created),
                    "finish_time": _time(each.finished),
                    "url": pages[str(each.task_id)]["mobileUrl"],
                    "activity_id": pages[str(each.task_id)]["activityId"],
                }
            )
            for each in instance.tasks
        ],
    }


@endpoint("POST", "/topapi/processinstance/get", scope=READ)
def get_instance(company: Company, *, instance_id: Annotated[str, Field(alias="process_instance_id")]) -> Result:
    """获取单个审批实例详情: times have seconds."""
    with _archived_codes():
        today = result_of(current.get_instance(company, instance_id=instance_id))
    return {"process_instance": present(_details(company.workflow.instances[instance_id], today))}


class ArchivedSearch(TypedDict, total=False):
    """The approvals to list."""

    process_code: Required[str]
    start_time: Required[int]
    end_time: int
    userids: Annotated[Names, Field(alias="userid_list", max_length=10)]


@endpoint("POST", "/topapi/processinstance/listids", scope=READ)
def list_instance_ids(
    company: Company,
    *,
    size: Annotated[int, Field(ge=1, le=20)] = 10,
    cursor: Annotated[int, Field(ge=0)] = 0,
    **search: Unpack[ArchivedSearch],
) -> Result:
    """获取审批实例ID列表: by the time of creation."""
    with _archived_codes():
        page = result_of(current.list_instance_ids(company, next_token=cursor, max_results=size, **search))
    more = {"next_cursor": int(page["nextToken"])} if "nextToken" in page else {}
    return {"result": {"list": page["list"], **more}}
