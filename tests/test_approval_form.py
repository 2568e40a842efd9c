"""Forms of approvals; against the sandbox, over HTTP."""

from __future__ import annotations

import pytest
from approving import EXPENSE, LEAVE

from dingtalk_models import (
    AlreadyExists,
    ApiError,
    ApprovalForm,
    ApprovalInstance,
    DingTalkApp,
    NotFound,
    PermissionDenied,
)
from dingtalk_models.smartwork.approval_form import ComponentFields
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
    table = next(item for item in schema.components if item.component_name == "TableField")
    assert [column.props.label for column in table.children] == ["项目", "金额", "日期"]
    with pytest.raises(NotFound):
        ApprovalForm.objects.schema("PROC-NONE")


def test_a_form_is_made_changed_and_deleted(app: DingTalkApp) -> None:
    reason: ComponentFields = {"component_type": "TextField", "props": {"label": "事由", "required": True}}
    form = ApprovalForm.objects.save("用章", [reason], description="公章、合同章")
    assert form.name == "用章"
    assert form.app is app
    approval = ApprovalInstance.create(form.process_code, "yangfan", [Text("事由", "合同")], dept_id=110)
    assert approval.refresh().form == {"事由": "合同"}
    with pytest.raises(AlreadyExists):
        ApprovalForm.objects.save("用章", [reason])
    days: ComponentFields = {"component_type": "NumberField", "props": {"label": "份数"}}
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
