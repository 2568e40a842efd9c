"""`/v1.0/workflow/processInstances/*`, `/v1.0/workflow/tasks/*`, …: approvals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.smartwork.approvals import (
    READ,
    WRITE,
    CamelCase,
    InstanceId,
    ProcessCode,
    UserId,
    activity_id,
    check_users,
    form_of,
    instance_of,
    minute_text,
    now_of,
    people_of,
)
from dingtalk_models.sandbox.smartwork.form_values import Values, texts_of
from dingtalk_models.sandbox.state.approval import (
    ROOT_DEPARTMENT,
    ApprovalForm,
    ApprovalStep,
    ApprovalTask,
    Component,
    Instance,
    OperationRecord,
)
from dingtalk_models.sandbox.state.company import Company

DAY: Final = 24 * 3600 * 1000
GRACE: Final = 15
"""The seconds after its start in which an approval cannot be withdrawn."""

Remark = Annotated[str, Field(max_length=1024)]


class Approver(CamelCase):
    """A step given by the originator."""

    action_type: Literal["AND", "OR", "NONE"]
    user_ids: list[str]


class Target(CamelCase):
    """The approvers chosen by the originator for a step."""

    actioner_key: str
    actioner_user_ids: Annotated[list[str], Field(min_length=1)]


class Attachment(CamelCase):
    """A file."""

    file_id: Annotated[str, Field(max_length=256)]
    file_name: Annotated[str | None, Field(max_length=256)] = None
    file_size: str | None = None
    file_type: str | None = None
    space_id: str | None = None


class Attached(CamelCase):
    """The photos and files of a decision or a comment."""

    photos: list[str] = []
    attachments: list[Attachment] = []


# start


def _steps(company: Company, form: ApprovalForm, originator: str, targets: Iterable[Target]) -> list[ApprovalStep]:
    """Return the form's steps for an originator."""
    chosen = {target.actioner_key: target.actioner_user_ids for target in targets}
    steps: list[ApprovalStep] = []
    for step in form.steps:
        if step.key is None:
            steps.append(ApprovalStep(people_of(company, step, originator), step.action))
            continue
        users = chosen.pop(step.key, None)
        if users is None:
            raise Refused("targetSelectApproverMissing")
        if not {*users} <= {*(step.users or company.users)}:
            raise Refused("targetSelectApproverScopeError")
        steps.append(ApprovalStep(users, "AND" if len(users) > 1 else "NONE", step.key))
    if chosen:
        raise Refused("targetSelectApproverScopeError")
    return steps


def _given_steps(company: Company, approvers: list[Approver]) -> list[ApprovalStep]:
    """Return the steps that the originator gives instead of the form's."""
    for approver in approvers:
        if (approver.action_type == "NONE") != (len(approver.user_ids) == 1):
            raise Refused("processInstanceInvalidParameter")
        check_users(company, approver.user_ids, "processInstanceInvalidParameter")
    return [ApprovalStep(approver.user_ids, approver.action_type) for approver in approvers]


@endpoint("POST", "/v1.0/workflow/processInstances", scope=WRITE, invalid="invalidParameter")
def start_instance(
    company: Company,
    *,
    process_code: ProcessCode,
    originator_user_id: str,
    values: Values,
    dept_id: int | None = None,
    approvers: Annotated[list[Approver] | None, Field(max_length=20)] = None,
    targets: Annotated[list[Target] | None, Field(alias="targetSelectActioners", max_length=20)] = None,
    cc_list: Annotated[list[str] | None, Field(max_length=50)] = None,
    cc_position: Literal["START", "FINISH", "START_FINISH"] = "START",
    agent_id: Annotated[str | None, Field(alias="microappAgentId")] = None,
    detail_page: Annotated[str | None, Field(alias="bizDetailPageUrl")] = None,
) -> Result:
    """发起审批实例."""
    if detail_page is not None:
        raise Refused("benefitStatusInvalid")
    if agent_id not in (None, company.credentials.agent_id):
        raise Refused("invalidAgentId")
    form = form_of(company, process_code, "processCodeError")
    if not form.enabled:
        raise Refused("processGetFailed")
    if originator_user_id not in company.users:
        raise Refused("invalidParameter")
    departments = company.users[originator_user_id].departments
    here = ROOT_DEPARTMENT if dept_id is None else dept_id
    if not (dept_id is None and approvers) and (1 if here == ROOT_DEPARTMENT else here) not in departments:
        raise Refused("processInstanceInvalidParameter")
    copies = cc_list or []
    check_users(company, copies, "processInstanceInvalidParameter")
    given = _given_steps(company, approvers) if approvers else None
    steps = given or _steps(company, form, originator_user_id, targets or [])
    instance = company.workflow.start(
        form,
        originator_user_id,
        texts_of(company, form.components, values),
        at=now_of(company),
        steps=steps,
        dept_id=here,
        cc=copies or ([] if approvers else form.cc),
        cc_position=cc_position,
    )
    return {"instanceId": instance.instance_id}


