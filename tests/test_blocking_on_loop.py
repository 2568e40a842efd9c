"""A blocking call on a running event loop is refused at once: it would stop the loop for everybody."""

from __future__ import annotations

import asyncio
import sys
import time
import types
from collections.abc import Callable

import pytest
from listening import receiving, until

from dingtalk_models import Card, ChatbotMessage, ConfigurationError, Department, DingTalkApp, User, WebhookRobot
from dingtalk_models.message import RobotSpace
from dingtalk_models.sandbox import Sandbox

WAYS: dict[str, Callable[[DingTalkApp], object]] = {
    "await Department.get.aio(…)": lambda _: Department.get(1),
    "await Department.list_ids.aio(…)": lambda _: Department.objects.list_ids(1),
    "await Query.all.aio(…)": lambda _: User.objects.list(1).all(),
    "async for … in …": lambda _: list(User.objects.list(1)),
    "await app.asend(…)": lambda app: app.send(Department.objects.list_ids.call(1)),
    "await app.agather(…)": lambda app: app.gather([Department.objects.list_ids.call(1)]),
    "await app.request.aio(…)": lambda app: app.request("POST", "/topapi/v2/department/listsubid", body={"dept_id": 1}),
    "await app.stream.serve()": lambda app: app.stream.start(),
    "async with … as card": lambda _: Card.stream("template", RobotSpace("zhaolei")).__enter__(),
}


@pytest.mark.parametrize("instead", WAYS)
def test_every_blocking_call_says_what_to_write_instead(app: DingTalkApp, sandbox: Sandbox, instead: str) -> None:
    async def call() -> None:
        WAYS[instead](app)

    app.callback.on(ChatbotMessage)(lambda _: None)
    with pytest.raises(ConfigurationError) as refused:
        asyncio.run(call())
    assert f"`{instead}`" in str(refused.value)
    assert sandbox.calls == []


def test_a_reply_without_await_stops_nobody(
    app: DingTalkApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail("/robot/sendBySession", times=2, delay=1.0)

    @app.callback.on(ChatbotMessage)
    async def answer(message: ChatbotMessage) -> None:
        message.reply("你好")

    app.callback.apology = None
    with receiving(app):
        began = time.monotonic()
        for who in ("zhaolei", "sunjing"):
            sandbox.say(who, "在吗")
        until(lambda: app.stream.status.failed == 2)
        assert time.monotonic() - began < 1
    assert "await ChatbotMessage.reply.aio(…)" in caplog.text


def test_a_webhook_robot_too(sandbox: Sandbox) -> None:
    async def call() -> None:
        WebhookRobot(f"{sandbox.url}/robot/send?access_token=t").send("hi")

    with pytest.raises(ConfigurationError, match=r"await WebhookRobot\.send\.aio"):
        asyncio.run(call())


def test_the_switch(sandbox: Sandbox) -> None:
    async def call(app: DingTalkApp) -> str:
        return app.contact.departments.get(1).name

    with sandbox.app(blocking_on_loop=True) as app:
        assert asyncio.run(call(app))
    app.close()


def test_notebooks_may(app: DingTalkApp, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    async def call(chosen: DingTalkApp) -> str:
        return chosen.contact.departments.get(1).name

    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    assert asyncio.run(call(app))
    with sandbox.app(blocking_on_loop=False) as strict, pytest.raises(ConfigurationError):
        asyncio.run(call(strict))


def test_what_does_not_wait_is_allowed(app: DingTalkApp, sandbox: Sandbox) -> None:
    template = sandbox.cards.add_template()

    async def answer() -> None:
        async with Card.stream(template, RobotSpace("zhaolei")) as card:
            card.write("半个")  # without await
        await app.aclose()

    asyncio.run(answer())
    assert [each.params["content"] for each in sandbox.cards.values()] == ["半个"]


def test_threads_of_a_loop_may(app: DingTalkApp) -> None:
    assert asyncio.run(asyncio.to_thread(lambda: Department.get(1).name))
