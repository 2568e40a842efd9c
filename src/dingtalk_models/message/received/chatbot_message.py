"""Messages from people to the app's robot (机器人接收消息), and replies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from pydantic import PlainSerializer
from typing_extensions import Unpack

from dingtalk_models.call.operation import Refusal, operation, operation_with
from dingtalk_models.callback.arrival import Arrival
from dingtalk_models.clocks import wall
from dingtalk_models.core.errors import AuthenticationError, CallbackError, RateLimited
from dingtalk_models.core.files import BytesProgress, Target
from dingtalk_models.core.secret import Secret
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import Millis, camel, empty_list, wire
from dingtalk_models.message.received.received_content import (
    ReceivedContent,
    ReceivedFile,
    Tolerant,
    content_of,
    said_in,
)
from dingtalk_models.resource.model import Record

if TYPE_CHECKING:
    from dingtalk_models.message.cards.card import Card, StreamSettings
    from dingtalk_models.message.cards.stream import CardStream
    from dingtalk_models.message.received.reply_message import ReplyOrText
    from dingtalk_models.message.robots.robot import GroupMessage, RobotMessage
    from dingtalk_models.message.robots.webhook_message import WebhookMessage

QUOTA_EXHAUSTED = "20001"

SessionWebhook = Annotated[Secret, PlainSerializer(Secret.get_secret_value, return_type=str)]
"""A session webhook. Anybody who has it can write to the conversation, so it is hidden, except in a dump."""


class AtUser(Record, alias_generator=camel):
    """A mentioned person."""

    dingtalk_id: str | None
    """An encrypted id."""
    staff_id: str | None
    """The userid, for users of the company only."""


def _types_of_replies() -> dict[str, Any]:
    # Imported with the first reply, here and in the methods: so a bot is connected sooner.
    from dingtalk_models.message.received.reply_message import ReplyOrText  # noqa: PLC0415
    from dingtalk_models.message.robots.robot import GroupMessage, RobotMessage  # noqa: PLC0415

    return {"ReplyOrText": ReplyOrText, "RobotMessage": RobotMessage, "GroupMessage": GroupMessage}


class ChatbotMessage(Arrival, alias_generator=camel):
    """A message to the app's robot, from a single chat or from a group where it was mentioned.

    Attributes:
        msg_id: its id, the same in each delivery.
        msgtype: its type: `text`, `richText`, `picture`, `audio`, `video`, `file`, or one that is not documented.
        created: the time it was sent.
        conversation_id: the conversation; of a group, its `open_conversation_id`.
        conversation_type: `1` for a single chat with the robot, `2` for a group; see `in_group`.
        conversation_title: the title of the group.
        sender_id: an encrypted id of the sender.
        sender_nick: the name of the sender.
        sender_staff_id: the userid of the sender, for users of the company only.
        sender_corp_id: the company of the sender.
        is_admin: whether the sender is an administrator of the company.
        robot_code: the robot that it was sent to.
        chatbot_user_id: an encrypted id of the robot.
        chatbot_corp_id: the company of the robot.
        at_users: the mentioned people, including the robot.
        is_in_at_list: whether the robot is mentioned.
        session_webhook: an address for replies, which expires. `reply` uses it.
        session_webhook_expired_time: the time when it expires.
        error_code: an error of the platform; see `quota_exhausted`.
    """

    TYPE: ClassVar[str] = "chatbot_message"
    TOPIC: ClassVar[str | None] = "/v1.0/im/bot/messages/get"

    msg_id: str | None
    msgtype: str = ""
    created: Annotated[Millis | None, wire("createAt")]
    conversation_id: str | None
    conversation_type: str | None
    conversation_title: str | None
    sender_id: str | None
    sender_nick: str = ""
    sender_staff_id: str | None
    sender_corp_id: str | None
    is_admin: bool | None
    robot_code: str | None
    chatbot_user_id: str | None
    chatbot_corp_id: str | None
    at_users: Tolerant[AtUser] = empty_list()
    is_in_at_list: bool | None
    session_webhook: SessionWebhook | None
    session_webhook_expired_time: Millis | None
    error_code: str | None

    # On the wire, one of these two fields has the content. It is parsed only when used, because many handlers look at
    # the sender or the text only. It is dumped as it was received.

    @cached_property
    def content(self) -> ReceivedContent:
        """Its content, in a class for each type, such as `AudioContent`."""
        return content_of(self.msgtype, self._sent)

    @property
    def text(self) -> str:
        """Its text without surrounding space, or the recognised text of a recording; empty if there is none."""
        return said_in(self.msgtype, self._sent).strip()

    @property
    def _sent(self) -> object:
        """Return its content as it was received."""
        sent = self.model_extra or {}
        return sent.get("content") or sent.get("text")

    @property
    def key(self) -> str | None:
        """Its id, the same in each delivery."""
        return f"{self.TYPE}:{self.msg_id}" if self.msg_id else None

    @property
    def in_group(self) -> bool:
        """Whether it is from a group."""
        return self.conversation_type == "2"

    @property
    def mentions(self) -> list[str]:
        """The userids of the mentioned people, without the robot."""
        return [each.staff_id for each in self.at_users if each.staff_id]

    @property
    def files(self) -> list[ReceivedFile]:
        """The pictures, recordings, videos and files in it."""
        return self.content.files

    @property
    def quota_exhausted(self) -> bool:
        """Whether the month's quota of pushes is used up (错误码 20001). Then the platform omits the text."""
        return self.error_code == QUOTA_EXHAUSTED

    def answer(self, returned: Sequence[object]) -> Any:
        """Return nothing, because a reply to a message is a separate message."""
        del returned
        return None

    def say(self, text: str) -> None:
        """Send a text to the conversation."""
        self.reply(text)

    @operation_with(_types_of_replies)
    def reply(
        self, message: ReplyOrText, *, at: list[str] | None = None, at_all: bool = False
    ) -> Flow[RobotMessage | GroupMessage | None]:
        """Reply in the conversation (回复消息), by the session webhook or by the robot API.

        The robot API is used if the session webhook has expired or has had too many messages.
        Pictures, recordings, videos and files always use the robot API: `SampleImage`, `SampleAudio`, ….

        Args:
            message: a text, or a `Text`, `Markdown`, `Link`, `RobotActionCard`, `FeedCard`, `ActionCard`, `ButtonsCard`
                or a robot template (`SampleImage`, …). The robot API has no feeds, so it sends them as Markdown.
            at: userids to mention, at most 50. `@` and the userid are added to the text if missing. The robot API
                cannot mention anybody.
            at_all: whether to mention everyone.

        Returns:
            The message, which can be recalled, if it was sent by the robot API; otherwise `None`.

        Raises:
            InvalidArgument: the message exceeds a limit; nothing was sent.
            AuthenticationError: the session webhook has expired, and the sender is not a user of the company.
            NobodyFound: the sender is no longer a user of the company.
            RateLimited: the sender has had too many messages from the robot.
            CallbackError: the message has no session webhook and no other place to reply to.
        """
        if at and len(at) > _MOST_AT:
            raise Refusal("at", f"at most {_MOST_AT} userids / 最多 {_MOST_AT} 个 userid")
        return self._reply(message, at or [], at_all=at_all)

    def _reply(self, message: Any, at: list[str], *, at_all: bool) -> Flow[RobotMessage | GroupMessage | None]:
        # imported here for the reason that `_types_of_replies` gives
        from dingtalk_models.message.received import reply_message  # noqa: PLC0415
        from dingtalk_models.message.robots.robot import RobotManager, send_to_one  # noqa: PLC0415
        from dingtalk_models.message.robots.webhook_message import At  # noqa: PLC0415

        session: Secret | None = None
        if self.session_webhook and reply_message.is_for_webhooks(message):
            # replies go to the app's configured host, so that a forged message cannot redirect them
            session = reply_message.session_of(self.session_webhook)
        place = self.conversation_id if self.in_group else self.sender_staff_id
        if session and not (place and self._session_expired):
            said = reply_message.mentioning(cast("WebhookMessage", message), at)
            called = At(userids=at or None, everyone=at_all) if at or at_all else None
            try:
                yield from reply_message.by_session(session, said, called)
            except (AuthenticationError, RateLimited):  # not sent: the session expired, or is throttled
                if not place:
                    raise
            else:
                return None
        if not place:
            raise CallbackError("the message has no session webhook and no sender with a userid: nowhere to reply to")
        robot, template = RobotManager(self.app), reply_message.as_template(message)
        if self.in_group:
            return (yield from robot.send_to_group.call(template, place, robot_code=self.robot_code))
        return (yield from send_to_one(robot, template, place, self.robot_code))

    def reply_card(self, card_template_id: str, **settings: Unpack[StreamSettings]) -> CardStream[Card]:
        """Reply on a card while the answer grows: `with message.reply_card(template_id, key="content") as card:`.

        `card.write(piece)` appends to it. If the card cannot show the answer, it is sent like `reply`.

        Args:
            card_template_id: the template.
            settings: the parameter that grows, the interval of updates and other settings; see `StreamSettings`.

        Raises:
            InvalidArgument: a parameter exceeds a limit; nothing was sent.
        """
        from dingtalk_models.message.cards.card import CardManager  # noqa: PLC0415 - many bots have no cards
        from dingtalk_models.message.cards.space import GroupSpace, RobotSpace  # noqa: PLC0415

        if self.robot_code:
            settings.setdefault("robot_code", self.robot_code)
        # a card cannot reach people of other companies, who have no userid; then the answer becomes a message
        person = self.sender_staff_id or self.sender_id or "unknown"
        to = GroupSpace(self.conversation_id) if self.in_group and self.conversation_id else RobotSpace(person)
        return CardManager(self.app).stream_or_say(card_template_id, to, self.reply.call, settings)

    @operation
    def download(
        self, to: Target, file: ReceivedFile | None = None, *, progress: BytesProgress | None = None
    ) -> Flow[int]:
        """Download a file that was sent to the robot in chunks, so that it never fills the memory.

        Args:
            to: a path, where the file appears when it is complete, or a binary file object.
            file: one of `files`; by default the first.
            progress: called with the bytes received and their total.

        Returns:
            The number of bytes received.

        Raises:
            InvalidArgument: the message has no file.
            InvalidRequest: its download code has expired.
        """
        from dingtalk_models.message.robots.robot import RobotManager  # noqa: PLC0415 - as in `_reply`

        chosen = file or next(iter(self.files), None)
        if chosen is None:
            raise Refusal("file", "the message has no file / 消息中没有文件")
        return RobotManager(self.app).download.call(
            chosen.download_code, to, robot_code=self.robot_code, progress=progress
        )

    @property
    def _session_expired(self) -> bool:
        expires = self.session_webhook_expired_time
        return expires is not None and expires.timestamp() <= wall()


_MOST_AT = 50
