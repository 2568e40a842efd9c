"""Shared parts of the commands: groups and common options."""

from __future__ import annotations

from typing import Annotated

import typer

from dingtalk_models.cli.help import CommandGroup, Commands
from dingtalk_models.cli.output import As
from dingtalk_models.core.language import said

Name = Annotated[str, typer.Argument(help=said("Name of the profile. / 配置名称。"))]
AsForm = Annotated[As, typer.Option("--as", help=said("Form of the result. / 结果格式。"))]
AsJson = Annotated[bool, typer.Option("--json", help=said("As JSON. / 输出 JSON。"))]


def group(name: str, about: str) -> typer.Typer:
    """Make a group of commands that prints its help if no command is given."""
    made = Commands(name=name, cls=CommandGroup, help=said(about), invoke_without_command=True, add_completion=False)
    made.callback(help=said(about))(help_alone)
    return made


def help_alone(context: typer.Context) -> None:
    """Print the help if there is no command."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
