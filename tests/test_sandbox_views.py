"""What a test reads of the sandbox: who was sent what, which events were pushed, which calls arrived."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import pytest
from listening import receiving
from pushing import KEY, TOKEN
from sites import SITES

from dingtalk_models import ApprovalInstance, Call, Department, DingTalkApp, Manager, Robot, User, WorkNotification, api
from dingtalk_models.message import OA, Markdown, OABody, OAHead, SampleMarkdown, Text
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.calls import ClientOperation

TIMES: Final = 25


def test_the_outbox_of_a_person_has_what_was_sent_to_them(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.outbox.templates["template"] = True
    WorkNotification.send(Text("你好"), userids=["zhaolei", "sunjing"])
    WorkNotification.send(Markdown("标题", "# 正文"), dept_id_list=[100])
    oa = OA("https://acme.example", OAHead("考勤", "FFBBBBBB"), OABody(title="补卡", content="昨天没有打卡"))
    WorkNotification.send(oa, userids=["zhaolei"])
    WorkNotification.send_template("template", userids=["zhaolei"], data={"name": "赵磊"})
    Robot.send(SampleMarkdown("周报", "请提交"), ["zhaolei"])
    Robot.send_ding("服务器着火了", ["zhaolei"])
    sandbox.say("zhaolei", "在吗")
    Robot.send_to_group(SampleMarkdown("公告", "放假"), sandbox.company.outbox.add_group(["zhaolei"]))
    assert [(sent.via, sent.msgtype, sent.text) for sent in sandbox.outbox.of("zhaolei")] == [
        ("notification", "text", "你好"),
        ("notification", "markdown", "# 正文"),
        ("notification", "oa", "补卡\n昨天没有打卡"),
        ("notification", "template", ""),
        ("robot", "sampleMarkdown", "请提交"),
        ("ding", "ding", "服务器着火了"),
    ]
    assert [sent.text for sent in sandbox.outbox.of("sunjing")] == ["你好", "# 正文"]
    assert sandbox.outbox.of("hanmei") == []


def test_what_was_recalled_has_left_the_outbox(sandbox: Sandbox, app: DingTalkApp) -> None:
    recalls: list[Callable[[], object]] = [
        WorkNotification.send(Text("错了"), userids=["zhaolei"]).recall,
        Robot.send(SampleMarkdown("错了", "错了"), ["zhaolei"]).recall,
        Robot.send_ding("错了", ["zhaolei"]).recall,
    ]
    for number, recall in enumerate(recalls):
        assert len(sandbox.outbox.of("zhaolei")) == len(recalls) - number
        recall()
    assert sandbox.outbox.of("zhaolei") == []


def test_an_event_has_its_deliveries_in_both_ways(sandbox: Sandbox) -> None:
    app, other = sandbox.app(token=TOKEN, aes_key=KEY), sandbox.app()
    other.callback.on("user_add_org")(print)
    with SITES["flask"](app.callback) as url, receiving(other), app:
        sandbox.stream.wait_for_clients()
        app.callback.subscriptions.register(["user_add_org"], url=url)
        user = User.create("林薇", "13800138001", [100])
        user.update(title="客户经理")
        sandbox.settle()
        (joined,) = sandbox.events.of("user_add_org")
        assert joined.fields["userId"] == [user.userid]
        assert joined.push in sandbox.pushes
        assert joined.message in sandbox.stream.messages
        assert joined.accepted
        sandbox.deliver_again(joined)
        assert joined.push is not None
        assert joined.message is not None
        assert (len(joined.push.attempts), len(joined.message.answers)) == (2, 2)
        (modified,) = sandbox.events.of("user_modify_org")
        assert (modified.push, modified.accepted) == (None, True)
        assert [event.type for event in sandbox.events] == ["user_add_org", "user_modify_org"]
    app.close()
    other.close()


def test_no_event_is_lost_if_people_act_while_calls_are_made(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.callback.on("bpms_instance_change")(print)
    leave = {
        "请假类型": "年假",
        '["开始时间","结束时间"]': '["2026-10-01 09:00","2026-10-02 18:00"]',
        "请假事由": "回家",
    }
    started = [sandbox.submit("PROC-LEAVE", leave, by="yangfan").instance_id for _ in range(2 * TIMES)]
    failed: list[Exception] = []

    def people_act() -> None:
        try:
            for instance_id in started[:TIMES]:
                sandbox.approve(instance_id, by="sunjing")
                sandbox.refuse(instance_id, by="liuyang")
        except Exception as error:  # noqa: BLE001 -- a thread tells of it by itself to nobody
            failed.append(error)

    with receiving(app):
        sandbox.stream.wait_for_clients()
        acting = threading.Thread(target=people_act)
        acting.start()
        for instance_id in started[TIMES:]:
            ApprovalInstance.get(instance_id).refuse("sunjing")
        acting.join()
        sandbox.settle()
    assert failed == []
    assert len(sandbox.events.of("bpms_instance_change")) == 2 * TIMES


def test_an_event_that_failed_in_one_way_is_not_accepted(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.callback.on("user_add_org")(print)
    with receiving(app):
        sandbox.stream.wait_for_clients()
        sandbox.push("user_add_org", userId=["zhaolei"])
    (event,) = sandbox.events
    assert event.message is not None
    assert event.message.accepted
    assert not event.accepted


@pytest.mark.parametrize(
    ("named", "count"),
    [
        ("dingtalk.oapi.v2.user.get", 2),
        ("dingtalk.oapi.user.get", 2),  # its older name
        (User.objects.get, 2),
        (User.get, 2),
        ("/topapi/v2/user/get", 2),
        ("POST /topapi/v2/user/get", 2),
        ("GET /topapi/v2/user/get", 0),
        ("contact_1_0.SearchUser", 1),
        (User.objects.search, 1),
        (Department.objects.get, 0),
        ("todo_1_0.UpdateTodoTask", 1),
        ("/v1.0/todo/users/{unionId}/tasks/{taskId}", 1),
        ("/v1.0/todo/users/{unionId}/tasks/{taskId}/", 0),
        ("/v1.0/todo/users/{unionId}/tasks/t1", 1),
    ],
    ids=str,
)
def test_the_calls_of_an_api_by_any_of_its_names(
    sandbox: Sandbox, app: DingTalkApp, named: str | ClientOperation, count: int
) -> None:
    for userid in ("zhaolei", "sunjing"):
        User.get(userid)
    User.objects.search("赵").all()
    app.platform.todo_1_0.update_todo_task("u1", "t1")
    assert len(sandbox.calls.to(named)) == count


@pytest.mark.usefixtures("names")
def test_the_calls_of_an_api_of_ones_own(sandbox: Sandbox, app: DingTalkApp) -> None:
    class Own(Manager):
        """An API that the platform does not document."""

        @api("acme.thing.get", "GET /v1.0/acme/things/{thingId}")
        def thing(self, thing_id: str) -> Call[None]:
            """One thing."""
            return Call(None)

    with pytest.raises(LookupError):
        Own(app).thing("t1")
    for named in (Own(app).thing, "GET /v1.0/acme/things/{thingId}"):
        assert len(sandbox.calls.to(named)) == 1


def test_a_name_that_no_api_has(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match=r"'contact_1_0.SearchUsers'; did you mean 'contact_1_0.SearchUser'"):
        sandbox.calls.to("contact_1_0.SearchUsers")
    with pytest.raises(ValueError, match=r"User.all> calls several APIs"):
        sandbox.calls.to(User.objects.all)


def test_the_last_call(sandbox: Sandbox, app: DingTalkApp) -> None:
    with pytest.raises(LookupError, match="received no call"):
        _ = sandbox.calls.last
    User.get("zhaolei")
    assert sandbox.calls.last.body == {"userid": "zhaolei", "language": "zh_CN"}
