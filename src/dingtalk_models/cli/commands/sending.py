"""`dingtalk-models send`: send a work notification or a robot message."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.commands.people import person_of
from dingtalk_models.cli.failures import CommandFailure
from dingtalk_models.cli.groups import AsForm
from dingtalk_models.cli.help import Commands
from dingtalk_models.cli.output import As, show
from dingtalk_models.core.language import said

app = Commands()


class Via(StrEnum):
    """How it is sent."""

    NOTIFICATION = "notification"
    ROBOT = "robot"


@app.command(
    "send",
    help=said("Send a work notification or a robot message. / 发送工作通知或机器人消息。"),
)
def send(
    text: Annotated[
        str, typer.Argument(help=said("The text; - reads it from standard input. / 内容；- 从标准输入读取。"))
    ],
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help=said("A person: userid, mobile number or name; repeatable. / 接收人：userid、手机号或姓名，可多次。"),
        ),
    ] = None,
    department: Annotated[
        list[int] | None, typer.Option("--dept", help=said("A department, repeatable. / 部门，可多次。"))
    ] = None,
    group: Annotated[
        str, typer.Option("--group", help=said("A group, by its openConversationId. / 群的 openConversationId。"))
    ] = "",
    via: Annotated[Via, typer.Option(help=said("How it is sent. / 发送方式。"))] = Via.NOTIFICATION,
    markdown: Annotated[
        bool, typer.Option("--markdown", help=said("The text is Markdown. / 内容为 Markdown。"))
    ] = False,
    title: Annotated[
        str, typer.Option(help=said("Title of Markdown; by default its first line. / Markdown 标题，默认取首行。"))
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help=said("Wait until it is delivered. / 等待送达结果。"))] = False,
    form: AsForm = As.TABLE,
) -> None:
    """Send a message."""
    content = sys.stdin.read().rstrip("\n") if text == "-" else text
    if not content.strip():
        raise CommandFailure("there is nothing to send / 内容为空")
    if not (to or department or group):
        raise CommandFailure("name whom it is for: --to, --dept or --group / 请指定接收人：--to、--dept 或 --group")
    if department and via is Via.ROBOT:
        raise CommandFailure("a robot writes to people and groups, not to departments / 机器人消息不能发给部门")
    if group and (to or department):
        raise CommandFailure("--group cannot be used with --to or --dept / --group 不能与 --to、--dept 同时使用")
    dingtalk = profiles.open_app()
    people = [person_of(dingtalk, word).userid for word in to or ()]
    heading = title or next((each.strip("# ") for each in content.splitlines() if each.strip("# ")), "")
    result: Any
    if via is Via.ROBOT or group:
        from dingtalk_models.message.robots.template import SampleMarkdown  # noqa: PLC0415 - slow to import

        said_by_robot = SampleMarkdown(title=heading, text=content) if markdown else content
        robot = dingtalk.message.robot
        result = robot.send_to_group(said_by_robot, group) if group else robot.send(said_by_robot, people)
    else:
        from dingtalk_models.message.message_body import Markdown  # noqa: PLC0415 - slow to import

        message = Markdown(title=heading, text=content) if markdown else content
        notification = dingtalk.message.work_notifications.send(
            message, userids=people or None, dept_id_list=department or None
        )
        result = notification.wait() if wait else notification
    show(result, form)
