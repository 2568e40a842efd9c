"""Prints results as JSON, tables or Python, with colours only on a terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dingtalk_models.cli.spreadsheet import as_cell
from dingtalk_models.core.json_values import is_array, is_object

if TYPE_CHECKING:
    from rich.console import Console


class As(StrEnum):
    """The form of a result."""

    JSON = "json"
    TABLE = "table"
    PYTHON = "python"


def console(*, stderr: bool = False) -> Console:
    """Return a console that prints text unchanged, and leaves a broken pipe to the command."""
    from rich.console import Console  # noqa: PLC0415 - slow to import

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Plain(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """Escape control characters: text from other people could otherwise control the terminal. JSON stays equal JSON."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def line(text: str = "") -> None:
    """Print a line to standard output."""
    sys.stdout.write(f"{harmless(text)}\n")


def note(text: str) -> None:
    """Print a line that is not a result to standard error."""
    sys.stdout.flush()
    sys.stderr.write(f"{harmless(text)}\n")
    sys.stderr.flush()


def colours() -> bool:
    """Whether standard output is a terminal that shows colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def plain(value: Any) -> Any:
    """Convert a result to JSON types, with the platform's names; secrets become `***`."""
    from pydantic import BaseModel  # noqa: PLC0415 - slow to import
    from pydantic_core import to_jsonable_python  # noqa: PLC0415

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if is_array(value) or isinstance(value, tuple | set | frozenset):
        return [plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if is_object(value):
        return {str(name): plain(each) for name, each in value.items()}
    return to_jsonable_python(value, fallback=str)


def show(value: Any, form: As) -> None:
    """Print a result."""
    if form is As.JSON:
        show_json(plain(value))
    elif form is As.PYTHON:
        _show_python(value)
    else:
        show_table(rows_of(plain(value)))


def json_text(value: Any) -> str:
    """Format JSON on several lines."""
    return harmless(json.dumps(value, ensure_ascii=False, indent=2))


def show_json(value: Any) -> None:
    """Print JSON, with colours on a terminal."""
    text = json_text(value)
    if not colours():
        line(text)
        return
    from rich.highlighter import JSONHighlighter  # noqa: PLC0415 - slow to import

    console().print(JSONHighlighter()(text), soft_wrap=True)


def _show_python(value: Any) -> None:
    from rich.pretty import pretty_repr  # noqa: PLC0415 - slow to import

    line(pretty_repr(value, max_width=console().width))


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Convert JSON to rows: a list's entries, an object's fields, or a single value."""
    if is_array(value):
        return [each if is_object(each) else {"": each} for each in value]
    if is_object(value):
        return [{"name": name, "value": each} for name, each in value.items()]
    return [] if value is None else [{"": value}]


def show_table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str] = ()) -> None:
    """Print rows under the names of their columns.

    Args:
        rows: the rows.
        columns: the columns to show; by default every one that has a value.
    """
    names = [*columns] or [*dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)]
    show_texts([[cell(row.get(name)) for name in names] for row in rows], names if any(names) else ())


def show_texts(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> None:
    """Print texts in columns: aligned and wrapped on a terminal, separated by tabs in a pipe."""
    if not sys.stdout.isatty():
        sys.stdout.writelines("\t".join(map(as_cell, row)) + "\n" for row in ([head] if head else []) + [*rows])
        return
    from rich.table import Table  # noqa: PLC0415 - slow to import

    table = Table(box=None, pad_edge=False, show_header=bool(head), header_style="bold")
    for name in head or [""] * max(map(len, rows), default=0):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def cell(value: Any) -> str:
    """Format a value on one line for a table."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return harmless(" ".join(text.split()))
