"""Actions of people: send messages, click, read, decide approvals, punch the clock."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, Field, JsonValue, field_validator

from dingtalk_models.sandbox import Audio, Click, File, Instance, Picture, Punch, RichText, Sandbox, Video
from dingtalk_models.sandbox.handle.conversations import EntryView, entry_of
from dingtalk_models.sandbox.handle.operations import Body, Latest, operation
from dingtalk_models.sandbox.handle.problems import Failed, found
from dingtalk_models.sandbox.state.approval import ApprovalStep, ApprovalTask, OperationRecord

Userid: TypeAlias = Annotated[str, Field(description="the person / 成员的 userid")]
Millis: TypeAlias = Annotated[int, Field(ge=0, le=86_400_000)]


class _WithContent(Body):
    content: Annotated[str, Field(description="the bytes, in Base64 / Base64 编码的内容")]

    @field_validator("content")
    @classmethod
    def _readable(cls, text: str) -> str:
        b64decode(text, validate=True)
        return text

    @property
    def bytes(self) -> bytes:
        """The content."""
        return b64decode(self.content)


class SaidPicture(_WithContent):
    """A picture."""

    type: Literal["picture"]

    @property
    def meant(self) -> Picture:
        """Its form in Python."""
        return Picture(self.bytes)


class SaidAudio(_WithContent):
    """A recording, and the text that the platform recognises in it."""

    type: Literal["audio"]
    recognition: str = ""
    duration: Millis = 1000

    @property
    def meant(self) -> Audio:
        """Its form in Python."""
        return Audio(self.bytes, self.recognition, self.duration)


class SaidVideo(_WithContent):
    """A video."""

    type: Literal["video"]
    duration: Millis = 1000
    video_type: Annotated[str, Field(pattern=r"^\w{1,10}$")] = "mp4"

    @property
    def meant(self) -> Video:
        """Its form in Python."""
        return Video(self.bytes, self.duration, self.video_type)


class SaidFile(_WithContent):
    """A file with a name."""

    type: Literal["file"]
    name: Annotated[str, Field(min_length=1)]

    @property
    def meant(self) -> File:
        """Its form in Python."""
        return File(self.name, self.bytes)


class SaidRichText(Body):
    """Texts and pictures in one message."""

    type: Literal["richText"]
    parts: Annotated[list[str | SaidPicture], Field(min_length=1, max_length=100)]

    @property
    def meant(self) -> RichText:
        """Its form in Python."""
        return RichText([part if isinstance(part, str) else part.meant for part in self.parts])


class SaidOther(Body):
    """A message of another type, as the app will receive it."""

    type: Literal["other"]
    msgtype: Annotated[str, Field(min_length=1)]
    content: dict[str, JsonValue] = {}

    @property
    def meant(self) -> Mapping[str, Any]:
        """Its form in Python."""
        return {"msgtype": self.msgtype, "content": self.content}


What: TypeAlias = Annotated[
    SaidPicture | SaidAudio | SaidVideo | SaidFile | SaidRichText | SaidOther, Field(discriminator="type")
]


class Say(Body):
    """A message from a person to the app's robot or a group."""

    who: Userid
    what: str | What
    to: Annotated[
        str | None, Field(description="the id of the group; null for the robot / 群的会话 ID，null 表示机器人")
    ] = None
    at: Annotated[list[str], Field(max_length=1000, description="others who are mentioned / 被 @ 的其他成员")] = []
    at_robot: Annotated[bool, Field(description="whether the robot is mentioned / 是否 @ 机器人")] = True


class SayAgain(Body):
    """An earlier message: its conversation, and its number there."""

    conversation: str
    number: Annotated[int, Field(ge=0)]


class AwaitedReply(SayAgain):
    """The message for the robot to answer, and the timeout in seconds."""

    timeout: Annotated[float, Field(ge=0, le=60)] = 10


class Clicked(Body):
    """A click on a card. `params` are the parameters of the button."""

    card: Annotated[str, Field(description="its outTrackId / 卡片的 outTrackId")]
    action_ids: Annotated[list[str], Field(min_length=1, max_length=100)]
    params: dict[str, JsonValue] = {}
    by: Userid


class Read(Body):
    """A work notification by its task id, or a robot message by its processQueryKey."""

    message: int | str
    by: Userid


class Submit(Body):
    """A form that a person fills in, with texts by component label."""

    process_code: str
    values: dict[str, str]
    by: Userid
    chosen: Annotated[
        dict[str, list[str]], Field(description="approvers of open steps, by their keys / 自选审批人，按节点 key")
    ] = {}


class Decision(Body):
    """The approver, and their comment."""

    by: Userid
    remark: Annotated[str, Field(max_length=1024)] = ""


class Approvals(Latest):
    """The filters for approvals."""

    waiting_for: str | None = Field(None, description="only those that wait for this person / 等待该成员审批的")
    originator: str | None = Field(None, description="only those that this person started / 该成员发起的")
    process_code: str | None = Field(None, description="only those of this form / 该模板的")


