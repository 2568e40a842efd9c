"""People read messages: work notifications, and messages of the app's robot."""

from __future__ import annotations

from dingtalk_models.sandbox.callback.changes import announce
from dingtalk_models.sandbox.state.company import Company
from dingtalk_models.sandbox.state.talk.message import RobotMail


def read(company: Company, message: int | str, by: str) -> None:
    """Let a person read a message.

    Args:
        company: the company.
        message: the task id of a work notification, or the key of a robot message.
        by: the userid of the person.

    Raises:
        LookupError: there is no such message, or this person did not get it.
    """
    outbox = company.outbox
    found = outbox.tasks.get(message) if isinstance(message, int) else outbox.robot_mail.get(message)
    if found is None:
        raise LookupError(f"there is no message {message}")
    group = outbox.groups.get(found.conversation or "") if isinstance(found, RobotMail) else None
    if found.recalled or by not in (found.receivers if group is None else group.members):
        raise LookupError(f"{by} does not have the message {message}")
    if not isinstance(found, RobotMail):
        found.read.add(by)
    elif by not in found.read:
        found.read.append(by)
        announce(company, "robot_msg_read", _fields(company, found, by))


def _fields(company: Company, mail: RobotMail, by: str) -> dict[str, str]:
    credentials = company.credentials
    talk = mail.conversation or company.conversations.alone(by).open_conversation_id
    return {
        "OpenConversationId": talk,
        "UserId": by,
        "UnionId": company.person(by).unionid,
        "OperatTime": str(int(credentials.clock.now() * 1000)),
        "ProcessQueryKey": mail.key,
        "RobotCode": credentials.appkey,
    }
