"""`/v1.0/workflow/*`: approval forms and approvals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from .company import Company
from .credentials import opaque
from .endpoints import Code, Result, endpoint
from .errors import Refused
from .workflow import MANAGER, ROOT_DEPARTMENT, ApprovalForm, Component, Instance, Operation, Step, Task

WRITE: Final = "Workflow.Instance.Write"
READ: Final = "Workflow.Instance.Read"
WRITE_FORM: Final = "Workflow.Form.Write"
READ_FORM: Final = "Workflow.Form.Read"

DAY: Final = 24 * 3600 * 1000
LONGEST: Final = 65_535
GRACE: Final = 15
"""Seconds in which an approval can't be withdrawn."""

InstanceId = Annotated[str, Field(alias="processInstanceId", min_length=1)]
ProcessCode = Annotated[str, Field(alias="processCode", min_length=1)]
UserId = Annotated[str, Field(alias="userId", min_length=1)]
Remark = Annotated[str, Field(max_length=1024)]


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True)


class Value(_Part):
    """A component as it is filled in."""

    name: str = ""
    value: str | list[Any] | None = None
    id: str | None = None
    biz_alias: str | None = None


class Approver(_Part):
    """A step, given by whoever starts the approval."""

    action_type: Literal["AND", "OR", "NONE"]
    user_ids: list[str]


class Target(_Part):
    """The users chosen for a step that the form leaves open."""

    actioner_key: str
    actioner_user_ids: Annotated[list[str], Field(min_length=1)]


class Attachment(_Part):
    """A file."""

    file_id: Annotated[str, Field(max_length=256)]
    file_name: Annotated[str | None, Field(max_length=256)] = None
    file_size: str | None = None
    file_type: str | None = None
    space_id: str | None = None


class Attached(_Part):
    """What goes along with a decision or a comment."""

    photos: list[str] = []
    attachments: list[Attachment] = []


class Part(_Part):
    """A component of a form."""

    component_type: str
    props: dict[str, Any]
    children: list[Part] = []


Values = Annotated[list[Value], Field(alias="formComponentValues", max_length=150)]


def _now(company: Company) -> float:
    return company.credentials.clock.now()


