"""`/topapi/message/corpconversation/*`: work notifications.

Sending succeeds if the parameters are right. Only the result of sending shows the people who did not get the message.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Annotated, Any, Final, cast

from dingtalk_models.sandbox.server.endpoints import Code, FromJson, Ids, Names, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.json_values import is_array, is_object
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.message import DAY, NotificationTask

SCOPE: Final = "qyapi_base"

MAX_BYTES: Final = 2048
MAX_MARKDOWN: Final = 5000
MAX_USERS: Final = 100
MAX_DEPARTMENTS: Final = 20
MAX_RECEIVERS: Final = 5000
MAX_TRACKED: Final = 100
MAX_WITH_STATUS_BAR: Final = 5
TO_ALL_A_DAY: Final = 3
TO_ONE_A_DAY: Final = 500
PEOPLE_A_MINUTE: Final = 5000

TOO_MANY_A_MINUTE: Final = 143103
TOO_MANY_TO_ONE: Final = 143105
SAME_AGAIN: Final = 143106

_NEEDED: Final = {
    "text": ("content",),
    "image": ("media_id",),
    "voice": ("media_id", "duration"),
    "file": ("media_id",),
    "link": ("messageUrl", "title", "text"),
    "oa": ("message_url", "head", "body"),
    "markdown": ("title", "text"),
    "action_card": ("title", "markdown"),
}
_LONGEST: Final = {"single_title": 20, "single_url": 500}

Message = Annotated[dict[str, Any], FromJson, Code(40035)]
Agent = Annotated[int, Code(40056)]


def check_message(
    msg: dict[str, Any], *, kind_code: int = 40035, code: int = 40035, length_code: int = 40035
) -> dict[str, Any]:
    """Return the content of a message, after checking it against the table of message types.

    Args:
        msg: the message.
        kind_code: the code for an unknown type.
        code: the code for a content that does not fit its type.
        length_code: the code for a content that is too long.
    """
    kind = str(msg.get("msgtype"))
    if kind not in _NEEDED:
        raise Refused(kind_code)
    content = msg.get(kind)
    if not isinstance(content, dict):
        raise Refused(code)
    said = cast("dict[str, Any]", content)
    fits = all(said.get(name) for name in _NEEDED[kind])
    fits &= all(len(str(said.get(name, ""))) <= longest for name, longest in _LONGEST.items())
    match kind:
        case "voice":
            fits &= re.fullmatch("[1-9]|[1-5][0-9]", str(said.get("duration"))) is not None
        case "markdown":
            fits &= len(str(said.get("text"))) <= MAX_MARKDOWN
        case "action_card":
            fits &= _buttons_fit(said)
        case _:
            pass
    if not fits:
        raise Refused(code)
    if kind != "markdown" and sum(len(text.encode()) for text in _texts(said)) > MAX_BYTES:
        raise Refused(length_code)
    return said


def _buttons_fit(card: dict[str, Any]) -> bool:
    if "btn_json_list" not in card:
        return bool(card.get("single_title") and card.get("single_url"))
    buttons: object = card["btn_json_list"]
    if not is_array(buttons) or not all(map(is_object, buttons)):
        return False
    short = len(json.dumps(buttons, ensure_ascii=False, separators=(",", ":"))) <= 1000
    return short and all(_is_text(each.get("title"), 20) and _is_text(each.get("action_url"), 700) for each in buttons)


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= longest


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return _texts([*cast("dict[str, object]", value).values()])
    if isinstance(value, list):
        return [text for part in cast("list[object]", value) for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def _dropped(company: Company, msg: dict[str, Any], people: list[str]) -> dict[str, int]:
    """Return the people who exceed the limits of a day or a minute and do not get a message, and the code for each."""
    quota = company.outbox.quota.at(company.credentials.clock.now())
    same, left = quota.got_same(msg), PEOPLE_A_MINUTE - quota.in_minute
    dropped: dict[str, int] = {}
    for userid in people:
        if userid in same:
            dropped[userid] = SAME_AGAIN
        elif quota.to_one.get(userid, 0) >= TO_ONE_A_DAY:
            dropped[userid] = TOO_MANY_TO_ONE
        elif left <= 0:
            dropped[userid] = TOO_MANY_A_MINUTE
        else:
            left -= 1
    return dropped


def _meant(company: Company, userids: list[str], dept_ids: list[int]) -> list[str]:
    """Return the existing people among these, and all people in these departments and below, each once."""
    below = {each for dept_id in dept_ids if dept_id in company.departments for each in company.subtree(dept_id)}
    inside = (user.userid for user in company.users.values() if not below.isdisjoint(user.departments)) if below else ()
    return list(dict.fromkeys([*(userid for userid in userids if userid in company.users), *inside]))


def _send(
    company: Company, msg: dict[str, Any], userids: list[str], dept_ids: list[int], *, to_all: bool = False
) -> Result:
    people = list(company.users) if to_all else _meant(company, userids, dept_ids)
    if len(people) > MAX_RECEIVERS:
        raise Refused(41029)
    dropped = _dropped(company, msg, people)
    task = NotificationTask(
        next(company.outbox.task_ids),
        deepcopy(msg),
        company.credentials.clock.now(),
        len(people),
        [userid for userid in people if userid not in dropped],
        dropped,
        [userid for userid in userids if userid not in company.users],
        [dept_id for dept_id in dept_ids if dept_id not in company.departments],
        to_all,
    )
    company.outbox.add_task(task)
    return {"task_id": task.task_id}


@endpoint("POST", "/topapi/message/corpconversation/asyncsend_v2", scope=SCOPE, invalid=40035)
def async_send(
    company: Company,
    *,
    agent_id: Agent,
    msg: Message,
    userid_list: Annotated[Names | None, Code(40031)] = None,
    dept_id_list: Annotated[Ids | None, Code(40066)] = None,
    to_all_user: bool = False,
) -> Result:
    """发送工作通知."""
    check_agent(company, agent_id, 40056)
    users, departments = userid_list or [], dept_id_list or []
    if not (users or departments or to_all_user):
        raise Refused(40035)
    if len(users) > MAX_USERS:
        raise Refused(40031)
    if len(departments) > MAX_DEPARTMENTS:
        raise Refused(40066)
    said = check_message(msg)
    if "status_bar" in said and (departments or to_all_user or len(users) > MAX_WITH_STATUS_BAR):
        raise Refused(40035)
    if to_all_user and company.outbox.quota.at(company.credentials.clock.now()).to_all >= TO_ALL_A_DAY:
        raise Refused(41045)
    return _send(company, msg, users, departments, to_all=to_all_user)


@endpoint("POST", "/topapi/message/corpconversation/sendbytemplate", scope=SCOPE)
def send_by_template(
    company: Company,
    *,
    agent_id: int,
    template_id: str,
    userid_list: Names | None = None,
    dept_id_list: Ids | None = None,
    data: Annotated[dict[str, Any] | None, FromJson] = None,
) -> Result:
    """使用模板发送工作通知消息."""
    check_agent(company, agent_id, 400002)
    users, departments = userid_list or [], dept_id_list or []
    if template_id not in company.outbox.templates:
        raise Refused(885001)
    if not company.outbox.templates[template_id]:
        raise Refused(885006)
    if len(users) > 5000 or len(departments) > 500:
        raise Refused(400002)
    return _send(company, {"template_id": template_id, "data": data or {}}, users, departments)


def check_agent(company: Company, agent_id: int, code: int) -> None:
    """Refuse any agent but the app's."""
    if str(agent_id) != company.credentials.agent_id:
        raise Refused(code)


