"""Approvals (审批实例): started from a form, decided task by task."""

from __future__ import annotations

import builtins
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, GetPydanticSchema, with_config
from typing_extensions import TypedDict

from dingtalk_models.core.arguments import Refusal
from dingtalk_models.core.call import Call
from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.json_values import loaded
from dingtalk_models.core.model import Manager, Model, Record
from dingtalk_models.core.operation import Old, api, operation
from dingtalk_models.core.paging import TOKEN_FROM_ZERO, PageFlow, next_page, page_of
from dingtalk_models.core.parallel import batches, together
from dingtalk_models.core.query import Listing, Query
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import BEIJING, IsoTime, Millis, wire
from dingtalk_models.smartwork.approval_form import ProcessCode, unpacked
from dingtalk_models.smartwork.form_values import AttachedFile, Form, FormValue, label_of, read_form_value

WINDOW = timedelta(days=120)
"""The longest span that one query of ids takes."""

MOST_IDS = 10_000
"""The most ids that one query brings, however many there are."""

_AT_ONCE = 5
"""Approvals loaded at the same time; the platform takes 20 calls a second."""

_NESTED = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

InstanceId = Annotated[str, Field(min_length=1), wire("processInstanceId")]
Actioner = Annotated[str, wire("actionerUserId")]
TaskId = Annotated[int, wire("taskId")]
Remark = Annotated[str | None, Field(max_length=1024)]
Photos = Annotated[Sequence[str] | None, wire("file.photos")]
Files = Annotated[Sequence[AttachedFile] | None, wire("file.attachments")]
Starters = Annotated[Sequence[str] | None, Field(max_length=10), wire("userIds")]
Statuses = Annotated[
    Sequence[Literal["NEW", "RUNNING", "TERMINATED", "COMPLETED", "CANCELED"]] | None, wire("statuses")
]


@with_config(_NESTED)
class ApproverFields(TypedDict):
    """One step of the approval: who decides it."""

    action_type: Annotated[Literal["AND", "OR", "NONE"], wire("actionType", "task_action_type")]
    """`AND`: all of them, `OR`: any of them, `NONE`: the only one."""
    user_ids: Annotated[list[str], wire("userIds")]
    """The users: one for `NONE`, else two at the least."""


@with_config(_NESTED)
class TargetFields(TypedDict):
    """The users chosen for a step that the form leaves to the one who starts the approval."""

    actioner_key: Annotated[str, wire("actionerKey")]
    """The step's key, from `forecast`."""
    actioner_user_ids: Annotated[list[str], wire("actionerUserIds")]
    """The users."""


def all_of(*user_ids: str) -> ApproverFields:
    """A step that all of these users have to agree to (会签)."""
    return {"action_type": "AND", "user_ids": [*user_ids]}


def any_of(*user_ids: str) -> ApproverFields:
    """A step that any of these users decides (或签)."""
    return {"action_type": "OR", "user_ids": [*user_ids]}


def _step(value: Any) -> Any:
    return {"action_type": "NONE", "user_ids": [value]} if isinstance(value, str) else value


def _enough(step: ApproverFields) -> ApproverFields:
    alone, count = step["action_type"] == "NONE", len(step["user_ids"])
    if alone != (count == 1) or not count:
        raise ValueError(f"{step['action_type']} takes {'exactly 1 user' if alone else 'at least 2 users'}")
    return step


Approver = Annotated[
    str | ApproverFields,
    GetPydanticSchema(
        lambda _, handler: handler(Annotated[ApproverFields, BeforeValidator(_step), AfterValidator(_enough)])
    ),
]
"""A step of the approval: a userid, `all_of(…)` or `any_of(…)`."""


class _OldCreate(Old):
    """The names of create, all of which took steps in two forms: `approvers_v2` goes before `approvers`."""

    def translate(self, given: dict[str, Any]) -> dict[str, Any]:
        dropped = "approvers" if given.get("approvers_v2") else None
        return super().translate({name: value for name, value in given.items() if name != dropped})


