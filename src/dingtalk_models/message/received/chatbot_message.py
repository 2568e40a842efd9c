"""Messages of people to the app's robot (机器人接收消息), and the replies to them."""

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
"""A session webhook: whoever has it can write to the conversation. It is not shown, but kept in a dump."""


class AtUser(Record, alias_generator=camel):
    """Someone whom a message mentions."""

    dingtalk_id: str | None
    """An encrypted id."""
    staff_id: str | None
    """The userid; only users of the company have one."""


def _types_of_replies() -> dict[str, Any]:
    # Imported with the first reply, here and in the methods: so a bot is connected sooner.
    from dingtalk_models.message.received.reply_message import ReplyOrText  # noqa: PLC0415
    from dingtalk_models.message.robots.robot import GroupMessage, RobotMessage  # noqa: PLC0415

    return {"ReplyOrText": ReplyOrText, "RobotMessage": RobotMessage, "GroupMessage": GroupMessage}


class ChatbotMessage(Arrival, alias_generator=camel):
    """A message to the app's robot: from one person alone with it, or from a group where it was mentioned.

    Attributes:
        msg_id: the same in each delivery of this message.
        msgtype: its type: `text`, `richText`, `picture`, `audio`, `video`, `file`, or one that is not documented.
        created: when it was sent.
        conversation_id: the conversation; of a group, its `open_conversation_id`.
        conversation_type: `1` for one person alone with the robot, `2` for a group; see `in_group`.
        conversation_title: the title of the group.
        sender_id: an encrypted id of the sender.
        sender_nick: the name of the sender.
        sender_staff_id: the userid of the sender; only users of the company have one.
        sender_corp_id: the company of the sender.
        is_admin: whether the sender is an administrator of the company.
        robot_code: the robot that it was sent to.
        chatbot_user_id: an encrypted id of the robot.
        chatbot_corp_id: the company of the robot.
        at_users: who is mentioned, the robot among them.
        is_in_at_list: whether the robot is mentioned.
        session_webhook: an address for replies, which expires. `reply` uses it.
        session_webhook_expired_time: when it expires.
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

    # On the wire, one field of these two has the content. They are typed when they are asked for: many handlers look at
    # the sender or the text only, and what arrives is passed on as it came.

    @cached_property
    def content(self) -> ReceivedContent:
        """What it says, in a class for each type, such as `AudioContent`."""
        return content_of(self.msgtype, self._sent)

    @property
    def text(self) -> str:
        """Its text, without space around it. Of a recording, what the platform has recognised. Empty if it has none."""
        return said_in(self.msgtype, self._sent).strip()

    @property
    def _sent(self) -> object:
        """What it says, as it came."""
        sent = self.model_extra or {}
        return sent.get("content") or sent.get("text")

    @property
    def key(self) -> str | None:
        """The same in each delivery."""
        return f"{self.TYPE}:{self.msg_id}" if self.msg_id else None

    @property
    def in_group(self) -> bool:
        """Whether it was said in a group."""
        return self.conversation_type == "2"

    @property
    def mentions(self) -> list[str]:
        """The userids of those who are mentioned beside the robot."""
        return [each.staff_id for each in self.at_users if each.staff_id]

    @property
    def files(self) -> list[ReceivedFile]:
        """The pictures, recordings, films and files in it."""
        return self.content.files

    @property
    def quota_exhausted(self) -> bool:
        """Whether the month's quota of pushes is used up (错误码 20001). Then the platform leaves the text out."""
        return self.error_code == QUOTA_EXHAUSTED

    def answer(self, returned: Sequence[object]) -> Any:
        """Nothing: a reply to a message is a message of its own."""
        del returned
        return None

    def say(self, text: str) -> None:
        """Say something in the conversation."""
        self.reply(text)

    @operation_with(_types_of_replies)
    def reply(
        self, message: ReplyOrText, *, at: list[str] | None = None, at_all: bool = False
    ) -> Flow[RobotMessage | GroupMessage | None]:
        """Reply in the conversation (回复消息): by the session webhook, or by the robot API when that has expired.

        So it does if the session webhook has had too many messages.
        Pictures, recordings, films and files go by the robot API in any case: `SampleImage`, `SampleAudio`, ….

        Args:
            message: a text, or a `Text`, `Markdown`, `Link`, `RobotActionCard`, `FeedCard`, `ActionCard`, `ButtonsCard`
                or a template of robots (`SampleImage`, …). The robot API has no feeds: it sends them as Markdown.
            at: userids to mention, at most 50; the text gets `@` and the userid of each if it lacks that. The robot
                API mentions nobody.
            at_all: mention everyone.

        Returns:
            The message, if it was sent by the robot API: it can be recalled. Otherwise `None`.

        Raises:
            InvalidArgument: the message is beyond a limit; nothing was sent.
            AuthenticationError: the session webhook has expired, and the sender is no user of the company.
            NobodyFound: the sender is no user of the company any more.
            RateLimited: the sender has too many messages from the robot.
            CallbackError: the message names neither a session webhook nor where else to reply to.
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
            # the app sends it to its own host, whatever host the message names
            session = reply_message.session_of(self.session_webhook)
        place = self.conversation_id if self.in_group else self.sender_staff_id
        if session and not (place and self._session_expired):
            said = reply_message.mentioning(cast("WebhookMessage", message), at)
            called = At(userids=at or None, everyone=at_all) if at or at_all else None
            try:
                yield from reply_message.by_session(session, said, called)
            except (AuthenticationError, RateLimited):  # it was not sent: the session is over, or has had too many
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
        """Reply with an answer that grows on a card: `with message.reply_card(template_id, key="content") as card:`.

        `card.write(piece)` adds to it. If the card cannot show the answer, `reply` sends it as a message.

        Args:
            card_template_id: the template.
            settings: the parameter that grows, how often it is updated, and the rest; see `StreamSettings`.

        Raises:
            InvalidArgument: a parameter is beyond a limit; nothing was sent.
        """
        from dingtalk_models.message.cards.card import CardManager  # noqa: PLC0415 - many bots have no cards
        from dingtalk_models.message.cards.space import GroupSpace, RobotSpace  # noqa: PLC0415

        if self.robot_code:
            settings.setdefault("robot_code", self.robot_code)
        # a card cannot reach a stranger, who has no userid; then the answer is a message
        person = self.sender_staff_id or self.sender_id or "unknown"
        to = GroupSpace(self.conversation_id) if self.in_group and self.conversation_id else RobotSpace(person)
        return CardManager(self.app).stream_or_say(card_template_id, to, self.reply.call, settings)

    @operation
    def download(
        self, to: Target, file: ReceivedFile | None = None, *, progress: BytesProgress | None = None
    ) -> Flow[int]:
        """Download a file that was sent to the robot; it is never held in memory as a whole.

        Args:
            to: a path, where the file appears when it is complete, or a binary file object.
            file: which of `files`; by default the first.
            progress: called with the bytes received and their total.

        Returns:
            The number of bytes received.

        Raises:
            InvalidArgument: there is no file in the message.
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
