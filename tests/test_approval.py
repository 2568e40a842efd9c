"""Approvals and their forms; against the sandbox, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import requests
from helpers import awaited
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dingtalk_models import (
    BEIJING,
    AlreadyExists,
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
from dingtalk_models.smartwork import approval_instance
from dingtalk_models.smartwork.approval_form import ComponentFields, ComponentProps, Option
from dingtalk_models.smartwork.approval_instance import FormEntry, all_of, any_of
from dingtalk_models.smartwork.form_values import (
    Address,
    AttachedFile,
    Attachments,
    Contacts,
    Date,
    DateRange,
    Departments,
    FormFields,
    FormValue,
    Money,
    MultiSelect,
    Number,
    Other,
    Phone,
    Photos,
    Relations,
    Select,
    StarRating,
    Table,
    Text,
    TextArea,
    read_form_value,
)

LEAVE, EXPENSE = "PROC-LEAVE", "PROC-EXPENSE"
CREATE, QUERY = "/v1.0/workflow/processInstances", "/v1.0/workflow/processes/instanceIds/query"
RANGE = ("开始时间", "结束时间")
START, END = datetime(2026, 10, 1, 9, tzinfo=BEIJING), datetime(2026, 10, 3, 18, tzinfo=BEIJING)
DAY = timedelta(days=1)


def leave(reason: str = "回家") -> list[FormValue[Any] | FormFields]:
    return [
        Select("请假类型", "事假"),
        DateRange(RANGE, START, END),
        Number("请假天数", Decimal("2.5")),
        TextArea("请假事由", reason),
    ]


def started(userid: str = "yangfan", **more: Any) -> ApprovalInstance:
    given: dict[str, Any] = {"dept_id": 110, **more}
    return ApprovalInstance.create(LEAVE, userid, leave(), **given)


def now(sandbox: Sandbox) -> datetime:
    return datetime.fromtimestamp(sandbox.clock.now(), BEIJING)


# starting, reading


def test_an_approval_is_started_and_read_back(sandbox: Sandbox, app: DingTalkApp) -> None:
    approval = started()
    assert approval.process_instance_id
    assert approval.app is app
    assert approval.originator_user_id == "yangfan"
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
    assert (task.user_id, task.status, task.result) == ("sunjing", "RUNNING", None)
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
        target_select_actioners=[{"actioner_key": "manual_1", "actioner_user_ids": ["hanmei"]}],
        microapp_agent_id=7,
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
    assert [(task.user_id, task.status, task.result) for task in approval.tasks] == [
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
    assert approval.operation_records[5].cc_user_ids == ["weidong"]
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
    assert [(t.user_id, t.status) for t in approval.tasks if t.status != "COMPLETED"] == left


def expense() -> list[FormValue[Any] | FormFields]:
    row: list[FormValue[Any]] = [Text("项目", "机票"), Money("金额", Decimal("1280.50"))]
    return [Text("报销事由", "出差"), Table("明细", [[*row, Date("日期", date(2026, 9, 1))], row])]


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
        target_select_actioners=[{"actioner_key": key, "actioner_user_ids": ["fengtao"]}],
    )
    assert [task.user_id for task in chosen.refresh().tasks] == ["fengtao"]


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


def test_redirecting_hands_the_task_on(app: DingTalkApp) -> None:
    approval = started()
    approval.redirect("sunjing", "zhaolei", remark="出差")
    approval.refresh()
    assert [(t.user_id, t.status, t.result) for t in approval.tasks] == [
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


# what is refused


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


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: Text("事由", 5), "valid string"),  # type: ignore[arg-type]
        (lambda: Number("天数", "3"), "Decimal"),  # type: ignore[arg-type]
        (lambda: Number("天数", 1.5), "Decimal"),  # type: ignore[arg-type]
        (lambda: Number("天数", True), "Decimal"),
        (lambda: Money("金额", Decimal("NaN")), "finite"),
        (lambda: Date("日期", "2026-01-01"), "valid date"),  # type: ignore[arg-type]
        (lambda: Date("日期", datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001 - what is refused
        (lambda: Date("日期", datetime(2026, 1, 1, 1, 1, 1, tzinfo=BEIJING)), "minutes"),
        (lambda: DateRange(RANGE, START, "x"), "valid date"),  # type: ignore[arg-type]
        (lambda: MultiSelect("多选", "a"), "valid list"),  # type: ignore[arg-type]
        (lambda: Photos("图片", ["u"] * 10), "at most 9"),
        (lambda: Relations("关联", ["i"] * 10), "at most 9"),
        (lambda: Attachments("附件", ["x"]), "AttachedFile"),  # type: ignore[list-item]
        (lambda: Contacts("联系人", [1]), "valid string"),  # type: ignore[list-item]
        (lambda: Departments("部门", ["1"]), "valid integer"),  # type: ignore[list-item]
        (lambda: Address("省市区", ["北京,市"]), "comma"),
        (lambda: StarRating("评分", -1), "greater than or equal to 0"),
        (lambda: Table("明细", [[Table("明细", [])]]), "no table"),
        (lambda: Table("明细", [[Contacts("人", ["u"])]] * 51), "50 contacts"),
        (lambda: Table("明细", [["x"]]), "instance of FormValue"),  # type: ignore[list-item]
    ],
)
def test_a_value_of_the_wrong_type_is_refused(wrong: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words) as caught:
        wrong()
    assert caught.value.problems[0].field.startswith("value")


BEYOND: list[tuple[dict[str, Any], str]] = [
    ({"form_component_values": [Text("x", "长" * 65536)]}, "65535"),
    ({"form_component_values": [Text("x", "x")] * 151}, "150"),
    ({"form_component_values": [{"name": "x"}]}, "value: required"),
    ({"form_component_values": [{"name": "x", "value": "x", "valu": 1}]}, "unknown"),
    ({"form_component_values": ["x"]}, "form_component_values.0"),
    ({"approvers": [all_of("a")]}, "at least 2"),
    ({"approvers": [{"action_type": "NONE", "user_ids": ["a", "b"]}]}, "exactly 1"),
    ({"approvers": [any_of()]}, "at least 2"),
    ({"approvers": ["a"] * 21}, "20"),
    ({"cc_list": ["a"] * 51}, "50"),
    ({"cc_position": "MIDDLE"}, "START"),
    ({"dept_id": None}, "needed where no approvers"),
    ({"biz_detail_page_url": "x" * 1025}, "1024"),
    ({"target_select_actioners": [{"actioner_key": "k", "actioner_user_ids": []}] * 21}, "20"),
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
        (lambda: objects.list_ids(LEAVE, START, END, user_ids=["u"] * 11), "user_ids"),
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


# lists


def seeded(sandbox: Sandbox, ages: list[float], userids: tuple[str, ...] = ("yangfan",)) -> list[str]:
    """Approvals of these ages in days, oldest first."""
    flow = sandbox.company.workflow
    moment = sandbox.clock.now()
    return [
        flow.start(flow.forms[LEAVE], userids[n % len(userids)], {}, at=round(moment - age * 86400, 3)).instance_id
        for n, age in enumerate(sorted(ages, reverse=True))
    ]


def test_ids_are_listed_page_by_page(sandbox: Sandbox, app: DingTalkApp) -> None:
    ids = seeded(sandbox, [10 + n / 100 for n in range(45)])
    pages = list(ApprovalInstance.objects.list_ids(LEAVE, now(sandbox) - 20 * DAY).pages())
    assert [len(page.items) for page in pages] == [20, 20, 5]
    assert [each for page in pages for each in page.items] == ids
    assert [call.body["nextToken"] for call in sandbox.received(QUERY) if isinstance(call.body, dict)] == [0, 20, 40]
    assert all(call.query == {} for call in sandbox.received(QUERY))


def test_lists_hold_whole_approvals(sandbox: Sandbox, app: DingTalkApp) -> None:
    ids = seeded(sandbox, [1, 2, 3, 400], ("yangfan", "caohui"))
    since = now(sandbox) - 5 * DAY
    listed = ApprovalInstance.objects.list(LEAVE, since).all()
    assert [approval.process_instance_id for approval in listed] == ids[1:]
    assert all(approval.app is app and approval.tasks for approval in listed)
    only = ApprovalInstance.objects.list(LEAVE, since, user_ids=["yangfan"], statuses=["RUNNING"])
    assert [approval.process_instance_id for approval in only] == [ids[2]]
    assert ApprovalInstance.objects.list(LEAVE, since, statuses=["COMPLETED"]).all() == []
    assert ApprovalInstance.objects.list(EXPENSE, since).first() is None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ages=st.lists(st.floats(0.1, 359), max_size=70),
    begin=st.integers(1, 359),
    length=st.integers(0, 359),
    people=st.sampled_from([None, 3, 23]),
)
@example(ages=[359 - n * 120 for n in range(3)], begin=359, length=359, people=None)  # on the boundaries
@example(ages=[100.0] * 50, begin=220, length=120, people=23)
def test_any_span_is_split_and_joined(
    sandbox: Sandbox, app: DingTalkApp, *, ages: list[float], begin: int, length: int, people: int | None
) -> None:
    sandbox.company.workflow.instances.clear()
    sandbox.calls.clear()
    everybody = list(sandbox.company.users)[:25]
    seeded(sandbox, ages, tuple(everybody))
    start = now(sandbox) - begin * DAY
    end = min(start + length * DAY, now(sandbox))
    chosen = None if people is None else everybody[:people]
    found = ApprovalInstance.objects.all_ids(LEAVE, start, end, user_ids=chosen).all()
    first, last = (int(moment.timestamp() * 1000) / 1000 for moment in (start, end))
    expected = {
        each.instance_id
        for each in sandbox.company.workflow.instances.values()
        if first <= each.created <= last and (chosen is None or each.originator in chosen)
    }
    assert len(found) == len(set(found))
    assert set(found) == expected
    for call in sandbox.received(QUERY):
        assert isinstance(call.body, dict)
        assert call.code == 0
        assert call.body["endTime"] - call.body["startTime"] <= 120 * 86_400_000


def test_what_lies_where_windows_meet_is_found_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    end = now(sandbox).replace(microsecond=0)
    start = end - 300 * DAY
    near = [timedelta(milliseconds=n) for n in (-1, 0, 1)]
    moments = [start, *(start + n * 120 * DAY + offset for n in (1, 2) for offset in near), end]
    flow = sandbox.company.workflow
    ids = [flow.start(flow.forms[LEAVE], "yangfan", {}, at=moment.timestamp()).instance_id for moment in moments]
    flow.start(flow.forms[LEAVE], "yangfan", {}, at=(start + near[0]).timestamp())
    assert ApprovalInstance.objects.all_ids(LEAVE, start, end).all() == ids
    assert len(sandbox.received(QUERY)) == 3


def test_more_than_a_query_brings_is_found_all_the_same(
    sandbox: Sandbox, app: DingTalkApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_instance, "MOST_IDS", 40)
    sandbox.company.workflow.most_ids = 40
    ids = seeded(sandbox, [n / 10 for n in range(1, 131)])
    since = now(sandbox) - 30 * DAY
    assert len(ApprovalInstance.objects.list_ids(LEAVE, since).all()) == 40
    found = ApprovalInstance.objects.all_ids(LEAVE, since).all()
    assert sorted(found) == sorted(ids)


def test_everything_is_lazy(sandbox: Sandbox, app: DingTalkApp) -> None:
    seeded(sandbox, list(range(1, 320)))
    query = ApprovalInstance.objects.all(LEAVE, now(sandbox) - 350 * DAY)
    assert sandbox.calls == []
    assert query.first() is not None
    assert len(sandbox.received(QUERY)) == 1
    assert len(sandbox.received(CREATE)) == 20


# form values: to the wire and back


def minutes(lowest: datetime, highest: datetime) -> st.SearchStrategy[datetime]:
    zones = st.sampled_from([UTC, BEIJING, timezone(timedelta(hours=-9, minutes=-30))])
    return st.datetimes(lowest, highest, timezones=zones).map(lambda moment: moment.replace(second=0, microsecond=0))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FILLED = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4)
DAYS = st.dates(date(1970, 1, 2), date(9990, 1, 1))
MINUTES = minutes(datetime(1970, 1, 2), datetime(9990, 1, 1))  # noqa: DTZ001 - hypothesis adds the zones
MOMENTS = st.one_of(DAYS, MINUTES)
FILES = st.builds(
    AttachedFile,
    space_id=st.none() | TEXTS,
    file_id=FILLED,
    file_name=st.none() | FILLED,
    file_size=st.none() | st.integers(0, 2**50),
    file_type=st.none() | TEXTS,
)
PARTS = FILLED.filter(lambda text: "," not in text)
CELLS: dict[str, st.SearchStrategy[FormValue[Any]]] = {
    "TextField": st.builds(Text, st.just("单行"), TEXTS),
    "TextareaField": st.builds(TextArea, st.just("多行"), TEXTS),
    "NumberField": st.builds(Number, st.just("数字"), DECIMALS | st.integers(-(10**20), 10**20)),
    "MoneyField": st.builds(Money, st.just("金额"), DECIMALS),
    "DDSelectField": st.builds(Select, st.just("单选"), st.sampled_from(["甲", "乙", "null"])),
    "DDMultiSelectField": st.builds(MultiSelect, st.just("多选"), st.lists(st.sampled_from(["甲", "乙", "[\"'"]))),
    "DDDateField": st.builds(Date, st.just("日期"), MOMENTS),
    "DDDateRangeField": st.builds(DateRange, st.just(RANGE), MOMENTS, MOMENTS),
    "PhoneField": st.builds(Phone, st.just("电话"), TEXTS),
    "DDPhotoField": st.builds(Photos, st.just("图片"), st.lists(TEXTS, max_size=9)),
    "DDAttachment": st.builds(Attachments, st.just("附件"), st.lists(FILES, max_size=4)),
    "InnerContactField": st.builds(
        Contacts, st.just("联系人"), st.lists(st.sampled_from(["zhaolei", "sunjing"]), max_size=3)
    ),
    "DepartmentField": st.builds(
        Departments, st.just("部门"), st.lists(st.sampled_from([1, 100, 310]), min_size=1, max_size=3)
    ),
    "RelateField": st.builds(Relations, st.just("关联"), st.just([])),
    "AddressField": st.builds(Address, st.just("省市区"), st.lists(PARTS, min_size=1, max_size=4)),
    "StarRatingField": st.builds(StarRating, st.just("评分"), st.integers(0, 5)),
}
OPTIONS = {"DDSelectField": ["甲", "乙", "null"], "DDMultiSelectField": ["甲", "乙", "[\"'"]}


ANY = {
    **CELLS,
    "NumberField": st.builds(Number, st.just("数字"), st.decimals(Decimal(-(10**30)), Decimal(10**30))),
    "DDMultiSelectField": st.builds(MultiSelect, st.just("多选"), st.lists(TEXTS)),
    "InnerContactField": st.builds(Contacts, st.just("联系人"), st.lists(TEXTS)),
    "DepartmentField": st.builds(Departments, st.just("部门"), st.lists(st.integers(), min_size=1)),
    "RelateField": st.builds(Relations, st.just("关联"), st.lists(TEXTS, max_size=9)),
}
"""Values that need not exist in the sandbox's company."""


