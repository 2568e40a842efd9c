"""`dingtalk-models api`: any documented API, by any of its names."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from dingtalk_models.cli import names, profiles
from dingtalk_models.cli.failures import CommandFailure
from dingtalk_models.cli.groups import AsForm
from dingtalk_models.cli.help import Commands
from dingtalk_models.cli.output import As, json_text, note, plain, show
from dingtalk_models.cli.state import state
from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models import Query
    from dingtalk_models.call.operation import Arguments

app = Commands()


def complete_names(incomplete: str) -> Iterator[tuple[str, str]]:
    """Complete the name of an API."""
    return names.complete(incomplete)


def complete_words(context: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Complete the parameters of the named API, with their notes."""
    try:
        operation = names.find(str(context.params.get("name", "")))
    except CommandFailure:
        return
    given = {word.partition("=")[0].removesuffix(":") for word in context.params.get("words") or ()}
    objects = {param.name.rpartition(".")[0] for param in operation.params}
    for param in operation.params:
        if "." not in param.name and param.name.startswith(incomplete) and not given & {param.name, param.wire}:
            about = " ".join(each for each in (param.kind, param.notes) if each)
            yield f"{param.name}{':=' if param.kind == 'dict' or param.name in objects else '='}", about


ApiName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        autocompletion=complete_names,
        help=said(
            "Any name of the API: of the platform, its path, or in Python. / 接口名：平台名称、路径或 Python 写法。"
        ),
    ),
]


@app.command(
    "api",
    help=said(
        "Call any documented API: key=value, key:=json, key=@file, or - for JSON on standard input. / "
        "调用任意已公开的接口：key=value、key:=json、key=@文件，或用 - 从标准输入读取 JSON。"
    ),
)
def call(
    name: ApiName,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE…", autocompletion=complete_words, help=said("Arguments of the API. / 接口参数。")
        ),
    ] = None,
    form: AsForm = As.JSON,
    every: Annotated[bool, typer.Option("--all", help=said("Read every page. / 读取所有分页。"))] = False,
) -> None:
    """Call an API and print its result."""
    from dingtalk_models.cli.values import read_arguments  # noqa: PLC0415 - slow to import
    from dingtalk_models.core.steps import Lazy  # noqa: PLC0415

    operation = names.find(name)
    app = profiles.open_app()
    bound: Any = reduce(getattr, _way(operation), cast("Any", app))
    arguments: Arguments = bound.definition.arguments
    hints = {each: hint for field, hint in arguments.fields.items() for each in (field, *arguments.wire_names(field))}
    given = read_arguments(words or (), hints, {*arguments.secrets, *arguments.secrets.values()})
    unsent: Any = app.run.call(name if name in operation.names else operation.name, **given)
    if state.verbose and (request := getattr(unsent, "request", None)) is not None:
        note(repr(request))
    if not isinstance(unsent, Lazy):
        show(app.send(unsent), form)
        return
    query = cast("Query[Any]", unsent)
    if every:
        _show_all(query, form)
    else:
        _show_first(query, form)


def _way(operation: names.DocumentedApi) -> Iterable[str]:
    spelling = next(each for each in operation.spellings if each.startswith("app."))
    return spelling.split(".")[1:]


def _show_first(query: Query[Any], form: As) -> None:
    page = next(iter(query.pages()))
    show(page.items, form)
    if page.has_more:
        note(said("there are more pages: --all reads them / 还有更多分页，加上 --all 可全部读取"))


def _show_all(query: Query[Any], form: As) -> None:
    if form is not As.JSON:
        show(query.all(), form)
        return
    before = "["
    for item in query:
        text = json_text(plain(item)).replace("\n", "\n  ")
        sys.stdout.write(f"{before}\n  {text}")
        before = ","
    sys.stdout.write("\n]\n" if before == "," else "[]\n")
