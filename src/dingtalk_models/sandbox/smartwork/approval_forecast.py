"""`/v1.0/workflow/processes/forecast`: the steps that an approval will have."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.smartwork.approvals import (
    WRITE,
    ProcessCode,
    UserId,
    activity_id,
    check_users,
    form_of,
    people_of,
)
from dingtalk_models.sandbox.smartwork.form_values import Values, texts_of
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.ids import opaque


@endpoint("POST", "/v1.0/workflow/processes/forecast", scope=WRITE, invalid="invalidParameter")
def forecast(
    company: Company,
    *,
    process_code: ProcessCode,
    dept_id: int,
    userid: Annotated[UserId, Code("invalidUserId")],
    values: Annotated[Values, Code("componentIsNull")],
) -> Result:
    """获取审批单流程中的节点信息."""
    del dept_id
    form = form_of(company, process_code, "processCodeError")
    check_users(company, [userid])
    texts_of(company, form.components, values)
    rules: list[dict[str, object]] = []
    for number, step in enumerate(form.steps, start=1):
        people = people_of(company, step, userid)
        rule: dict[str, object] = {
            "activityId": activity_id(form, number),
            "prevActivityId": activity_id(form, number - 1),
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
                "actorActivateType": "ALL",
                "required": True,
            }
        rules.append(rule)
    return {
        "result": {
            "isForecastSuccess": True,
            "processCode": form.process_code,
            "userId": userid,
            "processId": int(opaque("process", form.process_code)[:9], 16),
            "isStaticWorkflow": True,
            "workflowActivityRules": rules,
            "workflowForecastNodes": [
                {"activityId": before, "outId": f"line-random-{before}-{after}"}
                for before, after in pairwise(activity_id(form, number) for number in range(len(form.steps) + 1))
            ],
        }
    }


def _actioner(company: Company, userid: str) -> dict[str, object]:
    return {"userId": userid, "name": company.users[userid].name, "avatar": company.users[userid].avatar or ""}
