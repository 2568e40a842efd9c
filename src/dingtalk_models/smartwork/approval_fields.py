"""The options for starting, deciding and listing approvals, and the approvers of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetPydanticSchema
from typing_extensions import TypedDict

from dingtalk_models.core.json_values import loaded
from dingtalk_models.core.wire import wire
from dingtalk_models.resource.model import OrDict
from dingtalk_models.smartwork.form_values import AttachedFile

InstanceId = Annotated[str, Field(min_length=1)]
CommentText = Annotated[str, Field(min_length=1, max_length=1024)]
Remark = Annotated[str | None, Field(max_length=1024)]
Starters = Annotated[Sequence[str] | None, Field(max_length=10)]
Statuses = Sequence[Literal["NEW", "RUNNING", "TERMINATED", "COMPLETED", "CANCELED"]] | None


class ApproverFields(TypedDict):
    """The approvers of one step."""

    action_type: Annotated[Literal["AND", "OR", "NONE"], wire("actionType", "task_action_type")]
    """`AND` needs all of them, `OR` one of them; `NONE` is for a single user."""
    userids: Annotated[list[str], wire("userIds", "user_ids")]
    """The users: one for `NONE`, otherwise at least two."""


class TargetFields(TypedDict):
    """The approvers that the originator chooses for a step (自选审批人)."""

    actioner_key: str
    """The step's key, from `forecast`."""
    actioner_userids: Annotated[list[str], wire("actionerUserIds", "actioner_user_ids")]
    """The users."""


def all_of(*userids: str) -> ApproverFields:
    """Make a step to which all of these users have to agree (会签)."""
    return {"action_type": "AND", "userids": [*userids]}


def any_of(*userids: str) -> ApproverFields:
    """Make a step that any of these users decides (或签)."""
    return {"action_type": "OR", "userids": [*userids]}


def _step(value: Any) -> Any:
    return {"action_type": "NONE", "userids": [value]} if isinstance(value, str) else value


def _enough(step: ApproverFields) -> ApproverFields:
    alone, count = step["action_type"] == "NONE", len(step["userids"])
    if alone != (count == 1) or not count:
        many = ("exactly 1 user", "只能有 1 人") if alone else ("at least 2 users", "至少要有 2 人")
        raise ValueError(f"{step['action_type']} takes {many[0]} / 该节点{many[1]}")
    return step


Approver = Annotated[
    str | ApproverFields,
    GetPydanticSchema(
        lambda _, handler: handler(Annotated[ApproverFields, BeforeValidator(_step), AfterValidator(_enough)])
    ),
]
"""A step of the approval: a userid, `all_of(…)` or `any_of(…)`."""


class StartFields(TypedDict, total=False):
    """The options for starting an approval."""

    dept_id: int | None
    """A department of the originator, -1 for the root; required without `approvers`."""
    approvers: Annotated[Sequence[Approver] | None, BeforeValidator(loaded), Field(max_length=20)]
    """The steps in order, at most 20: a userid, `all_of(…)` or `any_of(…)`; by default those of the form."""
    target_select_actioners: Annotated[Sequence[TargetFields] | None, Field(max_length=20)]
    """The approvers chosen by the originator, for at most 20 steps."""
    cc_list: Annotated[Sequence[str] | None, Field(max_length=50)]
    """Users who get a copy, at most 50."""
    cc_position: Literal["START", "FINISH", "START_FINISH"] | None
    """When they get the copy."""
    agent_id: Annotated[int | None, wire("microappAgentId")]
    """The AgentId of the app."""
    biz_detail_page_url: Annotated[str | None, Field(max_length=1024)]
    """The URL of your own page with the details, at most 1024 characters; OA premium only."""


IdsAtOnce = Annotated[int, Field(ge=1, le=20)]
"""The page size, at most 20."""


class InstanceFilter(TypedDict, total=False):
    """The filters for the approvals of a form."""

    userids: Sequence[str] | None
    """Only approvals of these originators: at most 10, but any number for `all` and `all_ids`."""
    statuses: Statuses
    """Only approvals with these statuses: `RUNNING`, `TERMINATED`, `COMPLETED`."""
    max_results: IdsAtOnce
    """The page size; by default 20, which is the maximum."""


class InstancePages(InstanceFilter, total=False):
    """The filters for the approvals of a form, and the start of the list."""

    next_token: Annotated[int, Field(ge=0)]
    """The start of the list."""


class CommentFields(TypedDict, total=False):
    """The files of a comment or a decision."""

    photos: Annotated[Sequence[str] | None, wire("file.photos")]
    """The URLs of pictures."""
    attachments: Annotated[Sequence[OrDict[AttachedFile]] | None, wire("file.attachments")]
    """Files in the space of approvals."""


class DecisionFields(CommentFields, total=False):
    """The options of a decision."""

    remark: Remark
    """A comment of at most 1024 characters."""


class TaskDecision(DecisionFields, total=False):
    """The options of a decision by a user who may have several tasks."""

    task_id: int | None
    """The task; by default the user's running one, which is looked up."""


class RedirectFields(CommentFields, total=False):
    """The options of a redirection."""

    remark: Annotated[str | None, Field(max_length=256)]
    """A comment of at most 256 characters."""
    action_name: Annotated[str | None, Field(max_length=128)]
    """The name of the action, at most 128 characters."""


class TaskRedirection(RedirectFields, total=False):
    """The options of a redirection by a user who may have several tasks."""

    task_id: int | None
    """The task; by default the user's running one, which is looked up."""
