"""Messages of the robot to a conversation between two people (人与人会话) with a cool app (酷应用)."""

from __future__ import annotations

from typing import Annotated, ClassVar, cast

from pydantic import Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api, operation
from dingtalk_models.message.robots.base import GroupReadStatus, Recall, RobotCode, code_of
from dingtalk_models.message.robots.template import RobotTemplate, RobotTemplateOrText, msg_param
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model
from dingtalk_models.resource.query import Query, by_token

_Conversation = Annotated[str, Field(min_length=1)]
_Filled = Annotated[str, Field(min_length=1)]


class PrivateMessageManager(Manager):
    """Messages of the robot to conversations between two people (人与人会话)."""

    @operation
    def send(
        self,
        message: RobotTemplateOrText,
        open_conversation_id: str,
        cool_app_code: str,
        *,
        robot_code: str | None = None,
    ) -> Call[PrivateMessage]:
        """Send a message to a conversation between two people.

        Args:
            message: a text, or a `SampleMarkdown`, `SampleLink`, …
            open_conversation_id: the conversation.
            cool_app_code: the cool app (酷应用) in it.
            robot_code: the robot, if it is not the app's own.

        Raises:
            InvalidArgument: the message exceeds a limit; nothing was sent.
        """
        said = cast("RobotTemplate", message)  # texts were converted to templates
        return self.send_template.call(
            open_conversation_id, said.msg_key, msg_param(said), cool_app_code, robot_code=robot_code
        )

    @api("robot_1_0.PrivateChatSend", "POST /v1.0/robot/privateChatMessages/send")
    def send_template(
        self,
        open_conversation_id: _Conversation,
        msg_key: _Filled,
        msg_param: _Filled,
        cool_app_code: _Filled,
        *,
        robot_code: RobotCode = None,
    ) -> Call[PrivateMessage]:
        """Send a message to a conversation between two people (人与人会话中机器人发送普通消息).

        Args:
            open_conversation_id: the conversation.
            msg_key: the message template.
            msg_param: the template's parameters, as JSON.
            cool_app_code: the cool app (酷应用) in it.
            robot_code: the robot, if it is not the app's own.

        Raises:
            NotFound: there is no such robot.
            InvalidRequest: there is no such conversation, the cool app is not in it, or template and parameters do
                not fit.

        Source: the-robot-sends-ordinary-messages-in-a-person-to-person-conversation
        """
        robot = code_of(self.app, robot_code)
        return Call(
            str,
            "processQueryKey",
            open_conversation_id=open_conversation_id,
            msg_key=msg_key,
            msg_param=msg_param,
            cool_app_code=cool_app_code,
            robot_code=robot,
        ).then(
            lambda key: PrivateMessage(
                robot_code=robot, open_conversation_id=open_conversation_id, process_query_key=key
            )
        )

    @api("robot_1_0.PrivateChatQuery", "POST /v1.0/robot/privateChatMessages/query", idempotent=True)
    def read_status(
        self,
        process_query_key: _Filled,
        open_conversation_id: str | None = None,
        *,
        max_results: Annotated[int | None, Field(ge=1)] = None,
        next_token: str | None = None,
        robot_code: RobotCode = None,
    ) -> Call[GroupReadStatus]:
        """Get one page of the people who have read a message (查询人与人会话中机器人消息已读列表).

        Args:
            process_query_key: the key from sending it.
            open_conversation_id: the conversation.
            max_results: the page size.
            next_token: the start of the page.
            robot_code: the robot, if it is not the app's own.

        Raises:
            NotFound: there is no such robot.
            InvalidRequest: there is no such conversation or message, or it is too old.

        Source: query-the-read-list-of-robot-messages-in-person-to-person-conversations
        """
        return Call(
            GroupReadStatus,
            process_query_key=process_query_key,
            open_conversation_id=open_conversation_id,
            max_results=max_results,
            next_token=next_token,
            robot_code=code_of(self.app, robot_code),
        )

    @api("robot_1_0.BatchRecallPrivateChat", "POST /v1.0/robot/privateChatMessages/batchRecall")
    def recall(
        self,
        open_conversation_id: _Conversation,
        process_query_keys: Annotated[list[str], Field(min_length=1)],
        *,
        robot_code: RobotCode = None,
    ) -> Call[Recall]:
        """Recall messages to a conversation between two people (批量撤回人与人会话中机器人消息).

        Args:
            open_conversation_id: the conversation.
            process_query_keys: the keys from sending them.
            robot_code: the robot, if it is not the app's own.

        Raises:
            NotFound: there is no such robot.
            InvalidRequest: there is no such conversation.

        Source: batch-withdrawal-of-single-chat-robot-messages-in-person-to-person-conversations
        """
        return Call(
            Recall,
            open_conversation_id=open_conversation_id,
            process_query_keys=process_query_keys,
            robot_code=code_of(self.app, robot_code),
        )


class PrivateMessage(Model):
    """A message that a robot sent to a conversation between two people."""

    objects: ClassVar[PrivateMessageManager] = PrivateMessageManager()

    robot_code: str
    open_conversation_id: str
    process_query_key: str

    @operation
    def readers(self) -> Query[str]:
        """List the userids of the people who have read it."""
        return by_token(
            lambda token: self.objects.read_status.call(
                self.process_query_key, self.open_conversation_id, next_token=token, robot_code=self.robot_code
            ),
            lambda page: page.read_userids,
        )

    @operation
    def recall(self) -> Call[Recall]:
        """Recall it."""
        return self.objects.recall.call(self.open_conversation_id, [self.process_query_key], robot_code=self.robot_code)
