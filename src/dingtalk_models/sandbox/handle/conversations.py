"""What the app sent, what was said, and the cards."""

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
    """Something that was said; `sender` null: the app's robot said it.

    `number` is its place in the transcript of `conversation`; both are null for what is in none.
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
        """The view of an entry in a conversation."""
        talk = sandbox.company.conversations.of(entry)
        return cls.at_place(entry, talk.open_conversation_id, talk.transcript.index(entry))

    @classmethod
    def at_place(cls, entry: Entry, conversation: str | None = None, number: int | None = None) -> EntryView:
        """The view of an entry whose place is known, or that has none."""
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
    """A conversation; `kind` 1: of one or two people, 2: a group."""

    open_conversation_id: str
    name: str
    kind: str
    members: list[str]
    said: int

    @classmethod
    def of(cls, talk: Conversation) -> ConversationView:
        """The view of a conversation."""
        return cls(
            open_conversation_id=talk.open_conversation_id,
            name=talk.name,
            kind=talk.kind,
            members=list(talk.members),
            said=len(talk.transcript),
        )


class TranscriptView(ConversationView):
    """A conversation, and what was said in it."""

    transcript: list[EntryView]


class Since(QueryString):
    """From which number on the transcript is shown."""

    after: Annotated[int, Field(ge=0, description="the number of the first entry / 起始序号")] = 0


class MessageFilter(Latest):
    """Whose messages to list."""

    userid: str | None = Field(None, description="those to this person / 发给该成员的")


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
    """A message of the app's robot, to people or to a group."""

    key: str
    msg_key: str
    msg_param: Mapping[str, Any]
    sent: float
    receivers: list[str]
    conversation: str | None
    read: list[str]
    recalled: bool


class NewWebhook(Body):
    """The robot of one group; it takes only messages that are signed, or that have one of the keywords."""

    secret: Annotated[str, Field(min_length=1)] | None = None
    keywords: list[str] = []


class WebhookView(BaseModel):
    """The robot of one group, the address to post to, and the messages that it sent."""

    token: str
    url: str
    secret: str | None
    keywords: list[str]
    messages: list[dict[str, Any]]

    @classmethod
    def of(cls, sandbox: Sandbox, webhook: Webhook) -> WebhookView:
        """The view of a webhook."""
        return cls(
            token=webhook.token,
            url=f"{sandbox.url}/robot/send?access_token={webhook.token}",
            secret=webhook.secret,
            keywords=list(webhook.keywords),
            messages=list(webhook.messages),
        )


class RobotUrl(Body):
    """The URL that messages to the app's robot are posted to; null: they go to the clients of Stream mode."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")] | None


class NewTemplate(Body):
    """A card template; its buttons are for the page: ids of actions, and what is on them."""

    published: bool = True
    buttons: dict[str, str] = {}


class Template(BaseModel):
    """The id of a card template, and whether it is published."""

    template_id: str
    published: bool


def entry_of(sandbox: Sandbox, conversation: str, number: int) -> Entry:
    """What was said at this place."""
    transcript = sandbox.conversation(conversation).transcript
    if number >= len(transcript):
        raise Failed("not_found", f"The conversation {conversation!r} has no entry {number}.")
    return transcript[number]


# what the app sent


@operation("GET", "/outbox/{userid:path}", "outbox.of")
def list_received(sandbox: Sandbox, userid: str) -> list[EntryView]:
    """List what a person got from the app: work notifications, DINGs, messages of the robot. / 列出成员收到的消息。"""
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
    """List the robots of groups, and what they sent. / 列出自定义机器人及其发送的消息。"""
    return [WebhookView.of(sandbox, each) for each in tuple(sandbox.outbox.webhooks.values())]


@operation("POST", "/webhooks", "outbox.add_webhook")
def add_webhook(sandbox: Sandbox, body: NewWebhook) -> WebhookView:
    """Put a robot into a group. / 添加自定义机器人。"""
    return WebhookView.of(sandbox, sandbox.outbox.add_webhook(body.secret, body.keywords))


@operation("DELETE", "/webhooks/{token}", "outbox.webhooks")
def remove_webhook(sandbox: Sandbox, token: str) -> None:
    """Take a robot out of its group. / 移除自定义机器人。"""
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
    """List the interactive cards, and every state in which they were seen. / 列出互动卡片及其各次状态。"""
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
