"""Helpers of the endpoints for approvals and forms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.parameters import Parameters
from dingtalk_models.sandbox.state.approval import MANAGER, ApprovalForm, ApprovalStep, Instance
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.ids import opaque

WRITE: Final = "Workflow.Instance.Write"
READ: Final = "Workflow.Instance.Read"
WRITE_FORM: Final = "Workflow.Form.Write"
READ_FORM: Final = "Workflow.Form.Read"

InstanceId = Annotated[str, Field(alias="processInstanceId", min_length=1)]
ProcessCode = Annotated[str, Field(alias="processCode", min_length=1)]
UserId = Annotated[str, Field(alias="userId", min_length=1)]


class CamelCase(Parameters):
    """A nested object of a request, with camelCase names."""

    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True)


def now_of(company: Company) -> float:
    """Return the sandbox's time."""
    return company.credentials.clock.now()


def minute_text(at: float) -> str:
    """Format a time for a reply, without seconds."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"


def form_of(company: Company, process_code: str, code: str) -> ApprovalForm:
    """Return the form with this code, or refuse."""
    if process_code not in company.workflow.forms:
        raise Refused(code)
    return company.workflow.forms[process_code]


def instance_of(company: Company, instance_id: str, code: str) -> Instance:
    """Return the approval with this id, or refuse."""
    if instance_id not in company.workflow.instances:
        raise Refused(code)
    return company.workflow.instances[instance_id]


def check_users(company: Company, userids: Iterable[str], code: str = "userNotExist") -> None:
    """Refuse users who are not in the company."""
    if not company.users.keys() >= set(userids):
        raise Refused(code)


def people_of(company: Company, step: ApprovalStep, originator: str) -> list[str]:
    """Return the users of a step, with the originator's manager instead of `MANAGER`."""
    manager = company.users[originator].manager_userid or originator
    return [manager if each == MANAGER else each for each in step.users]


def activity_id(form: ApprovalForm, number: int) -> str:
    """Return the id of a form's step; the first step is 1."""
    return opaque(form.process_code, str(number))[:9]
