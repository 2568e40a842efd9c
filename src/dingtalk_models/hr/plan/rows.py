"""Reads the tables of a plan: headers, and rows with typed values. Nothing is sent here."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeGuard, cast

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict, Unpack

from dingtalk_models.call.operation import Arguments
from dingtalk_models.contact.department import DepartmentName
from dingtalk_models.contact.user_fields import NewUserFields, UserName
from dingtalk_models.core.errors import InvalidArgument, Problem
from dingtalk_models.core.json_values import is_object
from dingtalk_models.core.problems import unknown
from dingtalk_models.hr.plan.cells import (
    DEPARTMENTS,
    PEOPLE,
    State,
    as_bool,
    as_list,
    as_moment,
    as_path,
    as_paths,
    given,
)
from dingtalk_models.hr.plan.changes import Problems, TableName
from dingtalk_models.hr.plan.keys import as_key, as_number, as_text, is_number, name_form, trimmed


class DataFrameLike(Protocol):
    """A table that can return its rows, such as a DataFrame of pandas."""

    def to_dict(self, orient: Any, /) -> Any:
        """Return the rows, for `"records"`."""
        ...


class _AsItIs:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()  # the rows are read once, and checked one by one


Table = Annotated[Iterable[Mapping[str, Any]] | DataFrameLike, _AsItIs()]
"""Rows: dicts, a `csv.DictReader`, or a DataFrame."""

Columns = Mapping[str, str] | None
"""The headers to read, and the field for each."""


class PersonColumns(NewUserFields, total=False):
    """The fields of a person in a row."""

    name: UserName
    mobile: str
    department: list[str]
    dept_id_list: list[int]
    source_identifier: list[str]
    manager: str
    state: str


class DepartmentColumns(TypedDict, total=False):
    """The fields of a department in a row."""

    department: str
    name: DepartmentName
    dept_id: int
    parent_id: int
    source_identifier: str
    parent_source_identifier: str
    managers: list[str]
    order: int
    hide_dept: bool
    create_dept_group: bool
    auto_approve_apply: bool
    outer_dept: bool


_READ: dict[str, Callable[[Any], Any]] = {
    "mobile": as_number,
    "hired_date": as_moment,
    **dict.fromkeys(("userid", "job_number", "manager_userid", "parent_source_identifier"), as_key),
    **dict.fromkeys(("dept_id_list", "managers"), as_list),
    **dict.fromkeys(("hide_mobile", "senior_mode", "exclusive_account", "send_password_to_user"), as_bool),
    **dict.fromkeys(("hide_dept", "create_dept_group", "auto_approve_apply", "outer_dept"), as_bool),
    **dict.fromkeys(("dept_id", "parent_id"), as_key),
    **dict.fromkeys(("extension", "order"), lambda value: value),
}
"""The function that reads the cells of a field; all others are text."""

_IN_PEOPLE: dict[str, Callable[[Any], Any]] = {
    "department": as_paths,
    "source_identifier": as_list,
}
_IN_DEPARTMENTS: dict[str, Callable[[Any], Any]] = {
    "department": lambda value: as_path(str(value)),
    "source_identifier": as_key,
}


_NO_TABLE = "should be rows: dicts, a csv.DictReader, a DataFrame / 须为多行：字典、csv.DictReader 或 DataFrame"
_NO_ROW = "should be a row: a dict of cells by header / 须为一行：以表头为键的字典"
_NO_KEY = "is empty, and names the row / 为空，无法标识这一行"
_IS_EMPTY = "the table is empty / 表格为空"
_IS_CUT = "the table ends in the middle of a row / 表格最后一行不完整"

_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(eq=False)
class PlanRow:
    """A row.

    Attributes:
        number: its number in the file or list.
        key: the value that identifies its person or department, in normal form; `""` if there is none.
        values: the values of the cells that are not empty and not refused, by field.
        refused: the reasons for cells that cannot be used, by field.
        state: whether its person works here; `None` if the word in the cell is unknown.
    """

    number: int
    key: str
    values: dict[str, Any]
    refused: dict[str, str]
    state: State | None = "stays"


@dataclass
class ReadTable:
    """A table after reading.

    Attributes:
        name: `people` or `departments`.
        key: the field that identifies a person or department.
        fields: the fields of its columns.
        rows: the usable rows, each for a different person or department.
        left_out: the other rows. The people and departments that they may mean are not removed.
        doubt: the reason why removals need confirmation, such as an incomplete table; `""` if there is none.
    """

    name: TableName
    key: str
    fields: frozenset[str]
    rows: list[PlanRow]
    left_out: list[PlanRow]
    doubt: str


def _is_none(header: object) -> bool:
    return header is None


def _person(_: object, **fields: Unpack[PersonColumns]) -> None: ...
def _department(_: object, **fields: Unpack[DepartmentColumns]) -> None: ...


class TableReader:
    """Reads one of the two tables.

    Args:
        name: `people` or `departments`.
        argument: the argument of `Directory.plan` that has it.
        known: the fields, and the Chinese headers for each.
        keys: the fields that can identify a row, the best first.
        read: the functions that read the cells of some fields.
        fields: a function with the types of the fields.
    """

    def __init__(
        self,
        name: TableName,
        argument: str,
        *,
        known: Mapping[str, str],
        keys: tuple[str, ...],
        read: Mapping[str, Callable[[Any], Any]],
        fields: Callable[..., None],
    ) -> None:
        self.name: TableName = name
        self._argument = argument
        self._headers = {header.lower(): field for field, words in known.items() for header in (field, *words.split())}
        self._keys = keys
        self._read = {**_READ, **read}
        self._types = Arguments(name, fields, lambda field: field)

    def read(
        self,
        table: Any,
        columns: Columns,
        key: str | None,
        problems: Problems,
        states: Mapping[str, State] | None = None,
    ) -> ReadTable:
        """Read a table. Each row that cannot be used becomes a problem.

        Args:
            table: the rows.
            columns: the columns to read.
            key: the column that identifies the rows.
            problems: collects the rows and cells that cannot be used.
            states: the state for each word in a column of states.

        Raises:
            InvalidArgument: it is not a table, a header is unknown, or no column identifies its rows.
        """
        raw = [(number, self._cells(at, row)) for at, (number, row) in enumerate(self._rows(table))]
        headers = list(dict.fromkeys(header for _, row in raw for header in row))
        fields = self._fields(headers, columns)
        key = self._key(set(fields.values()), key) if raw else key or self._keys[0]
        rows = [self._row(number, row, fields, key, states or {}) for number, row in raw]
        usable = self._usable(rows, key, problems)
        known = set(usable)
        left_out = [row for row in rows if row not in known]
        return ReadTable(self.name, key, frozenset(fields.values()), usable, left_out, _doubt([row for _, row in raw]))

    def _refuse(self, field: str, reason: str) -> InvalidArgument:
        return InvalidArgument("Directory.plan", [Problem(field, reason)])

    def _rows(self, table: Any) -> Iterable[tuple[int, Any]]:
        """Return the rows with their numbers."""
        if _is_file(table):
            return _rows_of_a_file(table)
        rows: Any = table.to_dict("records") if hasattr(table, "to_dict") else table
        if isinstance(rows, (str, bytes, Mapping)) or not hasattr(rows, "__iter__"):
            raise self._refuse(self._argument, _NO_TABLE)
        return enumerate(cast("Iterable[Any]", rows), 1)

    def _cells(self, at: int, row: Any) -> dict[str, Any]:
        if not is_object(row):
            raise self._refuse(f"{self._argument}.{at}", _NO_ROW)
        # a file from Excel may begin with a byte order mark; csv keeps cells without a header under None
        return {trimmed(str(header)): cell for header, cell in row.items() if not _is_none(header)}

    def _fields(self, headers: list[str], columns: Columns) -> dict[str, str]:
        """Return the field of each header that is read."""
        wanted = columns if columns is not None else {header: header for header in headers}
        for header in wanted if headers else ():
            if header not in headers:
                raise self._refuse(f"columns.{header}", unknown(header, headers))
        named = {header: self._headers.get(field.lower(), "") for header, field in wanted.items()}
        for header, field in named.items():
            if not field:
                where = f"{self._argument}.{header}" if columns is None else f"columns.{header}"
                hint = "; columns= names the columns to read / 用 columns= 指定要读取的列" if columns is None else ""
                raise self._refuse(where, unknown(wanted[header].lower(), self._headers) + hint)
        twice = [field for field, times in Counter(named.values()).items() if times > 1]
        if twice:
            raise self._refuse(self._argument, f"has two columns for {twice[0]} / 有两列对应 {twice[0]}")
        return named

    def _key(self, fields: set[str], key: str | None) -> str:
        for name in (key,) if key else self._keys:
            if name in fields:
                return name
        keys = key or ", ".join(self._keys)
        raise self._refuse(self._argument, f"needs a column that names its rows: {keys} / 缺少标识每一行的列: {keys}")

    def _row(
        self,
        number: int,
        cells: Mapping[str, Any],
        fields: Mapping[str, str],
        key: str,
        states: Mapping[str, State],
    ) -> PlanRow:
        values: dict[str, Any] = {}
        for header, field in fields.items():
            if (value := given(cells.get(header))) is not None:
                values[field] = self._read.get(field, as_text)(value)
        refused: dict[str, str] = {}
        if "mobile" in values and not is_number(str(values["mobile"])):
            refused["mobile"] = "should be 11 digits, or +xx-xxxxxx / 须为 11 位手机号，或 +xx-xxxxxx"
            del values["mobile"]
        try:
            values = self._types.check((), values)
        except InvalidArgument as error:
            refused |= {problem.field.partition(".")[0]: problem.message for problem in error.problems}
            values = self._types.check((), {name: value for name, value in values.items() if name not in refused})
        row = PlanRow(number, str(values.get(key, "")), values, refused)
        if (word := values.pop("state", None)) is not None:
            row.state = states.get(name_form(word))
            if row.state is None:
                refused["state"] = f"{word!r} is unknown: name it in states= / 未知的状态 {word!r}：请在 states= 中说明"
        return row

    def _usable(self, rows: list[PlanRow], key: str, problems: Problems) -> list[PlanRow]:
        """Return the rows with a key that no other row has. Each refused cell becomes a problem."""
        named = Counter(row.key for row in rows)
        usable: list[PlanRow] = []
        for row in rows:
            if not row.key:
                if row.state == "awaited":  # people who have not started may have no job number yet
                    continue
                problems.add(
                    self.name,
                    row.number,
                    "",
                    key,
                    row.refused.get(key, _NO_KEY),
                )
                continue
            if named[row.key] > 1:
                same = next(each.number for each in rows if each.key == row.key and each is not row)
                problems.add(self.name, row.number, row.key, key, f"row {same} has the same / 与第 {same} 行相同")
                continue
            for field, reason in row.refused.items():
                problems.add(self.name, row.number, row.key, field, reason)
            usable.append(row)
        return usable


def _is_file(table: object) -> TypeGuard[csv.DictReader[Any]]:
    return isinstance(table, csv.DictReader)


def _rows_of_a_file(table: csv.DictReader[Any]) -> Iterator[tuple[int, Any]]:
    """Return the rows of a CSV file with the row numbers of a spreadsheet: the header is row 1, blank lines count."""
    inside = _breaks(table.fieldnames or ())
    for row in table:
        inside += _breaks(row.values())
        if any(row.values()):  # a row of empty cells counts as a blank line, too
            yield table.line_num - inside, row


def _breaks(cells: Iterable[Any]) -> int:
    """Count the line breaks inside cells, which do not begin a new row."""
    return sum(len(_BREAK.findall(cell)) for cell in cells if isinstance(cell, str))


def _doubt(rows: list[dict[str, Any]]) -> str:
    """Return the reason why a table may be incomplete, or `""`."""
    if not rows:
        return _IS_EMPTY
    *others, last = ([*row.values()] for row in rows)
    texts = all(isinstance(cell, str) for row in others for cell in row)  # csv fills missing cells with None
    return _IS_CUT if others and texts and last[-1:] == [None] else ""


PEOPLE_READER = TableReader(
    "people",
    "wanted",
    known=PEOPLE,
    keys=("userid", "job_number", "mobile"),
    read=_IN_PEOPLE,
    fields=_person,
)
DEPARTMENTS_READER = TableReader(
    "departments",
    "departments",
    known=DEPARTMENTS,
    keys=("source_identifier", "dept_id", "department"),
    read=_IN_DEPARTMENTS,
    fields=_department,
)
