"""The output of the examples: chapters, lines of code, trees and tables, in colour on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table
from rich.text import Text
from rich.tree import Tree

from dingtalk_models import operations
from dingtalk_models.sandbox import Sandbox

_console = Console(highlight=False)
_console.width = min(_console.width, 100)


def title(english: str, chinese: str) -> None:
    """Print the title."""
    _console.print()
    _console.print(Text.assemble((english, "bold"), "  ", (chinese, "bold cyan")), justify="center")


def chapter(number: int, english: str, chinese: str) -> None:
    """Print the heading of a chapter."""
    _console.print()
    _console.rule(f"[bold]{number}  {english}[/]  [cyan]{chinese}[/]", align="left", style="dim")


def code(text: str) -> None:
    """Print the code that runs next."""
    for line in text.splitlines():
        _console.print(f"  [dim]>>>[/] [green]{escape(line)}[/]", soft_wrap=True)


def say(text: str) -> None:
    """Print what happened."""
    _console.print(Padding(Text.from_markup(text), (0, 2)))


def printed(text: str) -> None:
    """Print text as it is."""
    _console.print(Padding(Text(text), (0, 2)))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    grid = Table(
        *(Column(each, overflow="fold") for each in columns), box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False
    )
    for row in rows:
        grid.add_row(*map(str, row))
    _console.print(Padding(grid, (0, 2)))


def tree(labels: Mapping[int, str], parents: Mapping[int, int | None]) -> None:
    """Print a tree. Parents come before their children."""
    nodes: dict[int, Tree] = {}
    for key, label in labels.items():
        above = nodes.get(parents[key] or 0)
        nodes[key] = above.add(label) if above else Tree(label, guide_style="dim")
    _console.print(Padding(next(iter(nodes.values())), (0, 2)))


def transfer(label: str) -> AbstractContextManager[Callable[[int, int], None]]:
    """Show the progress of a file. It yields a function to call with the bytes done and the total."""
    return _bar(label, DownloadColumn(), TransferSpeedColumn())


def count(label: str) -> AbstractContextManager[Callable[[int, int], None]]:
    """Show the progress of a list. It yields a function to call with the number done and the total."""
    return _bar(label, MofNCompleteColumn())


@contextmanager
def _bar(label: str, *columns: ProgressColumn) -> Generator[Callable[[int, int], None]]:
    with Progress(TextColumn("  {task.description}"), BarColumn(), *columns, console=_console) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def received(sandbox: Sandbox) -> None:
    """Print the calls that the platform received, by API; a transfer of a file, by its path."""
    known = {name: (operation.path, operation.title) for operation in operations() for name in operation.names}
    counted = Counter(known.get(call.name or "", (call.path, "")) for call in sandbox.calls)
    table(["calls", "API", "接口"], [(calls, path, chinese) for (path, chinese), calls in counted.most_common()])
    tokens = len(sandbox.received("/v1.0/oauth2/accessToken"))
    say(f"calls 请求: [bold]{counted.total()}[/]    tokens fetched 获取令牌: [bold]{tokens}[/]")
