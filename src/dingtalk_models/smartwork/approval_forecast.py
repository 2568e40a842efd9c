"""What an approval would go through (审批流程预测): its steps, and who decides them."""

from __future__ import annotations

from typing import Annotated

from dingtalk_models.core.model import Record
from dingtalk_models.core.wire import wire


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
    def target_keys(self) -> list[str]:
        """The keys of the steps that are left to the one who starts the approval."""
        actors = [rule.workflow_actor for rule in self.workflow_activity_rules if rule.is_target_select]
        return [actor.actor_key for actor in actors if actor and actor.actor_key]
