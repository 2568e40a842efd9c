"""The forecast of an approval (审批流程预测): its steps and their approvers."""

from __future__ import annotations

from typing import Annotated

from dingtalk_models.core.wire import camel, wire
from dingtalk_models.resource.model import Record


class SelectableUser(Record, alias_generator=camel):
    """A user who can be chosen."""

    work_no: str | None
    user_name: str | None


class SelectableLabel(Record, alias_generator=camel):
    """A role whose users can be chosen."""

    labels: str | None
    label_names: str | None


class SelectionRange(Record):
    """The users and roles that can be chosen."""

    approvals: list[SelectableUser] = []
    labels: list[SelectableLabel] = []


class WorkflowActor(Record, alias_generator=camel):
    """The approvers of a step, and how they decide."""

    actor_key: str | None
    """The key for `target_select_actioners`."""
    actor_type: str | None
    """`approver`, `notifier` or `audit`."""
    actor_selection_type: str | None
    """`allStaff`, `approvals` or `labels`."""
    actor_selection_range: SelectionRange | None
    allowed_multi: bool | None
    approval_type: str | None
    """`MANUAL`, `AUTO_AGREE` or `AUTO_REFUSE`."""
    approval_method: str | None
    """`ONE_BY_ONE`, `AND` or `OR`."""
    actor_activate_type: str | None
    """`ALL` or `ONE_BY_ONE`."""
    required: bool | None


class ActivityActioner(Record, alias_generator=camel):
    """A user of a step."""

    userid: Annotated[str | None, wire("userId")]
    name: str | None
    avatar: str | None


class ActivityRule(Record, alias_generator=camel):
    """A step."""

    activity_id: str | None
    prev_activity_id: str | None
    activity_name: str | None
    activity_type: str | None
    """`target_select` or `target_approval`."""
    is_target_select: bool | None
    workflow_actor: WorkflowActor | None
    activity_actioners: list[ActivityActioner] = []


class ForecastNode(Record, alias_generator=camel):
    """A node of the flow."""

    activity_id: str | None
    out_id: str | None


class Forecast(Record, alias_generator=camel):
    """The steps that an approval would have."""

    is_forecast_success: bool | None
    process_code: str | None
    userid: Annotated[str | None, wire("userId")]
    process_id: int | None
    is_static_workflow: bool | None
    workflow_activity_rules: list[ActivityRule] = []
    workflow_forecast_nodes: list[ForecastNode] = []

    @property
    def target_keys(self) -> list[str]:
        """The keys of the steps whose approvers the originator chooses."""
        actors = [rule.workflow_actor for rule in self.workflow_activity_rules if rule.is_target_select]
        return [actor.actor_key for actor in actors if actor and actor.actor_key]
