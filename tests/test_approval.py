"""Approvals: started, read, decided, refused; against the sandbox, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from approving import CREATE, DAY, END, EXPENSE, LEAVE, QUERY, RANGE, START, expense, leave, now, started
from helpers import awaited

from dingtalk_models import (
    ApiError,
    ApprovalForm,
    ApprovalInstance,
    Call,
    DingTalkApp,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    TransportError,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.smartwork.approval_fields import all_of, any_of
from dingtalk_models.smartwork.form_values import (
    AttachedFile,
    DateRange,
    FormEntry,
    Select,
    Table,
    Text,
)


def test_an_approval_is_started_and_read_back(sandbox: Sandbox, app: DingTalkApp) -> None:
    approval = started()
    assert approval.process_instance_id
    assert approval.app is app
    assert approval.originator_userid == "yangfan"
    assert approval.status is None
    assert approval.form["请假事由"] == "回家"

    read = ApprovalInstance.get(approval.process_instance_id)
    assert read.process_instance_id == approval.process_instance_id
    assert (read.status, read.result, read.finish_time) == ("RUNNING", "", None)
    assert read.title == "杨帆提交的请假"
    assert read.business_id
    assert read.form == {
        "请假类型": "事假",
        RANGE: (START, END),
        "请假天数": Decimal("2.5"),
        "请假事由": "回家",
        "图片": None,
    }
    assert read.create_time is not None
    assert read.create_time.utcoffset() == timedelta(hours=8)
    assert abs(read.create_time - now(sandbox)) < timedelta(minutes=2)
    (task,) = read.tasks
    assert (task.userid, task.status, task.result) == ("sunjing", "RUNNING", None)
    assert [record.type for record in read.operation_records] == ["START_PROCESS_INSTANCE"]


def test_what_travels(sandbox: Sandbox, app: DingTalkApp) -> None:
    call = ApprovalInstance.create.call(
        LEAVE,
        "yangfan",
        [Text("事由", "x"), DateRange(RANGE, date(2026, 1, 1), date(2026, 1, 2)), {"name": "其他", "value": "y"}],
        dept_id=-1,
        approvers=["zhaolei", all_of("sunjing", "liuyang"), any_of("hanmei", "qianwei")],
        cc_list=["weidong"],
        cc_position="START_FINISH",
        target_select_actioners=[{"actioner_key": "manual_1", "actioner_userids": ["hanmei"]}],
        agent_id=7,
    )
    assert call.request.body == {
        "processCode": LEAVE,
        "originatorUserId": "yangfan",
        "deptId": -1,
        "microappAgentId": 7,
        "formComponentValues": [
            {"name": "事由", "value": "x", "componentType": "TextField"},
            {
                "name": '["开始时间","结束时间"]',
                "value": '["2026-01-01","2026-01-02"]',
                "componentType": "DDDateRangeField",
            },
            {"name": "其他", "value": "y"},
        ],
        "approvers": [
            {"actionType": "NONE", "userIds": ["zhaolei"]},
            {"actionType": "AND", "userIds": ["sunjing", "liuyang"]},
            {"actionType": "OR", "userIds": ["hanmei", "qianwei"]},
        ],
        "ccList": ["weidong"],
        "ccPosition": "START_FINISH",
        "targetSelectActioners": [{"actionerKey": "manual_1", "actionerUserIds": ["hanmei"]}],
    }
    assert sandbox.calls == []


def test_agreeing_to_the_last_task_completes_it(sandbox: Sandbox, app: DingTalkApp) -> None:
    approval = started(cc_list=["weidong"], cc_position="START_FINISH")
    assert ApprovalInstance.objects.todo_count("sunjing") == 1
    approval.agree("sunjing", remark="同意")
    approval.refresh()
    assert approval.status == "RUNNING"
    assert [(task.userid, task.status, task.result) for task in approval.tasks] == [
        ("sunjing", "COMPLETED", "AGREE"),
        ("liuyang", "RUNNING", None),
    ]
    approval.comment("yangfan", "请尽快", photos=["https://img/1.png"])
    approval.agree("liuyang")
    approval.refresh()
    assert (approval.status, approval.result) == ("COMPLETED", "agree")
    assert approval.finish_time is not None
    assert [record.type for record in approval.operation_records] == [
        "START_PROCESS_INSTANCE",
        "PROCESS_CC",
        "EXECUTE_TASK_NORMAL",
        "ADD_REMARK",
        "EXECUTE_TASK_NORMAL",
        "PROCESS_CC",
    ]
    assert approval.operation_records[2].remark == "同意"
    assert approval.operation_records[2].result == "AGREE"
    assert approval.operation_records[3].images == ["https://img/1.png"]
    assert approval.operation_records[5].cc_userids == ["weidong"]
    assert ApprovalInstance.objects.todo_count("liuyang") == 0
    with pytest.raises(InvalidArgument, match="no running task"):
        approval.agree("liuyang")
    with pytest.raises(InvalidRequest, match="审批单状态异常"):
        ApprovalInstance.objects.agree(approval.process_instance_id, approval.tasks[1].task_id, "liuyang")


def test_a_refusal_ends_it(app: DingTalkApp) -> None:
    approval = started()
    file = AttachedFile(space_id="1", file_id="2", file_name="证明.pdf", file_size=3, file_type="pdf")
    approval.refuse("sunjing", remark="项目紧", attachments=[file])
    approval.refresh()
    assert (approval.status, approval.result) == ("COMPLETED", "refuse")
    assert approval.operation_records[-1].attachments == [file]
    assert len(approval.tasks) == 1


@pytest.mark.parametrize(
    ("approvers", "decisions", "left"),
    [
        ([all_of("sunjing", "liuyang")], ["sunjing"], [("liuyang", "RUNNING")]),
        ([any_of("sunjing", "liuyang"), "hanmei"], ["liuyang"], [("sunjing", "CANCELED"), ("hanmei", "RUNNING")]),
        (["sunjing", "hanmei"], ["sunjing"], [("hanmei", "RUNNING")]),
    ],
)
def test_approvers_in_every_form(
    app: DingTalkApp, approvers: list[Any], decisions: list[str], left: list[tuple[str, str]]
) -> None:
    approval = started(approvers=approvers, dept_id=None)
    for userid in decisions:
        approval.agree(userid)
    approval.refresh()
    assert approval.status == "RUNNING"
    assert [(t.userid, t.status) for t in approval.tasks if t.status != "COMPLETED"] == left


def test_a_step_that_is_left_open_takes_the_users_chosen(app: DingTalkApp) -> None:
    forecast = ApprovalInstance.objects.forecast(EXPENSE, "caohui", 310, expense())
    (key,) = forecast.target_keys
    assert [rule.is_target_select for rule in forecast.workflow_activity_rules] == [True, False]
    with pytest.raises(InvalidRequest) as missing:
        ApprovalInstance.create(EXPENSE, "caohui", expense(), dept_id=310)
    assert missing.value.code == "targetSelectApproverMissing"
    assert "forecast" in (missing.value.hint or "")
    chosen = ApprovalInstance.create(
        EXPENSE,
        "caohui",
        expense(),
        dept_id=310,
        target_select_actioners=[{"actioner_key": key, "actioner_userids": ["fengtao"]}],
    )
    assert [task.userid for task in chosen.refresh().tasks] == ["fengtao"]


def test_a_table_comes_back_as_rows(app: DingTalkApp) -> None:
    read = ApprovalInstance.create(EXPENSE, "caohui", expense(), approvers=["fengtao"]).refresh()
    table = next(entry.filled for entry in read.form_component_values if entry.name == "明细")
    assert isinstance(table, Table)
    assert table.rows == [
        {"项目": "机票", "金额": Decimal("1280.50"), "日期": date(2026, 9, 1)},
        {"项目": "机票", "金额": Decimal("1280.50")},
    ]
    assert table.value == expense()[1].value  # type: ignore[union-attr]
    again = ApprovalInstance.create(EXPENSE, "caohui", [Text("报销事由", "再次"), table], approvers=["fengtao"])
    assert again.refresh().form["明细"] == table.value


def test_what_an_approval_was_filled_in_with_starts_another(app: DingTalkApp) -> None:
    first = started()
    first.form_component_values[-1].text = "探亲"
    again = ApprovalInstance.create(LEAVE, "yangfan", first.refresh().form_component_values, dept_id=110).refresh()
    assert again.form == first.form
    filled = [*first.form_component_values[:-1], FormEntry(name="请假事由", text="探亲")]
    assert ApprovalInstance.create(LEAVE, "yangfan", filled, dept_id=110).refresh().form["请假事由"] == "探亲"
    comment = ApprovalInstance.objects.comment.call("i", "u", "x", attachments=[AttachedFile(file_id="f", file_size=9)])
    as_dict = ApprovalInstance.objects.comment.call("i", "u", "x", attachments=[{"fileId": "f", "file_size": 9}])
    assert comment.request.body == as_dict.request.body
    assert (comment.request.body or {})["file"] == {"attachments": [{"fileId": "f", "fileSize": "9"}]}


def test_redirecting_hands_the_task_on(app: DingTalkApp) -> None:
    approval = started()
    approval.redirect("sunjing", "zhaolei", remark="出差")
    approval.refresh()
    assert [(t.userid, t.status, t.result) for t in approval.tasks] == [
        ("sunjing", "COMPLETED", "REDIRECTED"),
        ("zhaolei", "RUNNING", None),
    ]
    with pytest.raises(InvalidRequest) as twice:
        ApprovalInstance.objects.redirect(approval.tasks[0].task_id, "zhaolei", "sunjing")
    assert twice.value.code == "task.status.error"
    with pytest.raises(InvalidRequest) as stranger:
        ApprovalInstance.objects.redirect(approval.tasks[1].task_id, "sunjing", "hanmei")
    assert stranger.value.code == "param.illegal.operator"


def test_withdrawing_takes_fifteen_seconds_of_age(sandbox: Sandbox, app: DingTalkApp) -> None:
    approval = started()
    with pytest.raises(InvalidRequest) as young:
        approval.terminate("yangfan", remark="误提交")
    assert young.value.code == "aflowProcessInstStatusException"
    assert "15 seconds" in (young.value.hint or "")
    sandbox.clock.advance(15)
    approval.terminate("yangfan", remark="误提交")
    approval.refresh()
    assert (approval.status, approval.result) == ("TERMINATED", "")
    assert [task.status for task in approval.tasks] == ["CANCELED"]
    assert approval.operation_records[-1].remark == "误提交"
    other = started()
    sandbox.clock.advance(15)
    other.terminate(is_system=True)
    with pytest.raises(InvalidArgument, match="needed unless is_system"):
        other.terminate()


def test_refused_by_the_platform(sandbox: Sandbox, app: DingTalkApp) -> None:
    def code(error: type[ApiError], *args: Any, **kwargs: Any) -> Any:
        with pytest.raises(error) as caught:
            ApprovalInstance.create(*args, **kwargs)
        return caught.value

    assert code(NotFound, "PROC-NONE", "yangfan", leave(), dept_id=110).code == "processCodeError"
    elsewhere = code(InvalidRequest, LEAVE, "yangfan", leave(), dept_id=1)
    assert elsewhere.code == "processInstanceInvalidParameter"
    assert "-1" in elsewhere.hint
    assert code(InvalidRequest, LEAVE, "nobody", leave(), dept_id=110).code == "invalidParameter"
    assert code(InvalidRequest, LEAVE, "yangfan", leave(), approvers=["nobody"]).code == elsewhere.code
    assert code(InvalidRequest, LEAVE, "yangfan", leave(), approvers=["sunjing"], cc_list=["nobody"]).code == (
        elsewhere.code
    )
    assert code(ApiError, LEAVE, "yangfan", [*leave(), Text("无此控件", "x")], dept_id=110).code == "illegalComponent"
    for form in (leave()[:2], [Select("请假类型", "产假"), *leave()[1:]]):
        refused = code(ApiError, LEAVE, "yangfan", form, dept_id=110)
        assert refused.code == "formConverterError"
        assert "失败控件" in refused.message
    assert code(PermissionDenied, LEAVE, "yangfan", leave(), dept_id=110, biz_detail_page_url="https://x").code == (
        "benefitStatusInvalid"
    )
    sandbox.company.workflow.forms[LEAVE].enabled = False
    assert code(ApiError, LEAVE, "yangfan", leave(), dept_id=110).code == "processGetFailed"
    with pytest.raises(NotFound):
        ApprovalInstance.get("nothing")
    with pytest.raises(NotFound):
        ApprovalInstance.objects.todo_count("nobody")
    with pytest.raises(NotFound):
        ApprovalInstance.objects.comment("nothing", "yangfan", "x")
    assert sandbox.company.workflow.instances == {}


def test_scopes_are_told(sandbox: Sandbox) -> None:
    with Sandbox(scopes=["Workflow.Instance.Read"]) as strict, strict.app() as app:
        with pytest.raises(PermissionDenied) as caught:
            started()
        assert caught.value.scopes == ("Workflow.Instance.Write",)
        app.close()


BEYOND: list[tuple[dict[str, Any], str]] = [
    ({"form_component_values": [Text("x", "长" * 65536)]}, "65535"),
    ({"form_component_values": [Text("x", "x")] * 151}, "150"),
    ({"form_component_values": [{"name": "x"}]}, "form_component_values.0.text: required"),
    ({"form_component_values": [FormEntry()]}, "form_component_values.0.name: required"),
    ({"form_component_values": [{"name": "x", "value": "x", "valu": 1}]}, "unknown"),
    ({"form_component_values": ["x"]}, "form_component_values.0"),
    ({"approvers": [all_of("a")]}, "at least 2"),
    ({"approvers": [{"action_type": "NONE", "userids": ["a", "b"]}]}, "exactly 1"),
    ({"approvers": [any_of()]}, "at least 2"),
    ({"approvers": ["a"] * 21}, "20"),
    ({"cc_list": ["a"] * 51}, "50"),
    ({"cc_position": "MIDDLE"}, "START"),
    ({"dept_id": None}, "needed where no approvers"),
    ({"biz_detail_page_url": "x" * 1025}, "1024"),
    ({"target_select_actioners": [{"actioner_key": "k", "actioner_userids": []}] * 21}, "20"),
]


@pytest.mark.parametrize(("arguments", "words"), BEYOND)
def test_limits_are_checked_before_sending(
    sandbox: Sandbox, app: DingTalkApp, arguments: dict[str, Any], words: str
) -> None:
    given: dict[str, Any] = {"form_component_values": leave(), "dept_id": 110}
    with pytest.raises(InvalidArgument, match=words):
        ApprovalInstance.create(LEAVE, "yangfan", **given | arguments)
    assert sandbox.calls == []


def test_other_limits_are_checked_before_sending(sandbox: Sandbox, app: DingTalkApp) -> None:
    objects = ApprovalInstance.objects
    long = START + 121 * DAY
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: objects.list_ids(LEAVE, START, long), "120 days"),
        (lambda: objects.list(LEAVE, START, long), "120 days"),
        (lambda: objects.list_ids(LEAVE, START, START - DAY), "before start_time"),
        (lambda: objects.all(LEAVE, START, START - DAY), "before start_time"),
        (lambda: objects.list_ids(LEAVE, START, END, max_results=21), "max_results"),
        (lambda: objects.list_ids(LEAVE, START, END, userids=["u"] * 11), "userids"),
        (lambda: objects.list_ids(LEAVE, datetime(2026, 1, 1), END), "time zone"),  # noqa: DTZ001 - what is refused
        (lambda: objects.execute("i", 1, "u", "maybe"), "agree"),  # type: ignore[arg-type]
        (lambda: objects.agree("i", 1, "u", remark="x" * 1025), "1024"),
        (lambda: objects.comment("i", "u", ""), "text"),
        (lambda: objects.comment("i", "u", "x" * 1025), "1024"),
        (lambda: objects.redirect(1, "u", "v", remark="x" * 257), "256"),
        (lambda: ApprovalForm.by_name("x" * 65), "64"),
        (lambda: ApprovalForm.objects.visible(max_results=101), "100"),
        (lambda: ApprovalForm.objects.save("x" * 201, []), "200"),
    ]
    for refused, words in cases:
        with pytest.raises(InvalidArgument, match=words):
            refused()
    assert sandbox.calls == []


def test_a_create_whose_answer_is_lost_is_sent_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(CREATE, drop="after")
    with pytest.raises(TransportError):
        started()
    assert len(sandbox.received(CREATE)) == 1
    assert len(sandbox.company.workflow.instances) == 1


def test_decisions_whose_answer_is_lost_are_sent_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    approval = started()
    acts: dict[str, Callable[[], None]] = {
        "comments": lambda: approval.comment("sunjing", "好"),
        "execute": lambda: approval.agree("sunjing"),
    }
    for path, act in acts.items():
        sandbox.fail(f"{CREATE}/{path}", drop="after")
        with pytest.raises(TransportError):
            act()
        assert len(sandbox.received(f"{CREATE}/{path}")) == 1


def test_reads_whose_answer_is_lost_are_sent_again(sandbox: Sandbox, app: DingTalkApp) -> None:
    started()
    sandbox.fail(QUERY, drop="after")
    assert len(ApprovalInstance.objects.list_ids(LEAVE, now(sandbox) - DAY).all()) == 1
    assert len(sandbox.received(QUERY)) == 2


FLOW = "/v1.0/workflow"
ID = {"processInstanceId": "i"}
STRICT: list[tuple[str, dict[str, Any], str]] = [
    (CREATE, {"processCode": LEAVE}, "invalidParameter"),
    (CREATE, {"processCode": LEAVE, "originatorUserId": "u", "formComponentValues": [{}] * 151}, "invalidParameter"),
    (QUERY, {"startTime": 0, "nextToken": 0, "maxResults": 20}, "invalidProcessCode"),
    (QUERY, {"processCode": LEAVE, "nextToken": 0, "maxResults": 20}, "invalidInstanceListIdsStartTime"),
    (QUERY, {"processCode": LEAVE, "startTime": 0, "maxResults": 20}, "invalidNextToken"),
    (QUERY, {"processCode": LEAVE, "startTime": 0, "nextToken": 0, "maxResults": 21}, "invalidMaxResults"),
    (QUERY, {"processCode": LEAVE, "startTime": 0, "nextToken": 0, "maxResults": 20}, "invalidEndTime"),
    (
        QUERY,
        {"processCode": LEAVE, "startTime": 0, "nextToken": 0, "maxResults": 20, "userIds": ["u"] * 11},
        "invalidUserIds",
    ),
    (f"{CREATE}/execute", {"taskId": 1, "actionerUserId": "u", "result": "agree"}, "invalidInstanceId"),
    (f"{CREATE}/execute", {**ID, "taskId": 1, "actionerUserId": "u", "result": "no"}, "invalidInstanceExecuteResult"),
    (f"{CREATE}/execute", {**ID, "actionerUserId": "u", "result": "agree"}, "invalidInstanceExecuteTaskId"),
    (f"{CREATE}/execute", {**ID, "taskId": 1, "result": "agree"}, "invalidInstanceExecuteActionerUserId"),
    (f"{CREATE}/comments", {**ID, "text": "", "commentUserId": "u"}, "invalidInstanceCommentText"),
    (f"{CREATE}/comments", {**ID, "text": "x"}, "invalidInstanceCommentUserId"),
    (f"{CREATE}/terminate", {**ID, "operatingUserId": "u"}, "invalidInstanceTerminateIsSystem"),
    (f"{CREATE}/terminate", {**ID, "isSystem": False}, "invalidInstanceTerminateOperatingUserId"),
    (f"{FLOW}/tasks/redirect", {"taskId": 1, "toUserId": "sunjing", "operateUserId": "u"}, "param.illegal"),
    (f"{FLOW}/forms", {"name": "x", "formComponents": [{"componentType": "X", "props": {}}]}, "formschema.error"),
]


@pytest.mark.parametrize(("path", "body", "code"), STRICT)
def test_the_sandbox_is_strict(sandbox: Sandbox, app: DingTalkApp, path: str, body: dict[str, Any], code: str) -> None:
    headers = {"x-acs-dingtalk-access-token": app.access_token}
    reply = requests.post(sandbox.url + path, json=body, headers=headers, timeout=10)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert reply.json()["message"]
    assert reply.json()["message"] != code


def test_awaited(sandbox: Sandbox) -> None:
    app = sandbox.app()

    async def work() -> None:
        forms = await ApprovalForm.objects.visible.aio("yangfan")
        assert len(forms) == 2
        assert (await ApprovalForm.by_name.aio("请假")).process_code == LEAVE
        approval = await ApprovalInstance.create.aio(LEAVE, "yangfan", leave(), dept_id=110)
        await approval.agree.aio("sunjing")
        await approval.comment.aio("yangfan", "谢谢")
        await approval.redirect.aio("liuyang", "jinshan")
        await approval.refuse.aio("jinshan", remark="不足")
        assert (await approval.refresh.aio()).result == "refuse"
        assert await ApprovalInstance.objects.todo_count.aio("jinshan") == 0
        found = await ApprovalInstance.objects.all.aio(LEAVE, now(sandbox) - 300 * DAY)
        assert [each.process_instance_id for each in found] == [approval.process_instance_id]
        count = await app.run.aio("workflow_1_0.GetUserTodoTaskSum", userid="sunjing")
        assert count == 0

    awaited(app, work)


def test_through_the_app(app: DingTalkApp) -> None:
    approval = app.smartwork.approvals.create(LEAVE, "yangfan", leave(), dept_id=110)
    assert app.smartwork.approvals.todo_count("sunjing") == 1
    assert app.smartwork.approval_forms.by_name("请假").process_code == LEAVE
    assert app.run("workflow_1_0.GetProcessInstance", process_instance_id=approval.process_instance_id).app is app


def test_unsent(app: DingTalkApp) -> None:
    call = ApprovalInstance.objects.execute.call("i", 7, "u", "agree", photos=["p"])
    assert isinstance(call, Call)
    assert call.request.body == {
        "processInstanceId": "i",
        "taskId": 7,
        "actionerUserId": "u",
        "result": "agree",
        "file": {"photos": ["p"]},
    }
    assert ApprovalForm.objects.delete.call("PROC-1").request.query_params == {"processCode": "PROC-1"}
