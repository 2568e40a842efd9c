"""`dingtalk-models describe`: the documentation of an API."""

from __future__ import annotations

import sys
from typing import Any

from dingtalk_models.cli import names
from dingtalk_models.cli.commands.api import ApiName
from dingtalk_models.cli.groups import AsJson
from dingtalk_models.cli.help import Commands
from dingtalk_models.cli.output import colours, line, show_json, show_texts
from dingtalk_models.core.language import said

app = Commands()


@app.command("describe", help=said("Show the documentation of an API. / 查看接口的文档信息。"))
def describe(name: ApiName, as_json: AsJson = False) -> None:
    """Print parameters, limits, scopes, codes, paging, pages and an example."""
    from dingtalk_models.core.documentation.endpoints import documented  # noqa: PLC0415 - reads a large file

    operation = names.find(name)
    verb, _, path = operation.endpoint.partition(" ")
    known = documented(verb, path)
    pages = [f"{names.DOCUMENTATION}{page}" for page in operation.pages]
    if as_json:
        found: dict[str, Any] = operation._asdict() | known._asdict()
        del found["rows"]
        params = [param._asdict() for param in operation.params]
        show_json(found | {"params": params, "pages": pages, "python": operation.python or None})
        return
    _heading(operation.title)
    line(operation.endpoint)
    told = {
        said("names / 名称"): operation.names,
        "Python": operation.spellings,
        said("scopes / 权限"): known.scopes,
        said("apps / 应用类型"): known.app_types,
        said("limits / 限制"): operation.limits,
        said("returns / 返回"): [_returns(operation)] if operation.returns else [],
        said("pages / 文档"): pages,
    }
    for label, values in told.items():
        for number, value in enumerate(values):
            line(
                f"{label if number == 0 else '':<8} {value}"
                if label.isascii()
                else f"{label if number == 0 else '　　'} {value}"
            )
    if operation.rows:
        _heading(said("parameters / 参数"))
        show_texts(
            [
                [_indented(param.name), param.wire if param.wire != param.name else "", param.kind, param.notes]
                for param in operation.params
            ]
        )
    if known.codes:
        _heading(said("error codes / 错误码"))
        show_texts([[code, text] for code, text in known.codes.items()])
    if operation.python:
        _heading(said("as Python / Python 写法"))
        line(operation.python)


def _returns(operation: names.DocumentedApi) -> str:
    if not operation.list:
        return operation.returns
    return f"{operation.returns} · " + said(
        "a list, read page by page; `api --all` reads every page / 列表，自动翻页；`api --all` 读取所有分页"
    )


def _indented(name: str) -> str:
    """Indent the fields of a parameter below it."""
    *above, own = name.split(".")
    return f"{'  ' * len(above)}{own}"


def _heading(text: str) -> None:
    sys.stdout.write(f"\033[1m{text}\033[0m\n" if colours() else f"{text}\n")
