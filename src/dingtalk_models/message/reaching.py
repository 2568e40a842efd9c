"""The people whom a message reached. The platform accepts a message even if it reaches nobody; here that is an error.

If it reached some, the result has these (`reached`), and the reasons for the others (`not_reached`).
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from dingtalk_models.core.codes import OPEN_CONVERSATION
from dingtalk_models.core.errors import NobodyFound, NobodyReached
from dingtalk_models.resource.model import Model


class Reaching(Protocol):
    """The result of a message to several receivers."""

    @property
    def reached(self) -> list[str]: ...
    @property
    def not_reached(self) -> dict[str, str]: ...


class ToPeople(Model):
    """A message to people. The platform's reply only names those it did not reach."""

    userids: list[str] = []
    """The receivers."""

    @property
    def reached(self) -> list[str]:
        """The people who got it."""
        missed = self.not_reached
        return [userid for userid in self.userids if userid not in missed]

    @property
    def not_reached(self) -> dict[str, str]:
        """The people who did not get it, with the reasons."""
        raise NotImplementedError


S = TypeVar("S", bound=Reaching)

INVALID, THROTTLED = "invalidStaffIdList", "flowControlledStaffIdList"
SPACES, FAILED = "deliverResults", "failedList"
INVALID_USERS, RESULT = "invalid_user_id_list", "send_result"
"""The fields of replies that name the people who were not reached."""

WHY = {
    INVALID: "no user of the company / 不是本企业成员",
    THROTTLED: "had too many messages from the robot / 收到的机器人消息过多，已被限流",
    SPACES: "there is no such space / 场域不存在",
}
"""The reason for people in each field, if the reply gives no other."""


def somebody(sent: S, field: str) -> S:
    """Return the result of sending, if anybody was reached.

    Args:
        sent: the result.
        field: the field of the reply that names the people who were not reached.

    Raises:
        NobodyReached: it reached nobody.
    """
    if sent.reached or not sent.not_reached:
        return sent
    kind = NobodyFound if field in (INVALID, SPACES, INVALID_USERS) else NobodyReached
    mistaken = field == SPACES and any(name.startswith("chat") for name in sent.not_reached)
    raise kind(field, sent.not_reached, sent, OPEN_CONVERSATION if mistaken else None)
