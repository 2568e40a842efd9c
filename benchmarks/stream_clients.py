"""The clients that are measured: `python -m benchmarks.stream_clients ours|official coroutine|function|event URL`."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from importlib import import_module
from typing import Any

SLOW = 2.0
"""How many seconds a handler sleeps in the tests with sleep."""


def ours(url: str, kind: str) -> None:
    """The client of this package."""
    from dingtalk_models import ChatbotMessage, DingTalkApp  # noqa: PLC0415 - only this client is measured

    app = DingTalkApp(appkey="key", appsecret="secret", oapi_url=url, api_url=url)
    if kind == "event":
        from dingtalk_models.callback.events.contact import UserModifyOrg  # noqa: PLC0415 - as above

        @app.callback.on(UserModifyOrg)
        async def changed(event: UserModifyOrg) -> None:
            if event.userids == ["slow"]:
                await asyncio.sleep(SLOW)
    elif kind == "coroutine":

        @app.callback.on(ChatbotMessage)
        async def awaited(message: ChatbotMessage) -> None:
            if message.text == "slow":
                await asyncio.sleep(SLOW)
    else:

        @app.callback.on(ChatbotMessage)
        def plain(message: ChatbotMessage) -> None:
            if message.text == "slow":
                time.sleep(SLOW)

    app.stream.run()


def official(url: str, kind: str) -> None:
    """The platform's own client. Its handlers for functions answer before they run."""
    client_of: Any = import_module("dingtalk_stream")

    async def awaited(_: Any, callback: Any) -> tuple[int, str]:
        if client_of.ChatbotMessage.from_dict(callback.data).text.content == "slow":
            await asyncio.sleep(SLOW)
        return 200, "OK"

    def plain(_: Any, callback: Any) -> None:
        if client_of.ChatbotMessage.from_dict(callback.data).text.content == "slow":
            time.sleep(SLOW)

    async def changed(_: Any, event: Any) -> tuple[int, str]:
        if event.data["userId"] == ["slow"]:
            await asyncio.sleep(SLOW)
        return 200, "OK"

    client_of.DingTalkStreamClient.OPEN_CONNECTION_API = f"{url}/v1.0/gateway/connections/open"
    client = client_of.DingTalkStreamClient(client_of.Credential("key", "secret"))
    bases = {
        "coroutine": (client_of.ChatbotHandler, awaited),
        "function": (client_of.AsyncChatbotHandler, plain),
        "event": (client_of.EventHandler, changed),
    }
    base, process = bases[kind]
    handler = type("Handler", (base,), {"process": process})()
    if kind == "event":
        client.register_all_event_handler(handler)
    else:
        client.register_callback_handler(client_of.ChatbotMessage.TOPIC, handler)
    client.start_forever()


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    who, kind, address = sys.argv[1:]
    {"ours": ours, "official": official}[who](address, kind)