@pytest.mark.parametrize("component", ANY)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_value_goes_to_the_wire_and_back(component: str, data: st.DataObject) -> None:
    value = data.draw(ANY[component])
    sent = value.to_wire()
    assert sent["componentType"] == component
    entry = FormEntry.model_validate_json(FormEntry.model_validate(sent).model_dump_json(by_alias=True))
    assert entry.filled == value
    assert entry.value == value.value
    assert type(entry.value) is type(value.value)
    assert entry.label == value.label


def everything() -> list[ComponentFields]:
    """A form with a component of every type, and a table with a column of each of them."""

    def one(kind: str, where: str) -> ComponentFields:
        label = '["开始时间","结束时间"]' if kind == "DDDateRangeField" else LABELS[kind]
        options: list[Option] = [{"key": text, "value": text} for text in OPTIONS.get(kind, [])]
        props: ComponentProps = {"label": label, "component_id": f"{kind}-{where}", "options": options}
        return {"component_type": kind, "props": props}

    columns: Any = [one(kind, "COLUMN") for kind in CELLS]
    table: ComponentFields = {
        "component_type": "TableField",
        "props": {"label": "明细", "component_id": "TableField-1"},
        "children": columns,
    }
    return [*(one(kind, "FORM") for kind in CELLS), table]


