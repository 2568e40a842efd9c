"""What an approval is started, decided and listed with: field sets, and who decides its steps."""

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
    """One step of the approval: who decides it."""

    action_type: Annotated[Literal["AND", "OR", "NONE"], wire("actionType", "task_action_type")]
    """`AND`: all of them, `OR`: any of them, `NONE`: the only one."""
    userids: Annotated[list[str], wire("userIds", "user_ids")]
    """The users: one for `NONE`, else at least two."""


class TargetFields(TypedDict):
    """The users chosen for a step that the form leaves to the one who starts the approval."""

    actioner_key: str
    """The step's key, from `forecast`."""
    actioner_userids: Annotated[list[str], wire("actionerUserIds", "actioner_user_ids")]
    """The users."""


def all_of(*userids: str) -> ApproverFields:
    """A step that all of these users have to agree to (会签)."""
    return {"action_type": "AND", "userids": [*userids]}


def any_of(*userids: str) -> ApproverFields:
    """A step that any of these users decides (或签)."""
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
    """What an approval may be started with."""

    dept_id: int | None
    """A department of the originator, where -1 is the root; needed where no approvers are given."""
    approvers: Annotated[Sequence[Approver] | None, BeforeValidator(loaded), Field(max_length=20)]
    """The steps, in order, at most 20: a userid, `all_of(…)` or `any_of(…)`. Without them it goes as the form says."""
    target_select_actioners: Annotated[Sequence[TargetFields] | None, Field(max_length=20)]
    """Users for the steps that the form leaves open, at most 20."""
    cc_list: Annotated[Sequence[str] | None, Field(max_length=50)]
    """Users that get a copy, at most 50."""
    cc_position: Literal["START", "FINISH", "START_FINISH"] | None
    """When they get it."""
    microapp_agent_id: int | None
    """The agent id of the app."""
    biz_detail_page_url: Annotated[str | None, Field(max_length=1024)]
    """A page of your own with the details, at most 1024 characters; OA premium only."""


IdsAtOnce = Annotated[int, Field(ge=1, le=20)]
"""How many ids a call brings, at most 20."""


class InstanceFilter(TypedDict, total=False):
    """Which approvals of a form to list."""

    userids: Sequence[str] | None
    """Started by these users: for `all` and `all_ids` however many, else at most 10."""
    statuses: Statuses
    """Only of these: `RUNNING`, `TERMINATED`, `COMPLETED`."""
    max_results: IdsAtOnce
    """How many a page has, at most and by default 20."""


class InstancePages(InstanceFilter, total=False):
    """Which approvals of a form to list, and where to begin."""

    next_token: Annotated[int, Field(ge=0)]
    """Where to begin."""


class CommentFields(TypedDict, total=False):
    """What belongs to a comment, and to what is done to a task."""

    photos: Annotated[Sequence[str] | None, wire("file.photos")]
    """Pictures, by their addresses."""
    attachments: Annotated[Sequence[OrDict[AttachedFile]] | None, wire("file.attachments")]
    """Files in the space of approvals."""


class DecisionFields(CommentFields, total=False):
    """What belongs to a decision."""

    remark: Remark
    """Why, at most 1024 characters."""


class TaskDecision(DecisionFields, total=False):
    """What belongs to a decision of one who may have several tasks."""

    task_id: int | None
    """Which of their tasks; by default the running one, which is looked up."""


class RedirectFields(CommentFields, total=False):
    """What belongs to a redirection."""

    remark: Annotated[str | None, Field(max_length=256)]
    """Why, at most 256 characters."""
    action_name: Annotated[str | None, Field(max_length=128)]
    """What this is called, at most 128 characters."""


class TaskRedirection(RedirectFields, total=False):
    """What belongs to a redirection by one who may have several tasks."""

    task_id: int | None
    """Which of their tasks; by default the running one, which is looked up."""
