"""Robot messages, replies and clicks in Stream mode: with this package, and with the platform's own client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
from listening import ENOUGH, receiving

from dingtalk_models import Card, CardAction, CardUpdate, ChatbotMessage, DingTalkApp
from dingtalk_models.message import RobotSpace
from dingtalk_models.sandbox import Sandbox


class Official:
    """The platform's own client in a process of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        script = Path(__file__).with_name("official_bot.py")
        command = [sys.executable, str(script), sandbox.url, sandbox.appkey, sandbox.appsecret]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._lines: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def line(self) -> str:
        """The next line that it prints."""
        return self._lines.get(timeout=ENOUGH)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line.strip())


@pytest.fixture
def official(sandbox: Sandbox) -> Generator[Official]:
    client = Official(sandbox)
    sandbox.stream.wait_for_clients(1, 60)
    yield client
    client.end()


def test_the_platforms_own_client(sandbox: Sandbox, app: DingTalkApp, official: Official) -> None:
    template = sandbox.cards.add_template()
    card = Card.send(template, RobotSpace("zhaolei"), {"state": "待办"})
    sandbox.stream.ping()
    assert official.line() == "system ping"
    event = sandbox.stream.push_event("user_add_org", {"userId": ["u1"]})
    assert official.line() == "event user_add_org {'userId': ['u1']}"
    sandbox.stream.wait_until_accepted()
    assert len(event.sent_to) == 1
    said = sandbox.say("zhaolei", "你好")
    assert official.line() == "message 赵磊 你好"
    assert "收到：你好" in str(sandbox.wait_for_reply(said).content)
    click = sandbox.click(card, "agree", by="zhaolei")
    assert official.line() == "click zhaolei ['agree']"
    assert click.problem is None
    assert sandbox.cards[card.out_track_id].params["state"] == "已同意"
    (client,) = sandbox.stream.clients
    assert client.answered_pings == 1
    sandbox.stream.disconnect()
    assert official.line() == "system disconnect"
    sandbox.stream.wait_for_clients(0, 60)


def test_this_client(sandbox: Sandbox, app: DingTalkApp) -> None:
    @app.callback.on(ChatbotMessage)
    async def answer(message: ChatbotMessage) -> None:
        await message.reply.aio(f"收到：{message.text}")

    @app.callback.on(CardAction)
    def agree(action: CardAction) -> CardUpdate:
        return CardUpdate({"state": f"{action.user_id} 已同意"})

    template = sandbox.cards.add_template()
    card = Card.send(template, RobotSpace("zhaolei"), {"state": "待办"})
    with receiving(app):
        said = sandbox.say("zhaolei", "你好")
        assert "收到：你好" in str(sandbox.wait_for_reply(said).content)
        assert sandbox.click(card, "agree", by="zhaolei").problem is None
        assert sandbox.cards[card.out_track_id].params["state"] == "zhaolei 已同意"
        sandbox.say_again(said)
        sandbox.settle()
        assert app.stream.status.duplicates == 1
        assert not any(("EVENT", "*") in client.topics for client in sandbox.stream.clients)
