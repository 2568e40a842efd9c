"""The app's robot (机器人): messages to single chats and groups."""

from __future__ import annotations

from typing import Annotated, ClassVar, cast

from pydantic import Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api, operation
from dingtalk_models.core.errors import NobodyReached, RateLimited
from dingtalk_models.core.files import BytesProgress, Target
from dingtalk_models.core.http import Download
from dingtalk_models.core.steps import Flow, batches, together
from dingtalk_models.core.wire import Millis, camel, wire
from dingtalk_models.file.transfer import Transfer
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.message.batching import Batch, send_all
from dingtalk_models.message.conversation import ToGroup, conversation_id_of
from dingtalk_models.message.reaching import INVALID, THROTTLED, WHY, ToPeople, somebody
from dingtalk_models.message.robots.base import GroupReadStatus, Recall, RobotCode, code_of
from dingtalk_models.message.robots.ding import DingManager
from dingtalk_models.message.robots.private_chat import PrivateMessageManager
from dingtalk_models.message.robots.shortcut import ShortcutManager
from dingtalk_models.message.robots.template import MAX_PARAM, RobotTemplate, RobotTemplateOrText, msg_param
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record
from dingtalk_models.resource.query import Query, by_token

MAX_USERS = 20
MAX_KEYS = 20

_Key = Annotated[str, Field(min_length=1)]
_Keys = Annotated[list[str], Field(min_length=1, max_length=MAX_KEYS)]
_Group = Annotated[str, Field(min_length=1)]
_MsgKey = Annotated[str, Field(min_length=1)]
_MsgParam = Annotated[str, Field(min_length=1)]