LABELS = {
    "TextField": "单行", "TextareaField": "多行", "NumberField": "数字", "MoneyField": "金额", "DDSelectField": "单选",
    "DDMultiSelectField": "多选", "DDDateField": "日期", "PhoneField": "电话", "DDPhotoField": "图片",
    "DDAttachment": "附件", "InnerContactField": "联系人", "DepartmentField": "部门", "RelateField": "关联",
    "AddressField": "省市区", "StarRatingField": "评分",
}  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_component_goes_to_the_platform_and_back(sandbox: Sandbox, app: DingTalkApp, data: st.DataObject) -> None:
    if not (form := sandbox.company.workflow.form_named("全部控件")):
        code = ApprovalForm.objects.save("全部控件", everything()).process_code
        form = sandbox.company.workflow.forms[code]
    cells = [data.draw(strategy, label=kind) for kind, strategy in CELLS.items()]
    rows = data.draw(st.lists(st.tuples(*CELLS.values()).map(list), max_size=3), label="rows")
    values = [*cells, Table("明细", rows)]
    approval = ApprovalInstance.create(form.process_code, "manager4220", values, dept_id=-1).refresh()
    assert [entry.filled for entry in approval.form_component_values] == values
    assert approval.form == {value.label: value.value for value in values}


@pytest.mark.parametrize(
    ("component", "text", "value"),
    [
        ("TextField", None, None),
        ("NumberField", "", None),
        ("DDAttachment", "null", None),
        ("DDDateField", "2026-01-31 下午", "2026-01-31 下午"),
        ("DDHolidayField", '["2026-01-01","2026-01-02",2]', '["2026-01-01","2026-01-02",2]'),
        ("NumberField", "三", "三"),
        (None, "x", "x"),
        ("TableField", '{"rowValue":3}', '{"rowValue":3}'),
    ],
)
def test_what_cannot_be_read_is_kept(component: str | None, text: str | None, value: object) -> None:
    entry = FormEntry(name="x", text=text, component_type=component)
    assert isinstance(entry.filled, Other)
    assert entry.value == value


