"""Approvals (审批实例), which are started from a form and decided task by task."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from typing_extensions import Unpack

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Old, Refusal, api, operation
from dingtalk_models.call.paging import TOKEN_FROM_ZERO, PageFlow, next_page, page_of
from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.steps import Flow, batches, together
from dingtalk_models.core.wire import BEIJING, IsoTime, Millis, camel, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.approval_fields import OLD_CREATE, OLD_LIST, OldCreate
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Refreshed
from dingtalk_models.resource.query import Listing, Query
from dingtalk_models.smartwork.approval_fields import (
    CommentFields,
    CommentText,
    DecisionFields,
    IdsAtOnce,
    InstanceFilter,
    InstanceId,
    InstancePages,
    RedirectFields,
    Remark,
    Starters,
    StartFields,
    Statuses,
    TaskDecision,
    TaskRedirection,
)
from dingtalk_models.smartwork.approval_forecast import Forecast
from dingtalk_models.smartwork.approval_form import unpacked
from dingtalk_models.smartwork.approval_records import ApprovalTask, OperationRecord
from dingtalk_models.smartwork.form_values import Form, FormEntry
from dingtalk_models.smartwork.spans import pieces

MAX_LIST_SPAN = timedelta(days=120)
"""The longest time range of one query for ids."""

MOST_IDS = 10_000
"""The largest number of ids that one query can return."""

_AT_ONCE = 5
"""How many approvals are loaded at once. The platform allows 20 calls a second."""


def _check_span(start_time: datetime, end_time: datetime | None) -> datetime:
    end = end_time or datetime.now(BEIJING)
    if end < start_time:
        raise Refusal("end_time", "is before start_time / 早于 start_time")
    return end


class ApprovalInstanceManager(Manager):
    """Approvals (审批实例)."""

    @api(
        "workflow_1_0.StartProcessInstance",
        "POST /v1.0/workflow/processInstances",
        OldCreate("dingtalk.oapi.processinstance.create", **OLD_CREATE),
        OldCreate("dingtalk.smartwork.bpms.processinstance.create", **OLD_CREATE),
    )
    def create(
        self,
        process_code: str,
        originator_userid: Annotated[str, wire("originatorUserId")],
        form_component_values: Form,
        **fields: Unpack[StartFields],
    ) -> Call[ApprovalInstance]:
        """Start an approval (发起审批实例).

        Args:
            process_code: the form.
            originator_userid: the originator.
            form_component_values: the values of the form, at most 150: `Text("事由", "回家")`, ….
            fields: `dept_id`, `approvers`, `cc_list` and the others of `StartFields`.

        Returns:
            The approval with its id and the given values; `refresh()` loads the other fields.

        Raises:
            InvalidArgument: a value exceeds its limit; nothing was sent.
            InvalidRequest: a user, a department or a value of the form is wrong.
            NotFound: there is no such form.

        Source: create-an-approval-instance
        """
        dept_id = fields.get("dept_id")
        if dept_id is None and not fields.get("approvers"):
            raise Refusal("dept_id", "needed where no approvers are given / 不指定 approvers 时必填")
        call = Call(str, "instanceId")
        given = {
            "originator_userid": originator_userid,
            "originator_dept_id": dept_id,
            "cc_userids": fields.get("cc_list") or [],
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
        """Get an approval (获取单个审批实例详情).

        Args:
            process_instance_id: the approval.

        Returns:
            The approval with its form, tasks and history.

        Raises:
            NotFound: there is no such approval.

        Source: obtains-the-details-of-a-single-approval-instance-pop
        """

        def named(instance: ApprovalInstance) -> ApprovalInstance:
            instance.hold({"process_instance_id": process_instance_id})
            return instance

        return Call(ApprovalInstance, "result").then(named)

    @also_takes(older_ids.started_by)
    @api(
        "workflow_1_0.ListProcessInstanceIds",
        "POST /v1.0/workflow/processes/instanceIds/query",
        Old("dingtalk.oapi.processinstance.listids", **OLD_LIST),
        Old("dingtalk.oapi.processinstance.list", **OLD_LIST),
        Old("dingtalk.smartwork.bpms.processinstance.list", **OLD_LIST),
        Old("dingtalk.smartwork.bpms.processinstanceid.list", **OLD_LIST),
        idempotent=True,
    )
    def list_ids(
        self,
        process_code: str,
        start_time: Millis,
        end_time: Millis | None = None,
        *,
        userids: Annotated[Starters, wire("userIds")] = None,
        statuses: Statuses = None,
        next_token: Annotated[int, Field(ge=0)] = 0,
        max_results: IdsAtOnce = 20,
    ) -> Query[str]:
        """List the ids of a form's approvals in a time range (获取审批实例ID列表).

        Args:
            process_code: the form.
            start_time: the start of the range, at most a year ago.
            end_time: the end of the range, at most 120 days later; by default now. `all_ids` and `all` allow any range.
            userids: only approvals of these originators, at most 10.
            statuses: only approvals with these statuses: `RUNNING`, `TERMINATED`, `COMPLETED`.
            next_token: the start of the list.
            max_results: the page size, at most 20.

        Returns:
            The ids, at most 10,000.

        Raises:
            InvalidArgument: the range is too long; nothing was sent.

        Source: obtain-an-approval-list-of-instance-ids
        """
        if _check_span(start_time, end_time) - start_time > MAX_LIST_SPAN:
            raise Refusal(
                "end_time",
                f"at most {MAX_LIST_SPAN.days} days after start_time in one query; all_ids takes any span / "
                f"单次查询最多跨 {MAX_LIST_SPAN.days} 天；更长的时间请用 all_ids",
            )
        return Listing(str, TOKEN_FROM_ZERO, "result", items="list")

    @also_takes(older_ids.started_by)
    @operation
    def list(
        self, process_code: str, start_time: Millis, end_time: Millis | None = None, **filters: Unpack[InstancePages]
    ) -> Query[ApprovalInstance]:
        """List the approvals of `list_ids`, with the same arguments and one more call per approval."""
        return self._loaded(self.list_ids.call(process_code, start_time, end_time, **filters))

    @also_takes(older_ids.started_by)
    @operation
    def all(
        self, process_code: str, start_time: Millis, end_time: Millis | None = None, **filters: Unpack[InstanceFilter]
    ) -> Query[ApprovalInstance]:
        """List the approvals of `all_ids`, with the same arguments and one more call per approval."""
        return self._loaded(self.all_ids.call(process_code, start_time, end_time, **filters))

    @also_takes(older_ids.started_by)
    @operation
    def all_ids(
        self, process_code: str, start_time: Millis, end_time: Millis | None = None, **filters: Unpack[InstanceFilter]
    ) -> Query[str]:
        """List the ids of all approvals of a form in a time range of any length, each once.

        Args:
            process_code: the form.
            start_time: the start of the range.
            end_time: the end of the range; by default now.
            filters: see `InstanceFilter`.
        """
        end = _check_span(start_time, end_time)
        userids, size = filters.get("userids"), filters.get("max_results", 20)
        groups: Sequence[Sequence[str] | None] = [None] if userids is None else batches(userids, 10)

        def pages() -> PageFlow[str]:
            seen: set[str] = set()
            for few in groups:
                spans = deque(pieces(start_time, end, MAX_LIST_SPAN))
                while spans:
                    first, last = spans.popleft()
                    ids = self.list_ids.call(
                        process_code,
                        first,
                        last,
                        userids=few,
                        statuses=filters.get("statuses"),
                        max_results=size,
                    ).page_flow()
                    found = 0
                    while (page := (yield from next_page(ids))) is not None:
                        found += page.length
                        fresh = [each for each in dict.fromkeys(page.items) if each not in seen]
                        seen.update(fresh)
                        yield page_of(fresh, unparsed=page.unparsed)
                    if found >= MOST_IDS and last - first > timedelta(milliseconds=1):
                        middle = first + (last - first) / 2
                        spans.extendleft([(middle, last), (first, middle)])

        return Query(pages)

    def _loaded(self, ids: Query[str]) -> Query[ApprovalInstance]:
        def pages(at_once: int = _AT_ONCE) -> PageFlow[ApprovalInstance]:
            with closing(ids.page_flow() if at_once == _AT_ONCE else ids.prefetch(1).page_flow()) as rest:
                while (page := (yield from next_page(rest))) is not None:
                    calls = [self.get.call(each) for each in page.items]
                    yield page_of((yield from together(calls, workers=at_once)), unparsed=page.unparsed)

        return Query(pages, at_once=pages)

    @api(
        "workflow_1_0.TerminateProcessInstance",
        "POST /v1.0/workflow/processInstances/terminate",
        Old("dingtalk.oapi.process.instance.terminate", request=unpacked()),
    )
    def terminate(
        self,
        process_instance_id: InstanceId,
        operating_userid: Annotated[str | None, wire("operatingUserId")] = None,
        *,
        is_system: bool = False,
        remark: Remark = None,
    ) -> Call[None]:
        """Withdraw an approval, at the earliest 15 seconds after its start (撤销审批实例).

        Args:
            process_instance_id: the approval.
            operating_userid: the user who withdraws it; required unless `is_system` is set.
            is_system: whether the system withdraws it.
            remark: a comment of at most 1024 characters.

        Raises:
            NotFound: there is no such approval, or no such user.
            InvalidRequest: it is already decided, or it was started less than 15 seconds ago.

        Source: revoke-an-approval-instance
        """
        if not is_system and not operating_userid:
            raise Refusal("operating_userid", "needed unless is_system / is_system 不为真时必填")
        return Call(None)

    @api(
        "workflow_1_0.AddProcessInstanceComment",
        "POST /v1.0/workflow/processInstances/comments",
        Old("dingtalk.oapi.process.instance.comment.add", request=unpacked()),
    )
    def comment(
        self,
        process_instance_id: InstanceId,
        comment_userid: Annotated[str, wire("commentUserId")],
        text: CommentText,
        **fields: Unpack[CommentFields],
    ) -> Call[None]:
        """Comment on an approval (添加审批评论).

        Args:
            process_instance_id: the approval.
            comment_userid: the user who comments.
            text: the comment, at most 1024 characters.
            fields: see `CommentFields`.

        Raises:
            NotFound: there is no such approval, or no such user.

        Source: official-approval-adds-approval-comments
        """
        return Call(None)

    @api(
        "workflow_1_0.ExecuteProcessInstance",
        "POST /v1.0/workflow/processInstances/execute",
        Old("dingtalk.oapi.process.instance.execute", request=unpacked()),
        "dingtalk.oapi.processinstance.execute",
        "dingtalk.smartwork.bpms.processinstance.execute",
    )
    def execute(
        self,
        process_instance_id: InstanceId,
        task_id: int,
        actioner_userid: Annotated[str, wire("actionerUserId")],
        result: Literal["agree", "refuse"],
        **fields: Unpack[DecisionFields],
    ) -> Call[None]:
        """Decide a task (同意或拒绝审批任务).

        Args:
            process_instance_id: the approval.
            task_id: the task.
            actioner_userid: the user who has the task.
            result: `agree` or `refuse`.
            fields: see `DecisionFields`.

        Raises:
            NotFound: there is no such user.
            InvalidRequest: the task belongs to somebody else, or is not running.

        Source: approve-or-reject-the-approval-task
        """
        return Call(None)

    @operation
    def agree(
        self, process_instance_id: InstanceId, task_id: int, actioner_userid: str, **fields: Unpack[DecisionFields]
    ) -> Call[None]:
        """Agree to a task, like `execute` with the result `agree`."""
        return self.execute.call(process_instance_id, task_id, actioner_userid, "agree", **fields)

    @operation
    def refuse(
        self, process_instance_id: InstanceId, task_id: int, actioner_userid: str, **fields: Unpack[DecisionFields]
    ) -> Call[None]:
        """Refuse a task, like `execute` with the result `refuse`."""
        return self.execute.call(process_instance_id, task_id, actioner_userid, "refuse", **fields)

    @api("workflow_1_0.RedirectWorkflowTask", "POST /v1.0/workflow/tasks/redirect")
    def redirect(
        self,
        task_id: int,
        to_userid: Annotated[str, wire("toUserId")],
        operate_userid: Annotated[str, wire("operateUserId")],
        **fields: Unpack[RedirectFields],
    ) -> Call[None]:
        """Redirect a task to another user (转交OA审批任务).

        Args:
            task_id: the task, which has to be running.
            to_userid: the user who gets the task.
            operate_userid: the user who has the task.
            fields: see `RedirectFields`.

        Raises:
            InvalidRequest: a user is wrong, or the task is not running.

        Source: transfer-the-oa-approval-task
        """
        return Call(None)

    @also_takes(older_ids.one_user)
    @api(
        "workflow_1_0.GetUserTodoTaskSum",
        "GET /v1.0/workflow/processes/todoTasks/numbers",
        "dingtalk.oapi.process.gettodonum",
    )
    def todo_count(self, userid: Annotated[str, wire("userId")]) -> Call[int]:
        """Count the tasks that wait for a user (获取用户待审批数量).

        Args:
            userid: the user.

        Raises:
            NotFound: there is no such user.

        Source: queries-the-number-of-requests-to-be-approved-by-users
        """
        return Call(int, "result")

    @api("workflow_1_0.ProcessForecast", "POST /v1.0/workflow/processes/forecast", idempotent=True)
    def forecast(
        self,
        process_code: str,
        userid: Annotated[str, wire("userId")],
        dept_id: int,
        form_component_values: Form,
    ) -> Call[Forecast]:
        """Get the steps that an approval would have (获取审批单流程中的节点信息).

        Args:
            process_code: the form.
            userid: the originator.
            dept_id: a department of the originator, -1 for the root.
            form_component_values: the values of the form.

        Returns:
            The steps. `.target_keys` has the keys of those whose approvers the originator chooses.

        Raises:
            NotFound: there is no such form, or no such user.

        Source: approval-process-prediction
        """
        return Call(Forecast, "result")


class ApprovalInstance(Model, Refreshed["ApprovalInstance"], alias_generator=camel):
    """An approval (审批实例)."""

    objects: ClassVar[ApprovalInstanceManager] = ApprovalInstanceManager()
    get = objects.get
    create = objects.create
    key: ClassVar = ("process_instance_id",)

    process_instance_id: str = ""
    title: str | None
    status: str | None
    """`RUNNING`, `TERMINATED` or `COMPLETED`."""
    result: str | None
    """`agree` or `refuse`; empty while it runs."""
    business_id: str | None
    originator_userid: Annotated[str | None, wire("originatorUserId")]
    originator_dept_id: str | None
    """The originator's department; `-1` for the root."""
    originator_dept_name: str | None
    approver_userids: Annotated[list[str], wire("approverUserIds")] = []
    cc_userids: Annotated[list[str], wire("ccUserIds")] = []
    create_time: IsoTime | None
    finish_time: IsoTime | None
    form_component_values: list[FormEntry] = []
    operation_records: list[OperationRecord] = []
    tasks: list[ApprovalTask] = []
    biz_action: str | None
    """`MODIFY` or `REVOKE` if it changes or revokes another approval, else `NONE`."""
    biz_data: str | None
    attached_process_instance_ids: list[str] = []
    main_process_instance_id: str | None

    @property
    def form(self) -> dict[str | tuple[str, ...], Any]:
        """The values of the form as Python objects, by label. The key of a date range is both its labels."""
        return {entry.label: entry.value for entry in self.form_component_values}

    @operation
    def agree(self, actioner_userid: str, **fields: Unpack[TaskDecision]) -> Flow[None]:
        """Agree for a user who has to decide. `refresh()` then loads the new state.

        Args:
            actioner_userid: the user.
            fields: see `TaskDecision`.

        Raises:
            InvalidArgument: the user has no running task in this approval.
        """
        return self._decide("agree", actioner_userid, **fields)

    @operation
    def refuse(self, actioner_userid: str, **fields: Unpack[TaskDecision]) -> Flow[None]:
        """Refuse for a user who has to decide; see `agree`."""
        return self._decide("refuse", actioner_userid, **fields)

    @operation
    def redirect(self, operate_userid: str, to_userid: str, **fields: Unpack[TaskRedirection]) -> Flow[None]:
        """Redirect the task of one user to another.

        Args:
            operate_userid: the user who has the task.
            to_userid: the user who gets the task.
            fields: see `TaskRedirection`.

        Raises:
            InvalidArgument: the user has no running task in this approval.
        """
        return self._redirect(operate_userid, to_userid, **fields)

    @operation
    def comment(self, comment_userid: str, text: CommentText, **fields: Unpack[CommentFields]) -> Call[None]:
        """Comment on this approval.

        Args:
            comment_userid: the user who comments.
            text: the comment, at most 1024 characters.
            fields: see `CommentFields`.
        """
        return self.objects.comment.call(self.process_instance_id, comment_userid, text, **fields)

    @operation
    def terminate(
        self, operating_userid: str | None = None, *, is_system: bool = False, remark: Remark = None
    ) -> Call[None]:
        """Withdraw this approval, at the earliest 15 seconds after its start.

        Args:
            operating_userid: the user who withdraws it; required unless `is_system` is set.
            is_system: whether the system withdraws it.
            remark: a comment of at most 1024 characters.
        """
        return self.objects.terminate.call(
            self.process_instance_id, operating_userid, is_system=is_system, remark=remark
        )

    def _decide(
        self,
        result: Literal["agree", "refuse"],
        userid: str,
        *,
        task_id: int | None = None,
        **fields: Unpack[DecisionFields],
    ) -> Flow[None]:
        task_id = task_id or (yield from self._running_task(userid))
        yield from self.objects.execute.call(self.process_instance_id, task_id, userid, result, **fields)

    def _redirect(
        self, userid: str, to_userid: str, *, task_id: int | None = None, **fields: Unpack[RedirectFields]
    ) -> Flow[None]:
        task_id = task_id or (yield from self._running_task(userid))
        yield from self.objects.redirect.call(task_id, to_userid, userid, **fields)

    def _running_task(self, userid: str) -> Flow[int]:
        # loaded again, because each decision changes the running tasks
        now = yield from self.objects.get.call(self.process_instance_id)
        for task in now.tasks:
            if task.userid == userid and task.status == "RUNNING":
                return task.task_id
        problem = Problem(userid, "has no running task in this approval / 在该审批实例中没有待处理的任务")
        raise InvalidArgument("ApprovalInstance", [problem])
