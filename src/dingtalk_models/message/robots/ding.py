"""DING (DING 消息): an urgent message in the app, by SMS or by phone call."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api, operation
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.message.reaching import FAILED, ToPeople, somebody
from dingtalk_models.message.robots.base import RobotCode, code_of
from dingtalk_models.resource.manager import Manager

CallVoice = Literal[
    "Standard_Female_Voice",
    "Cantonese_Female_Voice",
    "Gentine_Female_Voice",
    "Overbearing_Female_Voice",
    "Lovely_Girl_Voice",
]
"""The voice that reads a DING in a phone call."""


class DingManager(Manager):
    """DINGs of the app's robot (DING 消息)."""

    @api("robot_1_0.RobotSendDing", "POST /v1.0/robot/ding/send")
    def send(
        self,
        content: Annotated[str, Field(min_length=1)],
        receiver_userids: Annotated[list[str], Field(min_length=1, max_length=200), wire("receiverUserIdList")],
        *,
        remind_type: Literal[1, 2, 3] = 1,
        call_voice: CallVoice | None = None,
        robot_code: RobotCode = None,
    ) -> Call[Ding]:
        """Send a DING to at most 200 people (发送DING消息).

        Args:
            content: the text.
            receiver_userids: the receivers, at most 200 people.
            remind_type: 1 in the app, 2 by SMS, 3 by phone call. SMS and calls are bought separately.
            call_voice: the voice for a phone call.
            robot_code: the robot, if it is not the app's own.

        Returns:
            The DING, with the people whom it reached, and the reasons why it did not reach others.

        Raises:
            NobodyReached: nobody got it.
            InvalidRequest: there is no such robot, or the company has no DINGs of this kind left.
            PermissionDenied: the app may not send DINGs.

        Source: robot-sends-nail-message
        """
        robot = code_of(self.app, robot_code)
        return Call(
            Ding,
            content=content,
            receiver_userids=receiver_userids,
            remind_type=remind_type,
            call_voice=call_voice,
            robot_code=robot,
        ).then(lambda ding: somebody(ding.of(robot, receiver_userids).using(self.app), FAILED))

    @api("robot_1_0.RobotRecallDing", "POST /v1.0/robot/ding/recall")
    def recall(self, open_ding_id: Annotated[str, Field(min_length=1)], *, robot_code: RobotCode = None) -> Call[str]:
        """Recall a DING (撤回已经发送的DING消息).

        Args:
            open_ding_id: the DING.
            robot_code: the robot that sent it, if it is not the app's own.

        Returns:
            The DING's id.

        Raises:
            InvalidRequest: there is no such DING.

        Source: robot-withdraws-pin-message
        """
        return Call(str, "openDingId", open_ding_id=open_ding_id, robot_code=code_of(self.app, robot_code))


class Ding(ToPeople, alias_generator=camel):
    """A sent DING (DING 消息)."""

    objects: ClassVar[DingManager] = DingManager()
    send = objects.send

    open_ding_id: str
    failed: Annotated[dict[str, list[str]], wire("failedList")] = {}
    """The people who could not be reached, by reason."""
    robot_code: str | None

    @property
    def not_reached(self) -> dict[str, str]:
        """The people who did not get it, with the reasons."""
        return {userid: reason for reason, userids in self.failed.items() for userid in userids}

    def of(self, robot_code: str, userids: list[str]) -> Ding:
        """Return a copy with its robot and receivers."""
        self.hold({"robot_code": robot_code, "userids": userids})
        return self

    @operation
    def recall(self) -> Call[str]:
        """Recall it."""
        return self.objects.recall.call(self.open_ding_id, robot_code=self.robot_code)
