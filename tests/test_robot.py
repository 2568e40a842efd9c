"""Robots: the webhook of a group, and the app's own; against the sandbox, over HTTP."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import awaited, items, unchecked
from hypothesis import given
from hypothesis import strategies as st

from dingtalk_models import DingTalkApp, Robot, Secret, WebhookRobot
from dingtalk_models.core import errors
from dingtalk_models.message import (
    FeedCard,
    FeedLink,
    Link,
    Markdown,
    RobotActionCard,
    RobotButton,
    RobotMessage,
    SampleActionCard,
    SampleAudio,
    SampleButton,
    SampleButtons,
    SampleFile,
    SampleImage,
    SampleLink,
    SampleMarkdown,
    SampleText,
    SampleVideo,
    Text,
)
from dingtalk_models.message.robots.template import msg_param
from dingtalk_models.message.robots.webhook_message import signature
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.state.talk.message import Webhook

URL = "https://example.com/page"
WEBHOOK = "/robot/send"
BATCH, GROUP = "/v1.0/robot/oToMessages/batchSend", "/v1.0/robot/groupMessages/send"
SECRET = "SEC0123456789abcdef"


@pytest.fixture
def webhook(sandbox: Sandbox) -> Webhook:
    return sandbox.company.outbox.add_webhook(SECRET)


@pytest.fixture
def robot(sandbox: Sandbox, webhook: Webhook) -> Iterator[WebhookRobot]:
    made = WebhookRobot(address(sandbox, webhook), SECRET)
    yield made
    made.close()


def address(sandbox: Sandbox, webhook: Webhook) -> str:
    return f"{sandbox.url}{WEBHOOK}?access_token={webhook.token}"


# The webhook of a group


MESSAGES: list[tuple[Any, dict[str, Any]]] = [
    (Text("你好"), {"text": {"content": "你好"}}),
    (
        Link("标题", "内容", URL),
        {"link": {"title": "标题", "text": "内容", "messageUrl": URL, "picUrl": ""}},
    ),
    (Markdown("标题", "# 内容" * 2000), {"markdown": {"title": "标题", "text": "# 内容" * 2000}}),
    (
        RobotActionCard("标题", "**内容**", "查看", URL),
        {"actionCard": {"title": "标题", "text": "**内容**", "singleTitle": "查看", "singleURL": URL}},
    ),
    (
        RobotActionCard("标题", "内容", buttons=[RobotButton("是", URL), RobotButton("否", URL)], horizontal=True),
        {
            "actionCard": {
                "title": "标题",
                "text": "内容",
                "btns": [{"title": "是", "actionURL": URL}, {"title": "否", "actionURL": URL}],
                "btnOrientation": "1",
            }
        },
    ),
    (
        FeedCard([FeedLink("一", URL, "@pic"), FeedLink("二", URL, "@pic")]),
        {
            "feedCard": {
                "links": [
                    {"title": "一", "messageURL": URL, "picURL": "@pic"},
                    {"title": "二", "messageURL": URL, "picURL": "@pic"},
                ]
            }
        },
    ),
]


@pytest.mark.parametrize(("message", "wire"), MESSAGES, ids=lambda value: type(value).__name__)
def test_each_kind_of_message_reaches_the_group(
    webhook: Webhook, robot: WebhookRobot, message: Any, wire: dict[str, Any]
) -> None:
    robot.send(message)
    assert webhook.messages == [{"msgtype": message.msgtype, **wire, "at": None, "msgUuid": None}]


def test_people_are_called(webhook: Webhook, robot: WebhookRobot) -> None:
    robot.send(Text("@13900000002 @sunjing 看一下"), at_mobiles=["13900000002"], userids=["sunjing"])
    robot.send(Text("大家"), at_all=True)
    assert [message["at"] for message in webhook.messages] == [
        {"atMobiles": ["13900000002"], "atUserIds": ["sunjing"], "isAtAll": False},
        {"isAtAll": True},
    ]


def test_it_works_blocking_awaited_and_by_name_without_an_app(
    sandbox: Sandbox, webhook: Webhook, robot: WebhookRobot, app: DingTalkApp
) -> None:
    robot.send(Text("一"))

    async def work() -> None:
        await robot.send.aio(Text("二"))
        await robot.aclose()

    asyncio.run(work())
    robot.app.send(robot.send.call(Text("三")))
    moment = int(sandbox.clock.now() * 1000)
    app.run(
        unchecked("dingtalk.oapi.robot.send"),
        access_token=webhook.token,
        timestamp=moment,
        sign=signature(SECRET, moment),
        msgtype="text",
        text={"content": "四"},
    )
    assert [message["text"]["content"] for message in webhook.messages] == list("一二三四")
    assert sandbox.received("/gettoken") == sandbox.received("/v1.0/oauth2/accessToken") == []


def test_the_unsent_call_shows_no_token(webhook: Webhook, app: DingTalkApp) -> None:
    unsent = app.message.webhook_robots.send.call("text", text=Text("一"), access_token=webhook.token)
    assert webhook.token not in repr(unsent) + repr(unsent.request)
    assert unsent.request.body == {"msgtype": "text", "text": {"content": "一"}}
    assert unsent.request.query_params == {"access_token": Secret(webhook.token)}


def test_no_secret_is_shown(sandbox: Sandbox, webhook: Webhook, robot: WebhookRobot) -> None:
    assert repr(robot) == f"WebhookRobot({sandbox.url}, signed)"
    sandbox.fail(WEBHOOK, drop="before")
    with pytest.raises(errors.TransportError) as broken:
        robot.send(Text("一"))
    assert webhook.token not in str(broken.value)
    assert SECRET not in str(broken.value)


def test_the_signature_is_the_documented_one() -> None:
    key = b"this is a secret"
    expected = hmac.new(key, b"1577262236757\nthis is a secret", hashlib.sha256).digest()
    assert signature("this is a secret", 1577262236757) == base64.b64encode(expected).decode()


def test_an_address_that_is_no_webhook() -> None:
    for url in (
        "",
        "https://oapi.dingtalk.com/robot/send",
        "https://oapi.dingtalk.com/gettoken?access_token=a",
        "robot",
    ):
        with pytest.raises(errors.ConfigurationError, match="not a webhook"):
            WebhookRobot(url)


def test_the_robots_security_settings(sandbox: Sandbox, webhook: Webhook) -> None:
    keyworded = sandbox.company.outbox.add_webhook(keywords=["告警"])
    unsigned = WebhookRobot(address(sandbox, webhook))
    wrong = WebhookRobot(address(sandbox, webhook), "SECother")
    silent = WebhookRobot(address(sandbox, keyworded))
    said = {unsigned: "invalid timestamp", wrong: "sign not match", silent: "keywords not in content"}
    for made, words in said.items():
        with pytest.raises(errors.PermissionDenied, match=words) as refused:
            made.send(Text("你好"))
        assert refused.value.code == 310000
        assert "security settings" in (refused.value.hint or "")
    silent.send(Text("告警：磁盘已满"))
    sandbox.clock.advance(3_601)
    late = WebhookRobot(address(sandbox, webhook), SECRET)
    with pytest.raises(errors.PermissionDenied, match="invalid timestamp"):
        late.send(Text("你好"))
    for made in (*said, late):
        made.close()


@pytest.mark.parametrize("code", [410100, 130101, 660026])
def test_more_than_20_messages_a_minute(sandbox: Sandbox, webhook: Webhook, robot: WebhookRobot, code: int) -> None:
    sandbox.company.outbox.throttled = code
    for number in range(20):
        robot.send(Text(f"{number}"))
    with pytest.raises(errors.RateLimited) as limited:
        robot.send(Text("20"))
    assert (limited.value.code, limited.value.retry_after) == (code, 600)
    assert len(sandbox.received(WEBHOOK)) == 21  # not tried again: ten minutes are too long to wait for
    sandbox.clock.advance(590)
    with pytest.raises(errors.RateLimited):
        robot.send(Text("20"))
    sandbox.clock.advance(11)
    robot.send(Text("20"))
    assert len(webhook.messages) == 21


@pytest.mark.parametrize("code", [300001, 300005, 400101])
def test_an_unknown_token(sandbox: Sandbox, robot: WebhookRobot, code: int) -> None:
    if code != 300005:
        sandbox.fail(WEBHOOK, errcode=code)
        made = robot
    else:
        made = WebhookRobot(f"{sandbox.url}{WEBHOOK}?access_token=none")
    with pytest.raises(errors.AuthenticationError):
        made.send(Text("你好"))
    assert len(sandbox.received(WEBHOOK)) == 1
    made.close()


def test_other_refusals_of_a_webhook(sandbox: Sandbox, robot: WebhookRobot, app: DingTalkApp) -> None:
    kinds = {
        400013: errors.NotFound,
        400106: errors.NotFound,
        400102: errors.InvalidRequest,
        430102: errors.InvalidRequest,
        460101: errors.InvalidRequest,
    }
    for code, kind in kinds.items():
        sandbox.fail(WEBHOOK, errcode=code)
        with pytest.raises(kind, match=str(code)):
            robot.send(Text("你好"))
    with pytest.raises(errors.InvalidRequest, match="缺少参数 access_token"):
        app.run(unchecked("dingtalk.oapi.robot.send"), msgtype="text", text={"content": "你好"})


REFUSED: list[tuple[Any, str]] = [
    (Text("a" * 20_001), "message.text: at most 20000 bytes"),
    (Text(""), "message.text.content: String should have at least 1 character"),
    (RobotActionCard("标题", "内容"), "message.actionCard: needs single_title and single_url, or buttons"),
    (RobotActionCard("标题", "内容", "查看"), "message.actionCard: needs single_title and single_url, or buttons"),
    (
        RobotActionCard("标题", "内容", "查看", URL, [RobotButton("是", URL)]),
        "message.actionCard: needs single_title and single_url, or buttons",
    ),
    (FeedCard([]), "message.feedCard.links: List should have at least 1 item"),
    ("", "message.text.content: String should have at least 1 character"),
    (7, "message: not a message: a Text, Link, Markdown, RobotActionCard or FeedCard"),
]


@pytest.mark.parametrize(("message", "problem"), REFUSED, ids=[problem[:40] for _, problem in REFUSED])
def test_limits_of_a_webhook_message(sandbox: Sandbox, robot: WebhookRobot, message: Any, problem: str) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        robot.send(message)
    assert [str(each)[: len(problem)] for each in refused.value.problems] == [problem]
    assert sandbox.received(WEBHOOK) == []


def test_50_people_are_called_at_the_most(sandbox: Sandbox, robot: WebhookRobot) -> None:
    with pytest.raises(errors.InvalidArgument, match="userids: List should have at most 50 items"):
        robot.send(Text("你好"), userids=["u"] * 51)
    assert sandbox.received(WEBHOOK) == []


def test_a_webhook_message_whose_answer_is_lost_is_sent_once(
    sandbox: Sandbox, webhook: Webhook, robot: WebhookRobot
) -> None:
    sandbox.fail(WEBHOOK, drop="after")
    with pytest.raises(errors.TransportError):
        robot.send(Text("一次"), msg_uuid="1")
    assert len(webhook.messages) == 1
    robot.send(Text("一次"), msg_uuid="1")  # by hand, with the same mark
    assert len(webhook.messages) == 1


def test_a_text_is_a_message(sandbox: Sandbox, webhook: Webhook, robot: WebhookRobot, app: DingTalkApp) -> None:
    robot.send("你好")
    robot.send('{"a": 1}')
    assert [message["text"] for message in webhook.messages] == [{"content": "你好"}, {"content": '{"a": 1}'}]
    assert Robot.send("你好", ["sunjing"]).invalid_userids == []
    Robot.send_to_group("你好", sandbox.company.outbox.add_group(["sunjing"]))
    sent: list[Any] = [call.body for call in (*sandbox.received(BATCH), *sandbox.received(GROUP))]
    assert {each["msgKey"] for each in sent} == {"sampleText"}
    assert [json.loads(each["msgParam"]) for each in sent] == [{"content": "你好"}] * 2
    with pytest.raises(errors.InvalidArgument, match=r"message\.SampleText\.content"):
        Robot.send("", ["sunjing"])


# The app's robot


BUTTONS = [SampleButton(f"按钮{number}", f"{URL}?{number}") for number in range(1, 6)]
TEMPLATES: list[tuple[Any, str, dict[str, Any]]] = [
    (SampleText("你好"), "sampleText", {"content": "你好"}),
    (SampleMarkdown("标题", "# 内容"), "sampleMarkdown", {"title": "标题", "text": "# 内容"}),
    (SampleImage("@lADO"), "sampleImageMsg", {"photoURL": "@lADO"}),
    (
        SampleLink("标题", "内容", URL, "@lADO"),
        "sampleLink",
        {"title": "标题", "text": "内容", "messageUrl": URL, "picUrl": "@lADO"},
    ),
    (
        SampleActionCard("标题", "内容", "查看", URL),
        "sampleActionCard",
        {"title": "标题", "text": "内容", "singleTitle": "查看", "singleURL": URL},
    ),
    *[
        (
            SampleButtons("标题", "内容", BUTTONS[:count]),
            f"sampleActionCard{count}",
            {"title": "标题", "text": "内容"}
            | {f"actionTitle{number}": f"按钮{number}" for number in range(1, count + 1)}
            | {f"actionURL{number}": f"{URL}?{number}" for number in range(1, count + 1)},
        )
        for count in range(2, 6)
    ],
    (
        SampleButtons("标题", "内容", BUTTONS[:2], horizontal=True),
        "sampleActionCard6",
        {
            "title": "标题",
            "text": "内容",
            "buttonTitle1": "按钮1",
            "buttonUrl1": f"{URL}?1",
            "buttonTitle2": "按钮2",
            "buttonUrl2": f"{URL}?2",
        },
    ),
    (SampleAudio("@m", 3_000), "sampleAudio", {"mediaId": "@m", "duration": "3000"}),
    (
        SampleFile("@m", "表.xlsx", "xlsx"),
        "sampleFile",
        {"mediaId": "@m", "fileName": "表.xlsx", "fileType": "xlsx"},
    ),
    (
        SampleVideo("@v", "mp4", "@p", 10, 400, 600),
        "sampleVideo",
        {
            "videoMediaId": "@v",
            "videoType": "mp4",
            "picMediaId": "@p",
            "duration": "10",
            "height": "400",
            "width": "600",
        },
    ),
]


@pytest.mark.parametrize(("template", "key", "param"), TEMPLATES, ids=[key for _, key, _ in TEMPLATES])
def test_each_template_reaches_people_and_groups(
    sandbox: Sandbox, app: DingTalkApp, template: Any, key: str, param: dict[str, Any]
) -> None:
    group = sandbox.company.outbox.add_group(["zhaolei", "sunjing"])
    sent = [
        Robot.send(template, ["zhaolei"]).process_query_keys[0],
        Robot.send_to_group(template, group).process_query_key,
    ]
    mails = [sandbox.company.outbox.robot_mail[each] for each in sent]
    assert [(mail.msg_key, mail.msg_param) for mail in mails] == [(key, param)] * 2
    assert [mail.receivers for mail in mails] == [["zhaolei"], ["zhaolei", "sunjing"]]


@given(st.text(min_size=1), st.text(min_size=1))
def test_parameters_travel_as_json_text(title: str, text: str) -> None:
    assert json.loads(msg_param(SampleMarkdown(title, text))) == {"title": title, "text": text}


WRONG: list[tuple[Any, str]] = [
    (SampleText("a" * 15_000), "message: as JSON, at most 15000 bytes"),
    (SampleText(""), "message.SampleText.content: String should have at least 1 character"),
    (SampleButtons("标题", "内容", BUTTONS[:1]), "message.SampleButtons.buttons: List should have at least 2 items"),
    (SampleButtons("标题", "内容", BUTTONS * 2), "message.SampleButtons.buttons: List should have at most 5 items"),
    (SampleButtons("标题", "内容", BUTTONS, horizontal=True), "message.SampleButtons: buttons: exactly 2"),
    (SampleAudio("@m", 0), "message.SampleAudio.duration: should be greater than 0"),
    (Text("你好"), "message: not a template: a SampleText, "),
]


@pytest.mark.parametrize(("template", "problem"), WRONG, ids=[problem[:40] for _, problem in WRONG])
def test_limits_of_a_template(sandbox: Sandbox, app: DingTalkApp, template: Any, problem: str) -> None:
    for send in (lambda: Robot.send(template, ["zhaolei"]), lambda: Robot.send_to_group(template, "cid")):
        with pytest.raises(errors.InvalidArgument) as refused:
            send()
        assert [str(each)[: len(problem)] for each in refused.value.problems] == [problem]
    assert sandbox.received(BATCH) == sandbox.received(GROUP) == []


def test_messages_are_followed_and_taken_back_by_their_keys(sandbox: Sandbox, app: DingTalkApp) -> None:
    message = ("sampleText", '{"content": "你好"}')
    group = sandbox.company.outbox.add_group(["zhaolei", "sunjing"])
    private = Robot.objects.batch_send(["zhaolei"], *message).process_query_keys
    public = Robot.objects.group_send(group, *message).process_query_key
    assert Robot.objects.read_status(private[0]).unread == ["zhaolei"]
    assert Robot.objects.group_read_status(public, group).send_status == "SUCCESS"
    assert Robot.objects.recall(private).recalled == private
    assert Robot.objects.group_recall(group, [public]).recalled == [public]
    assert Robot.objects.read_status(private[0]).send_status == "RECALLED"
    assert Robot.objects.group_read_status(public, group).send_status == "RECALLED"


def test_one_call_takes_20_people_and_more_take_more_calls(sandbox: Sandbox, app: DingTalkApp) -> None:
    people = list(sandbox.company.users)
    assert len(people) > 20
    sandbox.company.outbox.flow_controlled.add("sunjing")
    message = Robot.send(SampleText("你好"), [*people, "nobody", people[0]])
    assert len(sandbox.received(BATCH)) == len(message.process_query_keys) == 2
    assert (message.invalid_userids, message.throttled_userids) == (["nobody"], ["sunjing"])
    status = message.read_status()
    assert sorted(status.unread) == sorted(set(people) - {"sunjing"})
    with pytest.raises(errors.InvalidArgument, match="userids: List should have at most 20 items"):
        app.message.robot.batch_send(people, "sampleText", "{}")
    with pytest.raises(errors.InvalidArgument, match="userids: List should have at least 1 item"):
        Robot.send(SampleText("你好"), [])
    assert len(sandbox.received(BATCH)) == 2


def test_following_and_recalling_a_message_to_people(sandbox: Sandbox, app: DingTalkApp) -> None:
    message = Robot.send(SampleText("你好"), ["zhaolei", "sunjing"])
    sandbox.company.outbox.robot_mail[message.process_query_keys[0]].read.append("sunjing")
    status = message.read_status()
    assert (status.send_status, status.read, status.unread) == ("SUCCESS", ["sunjing"], ["zhaolei"])
    assert [each.name for each in status.receivers] == ["赵磊", "孙静"]
    assert message.recall().recalled == message.process_query_keys
    assert message.read_status().send_status == "RECALLED"
    sandbox.clock.advance(24 * 3600 + 1)
    assert message.recall().failed == {message.process_query_keys[0]: "processQueryKey.expireTime"}
    with pytest.raises(errors.InvalidRequest, match=r"processQueryKey\.expireTime"):
        message.read_status()


def test_following_and_recalling_a_message_to_a_group(sandbox: Sandbox, app: DingTalkApp) -> None:
    outbox = sandbox.company.outbox
    people = [sandbox.company.add_user(f"员工{number}", userid=f"u{number}").userid for number in range(450)]
    message = Robot.send_to_group(SampleText("你好"), outbox.add_group(people))
    assert list(message.readers()) == []
    outbox.robot_mail[message.process_query_key].read += people
    assert list(message.readers()) == people
    assert len(sandbox.received("/v1.0/robot/groupMessages/query")) == 1 + 3
    assert message.recall().recalled == [message.process_query_key]
    page = app.message.robot.group_read_status(message.process_query_key, message.open_conversation_id)
    assert (page.send_status, page.has_more, page.next_token) == ("RECALLED", True, "200")
    assert awaited(app, lambda: items(message.readers.call())) == people


def test_refusals_of_the_apps_robot(sandbox: Sandbox, app: DingTalkApp) -> None:
    robot = app.message.robot
    with pytest.raises(errors.NotFound, match=r"robotCode\.notExsit"):
        robot.send(SampleText("你好"), ["zhaolei"], robot_code="1740000001")
    with pytest.raises(errors.InvalidRequest, match=r"msgKey\.invalid"):
        robot.batch_send(["zhaolei"], "none", "{}")
    with pytest.raises(errors.InvalidRequest, match=r"msgParam\.invalid"):
        robot.batch_send(["zhaolei"], "sampleText", "你好")
    with pytest.raises(errors.InvalidRequest, match=r"miss\.param\.contentOfText"):
        robot.batch_send(["zhaolei"], "sampleText", "{}")
    with pytest.raises(errors.InvalidRequest, match=r"invalid\.openConversationId"):
        robot.send_to_group(SampleText("你好"), "cid")
    with pytest.raises(errors.InvalidArgument, match="msg_param: at most 15000 bytes"):
        robot.group_send("cid", "sampleText", "中" * 5_001)
    with pytest.raises(errors.ConfigurationError, match="give the call a robot_code"):
        DingTalkApp(corp_id="c", corp_secret="s").message.robot.send(SampleText("你好"), ["zhaolei"])
    for code, kind in {
        "send.too.fast": errors.RateLimited,
        "bot.forbidden.sendMessage": errors.PermissionDenied,
    }.items():
        sandbox.fail(BATCH, code=code)
        with sandbox.app(retry=None) as impatient, pytest.raises(kind):
            impatient.message.robot.send(SampleText("你好"), ["zhaolei"])
        impatient.close()


def test_a_message_whose_answer_is_lost_is_sent_once(sandbox: Sandbox, app: DingTalkApp) -> None:
    group = sandbox.company.outbox.add_group(["zhaolei"])
    for path, send in (
        (BATCH, lambda: Robot.send(SampleText("一次"), ["zhaolei"])),
        (GROUP, lambda: Robot.send_to_group(SampleText("一次"), group)),
    ):
        sandbox.fail(path, drop="after")
        with pytest.raises(errors.TransportError):
            send()
        assert len(sandbox.received(path)) == 1
    assert len(sandbox.company.outbox.robot_mail) == 2


def test_a_failure_on_the_way_keeps_what_was_sent(sandbox: Sandbox, app: DingTalkApp) -> None:
    people = list(sandbox.company.users)
    sandbox.fail(BATCH, headers={})
    sandbox.fail(BATCH, code="system.error", status=500)
    with pytest.raises(errors.PartlySent) as partly:
        Robot.send(SampleText("你好"), people)
    message: RobotMessage = partly.value.sent
    assert (partly.value.failed, partly.value.unsent) == (tuple(people[20:]), ())
    assert message.read_status().unread == people[:20]
    assert message.recall().recalled == message.process_query_keys
