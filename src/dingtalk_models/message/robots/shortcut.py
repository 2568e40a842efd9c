"""Shortcuts (快捷入口): the entries above the input of the chat with the robot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import api
from dingtalk_models.core.wire import camel, wire
from dingtalk_models.message.message_body import Filled
from dingtalk_models.message.robots.base import RobotCode, code_of
from dingtalk_models.resource.manager import Manager
from dingtalk_models.resource.model import OrDict, Shape


class Shortcut(Shape, alias_generator=camel):
    """A shortcut: a name, an icon, and the pages that it opens."""

    name: Filled
    """Its name. JSON with a name for each language is accepted, too: `{"zh_CN": "…"}`."""
    icon: Filled
    """The media id of its icon."""
    pc_url: str | None = None
    """The page that it opens on a computer."""
    mobile_url: str | None = None
    """The page that it opens on a phone."""


class ShortcutManager(Manager):
    """The shortcuts of single chats with the robot (单聊机器人快捷入口)."""

    @api("robot_1_0.SetRobotPlugin", "POST /v1.0/robot/plugins/set")
    def set(
        self,
        shortcuts: Annotated[Sequence[OrDict[Shortcut]], wire("pluginInfoList")] = (),
        *,
        robot_code: RobotCode = None,
    ) -> Call[None]:
        """Replace the shortcuts (设置单聊机器人快捷入口).

        Args:
            shortcuts: the shortcuts in their order; by default none.
            robot_code: the robot, if it is not the app's own.

        Raises:
            InvalidRequest: there is no such robot, or there are too many shortcuts.

        Source: set-robot-quick-entrance
        """
        return Call(None, shortcuts=shortcuts, robot_code=robot_code)

    @api("robot_1_0.QueryRobotPlugin", "POST /v1.0/robot/plugins/query", idempotent=True)
    def list(self, *, robot_code: RobotCode = None) -> Call[list[Shortcut]]:
        """List the shortcuts (查询单聊机器人的快捷入口).

        Args:
            robot_code: the robot, if it is not the app's own.

        Raises:
            InvalidRequest: there is no such robot.

        Source: quick-entrance-of-inquiry-single-chat-robot
        """
        return Call(list[Shortcut], "pluginInfoList", robot_code=code_of(self.app, robot_code))

    @api("robot_1_0.ClearRobotPlugin", "POST /v1.0/robot/plugins/clear")
    def clear(self, *, robot_code: RobotCode = None) -> Call[None]:
        """Remove all shortcuts (清空单聊机器人快捷入口).

        Args:
            robot_code: the robot, if it is not the app's own.

        Raises:
            InvalidRequest: there is no such robot.

        Source: clear-single-chat-robot-quick-entry
        """
        return Call(None, robot_code=code_of(self.app, robot_code))
