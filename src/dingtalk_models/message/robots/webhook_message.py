"""The messages of custom robots (自定义机器人), and the call that sends them; `WebhookRobot` is easier."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, Discriminator, Field, SecretStr, Tag

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api
from dingtalk_models.core.secret import Hiding, signature_of
from dingtalk_models.core.wire import wire
from dingtalk_models.message.message_body import (
    Digit,
    Filled,
    Link,
    Markdown,
    PlainText,
    Text,
    camel_object,
    fits,
    wire_object,
)
from dingtalk_models.resource.manager import Manager

T = TypeVar("T")

MAX_BYTES = 20_000
"""The longest message in bytes of UTF-8, counting its texts without the JSON around them."""


@wire_object
class RobotButton:
    """One of several buttons."""

    title: Filled
    action_url: Annotated[Filled, wire("actionURL")]
    """The page that it opens."""


@camel_object
class RobotActionCard:
    """A card with one button (`single_title`, `single_url`) or several (`buttons`)."""

    msgtype: ClassVar[Literal["actionCard"]] = "actionCard"

    title: Filled
    """The text in the list of conversations."""
    text: Filled
    """Markdown."""
    single_title: Filled | None = None
    single_url: Annotated[Filled | None, wire("singleURL")] = None
    """The page that the one button opens."""
    buttons: Annotated[Annotated[list[RobotButton], Field(min_length=1)] | None, wire("btns")] = None
    horizontal: Annotated[Digit | None, wire("btnOrientation")] = None
    """Whether the buttons are side by side."""
    hide_avatar: Digit | None = None


@wire_object
class FeedLink:
    """An entry of a feed."""

    title: Filled
    message_url: Annotated[Filled, wire("messageURL")]
    """The page that it opens."""
    pic_url: Annotated[Filled, wire("picURL")]


@wire_object
class FeedCard:
    """Several entries, each with a picture and a page that it opens."""

    msgtype: ClassVar[Literal["feedCard"]] = "feedCard"

    links: Annotated[list[FeedLink], Field(min_length=1)]


@wire_object
class At:
    """The people mentioned in a message. To show a mention, the text needs `@` and the mobile number or userid."""

    mobiles: Annotated[list[str] | None, wire("atMobiles")] = None
    userids: Annotated[Annotated[list[str], Field(max_length=50)] | None, wire("atUserIds")] = None
    """At most 50."""
    everyone: Annotated[bool, wire("isAtAll")] = False


def _one_or_several(card: RobotActionCard) -> RobotActionCard:
    single = bool(card.single_title) + bool(card.single_url)
    if single == 1 or bool(single) == bool(card.buttons):
        raise ValueError("needs single_title and single_url, or buttons / 需要 single_title 和 single_url，或 buttons")
    return card


_Short = Annotated[T, AfterValidator(fits(MAX_BYTES))]

WebhookMessage = Annotated[
    Annotated[_Short[Text], Tag("text")]
    | Annotated[_Short[Link], Tag("link")]
    | Annotated[_Short[Markdown], Tag("markdown")]
    | Annotated[_Short[RobotActionCard], AfterValidator(_one_or_several), Tag("actionCard")]
    | Annotated[_Short[FeedCard], Tag("feedCard")],
    Discriminator(
        lambda message: getattr(message, "msgtype", None),
        custom_error_type="message",
        custom_error_message="not a message: a Text, Link, Markdown, RobotActionCard or FeedCard / 不是以上几种消息",
    ),
]
"""The message of a custom robot: at most 20,000 bytes."""

WebhookMessageOrText = Annotated[WebhookMessage | str, PlainText(Text)]
"""The message of a custom robot, or its text: `"hi"` means `Text("hi")`."""


class WebhookRobotManager(Manager):
    """Custom robots of groups (自定义机器人)."""

    @api(
        "dingtalk.oapi.robot.send",
        "POST /robot/send?access_token&timestamp&sign",
        authenticated=False,
    )
    def send(
        self,
        msgtype: Literal["text", "link", "markdown", "actionCard", "feedCard"],
        *,
        text: Text | None = None,
        link: Link | None = None,
        markdown: Markdown | None = None,
        action_card: Annotated[RobotActionCard | None, wire("actionCard")] = None,
        feed_card: Annotated[FeedCard | None, wire("feedCard")] = None,
        at: At | None = None,
        msg_uuid: Annotated[str | None, wire("msgUuid")] = None,
        access_token: Hiding | None = None,
        timestamp: int | None = None,
        sign: Hiding | None = None,
    ) -> Call[None]:
        """Send a message to the robot's group (自定义机器人发送群消息).

        `WebhookRobot(url, secret).send(…)` is easier: it takes the address shown in the group, and signs the message.

        Args:
            msgtype: which of the following it has.
            text: plain text.
            link: a card that opens a page.
            markdown: formatted text.
            action_card: a card with buttons.
            feed_card: several entries with pictures.
            at: the mentioned people.
            msg_uuid: an id of your own. Two messages with the same id count as one.
            access_token: the robot's own token, from its address; not the app's.
            timestamp: the time of the signature in milliseconds, for a robot with a secret.
            sign: the signature, for a robot with a secret.

        Raises:
            AuthenticationError: no robot has this token.
            PermissionDenied: the robot's security settings refuse the message.
            RateLimited: there were more than 20 messages in a minute; the robot then refuses messages for 10 minutes.

        Source: custom-robots-send-group-messages
        """
        return Call(None)


def signature(secret: str | SecretStr, timestamp: int) -> str:
    """Make the signature that proves to a robot that the sender knows its secret."""
    key = secret if isinstance(secret, str) else secret.get_secret_value()
    return signature_of(f"{timestamp}\n{key}", key)