def _minute(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"


def _form(company: Company, process_code: str, code: str) -> ApprovalForm:
    if process_code not in company.workflow.forms:
        raise Refused(code)
    return company.workflow.forms[process_code]


def _instance(company: Company, instance_id: str, code: str) -> Instance:
    if instance_id not in company.workflow.instances:
        raise Refused(code)
    return company.workflow.instances[instance_id]


def _check_users(company: Company, userids: Iterable[str], code: str = "userNotExist") -> None:
    if not company.users.keys() >= set(userids):
        raise Refused(code)


# what a form is filled in with


_ARRAY: Final = TypeAdapter(list[Any])


def _array(text: str) -> list[Any]:
    return _ARRAY.validate_json(text)


def _is_date(text: str, component: Component) -> bool:
    wanted = component.props.get("format")
    shapes = {"yyyy-MM-dd": r"\d{4}-\d\d-\d\d", "yyyy-MM-dd HH:mm": r"\d{4}-\d\d-\d\d \d\d:\d\d"}
    allowed = [shapes[wanted]] if wanted in shapes else shapes.values()
    datetime.fromisoformat(text)
    return any(re.fullmatch(shape, text) for shape in allowed)


def _are_dates(text: str, component: Component) -> bool:
    days = _array(text)
    return len(days) == 2 and all(_is_date(day, component) for day in days)


def _are_files(text: str) -> bool:
    return all(isinstance(file, dict) and "fileId" in file for file in _array(text))


def _is_text(company: Company, component: Component, text: str) -> bool:
    del company, component, text
    return True


_FITS: Final[dict[str, Callable[[Company, Component, str], bool]]] = {
    "TextField": _is_text,
    "TextareaField": _is_text,
    "PhoneField": _is_text,
    "NumberField": lambda _company, _component, text: bool(re.fullmatch(r"-?\d+(\.\d+)?", text)),
    "MoneyField": lambda _company, _component, text: bool(re.fullmatch(r"-?\d+(\.\d+)?", text)),
    "DDSelectField": lambda _company, component, text: text in component.options,
    "DDMultiSelectField": lambda _company, component, text: {*_array(text)} <= {*component.options},
    "DDDateField": lambda _company, component, text: _is_date(text, component),
    "DDDateRangeField": lambda _company, component, text: _are_dates(text, component),
    "DDPhotoField": lambda _company, _component, text: len(_array(text)) <= 9,
    "DDAttachment": lambda _company, _component, text: _are_files(text),
    "InnerContactField": lambda company, _component, text: {*_array(text)} <= company.users.keys(),
    "DepartmentField": lambda company, _component, text: {*map(int, text.split(","))} <= company.departments.keys(),
    "RelateField": lambda company, _component, text: (
        len(_array(text)) <= 9 and {*_array(text)} <= company.workflow.instances.keys()
    ),
    "AddressField": lambda _company, _component, text: all(text.split(",")),
    "StarRatingField": lambda _company, component, text: int(text) <= int(component.props.get("limit", 5)),
}


def _text_of(company: Company, component: Component, given: Value) -> str:
    """The text to keep for what a component is filled in with."""
    text = given.value if isinstance(given.value, str) else json.dumps(given.value, ensure_ascii=False)
    if given.value is None or len(text) > LONGEST or component.type == "TextNote":
        raise Refused("illegalComponent")
    try:
        if component.type == "TableField":
            return _rows_of(company, component, _array(text))
        fits = _FITS[component.type](company, component, text)
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise Refused("formConverterError", f"表单数据校验失败，失败控件：{component.label}")
    return text


def _rows_of(company: Company, table: Component, rows: list[Any]) -> str:
    """A table in the form that it is read back in."""
    contacts = {column.label for column in table.children if column.type == "InnerContactField"}
    if sum(cell.get("name") in contacts for row in rows for cell in row) > 50:
        raise ValueError("too many contacts")
    kept: list[dict[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        cells = [Value.model_validate(cell) for cell in row]
        texts = _texts_of(company, table.children, cells)
        columns = [column for column in table.children if column.id in texts]
        values = [
            {"componentType": column.type, "label": column.label, "value": texts[column.id], "key": column.id}
            for column in columns
        ]
        kept.append({"rowValue": values, "rowNumber": f"{table.id}_{number}"})
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _texts_of(company: Company, components: list[Component], values: Iterable[Value]) -> dict[str, str]:
    """What each component is filled in with; a value finds its component by id, alias or label."""
    texts: dict[str, str] = {}
    for value in values:
        component = next((each for each in components if _is_meant(each, value)), None)
        if component is None:
            raise Refused("illegalComponent")
        texts[component.id] = _text_of(company, component, value)
    for component in components:
        if component.required and not texts.get(component.id):
            raise Refused("formConverterError", f"表单数据校验失败，失败控件：{component.label}")
    return texts


def _is_meant(component: Component, value: Value) -> bool:
    if value.id is not None:
        return component.id == value.id
    if value.name:
        return component.label == value.name
    return value.biz_alias is not None and component.props.get("bizAlias") == value.biz_alias


# starting one


def _steps(company: Company, form: ApprovalForm, originator: str, targets: Iterable[Target]) -> list[Step]:
    """The form's own steps, for whoever starts the approval."""
    chosen = {target.actioner_key: target.actioner_user_ids for target in targets}
    steps: list[Step] = []
    for step in form.steps:
        if step.key is None:
            manager = company.users[originator].manager_userid or originator
            steps.append(Step([manager if each == MANAGER else each for each in step.users], step.action))
            continue
        users = chosen.pop(step.key, None)
        if users is None:
            raise Refused("targetSelectApproverMissing")
        if not {*users} <= {*(step.users or company.users)}:
            raise Refused("targetSelectApproverScopeError")
        steps.append(Step(users, "AND" if len(users) > 1 else "NONE", step.key))
    if chosen:
        raise Refused("targetSelectApproverScopeError")
    return steps


def _given_steps(company: Company, approvers: list[Approver]) -> list[Step]:
    for approver in approvers:
        if (approver.action_type == "NONE") != (len(approver.user_ids) == 1):
            raise Refused("processInstanceInvalidParameter")
        _check_users(company, approver.user_ids, "processInstanceInvalidParameter")
    return [Step(approver.user_ids, approver.action_type) for approver in approvers]


@endpoint("POST", "/v1.0/workflow/processInstances", scope=WRITE, invalid="invalidParameter")
def start_instance(
    company: Company,
    *,
    process_code: ProcessCode,
    originator_user_id: Annotated[str, Field(alias="originatorUserId")],
    values: Values,
    dept_id: Annotated[int | None, Field(alias="deptId")] = None,
    approvers: Annotated[list[Approver] | None, Field(max_length=20)] = None,
    targets: Annotated[list[Target] | None, Field(alias="targetSelectActioners", max_length=20)] = None,
    cc_list: Annotated[list[str] | None, Field(alias="ccList", max_length=50)] = None,
    cc_position: Annotated[Literal["START", "FINISH", "START_FINISH"], Field(alias="ccPosition")] = "START",
    agent_id: Annotated[str | None, Field(alias="microappAgentId")] = None,
    detail_page: Annotated[str | None, Field(alias="bizDetailPageUrl")] = None,
) -> Result:
    """发起审批实例."""
    if detail_page is not None:
        raise Refused("benefitStatusInvalid")
    if agent_id not in (None, company.credentials.agent_id):
        raise Refused("invalidAgentId")
    form = _form(company, process_code, "processCodeError")
    if not form.enabled:
        raise Refused("processGetFailed")
    if originator_user_id not in company.users:
        raise Refused("invalidParameter")
    departments = company.users[originator_user_id].departments
    here = ROOT_DEPARTMENT if dept_id is None else dept_id
    if not (dept_id is None and approvers) and (1 if here == ROOT_DEPARTMENT else here) not in departments:
        raise Refused("processInstanceInvalidParameter")
    copies = cc_list or []
    _check_users(company, copies, "processInstanceInvalidParameter")
    given = _given_steps(company, approvers) if approvers else None
    steps = given or _steps(company, form, originator_user_id, targets or [])
    instance = company.workflow.start(
        form,
        originator_user_id,
        _texts_of(company, form.components, values),
        at=_now(company),
        steps=steps,
        dept_id=here,
        cc=copies or ([] if approvers else form.cc),
        cc_position=cc_position,
    )
    return {"instanceId": instance.instance_id}


@endpoint("POST", "/v1.0/workflow/processes/forecast", scope=WRITE, invalid="invalidParameter")
def forecast(
    company: Company,
    *,
    process_code: ProcessCode,
    dept_id: Annotated[int, Field(alias="deptId")],
    userid: Annotated[UserId, Code("invalidUserId")],
    values: Annotated[Values, Code("componentIsNull")],
) -> Result:
    """获取审批单流程中的节点信息."""
    del dept_id
    form = _form(company, process_code, "processCodeError")
    _check_users(company, [userid])
    _texts_of(company, form.components, values)
    manager = company.users[userid].manager_userid or userid
    rules: list[dict[str, object]] = []
    for number, step in enumerate(form.steps, start=1):
        people = [manager if each == MANAGER else each for each in step.users]
        rule: dict[str, object] = {
            "activityId": _activity(form, number),
            "prevActivityId": _activity(form, number - 1),
            "activityName": step.name,
            "activityType": "target_select" if step.key else "target_approval",
            "isTargetSelect": step.key is not None,
            "activityActioners": [] if step.key else [_actioner(company, each) for each in people],
        }
        if step.key:
            rule["workflowActor"] = {
                "actorKey": step.key,
                "actorType": "approver",
                "actorSelectionType": "approvals" if people else "allStaff",
                "actorSelectionRange": {
                    "approvals": [{"workNo": each, "userName": company.users[each].name} for each in people]
                },
                "allowedMulti": True,
                "approvalType": "MANUAL",
                "approvalMethod": "AND",
                "required": True,
            }
        rules.append(rule)
    return {
        "result": {
            "isForecastSuccess": True,
            "processCode": form.process_code,
            "userId": userid,
            "isStaticWorkflow": True,
            "workflowActivityRules": rules,
            "workflowForecastNodes": [],
        }
    }


def _activity(form: ApprovalForm, number: int) -> str:
    return opaque(form.process_code, str(number))[:9]


def _actioner(company: Company, userid: str) -> dict[str, object]:
    return {"userId": userid, "name": company.users[userid].name, "avatar": company.users[userid].avatar or ""}


# reading them


def _present(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _shown_task(instance: Instance, task: Task) -> dict[str, object]:
    page = f"https://aflow.dingtalk.com/dingtalk/{{}}/query/pchomepage.htm?procInstId={instance.instance_id}"
    return _present(
        {
            "taskId": task.task_id,
            "userId": task.userid,
            "status": task.status,
            "result": task.result,
            "createTime": _minute(task.created),
            "finishTime": None if task.finished is None else _minute(task.finished),
            "mobileUrl": page.format("mobile"),
            "pcUrl": page.format("pc"),
            "processInstanceId": instance.instance_id,
            "activityId": _activity(instance.form, task.step + 1),
            "taskGroupName": instance.steps[task.step].name,
        }
    )


def _shown_operation(operation: Operation) -> dict[str, object]:
    return _present(
        {
            "userId": operation.userid,
            "date": _minute(operation.at),
            "type": operation.type,
            "result": operation.result,
            "remark": operation.remark,
            "ccUserIds": operation.cc or None,
            "images": operation.photos or None,
            "attachments": operation.attachments or None,
        }
    )


def _shown_value(component: Component, text: str | None) -> dict[str, object]:
    shown = {"id": component.id, "name": component.label, "value": text, "componentType": component.type}
    return shown | _present({"bizAlias": component.props.get("bizAlias")})


@endpoint("GET", "/v1.0/workflow/processInstances", scope=READ, invalid="processInstanceIdError")
def get_instance(company: Company, *, instance_id: InstanceId) -> Result:
    """获取单个审批实例详情; times are to the minute, `success` is a string."""
    instance = _instance(company, instance_id, "processInstanceNotExist")
    form, originator = instance.form, company.users.get(instance.originator)
    dept_id = 1 if instance.dept_id == ROOT_DEPARTMENT else instance.dept_id
    department = company.departments.get(dept_id)
    result = _present(
        {
            "title": f"{originator.name if originator else instance.originator}提交的{form.name}",
            "createTime": _minute(instance.created),
            "finishTime": None if instance.finished is None else _minute(instance.finished),
            "originatorUserId": instance.originator,
            "originatorDeptId": str(instance.dept_id),
            "originatorDeptName": department.name if department else "",
            "status": instance.status,
            "result": instance.result,
            "approverUserIds": [userid for step in instance.steps for userid in step.users],
            "ccUserIds": instance.cc,
            "businessId": f"{datetime.fromtimestamp(instance.created, UTC):%Y%m%d%H%M}{instance.number:06d}",
            "operationRecords": [_shown_operation(each) for each in instance.operations],
            "tasks": [_shown_task(instance, each) for each in instance.tasks],
            "bizAction": "NONE",
            "attachedProcessInstanceIds": [],
            "formComponentValues": [
                _shown_value(each, instance.values.get(each.id)) for each in form.components if each.type != "TextNote"
            ],
        }
    )
    return {"result": result, "success": "true"}


@endpoint("POST", "/v1.0/workflow/processes/instanceIds/query", scope=READ)
def list_instance_ids(
    company: Company,
    *,
    process_code: Annotated[ProcessCode, Code("invalidProcessCode")],
    start_time: Annotated[int, Field(alias="startTime"), Code("invalidInstanceListIdsStartTime")],
    next_token: Annotated[int, Field(alias="nextToken", ge=0), Code("invalidNextToken")],
    max_results: Annotated[int, Field(alias="maxResults", ge=1, le=20), Code("invalidMaxResults")],
    end_time: Annotated[int | None, Field(alias="endTime"), Code("invalidEndTime")] = None,
    userids: Annotated[list[str] | None, Field(alias="userIds", max_length=10), Code("invalidUserIds")] = None,
    statuses: list[str] | None = None,
) -> Result:
    """获取审批实例ID列表, by the time of creation; `nextToken` comes as a string."""
    now = round(_now(company) * 1000)
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
    after = next_token + max_results
    more = {"nextToken": str(after)} if after < len(found) else {}
    return {"result": {"list": found[next_token:after], **more}, "success": True}


@endpoint("GET", "/v1.0/workflow/processes/todoTasks/numbers", scope=READ, invalid="invalidGetTodoTaskSumUserId")
def count_todo(company: Company, *, userid: UserId) -> Result:
    """获取用户待审批数量."""
    _check_users(company, [userid])
    waiting = (task for instance in company.workflow.instances.values() for task in instance.running())
    return {"result": sum(task.userid == userid for task in waiting)}


# deciding them


def _done(
    company: Company, userid: str, type: str, remark: str | None, file: Attached | None = None, *, result: str = "NONE"
) -> Operation:
    attached = file or Attached()
    files = [each.model_dump(by_alias=True, exclude_none=True) for each in attached.attachments]
    return Operation(userid, _now(company), type, result, remark, photos=attached.photos, attachments=files)


@endpoint("POST", "/v1.0/workflow/processInstances/execute", scope=WRITE, invalid="invalidParameter")
def execute(
    company: Company,
    *,
    instance_id: Annotated[InstanceId, Code("invalidInstanceId")],
    task_id: Annotated[int, Field(alias="taskId"), Code("invalidInstanceExecuteTaskId")],
    userid: Annotated[str, Field(alias="actionerUserId", min_length=1), Code("invalidInstanceExecuteActionerUserId")],
    result: Annotated[Literal["agree", "refuse"], Code("invalidInstanceExecuteResult")],
    remark: Remark | None = None,
    file: Attached | None = None,
) -> Result:
    """同意或拒绝审批任务."""
    _check_users(company, [userid])
    instance = _instance(company, instance_id, "aflowProcessNotExist")
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
    task_id: Annotated[int, Field(alias="taskId")],
    to: Annotated[str, Field(alias="toUserId")],
    operator: Annotated[str, Field(alias="operateUserId"), Code("param.illegal.operator")],
    remark: Annotated[str | None, Field(max_length=256)] = None,
    action_name: Annotated[str | None, Field(alias="actionName", max_length=128)] = None,
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
    _check_users(company, [userid])
    instance = _instance(company, instance_id, "aflowProcessInstNotExist")
    instance.operations.append(_done(company, userid, "ADD_REMARK", text, file))
    return {"result": True, "success": True}


@endpoint("POST", "/v1.0/workflow/processInstances/terminate", scope=WRITE, invalid="invalidParameter")
def terminate(
    company: Company,
    *,
    instance_id: Annotated[InstanceId, Code("invalidInstanceId")],
    is_system: Annotated[bool, Field(alias="isSystem"), Code("invalidInstanceTerminateIsSystem")],
    operator: Annotated[str | None, Field(alias="operatingUserId")] = None,
    remark: Remark | None = None,
) -> Result:
    """撤销审批实例: not in the first seconds of its life."""
    if not is_system and not operator:
        raise Refused("invalidInstanceTerminateOperatingUserId")
    instance = _instance(company, instance_id, "aflowProcessInstNotExist")
    _check_users(company, [operator] if operator else [])
    if instance.status != "RUNNING" or _now(company) - instance.created < GRACE:
        raise Refused("aflowProcessInstStatusException", "审批单状态异常")
    done = _done(company, operator or instance.originator, "TERMINATE_PROCESS_INSTANCE", remark)
    company.workflow.terminate(instance, done)
    return {"result": True, "success": True}


# forms


@endpoint("GET", "/v1.0/workflow/processes/userVisibilities/templates", scope=READ_FORM)
def list_visible(
    company: Company,
    *,
    max_results: Annotated[int, Field(alias="maxResults", ge=1, le=100), Code("invalidMaxResults")],
    next_token: Annotated[int, Field(alias="nextToken", ge=0), Code("invalidNextToken")],
    userid: Annotated[str | None, Field(alias="userId")] = None,
) -> Result:
    """获取指定用户可见的审批表单列表."""
    if userid is not None:
        _check_users(company, [userid], "invalidParameter")
    forms = [form for form in company.workflow.forms.values() if form.enabled]
    after = next_token + max_results
    page = [
        {
            "name": form.name,
            "processCode": form.process_code,
            "iconUrl": "https://gw.alicdn.com/tfs/sandbox-102-102.png",
            "url": f"https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm?processCode={form.process_code}",
        }
        for form in forms[next_token:after]
    ]
    return {"result": {"processList": page} | ({"nextToken": after} if after < len(forms) else {})}


@endpoint("GET", "/v1.0/workflow/processes/managements/templates", scope=READ_FORM, invalid="invalidUserId")
def list_manageable(company: Company, *, userid: UserId) -> Result:
    """获取当前企业所有可管理的表单: an administrator manages them all."""
    _check_users(company, [userid])
    if userid not in company.admins:
        raise Refused("noPermission")
    result = [
        {
            "flowTitle": form.name,
            "processCode": form.process_code,
            "gmtModified": _minute(form.modified),
            "newProcess": True,
            "attendanceType": 0,
            "iconName": "common",
            "iconUrl": "https://gw.alicdn.com/tfs/sandbox-112-112.png",
        }
        for form in company.workflow.forms.values()
    ]
    return {"result": result, "success": True}


@endpoint("GET", "/v1.0/workflow/processCentres/schemaNames/processCodes", scope=READ_FORM, invalid="process.error")
def get_code(company: Company, *, name: Annotated[str, Field(max_length=64)]) -> Result:
    """获取模板code."""
    form = company.workflow.form_named(name)
    if form is None:
        raise Refused("process.error")
    return {"result": {"processCode": form.process_code, "gmtModified": _minute(form.modified)}}


def _shown_component(component: Component) -> dict[str, object]:
    options = [
        json.dumps({"key": f"option_{n}", "value": text}, ensure_ascii=False)
        for n, text in enumerate(component.options)
    ]
    props = {**component.props, "id": component.id, "label": component.label, "required": component.required}
    return _present(
        {
            "componentName": component.type,
            "props": props | ({"options": options} if options else {}),
            "children": [_shown_component(child) for child in component.children] or None,
        }
    )


@endpoint("GET", "/v1.0/workflow/forms/schemas/processCodes", scope=READ_FORM, invalid="invalidParameter")
def get_schema(
    company: Company, *, process_code: ProcessCode, app_uuid: Annotated[str | None, Field(alias="appUuid")] = None
) -> Result:
    """获取表单 schema; its times are milliseconds in a string."""
    form = _form(company, process_code, "aflowProcessCodeIsError")
    changed = str(int(form.modified * 1000))
    items = [_shown_component(component) for component in form.components]
    return {
        "result": {
            "appUuid": app_uuid or "",
            "formCode": form.process_code,
            "formUuid": "FORM-" + form.process_code.removeprefix("PROC-"),
            "name": form.name,
            "memo": form.description,
            "ownerIdType": "orgId",
            "schemaContent": {"title": form.name, "icon": "common", "items": items},
            "appType": 0,
            "engineType": 0,
            "status": "PUBLISHED" if form.enabled else "INVALID",
            "procType": "inner",
            "visibleRange": "PUBLIC",
            "gmtCreate": changed,
            "gmtModified": changed,
        }
    }


_OWN_PLACE: Final = {"label", "componentId", "required", "options"}


def _component(part: Part) -> Component:
    if part.component_type not in {*_FITS, "TableField", "TextNote"}:
        raise Refused("formschema.error", f"不支持的控件：{part.component_type}")
    label = str(part.props.get("label", ""))
    if not label and part.component_type != "TextNote":
        raise Refused("formschema.error", "控件缺少label")
    made = opaque(part.component_type, label).upper()[:12]
    return Component(
        part.component_type,
        label,
        str(part.props.get("componentId") or f"{part.component_type}_{made}"),
        required=bool(part.props.get("required")),
        options=[option["value"] for option in part.props.get("options", [])],
        children=[_component(child) for child in part.children],
        props={name: value for name, value in part.props.items() if name not in _OWN_PLACE},
    )


@endpoint("POST", "/v1.0/workflow/forms", scope=WRITE_FORM, invalid="formschema.error")
def save_form(
    company: Company,
    *,
    name: Annotated[str, Field(min_length=1, max_length=200)],
    parts: Annotated[list[Part], Field(alias="formComponents", max_length=200)],
    process_code: Annotated[str | None, Field(alias="processCode")] = None,
    description: Annotated[str, Field(max_length=300)] = "",
    config: Annotated[dict[str, Any] | None, Field(alias="templateConfig")] = None,
) -> Result:
    """创建或更新审批表单模板; the manager of whoever starts an approval decides it."""
    del config
    namesake = company.workflow.form_named(name)
    if namesake is not None and namesake.process_code != process_code:
        raise Refused("formName.error")
    components = [_component(part) for part in parts]
    if len({component.id for component in components}) < len(components):
        raise Refused("formschema.error", "控件id重复")
    if process_code is None:
        form = company.workflow.add_form(name, components, [Step([MANAGER])], at=_now(company), description=description)
    else:
        form = _form(company, process_code, "processcode.error")
        form.name, form.components, form.modified = name, components, _now(company)
        form.description = description or form.description
    return {"result": {"processCode": form.process_code}}


@endpoint("DELETE", "/v1.0/workflow/processCentres/schemas", scope=WRITE_FORM, invalid="processNotExist")
def delete_form(
    company: Company,
    *,
    process_code: ProcessCode,
    clean: Annotated[bool, Field(alias="cleanRunningTask")] = False,
) -> Result:
    """删除模板; with `cleanRunningTask`, its running approvals end."""
    form = _form(company, process_code, "processNotExist")
    del company.workflow.forms[process_code]
    for instance in company.workflow.instances.values() if clean else ():
        if instance.form is form and instance.status == "RUNNING":
            done = Operation(instance.originator, _now(company), "TERMINATE_PROCESS_INSTANCE")
            company.workflow.terminate(instance, done)
    return {"result": {"processCode": process_code}}
