"""A bot with the platform's own client, in a process of its own: `python official_bot.py URL KEY SECRET`.

It prints a line for all that it gets.
"""

from __future__ import annotations

import sys
from typing import Any

import dingtalk_stream
from dingtalk_stream import AckMessage

SAID = "收到"


class Events(dingtalk_stream.EventHandler):
    async def process(self, event: Any) -> tuple[int, str]:
        print("event", event.headers.event_type, event.data, flush=True)
        return AckMessage.STATUS_OK, "OK"


class Messages(dingtalk_stream.ChatbotHandler):
    async def process(self, callback: Any) -> tuple[int, str]:
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        print("message", message.sender_nick, message.text.content, flush=True)
        self.reply_text(f"{SAID}：{message.text.content}", message)
        return AckMessage.STATUS_OK, "OK"


class Clicks(dingtalk_stream.CallbackHandler):
    async def process(self, callback: Any) -> tuple[int, Any]:
        click = dingtalk_stream.CardCallbackMessage.from_dict(callback.data)
        print("click", click.user_id, click.content["cardPrivateData"]["actionIds"], flush=True)
        return AckMessage.STATUS_OK, {"cardData": {"cardParamMap": {"state": "已同意"}}}


class System(dingtalk_stream.SystemHandler):
    async def process(self, message: Any) -> tuple[int, str]:
        print("system", message.headers.topic, flush=True)
        return AckMessage.STATUS_OK, "OK"


def main(url: str, key: str, secret: str) -> None:
    dingtalk_stream.DingTalkStreamClient.OPEN_CONNECTION_API = f"{url}/v1.0/gateway/connections/open"
    client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(key, secret))
    client.system_handler = System()
    client.register_all_event_handler(Events())
    client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Messages())
    client.register_callback_handler(dingtalk_stream.CallbackHandler.TOPIC_CARD_CALLBACK, Clicks())
    client.start_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
