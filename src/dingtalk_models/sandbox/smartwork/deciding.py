"""People start and decide approvals in their DingTalk client, without calling an endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dingtalk_models.sandbox.callback.changes import pushing_changes
from dingtalk_models.sandbox.smartwork.approval_instance import Target, execute, start_instance
from dingtalk_models.sandbox.smartwork.form_values import Value
from dingtalk_models.sandbox.state.approval import ROOT_DEPARTMENT, Instance
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.contact import ROOT


def submit(
    company: Company, process_code: str, values: Mapping[str, str], by: str, chosen: Mapping[str, Sequence[str]]
) -> Instance:
    """Let a person fill in a form to start an approval.

    Args:
        company: the company.
        process_code: the form.
        values: the texts by component label.
        by: the userid of the person.
        chosen: the approvers chosen by the originator, by step key.

    Raises:
        LookupError: there is no such form or person.
        Refused: the form does not accept these values.
    """
    if process_code not in company.workflow.forms:
        raise LookupError(f"there is no form {process_code}")
    _check_person(company, by)
    dept_id = next(iter(company.users[by].departments), ROOT)
    with pushing_changes(company):
        made = start_instance(
            company,
            process_code=process_code,
            originator_user_id=by,
            values=[Value(name=label, value=text) for label, text in values.items()],
            dept_id=ROOT_DEPARTMENT if dept_id == ROOT else dept_id,
            targets=[
                Target.model_validate({"actionerKey": key, "actionerUserIds": list(userids)})
                for key, userids in chosen.items()
            ],
        )
    return company.workflow.instances[str(made["instanceId"])]


def decide(company: Company, instance_id: str, result: Literal["agree", "refuse"], by: str, remark: str) -> Instance:
    """Let an approver agree or refuse.

    Raises:
        LookupError: there is no such approval or person.
        PermissionError: the approval does not wait for this person.
    """
    if instance_id not in company.workflow.instances:
        raise LookupError(f"there is no approval {instance_id}")
    _check_person(company, by)
    instance = company.workflow.instances[instance_id]
    task = next((each for each in instance.running() if each.userid == by), None)
    if task is None:
        waiting = ", ".join(each.userid for each in instance.running()) or "nobody"
        raise PermissionError(f"the approval {instance_id} does not wait for {by}, but for {waiting}")
    with pushing_changes(company):
        execute(company, instance_id=instance_id, task_id=task.task_id, userid=by, result=result, remark=remark or None)
    return instance


def _check_person(company: Company, userid: str) -> None:
    if userid not in company.users:
        raise LookupError(f"nobody has the userid {userid}")
