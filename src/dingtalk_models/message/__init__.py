"""`app.message`: work notifications, robots; and what messages say."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator

from dingtalk_models.core.arguments import loaded
from dingtalk_models.core.flow import Flow
from dingtalk_models.core.model import Module, through
from dingtalk_models.core.operation import operation
from dingtalk_models.core.wire import CommaInts, CommaStrs
from dingtalk_models.message.message_body import OA as OA
from dingtalk_models.message.message_body import ActionCard as ActionCard
from dingtalk_models.message.message_body import ButtonsCard as ButtonsCard
from dingtalk_models.message.message_body import CardButton as CardButton
from dingtalk_models.message.message_body import File as File
from dingtalk_models.message.message_body import Image as Image
from dingtalk_models.message.message_body import Link as Link
from dingtalk_models.message.message_body import Markdown as Markdown
from dingtalk_models.message.message_body import OABody as OABody
from dingtalk_models.message.message_body import OAFormRow as OAFormRow
from dingtalk_models.message.message_body import OAHead as OAHead
from dingtalk_models.message.message_body import OARich as OARich
from dingtalk_models.message.message_body import OAStatusBar as OAStatusBar
from dingtalk_models.message.message_body import Text as Text
from dingtalk_models.message.message_body import Voice as Voice
from dingtalk_models.message.robot import GroupMessage as GroupMessage
from dingtalk_models.message.robot import Robot as Robot
from dingtalk_models.message.robot import RobotManager
from dingtalk_models.message.robot import RobotMessage as RobotMessage
from dingtalk_models.message.robot_template import SampleActionCard as SampleActionCard
from dingtalk_models.message.robot_template import SampleAudio as SampleAudio
from dingtalk_models.message.robot_template import SampleButton as SampleButton
from dingtalk_models.message.robot_template import SampleButtons as SampleButtons
from dingtalk_models.message.robot_template import SampleFile as SampleFile
from dingtalk_models.message.robot_template import SampleImage as SampleImage
from dingtalk_models.message.robot_template import SampleLink as SampleLink
from dingtalk_models.message.robot_template import SampleMarkdown as SampleMarkdown
from dingtalk_models.message.robot_template import SampleText as SampleText
from dingtalk_models.message.robot_template import SampleVideo as SampleVideo
from dingtalk_models.message.webhook_robot import FeedCard as FeedCard
from dingtalk_models.message.webhook_robot import FeedLink as FeedLink
from dingtalk_models.message.webhook_robot import RobotActionCard as RobotActionCard
from dingtalk_models.message.webhook_robot import RobotButton as RobotButton
from dingtalk_models.message.webhook_robot import WebhookRobot as WebhookRobot
from dingtalk_models.message.webhook_robot import WebhookRobotManager
from dingtalk_models.message.work_notification import WorkNotification as WorkNotification
from dingtalk_models.message.work_notification import WorkNotificationManager


class Message(Module):
    """The managers of work notifications and robots, bound to an app."""

    @cached_property
    def work_notifications(self) -> WorkNotificationManager:
        """Work notifications."""
        return WorkNotificationManager(self.app)

    @cached_property
    def robot(self) -> RobotManager:
        """The app's robot."""
        return RobotManager(self.app)

    @cached_property
    def webhook_robots(self) -> WebhookRobotManager:
        """Robots of single groups."""
        return WebhookRobotManager(self.app)

    # -- the first generation's names -----------------------------------------------------------------------------

    get_msg_send_result = through(WorkNotificationManager.result)
    get_msg_send_progress = through(WorkNotificationManager.progress)

    @operation
    def async_send_msg(
        self,
        msgtype: str,
        msgcontent: Annotated[dict[str, Any], BeforeValidator(loaded)],
        userid_list: CommaStrs | None = None,
        dept_id_list: CommaInts | None = None,
        to_all_user: bool = False,
    ) -> Flow[WorkNotification]:
        """Send a work notification to any number of people, departments, or everyone.

        Args:
            msgtype: its kind: `text`, `markdown`, …
            msgcontent: what it says, in the platform's form: `{"content": "…"}`.
            userid_list: people.
            dept_id_list: departments, each with everyone in it and below it.
            to_all_user: send it to everyone.
        """
        msg: Any = {"msgtype": msgtype, msgtype: msgcontent}
        send = self.work_notifications.send
        return send.call(msg, userid_list=userid_list, dept_id_list=dept_id_list, to_all_user=to_all_user)