class RobotManager(Manager):
    """The app's robot (机器人). By default, its code is the app's AppKey."""

    @operation
    def send(
        self, message: RobotTemplateOrText, userids: list[str], *, robot_code: str | None = None
    ) -> Flow[RobotMessage]:
        """Send a message to people in their single chats with the robot, with one call per 20 people.

        Args:
            message: a text, or a `SampleMarkdown`, `SampleLink`, …
            userids: people. Duplicates count once.
            robot_code: the robot, if it is not the app's own.

        Returns:
            The message, with the people whom it reached, and the reasons why it did not reach others.

        Raises:
            InvalidArgument: there is no receiver, or the message exceeds a limit; nothing was sent.
            NobodyReached: nobody got it.
            PartlySent: a call failed after others had been made. The error holds the message with their results.
        """
        people, said = list(dict.fromkeys(userids)), cast("RobotTemplate", message)  # texts were converted to templates
        calls: list[Batch[RobotMessage]] = [
            (some, self.batch_send.call(list(some), said.msg_key, msg_param(said), robot_code=robot_code))
            for some in batches(people, MAX_USERS) or [people]
        ]

        def flow() -> Flow[RobotMessage]:
            return _checked((yield from send_all(calls, _joined)))

        return flow()

    @operation
    def send_to_group(
        self,
        message: RobotTemplateOrText,
        open_conversation_id: ToGroup,
        *,
        cool_app_code: str | None = None,
        robot_code: str | None = None,
    ) -> Flow[GroupMessage]:
        """Send a message to a group with the robot.

        Args:
            message: a text, or a `SampleMarkdown`, `SampleLink`, …
            open_conversation_id: the group, or its openConversationId.
            cool_app_code: the cool app (酷应用) of the robot, if it has one.
            robot_code: the robot, if it is not the app's own.

        Raises:
            InvalidArgument: the message exceeds a limit; nothing was sent.
        """
        said = cast("RobotTemplate", message)  # texts were converted to templates
        content, robot = msg_param(said), code_of(self.app, robot_code)

        def flow() -> Flow[GroupMessage]:
            conversation = yield from conversation_id_of(open_conversation_id)
            send = self.group_send.call
            return (yield from send(conversation, said.msg_key, content, cool_app_code=cool_app_code, robot_code=robot))

        return flow()

    @also_takes(older_ids.batch_send)
    @api("robot_1_0.BatchSendOTO", "POST /v1.0/robot/oToMessages/batchSend")
    def batch_send(
        self,
        userids: Annotated[list[str], Field(min_length=1, max_length=MAX_USERS), wire("userIds")],
        msg_key: _MsgKey,
        msg_param: _MsgParam,
        *,
        robot_code: RobotCode = None,
    ) -> Call[RobotMessage]:
        """Send a message to at most 20 people with one call (批量发送人与机器人会话中机器人消息).

        Args:
            userids: at most 20 people.
            msg_key: the message template.
            msg_param: the template's parameters, as JSON.
            robot_code: the robot, if it is not the app's own.

        Raises:
            NotFound: there is no such robot.
            InvalidRequest: template and parameters do not fit.

        Source: chatbots-send-one-on-one-chat-messages-in-batches
        """
        robot = code_of(self.app, robot_code)
        return Call(_BatchReply, userids=userids, msg_key=msg_key, msg_param=msg_param, robot_code=robot).then(
            lambda reply: RobotMessage(
                robot_code=robot,
                process_query_keys=[reply.process_query_key] if reply.process_query_key else [],
                userids=userids,
                invalid_userids=reply.invalid_staff_ids,
                throttled_userids=reply.flow_controlled_staff_ids,
            ).using(self.app)
        )

    @api("robot_1_0.OrgGroupSend", "POST /v1.0/robot/groupMessages/send")
    def group_send(
        self,
        open_conversation_id: _Group,
        msg_key: _MsgKey,
        msg_param: _MsgParam,
        *,
        cool_app_code: str | None = None,
        token: str | None = None,
        robot_code: RobotCode = None,
    ) -> Call[GroupMessage]:
        """Send a message to a group (机器人发送群聊消息).

        Args:
            open_conversation_id: the group.
            msg_key: the message template.
            msg_param: the template's parameters, as JSON of at most 15,000 bytes.
            cool_app_code: the cool app (酷应用) of the robot, if it has one.
            token: known from the official SDK only.
            robot_code: the robot, if it is not the app's own.

        Raises:
            NotFound: there is no such robot.
            InvalidRequest: there is no such group, or template and parameters do not fit.

        Source: the-robot-sends-a-group-message
        """
        robot = code_of(self.app, robot_code)
        if len(msg_param.encode()) > MAX_PARAM:
            raise Refusal("msg_param", f"at most {MAX_PARAM} bytes of UTF-8 / 最多 {MAX_PARAM} 字节（UTF-8）")
        return Call(
            str,
            "processQueryKey",
            open_conversation_id=open_conversation_id,
            msg_key=msg_key,
            msg_param=msg_param,
            cool_app_code=cool_app_code,
            token=token,
            robot_code=robot,
        ).then(
            lambda key: GroupMessage(robot_code=robot, open_conversation_id=open_conversation_id, process_query_key=key)
        )

    @api("robot_1_0.BatchOTOQuery", "GET /v1.0/robot/oToMessages/readStatus")
    def read_status(self, process_query_key: _Key, *, robot_code: RobotCode = None) -> Call[ReadStatus]:
        """Get the read status of a message in single chats, within 24 hours (批量查询人与机器人会话机器人消息是否已读).

        Args:
            process_query_key: the key from sending it.
            robot_code: the robot, if it is not the app's own.

        Source: chatbot-batch-query-the-read-status-of-messages
        """
        return Call(ReadStatus, process_query_key=process_query_key, robot_code=code_of(self.app, robot_code))

    @api("robot_1_0.OrgGroupQuery", "POST /v1.0/robot/groupMessages/query", idempotent=True)
    def group_read_status(
        self,
        process_query_key: _Key,
        open_conversation_id: str | None = None,
        *,
        max_results: Annotated[int, Field(ge=1, le=200)] = 200,
        next_token: str | None = None,
        token: str | None = None,
        robot_code: RobotCode = None,
    ) -> Call[GroupReadStatus]:
        """Get one page of the people who have read a message to a group (查询企业机器人群聊消息用户已读状态).

        Args:
            process_query_key: the key from sending it.
            open_conversation_id: the group.
            max_results: the page size, at most 200.
            next_token: the start of the page.
            token: known from the official SDK only.
            robot_code: the robot, if it is not the app's own.

        Source: chatbot-queries-the-read-status-of-a-message
        """
        return Call(
            GroupReadStatus,
            process_query_key=process_query_key,
            open_conversation_id=open_conversation_id,
            max_results=max_results,
            next_token=next_token,
            token=token,
            robot_code=code_of(self.app, robot_code),
        )

    @api("robot_1_0.BatchRecallOTO", "POST /v1.0/robot/otoMessages/batchRecall")
    def recall(self, process_query_keys: _Keys, *, robot_code: RobotCode = None) -> Call[Recall]:
        """Recall messages in single chats, within 24 hours (批量撤回人与机器人会话中机器人消息).

        Args:
            process_query_keys: at most 20 keys from sending the messages.
            robot_code: the robot, if it is not the app's own.

        Source: batch-message-recall-chat
        """
        return Call(Recall, process_query_keys=process_query_keys, robot_code=code_of(self.app, robot_code))

    @api("robot_1_0.OrgGroupRecall", "POST /v1.0/robot/groupMessages/recall")
    def group_recall(
        self, open_conversation_id: _Group, process_query_keys: _Keys, *, robot_code: RobotCode = None
    ) -> Call[Recall]:
        """Recall messages to a group, within 24 hours (企业机器人撤回内部群消息).

        Args:
            open_conversation_id: the group.
            process_query_keys: at most 20 keys from sending the messages.
            robot_code: the robot, if it is not the app's own.

        Source: enterprise-chatbot-withdraws-internal-group-messages
        """
        return Call(
            Recall,
            open_conversation_id=open_conversation_id,
            process_query_keys=process_query_keys,
            robot_code=code_of(self.app, robot_code),
        )

    @api("robot_1_0.RobotMessageFileDownload", "POST /v1.0/robot/messageFiles/download", idempotent=True)
    def file_url(
        self, download_code: Annotated[str, Field(min_length=1)], *, robot_code: RobotCode = None
    ) -> Call[str]:
        """Get the URL of a file that was sent to the robot (下载机器人接收消息的文件内容).

        Args:
            download_code: the code in the message. It expires.
            robot_code: the robot that got the message, if it is not the app's own.

        Returns:
            The URL, which expires after a while.

        Raises:
            InvalidRequest: the code is wrong or has expired.

        Source: download-the-file-content-of-the-robot-receiving-message
        """
        return Call(str, "downloadUrl", download_code=download_code, robot_code=code_of(self.app, robot_code))

    @operation
    def download(
        self,
        download_code: Annotated[str, Field(min_length=1)],
        to: Target,
        *,
        robot_code: str | None = None,
        progress: BytesProgress | None = None,
    ) -> Flow[int]:
        """Download a file that was sent to the robot in chunks, so that it never fills the memory.

        Args:
            download_code: the code in the message. It expires.
            to: a path, where the file appears when it is complete, or a binary file object.
            robot_code: the robot that got the message, if it is not the app's own.
            progress: called with the bytes received and their total.

        Returns:
            The number of bytes received.

        Raises:
            InvalidRequest: the code is wrong or has expired.
        """
        url = yield from self.file_url.call(download_code, robot_code=robot_code)
        kept = Download(to, progress)
        yield from Transfer("GET", url, {}, download=kept)
        return kept.received

    @api("robot_1_0.GetBotListInGroup", "POST /v1.0/robot/groups/robots/query", idempotent=True)
    def list_in_group(self, open_conversation_id: _Group) -> Call[list[GroupRobot]]:
        """List the robots in a group (获取群内机器人列表).

        Args:
            open_conversation_id: the group.

        Raises:
            InvalidRequest: there is no such group.

        Source: obtain-the-list-of-robots-in-the-group
        """
        return Call(list[GroupRobot], "chatbotInstanceVOList")