class ApprovalView(BaseModel):
    """An approval."""

    instance_id: str
    business_id: str
    process_code: str
    title: str
    originator: str
    dept_id: int
    values: dict[str, str]
    status: str
    result: str
    created: float
    finished: float | None
    cc: list[str]
    steps: list[ApprovalStep]
    tasks: list[ApprovalTask]
    operations: list[OperationRecord]

    @classmethod
    def of(cls, sandbox: Sandbox, approval: Instance) -> ApprovalView:
        """Make the view of an approval."""
        title, code = sandbox.company.title_of(approval), approval.form.process_code
        own = {name: getattr(approval, name, None) for name in cls.model_fields}
        return cls.model_validate({**own, "title": title, "process_code": code})


class NewPunch(Body):
    """A punch at a given time, or now by the sandbox's clock."""

    userid: Userid
    at: AwareDatetime | None = None
    outside: bool = False
    remark: str | None = None


@operation("POST", "/say", "say", waits=True)
def say(sandbox: Sandbox, body: Say) -> EntryView:
    """Let a person send a message to the robot or a group. / 让成员向机器人或在群里发言。"""
    what = body.what if isinstance(body.what, str) else body.what.meant
    entry = sandbox.say(body.who, what, to=body.to, at=body.at, at_robot=body.at_robot)
    return EntryView.of(sandbox, entry)


@operation("POST", "/say/again", "say_again", waits=True)
def say_again(sandbox: Sandbox, body: SayAgain) -> EntryView:
    """Deliver a person's message to the app again. / 将某条发言再次推送给应用。"""
    return EntryView.of(sandbox, sandbox.say_again(entry_of(sandbox, body.conversation, body.number)))


@operation("POST", "/replies/wait", "wait_for_reply", waits=True)
def wait_for_reply(sandbox: Sandbox, body: AwaitedReply) -> EntryView:
    """Wait for the robot's reply to a message. / 等待机器人对某条发言的回复。"""
    entry = entry_of(sandbox, body.conversation, body.number)
    return EntryView.of(sandbox, sandbox.wait_for_reply(entry, body.timeout))


@operation("POST", "/clicks", "click", waits=True)
def click(sandbox: Sandbox, body: Clicked) -> Click:
    """Let a person click on a card, and wait for the app's answer. / 让成员点击卡片并等待应用回应。"""
    found(sandbox.cards, body.card, "card")
    return sandbox.click(body.card, body.action_ids, body.params, by=body.by)


@operation("POST", "/reads", "read")
def read(sandbox: Sandbox, body: Read) -> None:
    """Let a person read a message. / 让成员阅读消息。"""
    sandbox.read(body.message, by=body.by)


# approvals


@operation("GET", "/approvals", "company.workflow.instances")
def list_approvals(sandbox: Sandbox, query: Approvals) -> list[ApprovalView]:
    """List approvals. / 列出审批单。"""
    wanted = [
        each
        for each in tuple(sandbox.company.workflow.instances.values())
        if query.waiting_for in (None, *(task.userid for task in each.running()))
        and query.originator in (None, each.originator)
        and query.process_code in (None, each.form.process_code)
    ]
    return [ApprovalView.of(sandbox, each) for each in wanted[-query.limit :]]


@operation("POST", "/approvals", "submit")
def submit(sandbox: Sandbox, body: Submit) -> ApprovalView:
    """Let a person fill in a form to start an approval. / 让成员填写表单发起审批。"""
    return ApprovalView.of(sandbox, sandbox.submit(body.process_code, body.values, by=body.by, chosen=body.chosen))


@operation("GET", "/approvals/{instance_id}", "company.workflow.instances")
def get_approval(sandbox: Sandbox, instance_id: str) -> ApprovalView:
    """Get an approval. / 查询审批单。"""
    return ApprovalView.of(sandbox, found(sandbox.company.workflow.instances, instance_id, "approval"))


@operation("POST", "/approvals/{instance_id}/approve", "approve")
def approve(sandbox: Sandbox, instance_id: str, body: Decision) -> ApprovalView:
    """Let an approver agree. / 让审批人同意。"""
    return ApprovalView.of(sandbox, sandbox.approve(instance_id, by=body.by, remark=body.remark))


@operation("POST", "/approvals/{instance_id}/refuse", "refuse")
def refuse(sandbox: Sandbox, instance_id: str, body: Decision) -> ApprovalView:
    """Let an approver refuse. / 让审批人拒绝。"""
    return ApprovalView.of(sandbox, sandbox.refuse(instance_id, by=body.by, remark=body.remark))


# attendance


@operation("GET", "/punches/{userid:path}", "company.attendance.punches")
def list_punches(sandbox: Sandbox, userid: str) -> list[Punch]:
    """List the punches of a person. / 列出成员的打卡记录。"""
    found(sandbox.company.users, userid, "user")
    return list(sandbox.company.attendance.punches.get(userid, ()))


@operation("POST", "/punches", "punch")
def punch(sandbox: Sandbox, body: NewPunch) -> Punch:
    """Let a person punch the clock. / 让成员打卡。"""
    at: datetime | None = body.at
    if at is not None and not 1970 < at.year < 3000:
        raise Failed("invalid", "at: the year must be after 1970 and before 3000.")
    return sandbox.punch(body.userid, at, outside=body.outside, remark=body.remark)
