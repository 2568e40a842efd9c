"""The robot of one group (自定义机器人): it needs its webhook's address and nothing else, no app."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated, ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from dingtalk_models.core.context import AppLike
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.operation import operation
from dingtalk_models.core.steps import AsyncTransport, Flow, Transport
from dingtalk_models.exchange import exchange
from dingtalk_models.message.message_body import Link, Markdown, Text
from dingtalk_models.message.webhook_message import (
    At,
    FeedCard,
    RobotActionCard,
    WebhookMessage,
    WebhookRobotManager,
    signature,
)
from dingtalk_models.sender import Sender
from dingtalk_models.transport.retry import Retry


class _RobotApp(Sender, AppLike):
    """What a robot's calls need of an app: somewhere to be sent, and no credentials."""

    name = "webhook robot"
    access_token_credential = None
    retry = Retry()
    limiter = None
    """20 a minute: whoever sends too many is better told than kept waiting."""

    def __init__(self, url: str, transport: Transport | None, async_transport: AsyncTransport | None) -> None:
        self.oapi_url = self.api_url = url
        super().__init__(
            partial(exchange, self), timeout=(5.0, 15.0), transport=transport, async_transport=async_transport
        )


class WebhookRobot:
    """The robot of one group, by its webhook: `WebhookRobot(url, secret).send(Text("…"))`.

    Args:
        url: the webhook's address, with its `access_token`.
        secret: the secret of its signature (加签), `SEC…`; none where the robot has other security settings.
        transport: what sends requests; by default requests.
        async_transport: what sends awaited requests; by default aiohttp.

    Raises:
        ConfigurationError: the address is not that of a webhook.
    """

    objects: ClassVar[WebhookRobotManager] = WebhookRobotManager()

    def __init__(
        self,
        url: str,
        secret: str | None = None,
        *,
        transport: Transport | None = None,
        async_transport: AsyncTransport | None = None,
    ) -> None:
        parts = urlsplit(url)
        tokens = parse_qs(parts.query).get("access_token")
        if not (parts.scheme and parts.netloc and parts.path == "/robot/send" and tokens):
            raise ConfigurationError("not a webhook: expected https://oapi.dingtalk.com/robot/send?access_token=…")
        self._token, self._secret = tokens[0], secret
        self._url = f"{parts.scheme}://{parts.netloc}"
        self.app: Sender = _RobotApp(self._url, transport, async_transport)

    @operation
    def send(
        self,
        message: WebhookMessage,
        *,
        at_mobiles: list[str] | None = None,
        at_userids: Annotated[list[str], Field(max_length=50)] | None = None,
        at_all: bool = False,
        msg_uuid: str | None = None,
    ) -> Flow[None]:
        """Send a message to the group.

        Args:
            message: what it says: a `Text`, `Link`, `Markdown`, `RobotActionCard` or `FeedCard`.
            at_mobiles: mobile numbers of people to call; the text has to hold `@` and the number.
            at_userids: 50 people to call at the most; the text has to hold `@` and the userid.
            at_all: call everyone.
            msg_uuid: a mark of your own: two messages with the same one are one.

        Raises:
            InvalidArgument: the message is too long or incomplete; nothing was sent.
            AuthenticationError: no robot has this token.
            PermissionDenied: the robot's security settings refuse the message.
            RateLimited: more than 20 messages in a minute; the robot is silent for 10.
        """
        timestamp = int(time.time() * 1000) if self._secret else None
        calls_someone = at_mobiles or at_userids or at_all
        yield from self.objects.send.call(
            message.msgtype,
            text=message if isinstance(message, Text) else None,
            link=message if isinstance(message, Link) else None,
            markdown=message if isinstance(message, Markdown) else None,
            action_card=message if isinstance(message, RobotActionCard) else None,
            feed_card=message if isinstance(message, FeedCard) else None,
            at=At(at_mobiles, at_userids, at_all) if calls_someone else None,
            msg_uuid=msg_uuid,
            access_token=self._token,
            timestamp=timestamp,
            sign=None if timestamp is None else signature(self._secret or "", timestamp),
        )

    def close(self) -> None:
        """Give back connections. The robot can be used again; it then opens new ones."""
        self.app.close()

    async def aclose(self) -> None:
        """Give back the connections of this event loop, and those of blocking calls."""
        await self.app.aclose()

    def __repr__(self) -> str:
        return f"WebhookRobot({self._url}{', signed' if self._secret else ''})"
