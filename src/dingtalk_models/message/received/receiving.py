"""Receives messages to the robot by HTTP (机器人接收消息): checks them, and runs the handlers once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import SkipValidation

from dingtalk_models.call.operation import operation
from dingtalk_models.callback.events.event import parsed
from dingtalk_models.callback.receiver import PushBody, Receiver
from dingtalk_models.callback.signed import check_signed
from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import CallbackError, ConfigurationError
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import Flow
from dingtalk_models.message.received.chatbot_message import ChatbotMessage
from dingtalk_models.message.robots.webhook_message import signature
from dingtalk_models.resource.manager import Module

AN_HOUR = 3600.0


class ReceivingApp(AppLike, Protocol):
    """An app, as the receiver of messages sees it."""

    appsecret: Secret | None
    callback: Receiver


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message that was received.

    Attributes:
        message: the message.
        duplicate: whether it was handled before, when it came for the first time.
    """

    message: ChatbotMessage
    duplicate: bool


class MessageReceiver(Module):
    """Receives the messages to the robot of one app.

    Attributes:
        tolerance: the seconds by which the time of a message may differ from this machine's.
    """

    def __init__(self, app: ReceivingApp) -> None:
        super().__init__(app)
        self.tolerance = AN_HOUR
        self._receiving = app

    @operation
    def receive(
        self, headers: Annotated[Mapping[str, str], SkipValidation], body: Annotated[PushBody, SkipValidation]
    ) -> Flow[ReceivedMessage]:
        """Check a message that the platform posted to the robot's URL, and pass it to the handlers.

        A message that was handled is not handled again, even if it comes again. If a handler raises, this raises the
        same error, and the message is handled again if it comes again.

        Args:
            headers: the headers of the request, with `timestamp` and `sign`.
            body: the body, as it came.

        Returns:
            The message.

        Raises:
            ConfigurationError: the app has no appsecret.
            SignatureMismatch: it is not signed with the app's appsecret.
            ReplayedCallback: it is older than an hour, or is being handled right now.
            CallbackError: it is no message, or one to another company's robot.
        """
        self._verify({name.lower(): value for name, value in headers.items()})
        message = ChatbotMessage.read(parsed(body))
        if not message.msg_id:
            raise CallbackError("the push is no message: it has no msgId")
        if self.app.corp_id and message.chatbot_corp_id not in {None, self.app.corp_id}:
            raise CallbackError("the message is for the robot of another company")
        delivered = yield from self._receiving.callback.deliver(message)
        return ReceivedMessage(message, delivered.duplicate)

    @operation
    def answer(
        self,
        query_params: Annotated[Mapping[str, str], SkipValidation],
        headers: Annotated[Mapping[str, str], SkipValidation],
        body: Annotated[PushBody, SkipValidation],
    ) -> Flow[dict[str, Any]]:
        """Receive what was posted, and say what to answer: the views for web frameworks call it.

        Args:
            query_params: the parameters of the query string.
            headers: the headers of the request.
            body: the body, as it came.

        Returns:
            The answer, to be sent as JSON.

        Raises:
            CallbackError: as `receive` says.
        """
        del query_params
        yield from self.receive.call(headers, body)
        return {}

    def _verify(self, headers: Mapping[str, str]) -> None:
        secret = self._receiving.appsecret
        if secret is None:
            raise ConfigurationError(
                f"app {self.app.name!r} cannot receive messages: set appkey and appsecret / "
                "该应用无法接收消息：请设置 appkey 和 appsecret"
            )
        timestamp, given = headers.get("timestamp", ""), headers.get("sign", "")
        check_signed(
            "message",
            timestamp,
            given,
            lambda moment: signature(secret, int(moment)),
            hint="is appsecret the right one?",
            tolerance=self.tolerance,
        )
