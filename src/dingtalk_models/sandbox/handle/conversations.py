"""Messages of the app, conversations, and cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from dingtalk_models.sandbox import Attempt, Card, Conversation, Entry, Sandbox
from dingtalk_models.sandbox.handle.events import StreamMessageView
from dingtalk_models.sandbox.handle.operations import Body, Latest, QueryString, operation
from dingtalk_models.sandbox.handle.problems import Failed, found
from dingtalk_models.sandbox.state.talk.conversation import Via
from dingtalk_models.sandbox.state.talk.message import Ding, Webhook


class EntryView(BaseModel):
    """A message in a conversation. Its `sender` is null if it is the app's robot.

    `number` is its place in the transcript of `conversation`. Both are null for a message outside of conversations.
    """

    conversation: str | None
    number: int | None
    at: float
    sender: str | None
    msgtype: str
    text: str
    content: Mapping[str, Any]
    via: Via
    mentions: list[str]
    payload: Mapping[str, Any] | None
    attempts: list[Attempt]
    pushes: list[StreamMessageView]
    accepted: bool
    recalled: bool

    @classmethod
    def of(cls, sandbox: Sandbox, entry: Entry) -> EntryView:
        """Make the view of an entry in a conversation."""
        talk = sandbox.company.conversations.of(entry)
        return cls.at_place(entry, talk.open_conversation_id, talk.transcript.index(entry))

    @classmethod
    def at_place(cls, entry: Entry, conversation: str | None = None, number: int | None = None) -> EntryView:
        """Make the view of an entry at a known place, or without one."""
        return cls(
            conversation=conversation,
            number=number,
            at=entry.at,
            sender=entry.sender,
            msgtype=entry.msgtype,
            text=entry.text,
            content=entry.content,
            via=entry.via,
            mentions=list(entry.mentions),
            payload=entry.payload,
            attempts=list(entry.attempts),
            pushes=[StreamMessageView.model_validate(each) for each in entry.pushes],
            accepted=entry.accepted,
            recalled=entry.recalled,
        )


class ConversationView(BaseModel):
    """A conversation. `kind` is 1 for one or two people, 2 for a group."""

    open_conversation_id: str
    name: str
    kind: str
    members: list[str]
    said: int

    @classmethod
    def of(cls, talk: Conversation) -> ConversationView:
        """Make the view of a conversation."""
        return cls(
            open_conversation_id=talk.open_conversation_id,
            name=talk.name,
            kind=talk.kind,
            members=list(talk.members),
            said=len(talk.transcript),
        )


class TranscriptView(ConversationView):
    """A conversation with its transcript."""

    transcript: list[EntryView]


class Since(QueryString):
    """The part of the transcript to return."""

    after: Annotated[int, Field(ge=0, description="the number of the first entry / 起始序号")] = 0


class MessageFilter(Latest):
    """The filter for messages."""

    userid: str | None = Field(None, description="only messages to this person / 发给该成员的")


class WorkNotificationView(BaseModel, from_attributes=True):
    """A work notification."""

    task_id: int
    msg: Mapping[str, Any]
    sent: float
    receivers: list[str]
    forbidden: dict[str, int]
    invalid_users: list[str]
    invalid_departments: list[int]
    to_all: bool
    read: set[str]
    recalled: bool


class RobotMessageView(BaseModel, from_attributes=True):
    """A message from the app's robot to people or a group."""

    key: str
    msg_key: str
    msg_param: Mapping[str, Any]
    sent: float
    receivers: list[str]
    conversation: str | None
    read: list[str]
    recalled: bool


class NewWebhook(Body):
    """A custom robot of one group. It accepts only signed messages, or messages with one of the keywords."""

    secret: Annotated[str, Field(min_length=1)] | None = None
    keywords: list[str] = []


class WebhookView(BaseModel):
    """A custom robot of one group, its webhook address, and the messages that it sent."""

    token: str
    url: str
    secret: str | None
    keywords: list[str]
    messages: list[dict[str, Any]]

    @classmethod
    def of(cls, sandbox: Sandbox, webhook: Webhook) -> WebhookView:
        """Make the view of a webhook."""
        return cls(
            token=webhook.token,
            url=f"{sandbox.url}/robot/send?access_token={webhook.token}",
            secret=webhook.secret,
            keywords=list(webhook.keywords),
            messages=list(webhook.messages),
        )


class RobotUrl(Body):
    """The URL for messages to the app's robot; null to use Stream mode."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")] | None


class NewTemplate(Body):
    """A card template. Its buttons, for the page, are action ids with labels."""

    published: bool = True
    buttons: dict[str, str] = {}


class Template(BaseModel):
    """The id of a card template, and whether it is published."""

    template_id: str
    published: bool


def entry_of(sandbox: Sandbox, conversation: str, number: int) -> Entry:
    """Return the entry at a place."""
    transcript = sandbox.conversation(conversation).transcript
    if number >= len(transcript):
        raise Failed("not_found", f"The conversation {conversation!r} has no entry {number}.")
    return transcript[number]


# what the app sent


@operation("GET", "/outbox/{userid:path}", "outbox.of")
def list_received(sandbox: Sandbox, userid: str) -> list[EntryView]:
    """List a person's messages from the app: work notifications, DINGs, robot messages. / 列出成员收到的消息。"""
    found(sandbox.company.users, userid, "user")
    return [EntryView.at_place(each) for each in sandbox.outbox.of(userid)]


