"""`app.message`: work notifications, robots, cards, groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from dingtalk_models.call.operation import operation
from dingtalk_models.core.json_values import loaded
from dingtalk_models.core.steps import Flow
from dingtalk_models.core.wire import CommaInts, CommaStrs
from dingtalk_models.first_generation.formerly import formerly, formerly_too
from dingtalk_models.message.cards.card import CardManager
from dingtalk_models.message.conversation import ConversationManager
from dingtalk_models.message.groups.group import GroupManager
from dingtalk_models.message.groups.scene_group import SceneGroupManager
from dingtalk_models.message.notifications.work_notification import WorkNotification, WorkNotificationManager
from dingtalk_models.message.received.receiving import MessageReceiver
from dingtalk_models.message.robots.ding import DingManager
from dingtalk_models.message.robots.private_chat import PrivateMessageManager
from dingtalk_models.message.robots.robot import RobotManager
from dingtalk_models.message.robots.shortcut import ShortcutManager
from dingtalk_models.message.robots.webhook_message import WebhookRobotManager
from dingtalk_models.resource.manager import Module, managed


def _async_send_msg(
    _: Module,
    msgtype: str,
    msgcontent: str | dict[str, Any],
    userid_list: str | Sequence[str] | None = None,
    dept_id_list: str | Sequence[int] | None = None,
    to_all_user: bool = False,
) -> None: ...


class Message(MessageReceiver):
    """The managers of work notifications, robots, cards and groups, bound to an app, and the receiver of messages."""

    work_notifications = managed(WorkNotificationManager)
    """Work notifications."""
    robot = managed(RobotManager)
    """The app's robot."""
    private_messages = managed(PrivateMessageManager)
    """Messages of the robot to conversations between two people."""
    dings = managed(DingManager)
    """DINGs of the robot."""
    shortcuts = managed(ShortcutManager)
    """The shortcuts of the chat with the robot."""
    webhook_robots = managed(WebhookRobotManager)
    """Custom robots of groups."""
    cards = managed(CardManager)
    """Interactive cards."""
    groups = managed(GroupManager)
    """Groups."""
    scene_groups = managed(SceneGroupManager)
    """Groups made from a template."""
    conversations = managed(ConversationManager)
    """Muting in groups."""

    # -- the first generation's names -----------------------------------------------------------------------------

    @formerly(WorkNotificationManager.result)
    def get_msg_send_result(self, task_id: int, agent_id: int | str | None = None) -> None: ...
    @formerly(WorkNotificationManager.progress)
    def get_msg_send_progress(self, task_id: int, agent_id: int | str | None = None) -> None: ...

    @formerly_too(_async_send_msg, userid_list="userids")
    @operation
    def async_send_msg(
        self,
        msgtype: str,
        msgcontent: Annotated[dict[str, Any], BeforeValidator(loaded)],
        userids: CommaStrs | None = None,
        dept_id_list: CommaInts | None = None,
        to_all_user: bool = False,
    ) -> Flow[WorkNotification]:
        """Send a work notification to any number of people, departments, or everyone.

        Args:
            msgtype: its type: `text`, `markdown`, …
            msgcontent: its content in the platform's form: `{"content": "…"}`.
            userids: people.
            dept_id_list: departments, each with everyone in it and below it.
            to_all_user: send it to everyone.
        """
        msg: Any = {"msgtype": msgtype, msgtype: msgcontent}
        send = self.work_notifications.send
        return send.call(msg, userids=userids, dept_id_list=dept_id_list, to_all_user=to_all_user)
