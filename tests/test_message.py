"""Work notifications, against the sandbox, over HTTP."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers import awaited, english
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import turns_during

from dingtalk_models import (
    ConfigurationError,
    DingTalkApp,
    HttpRequest,
    HttpResponse,
    InvalidArgument,
    InvalidRequest,
    NotFound,
    PartlySent,
    QuotaExhausted,
    StillSending,
    TransportError,
    WorkNotification,
    together,
)
from dingtalk_models.call.transport.blocking import RequestsTransport
from dingtalk_models.message import (
    OA,
    ActionCard,
    ButtonsCard,
    CardButton,
    File,
    Image,
    Link,
    Markdown,
    OABody,
    OAFormRow,
    OAHead,
    OARich,
    OAStatusBar,
    Text,
    Voice,
)
from dingtalk_models.sandbox import Sandbox

HOME = "/topapi/message/corpconversation/"
SEND = f"{HOME}asyncsend_v2"
NAME = "dingtalk.oapi.message.corpconversation."
URL = "https://example.com/page"

KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "text": (Text("早会改到十点"), {"msgtype": "text", "text": {"content": "早会改到十点"}}),
    "image": (Image("@lADO"), {"msgtype": "image", "image": {"media_id": "@lADO"}}),
    "voice": (Voice("@lATP", 10), {"msgtype": "voice", "voice": {"media_id": "@lATP", "duration": "10"}}),
    "file": (File("@lAjP"), {"msgtype": "file", "file": {"media_id": "@lAjP"}}),
    "link": (
        Link("标题", "内容", URL, "@lALO"),
        {"msgtype": "link", "link": {"title": "标题", "text": "内容", "messageUrl": URL, "picUrl": "@lALO"}},
    ),
    "markdown": (
        Markdown("公告", "# 公告\n> 引用"),
        {"msgtype": "markdown", "markdown": {"title": "公告", "text": "# 公告\n> 引用"}},
    ),
    "oa": (
        OA(
            URL,
            OAHead("审批", "FFBBBBBB"),
            OABody("标题", [OAFormRow("姓名", "张三")], OARich("15.6", "元"), "内容", "@lADO", "3", "李四"),
            f"{URL}?pc",
            OAStatusBar("进行中", "0xFFF65E5E"),
        ),
        {
            "msgtype": "oa",
            "oa": {
                "message_url": URL,
                "pc_message_url": f"{URL}?pc",
                "head": {"bgcolor": "FFBBBBBB", "text": "审批"},
                "status_bar": {"status_value": "进行中", "status_bg": "0xFFF65E5E"},
                "body": {
                    "title": "标题",
                    "form": [{"key": "姓名", "value": "张三"}],
                    "rich": {"num": "15.6", "unit": "元"},
                    "content": "内容",
                    "image": "@lADO",
                    "file_count": "3",
                    "author": "李四",
                },
            },
        },
    ),
    "action card": (
        ActionCard("卡片", "**正文**", "查看", URL),
        {
            "msgtype": "action_card",
            "action_card": {"title": "卡片", "markdown": "**正文**", "single_title": "查看", "single_url": URL},
        },
    ),
    "buttons card": (
        ButtonsCard(
            "卡片", "**正文**", [CardButton("同意", f"{URL}?yes"), CardButton("拒绝", f"{URL}?no")], horizontal=True
        ),
        {
            "msgtype": "action_card",
            "action_card": {
                "title": "卡片",
                "markdown": "**正文**",
                "btn_orientation": "1",
                "btn_json_list": [
                    {"title": "同意", "action_url": f"{URL}?yes"},
                    {"title": "拒绝", "action_url": f"{URL}?no"},
                ],
            },
        },
    ),
}


@pytest.fixture(scope="module")
def crowd() -> Iterator[tuple[Sandbox, DingTalkApp]]:
    """A company of 1,100, and more departments than one call takes."""
    with Sandbox(org="empty") as running, running.app() as opened:
        for number in range(1_100):
            running.company.add_user(f"员工{number}", userid=f"u{number}")
        for number in range(45):
            running.company.add_department(f"部门{number}", dept_id=1_000 + number)
        yield running, opened
        opened.close()


def no_call(sandbox: Sandbox) -> bool:
    return not sandbox.received(SEND)


# The single calls


def test_a_task_is_followed_and_changed_by_its_number(sandbox: Sandbox, app: DingTalkApp) -> None:
    bar = OA(URL, OAHead("审批"), OABody("标题"), status_bar=OAStatusBar("进行中"))
    (task,) = WorkNotification.objects.send_once(bar, userids=["zhaolei"]).task_ids
    assert WorkNotification.objects.progress(task).done
    assert WorkNotification.objects.result(task).reached == ["zhaolei"]
    WorkNotification.objects.update_status_bar(task, "已同意", status_bg="0xFF78C06E")
    (arrived,) = sandbox.company.outbox.received("zhaolei")
    assert arrived["oa"]["status_bar"] == {"status_value": "已同意", "status_bg": "0xFF78C06E"}
    WorkNotification.objects.recall(task)
    assert sandbox.company.outbox.received("zhaolei") == []


# Bodies


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_message_arrives_as_documented(sandbox: Sandbox, app: DingTalkApp, kind: str) -> None:
    message, wire = KINDS[kind]
    WorkNotification.send(message, userids=["zhaolei"])
    assert sandbox.company.outbox.received("zhaolei") == [wire]
    built = app.message.work_notifications.send_once.call(wire, userids="zhaolei")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
    assert built.params["msg"] == wire  # the platform's own form is taken as well,
    unsent = app.run.call(f"{NAME}asyncsend_v2", msg=json.dumps(wire), userid_list="zhaolei")
    assert unsent.request.body["msg"] == wire  # and as text, which forms hold


REFUSED: list[tuple[Any, str]] = [
    (Text("a" * 2049), "msg.text: at most 2048 bytes of UTF-8, these are 2049"),
    (Text("中" * 683), "msg.text: at most 2048 bytes of UTF-8, these are 2049"),
    (Text(""), "msg.text.content: String should have at least 1 character"),
    (Voice("@m", 60), "msg.voice.duration: should be less than 60"),
    (Markdown("t", "中" * 5001), "msg.markdown: text: at most 5000 characters, these are 5001"),
    (ActionCard("t", "m", "a" * 21, URL), "msg.action_card.single_title: String should have at most 20 characters"),
    (ActionCard("t", "m", "a", "u" * 501), "msg.action_card.single_url: String should have at most 500 characters"),
    (
        ButtonsCard("t", "m", [CardButton("a" * 21, URL)]),
        "msg.buttons_card.buttons.0.title: String should have at most 20 characters",
    ),
    (
        ButtonsCard("t", "m", [CardButton("a", "u" * 701)]),
        "msg.buttons_card.buttons.0.action_url: String should have at most 700 characters",
    ),
    (
        ButtonsCard("t", "m", [CardButton("a", "u" * 480), CardButton("b", "u" * 480)]),
        "msg.buttons_card.buttons: as JSON, at most 1000 characters, these are 1021",
    ),
    (ButtonsCard("t", "m", []), "msg.buttons_card.buttons: List should have at least 1 item, not 0"),
    (
        OA(URL, OAHead("t", "red"), OABody()),
        "msg.oa.head.bgcolor: String should match pattern '^[0-9A-Fa-f]{8}$'",
    ),
    (
        {"msgtype": "sms", "sms": {}},
        "msg: not a message: a Text, Image, Voice, File, Link, OA, Markdown, ActionCard or ButtonsCard",
    ),
    ({"msgtype": "text", "text": {"content": "a", "size": 3}}, "msg.text.size: unknown"),
]


@pytest.mark.parametrize(("message", "problem"), REFUSED, ids=[problem[:40] for _, problem in REFUSED])
def test_limits_of_a_message_are_checked_before_it_is_sent(
    sandbox: Sandbox, app: DingTalkApp, message: Any, problem: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        WorkNotification.send(message, userids=["zhaolei"])
    assert [english(str(each)) for each in refused.value.problems] == [problem]
    assert no_call(sandbox)


@pytest.mark.parametrize("message", [Text("a" * 2048), Text("中" * 682 + "ab"), Markdown("t", "中" * 5000)])
def test_messages_at_their_limit_are_sent(sandbox: Sandbox, app: DingTalkApp, message: Any) -> None:
    assert WorkNotification.send(message, userids=["zhaolei"]).result().complete


texts = st.text(min_size=1, max_size=40)


@given(st.builds(Text, texts) | st.builds(Markdown, texts, texts) | st.builds(Link, texts, texts, texts))
def test_a_message_survives_the_way_to_the_wire_and_back(message: Any) -> None:
    manager = DingTalkApp(agent_id="1").message.work_notifications
    wire = manager.send_once.call(message, userids=["a"]).params["msg"]
    again = manager.send_once.call(json.loads(json.dumps(wire)), userids=["a"])
    assert again.params["msg"] == wire
    assert type(message)(**wire[wire["msgtype"]] if not isinstance(message, Link) else vars(message)) == message


# Receivers


@pytest.mark.parametrize("text", ["hi", "2026", '{"a": 1}', '"quoted"', "[1]"])
def test_a_text_is_a_message(sandbox: Sandbox, app: DingTalkApp, text: str) -> None:
    WorkNotification.send(text, userids=["sunjing"])
    WorkNotification.objects.send_once(f"{text}!", userids=["sunjing"])
    received = sandbox.company.outbox.received("sunjing")
    assert received == [{"msgtype": "text", "text": {"content": each}} for each in (text, f"{text}!")]


def test_somebody_has_to_be_named(sandbox: Sandbox, app: DingTalkApp) -> None:
    for send in (WorkNotification.send, app.message.work_notifications.send_once):
        with pytest.raises(InvalidArgument, match="one of userids, dept_id_list and to_all_user is needed"):
            send(Text("a"))
        with pytest.raises(InvalidArgument):
            send(Text("a"), userids=[])
    assert no_call(sandbox)


def test_one_call_takes_100_people_and_20_departments(sandbox: Sandbox, app: DingTalkApp) -> None:
    send = app.message.work_notifications.send_once
    with pytest.raises(InvalidArgument, match="userids: Value should have at most 100 items"):
        send(Text("a"), userids=[f"u{number}" for number in range(101)])
    with pytest.raises(InvalidArgument, match="dept_id_list: Value should have at most 20 items"):
        app.run(f"{NAME}asyncsend_v2", msg=Text("a"), dept_id_list=list(range(1, 22)))
    assert no_call(sandbox)


def test_a_status_bar_is_for_five_people(sandbox: Sandbox, app: DingTalkApp) -> None:
    message = KINDS["oa"][0]
    receivers: list[dict[str, Any]] = [{"userids": list("abcdef")}, {"dept_id_list": [1]}, {"to_all_user": True}]
    for named in receivers:
        with pytest.raises(InvalidArgument, match=r"msg\.oa\.status_bar: allowed only for at most 5 people"):
            WorkNotification.send(message, **named)
    assert no_call(sandbox)
    WorkNotification.send(message, userids=["zhaolei", "sunjing", "zhoubin", "wufang", "qianwei"])


def test_1001_people_take_11_calls_each_person_once(crowd: tuple[Sandbox, DingTalkApp]) -> None:
    sandbox, _ = crowd
    before = len(sandbox.received(SEND))
    people = [f"u{number}" for number in range(1_001)]
    notification = WorkNotification.send(Text("1,001"), userids=[*people, "u0", "u1000"])
    calls = sandbox.received(SEND)[before:]
    named = [userid for call in calls if isinstance(call.body, dict) for userid in call.body["userid_list"].split(",")]
    assert len(calls) == len(notification.task_ids) == 11
    assert named == people
    result = notification.result()
    assert sorted(result.reached) == sorted(people)
    assert result.complete


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(st.integers(0, 1_099), max_size=350), departments=st.lists(st.integers(0, 44), max_size=60))
def test_each_is_named_once_in_as_few_calls_as_it_takes(
    crowd: tuple[Sandbox, DingTalkApp], people: list[int], departments: list[int]
) -> None:
    sandbox, app = crowd
    userids, dept_ids = [f"u{number}" for number in people], [1_000 + number for number in departments]
    if not (userids or dept_ids):
        return
    before = len(sandbox.received(SEND))
    app.message.work_notifications.send(Markdown("a", f"{people}{departments}"), userids=userids, dept_id_list=dept_ids)
    bodies = [call.body for call in sandbox.received(SEND)[before:] if isinstance(call.body, dict)]

    def split(name: str) -> list[list[str]]:
        return [body[name].split(",") for body in bodies if name in body]

    assert [each for some in split("userid_list") for each in some] == list(dict.fromkeys(userids))
    assert [each for few in split("dept_id_list") for each in few] == list(dict.fromkeys(map(str, dept_ids)))
    assert len(bodies) == max(-(-len(set(userids)) // 100), -(-len(set(dept_ids)) // 20))


def test_a_department_includes_those_below_it_and_everyone_is_everyone(sandbox: Sandbox, app: DingTalkApp) -> None:
    result = WorkNotification.send(Text("部门"), dept_id_list=[300, 999]).result()
    assert set(result.reached) == {"zhengjie", "kongming", "fengtao", "caohui", "yanjun", "chenyu", "huaxia"}
    assert result.invalid_departments == [999]
    assert not result.complete
    everyone = WorkNotification.send(Text("全员"), to_all_user=True).result()
    assert set(everyone.reached) == sandbox.company.users.keys()


def test_the_agent_is_the_apps_unless_another_one_is_named(sandbox: Sandbox, app: DingTalkApp) -> None:
    assert WorkNotification.send(Text("a"), userids=["zhaolei"]).agent_id == int(sandbox.agent_id)
    with pytest.raises(InvalidRequest, match="40056"):
        WorkNotification.send(Text("a"), userids=["zhaolei"], agent_id=1)
    with pytest.raises(ConfigurationError, match="agent_id"):
        DingTalkApp(appkey="k", appsecret="s").message.work_notifications.send(Text("a"), userids=["zhaolei"])


# What became of it


def test_the_result_says_who_got_it_and_why_others_did_not(sandbox: Sandbox, app: DingTalkApp) -> None:
    message = Text("每人每天一次")
    WorkNotification.send(message, userids=["zhaolei"])
    notification = WorkNotification.send(message, userids=["zhaolei", "sunjing", "zhoubin", "nobody"])
    sandbox.company.outbox.tasks[notification.task_ids[0]].read.add("sunjing")
    result = notification.result()
    assert (result.read, result.unread, result.invalid) == (["sunjing"], ["zhoubin"], ["nobody"])
    assert result.reached == ["sunjing", "zhoubin"]
    assert [(each.userid, each.code, each.count) for each in result.forbidden] == [("zhaolei", "143106", 1)]
    assert result.forbidden_userids == ["zhaolei"]
    assert result.not_reached == {
        "nobody": "nobody has this userid / 无效的userid",
        "zhaolei": "the app has sent this person the same message today / 单应用给单人推送重复消息超限",
    }
    assert not result.complete


def test_the_same_goes_out_again_the_next_day(sandbox: Sandbox, app: DingTalkApp) -> None:
    WorkNotification.send(Text("早"), userids=["zhaolei"])
    sandbox.clock.advance(24 * 3600)
    assert WorkNotification.send(Text("早"), userids=["zhaolei"]).result().complete


def test_the_limits_of_a_day_and_a_minute_show_in_the_result(sandbox: Sandbox, app: DingTalkApp) -> None:
    quota = sandbox.company.outbox.quota.at(sandbox.clock.now())
    quota.to_one["zhaolei"] = 500
    assert WorkNotification.send(Text("1"), userids=["zhaolei"]).result().forbidden[0].code == "143105"
    quota.to_one.clear()
    quota.in_minute = 5_000
    result = WorkNotification.send(Text("2"), userids=["zhaolei"]).result()
    assert result.not_reached["zhaolei"].startswith("the app reached too many people in one minute")
    sandbox.clock.advance(61)


def test_an_unknown_reason_is_passed_on(sandbox: Sandbox, app: DingTalkApp) -> None:
    notification = WorkNotification.send(Text("a"), userids=["zhaolei"])
    answer = {"errcode": 0, "send_result": {"forbidden_list": [{"code": 999999, "userid": "zhaolei"}]}}
    sandbox.fail(f"{HOME}getsendresult", body=json.dumps(answer), content_type="application/json")
    assert notification.result().not_reached == {"zhaolei": "999999"}


def test_everyone_may_be_written_to_three_times_a_day(sandbox: Sandbox, app: DingTalkApp) -> None:
    for number in range(3):
        WorkNotification.send(Text(f"全员{number}"), to_all_user=True)
    with pytest.raises(QuotaExhausted, match="three times a day") as refused:
        WorkNotification.send(Text("全员3"), to_all_user=True)
    assert refused.value.code == 41045
    assert len(sandbox.received(SEND)) == 4  # refused, and not tried again


def test_results_are_kept_for_100_receivers_and_a_day(crowd: tuple[Sandbox, DingTalkApp]) -> None:
    sandbox, _ = crowd
    notification = WorkNotification.send(Text("太多"), dept_id_list=[1])
    with pytest.raises(
        InvalidRequest, match="Results are kept only for notifications to at most 100 people"
    ) as refused:
        notification.result()
    assert refused.value.code == 41052
    small = WorkNotification.send(Text("不多"), userids=["u1"])
    sandbox.clock.advance(24 * 3600 + 1)
    for look in (small.result, small.progress, small.recall):
        with pytest.raises(InvalidRequest):
            look()


def test_waiting_for_it(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.outbox.seconds = 0.3
    notification = WorkNotification.send(Text("慢"), userids=["zhaolei", "sunjing"])
    assert not notification.progress().done
    assert set(notification.wait(10).reached) == {"zhaolei", "sunjing"}
    assert (notification.progress().status, notification.progress().progress_in_percent) == (2, 100)


def test_waiting_has_an_end_and_never_blocks_the_loop(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.outbox.seconds = 60
    notification = WorkNotification.send(Text("慢"), userids=["zhaolei"])

    async def both() -> int:
        waiting = asyncio.create_task(notification.wait.aio(0.3))
        turns = await turns_during(waiting)
        with pytest.raises(StillSending, match=r"after 0\.3 seconds"):
            await waiting
        return turns

    assert awaited(app, both) > 5
    with pytest.raises(TimeoutError):
        notification.wait(0)


def test_progress_over_several_tasks(crowd: tuple[Sandbox, DingTalkApp]) -> None:
    sandbox, app = crowd
    sandbox.company.outbox.seconds = 1_000
    first = WorkNotification.send(Text("一"), userids=["u1"])
    sandbox.clock.advance(500)
    second = WorkNotification.send(Text("二"), userids=["u2"])
    both = WorkNotification(agent_id=first.agent_id, task_ids=first.task_ids + second.task_ids).using(app)
    assert (both.progress().progress_in_percent, both.progress().status) == (25, 1)
    assert second.progress().status == 0
    sandbox.clock.advance(600)
    assert (first.progress().status, both.progress().status) == (2, 1)
    sandbox.company.outbox.seconds = 0.0
    assert both.progress().done


def test_recalling_it(sandbox: Sandbox, app: DingTalkApp) -> None:
    notification = WorkNotification.send(Text("错了"), userids=["zhaolei"], dept_id_list=list(range(1, 31)))
    assert len(notification.task_ids) == 2
    assert sandbox.company.outbox.received("zhaolei")
    notification.recall()
    assert sandbox.company.outbox.received("zhaolei") == []


def test_changing_the_status_bar(sandbox: Sandbox, app: DingTalkApp) -> None:
    notification = WorkNotification.send(KINDS["oa"][0], userids=["zhaolei"])
    notification.update_status_bar("已同意", status_bg="0xFF78C06E")
    bar = sandbox.company.outbox.received("zhaolei")[0]["oa"]["status_bar"]
    assert bar == {"status_value": "已同意", "status_bg": "0xFF78C06E"}
    with pytest.raises(InvalidArgument, match="status_bg"):
        notification.update_status_bar("已同意", status_bg="green")
    sandbox.clock.advance(7 * 24 * 3600 + 1)
    with pytest.raises(InvalidRequest):
        notification.update_status_bar("太晚")
    with pytest.raises(InvalidRequest):
        WorkNotification.send(Text("没有状态栏"), userids=["zhaolei"]).update_status_bar("已同意")


def test_templates(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.outbox.templates |= {"good": True, "stopped": False}
    notification = WorkNotification.send_template("good", userids=["zhaolei"], data={"name": "赵磊"})
    assert notification.result().reached == ["zhaolei"]
    assert sandbox.company.outbox.received("zhaolei") == [{"template_id": "good", "data": {"name": "赵磊"}}]
    with pytest.raises(NotFound):
        WorkNotification.send_template("none", userids=["zhaolei"])
    with pytest.raises(InvalidRequest, match="885006"):
        WorkNotification.send_template("stopped", userids=["zhaolei"])
    with pytest.raises(InvalidArgument, match="at most 5000"):
        WorkNotification.send_template("good", userids=[f"u{number}" for number in range(5001)])


# When something goes wrong


def test_a_message_whose_answer_is_lost_is_sent_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.company.outbox.templates["template"] = True
    sends: list[Callable[[], Any]] = [
        lambda: WorkNotification.send(Text("一次"), userids=["zhaolei"]),
        lambda: WorkNotification.send_template("template", userids=["zhaolei"]),
    ]
    for path, send in zip((SEND, f"{HOME}sendbytemplate"), sends, strict=True):
        sandbox.fail(path, drop="after")
        with pytest.raises(TransportError):
            send()
        assert len(sandbox.received(path)) == 1
    assert len(sandbox.company.outbox.received("zhaolei")) == 2


def test_a_lost_answer_of_a_read_is_asked_for_again(sandbox: Sandbox, app: DingTalkApp) -> None:
    notification = WorkNotification.send(Text("a"), userids=["zhaolei"])
    sandbox.fail(f"{HOME}getsendresult", drop="after")
    assert notification.result().reached == ["zhaolei"]


def test_a_failure_on_the_way_keeps_what_was_sent(crowd: tuple[Sandbox, DingTalkApp]) -> None:
    sandbox, app = crowd
    people = [f"u{number}" for number in range(350)]
    sends = app.message.work_notifications.send
    for number, (how, lost) in enumerate([({"drop": "after"}, True), ({"errcode": 41029}, False)]):
        before = len(sandbox.received(SEND))
        passing = sandbox.fail(SEND, times=2, headers={})
        sandbox.fail(SEND, **how)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        with pytest.raises(PartlySent, match="50 receivers were not tried") as partly:
            sends(Text(f"断了{number}"), userids=people)
        assert passing.remaining == 0
        assert isinstance(partly.value.__cause__, TransportError if lost else InvalidRequest)
        assert len(sandbox.received(SEND)) - before == 3
        notification: WorkNotification = partly.value.sent
        assert len(notification.task_ids) == 2
        assert sorted(notification.result().reached) == sorted(people[:200])
        assert partly.value.failed == tuple(people[200:300])
        assert partly.value.unsent == tuple(people[300:])
        assert pickle.loads(pickle.dumps(partly.value)).sent == notification
        notification.recall()


def test_an_interrupt_on_the_way_tells_what_was_sent(
    crowd: tuple[Sandbox, DingTalkApp], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = crowd[0]
    sent: list[str] = []

    class Interrupted(RequestsTransport):
        def send(self, request: HttpRequest) -> HttpResponse:
            response = super().send(request)
            sent.extend([request.url] if SEND in request.url else [])
            if len(sent) == 2:
                raise KeyboardInterrupt
            return response

    with sandbox.app(transport=Interrupted((5, 15))) as interrupted, pytest.raises(KeyboardInterrupt):
        interrupted.message.work_notifications.send(Text("断了"), userids=[f"u{number}" for number in range(250)])
    interrupted.close()
    task_id = [*sandbox.company.outbox.tasks][-2]
    (record,) = [each.getMessage() for each in caplog.records if each.module == "batching"]
    assert "50 receivers were not tried" in record
    assert f"task_ids=[{task_id}]" in record
    assert "'u199'" in record


def test_a_failure_of_the_first_call_is_that_failure(sandbox: Sandbox, app: DingTalkApp) -> None:
    sandbox.fail(SEND, errcode=41029)
    with pytest.raises(InvalidRequest, match="41029"):
        WorkNotification.send(Text("a"), userids=[f"u{number}" for number in range(150)])
    assert len(sandbox.received(SEND)) == 1


# Older names


@pytest.mark.parametrize("prefix", ["dingtalk.corp.message.corpconversation.", NAME])
def test_the_older_names_with_their_own_parameters(sandbox: Sandbox, app: DingTalkApp, prefix: str) -> None:
    notification = app.run(
        f"{prefix}asyncsend",
        agent_id=int(sandbox.agent_id),
        msgtype="oa",
        msgcontent=json.dumps(KINDS["oa"][1]["oa"], ensure_ascii=False),
        userid_list="zhaolei,sunjing",
        to_all_user=False,
    )
    assert sandbox.company.outbox.received("sunjing") == [KINDS["oa"][1]]
    task = {"agent_id": int(sandbox.agent_id), "task_id": notification.task_ids[0]}
    assert app.run(f"{prefix}getsendprogress", **task).done
    assert app.run(f"{prefix}getsendresult", **task).reached == ["zhaolei", "sunjing"]
    with pytest.raises(InvalidArgument, match="not a message"):
        app.run(f"{prefix}asyncsend", msgtype="sms", msgcontent={}, userid_list="zhaolei")


def test_on_the_loop(sandbox: Sandbox, app: DingTalkApp) -> None:
    async def work() -> None:
        notification = await WorkNotification.send.aio(KINDS["oa"][0], userids=["zhaolei"])
        assert (await notification.progress.aio()).done
        assert (await notification.wait.aio()).reached == ["zhaolei"]
        await notification.update_status_bar.aio("完成")
        await notification.recall.aio()

    awaited(app, work)


def test_flows_of_notifications_can_be_joined(sandbox: Sandbox, app: DingTalkApp) -> None:
    flows = [WorkNotification.send.call(Text(f"{userid}，你好"), userids=[userid]) for userid in ("zhaolei", "sunjing")]
    sent = app.send(together(flows))
    assert [each.result().reached for each in sent] == [["zhaolei"], ["sunjing"]]
