"""Forms of approvals; against the sandbox, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from approving import EXPENSE, LEAVE
from helpers import english

from dingtalk_models import (
    AlreadyExists,
    ApiError,
    ApprovalForm,
    ApprovalInstance,
    DingTalkApp,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork.form_components import Component, ComponentProps, Option
from dingtalk_models.smartwork.form_values import (
    Text,
)


def test_forms_are_found(app: DingTalkApp) -> None:
    forms = ApprovalForm.objects.visible("yangfan", max_results=1).all()
    assert [(form.name, form.process_code) for form in forms] == [("请假", LEAVE), ("报销", EXPENSE)]
    managed = ApprovalForm.objects.manageable("liuyang").all()
    assert [form.name for form in managed] == ["请假", "报销"]
    assert managed[0].gmt_modified is not None
    assert managed[0].gmt_modified.tzinfo is not None
    with pytest.raises(PermissionDenied):
        ApprovalForm.objects.manageable("yangfan").all()
    found = ApprovalForm.by_name("报销")
    assert (found.process_code, found.name) == (EXPENSE, "报销")
    with pytest.raises(NotFound):
        ApprovalForm.by_name("无此模板")
    schema = found.load_schema()
    assert schema.name == "报销"
    table = next(item for item in schema.components if item.component_type == "TableField")
    assert [column.props.label for column in table.children] == ["项目", "金额", "日期"]
    with pytest.raises(NotFound):
        ApprovalForm.objects.schema("PROC-NONE")


def test_a_form_is_made_changed_and_deleted(app: DingTalkApp) -> None:
    reason = {"component_type": "TextField", "props": {"label": "事由", "required": True}}
    form = ApprovalForm.objects.save("用章", [reason], description="公章、合同章")
    assert form.name == "用章"
    assert form.app is app
    approval = ApprovalInstance.create(form.process_code, "yangfan", [Text("事由", "合同")], dept_id=110)
    assert approval.refresh().form == {"事由": "合同"}
    with pytest.raises(AlreadyExists):
        ApprovalForm.objects.save("用章", [reason])
    days = Component(component_type="NumberField", props=ComponentProps(label="份数"))
    form.update([reason, days])
    assert [item.props.label for item in form.load_schema().components] == ["事由", "份数"]
    found = ApprovalForm(process_code=form.process_code).using(app)
    found.update([reason], name="用印")
    assert found.name == "用印"
    assert ApprovalForm.by_name("用印").process_code == form.process_code
    assert form.delete(clean_running_task=True) == form.process_code
    assert approval.refresh().status == "TERMINATED"
    with pytest.raises(NotFound):
        form.delete()
    with pytest.raises(NotFound):
        ApprovalForm.objects.save("用章", [reason], process_code="PROC-NONE")
    with pytest.raises(ApiError, match="label"):
        ApprovalForm.objects.save("空", [{"component_type": "TextField", "props": {}}])


def test_a_form_that_was_read_is_changed_and_sent_back(sandbox: Sandbox, app: DingTalkApp) -> None:
    kept = ComponentProps(label="印章", options=["公章", Option(key="c", value="合同章")], placeholder="选一个")
    form = ApprovalForm.objects.save("用章", [Component(component_type="DDSelectField", props=kept)])
    stored = sandbox.company.workflow.forms[form.process_code]
    stored.components[0].props["futureSwitch"] = [1]
    schema = form.load_schema()
    (seal,) = schema.components
    assert (seal.component_type, seal.props.label) == ("DDSelectField", "印章")
    assert [option for option in seal.props.options if isinstance(option, Option)] == seal.props.options
    seal.props.required = True
    schema.components.append(Component(component_type="TextField", props=ComponentProps(label="事由")))
    form.update(schema.components)
    again = form.load_schema().components
    assert [(item.props.label, item.props.required) for item in again] == [("印章", True), ("事由", False)]
    assert again[0].props.model_extra == {"futureSwitch": [1]}
    assert (again[0].props.placeholder, again[0].props.component_id) == ("选一个", seal.props.component_id)
    assert stored.components[0].options == ["公章", "合同章"]


def test_components_are_checked_by_their_path(sandbox: Sandbox, app: DingTalkApp) -> None:
    def refused(*components: Any) -> list[str]:
        with pytest.raises(InvalidArgument) as caught:
            ApprovalForm.objects.save("用章", components)
        return [english(str(problem)) for problem in caught.value.problems]

    props = {"label": "事由", "requird": True}
    at = "form_components.0"
    assert refused({"component_type": "TextField", "props": props}) == [
        f"{at}.props.requird: unknown; did you mean 'required'?"
    ]
    assert refused({"component_typ": "TextField", "props": {}}) == [
        f"{at}.component_type: required",
        f"{at}.component_typ: unknown; did you mean 'component_type'?",
    ]
    column = {"component_type": "TextField", "props": {"label": "项目", "bizAlias": "x" * 65}}
    assert refused({"component_type": "TableField", "props": {"label": "明细"}, "children": [column]}) == [
        f"{at}.children.0.props.bizAlias: String should have at most 64 characters"
    ]
    with pytest.raises(InvalidArgument, match=r"ComponentProps: requird: unknown; did you mean 'required'\?"):
        ComponentProps(label="事由", requird=True)  # type: ignore[call-arg]
    assert sandbox.calls == []
