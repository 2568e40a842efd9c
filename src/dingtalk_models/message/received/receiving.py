"""Receives messages to the robot by HTTP (机器人接收消息), and runs the handlers once for each."""

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
    """The parts of an app that the receiver of messages needs."""

    appsecret: Secret | None
    callback: Receiver


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A received message.

    Attributes:
        message: the message.
        duplicate: whether an earlier delivery of it was already handled.
    """

    message: ChatbotMessage
    duplicate: bool


class MessageReceiver(Module):
    """Receives the messages to the robot of one app.

    Attributes:
        tolerance: how many seconds the time of a message may differ from this machine's.
    """

    def __init__(self, app: ReceivingApp) -> None:
        super().__init__(app)
        self.tolerance = AN_HOUR
        self._receiving = app

    @operation
    def receive(
        self, headers: Annotated[Mapping[str, str], SkipValidation], body: Annotated[PushBody, SkipValidation]
    ) -> Flow[ReceivedMessage]:
        """Check a message posted to the robot's URL, and pass it to the handlers.

        Each message is handled once, even if it is delivered several times. If a handler raises an error, this raises
        the same error, and the next delivery is handled again.

        Args:
            headers: the headers of the request, with `timestamp` and `sign`.
            body: the body, unchanged.

        Returns:
            The message.

        Raises:
            ConfigurationError: the app has no appsecret.
            SignatureMismatch: it is not signed with the app's appsecret.
            ReplayedCallback: it is older than an hour, or is being handled right now.
            CallbackError: it is not a message, or it is for another company's robot.
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
        """Receive a POST request and return the answer. The views for web frameworks call this.

        Args:
            query_params: the parameters of the query string.
            headers: the headers of the request.
            body: the body, unchanged.

        Returns:
            The answer, to be sent as JSON.

        Raises:
            CallbackError: see `receive`.
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
