"""Messages (消息): their contents, and the ways to send them."""

from __future__ import annotations

from dingtalk_models.core.lazy import lazy

__getattr__, __dir__ = lazy(
    globals(),
    {
        "cards.card": "Card CardCallback CardDelivery StreamSettings",
        "cards.action": "CardAction CardUpdate",
        "cards.receiving": "CardReceiver ReceivedClick",
        "cards.stream": "CardStream",
        "cards.space": "GroupSpace RobotSpace SingleSpace TopSpace",
        "received.chatbot_message": "AtUser ChatbotMessage",
        "conversation": "Conversation MuteSettings",
        "groups.group": "Group",
        "robots.ding": "CallVoice Ding",
        "message_body": "OA ActionCard ButtonsCard CardButton File Image Link Markdown OABody OAFormRow OAHead "
        "OARich OAStatusBar Text Voice",
        "module": "Message",
        "robots.private_chat": "PrivateMessage",
        "received.received_content": "AudioContent FileContent PictureContent ReceivedContent ReceivedFile "
        "RichTextContent RichTextPart TextContent VideoContent",
        "received.receiving": "MessageReceiver ReceivedMessage",
        "robots.robot": "GroupMessage GroupRobot Robot RobotMessage",
        "robots.template": "SampleActionCard SampleAudio SampleButton SampleButtons SampleFile SampleImage "
        "SampleLink SampleMarkdown SampleText SampleVideo",
        "groups.scene_group": "SceneGroup SceneGroupMember",
        "robots.shortcut": "Shortcut",
        "robots.webhook_message": "FeedCard FeedLink RobotActionCard RobotButton",
        "notifications.work_notification": "WorkNotification",
    },
)