def test_contacts_are_read_by_id_where_the_text_has_names() -> None:
    people = '[{"emplId":"zhaolei","name":"赵磊"},{"emplId":"sunjing","name":"孙静"}]'
    entry = FormEntry(name="联系人", text="赵磊,孙静", component_type="InnerContactField", ext_value=people)
    assert entry.value == ["zhaolei", "sunjing"]
    assert FormEntry(name="联系人", text="赵磊", component_type="InnerContactField").value == "赵磊"


def test_rows_are_read_in_both_forms() -> None:
    sent = Table("明细", [[Text("项目", "机票")]]).to_wire()["value"]
    untyped = read_form_value("TableField", "明细", sent, id=None, ext_value=None)
    assert isinstance(untyped, Table)
    assert untyped.rows == [{"项目": "机票"}]
    returned = '[{"rowValue":[{"componentType":"MoneyField","label":"金额","value":"5","key":"k"},'
    returned += '{"componentType":"DDPhotoField","label":"图片","value":["u"],"key":"p"}],"rowNumber":"1"}]'
    typed = read_form_value("TableField", "明细", returned, id=None, ext_value=None)
    assert isinstance(typed, Table)
    assert typed.rows == [{"金额": Decimal(5), "图片": ["u"]}]


# forms


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


# in every use


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
        count = await app.run.aio("workflow_1_0.GetUserTodoTaskSum", user_id="sunjing")
        assert count == 0

    awaited(app, work)


def test_through_the_app(app: DingTalkApp) -> None:
    approval = app.smartwork.approvals.create(LEAVE, "yangfan", leave(), dept_id=110)
    assert app.smartwork.approvals.todo_count("sunjing") == 1
    assert app.smartwork.approval_forms.by_name("请假").process_code == LEAVE
    assert app.run("workflow_1_0.GetProcessInstance", processInstanceId=approval.process_instance_id).app is app


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
    assert ApprovalForm.objects.delete.call("PROC-1").request.query == {"processCode": "PROC-1"}


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
        assert app.run(name, process_instance_id=instance_id) == made
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
    app.run("dingtalk.oapi.processinstance.execute", **decided, task_id=made.tasks[1].task_id, remark="不足")
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
    assert [item.props.id for item in items] == ["S-1", "D-1", "T-1"]
    assert len(items[0].props.options) == 2
    assert items[1].props.label == '["开始", "结束"]'
    gone = app.run("dingtalk.oapi.process.delete", request={"agentid": 9, "process_code": made.process_code})
    assert gone == made.process_code