@operation("GET", "/work-notifications", "outbox.tasks")
def list_work_notifications(sandbox: Sandbox, query: MessageFilter) -> list[WorkNotificationView]:
    """List the work notifications. / 列出工作通知。"""
    sent = [each for each in tuple(sandbox.outbox.tasks.values()) if query.userid in (None, *each.receivers)]
    return [WorkNotificationView.model_validate(each) for each in sent[-query.limit :]]


@operation("GET", "/robot-messages", "outbox.robot_mail")
def list_robot_messages(sandbox: Sandbox, query: MessageFilter) -> list[RobotMessageView]:
    """List the messages of the app's robot. / 列出应用机器人发送的消息。"""
    sent = [each for each in tuple(sandbox.outbox.robot_mail.values()) if query.userid in (None, *each.receivers)]
    return [RobotMessageView.model_validate(each) for each in sent[-query.limit :]]


@operation("GET", "/dings", "outbox.dings")
def list_dings(sandbox: Sandbox, query: MessageFilter) -> list[Ding]:
    """List the DINGs. / 列出 DING 消息。"""
    sent = [each for each in tuple(sandbox.outbox.dings.sent.values()) if query.userid in (None, *each.receivers)]
    return sent[-query.limit :]


# robots


@operation("GET", "/webhooks", "outbox.webhooks")
def list_webhooks(sandbox: Sandbox) -> list[WebhookView]:
    """List the custom robots and their messages. / 列出自定义机器人及其发送的消息。"""
    return [WebhookView.of(sandbox, each) for each in tuple(sandbox.outbox.webhooks.values())]


@operation("POST", "/webhooks", "outbox.add_webhook")
def add_webhook(sandbox: Sandbox, body: NewWebhook) -> WebhookView:
    """Add a custom robot to a group. / 添加自定义机器人。"""
    return WebhookView.of(sandbox, sandbox.outbox.add_webhook(body.secret, body.keywords))


@operation("DELETE", "/webhooks/{token}", "outbox.webhooks")
def remove_webhook(sandbox: Sandbox, token: str) -> None:
    """Remove a custom robot. / 移除自定义机器人。"""
    found(sandbox.outbox.webhooks, token, "webhook")
    del sandbox.outbox.webhooks[token]


@operation("GET", "/robot", "robot_url")
def read_robot(sandbox: Sandbox) -> RobotUrl:
    """Read the URL of the app's robot. / 读取应用机器人的消息接收地址。"""
    return RobotUrl.model_construct(url=sandbox.robot_url)


@operation("PUT", "/robot", "robot_url")
def set_robot(sandbox: Sandbox, body: RobotUrl) -> RobotUrl:
    """Set the URL of the app's robot. / 设置应用机器人的消息接收地址。"""
    sandbox.robot_url = body.url
    return body


# conversations


@operation("GET", "/conversations", "conversations")
def list_conversations(sandbox: Sandbox) -> list[ConversationView]:
    """List the conversations with the app's robot. / 列出与应用机器人的会话。"""
    return [ConversationView.of(each) for each in sandbox.conversations]


@operation("GET", "/conversations/{of:path}", "conversation")
def get_conversation(sandbox: Sandbox, of: str, query: Since) -> TranscriptView:
    """Get a conversation, by its id or by the userid of the person. / 按会话 ID 或 userid 查询会话记录。"""
    talk = sandbox.conversation(of)
    numbered = list(enumerate(talk.transcript))[query.after :]
    shown = [EntryView.at_place(each, talk.open_conversation_id, number) for number, each in numbered]
    return TranscriptView(**ConversationView.of(talk).model_dump(), transcript=shown)


# cards


@operation("GET", "/cards", "cards")
def list_cards(sandbox: Sandbox, query: Latest) -> list[Card]:
    """List the interactive cards with all their visible states. / 列出互动卡片及其各次状态。"""
    return list(sandbox.cards.values())[-query.limit :]


@operation("GET", "/cards/{out_track_id:path}", "cards")
def get_card(sandbox: Sandbox, out_track_id: str) -> Card:
    """Get a card. / 查询卡片。"""
    return found(sandbox.cards, out_track_id, "card")


@operation("GET", "/card-templates", "cards.templates")
def list_card_templates(sandbox: Sandbox) -> list[Template]:
    """List the card templates. / 列出卡片模板。"""
    return [Template(template_id=each, published=held) for each, held in sandbox.cards.templates.items()]


@operation("POST", "/card-templates", "cards.add_template")
def add_card_template(sandbox: Sandbox, body: NewTemplate) -> Template:
    """Add a card template. / 添加卡片模板。"""
    return Template(
        template_id=sandbox.cards.add_template(published=body.published, buttons=body.buttons), published=body.published
    )
