"""Approvals and their forms by the older names of their APIs."""

from __future__ import annotations

from typing import Any

import pytest
from approving import DAY, END, LEAVE, RANGE, START, now, started
from helpers import unchecked

from dingtalk_models import (
    DingTalkApp,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork.form_values import (
    AttachedFile,
)

OLD_FORM = (
    '[{"name":"请假类型","value":"事假"},{"name":"[\\"开始时间\\",\\"结束时间\\"]",'
    '"value":["2026-10-01 09:00","2026-10-03 18:00"]},{"name":"请假事由","value":"回家","ext_value":"x"}]'
)


@pytest.mark.parametrize(
    "name", ["dingtalk.oapi.processinstance.create", "dingtalk.smartwork.bpms.processinstance.create"]
)
@pytest.mark.parametrize("form", [OLD_FORM, [{"name": "x", "value": "y"}]])
def test_create_by_its_older_names(app: DingTalkApp, name: str, form: Any) -> None:
    old = {"process_code": LEAVE, "originator_user_id": "yangfan", "dept_id": 110, "form_component_values": form}
    body = app.run.call(
        name, **old, agent_id=9, approvers="sunjing, liuyang", cc_list="weidong,hanmei", cc_position="FINISH"
    ).request.body
    assert body["microappAgentId"] == 9
    assert body["ccList"] == ["weidong", "hanmei"]
    assert body["approvers"] == [
        {"actionType": "NONE", "userIds": ["sunjing"]},
        {"actionType": "NONE", "userIds": ["liuyang"]},
    ]
    steps = [{"task_action_type": "AND", "user_ids": ["sunjing", "liuyang"]}]
    for order in ({"approvers_v2": steps, "approvers": "hanmei"}, {"approvers": "hanmei", "approvers_v2": steps}):
        body = app.run.call(name, **old, **order).request.body
        assert body["approvers"] == [{"actionType": "AND", "userIds": ["sunjing", "liuyang"]}]


def test_the_older_names_work_through(sandbox: Sandbox, app: DingTalkApp) -> None:
    made = app.run(
        "dingtalk.smartwork.bpms.processinstance.create",
        process_code=LEAVE,
        originator_user_id="yangfan",
        dept_id=110,
        approvers="sunjing,liuyang",
        form_component_values=OLD_FORM,
    )
    instance_id = made.process_instance_id
    assert made.refresh().form[RANGE] == (START, END)
    for name in (
        "dingtalk.oapi.processinstance.get",
        "dingtalk.smartwork.bpms.processinstance.get",
        "dingtalk.smartwork.bpms.processinstance.getwithform",
    ):
        assert app.run(unchecked(name), process_instance_id=instance_id) == made
    since = int((now(sandbox) - DAY).timestamp() * 1000)
    for name in (
        "dingtalk.oapi.processinstance.listids",
        "dingtalk.oapi.processinstance.list",
        "dingtalk.smartwork.bpms.processinstance.list",
        "dingtalk.smartwork.bpms.processinstanceid.list",
    ):
        window = {"start_time": since, "end_time": since + 2 * 86_400_000, "cursor": 0, "size": 10}
        assert list(app.run(name, process_code=LEAVE, userid_list="yangfan,caohui", **window)) == [instance_id]
    assert app.run("dingtalk.oapi.process.gettodonum", userid="sunjing") == 1
    app.run(
        "dingtalk.oapi.process.instance.comment.add",
        request={
            "process_instance_id": instance_id,
            "comment_userid": "hanmei",
            "text": "知悉",
            "file": {"photos": ["u"], "attachments": [{"space_id": "1", "file_id": "2", "file_size": "3"}]},
        },
    )
    decided = {"process_instance_id": instance_id, "actioner_userid": "sunjing", "result": "agree"}
    app.run("dingtalk.oapi.process.instance.execute", request={**decided, "task_id": made.tasks[0].task_id})
    made.refresh()
    assert made.operation_records[1].attachments == [AttachedFile(space_id="1", file_id="2", file_size=3)]
    decided |= {"actioner_userid": "liuyang", "result": "refuse"}
    app.run(unchecked("dingtalk.oapi.processinstance.execute"), **decided, task_id=made.tasks[1].task_id, remark="不足")
    assert made.refresh().result == "refuse"
    other = started()
    sandbox.clock.advance(20)
    app.run(
        "dingtalk.oapi.process.instance.terminate",
        request={"process_instance_id": other.process_instance_id, "is_system": False, "operating_userid": "yangfan"},
    )
    assert other.refresh().status == "TERMINATED"


def test_older_names_of_forms(app: DingTalkApp) -> None:
    listed = app.run("dingtalk.oapi.process.listbyuserid", userid="yangfan", offset=0, size=100)
    assert [form.name for form in listed] == ["请假", "报销"]
    assert len(app.run("dingtalk.oapi.process.template.manage.get", userid="liuyang").all()) == 2
    assert app.run("dingtalk.oapi.process.get_by_name", name="请假").process_code == LEAVE
    components = [
        {"component_name": "DDSelectField", "props": {"id": "S-1", "label": "单选", "options": ["a", "b"]}},
        {"component_name": "DDDateRangeField", "props": {"id": "D-1", "label": ["开始", "结束"]}},
        {
            "component_name": "TableField",
            "props": {"id": "T-1", "label": "明细"},
            "children": [{"component_name": "TextField", "props": {"id": "X-1", "label": "项目"}}],
        },
    ]
    request = {"agentid": 9, "name": "旧式", "description": "旧", "form_component_list": components}
    made = app.run("dingtalk.oapi.process.save", saveProcessRequest=request)
    items = made.load_schema().components
    assert [item.props.component_id for item in items] == ["S-1", "D-1", "T-1"]
    assert len(items[0].props.options) == 2
    assert items[1].props.label == '["开始","结束"]'
    gone = app.run("dingtalk.oapi.process.delete", request={"agentid": 9, "process_code": made.process_code})
    assert gone == made.process_code
