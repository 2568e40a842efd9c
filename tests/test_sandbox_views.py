"""What a test reads of the sandbox: who was sent what, which events were pushed, which calls arrived."""

from __future__ import annotations

from collections.abc import Callable

from listening import receiving
from pushing import KEY, TOKEN
from sites import SITES

from dingtalk_models import DingTalkApp, Robot, User, WorkNotification
from dingtalk_models.message import OA, Markdown, OABody, OAHead, SampleMarkdown, Text
from dingtalk_models.sandbox import Sandbox


def test_the_outbox_of_a_person_has_what_was_sent_to_them(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.outbox.templates["template"] = True
    WorkNotification.send(Text("你好"), userid_list=["zhaolei", "sunjing"])
    WorkNotification.send(Markdown("标题", "# 正文"), dept_id_list=[100])
    oa = OA("https://acme.example", OAHead("考勤", "FFBBBBBB"), OABody(title="补卡", content="昨天没有打卡"))
    WorkNotification.send(oa, userid_list=["zhaolei"])
    WorkNotification.send_template("template", userid_list=["zhaolei"], data={"name": "赵磊"})
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
        WorkNotification.send(Text("错了"), userid_list=["zhaolei"]).recall,
        Robot.send(SampleMarkdown("错了", "错了"), ["zhaolei"]).recall,
        Robot.send_ding("错了", ["zhaolei"]).recall,
    ]
    for number, recall in enumerate(recalls):
        assert len(sandbox.outbox.of("zhaolei")) == len(recalls) - number
        recall()
    assert sandbox.outbox.of("zhaolei") == []


def test_an_event_has_its_deliveries_in_both_ways(sandbox: Sandbox) -> None:
    app = sandbox.app(token=TOKEN, aes_key=KEY)
    app.callback.on("user_add_org")(print)
    with SITES["flask"](app.callback) as url, receiving(app), app:
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
        (modified,) = sandbox.events.of("user_modify_org")
        assert (modified.push, modified.accepted) == (None, True)
        assert [event.type for event in sandbox.events] == ["user_add_org", "user_modify_org"]
    app.close()


def test_an_event_that_failed_in_one_way_is_not_accepted(sandbox: Sandbox, app: DingTalkApp) -> None:
    app.callback.on("user_add_org")(print)
    with receiving(app):
        sandbox.stream.wait_for_clients()
        sandbox.push("user_add_org", userId=["zhaolei"])
    (event,) = sandbox.events
    assert event.message is not None
    assert event.message.accepted
    assert not event.accepted