class GroupRobot(Record, alias_generator=camel):
    """A robot in a group."""

    robot_code: str | None
    name: str | None
    download_icon_url: Annotated[str | None, wire("downloadIconURL")]
    """The URL of its icon."""
    open_robot_type: int | None
    """Its kind, 1 to 4. The meanings are not documented."""
    creator_userid: Annotated[str | None, wire("creatorUserId")] = None
    """Who made it. Known from the official SDK only."""


class _BatchReply(Record, alias_generator=camel):
    process_query_key: str | None
    invalid_staff_ids: Annotated[list[str], wire("invalidStaffIdList")] = []
    flow_controlled_staff_ids: Annotated[list[str], wire("flowControlledStaffIdList")] = []


class Reader(Record, alias_generator=camel):
    """A receiver of a message, and whether they have read it."""

    userid: Annotated[str, wire("userId")]
    name: str | None
    read_status: str | None
    """`READ` or `UNREAD`."""
    read_at: Annotated[Millis | None, wire("readTimestamp")]
    """The time it was read. The platform documents this field, but does not fill it."""


class ReadStatus(Record, alias_generator=camel):
    """The read status of a message in single chats."""

    send_status: str = ""
    """`SUCCESS`, `RECALLED` or `PROCESSING`."""
    receivers: Annotated[list[Reader], wire("messageReadInfoList")] = []

    @property
    def read(self) -> list[str]:
        """The people who have read it."""
        return [each.userid for each in self.receivers if each.read_status == "READ"]

    @property
    def unread(self) -> list[str]:
        """The people who have not read it."""
        return [each.userid for each in self.receivers if each.read_status != "READ"]


