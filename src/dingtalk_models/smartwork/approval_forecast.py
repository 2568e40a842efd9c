"""What an approval would go through (审批流程预测): its steps, and who decides them."""

from __future__ import annotations

from dingtalk_models.core.model import Record
from dingtalk_models.core.wire import camel


class SelectableUser(Record, alias_generator=camel):
    """A user who may be chosen."""

    work_no: str | None = None
    user_name: str | None = None


class SelectableLabel(Record, alias_generator=camel):
    """A role whose users may be chosen."""

    labels: str | None = None
    label_names: str | None = None


class SelectionRange(Record):
    """Who may be chosen."""

    approvals: list[SelectableUser] = []
    labels: list[SelectableLabel] = []


class WorkflowActor(Record, alias_generator=camel):
    """How a step is decided, and by whom."""

    actor_key: str | None = None
    """The key for `target_select_actioners`."""
    actor_type: str | None = None
    """`approver`, `notifier` or `audit`."""
    actor_selection_type: str | None = None
    """`allStaff`, `approvals` or `labels`."""
    actor_selection_range: SelectionRange | None = None
    allowed_multi: bool | None = None
    approval_type: str | None = None
    """`MANUAL`, `AUTO_AGREE` or `AUTO_REFUSE`."""
    approval_method: str | None = None
    """`ONE_BY_ONE`, `AND` or `OR`."""
    actor_activate_type: str | None = None
    """`ALL` or `ONE_BY_ONE`."""
    required: bool | None = None


class ActivityActioner(Record, alias_generator=camel):
    """A user of a step."""

    user_id: str | None = None
    name: str | None = None
    avatar: str | None = None


class ActivityRule(Record, alias_generator=camel):
    """A step."""

    activity_id: str | None = None
    prev_activity_id: str | None = None
    activity_name: str | None = None
    activity_type: str | None = None
    """`target_select` or `target_approval`."""
    is_target_select: bool | None = None
    workflow_actor: WorkflowActor | None = None
    activity_actioners: list[ActivityActioner] = []


class ForecastNode(Record, alias_generator=camel):
    """A node of the flow."""

    activity_id: str | None = None
    out_id: str | None = None


class Forecast(Record, alias_generator=camel):
    """The steps that an approval would go through."""

    is_forecast_success: bool | None = None
    process_code: str | None = None
    user_id: str | None = None
    process_id: int | None = None
    is_static_workflow: bool | None = None
    workflow_activity_rules: list[ActivityRule] = []
    workflow_forecast_nodes: list[ForecastNode] = []

    @property
    def target_keys(self) -> list[str]:
        """The keys of the steps that are left to the one who starts the approval."""
        actors = [rule.workflow_actor for rule in self.workflow_activity_rules if rule.is_target_select]
        return [actor.actor_key for actor in actors if actor and actor.actor_key]
