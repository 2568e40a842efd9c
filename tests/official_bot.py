"""A bot with the platform's own client, in a process of its own: `python official_bot.py URL KEY SECRET`.

It prints a line for all that it gets.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

official: Any = import_module("dingtalk_stream")  # it has no types

OK = 200


async def event(_: Any, received: Any) -> tuple[int, str]:
    print("event", received.headers.event_type, received.data, flush=True)
    return OK, "OK"


async def message(self: Any, callback: Any) -> tuple[int, str]:
    said = official.ChatbotMessage.from_dict(callback.data)
    print("message", said.sender_nick, said.text.content, flush=True)
    self.reply_text(f"收到：{said.text.content}", said)
    return OK, "OK"


async def click(_: Any, callback: Any) -> tuple[int, Any]:
    clicked = official.CardCallbackMessage.from_dict(callback.data)
    print("click", clicked.user_id, clicked.content["cardPrivateData"]["actionIds"], flush=True)
    return OK, {"cardData": {"cardParamMap": {"state": "已同意"}}}


async def system(_: Any, received: Any) -> tuple[int, str]:
    print("system", received.headers.topic, flush=True)
    return OK, "OK"


def handler(base: Any, process: Any) -> Any:
    """A handler, which the client wants to be an object of a class."""
    return type("Handler", (base,), {"process": process})()


def main(url: str, key: str, secret: str) -> None:
    official.DingTalkStreamClient.OPEN_CONNECTION_API = f"{url}/v1.0/gateway/connections/open"
    client = official.DingTalkStreamClient(official.Credential(key, secret))
    client.system_handler = handler(official.SystemHandler, system)
    client.register_all_event_handler(handler(official.EventHandler, event))
    client.register_callback_handler(official.ChatbotMessage.TOPIC, handler(official.ChatbotHandler, message))
    clicks = handler(official.CallbackHandler, click)
    client.register_callback_handler(official.CallbackHandler.TOPIC_CARD_CALLBACK, clicks)
    client.start_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
