"""`dingtalk-models directory`: save the whole organisation to a file, and compare two of them."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from dingtalk_models.cli import profiles
from dingtalk_models.cli.failures import ExitCode
from dingtalk_models.cli.groups import AsForm, group
from dingtalk_models.cli.output import As, cell, console, line, note, plain, show
from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models import Department, Directory, DirectoryChanges, User

app = group("directory", "The whole organisation: snapshots and changes. / 通讯录快照与变更。")

LIVE = "live"


class Progress(Protocol):
    """Receives the progress while the company is read."""

    def __call__(self, done: int, total: int, /) -> None: ...


@app.command("snapshot", help=said("Save departments and people to a file. / 将部门与人员保存为快照文件。"))
def snapshot(
    path: Annotated[Path, typer.Argument(help=said("The file; only you may read it. / 文件，仅本人可读。"))],
    workers: Annotated[int, typer.Option(min=1, max=16, help=said("Calls at once. / 并发数。"))] = 4,
) -> None:
    """Read the whole company and save it."""
    found = _live(workers)
    found.save(path)
    departments, people = len(found.departments), len(found.users)
    note(said(f"{departments} departments, {people} people / {departments} 个部门，{people} 人"))
    line(str(path))


@app.command(
    "diff", help=said("Compare two snapshots, or one with the company now. / 比较两份快照，或快照与当前通讯录。")
)
def diff(
    old: Annotated[Path, typer.Argument(help=said("The earlier snapshot. / 较早的快照。"))],
    new: Annotated[
        str, typer.Argument(help=said("The later one; live reads the company. / 较晚的快照；live 表示读取当前通讯录。"))
    ] = LIVE,
    form: AsForm = As.TABLE,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help=said("Exit with 1 if something differs. / 有差异时以 1 退出。"))
    ] = False,
) -> None:
    """Compare two snapshots."""
    from dingtalk_models import Directory  # noqa: PLC0415 - slow to import

    before = Directory.load(old)
    after = _live(4) if new == LIVE else Directory.load(new)
    changes = Directory.diff(before, after)
    if form is As.JSON:
        show(_as_json(changes), form)
    elif form is As.PYTHON:
        show(changes, form)
    else:
        _Readable(before, after).show(changes)
    if exit_code and changes:
        raise typer.Exit(ExitCode.FAILED)


@app.command(
    "company",
    help=said(
        "Write a company file for the sandbox, with invented names and numbers. / "
        "生成供模拟服务器使用的公司文件，默认替换真实的姓名与号码。"
    ),
)
def company(
    path: Annotated[
        Path, typer.Argument(help=said("The file, of YAML; only you may read it. / YAML 文件，仅本人可读。"))
    ],
    source: Annotated[
        str,
        typer.Option("--from", help=said("A snapshot; live reads the company. / 快照文件；live 表示读取当前通讯录。")),
    ] = LIVE,
    anonymise: Annotated[
        bool, typer.Option("--anonymise/--as-it-is", help=said("Replace personal data. / 是否替换个人信息。"))
    ] = True,
) -> None:
    """Write a file for `dingtalk-models sandbox --company`."""
    from dingtalk_models import Directory  # noqa: PLC0415 - slow to import

    found = _live(4) if source == LIVE else Directory.load(source)
    found.to_company(path, anonymise=anonymise)
    line(str(path))


def _live(workers: int) -> Directory:
    app = profiles.open_app()
    with _progress() as progress:
        return app.hr.directory.snapshot(workers=workers, progress=progress)


@contextmanager
def _progress() -> Generator[Progress | None]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress  # noqa: PLC0415 - slow to import

    with progress.Progress(
        progress.TextColumn(said("reading people / 正在读取人员")),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        console=console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _as_json(changes: DirectoryChanges) -> dict[str, Any]:
    def person(user: User) -> dict[str, Any]:
        return {"userid": user.userid, "name": user.name}

    def place(department: Department) -> dict[str, Any]:
        return {"dept_id": department.dept_id, "name": department.name}

    def fields(changed: Iterable[Any]) -> list[dict[str, Any]]:
        return [{"field": each.field, "old": plain(each.old), "new": plain(each.new)} for each in changed]

    return {
        "joined": [{**person(each), "dept_id_list": each.dept_id_list} for each in changes.joined],
        "left": [{**person(each), "dept_id_list": each.dept_id_list} for each in changes.left],
        "moved": [{**person(each.new), "left": each.left, "entered": each.entered} for each in changes.moved],
        "changed": [{**person(each.new), "fields": fields(each.fields)} for each in changes.changed],
        "created": [{**place(each), "parent_id": each.parent_id} for each in changes.created],
        "removed": [{**place(each), "parent_id": each.parent_id} for each in changes.removed],
        "relocated": [
            {**place(each.new), "old_parent_id": each.old.parent_id, "parent_id": each.new.parent_id}
            for each in changes.relocated
        ],
        "altered": [{**place(each.new), "fields": fields(each.fields)} for each in changes.altered],
    }


class _Readable:
    """Prints changes as lines, with the names of departments."""

    def __init__(self, before: Directory, after: Directory) -> None:
        self._departments = {**before.departments, **after.departments}

    def show(self, changes: DirectoryChanges) -> None:
        """Print them."""
        lines = [*self._of_departments(changes), *self._of_people(changes)]
        for each in lines:
            line(each)
        if not lines:
            note(said("nothing has changed / 没有变化"))

    def _of_departments(self, changes: DirectoryChanges) -> Iterator[str]:
        for created in changes.created:
            yield f"+ {self._name(created.dept_id)} · {said('below / 上级')} {self._name(created.parent_id)}"
        for removed in changes.removed:
            yield f"- {self._name(removed.dept_id)}"
        for moved in changes.relocated:
            old, new = self._name(moved.old.parent_id), self._name(moved.new.parent_id)
            yield f"> {self._name(moved.new.dept_id)}: {old} → {new}"
        for altered in changes.altered:
            yield from (f"~ {self._name(altered.new.dept_id)}: {text}" for text in _fields(altered.fields))

    def _of_people(self, changes: DirectoryChanges) -> Iterator[str]:
        for joined in changes.joined:
            yield f"+ {_person(joined)} · {self._names(joined.dept_id_list)}"
        for left in changes.left:
            yield f"- {_person(left)} · {self._names(left.dept_id_list)}"
        for moved in changes.moved:
            yield f"> {_person(moved.new)}: {self._names(moved.left) or '·'} → {self._names(moved.entered) or '·'}"
        for changed in changes.changed:
            yield from (f"~ {_person(changed.new)}: {text}" for text in _fields(changed.fields))

    def _name(self, dept_id: int | None) -> str:
        found = self._departments.get(dept_id or 0)
        return f"{found.name} ({dept_id})" if found else f"({dept_id})"

    def _names(self, ids: Iterable[int]) -> str:
        return ", ".join(map(self._name, ids))


def _person(user: User) -> str:
    return f"{user.name} <{user.userid}>"


def _fields(changed: Iterable[Any]) -> Iterator[str]:
    return (f"{each.field}: {cell(plain(each.old)) or '·'} → {cell(plain(each.new)) or '·'}" for each in changed)
