"""Work notifications (工作通知): messages of the app to people of its company."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import Refusal, api, operation
from dingtalk_models.clocks import monotonic
from dingtalk_models.core.context import setting_of
from dingtalk_models.core.errors import StillSending
from dingtalk_models.core.steps import Flow, Sleep, batches, together
from dingtalk_models.core.wire import CommaInts, CommaStrs, JsonObject, wire
from dingtalk_models.first_generation import older_ids
from dingtalk_models.first_generation.formerly import also_takes
from dingtalk_models.first_generation.message_fields import OldSend
from dingtalk_models.message.batching import Batch, send_all
from dingtalk_models.message.message_body import OA, StatusBackground, WorkMessageOrText
from dingtalk_models.message.reaching import INVALID_USERS, RESULT, somebody
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import Model, Record

T = TypeVar("T")

MAX_USERS = 100
MAX_DEPARTMENTS = 20
MAX_USERS_WITH_STATUS_BAR = 5

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0

REASONS = {
    "143103": "the app reached too many people in one minute / 企业单应用消息发送人次QPM超限",
    "143104": "the company's apps reached too many people in one minute / 企业每分钟发送人次QPM超限",
    "143105": "the app has sent this person as many messages as it may in a day / 单应用给单人每日推送量超限",
    "143106": "the app has sent this person the same message today / 单应用给单人推送重复消息超限",
    "143203": "the app reached too many people of the company in one minute / ISV单应用发送给单企业人次QPM超限",
    "143204": "the app reached too many people in one minute / ISV单应用发送给所有企业人次QPM超限",
    "143205": "the app has sent this person as many messages as it may in a day / 单应用给单人每日推送量超限",
    "143206": "the app has sent this person the same message today / 单应用给单人推送重复消息超限",
    "1430000": "there was nobody to receive it / 接收者为空",
    "1430001": "the app's kind of authorisation is unknown / 未识别的grantType",
    "1430002": "it holds forbidden content / 包含违禁内容",
    "1430003": "the platform protects itself / 触发OAPI系统保护",
    "1430004": "the person is protected as a senior executive / 超级高管保护",
}
"""The reasons for dropped messages, by the code in a result."""


class WorkNotificationManager(Manager):
    """Work notifications (工作通知)."""

    @also_takes(older_ids.notify)
    @operation
    def send(
        self,
        msg: WorkMessageOrText,
        *,
        userids: CommaStrs | None = None,
        dept_id_list: CommaInts | None = None,
        to_all_user: bool = False,
        agent_id: int | None = None,
    ) -> Flow[WorkNotification]:
        """Send a message to people, departments or everyone, with one call per 100 people or 20 departments.

        The platform accepts the message, but does not deliver it to people who have reached a limit; see `result()`.

        Args:
            msg: a text, or a `Markdown`, `ActionCard`, …
            userids: people. Duplicates count once.
            dept_id_list: departments, each with everyone in it and below it.
            to_all_user: send it to everyone, at most three times a day.
            agent_id: the AgentId, if it is not the app's own.

        Returns:
            The notification with its tasks.

        Raises:
            InvalidArgument: there is no receiver, or the message exceeds a limit; nothing was sent.
            PartlySent: a call failed after others had been made. The error holds the notification with their tasks.
        """
        people = list(dict.fromkeys(userids or []))
        departments = list(dict.fromkeys(dept_id_list or []))
        _check(msg, people, departments, to_all_user=to_all_user)
        if to_all_user:
            return send_all([([], self.send_once.call(msg, to_all_user=True, agent_id=agent_id))], _joined)
        calls: list[Batch[WorkNotification]] = []
        for some, few in zip_longest(batches(people, MAX_USERS), batches(departments, MAX_DEPARTMENTS)):
            call = self.send_once.call(
                msg,
                userids=list(some) if some else None,
                dept_id_list=list(few) if few else None,
                agent_id=agent_id,
            )
            calls.append(([*(some or ()), *(few or ())], call))
        return send_all(calls, _joined)

    @also_takes(older_ids.notify)
    @api(
        "dingtalk.oapi.message.corpconversation.asyncsend_v2",
        "POST /topapi/message/corpconversation/asyncsend_v2",
        OldSend("dingtalk.corp.message.corpconversation.asyncsend"),
        OldSend("dingtalk.oapi.message.corpconversation.asyncsend"),
    )
    def send_once(
        self,
        msg: WorkMessageOrText,
        *,
        userids: Annotated[CommaStrs | None, Field(max_length=MAX_USERS), wire("userid_list")] = None,
        dept_id_list: Annotated[CommaInts, Field(max_length=MAX_DEPARTMENTS)] | None = None,
        to_all_user: bool | None = None,
        agent_id: int | None = None,
    ) -> Call[WorkNotification]:
        """Send a message with one call (发送工作通知).

        Args:
            msg: the message.
            userids: at most 100 people.
            dept_id_list: at most 20 departments, each with everyone in it and below it.
            to_all_user: send it to everyone, at most three times a day.
            agent_id: the AgentId, if it is not the app's own.

        Returns:
            The notification with its one task.

        Raises:
            InvalidArgument: there are no receivers or too many, or the message exceeds a limit; nothing was sent.
            QuotaExhausted: it is the fourth message to everyone today.

        Source: asynchronous-sending-of-enterprise-session-messages
        """
        _check(msg, userids or [], dept_id_list or [], to_all_user=bool(to_all_user))
        agent = self._agent(agent_id)
        return Call(
            int,
            "task_id",
            msg=msg,
            userids=userids,
            dept_id_list=dept_id_list,
            to_all_user=to_all_user,
            agent_id=agent,
        ).then(lambda task_id: WorkNotification(agent_id=agent, task_ids=[task_id]))

    @also_takes(older_ids.notify_by_template)
    @api(
        "dingtalk.oapi.message.corpconversation.sendbytemplate", "POST /topapi/message/corpconversation/sendbytemplate"
    )
    def send_template(
        self,
        template_id: str,
        *,
        userids: Annotated[CommaStrs | None, Field(max_length=5000), wire("userid_list")] = None,
        dept_id_list: Annotated[CommaInts, Field(max_length=500)] | None = None,
        data: JsonObject | None = None,
        agent_id: int | None = None,
    ) -> Call[WorkNotification]:
        """Send a message made from a template (使用模板发送工作通知消息).

        Args:
            template_id: the template, from the developer console.
            userids: at most 5000 people.
            dept_id_list: at most 500 departments.
            data: values for the template's variables.
            agent_id: the AgentId, if it is not the app's own.

        Returns:
            The notification with its one task.

        Raises:
            NotFound: there is no such template.
            InvalidRequest: the template may not be used.

        Source: work-notification-templating-send-notification-interface
        """
        agent = self._agent(agent_id)
        return Call(
            int,
            "task_id",
            template_id=template_id,
            userids=userids,
            dept_id_list=dept_id_list,
            data=data,
            agent_id=agent,
        ).then(lambda task_id: WorkNotification(agent_id=agent, task_ids=[task_id]))

    @api(
        "dingtalk.oapi.message.corpconversation.getsendprogress",
        "POST /topapi/message/corpconversation/getsendprogress",
        "dingtalk.corp.message.corpconversation.getsendprogress",
        idempotent=True,
    )
    def progress(self, task_id: int, *, agent_id: int | None = None) -> Call[SendProgress]:
        """Get the progress of a task, within 24 hours (获取工作通知消息的发送进度).

        Args:
            task_id: the task.
            agent_id: the AgentId, if it is not the app's own.

        Raises:
            InvalidRequest: there is no such task, or it is too old.

        Source: obtain-the-sending-progress-of-asynchronous-sending-of-enterprise-session
        """
        return Call(SendProgress, "progress", task_id=task_id, agent_id=self._agent(agent_id))

    @api(
        "dingtalk.oapi.message.corpconversation.getsendresult",
        "POST /topapi/message/corpconversation/getsendresult",
        "dingtalk.corp.message.corpconversation.getsendresult",
        idempotent=True,
    )
    def result(self, task_id: int, *, agent_id: int | None = None) -> Call[SendResult]:
        """Get the result of a task with at most 100 receivers, within 24 hours (获取工作通知消息的发送结果).

        Args:
            task_id: the task.
            agent_id: the AgentId, if it is not the app's own.

        Returns:
            The people who have read it, those who have not, and those who did not get it, with the reasons.

        Raises:
            InvalidRequest: there is no such task, it is too old, or it had too many receivers.

        Source: gets-the-result-of-sending-messages-asynchronously-to-the-enterprise
        """
        return Call(SendResult, "send_result", task_id=task_id, agent_id=self._agent(agent_id))

    @api("dingtalk.oapi.message.corpconversation.recall", "POST /topapi/message/corpconversation/recall")
    def recall(self, task_id: Annotated[int, wire("msg_task_id")], *, agent_id: int | None = None) -> Call[None]:
        """Recall a message, within 24 hours (撤回工作通知消息).

        Args:
            task_id: the task that sent it.
            agent_id: the AgentId, if it is not the app's own.

        Raises:
            InvalidRequest: there is no such task, or it is too old.

        Source: notification-of-work-withdrawal
        """
        return Call(None, task_id=task_id, agent_id=self._agent(agent_id))

    @api(
        "dingtalk.oapi.message.corpconversation.status_bar.update",
        "POST /topapi/message/corpconversation/status_bar/update",
    )
    def update_status_bar(
        self,
        task_id: int,
        status_value: Annotated[str, Field(min_length=1)],
        *,
        status_bg: StatusBackground | None = None,
        agent_id: int | None = None,
    ) -> Call[None]:
        """Change the status bar of an OA message, within 7 days (更新工作通知状态栏).

        Args:
            task_id: the task that sent it.
            status_value: the new status.
            status_bg: its colour as 0xAARRGGBB.
            agent_id: the AgentId, if it is not the app's own.

        Raises:
            InvalidRequest: there is no such task, it is too old, or its message has no status bar.

        Source: update-work-notification-status-bar
        """
        return Call(
            None,
            task_id=task_id,
            status_value=status_value,
            status_bg=status_bg,
            agent_id=self._agent(agent_id),
        )

    def _agent(self, given: int | None) -> int:
        return setting_of(self.app, "agent_id", "agent_id") if given is None else given


DONE = 2


class SendProgress(Record):
    """The progress of a notification."""

    progress_in_percent: int = 0
    status: int
    """0 not started, 1 in progress, 2 done."""

    @property
    def done(self) -> bool:
        """Whether delivery to everyone was tried."""
        return self.status == DONE


class Forbidden(Record):
    """A person who did not get a message because of a limit."""

    userid: str | None
    code: str
    count: int | None
    """The number of messages that the limit allows."""

    @property
    def reason(self) -> str:
        """The reason, in English and Chinese."""
        return REASONS.get(self.code, self.code)


class SendResult(Record):
    """The result of a notification for each person."""

    read: Annotated[list[str], wire("read_user_id_list")] = []
    unread: Annotated[list[str], wire("unread_user_id_list")] = []
    failed: Annotated[list[str], wire("failed_user_id_list")] = []
    invalid: Annotated[list[str], wire("invalid_user_id_list")] = []
    """Userids that do not exist."""
    forbidden: Annotated[list[Forbidden], wire("forbidden_list")] = []
    """People who did not get it, with the reasons."""
    forbidden_userids: Annotated[list[str], wire("forbidden_user_id_list")] = []
    invalid_departments: Annotated[list[int], wire("invalid_dept_id_list")] = []
    """Departments that do not exist."""

    @property
    def reached(self) -> list[str]:
        """The people who got it, read or unread."""
        return self.read + self.unread

    @property
    def not_reached(self) -> dict[str, str]:
        """The people who did not get it, with the reasons."""
        return {
            **dict.fromkeys(self.forbidden_userids, "the platform did not allow it / 被限制发送"),
            **dict.fromkeys(self.failed, "sending failed / 发送失败"),
            **dict.fromkeys(self.invalid, "nobody has this userid / 无效的userid"),
            **{dropped.userid: dropped.reason for dropped in self.forbidden if dropped.userid},
            **{
                f"department {dept_id}": "there is no such department / 部门不存在"
                for dept_id in self.invalid_departments
            },
        }

    @property
    def complete(self) -> bool:
        """Whether every receiver got it."""
        return not (self.not_reached or self.forbidden)


class WorkNotification(Model):
    """A sent work notification (工作通知): one message, and the tasks that deliver it."""

    objects: ClassVar[WorkNotificationManager] = WorkNotificationManager()
    send = objects.send
    send_template = objects.send_template

    agent_id: int
    task_ids: Annotated[list[int], Field(min_length=1)]
    """One task per call."""

    @operation
    def progress(self) -> Flow[SendProgress]:
        """Get the progress of all its tasks together."""
        parts = yield from self._each(self.objects.progress.call)
        states = {part.status for part in parts}
        return SendProgress(
            progress_in_percent=sum(part.progress_in_percent for part in parts) // len(parts),
            status=states.pop() if len(states) == 1 else 1,
        )

    @operation
    def result(self) -> Flow[SendResult]:
        """Get the result of all its tasks together, within 24 hours.

        Raises:
            InvalidRequest: it is too old, or a task had more than 100 receivers, so that there is no result.
        """
        parts = yield from self._each(self.objects.result.call)
        return SendResult(
            **{name: [item for part in parts for item in getattr(part, name)] for name in SendResult.model_fields}
        )

    @operation
    def wait(self, timeout: Annotated[float, Field(ge=0)] = 60.0) -> Flow[SendResult]:
        """Wait until delivery to everyone was tried, and return the result.

        Args:
            timeout: the time limit in seconds.

        Raises:
            StillSending: it takes longer.
            NobodyReached: nobody got it; `.sent` is the result.
        """
        deadline, pause = monotonic() + timeout, _FIRST_WAIT
        while not (yield from self.progress.call()).done:
            left = deadline - monotonic()
            if left <= 0:
                raise StillSending(f"the notification is not delivered to everyone after {timeout:g} seconds")
            yield Sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_WAIT)
        result = yield from self.result.call()
        return somebody(result, INVALID_USERS if len(result.invalid) == len(result.not_reached) else RESULT)

    @operation
    def recall(self) -> Flow[None]:
        """Recall it, within 24 hours."""
        yield from self._each(self.objects.recall.call)

    @operation
    def update_status_bar(
        self, status_value: Annotated[str, Field(min_length=1)], *, status_bg: StatusBackground | None = None
    ) -> Flow[None]:
        """Change the status bar of an OA message, within 7 days.

        Args:
            status_value: the new status.
            status_bg: its colour as 0xAARRGGBB.
        """
        update = partial(self.objects.update_status_bar.call, status_value=status_value, status_bg=status_bg)
        yield from self._each(update)

    def _each(self, ask: Callable[..., Call[T]]) -> Flow[list[T]]:
        """Make a call for each task, several at once."""
        return (yield from together([ask(task, agent_id=self.agent_id) for task in self.task_ids]))


def _check(msg: object, people: list[str], departments: list[int], *, to_all_user: bool) -> None:
    if not (people or departments or to_all_user):
        raise Refusal(
            "userids",
            "one of userids, dept_id_list and to_all_user is needed / userids、dept_id_list、to_all_user 至少填一项",
        )
    many = len(people) > MAX_USERS_WITH_STATUS_BAR or departments or to_all_user
    if isinstance(msg, OA) and msg.status_bar and many:
        most = MAX_USERS_WITH_STATUS_BAR
        raise Refusal(
            "msg.oa.status_bar",
            f"allowed only for at most {most} people in userids / 只能发给 userids 中的至多 {most} 人",
        )


def _joined(parts: list[WorkNotification]) -> WorkNotification:
    first = parts[0]
    tasks = [task for part in parts for task in part.task_ids]
    return WorkNotification(agent_id=first.agent_id, task_ids=tasks).using(first.app)