# read


def _shown_task(instance: Instance, task: ApprovalTask) -> dict[str, object]:
    page = f"https://aflow.dingtalk.com/dingtalk/{{}}/query/pchomepage.htm?procInstId={instance.instance_id}"
    return present(
        {
            "taskId": task.task_id,
            "userId": task.userid,
            "status": task.status,
            "result": task.result,
            "createTime": minute_text(task.created),
            "finishTime": None if task.finished is None else minute_text(task.finished),
            "mobileUrl": page.format("mobile"),
            "pcUrl": page.format("pc"),
            "processInstanceId": instance.instance_id,
            "activityId": activity_id(instance.form, task.step + 1),
            "taskGroupName": instance.steps[task.step].name,
        }
    )


_SHOWN_NAMES: Final = {"PROCESS_CC": "抄送人", "ADD_REMARK": "评论人"}
"""The name shown for people who acted outside of a step, by the type of action; others are originators."""


def _shown_operation(instance: Instance, operation: OperationRecord) -> dict[str, object]:
    step = operation.step
    return present(
        {
            "userId": operation.userid,
            "showName": _SHOWN_NAMES.get(operation.type, "发起人") if step is None else instance.steps[step].name,
            "activityId": None if step is None else activity_id(instance.form, step + 1),
            "date": minute_text(operation.at),
            "type": operation.type,
            "result": operation.result,
            "remark": operation.remark,
            "ccUserIds": operation.cc or None,
            "images": operation.photos or None,
            "attachments": operation.attachments or None,
        }
    )


def _shown_value(component: Component, text: str | None) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": component.id,
        "name": component.label,
        "value": text,
        "componentType": component.type,
    }
    return shown | present({"bizAlias": component.props.get("bizAlias")})


@endpoint("GET", "/v1.0/workflow/processInstances", scope=READ, invalid="processInstanceIdError")
def get_instance(company: Company, *, instance_id: InstanceId) -> Result:
    """获取单个审批实例详情: times have no seconds, and `success` is a string."""
    instance = instance_of(company, instance_id, "processInstanceNotExist")
    dept_id = 1 if instance.dept_id == ROOT_DEPARTMENT else instance.dept_id
    department = company.departments.get(dept_id)
    result = present(
        {
            "title": company.title_of(instance),
            "createTime": minute_text(instance.created),
            "finishTime": None if instance.finished is None else minute_text(instance.finished),
            "originatorUserId": instance.originator,
            "originatorDeptId": str(instance.dept_id),
            "originatorDeptName": department.name if department else "",
            "status": instance.status,
            "result": instance.result,
            "approverUserIds": [userid for step in instance.steps for userid in step.users],
            "ccUserIds": instance.cc,
            "businessId": instance.business_id,
            "operationRecords": [_shown_operation(instance, each) for each in instance.operations],
            "tasks": [_shown_task(instance, each) for each in instance.tasks],
            "bizAction": "NONE",
            "bizData": "{}",
            "attachedProcessInstanceIds": [],
            "formComponentValues": [
                _shown_value(each, instance.values.get(each.id))
                for each in instance.form.components
                if each.type != "TextNote"
            ],
        }
    )
    return {"result": result, "success": "true"}


@endpoint("POST", "/v1.0/workflow/processes/instanceIds/query", scope=READ)
def list_instance_ids(
    company: Company,
    *,
    process_code: Annotated[ProcessCode, Code("invalidProcessCode")],
    start_time: Annotated[int, Code("invalidInstanceListIdsStartTime")],
    next_token: Annotated[int, Field(ge=0), Code("invalidNextToken")],
    max_results: Annotated[int, Field(ge=1, le=20), Code("invalidMaxResults")],
    end_time: Annotated[int | None, Code("invalidEndTime")] = None,
    userids: Annotated[list[str] | None, Field(alias="userIds", max_length=10), Code("invalidUserIds")] = None,
    statuses: list[str] | None = None,
) -> Result:
    """获取审批实例ID列表: by creation time; `nextToken` in the reply is a string."""
    now = round(now_of(company) * 1000)
    last = now if end_time is None else end_time
    if not 0 <= last - start_time <= 120 * DAY or now - start_time > 365 * DAY:
        raise Refused("invalidEndTime")
    found = [
        each.instance_id
        for each in sorted(company.workflow.instances.values(), key=lambda each: each.created)
        if each.form.process_code == process_code
        and start_time <= int(each.created * 1000) <= last
        and (not userids or each.originator in userids)
        and (not statuses or each.status in statuses)
    ][: company.workflow.most_ids]
    page, following = page_of(found, next_token, max_results)
    more = {} if following is None else {"nextToken": str(following)}
    return {"result": {"list": page, **more}, "success": True}


