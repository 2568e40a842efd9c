"""Messages to the robot, replies to them, and their files: against the sandbox, over HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from helpers import awaited, problems
from sites import SITES

from dingtalk_models import ChatbotMessage, DingTalkApp, Robot, WebhookRobot
from dingtalk_models.core import errors
from dingtalk_models.message import (
    ActionCard,
    AudioContent,
    ButtonsCard,
    CardButton,
    FeedCard,
    FeedLink,
    FileContent,
    GroupMessage,
    Link,
    Markdown,
    PictureContent,
    ReceivedContent,
    ReceivedFile,
    RichTextContent,
    RobotActionCard,
    RobotButton,
    RobotMessage,
    SampleAudio,
    SampleImage,
    SampleText,
    Text,
    TextContent,
    VideoContent,
)
from dingtalk_models.sandbox import Audio, Conversation, File, Picture, RichText, Sandbox, Video
from dingtalk_models.sandbox import Entry as Said

URL = "https://example.com/page"
SESSION, BATCH, GROUP = (
    "/robot/sendBySession",
    "/v1.0/robot/oToMessages/batchSend",
    "/v1.0/robot/groupMessages/send",
)


def received(app: DingTalkApp, said: Said) -> ChatbotMessage:
    """The message that the app receives."""
    assert said.payload is not None
    message = ChatbotMessage.read(said.payload)
    message.received_by(app)
    return message


@pytest.fixture
def message(app: DingTalkApp, sandbox: Sandbox) -> ChatbotMessage:
    """A message of one person, alone with the robot."""
    return received(app, sandbox.say("zhaolei", "  在吗 "))


@pytest.fixture
def in_group(app: DingTalkApp, sandbox: Sandbox) -> ChatbotMessage:
    """A message in a group."""
    return received(app, sandbox.say("zhaolei", " 在吗", to=sandbox.add_group(["zhaolei", "sunjing"]), at=["sunjing"]))


def replies(sandbox: Sandbox, message: ChatbotMessage) -> list[tuple[str, str, Any]]:
    """How the robot replied, with which type of message and what it says."""
    talk = sandbox.conversation(message.conversation_id or "")
    return [(entry.via, entry.msgtype, entry.content) for entry in talk.replies]


# What a message says


def test_a_text(message: ChatbotMessage, sandbox: Sandbox) -> None:
    assert (message.msgtype, message.text, message.content) == ("text", "在吗", TextContent(content="  在吗 "))
    assert (message.sender_staff_id, message.sender_nick) == ("zhaolei", sandbox.company.users["zhaolei"].name)
    assert (message.conversation_id, message.in_group) == (sandbox.conversation("zhaolei").open_conversation_id, False)
    assert (message.robot_code, message.chatbot_corp_id) == (sandbox.robot, sandbox.corp_id)
    assert message.created is not None
    assert message.session_webhook_expired_time == message.created + timedelta(seconds=5400)
    assert message.key == f"chatbot_message:{message.msg_id}"
    assert (message.files, message.mentions, message.quota_exhausted) == ([], [], False)


def test_a_message_in_a_group(in_group: ChatbotMessage) -> None:
    assert (in_group.in_group, in_group.conversation_title, in_group.text) == (True, "测试群", "在吗")
    assert (in_group.is_in_at_list, in_group.mentions) == (True, ["sunjing"])
    assert in_group.at_users[0].dingtalk_id == in_group.chatbot_user_id


def test_each_type_of_message(app: DingTalkApp, sandbox: Sandbox) -> None:
    said: dict[str, Any] = {
        "picture": Picture(),
        "richText": RichText(["看图", Picture(), "这张 "]),
        "audio": Audio(recognition="明天见", duration=1500),
        "video": Video(),
        "file": File("报告.pdf", b"pdf"),
        "interactiveCard": {"msgtype": "interactiveCard", "content": {"bizId": 1}},
        "chatRecord": {"msgtype": "chatRecord"},
    }
    messages = {name: received(app, sandbox.say("zhaolei", what)) for name, what in said.items()}
    assert {name: message.msgtype for name, message in messages.items()} == {name: name for name in said}
    assert [type(message.content) for message in messages.values()] == [
        PictureContent,
        RichTextContent,
        AudioContent,
        VideoContent,
        FileContent,
        ReceivedContent,
        ReceivedContent,
    ]
    assert [message.text for message in messages.values()] == ["", "看图这张", "明天见", "", "", "", ""]
    kinds = [[(file.kind, file.name) for file in message.files] for message in messages.values()]
    pictures = [("picture", None)]
    assert kinds == [pictures, pictures, [("audio", None)], [("video", None)], [("file", "报告.pdf")], [], []]
    assert messages["interactiveCard"].content.model_extra == {"bizId": 1}
    heard, seen = messages["audio"].content, messages["video"].content
    assert isinstance(heard, AudioContent)
    assert isinstance(seen, VideoContent)
    assert (heard.duration, seen.video_type) == (1500, "mp4")


def test_a_used_up_quota(app: DingTalkApp, sandbox: Sandbox) -> None:
    sandbox.company.conversations.quota_exhausted = True
    message = received(app, sandbox.say("zhaolei", "在吗"))
    assert (message.quota_exhausted, message.text, message.msgtype) == (True, "", "text")


def test_a_message_shows_no_session_webhook_and_survives_a_dump(message: ChatbotMessage) -> None:
    assert message.session_webhook is not None
    assert message.session_webhook.get_secret_value().partition("=")[2] not in repr(message) + str(message)
    again = ChatbotMessage.model_validate_json(message.model_dump_json())
    assert again.model_dump() == message.model_dump()
    assert again.content == message.content
    assert again.session_webhook == message.session_webhook


# Replies


MESSAGES: list[tuple[Any, tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = [
    ("好的", ("text", {"content": "好的"}), ("sampleText", {"content": "好的"})),
    (Text("好的"), ("text", {"content": "好的"}), ("sampleText", {"content": "好的"})),
    (SampleText("好的"), ("text", {"content": "好的"}), ("sampleText", {"content": "好的"})),
    (
        Markdown("标题", "**内容**"),
        ("markdown", {"title": "标题", "text": "**内容**"}),
        ("sampleMarkdown", {"title": "标题", "text": "**内容**"}),
    ),
    (
        Link("标题", "内容", URL),
        ("link", {"title": "标题", "text": "内容", "messageUrl": URL, "picUrl": ""}),
        ("sampleLink", {"title": "标题", "text": "内容", "messageUrl": URL, "picUrl": ""}),
    ),
    *[
        (
            card,
            ("actionCard", {"title": "标题", "text": "内容", "singleTitle": "查看", "singleURL": URL}),
            ("sampleActionCard", {"title": "标题", "text": "内容", "singleTitle": "查看", "singleURL": URL}),
        )
        for card in (RobotActionCard("标题", "内容", "查看", URL), ActionCard("标题", "内容", "查看", URL))
    ],
    (
        ButtonsCard("标题", "内容", [CardButton("是", URL), CardButton("否", URL)], horizontal=True),
        (
            "actionCard",
            {
                "title": "标题",
                "text": "内容",
                "btns": [{"title": "是", "actionURL": URL}, {"title": "否", "actionURL": URL}],
                "btnOrientation": "1",
            },
        ),
        (
            "sampleActionCard6",
            {
                "title": "标题",
                "text": "内容",
                "buttonTitle1": "是",
                "buttonUrl1": URL,
                "buttonTitle2": "否",
                "buttonUrl2": URL,
            },
        ),
    ),
    (
        RobotActionCard("标题", "内容", buttons=[RobotButton("是", URL)]),
        ("actionCard", {"title": "标题", "text": "内容", "btns": [{"title": "是", "actionURL": URL}]}),
        ("sampleActionCard", {"title": "标题", "text": "内容", "singleTitle": "是", "singleURL": URL}),
    ),
    (
        RobotActionCard("标题", "内容", buttons=[RobotButton(f"{number}", URL) for number in range(6)]),
        (
            "actionCard",
            {
                "title": "标题",
                "text": "内容",
                "btns": [{"title": f"{number}", "actionURL": URL} for number in range(6)],
            },
        ),
        (
            "sampleMarkdown",
            {"title": "标题", "text": "\n\n".join(["内容", *(f"[{number}]({URL})" for number in range(6))])},
        ),
    ),
    (
        FeedCard([FeedLink("一", URL, "@pic"), FeedLink("二", URL, "@pic")]),
        ("feedCard", {"links": [{"title": title, "messageURL": URL, "picURL": "@pic"} for title in "一二"]}),
        ("sampleMarkdown", {"title": "一", "text": f"![](@pic)\n\n[一]({URL})\n\n![](@pic)\n\n[二]({URL})"}),
    ),
]
IDS = [f"{number}-{type(each[0]).__name__}" for number, each in enumerate(MESSAGES)]


@pytest.mark.parametrize(("said", "by_session", "by_robot"), MESSAGES, ids=IDS)
def test_each_kind_of_reply_goes_by_session_webhook_and_by_the_robot_api(
    sandbox: Sandbox,
    message: ChatbotMessage,
    said: Any,
    by_session: tuple[str, dict[str, Any]],
    by_robot: tuple[str, dict[str, Any]],
) -> None:
    assert message.reply(said) is None
    message.session_webhook_expired_time = message.created  # by now it is over
    assert isinstance(message.reply(said), RobotMessage)
    assert replies(sandbox, message) == [("session", *by_session), ("robot", *by_robot)]


@pytest.mark.parametrize("said", [SampleImage("@lADO"), SampleAudio("@lADO", 1500)])
def test_pictures_and_recordings_go_by_the_robot_api(sandbox: Sandbox, message: ChatbotMessage, said: Any) -> None:
    message.reply(said)
    assert [(via, msgtype) for via, msgtype, _ in replies(sandbox, message)] == [("robot", said.msg_key)]


def test_a_reply_in_the_four_uses(sandbox: Sandbox, app: DingTalkApp, message: ChatbotMessage) -> None:
    message.reply("一")
    app.send(message.reply.call("二"))
    awaited(app, lambda: message.reply.aio("三"))
    awaited(app, lambda: app.asend(message.reply.later("四")))
    assert [content["content"] for _, _, content in replies(sandbox, message)] == list("一二三四")
    assert sandbox.received("/gettoken") == sandbox.received("/v1.0/oauth2/accessToken") == []  # none is needed


@pytest.mark.parametrize("group", [False, True], ids=["alone", "group"])
def test_a_session_webhook_that_the_platform_does_not_know_any_more(
    sandbox: Sandbox, message: ChatbotMessage, in_group: ChatbotMessage, group: bool
) -> None:
    chosen = in_group if group else message
    sandbox.clock.advance(5_401)  # the clock of this machine does not know of it
    answer = chosen.reply("好的")
    assert isinstance(answer, GroupMessage if group else RobotMessage)
    assert [call.code for call in sandbox.received(SESSION)] == [300001]
    assert replies(sandbox, chosen) == [("robot", "sampleText", {"content": "好的"})]
    answer.recall()
    assert sandbox.conversation(chosen.conversation_id or "").replies[0].recalled


def test_an_expired_session_webhook_is_not_tried(sandbox: Sandbox, in_group: ChatbotMessage) -> None:
    in_group.session_webhook_expired_time = in_group.created
    in_group.reply("好的", at=["sunjing"])
    assert sandbox.received(SESSION) == []
    assert replies(sandbox, in_group) == [("robot", "sampleText", {"content": "好的"})]


def test_other_errors_are_no_reason_to_send_it_twice(sandbox: Sandbox, message: ChatbotMessage) -> None:
    sandbox.fail(SESSION, drop="after")
    with pytest.raises(errors.TransportError):
        message.reply("好的")
    sandbox.fail(SESSION, errcode=430102)
    with pytest.raises(errors.InvalidRequest):
        message.reply("不好的")
    assert replies(sandbox, message) == [("session", "text", {"content": "好的"})]


def test_mentions_are_in_the_text(sandbox: Sandbox, in_group: ChatbotMessage) -> None:
    in_group.reply("看一下", at=["sunjing", "zhaolei"])
    in_group.reply(Markdown("标题", "@sunjing 看"), at=["sunjing"])
    in_group.reply(FeedCard([FeedLink("一", URL, "@pic")]), at_all=True)
    talk = sandbox.conversation(in_group.conversation_id or "")
    assert [(entry.text, entry.mentions) for entry in talk.replies] == [
        ("看一下 @sunjing @zhaolei", ["sunjing", "zhaolei"]),
        ("@sunjing 看", ["sunjing"]),
        ("一", ["*"]),
    ]


def test_limits_of_a_reply(sandbox: Sandbox, message: ChatbotMessage) -> None:
    assert problems(message.reply, "你" * 7000).keys() == {"message.webhook.text"}
    assert problems(message.reply, SampleImage("a" * 15_001)).keys() == {"message.template"}
    assert problems(message.reply, "你好", at=["u"] * 51) == {"at": "at most 50 userids"}
    assert problems(message.reply, 7).keys() == {"message.webhook"}
    assert problems(message.download, io.BytesIO()) == {"file": "the message has no file"}
    assert sandbox.calls == []


def test_who_cannot_be_reached(sandbox: Sandbox, message: ChatbotMessage) -> None:
    message.session_webhook_expired_time = message.created
    sandbox.company.outbox.flow_controlled.add("zhaolei")
    with pytest.raises(errors.RateLimited):
        message.reply("好的")
    sandbox.company.remove_user(sandbox.company.users["zhaolei"])
    with pytest.raises(errors.NotFound):
        message.reply("好的")
    message.sender_staff_id = None  # an outsider: by session or not at all
    message.reply("好的")
    sandbox.clock.advance(5_401)
    with pytest.raises(errors.AuthenticationError):
        message.reply("好的")
    message.session_webhook = None
    with pytest.raises(errors.CallbackError, match="nowhere to reply to"):
        message.reply("好的")


def test_a_session_goes_to_the_platform_whatever_host_a_message_names(
    sandbox: Sandbox, app: DingTalkApp, message: ChatbotMessage
) -> None:
    payload = message.model_dump(mode="json", by_alias=True)
    elsewhere = payload["sessionWebhook"].replace(sandbox.url, "https://example.com")
    forged = ChatbotMessage.read(payload | {"sessionWebhook": elsewhere, "text": {"content": "在吗"}})
    forged.received_by(app)
    forged.reply("好的")
    assert [call.path for call in sandbox.calls] == [SESSION]


# A webhook robot of a session


def test_a_webhook_robot_takes_a_session_webhook(sandbox: Sandbox, message: ChatbotMessage) -> None:
    assert message.session_webhook is not None
    robot = WebhookRobot(message.session_webhook)
    session = message.session_webhook.get_secret_value().partition("=")[2]
    robot.send(Text("一 @sunjing"), userids=["sunjing"])
    sandbox.clock.advance(5_401)
    with pytest.raises(errors.AuthenticationError, match="session 不存在") as gone:
        robot.send("二")
    assert session not in repr(robot) + str(gone.value) + repr(gone.value.request)
    assert [content for _, _, content in replies(sandbox, message)] == [{"content": "一 @sunjing"}]
    robot.close()


# Files


def test_files_are_downloaded(app: DingTalkApp, sandbox: Sandbox, tmp_path: Path) -> None:
    pictures = received(app, sandbox.say("zhaolei", RichText([Picture(b"one"), Picture(b"second")])))
    assert pictures.download(tmp_path / "one.png") == 3
    second, seen = io.BytesIO(), list[tuple[int, int]]()
    pictures.download(second, pictures.files[1], progress=lambda done, total: seen.append((done, total)))
    assert ((tmp_path / "one.png").read_bytes(), second.getvalue(), seen[-1]) == (b"one", b"second", (6, 6))
    spoken = received(app, sandbox.say("zhaolei", Audio(b"amr")))
    assert Robot.objects.file_url(spoken.files[0].download_code).startswith(sandbox.url)
    assert awaited(app, lambda: spoken.download.aio(tmp_path / "spoken.amr")) == 3


def test_a_download_code_that_has_expired(app: DingTalkApp, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.company.conversations.file_life = 600
    message = received(app, sandbox.say("zhaolei", Picture()))
    message.download(tmp_path / "before.png")
    sandbox.clock.advance(601)
    with pytest.raises(errors.InvalidRequest, match="下载码有误或者已经过期"):
        message.download(tmp_path / "after.png")
    with pytest.raises(errors.InvalidRequest):
        message.download(tmp_path / "other.png", ReceivedFile("file", "no code"))
    assert [path.name for path in tmp_path.iterdir()] == ["before.png"]


# End to end


@pytest.fixture(params=sorted(SITES))
def site(request: pytest.FixtureRequest, app: DingTalkApp, sandbox: Sandbox) -> Iterator[str]:
    """A site that receives messages, and is the robot's address."""
    with SITES[request.param](app.message) as url:
        sandbox.robot_url = url
        yield url


def test_a_person_asks_and_the_robot_answers(sandbox: Sandbox, app: DingTalkApp, site: str) -> None:
    @app.callback.on(ChatbotMessage)
    async def answer(message: ChatbotMessage) -> None:
        await message.reply.aio(Markdown("收到", f"**{message.sender_nick}** 说：{message.text}"))

    said = sandbox.say("zhaolei", "在吗")
    assert said.accepted
    talk: Conversation = sandbox.conversation("zhaolei")
    name = sandbox.company.users["zhaolei"].name
    assert talk.texts == [("zhaolei", "在吗"), (None, f"**{name}** 说：在吗")]
    assert json.dumps(talk.replies[0].content)
    assert sandbox.say_again(said).accepted  # it is taken, and not handled twice
    assert len(talk.replies) == 1