def _listed(value: Any) -> list[str]:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _listing(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda joined: {name: _listed(joined)}


_OLD_CREATE: dict[str, Any] = {
    "agent_id": "microapp_agent_id",
    "approvers": _listing("approvers"),
    "approvers_v2": "approvers",
    "cc_list": _listing("cc_list"),
}
_OLD_LIST: dict[str, Any] = {"cursor": "next_token", "size": "max_results", "userid_list": _listing("user_ids")}


def _check_span(start_time: datetime, end_time: datetime | None) -> datetime:
    end = end_time or datetime.now(BEIJING)
    if end < start_time:
        raise Refusal("end_time", "is before start_time")
    return end


def _windows(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A span in windows; neighbours share the moment between them, wherever the platform counts it."""
    while end - start > WINDOW:
        yield start, start + WINDOW
        start += WINDOW
    yield start, end


class ApprovalInstanceManager(Manager):
    """Approvals (审批实例)."""

    @api(
        "workflow_1_0.StartProcessInstance",
        "POST /v1.0/workflow/processInstances",
        _OldCreate("dingtalk.oapi.processinstance.create", **_OLD_CREATE),
        _OldCreate("dingtalk.smartwork.bpms.processinstance.create", **_OLD_CREATE),
    )
    def create(
        self,
        process_code: ProcessCode,
        originator_user_id: Annotated[str, wire("originatorUserId")],
        form_component_values: Form,
        *,
        dept_id: Annotated[int | None, wire("deptId")] = None,
        approvers: Annotated[Sequence[Approver] | None, BeforeValidator(loaded), Field(max_length=20)] = None,
        target_select_actioners: Annotated[
            Sequence[TargetFields] | None, Field(max_length=20), wire("targetSelectActioners")
        ] = None,
        cc_list: Annotated[Sequence[str] | None, Field(max_length=50), wire("ccList")] = None,
        cc_position: Annotated[Literal["START", "FINISH", "START_FINISH"] | None, wire("ccPosition")] = None,
        microapp_agent_id: Annotated[int | None, wire("microappAgentId")] = None,
        biz_detail_page_url: Annotated[str | None, Field(max_length=1024), wire("bizDetailPageUrl")] = None,
    ) -> Call[ApprovalInstance]:
        """Start an approval (发起审批实例).

        Args:
            process_code: the form.
            originator_user_id: who starts it.
            form_component_values: what the form is filled in with, 150 values at the most: `Text("事由", "回家")`, ….
            dept_id: a department of the originator, where -1 is the root; needed where no approvers are given.
            approvers: the steps, in order, 20 at the most: a userid, `all_of(…)` or `any_of(…)`. Without them, the
                flow goes that the form was given.
            target_select_actioners: users for the steps that the form leaves open, 20 at the most.
            cc_list: users that get a copy, 50 at the most.
            cc_position: when they get it: `START`, `FINISH` or `START_FINISH`.
            microapp_agent_id: the agent id of the app.
            biz_detail_page_url: a page of your own with the details, 1024 characters at the most; OA premium only.

        Returns:
            The approval, with its id and what was given; `refresh()` has the rest.

        Raises:
            InvalidArgument: a value is beyond its limit; nothing was sent.
            InvalidRequest: a user, a department or a value of the form is wrong.
            NotFound: there is no such form.

        Source: create-an-approval-instance
        """
        if dept_id is None and not approvers:
            raise Refusal("dept_id", "needed where no approvers are given")
        call = Call(
            str,
            "instanceId",
            process_code=process_code,
            originator_user_id=originator_user_id,
            form_component_values=form_component_values,
            dept_id=dept_id,
            approvers=approvers,
            target_select_actioners=target_select_actioners,
            cc_list=cc_list,
            cc_position=cc_position,
            microapp_agent_id=microapp_agent_id,
            biz_detail_page_url=biz_detail_page_url,
        )
        given = {
            "originator_user_id": originator_user_id,
            "originator_dept_id": dept_id,
            "cc_user_ids": cc_list or [],
            "form_component_values": form_component_values,
        }
        return call.then(
            lambda instance_id: ApprovalInstance.model_validate(
                {"process_instance_id": instance_id, **given}, by_name=True
            )
        )

    @api(
        "workflow_1_0.GetProcessInstance",
        "GET /v1.0/workflow/processInstances",
        "dingtalk.oapi.processinstance.get",
        "dingtalk.smartwork.bpms.processinstance.get",
        "dingtalk.smartwork.bpms.processinstance.getwithform",
    )
    def get(self, process_instance_id: InstanceId) -> Call[ApprovalInstance]:
        """One approval (获取单个审批实例详情).

        Args:
            process_instance_id: the approval.

        Returns:
            The approval with its form, its tasks and what was done.

        Raises:
            NotFound: there is no such approval.

        Source: obtains-the-details-of-a-single-approval-instance-pop
        """

        def named(instance: ApprovalInstance) -> ApprovalInstance:
            instance.hold({"process_instance_id": process_instance_id})
            return instance

        return Call(ApprovalInstance, "result", process_instance_id=process_instance_id).then(named)

    @api(
        "workflow_1_0.ListProcessInstanceIds",
        "POST /v1.0/workflow/processes/instanceIds/query",
        Old("dingtalk.oapi.processinstance.listids", **_OLD_LIST),
        Old("dingtalk.oapi.processinstance.list", **_OLD_LIST),
        Old("dingtalk.smartwork.bpms.processinstance.list", **_OLD_LIST),
        Old("dingtalk.smartwork.bpms.processinstanceid.list", **_OLD_LIST),
        idempotent=True,
    )
    def list_ids(
        self,
        process_code: ProcessCode,
        start_time: Annotated[Millis, wire("startTime")],
        end_time: Annotated[Millis | None, wire("endTime")] = None,
        *,
        user_ids: Starters = None,
        statuses: Statuses = None,
        next_token: Annotated[int, Field(ge=0), wire("nextToken")] = 0,
        max_results: Annotated[int, Field(ge=1, le=20), wire("maxResults")] = 20,
    ) -> Query[str]:
        """The ids of a form's approvals, by when they were started (获取审批实例ID列表).

        Args:
            process_code: the form.
            start_time: from here, a year ago at the most.
            end_time: to here, 120 days later at the most; by default to now. `all_ids` takes any span.
            user_ids: started by these users, 10 at the most.
            statuses: only of these: `RUNNING`, `TERMINATED`, `COMPLETED`.
            next_token: where to begin.
            max_results: how many a call brings, 20 at the most.

        Returns:
            The ids, 10,000 at the most.

        Raises:
            InvalidArgument: the span is too long; nothing was sent.

        Source: obtain-an-approval-list-of-instance-ids
        """
        if _check_span(start_time, end_time) - start_time > WINDOW:
            raise Refusal(
                "end_time", f"at most {WINDOW.days} days after start_time in one query; all_ids takes any span"
            )
        return Listing(
            str,
            TOKEN_FROM_ZERO,
            "result",
            items="list",
            process_code=process_code,
            start_time=start_time,
            end_time=end_time,
            user_ids=user_ids,
            statuses=statuses,
            next_token=next_token,
            max_results=max_results,
        )

    @operation
    def list(
        self,
        process_code: str,
        start_time: Millis,
        end_time: Millis | None = None,
        *,
        user_ids: Starters = None,
        statuses: Statuses = None,
    ) -> Query[ApprovalInstance]:
        """A form's approvals, by when they were started: a call an approval.

        Args:
            process_code: the form.
            start_time: from here.
            end_time: to here, 120 days later at the most; by default to now. `all` takes any span.
            user_ids: started by these users, 10 at the most.
            statuses: only of these: `RUNNING`, `TERMINATED`, `COMPLETED`.
        """
        ids = self.list_ids.call(process_code, start_time, end_time, user_ids=user_ids, statuses=statuses)
        return Query(lambda: self._loaded(ids))

    @operation
    def all(
        self,
        process_code: str,
        start_time: Millis,
        end_time: Millis | None = None,
        *,
        user_ids: Sequence[str] | None = None,
        statuses: Statuses = None,
    ) -> Query[ApprovalInstance]:
        """Every approval of a form in a span of any length, each once: a call an approval.

        Args:
            process_code: the form.
            start_time: from here.
            end_time: to here; by default to now.
            user_ids: started by these users, however many.
            statuses: only of these: `RUNNING`, `TERMINATED`, `COMPLETED`.
        """
        ids = self.all_ids.call(process_code, start_time, end_time, user_ids=user_ids, statuses=statuses)
        return Query(lambda: self._loaded(ids))

    @operation
    def all_ids(
        self,
        process_code: str,
        start_time: Millis,
        end_time: Millis | None = None,
        *,
        user_ids: Sequence[str] | None = None,
        statuses: Statuses = None,
    ) -> Query[str]:
        """The ids of every approval of a form in a span of any length, each once, window by window.

        Args:
            process_code: the form.
            start_time: from here.
            end_time: to here; by default to now.
            user_ids: started by these users, however many.
            statuses: only of these: `RUNNING`, `TERMINATED`, `COMPLETED`.
        """
        end = _check_span(start_time, end_time)
        groups: Sequence[Sequence[str] | None] = [None] if user_ids is None else batches(user_ids, 10)

        def pages() -> PageFlow[str]:
            seen: set[str] = set()
            for few in groups:
                windows = deque(_windows(start_time, end))
                while windows:
                    first, last = windows.popleft()
                    ids = self.list_ids.call(process_code, first, last, user_ids=few, statuses=statuses).page_flow()
                    found = 0
                    while (page := (yield from next_page(ids))) is not None:
                        found += len(page.items)
                        fresh = [each for each in dict.fromkeys(page.items) if each not in seen]
                        seen.update(fresh)
                        yield page_of(fresh)
                    if found >= MOST_IDS and last - first > timedelta(milliseconds=1):
                        middle = first + (last - first) / 2
                        windows.extendleft([(middle, last), (first, middle)])

        return Query(pages)

    def _loaded(self, ids: Query[str]) -> PageFlow[ApprovalInstance]:
        pages = ids.page_flow()
        while (page := (yield from next_page(pages))) is not None:
            calls = [self.get.call(each) for each in page.items]
            yield page_of((yield from together(calls, workers=_AT_ONCE)))

    @api(
        "workflow_1_0.TerminateProcessInstance",
        "POST /v1.0/workflow/processInstances/terminate",
        Old("dingtalk.oapi.process.instance.terminate", request=unpacked(operating_userid="operating_user_id")),
    )
    def terminate(
        self,
        process_instance_id: InstanceId,
        operating_user_id: Annotated[str | None, wire("operatingUserId")] = None,
        *,
        is_system: Annotated[bool, wire("isSystem")] = False,
        remark: Remark = None,
    ) -> Call[None]:
        """Withdraw an approval, 15 seconds after it was started at the earliest (撤销审批实例).

        Args:
            process_instance_id: the approval.
            operating_user_id: who withdraws it; needed unless the system does.
            is_system: whether the system withdraws it.
            remark: why, 1024 characters at the most.

        Raises:
            NotFound: there is no such approval, or no such user.
            InvalidRequest: it is decided already, or too young.

        Source: revoke-an-approval-instance
        """
        if not is_system and not operating_user_id:
            raise Refusal("operating_user_id", "needed unless is_system")
        return Call(
            None,
            process_instance_id=process_instance_id,
            operating_user_id=operating_user_id,
            is_system=is_system,
            remark=remark,
        )

    @api(
        "workflow_1_0.AddProcessInstanceComment",
        "POST /v1.0/workflow/processInstances/comments",
        Old("dingtalk.oapi.process.instance.comment.add", request=unpacked(comment_userid="comment_user_id")),
    )
    def comment(
        self,
        process_instance_id: InstanceId,
        comment_user_id: Annotated[str, wire("commentUserId")],
        text: Annotated[str, Field(min_length=1, max_length=1024)],
        *,
        photos: Photos = None,
        attachments: Files = None,
    ) -> Call[None]:
        """Comment on an approval (添加审批评论).

        Args:
            process_instance_id: the approval.
            comment_user_id: who comments.
            text: the comment, 1024 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.

        Raises:
            NotFound: there is no such approval, or no such user.

        Source: official-approval-adds-approval-comments
        """
        return Call(
            None,
            process_instance_id=process_instance_id,
            comment_user_id=comment_user_id,
            text=text,
            photos=photos,
            attachments=attachments,
        )

    @api(
        "workflow_1_0.ExecuteProcessInstance",
        "POST /v1.0/workflow/processInstances/execute",
        Old("dingtalk.oapi.process.instance.execute", request=unpacked(actioner_userid="actioner_user_id")),
        Old("dingtalk.oapi.processinstance.execute", actioner_userid="actioner_user_id"),
        Old("dingtalk.smartwork.bpms.processinstance.execute", actioner_userid="actioner_user_id"),
    )
    def execute(
        self,
        process_instance_id: InstanceId,
        task_id: TaskId,
        actioner_user_id: Actioner,
        result: Literal["agree", "refuse"],
        *,
        remark: Remark = None,
        photos: Photos = None,
        attachments: Files = None,
    ) -> Call[None]:
        """Decide a task (同意或拒绝审批任务).

        Args:
            process_instance_id: the approval.
            task_id: the task.
            actioner_user_id: whose task it is.
            result: `agree` or `refuse`.
            remark: why, 1024 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.

        Raises:
            NotFound: there is no such user.
            InvalidRequest: the task is not theirs, or not running.

        Source: approve-or-reject-the-approval-task
        """
        return Call(
            None,
            process_instance_id=process_instance_id,
            task_id=task_id,
            actioner_user_id=actioner_user_id,
            result=result,
            remark=remark,
            photos=photos,
            attachments=attachments,
        )

    @operation
    def agree(
        self,
        process_instance_id: InstanceId,
        task_id: TaskId,
        actioner_user_id: Actioner,
        *,
        remark: Remark = None,
        photos: Photos = None,
        attachments: Files = None,
    ) -> Call[None]:
        """Agree to a task: `execute` with `agree`.

        Args:
            process_instance_id: the approval.
            task_id: the task.
            actioner_user_id: whose task it is.
            remark: why, 1024 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.
        """
        return self.execute.call(
            process_instance_id,
            task_id,
            actioner_user_id,
            "agree",
            remark=remark,
            photos=photos,
            attachments=attachments,
        )

    @operation
    def refuse(
        self,
        process_instance_id: InstanceId,
        task_id: TaskId,
        actioner_user_id: Actioner,
        *,
        remark: Remark = None,
        photos: Photos = None,
        attachments: Files = None,
    ) -> Call[None]:
        """Refuse a task: `execute` with `refuse`.

        Args:
            process_instance_id: the approval.
            task_id: the task.
            actioner_user_id: whose task it is.
            remark: why, 1024 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.
        """
        return self.execute.call(
            process_instance_id,
            task_id,
            actioner_user_id,
            "refuse",
            remark=remark,
            photos=photos,
            attachments=attachments,
        )

    @api("workflow_1_0.RedirectWorkflowTask", "POST /v1.0/workflow/tasks/redirect")
    def redirect(
        self,
        task_id: TaskId,
        to_user_id: Annotated[str, wire("toUserId")],
        operate_user_id: Annotated[str, wire("operateUserId")],
        *,
        remark: Annotated[str | None, Field(max_length=256)] = None,
        action_name: Annotated[str | None, Field(max_length=128), wire("actionName")] = None,
        photos: Photos = None,
        attachments: Files = None,
    ) -> Call[None]:
        """Hand a task to another user (转交OA审批任务).

        Args:
            task_id: the task, which has to be running.
            to_user_id: who gets it.
            operate_user_id: whose task it is.
            remark: why, 256 characters at the most.
            action_name: what this is called, 128 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.

        Raises:
            InvalidRequest: a user is wrong, or the task is not running.

        Source: transfer-the-oa-approval-task
        """
        return Call(
            None,
            task_id=task_id,
            to_user_id=to_user_id,
            operate_user_id=operate_user_id,
            remark=remark,
            action_name=action_name,
            photos=photos,
            attachments=attachments,
        )

    @api(
        "workflow_1_0.GetUserTodoTaskSum",
        "GET /v1.0/workflow/processes/todoTasks/numbers",
        Old("dingtalk.oapi.process.gettodonum", userid="user_id"),
    )
    def todo_count(self, user_id: Annotated[str, wire("userId")]) -> Call[int]:
        """How many tasks wait for a user (获取用户待审批数量).

        Args:
            user_id: the user.

        Raises:
            NotFound: there is no such user.

        Source: queries-the-number-of-requests-to-be-approved-by-users
        """
        return Call(int, "result", user_id=user_id)

    @api("workflow_1_0.ProcessForecast", "POST /v1.0/workflow/processes/forecast", idempotent=True)
    def forecast(
        self,
        process_code: ProcessCode,
        user_id: Annotated[str, wire("userId")],
        dept_id: Annotated[int, wire("deptId")],
        form_component_values: Form,
    ) -> Call[Forecast]:
        """The steps that an approval would go through (获取审批单流程中的节点信息).

        Args:
            process_code: the form.
            user_id: who would start it.
            dept_id: a department of theirs, where -1 is the root.
            form_component_values: what the form would be filled in with.

        Returns:
            The steps; of those that are left to the one who starts it, `.target_keys` has the keys.

        Raises:
            NotFound: there is no such form, or no such user.

        Source: approval-process-prediction
        """
        return Call(
            Forecast,
            "result",
            process_code=process_code,
            user_id=user_id,
            dept_id=dept_id,
            form_component_values=form_component_values,
        )


class FormEntry(Record):
    """A component of a form, as it was filled in."""

    id: str | None = None
    name: str = ""
    text: Annotated[str | None, wire("value")] = None
    """The text that the value travels as."""
    ext_value: Annotated[str | None, wire("extValue")] = None
    component_type: Annotated[str | None, wire("componentType")] = None
    biz_alias: Annotated[str | None, wire("bizAlias")] = None

    @property
    def label(self) -> str | tuple[str, ...]:
        """The name; of a component with several labels, all of them."""
        return label_of(self.name)

    @property
    def filled(self) -> FormValue[Any]:
        """The component with its value, as it may be filled in again: a `Text`, a `Money`, ….

        What can't be read by its type is an `Other`.
        """
        return read_form_value(self.component_type, self.name, self.text, id=self.id, ext_value=self.ext_value)

    @property
    def value(self) -> Any:
        """The value in Python, by the component's type; `None` where it was left empty."""
        return self.filled.value


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


class ApprovalInstance(Model):
    """An approval (审批实例)."""

    objects: ClassVar[ApprovalInstanceManager] = ApprovalInstanceManager()
    get = objects.get
    create = objects.create

    process_instance_id: Annotated[str, wire("processInstanceId")] = ""
    title: str | None = None
    status: str | None = None
    """`RUNNING`, `TERMINATED` or `COMPLETED`."""
    result: str | None = None
    """`agree` or `refuse`; empty while it runs."""
    business_id: Annotated[str | None, wire("businessId")] = None
    originator_user_id: Annotated[str | None, wire("originatorUserId")] = None
    originator_dept_id: Annotated[str | None, wire("originatorDeptId")] = None
    """`-1` is the root."""
    originator_dept_name: Annotated[str | None, wire("originatorDeptName")] = None
    approver_user_ids: Annotated[list[str], wire("approverUserIds")] = []
    cc_user_ids: Annotated[list[str], wire("ccUserIds")] = []
    create_time: Annotated[IsoTime | None, wire("createTime")] = None
    finish_time: Annotated[IsoTime | None, wire("finishTime")] = None
    form_component_values: Annotated[list[FormEntry], wire("formComponentValues")] = []
    operation_records: Annotated[list[OperationRecord], wire("operationRecords")] = []
    tasks: list[ApprovalTask] = []
    biz_action: Annotated[str | None, wire("bizAction")] = None
    """`MODIFY` or `REVOKE` where it changes or takes back another one, else `NONE`."""
    biz_data: Annotated[str | None, wire("bizData")] = None
    attached_process_instance_ids: Annotated[list[str], wire("attachedProcessInstanceIds")] = []
    main_process_instance_id: Annotated[str | None, wire("mainProcessInstanceId")] = None

    @property
    def form(self) -> dict[str | tuple[str, ...], Any]:
        """What the form is filled in with, in Python, by label; a date range has both its labels as key."""
        return {entry.label: entry.value for entry in self.form_component_values}

    @operation
    def refresh(self) -> Flow[ApprovalInstance]:
        """Load everything anew, into this object."""
        self.replace((yield from self.objects.get.call(self.process_instance_id)))
        return self

    @operation
    def agree(
        self,
        actioner_user_id: str,
        *,
        task_id: int | None = None,
        remark: Remark = None,
        photos: Sequence[str] | None = None,
        attachments: Sequence[AttachedFile] | None = None,
    ) -> Flow[None]:
        """Agree, for a user that has to decide; `refresh()` tells what follows from it.

        Args:
            actioner_user_id: the user.
            task_id: which of their tasks; by default the running one, which is looked up.
            remark: why, 1024 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.

        Raises:
            InvalidArgument: the user has no running task in this approval.
        """
        task_id = task_id or (yield from self._running_task(actioner_user_id))
        return (
            yield from self.objects.agree.call(
                self.process_instance_id,
                task_id,
                actioner_user_id,
                remark=remark,
                photos=photos,
                attachments=attachments,
            )
        )

    @operation
    def refuse(
        self,
        actioner_user_id: str,
        *,
        task_id: int | None = None,
        remark: Remark = None,
        photos: Sequence[str] | None = None,
        attachments: Sequence[AttachedFile] | None = None,
    ) -> Flow[None]:
        """Refuse, for a user that has to decide; `refresh()` tells what follows from it.

        Args:
            actioner_user_id: the user.
            task_id: which of their tasks; by default the running one, which is looked up.
            remark: why, 1024 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.

        Raises:
            InvalidArgument: the user has no running task in this approval.
        """
        task_id = task_id or (yield from self._running_task(actioner_user_id))
        return (
            yield from self.objects.refuse.call(
                self.process_instance_id,
                task_id,
                actioner_user_id,
                remark=remark,
                photos=photos,
                attachments=attachments,
            )
        )

    @operation
    def redirect(
        self,
        operate_user_id: str,
        to_user_id: str,
        *,
        task_id: int | None = None,
        remark: Annotated[str | None, Field(max_length=256)] = None,
    ) -> Flow[None]:
        """Hand the task of one user to another.

        Args:
            operate_user_id: whose task it is.
            to_user_id: who gets it.
            task_id: which of their tasks; by default the running one, which is looked up.
            remark: why, 256 characters at the most.

        Raises:
            InvalidArgument: the user has no running task in this approval.
        """
        task_id = task_id or (yield from self._running_task(operate_user_id))
        return (yield from self.objects.redirect.call(task_id, to_user_id, operate_user_id, remark=remark))

    @operation
    def comment(
        self,
        comment_user_id: str,
        text: Annotated[str, Field(min_length=1, max_length=1024)],
        *,
        photos: Sequence[str] | None = None,
        attachments: Sequence[AttachedFile] | None = None,
    ) -> Call[None]:
        """Comment on this approval.

        Args:
            comment_user_id: who comments.
            text: the comment, 1024 characters at the most.
            photos: pictures, by their addresses.
            attachments: files in the space of approvals.
        """
        return self.objects.comment.call(
            self.process_instance_id, comment_user_id, text, photos=photos, attachments=attachments
        )

    @operation
    def terminate(
        self, operating_user_id: str | None = None, *, is_system: bool = False, remark: Remark = None
    ) -> Call[None]:
        """Withdraw this approval, 15 seconds after it was started at the earliest.

        Args:
            operating_user_id: who withdraws it; needed unless the system does.
            is_system: whether the system withdraws it.
            remark: why, 1024 characters at the most.
        """
        return self.objects.terminate.call(
            self.process_instance_id, operating_user_id, is_system=is_system, remark=remark
        )

    def _running_task(self, user_id: str) -> Flow[int]:
        # asked for anew: each decision moves the approval on
        now = yield from self.objects.get.call(self.process_instance_id)
        for task in now.tasks:
            if task.user_id == user_id and task.status == "RUNNING":
                return task.task_id
        raise InvalidArgument("ApprovalInstance", [Problem(user_id, "has no running task in this approval")])


class SelectableUser(Record):
    """A user who may be chosen."""

    work_no: Annotated[str | None, wire("workNo")] = None
    user_name: Annotated[str | None, wire("userName")] = None


class SelectableLabel(Record):
    """A role whose users may be chosen."""

    labels: str | None = None
    label_names: Annotated[str | None, wire("labelNames")] = None


class SelectionRange(Record):
    """Who may be chosen."""

    approvals: list[SelectableUser] = []
    labels: list[SelectableLabel] = []


class WorkflowActor(Record):
    """How a step is decided, and by whom."""

    actor_key: Annotated[str | None, wire("actorKey")] = None
    """The key for `target_select_actioners`."""
    actor_type: Annotated[str | None, wire("actorType")] = None
    """`approver`, `notifier` or `audit`."""
    actor_selection_type: Annotated[str | None, wire("actorSelectionType")] = None
    """`allStaff`, `approvals` or `labels`."""
    actor_selection_range: Annotated[SelectionRange | None, wire("actorSelectionRange")] = None
    allowed_multi: Annotated[bool | None, wire("allowedMulti")] = None
    approval_type: Annotated[str | None, wire("approvalType")] = None
    """`MANUAL`, `AUTO_AGREE` or `AUTO_REFUSE`."""
    approval_method: Annotated[str | None, wire("approvalMethod")] = None
    """`ONE_BY_ONE`, `AND` or `OR`."""
    actor_activate_type: Annotated[str | None, wire("actorActivateType")] = None
    """`ALL` or `ONE_BY_ONE`."""
    required: bool | None = None


class ActivityActioner(Record):
    """A user of a step."""

    user_id: Annotated[str | None, wire("userId")] = None
    name: str | None = None
    avatar: str | None = None


class ActivityRule(Record):
    """A step."""

    activity_id: Annotated[str | None, wire("activityId")] = None
    prev_activity_id: Annotated[str | None, wire("prevActivityId")] = None
    activity_name: Annotated[str | None, wire("activityName")] = None
    activity_type: Annotated[str | None, wire("activityType")] = None
    """`target_select` or `target_approval`."""
    is_target_select: Annotated[bool | None, wire("isTargetSelect")] = None
    workflow_actor: Annotated[WorkflowActor | None, wire("workflowActor")] = None
    activity_actioners: Annotated[list[ActivityActioner], wire("activityActioners")] = []


class ForecastNode(Record):
    """A node of the flow."""

    activity_id: Annotated[str | None, wire("activityId")] = None
    out_id: Annotated[str | None, wire("outId")] = None


class Forecast(Record):
    """The steps that an approval would go through."""

    is_forecast_success: Annotated[bool | None, wire("isForecastSuccess")] = None
    process_code: Annotated[str | None, wire("processCode")] = None
    user_id: Annotated[str | None, wire("userId")] = None
    process_id: Annotated[int | None, wire("processId")] = None
    is_static_workflow: Annotated[bool | None, wire("isStaticWorkflow")] = None
    workflow_activity_rules: Annotated[list[ActivityRule], wire("workflowActivityRules")] = []
    workflow_forecast_nodes: Annotated[list[ForecastNode], wire("workflowForecastNodes")] = []

    @property
    def target_keys(self) -> builtins.list[str]:
        """The keys of the steps that are left to the one who starts the approval."""
        actors = [rule.workflow_actor for rule in self.workflow_activity_rules if rule.is_target_select]
        return [actor.actor_key for actor in actors if actor and actor.actor_key]