@endpoint("GET", "/v1.0/workflow/processes/todoTasks/numbers", scope=READ, invalid="invalidGetTodoTaskSumUserId")
def count_todo(company: Company, *, userid: UserId) -> Result:
    """获取用户待审批数量."""
    check_users(company, [userid])
    waiting = (task for instance in company.workflow.instances.values() for task in instance.running())
    return {"result": sum(task.userid == userid for task in waiting)}


# decide


def _done(
    company: Company, userid: str, type: str, remark: str | None, file: Attached | None = None, *, result: str = "NONE"
) -> OperationRecord:
    attached = file or Attached()
    files = [each.model_dump(by_alias=True, exclude_none=True) for each in attached.attachments]
    return OperationRecord(userid, now_of(company), type, result, remark, photos=attached.photos, attachments=files)


@endpoint("POST", "/v1.0/workflow/processInstances/execute", scope=WRITE, invalid="invalidParameter")
def execute(
    company: Company,
    *,
    instance_id: Annotated[InstanceId, Code("invalidInstanceId")],
    task_id: Annotated[int, Code("invalidInstanceExecuteTaskId")],
    userid: Annotated[str, Field(alias="actionerUserId", min_length=1), Code("invalidInstanceExecuteActionerUserId")],
    result: Annotated[Literal["agree", "refuse"], Code("invalidInstanceExecuteResult")],
    remark: Remark | None = None,
    file: Attached | None = None,
) -> Result:
    """同意或拒绝审批任务."""
    check_users(company, [userid])
    instance = instance_of(company, instance_id, "aflowProcessNotExist")
    if instance.status != "RUNNING":
        raise Refused("aflowProcessInstStatusException", "审批单状态异常")
    task = next((each for each in instance.running(task_id) if each.userid == userid), None)
    if task is None:
        raise Refused("aflowProcessInstCanNotBeExecuted")
    done = _done(company, userid, "EXECUTE_TASK_NORMAL", remark, file, result=result.upper())
    company.workflow.decide(instance, task, result, done)
    return {"result": True, "success": True}


@endpoint("POST", "/v1.0/workflow/tasks/redirect", scope=WRITE, invalid="param.illegal")
def redirect(
    company: Company,
    *,
    task_id: int,
    to: Annotated[str, Field(alias="toUserId")],
    operator: Annotated[str, Field(alias="operateUserId"), Code("param.illegal.operator")],
    remark: Annotated[str | None, Field(max_length=256)] = None,
    action_name: Annotated[str | None, Field(max_length=128)] = None,
    file: Attached | None = None,
) -> Result:
    """转交OA审批任务."""
    del action_name
    instances = company.workflow.instances.values()
    found = ((each, task) for each in instances for task in each.tasks if task.task_id == task_id)
    instance, task = next(found, (None, None))
    if instance is None or task is None:
        raise Refused("param.illegal", "不合法的参数taskId")
    if to not in company.users:
        raise Refused("param.illegal", "不合法的参数toUserId")
    if operator != task.userid:
        raise Refused("param.illegal.operator")
    if instance.status != "RUNNING":
        raise Refused("instance.status.error")
    if task.status != "RUNNING":
        raise Refused("task.status.error")
    company.workflow.redirect(instance, task, to, _done(company, operator, "REDIRECT_TASK", remark, file))
    return {"result": True}


@endpoint("POST", "/v1.0/workflow/processInstances/comments", scope=WRITE, invalid="invalidParameter")
def comment(
    company: Company,
    *,
    instance_id: Annotated[InstanceId, Code("invalidInstanceId")],
    text: Annotated[str, Field(min_length=1, max_length=1024), Code("invalidInstanceCommentText")],
    userid: Annotated[str, Field(alias="commentUserId", min_length=1), Code("invalidInstanceCommentUserId")],
    file: Attached | None = None,
) -> Result:
    """添加审批评论."""
    check_users(company, [userid])
    instance = instance_of(company, instance_id, "aflowProcessInstNotExist")
    instance.operations.append(_done(company, userid, "ADD_REMARK", text, file))
    return {"result": True, "success": True}


@endpoint("POST", "/v1.0/workflow/processInstances/terminate", scope=WRITE, invalid="invalidParameter")
def terminate(
    company: Company,
    *,
    instance_id: Annotated[InstanceId, Code("invalidInstanceId")],
    is_system: Annotated[bool, Code("invalidInstanceTerminateIsSystem")],
    operator: Annotated[str | None, Field(alias="operatingUserId")] = None,
    remark: Remark | None = None,
) -> Result:
    """撤销审批实例: not possible in its first seconds."""
    if not is_system and not operator:
        raise Refused("invalidInstanceTerminateOperatingUserId")
    instance = instance_of(company, instance_id, "aflowProcessInstNotExist")
    check_users(company, [operator] if operator else [])
    if instance.status != "RUNNING" or now_of(company) - instance.created < GRACE:
        raise Refused("aflowProcessInstStatusException", "审批单状态异常")
    done = _done(company, operator or instance.originator, "TERMINATE_PROCESS_INSTANCE", remark)
    company.workflow.terminate(instance, done)
    return {"result": True, "success": True}
