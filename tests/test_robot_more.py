"""More of what a robot does: DINGs, shortcuts, conversations of two people, groups' robots, recordings."""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

import pytest
from helpers import awaited, problems, unchecked

from dingtalk_models import ChatbotMessage, Ding, DingTalkApp, Media, Robot, WorkNotification
from dingtalk_models.core import errors
from dingtalk_models.message import (
    CallVoice,
    GroupRobot,
    PrivateMessage,
    SampleAudio,
    SampleMarkdown,
    Shortcut,
    Voice,
)
from dingtalk_models.sandbox import Sandbox
from dingtalk_models.sandbox.message.robots.shortcut import Shortcuts
from dingtalk_models.sandbox.state.talk.conversation import PrivateChat

COOL_APP = "COOLAPP-1-1"


@pytest.fixture
def chat(sandbox: Sandbox) -> PrivateChat:
    """A conversation of two people, with a cool app in it."""
    return sandbox.company.conversations.add_private_chat("zhaolei", "sunjing", COOL_APP)


# DING


def test_a_ding_reaches_people_and_is_recalled(app: DingTalkApp, sandbox: Sandbox) -> None:
    ding = Robot.send_ding("服务器着火了", ["zhaolei", "nobody"])
    assert ding.failed == {"staffId.notExisted": ["nobody"]}
    (kept,) = sandbox.company.outbox.dings.sent.values()
    assert (kept.content, kept.remind_type, kept.receivers, kept.recalled) == ("服务器着火了", 1, ["zhaolei"], False)
    assert ding.recall() == ding.open_ding_id
    assert kept.recalled
    with pytest.raises(errors.InvalidRequest, match=r"recall\.ding\.exception"):
        ding.recall()
    again = awaited(app, lambda: Ding.send.aio("又着火了", ["sunjing"], remind_type=2))
    assert app.message.dings.recall(again.open_ding_id) == again.open_ding_id


@pytest.mark.parametrize("voice", get_args(CallVoice))
def test_a_call_in_each_voice(app: DingTalkApp, sandbox: Sandbox, voice: CallVoice) -> None:
    Robot.send_ding("服务器着火了", ["zhaolei"], remind_type=3, call_voice=voice)
    (kept,) = sandbox.company.outbox.dings.sent.values()
    assert (kept.remind_type, kept.call_voice) == (3, voice)


def test_limits_and_refusals_of_a_ding(app: DingTalkApp, sandbox: Sandbox) -> None:
    refused: Any = Robot.send_ding
    assert problems(refused, "", []).keys() == {"content", "receiver_userids"}
    assert problems(refused, "急", ["u"] * 201).keys() == {"receiver_userids"}
    assert problems(refused, "急", ["u"], remind_type=4, call_voice="Robot").keys() == {"remind_type", "call_voice"}
    with pytest.raises(errors.InvalidRequest, match=r"invalid\.chatbotId"):
        Robot.send_ding("急", ["zhaolei"], robot_code="other")
    sandbox.company.outbox.dings.left[3] = 0
    with pytest.raises(errors.ApiError, match="ding server quota insufficient"):
        Robot.send_ding("急", ["zhaolei"], remind_type=3)


# Shortcuts


def test_shortcuts_are_set_read_and_cleared(app: DingTalkApp) -> None:
    Robot.set_shortcuts(
        [Shortcut(name="报销", icon="@lADO", pc_url="https://example.com"), {"name": "请假", "icon": "@i"}]
    )
    assert Robot.shortcuts() == [
        Shortcut(name="报销", icon="@lADO", pc_url="https://example.com"),
        Shortcut(name="请假", icon="@i"),
    ]
    app.message.shortcuts.set(app.message.shortcuts.list()[1:])
    assert [each.name for each in Robot.shortcuts()] == ["请假"]
    Robot.clear_shortcuts()
    assert Robot.shortcuts() == []
    app.message.shortcuts.clear()


def test_refusals_of_shortcuts(app: DingTalkApp, sandbox: Sandbox) -> None:
    shortcut = Shortcut(name="报销", icon="@lADO")
    sandbox.company.keep(Shortcuts).most = 1
    with pytest.raises(errors.InvalidRequest, match="超过插件最大个数限制"):
        Robot.set_shortcuts([shortcut, shortcut])
    for call in (Robot.shortcuts, Robot.clear_shortcuts, partial(Robot.set_shortcuts, [])):
        with pytest.raises(errors.ApiError, match="机器人不存在"):
            call(robot_code="other")
    assert problems(Robot.set_shortcuts, [{"name": ""}]).keys() == {"shortcuts.0.name", "shortcuts.0.icon"}


