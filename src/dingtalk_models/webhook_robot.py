"""A robot that needs only a webhook URL, and no app: the custom robot of one group, or a session webhook."""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, cast
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr

from dingtalk_models.call.exchange import exchange
from dingtalk_models.call.operation import operation
from dingtalk_models.call.retry import Retry
from dingtalk_models.call.sender import Sender
from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import ConfigurationError
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import AsyncTransport, Flow, Transport
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.message.message_body import Link, Markdown, Text
from dingtalk_models.message.received.reply_message import by_session, session_of
from dingtalk_models.message.robots.webhook_message import (
    At,
    FeedCard,
    RobotActionCard,
    WebhookMessage,
    WebhookMessageOrText,
    WebhookRobotManager,
    signature,
)


class _RobotApp(Sender):
    """The app that sends a robot's calls. It has a base URL but no credentials."""

    name = "webhook robot"
    agent_id = cast("int | None", None)
    appkey = corp_id = domain = callback_url = cast("str | None", None)
    token = aes_key = cast("Secret | None", None)
    access_token_credential = None
    retry = Retry()
    limiter = None
    """The limit is 20 messages a minute: an error at once is better than a long wait."""

    def __init__(
        self,
        url: str,
        transport: Transport | None,
        async_transport: AsyncTransport | None,
        blocking_on_loop: bool | None,
    ) -> None:
        self.oapi_url = self.api_url = url
        super().__init__(
            partial(exchange, self),
            timeout=(5.0, 15.0),
            transport=transport,
            async_transport=async_transport,
            blocking_on_loop=blocking_on_loop,
        )


class WebhookRobot:
    """The custom robot of one group: `WebhookRobot(url, secret).send(Text("…"))`.

    Args:
        url: the webhook URL, with its `access_token`; or the session webhook of a message, with its `session`.
        secret: the secret for signatures (加签), `SEC…`; `None` if the robot has other security settings.
        transport: sends requests; by default with requests.
        async_transport: sends awaited requests; by default with aiohttp.
        blocking_on_loop: whether blocking calls are allowed where an event loop runs, as for a `DingTalkApp`.

    Raises:
        ConfigurationError: the URL is not a webhook URL.
    """

    objects: ClassVar[WebhookRobotManager] = WebhookRobotManager()

    def __init__(
        self,
        url: str | SecretStr,
        secret: str | SecretStr | None = None,
        *,
        transport: Transport | None = None,
        async_transport: AsyncTransport | None = None,
        blocking_on_loop: bool | None = None,
    ) -> None:
        # under the same names: a traceback that shows variables shows neither the token nor the secret
        url, secret = Secret.of(url), Secret.of(secret)
        self._secret = secret
        self._session = session_of(url)
        self._url, self._token = _parts(url)
        if not (self._token or self._session):
            raise ConfigurationError(
                "not a webhook: expected https://oapi.dingtalk.com/robot/send?access_token=… or a session webhook / "
                "不是 Webhook 地址：请从机器人设置中完整复制"
            )
        self.app: Sender = _RobotApp(self._url, transport, async_transport, blocking_on_loop)

    @also_takes(older_ids.mention)
    @operation
    def send(
        self,
        message: WebhookMessageOrText,
        *,
        at_mobiles: list[str] | None = None,
        userids: Annotated[list[str], Field(max_length=50)] | None = None,
        at_all: bool = False,
        msg_uuid: str | None = None,
    ) -> Flow[None]:
        """Send a message to the group.

        Args:
            message: a text, or a `Text`, `Link`, `Markdown`, `RobotActionCard` or `FeedCard`.
            at_mobiles: mobile numbers of users to mention; the text must contain `@` and the number.
            userids: users to mention, at most 50; the text must contain `@` and the userid.
            at_all: mention everyone.
            msg_uuid: an id of your own. Two messages with the same id are delivered once. A session webhook has none.

        Raises:
            InvalidArgument: the message is too long or incomplete; nothing was sent.
            AuthenticationError: there is no robot with this token; or the session webhook has expired.
            PermissionDenied: the robot's security settings refuse the message.
            RateLimited: more than 20 messages in a minute; the robot is blocked for 10 minutes.
        """
        mentions = at_mobiles or userids or at_all
        at = At(at_mobiles, userids, at_all) if mentions else None
        said = cast("WebhookMessage", message)  # a text has become one
        if self._session:
            yield from by_session(self._session, said, at)
            return
        timestamp = int(wall() * 1000) if self._secret else None
        yield from self.objects.send.call(
            said.msgtype,
            text=said if isinstance(said, Text) else None,
            link=said if isinstance(said, Link) else None,
            markdown=said if isinstance(said, Markdown) else None,
            action_card=said if isinstance(said, RobotActionCard) else None,
            feed_card=said if isinstance(said, FeedCard) else None,
            at=at,
            msg_uuid=msg_uuid,
            access_token=self._token,
            timestamp=timestamp,
            sign=None if timestamp is None else signature(self._secret or "", timestamp),
        )

    def close(self) -> None:
        """Close the connections. The robot can be used again; it then opens new ones."""
        self.app.close()

    async def aclose(self) -> None:
        """Close the connections of this event loop, and those of blocking calls."""
        await self.app.aclose()

    def __repr__(self) -> str:
        return f"WebhookRobot({self._url}{', signed' if self._secret else ''})"


def _parts(url: Secret) -> tuple[str, Secret]:
    """Split a webhook URL into base URL and token. The token is empty if it is not a webhook URL."""
    parts = urlsplit(url.get_secret_value())
    tokens = parse_qs(parts.query).get("access_token", [])
    right = parts.scheme and parts.netloc and parts.path == "/robot/send" and tokens
    return f"{parts.scheme}://{parts.netloc}", Secret(tokens[0] if right else "")
