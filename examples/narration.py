"""How the examples tell their story: chapters, lines of code, trees and tables, in colour where there is a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from dingtalk_models import operations
from dingtalk_models.sandbox import Sandbox

_console = Console(highlight=False)
_console.width = min(_console.width, 100)


def title(english: str, chinese: str) -> None:
    """Open the story."""
    _console.print()
    _console.print(Text.assemble((english, "bold"), "  ", (chinese, "bold cyan")), justify="center")


def chapter(number: int, english: str, chinese: str) -> None:
    """Open a chapter."""
    _console.print()
    _console.rule(f"[bold]{number}  {english}[/]  [cyan]{chinese}[/]", align="left", style="dim")


def code(text: str) -> None:
    """Show what is about to be called."""
    for line in text.splitlines():
        _console.print(f"  [dim]>>>[/] [green]{escape(line)}[/]", soft_wrap=True)


def say(text: str) -> None:
    """Tell what happened."""
    _console.print(Padding(Text.from_markup(text), (0, 2)))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Show a few things that are alike."""
    grid = Table(*columns, box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for row in rows:
        grid.add_row(*map(str, row))
    _console.print(Padding(grid, (0, 2)))


def tree(labels: Mapping[int, str], parents: Mapping[int, int | None]) -> None:
    """Show a hierarchy whose parents come before their children."""
    nodes: dict[int, Tree] = {}
    for key, label in labels.items():
        above = nodes.get(parents[key] or 0)
        nodes[key] = above.add(label) if above else Tree(label, guide_style="dim")
    _console.print(Padding(next(iter(nodes.values())), (0, 2)))


def received(sandbox: Sandbox) -> None:
    """Close the story with what the platform saw: calls by API."""
    titles = {operation.path: operation.title for operation in operations()}
    counted = Counter(call.path for call in sandbox.calls)
    table(["calls", "API", "接口"], [(calls, path, titles.get(path, "")) for path, calls in counted.most_common()])
    tokens = counted["/v1.0/oauth2/accessToken"]
    say(f"calls 请求: [bold]{counted.total()}[/]    tokens fetched 获取令牌: [bold]{tokens}[/]")
