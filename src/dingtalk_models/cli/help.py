"""Help in boxes whose texts may wrap anywhere: Chinese has no spaces, so typer's own help would cut it off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from dingtalk_models.cli.output import console
from dingtalk_models.core.language import said

_Function = TypeVar("_Function", bound=Callable[..., Any])

_TITLES = {"argument": "Arguments / 参数", "option": "Options / 选项", "command": "Commands / 命令"}


class Command(TyperCommand):
    """A command with this help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(_help(self, ctx))


class CommandGroup(TyperGroup):
    """A group of commands with this help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(_help(self, ctx))


class Commands(typer.Typer):
    """Commands, each with this help."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[_Function], _Function]:
        return super().command(name, cls=Command, **settings)


def _help(command: TyperCommand | TyperGroup, context: Any) -> str:
    from rich.padding import Padding  # noqa: PLC0415 - slow to import

    rows: dict[str, list[tuple[str, str]]] = {kind: [] for kind in _TITLES}
    for param in command.get_params(context):
        if (told := param.get_help_record(context)) is not None:
            rows[param.param_type_name].append(told)
    if isinstance(command, TyperGroup):
        known = ((name, command.get_command(context, name)) for name in command.list_commands(context))
        rows["command"] = [(name, each.help or "") for name, each in known if each is not None]
    printed = console()
    with printed.capture() as captured:
        printed.print(Padding(f"{command.get_usage(context)}\n", (1, 1, 0, 1)), style="bold")
        printed.print(Padding(command.help or "", (0, 1, 1, 1)), overflow="fold")
        for kind, shown in rows.items():
            if shown:
                printed.print(_box(said(_TITLES[kind]), shown))
    return captured.get()


def _box(title: str, rows: Iterable[tuple[str, str]]) -> Any:
    from rich.panel import Panel  # noqa: PLC0415 - slow to import
    from rich.table import Table  # noqa: PLC0415

    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(style="bold cyan", overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return Panel(table, title=title, title_align="left", border_style="dim")
