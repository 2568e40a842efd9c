"""Messages (消息): what they say, and how they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dingtalk_models.core.lazy import lazy

if TYPE_CHECKING:
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
    from dingtalk_models.message.module import Message as Message
    from dingtalk_models.message.robot import GroupMessage as GroupMessage
    from dingtalk_models.message.robot import Robot as Robot
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
    from dingtalk_models.message.webhook_message import FeedCard as FeedCard
    from dingtalk_models.message.webhook_message import FeedLink as FeedLink
    from dingtalk_models.message.webhook_message import RobotActionCard as RobotActionCard
    from dingtalk_models.message.webhook_message import RobotButton as RobotButton
    from dingtalk_models.message.work_notification import WorkNotification as WorkNotification
else:
    __getattr__, __dir__ = lazy(
        globals(),
        {
            "message_body": "OA ActionCard ButtonsCard CardButton File Image Link Markdown OABody OAFormRow OAHead "
            "OARich OAStatusBar Text Voice",
            "module": "Message",
            "robot": "GroupMessage Robot RobotMessage",
            "robot_template": "SampleActionCard SampleAudio SampleButton SampleButtons SampleFile SampleImage "
            "SampleLink SampleMarkdown SampleText SampleVideo",
            "webhook_message": "FeedCard FeedLink RobotActionCard RobotButton",
            "work_notification": "WorkNotification",
        },
    )
