"""What the files of commands share: groups, and options that several commands have."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dingtalk_models.cli.language import said
from dingtalk_models.cli.output import As

Name = Annotated[str, typer.Argument(help=said("Name of the profile. / 配置名称。"))]
AsForm = Annotated[As, typer.Option("--as", help=said("Form of the result. / 结果格式。"))]
AsJson = Annotated[bool, typer.Option("--json", help=said("As JSON. / 输出 JSON。"))]


def group(name: str, about: str) -> typer.Typer:
    """A group of commands. Without a command, it prints its help."""
    made = typer.Typer(name=name, help=said(about), invoke_without_command=True, add_completion=False)
    made.callback(help=said(about))(help_alone)
    return made


def help_alone(context: typer.Context) -> None:
    """Print the help if there is no command."""
    if context.invoked_subcommand is None:
        break_chinese()
        typer.echo(context.get_help())
        raise typer.Exit(2)


def break_chinese() -> None:
    """Let the tables of help break a text anywhere: Chinese has no spaces, and typer cuts what does not fit."""
    from rich import columns  # noqa: PLC0415 - only for help
    from rich.table import Table  # noqa: PLC0415
    from typer import rich_utils  # noqa: PLC0415

    class Breaking(Table):
        def add_row(self, *cells: Any, **settings: Any) -> None:
            super().add_row(*cells, **settings)
            for column in self.columns:
                column.overflow = "fold"

    for module in (rich_utils, columns):
        vars(module)["Table"] = Breaking
