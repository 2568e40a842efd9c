"""`/v1.0/workflow/forms`, `/v1.0/workflow/processCentres/*`, `/v1.0/workflow/processes/*`: approval forms."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from pydantic import Field

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.replies import page_of, present
from dingtalk_models.sandbox.smartwork.approvals import (
    READ_FORM,
    WRITE_FORM,
    CamelCase,
    ProcessCode,
    UserId,
    check_users,
    form_of,
    minute_text,
    now_of,
)
from dingtalk_models.sandbox.smartwork.form_values import FITS
from dingtalk_models.sandbox.state.approval import MANAGER, ApprovalStep, Component, OperationRecord
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.ids import opaque


class FormPart(CamelCase):
    """A component of a form."""

    component_type: str
    props: dict[str, Any]
    children: list[FormPart] = []


@endpoint("GET", "/v1.0/workflow/processes/userVisibilities/templates", scope=READ_FORM)
def list_visible(
    company: Company,
    *,
    max_results: Annotated[int, Field(ge=1, le=100), Code("invalidMaxResults")],
    next_token: Annotated[int, Field(ge=0), Code("invalidNextToken")],
    userid: Annotated[str | None, Field(alias="userId")] = None,
) -> Result:
    """获取指定用户可见的审批表单列表."""
    if userid is not None:
        check_users(company, [userid], "invalidParameter")
    forms = [form for form in company.workflow.forms.values() if form.enabled]
    page, following = page_of(forms, next_token, max_results)
    shown = [
        {
            "name": form.name,
            "processCode": form.process_code,
            "dirId": "other",
            "dirName": "其他",
            "iconUrl": "https://gw.alicdn.com/tfs/sandbox-102-102.png",
            "url": f"https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm?processCode={form.process_code}",
        }
        for form in page
    ]
    return {"result": {"processList": shown, **present({"nextToken": following})}}


@endpoint("GET", "/v1.0/workflow/processes/managements/templates", scope=READ_FORM, invalid="invalidUserId")
def list_manageable(company: Company, *, userid: UserId) -> Result:
    """获取当前企业所有可管理的表单: an administrator manages all forms."""
    check_users(company, [userid])
    if userid not in company.admins:
        raise Refused("noPermission")
    result = [
        {
            "flowTitle": form.name,
            "processCode": form.process_code,
            "gmtModified": minute_text(form.modified),
            "newProcess": True,
            "attendanceType": 0,
            "iconName": "common",
            "iconUrl": "https://gw.alicdn.com/tfs/sandbox-112-112.png",
        }
        for form in company.workflow.forms.values()
    ]
    return {"result": result, "success": True}


@endpoint("GET", "/v1.0/workflow/processCentres/schemaNames/processCodes", scope=READ_FORM, invalid="process.error")
def get_code(company: Company, *, name: Annotated[str, Field(max_length=64)]) -> Result:
    """获取模板code."""
    form = company.workflow.form_named(name)
    if form is None:
        raise Refused("process.error")
    return {"result": {"processCode": form.process_code, "gmtModified": minute_text(form.modified)}}


def _shown_component(component: Component) -> dict[str, object]:
    options = [
        json.dumps({"key": f"option_{n}", "value": text}, ensure_ascii=False)
        for n, text in enumerate(component.options)
    ]
    props = {**component.props, "id": component.id, "label": component.label, "required": component.required}
    return present(
        {
            "componentName": component.type,
            "props": props | ({"options": options} if options else {}),
            "children": [_shown_component(child) for child in component.children] or None,
        }
    )


@endpoint("GET", "/v1.0/workflow/forms/schemas/processCodes", scope=READ_FORM, invalid="invalidParameter")
def get_schema(company: Company, *, process_code: ProcessCode, app_uuid: str | None = None) -> Result:
    """获取表单 schema: times are strings of milliseconds."""
    form = form_of(company, process_code, "aflowProcessCodeIsError")
    changed = str(int(form.modified * 1000))
    items = [_shown_component(component) for component in form.components]
    return {
        "result": {
            "appUuid": app_uuid or "",
            "formCode": form.process_code,
            "formUuid": "FORM-" + form.process_code.removeprefix("PROC-"),
            "name": form.name,
            "memo": form.description,
            "ownerIdType": "orgId",
            "schemaContent": {"title": form.name, "icon": "common", "items": items},
            **present({"creatorUserId": company.main_admin}),
            "icon": "common",
            "bizType": "",
            "listOrder": list(company.workflow.forms).index(form.process_code) + 1,
            "customSetting": "null",
            "appType": 0,
            "engineType": 0,
            "status": "PUBLISHED" if form.enabled else "INVALID",
            "procType": "inner",
            "visibleRange": "PUBLIC",
            "gmtCreate": changed,
            "gmtModified": changed,
        }
    }


_OWN_PLACE: Final = {"label", "componentId", "required", "options"}


def _component(part: FormPart) -> Component:
    if part.component_type not in {*FITS, "TableField", "TextNote"}:
        raise Refused("formschema.error", f"不支持的控件：{part.component_type}")
    label = str(part.props.get("label", ""))
    if not label and part.component_type != "TextNote":
        raise Refused("formschema.error", "控件缺少label")
    made = opaque(part.component_type, label).upper()[:12]
    return Component(
        part.component_type,
        label,
        str(part.props.get("componentId") or f"{part.component_type}_{made}"),
        required=bool(part.props.get("required")),
        options=[option["value"] for option in part.props.get("options", [])],
        children=[_component(child) for child in part.children],
        props={name: value for name, value in part.props.items() if name not in _OWN_PLACE},
    )


@endpoint("POST", "/v1.0/workflow/forms", scope=WRITE_FORM, invalid="formschema.error")
def save_form(
    company: Company,
    *,
    name: Annotated[str, Field(min_length=1, max_length=200)],
    parts: Annotated[list[FormPart], Field(alias="formComponents", max_length=200)],
    process_code: str | None = None,
    description: Annotated[str, Field(max_length=300)] = "",
    config: Annotated[dict[str, Any] | None, Field(alias="templateConfig")] = None,
) -> Result:
    """创建或更新审批表单模板: the originator's manager becomes the approver."""
    del config
    namesake = company.workflow.form_named(name)
    if namesake is not None and namesake.process_code != process_code:
        raise Refused("formName.error")
    components = [_component(part) for part in parts]
    if len({component.id for component in components}) < len(components):
        raise Refused("formschema.error", "控件id重复")
    if process_code is None:
        form = company.workflow.add_form(
            name, components, [ApprovalStep([MANAGER])], at=now_of(company), description=description
        )
    else:
        form = form_of(company, process_code, "processcode.error")
        form.name, form.components, form.modified = name, components, now_of(company)
        form.description = description or form.description
    return {"result": {"processCode": form.process_code}}


@endpoint("DELETE", "/v1.0/workflow/processCentres/schemas", scope=WRITE_FORM, invalid="processNotExist")
def delete_form(
    company: Company,
    *,
    process_code: ProcessCode,
    clean: Annotated[bool, Field(alias="cleanRunningTask")] = False,
) -> Result:
    """删除模板: `cleanRunningTask` also ends its running approvals."""
    form = form_of(company, process_code, "processNotExist")
    del company.workflow.forms[process_code]
    for instance in company.workflow.instances.values() if clean else ():
        if instance.form is form and instance.status == "RUNNING":
            done = OperationRecord(instance.originator, now_of(company), "TERMINATE_PROCESS_INSTANCE")
            company.workflow.terminate(instance, done)
    return {"result": {"processCode": process_code}}
