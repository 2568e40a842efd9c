"""`/v1.0/robot/plugins/*`: the shortcuts of the chat with the robot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from dingtalk_models.sandbox.server.endpoints import Code, Result, endpoint
from dingtalk_models.sandbox.server.errors import Refused
from dingtalk_models.sandbox.server.parameters import Parameters
from dingtalk_models.sandbox.state.company import Company

SCOPE: Final = "Robot.SingleChat.ReadWrite"

RobotCode = Annotated[str, Field(min_length=1)]


class Plugin(Parameters):
    """A shortcut."""

    model_config = ConfigDict(alias_generator=to_camel)

    name: Annotated[str, Field(min_length=1)]
    icon: Annotated[str, Field(min_length=1)]
    pc_url: str | None = None
    mobile_url: str | None = None


@dataclass
class Shortcuts:
    """The shortcuts of the app's robot.

    Attributes:
        listed: the shortcuts.
        most: the largest number of shortcuts. The platform's limit is not documented.
    """

    listed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    most: int = 20


def _shortcuts(company: Company, robot_code: str) -> Shortcuts:
    if robot_code != company.credentials.appkey:
        raise Refused("invalidRequest.robotNotExist")
    return company.keep(Shortcuts)


@endpoint("POST", "/v1.0/robot/plugins/set", scope=SCOPE, invalid="param.illegal")
def set_plugins(
    company: Company,
    *,
    robot_code: RobotCode | None = None,
    plugins: Annotated[list[Plugin], Field(alias="pluginInfoList"), Code("invalidRequest.jsonFormatErroj")],
) -> Result:
    """设置单聊机器人快捷入口."""
    shortcuts = _shortcuts(company, robot_code or company.credentials.appkey)
    if len(plugins) > shortcuts.most:
        raise Refused("invalidRequest.exceededMaximumLimit")
    shortcuts.listed = [plugin.model_dump(by_alias=True, exclude_none=True) for plugin in plugins]
    return {"result": True}


@endpoint("POST", "/v1.0/robot/plugins/query", scope=SCOPE, invalid="param.illegal")
def query_plugins(company: Company, *, robot_code: RobotCode) -> Result:
    """查询单聊机器人的快捷入口."""
    return {"pluginInfoList": _shortcuts(company, robot_code).listed}


@endpoint("POST", "/v1.0/robot/plugins/clear", scope=SCOPE, invalid="param.illegal")
def clear_plugins(company: Company, *, robot_code: RobotCode) -> Result:
    """清空单聊机器人快捷入口."""
    _shortcuts(company, robot_code).listed = []
    return {"result": True}
