"""Messages to the robot under faults: lost replies, cut downloads, many deliveries at once, other processes."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from sites import SITES
from waiting import until, until_async

from dingtalk_models import ChatbotMessage, DingTalkApp, Robot
from dingtalk_models.core import errors
from dingtalk_models.message.robots.webhook_message import signature
from dingtalk_models.sandbox import Behaviour, Picture, Sandbox

SESSION, FILES = "/robot/sendBySession", "/v1.0/robot/messageFiles/download"
DELIVERIES = 12


@pytest.fixture
def message(app: DingTalkApp, sandbox: Sandbox) -> ChatbotMessage:
    made = ChatbotMessage.read(sandbox.say("zhaolei", "在吗").payload or {})
    made.received_by(app)
    return made


def texts(sandbox: Sandbox) -> list[str]:
    """What the robot said."""
    return [entry.text for entry in sandbox.conversation("zhaolei").replies]


@pytest.mark.parametrize("site", sorted(SITES))
def test_many_deliveries_at_once_are_handled_once(app: DingTalkApp, sandbox: Sandbox, site: str) -> None:
    handled, go_on = list[str](), threading.Event()

    @app.callback.on(ChatbotMessage)
    def work(message: ChatbotMessage) -> None:
        handled.append(message.text)
        go_on.wait(40)

    said = sandbox.say("zhaolei", "在吗")
    timestamp = int(sandbox.clock.now() * 1000)
    headers = {"timestamp": str(timestamp), "sign": signature(sandbox.appsecret, timestamp)}
    with SITES[site](app.message) as url, ThreadPoolExecutor(DELIVERIES) as pool:

        def deliver() -> int:
            return requests.post(url, json=said.payload, headers=headers, timeout=60).status_code

        posts = [pool.submit(deliver) for _ in range(DELIVERIES)]
        until(lambda: sum(post.done() for post in posts) == DELIVERIES - 1, seconds=30)
        go_on.set()
        answers = Counter(post.result() for post in posts)
    assert handled == ["在吗"]
    assert answers == {200: 1, 403: DELIVERIES - 1}


def test_a_reply_whose_answer_is_lost_is_sent_once(sandbox: Sandbox, message: ChatbotMessage) -> None:
    lost: list[Behaviour] = [{"drop": "after"}, {"status": 503}]
    for fault in lost:
        sandbox.fail(SESSION, **fault)
        with pytest.raises(errors.DingTalkError):
            message.reply("一次")
    assert texts(sandbox) == ["一次"]


def test_a_session_webhook_with_too_many_messages(sandbox: Sandbox, message: ChatbotMessage) -> None:
    sandbox.fail(SESSION, errcode=410100)
    message.reply("照样送达")
    assert [(entry.via, entry.text) for entry in sandbox.conversation("zhaolei").replies] == [("robot", "照样送达")]
    assert len(sandbox.received(SESSION)) == 1


def test_a_reply_that_is_cancelled_is_sent_once(sandbox: Sandbox, app: DingTalkApp, message: ChatbotMessage) -> None:
    async def cancelled() -> None:
        async with app:
            sandbox.fail(SESSION, delay=5)
            reply = asyncio.create_task(message.reply.aio("一次"))
            await until_async(lambda: sandbox.received(SESSION))
            reply.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reply
            await message.reply.aio("再一次")

    asyncio.run(cancelled())
    assert texts(sandbox) == ["一次", "再一次"]


def test_a_late_reply_with_a_token_that_was_withdrawn(sandbox: Sandbox, message: ChatbotMessage) -> None:
    Robot.send("先热身", ["zhaolei"])
    sandbox.revoke_tokens()
    message.session_webhook_expired_time = message.created
    message.reply("迟到的回复")
    assert texts(sandbox) == ["先热身", "迟到的回复"]


def test_a_late_reply_without_the_scope_says_which_is_missing() -> None:
    with Sandbox(scopes=()) as sandbox, sandbox.app() as app:
        message = ChatbotMessage.read(sandbox.say("zhaolei", "在吗").payload or {})
        message.received_by(app)
        message.reply("按时")
        message.session_webhook_expired_time = message.created
        with pytest.raises(errors.PermissionDenied) as refused:
            message.reply("迟到")
        assert refused.value.scopes == ("qyapi_robot_sendmsg",)
        assert texts(sandbox) == ["按时"]
    app.close()


def test_a_download_that_is_cut_is_made_again(sandbox: Sandbox, app: DingTalkApp, fast: None) -> None:
    picture = ChatbotMessage.read(sandbox.say("zhaolei", Picture(b"png" * 1000)).payload or {})
    sandbox.fail(FILES, status=503)
    place = urlsplit(Robot.objects.file_url(picture.files[0].download_code)).path
    cuts: list[Behaviour] = [{"truncate": 10}, {"drop": "before"}]
    for fault in cuts:
        sandbox.fail(place, **fault)
        received = io.BytesIO()
        assert picture.download(received) == 3000
        assert received.getvalue() == b"png" * 1000


def test_a_download_that_is_refused_leaves_nothing(sandbox: Sandbox, app: DingTalkApp) -> None:
    picture = ChatbotMessage.read(sandbox.say("zhaolei", Picture(b"png")).payload or {})
    place = urlsplit(Robot.objects.file_url(picture.files[0].download_code)).path
    sandbox.fail(place, status=403, body="<Error><Code>AccessDenied</Code><Message>expired</Message></Error>")
    received = io.BytesIO()
    with pytest.raises(errors.PermissionDenied, match="expired"):
        picture.download(received)
    assert received.getvalue() == b""


WORKER = """
import sys
from dingtalk_models import ChatbotMessage, DingTalkApp

message = ChatbotMessage.model_validate_json(sys.stdin.buffer.read())
with DingTalkApp(appkey=sys.argv[1], appsecret=sys.argv[2], oapi_url=sys.argv[3], api_url=sys.argv[3]) as app:
    message.reply(message.text + "？在")
app.close()
"""


def test_another_process_replies_to_a_message(sandbox: Sandbox, message: ChatbotMessage) -> None:
    command = [sys.executable, "-c", WORKER, sandbox.appkey, sandbox.appsecret, sandbox.url]
    subprocess.run(command, input=message.model_dump_json().encode(), check=True, timeout=30)
    assert texts(sandbox) == ["在吗？在"]