class Robot:
    """The robot of the app in use (机器人): `Robot.send(SampleText("…"), ["user1"])`."""

    objects: ClassVar[RobotManager] = RobotManager()
    send = objects.send
    send_to_group = objects.send_to_group
    send_to_private_chat = PrivateMessageManager().send
    send_ding = DingManager().send
    download = objects.download
    list_in_group = objects.list_in_group
    shortcuts = ShortcutManager().list
    set_shortcuts = ShortcutManager().set
    clear_shortcuts = ShortcutManager().clear


class RobotMessage(ToPeople):
    """A message that a robot sent to people in single chats."""

    objects: ClassVar[RobotManager] = RobotManager()

    robot_code: str
    process_query_keys: list[str]
    """One key per call."""
    invalid_userids: list[str] = []
    """Userids that do not exist."""
    throttled_userids: list[str] = []
    """People who did not get this message because they have had too many from the robot."""

    @property
    def not_reached(self) -> dict[str, str]:
        """The people who did not get it, with the reasons."""
        return {
            **dict.fromkeys(self.invalid_userids, WHY[INVALID]),
            **dict.fromkeys(self.throttled_userids, WHY[THROTTLED]),
        }

    @operation
    def read_status(self) -> Flow[ReadStatus]:
        """Get its read status, within 24 hours."""
        parts = yield from together(
            [self.objects.read_status.call(key, robot_code=self.robot_code) for key in self.process_query_keys]
        )
        states = {part.send_status for part in parts}
        return ReadStatus(
            send_status=states.pop() if len(states) == 1 else "PROCESSING",
            receivers=[each for part in parts for each in part.receivers],
        )

    @operation
    def recall(self) -> Flow[Recall]:
        """Recall it, within 24 hours."""
        parts = yield from together(
            [
                self.objects.recall.call(list(keys), robot_code=self.robot_code)
                for keys in batches(self.process_query_keys, MAX_KEYS)
            ]
        )
        return Recall(
            recalled=[key for part in parts for key in part.recalled],
            failed={key: why for part in parts for key, why in part.failed.items()},
        )


class GroupMessage(Model):
    """A message that a robot sent to a group."""

    objects: ClassVar[RobotManager] = RobotManager()

    robot_code: str
    open_conversation_id: str
    process_query_key: str

    @operation
    def readers(self) -> Query[str]:
        """List the userids of the people who have read it."""
        return by_token(
            lambda token: self.objects.group_read_status.call(
                self.process_query_key, self.open_conversation_id, next_token=token, robot_code=self.robot_code
            ),
            lambda page: page.read_userids,
        )

    @operation
    def recall(self) -> Call[Recall]:
        """Recall it, within 24 hours."""
        return self.objects.group_recall.call(
            self.open_conversation_id, [self.process_query_key], robot_code=self.robot_code
        )


def send_to_one(
    robot: RobotManager, message: RobotTemplateOrText, userid: str, robot_code: str | None
) -> Flow[RobotMessage]:
    """Send a message to one person. The error says whether a later try can succeed.

    Raises:
        NobodyFound: there is no such user.
        RateLimited: they have had too many messages from the robot; try again later.
    """
    try:
        return (yield from robot.send.call(message, [userid], robot_code=robot_code))
    except NobodyReached as error:
        if error.code == THROTTLED:
            raise RateLimited(error.code, error.message) from error
        raise


def _checked(message: RobotMessage) -> RobotMessage:
    return somebody(message, THROTTLED if message.throttled_userids else INVALID)


def _joined(parts: list[RobotMessage]) -> RobotMessage:
    first = parts[0]
    return RobotMessage(
        robot_code=first.robot_code,
        process_query_keys=[key for part in parts for key in part.process_query_keys],
        userids=[userid for part in parts for userid in part.userids],
        invalid_userids=[userid for part in parts for userid in part.invalid_userids],
        throttled_userids=[userid for part in parts for userid in part.throttled_userids],
    ).using(first.app)
