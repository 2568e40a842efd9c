"""Whom a message reached. The platform takes a message also if it can deliver it to nobody: that is an error here.

If it reached some, the result says whom, and why not the others: `reached`, `not_reached`.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from dingtalk_models.core.codes import OPEN_CONVERSATION
from dingtalk_models.core.errors import NobodyFound, NobodyReached
from dingtalk_models.resource.model import Model


class Reaching(Protocol):
    """What came of a message with several receivers."""

    @property
    def reached(self) -> list[str]: ...
    @property
    def not_reached(self) -> dict[str, str]: ...


class ToPeople(Model):
    """A message to people, of which the platform says only whom it did not reach."""

    userids: list[str] = []
    """Whom it was for."""

    @property
    def reached(self) -> list[str]:
        """Who got it."""
        missed = self.not_reached
        return [userid for userid in self.userids if userid not in missed]

    @property
    def not_reached(self) -> dict[str, str]:
        """Who did not get it, and why."""
        raise NotImplementedError


S = TypeVar("S", bound=Reaching)

INVALID, THROTTLED = "invalidStaffIdList", "flowControlledStaffIdList"
SPACES, FAILED = "deliverResults", "failedList"
INVALID_USERS, RESULT = "invalid_user_id_list", "send_result"
"""The fields of replies that tell who was not reached."""

WHY = {
    INVALID: "no user of the company / 不是本企业成员",
    THROTTLED: "had too many messages from the robot / 收到的机器人消息过多，已被限流",
    SPACES: "there is no such space / 场域不存在",
}
"""What a field means, where the reply does not say more."""


def somebody(sent: S, field: str) -> S:
    """What was sent, if it reached anybody.

    Args:
        sent: what came of it.
        field: the field of the reply that tells who was not reached.

    Raises:
        NobodyReached: it reached nobody.
    """
    if sent.reached or not sent.not_reached:
        return sent
    kind = NobodyFound if field in (INVALID, SPACES, INVALID_USERS) else NobodyReached
    mistaken = field == SPACES and any(name.startswith("chat") for name in sent.not_reached)
    raise kind(field, sent.not_reached, sent, OPEN_CONVERSATION if mistaken else None)
