"""Messages (消息): what they say, and how they are sent."""

from __future__ import annotations

from dingtalk_models.core.lazy import lazy

__getattr__, __dir__ = lazy(
    globals(),
    {
        "card": "Card CardCallback CardDelivery StreamSettings",
        "card_action": "CardAction CardUpdate",
        "card_receiving": "CardReceiver ReceivedClick",
        "card_stream": "CardStream",
        "card_space": "GroupSpace RobotSpace SingleSpace TopSpace",
        "chatbot_message": "AtUser ChatbotMessage",
        "conversation": "Conversation MuteSettings",
        "group": "Group",
        "ding": "CallVoice Ding",
        "message_body": "OA ActionCard ButtonsCard CardButton File Image Link Markdown OABody OAFormRow OAHead "
        "OARich OAStatusBar Text Voice",
        "module": "Message",
        "private_chat": "PrivateMessage",
        "received_content": "AudioContent FileContent PictureContent ReceivedContent ReceivedFile RichTextContent "
        "RichTextPart TextContent VideoContent",
        "receiving": "MessageReceiver ReceivedMessage",
        "robot": "GroupMessage GroupRobot Robot RobotMessage",
        "robot_template": "SampleActionCard SampleAudio SampleButton SampleButtons SampleFile SampleImage "
        "SampleLink SampleMarkdown SampleText SampleVideo",
        "scene_group": "SceneGroup SceneGroupMember",
        "shortcut": "Shortcut",
        "webhook_message": "FeedCard FeedLink RobotActionCard RobotButton",
        "work_notification": "WorkNotification",
    },
)
