"""`dingtalk-models listen`: print or forward events and messages to the robot, in Stream mode."""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.failures import CommandFailure, ExitCode
from dingtalk_models.cli.help import Commands
from dingtalk_models.cli.output import cell
from dingtalk_models.core.errors import DingTalkError
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models import DingTalkApp, Event
    from dingtalk_models.callback.topic_callback import TopicCallback
    from dingtalk_models.cli.forwarding import Forward

app = Commands()

MESSAGES = "/v1.0/im/bot/messages/get"
CARDS = "/v1.0/card/instances/callback"

_HIDDEN = {"sessionWebhook", "sessionWebhookExpiredTime"}
"""Not printed: anybody with this address can write to the conversation."""


@app.command(
    "listen",
    help=said(
        "Print events and messages to the robot as they arrive; JSON lines into a pipe. Ctrl-C ends it. / "
        "实时显示事件与机器人消息；输出到管道时为 JSON 行。按 Ctrl-C 结束。"
    ),
)
def listen(
    forward: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help=said(
                "Send events to this URL as if pushed by HTTP, encrypted with the app's token and aes_key. / "
                "将事件按 HTTP 回调的方式加密转发到该地址，需要 token 与 aes_key。"
            ),
        ),
    ] = "",
    forward_messages: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help=said("Send messages to the robot to this URL, signed. / 将机器人消息签名后转发到该地址。"),
        ),
    ] = "",
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help=said("Only events of this type, repeatable. / 只接收该类型的事件，可多次。")),
    ] = None,
    events: Annotated[bool, typer.Option("--events/--no-events", help=said("Events. / 事件。"))] = True,
    messages: Annotated[bool, typer.Option("--messages/--no-messages", help=said("Messages. / 机器人消息。"))] = True,
    cards: Annotated[bool, typer.Option("--cards/--no-cards", help=said("Clicks on cards. / 卡片回调。"))] = False,
) -> None:
    """Receive until Ctrl-C."""
    dingtalk = profiles.open_app()
    if not (events or messages or cards):
        raise CommandFailure("there is nothing to listen to / 没有要接收的内容")
    listener = _Listener(dingtalk)
    if forward or forward_messages:
        listener.forward = _forward(dingtalk, forward, forward_messages)
    if events:
        for each in types or ["*"]:
            dingtalk.callback.on(each)(listener.event)
    for topic in [MESSAGES] * messages + [CARDS] * cards:
        dingtalk.callback.on(topic=topic)(listener.callback)
    logger = logging.getLogger("dingtalk_models")
    logger.setLevel(min(logger.level, logging.INFO))
    try:
        dingtalk.stream.run(timeout=2.0)
    except SystemExit as ended:
        if isinstance(ended.__cause__, DingTalkError):  # reported like the errors of other commands
            raise ended.__cause__ from None
        raise
    except ModuleNotFoundError:
        raise CommandFailure(
            "Stream mode needs its extra: pip install 'dingtalk-models[stream]' / "
            "Stream 模式需要 dingtalk-models[stream]",
            ExitCode.CONFIGURATION,
        ) from None
    if listener.unread:
        raise BrokenPipeError


def _forward(app: DingTalkApp, events: str, messages: str) -> Forward:
    from dingtalk_models.cli.forwarding import Forward  # noqa: PLC0415 - only when asked for

    return Forward(app, events, messages)


class _Listener:
    """Prints and forwards events, messages and clicks."""

    def __init__(self, app: DingTalkApp) -> None:
        self.forward: Forward | None = None
        self.unread = False
        self._app = app
        self._printing = threading.Lock()

    def event(self, event: Event) -> None:
        """Handle an event."""
        time = event.time.isoformat() if event.time else None
        found = {
            "kind": "event",
            "type": event.type,
            "title": event.title or None,
            "time": time,
            "event_id": event.event_id,
            "corp_id": event.corp_id,
            "data": event.data,
        }
        self._print(found, f"{event.type} {event.title}".strip(), event.data)
        if self.forward:
            self.forward.event(event)

    def callback(self, callback: TopicCallback) -> None:
        """Handle a message to the robot, or a click on a card."""
        kind = "message" if callback.topic == MESSAGES else "card"
        shown = {name: value for name, value in callback.data.items() if name not in _HIDDEN}
        head = kind
        if kind == "message":
            text = shown.get("text")
            content = text.get("content", "") if is_object(text) else ""
            head = f"{shown.get('msgtype', '')} {shown.get('senderNick', '')}: {str(content).strip()}"
        self._print({"kind": kind, "data": shown}, head, shown if kind == "card" else None)
        if self.forward and kind == "message":
            self.forward.message(callback.data)

    def _print(self, found: dict[str, Any], head: str, data: Any) -> None:
        if sys.stdout.isatty():
            text = cell(f"{datetime.now().astimezone():%H:%M:%S} {head}" + (f" {cell(data)}" if data else ""))
        else:
            text = json.dumps(found, ensure_ascii=False)
        try:
            with self._printing:
                sys.stdout.write(f"{text}\n")
                sys.stdout.flush()
        except BrokenPipeError:
            self.unread = True
            threading.Thread(target=self._app.stream.stop, args=(0.0,)).start()
            raise