# Conversations of two people


def test_a_message_to_two_people_is_read_and_recalled(app: DingTalkApp, sandbox: Sandbox, chat: PrivateChat) -> None:
    message = Robot.send_to_private_chat(SampleMarkdown("标题", "内容"), chat.open_conversation_id, COOL_APP)
    assert isinstance(message, PrivateMessage)
    assert [(entry.msgtype, entry.text) for entry in chat.replies] == [("sampleMarkdown", "内容")]
    assert message.readers().all() == []
    mail = sandbox.company.outbox.robot_mail[message.process_query_key]
    mail.read += ["zhaolei", "sunjing"]
    assert message.readers().all() == ["zhaolei", "sunjing"]
    page = app.message.private_messages.read_status(message.process_query_key, chat.open_conversation_id, max_results=1)
    assert (page.read_userids, page.next_token, page.has_more, page.send_status) == (["zhaolei"], "1", True, "SUCCESS")
    assert message.recall().recalled == [message.process_query_key]
    assert chat.replies[0].recalled
    assert app.message.private_messages.recall(chat.open_conversation_id, ["none"]).failed == {
        "none": "invalid.processQueryKey"
    }


def test_refusals_of_a_message_to_two_people(app: DingTalkApp, sandbox: Sandbox, chat: PrivateChat) -> None:
    with pytest.raises(errors.InvalidRequest, match="酷应用编码无效"):
        Robot.send_to_private_chat("你好", chat.open_conversation_id, "COOLAPP-2")
    with pytest.raises(errors.InvalidRequest, match=r"invalid\.openConversationId"):
        Robot.send_to_private_chat("你好", sandbox.add_group(["zhaolei"]).open_conversation_id, COOL_APP)
    with pytest.raises(errors.NotFound):
        Robot.send_to_private_chat("你好", chat.open_conversation_id, COOL_APP, robot_code="other")
    with pytest.raises(errors.InvalidRequest, match="msgParam必须是json格式"):
        app.message.private_messages.send_template(chat.open_conversation_id, "sampleText", "{", COOL_APP)


# Groups


def test_the_robots_of_a_group(app: DingTalkApp, sandbox: Sandbox) -> None:
    group = sandbox.add_group(["zhaolei"])
    (robot,) = Robot.list_in_group(group.open_conversation_id)
    assert isinstance(robot, GroupRobot)
    assert robot.robot_code == sandbox.robot
    with pytest.raises(errors.InvalidRequest, match=r"illegal\.openconevrsation\.id"):
        Robot.list_in_group("cid==")


# Recordings


@pytest.mark.parametrize("extension", ["amr", "mp3", "wav"])
def test_recordings_of_each_type_reach_people_and_groups(app: DingTalkApp, sandbox: Sandbox, extension: str) -> None:
    voice = Media.upload(b"voice", "voice", name=f"spoken.{extension}")
    recording, group = SampleAudio(voice.media_id, 1500), sandbox.add_group(["zhaolei"])
    Robot.send(recording, ["zhaolei"])
    Robot.send_to_group(recording, group.open_conversation_id)
    message = ChatbotMessage.read(sandbox.say("zhaolei", "念一下", to=group).payload or {})
    message.received_by(app)
    message.reply(recording)
    heard = [*sandbox.conversation("zhaolei").replies, *group.replies]
    spoken = ("sampleAudio", {"mediaId": voice.media_id, "duration": "1500"})
    assert [(entry.msgtype, entry.content) for entry in heard] == [spoken] * 3
    WorkNotification.send(Voice(voice.media_id, 2), userids=["zhaolei"])
    assert sandbox.company.outbox.received("zhaolei")[0]["msgtype"] == "voice"


def test_they_are_found_by_name(app: DingTalkApp, chat: PrivateChat) -> None:
    run: Any = app.run
    sent = run(
        unchecked("robot_1_0.PrivateChatSend"),
        robotCode=app.appkey,
        openConversationId=chat.open_conversation_id,
        msgKey="sampleText",
        msgParam='{"content": "你好"}',
        coolAppCode=COOL_APP,
    )
    assert not app.platform.robot_1_0.private_chat_query(sent.process_query_key, chat.open_conversation_id).has_more
    ding = run(
        unchecked("robot_1_0.RobotSendDing"),
        robotCode=app.appkey,
        remindType=1,
        receiverUserIdList=["zhaolei"],
        content="急",
    )
    assert ding.failed == {}