def task_of(company: Company, agent_id: int, task_id: int, code: int, age: float = DAY) -> NotificationTask:
    """Return the task with this id, if it is not too old."""
    check_agent(company, agent_id, code)
    task = company.outbox.tasks.get(task_id)
    if task is None or company.credentials.clock.now() - task.sent > age:
        raise Refused(code)
    return task


def _part_done(company: Company, task: NotificationTask) -> float:
    seconds = company.outbox.seconds
    return min(1.0, (company.credentials.clock.now() - task.sent) / seconds) if seconds else 1.0


@endpoint("POST", "/topapi/message/corpconversation/getsendprogress", scope=SCOPE, invalid=40035)
def get_send_progress(company: Company, *, agent_id: int, task_id: int) -> Result:
    """获取工作通知消息的发送进度."""
    percent = int(100 * _part_done(company, task_of(company, agent_id, task_id, 40035)))
    status = 2 if percent == 100 else 1 if percent else 0
    return {"progress": {"progress_in_percent": percent, "status": status}}


@endpoint("POST", "/topapi/message/corpconversation/getsendresult", scope=SCOPE, invalid=40035)
def get_send_result(company: Company, *, agent_id: int, task_id: int) -> Result:
    """获取工作通知消息的发送结果: for at most 100 receivers."""
    task = task_of(company, agent_id, task_id, 40035)
    if task.named > MAX_TRACKED:
        raise Refused(41052)
    reached = task.receivers[: int(len(task.receivers) * _part_done(company, task))]
    counts = {TOO_MANY_TO_ONE: TO_ONE_A_DAY, SAME_AGAIN: 1, TOO_MANY_A_MINUTE: PEOPLE_A_MINUTE}
    result = {
        "invalid_user_id_list": task.invalid_users,
        "forbidden_user_id_list": list(task.forbidden),
        "failed_user_id_list": [],
        "read_user_id_list": [userid for userid in reached if userid in task.read],
        "unread_user_id_list": [userid for userid in reached if userid not in task.read],
        "invalid_dept_id_list": task.invalid_departments,
        "forbidden_list": [
            {"code": str(code), "count": counts[code], "userid": userid} for userid, code in task.forbidden.items()
        ],
    }
    return {"send_result": result}


@endpoint("POST", "/topapi/message/corpconversation/recall", scope=SCOPE)
def recall(company: Company, *, agent_id: int, msg_task_id: int) -> Result:
    """撤回工作通知消息: within 24 hours."""
    task_of(company, agent_id, msg_task_id, 400002).recalled = True
    return {}


@endpoint("POST", "/topapi/message/corpconversation/status_bar/update", scope=SCOPE, invalid=40035)
def update_status_bar(
    company: Company, *, agent_id: Agent, task_id: int, status_value: str, status_bg: str | None = None
) -> Result:
    """更新工作通知状态栏: only for OA messages with a status bar, within 7 days."""
    check_agent(company, agent_id, 40056)
    task = task_of(company, agent_id, task_id, 40035, 7 * DAY)
    if task.named > MAX_TRACKED:
        raise Refused(41052)
    bar = task.msg.get("oa", {}).get("status_bar")
    if bar is None:
        raise Refused(40035)
    bar["status_value"] = status_value
    if status_bg:
        bar["status_bg"] = status_bg
    return {}
